/*
 * Rules of a server that manages eUICCs: when a device says that it is on such a network, or is silent for so
 * long, then its eUICC is to enable this profile, or to get these orders. A document of them is JSON:
 *
 *     {"rules": [{"name": "brazil", "eids": ["89049032"],
 *                 "when": {"away": ["262-01"], "for": "1h"},
 *                 "then": {"profile": "8988…", "download": {…}, "rollback": true},
 *                 "cooldown": "1d", "perDay": 1}]}
 *
 * Reading checks all of it (rules_read.c), judging (rules_judge.c) says of one rule and one eUICC whether it
 * fires, why, and what is to be done. Nothing here knows of a store, a socket, a clock, or what an order is.
 */
#ifndef SOFTEUICC_SERVERS_RULES_RULES_H
#define SOFTEUICC_SERVERS_RULES_RULES_H

#include "apdu/digits.h"
#include "common/complaint.h"

#include <stdint.h>

#define RULES_MAX          100  /* in a document */
#define RULES_LIST_MAX     1000 /* in one of the lists of a rule */
#define RULES_ORDERS_MAX   10   /* of a rule that has its own */
#define RULES_NAME_MAX     64   /* octets */
#define RULES_PER_DAY_MAX  1000
#define RULES_CAUSES_MAX   8
#define RULES_COOLDOWN     86400 /* seconds, unless a rule says otherwise */
#define RULES_DAY          86400 /* seconds over which perDay counts */
#define RULES_EID_DIGITS   32
#define RULES_NETWORK_SIZE (PLMN_DIGITS_MAX + 2) /* "724-05" with its end */

/* A network, or with three digits a country (MCC). */
struct rules_network {
    char digits[PLMN_DIGITS_MAX + 1];
};

struct rules_networks {
    struct rules_network *list; /* NULL: the condition is not said */
    size_t count;
};

/* One rule; texts and JSON stand in the document. */
struct rule {
    const char *name;
    bool is_enabled;
    const json_t *eids; /* texts with which EIDs begin; NULL: all */
    /* When; all that is said must hold. Times in seconds, -1 is not said. */
    struct rules_networks network, away;
    int64_t for_seconds, silent_seconds;
    int64_t causes[RULES_CAUSES_MAX]; /* StateChangeCause (SGP.32 6.3.2.6) */
    size_t causes_count;
    /* Then: a profile, or orders. */
    const char *profile;    /* ICCID; NULL with orders */
    const json_t *download; /* an object, or NULL: it is not downloaded */
    bool rollback;
    const json_t *orders; /* a list of objects without "eid" */
    int64_t cooldown;     /* seconds */
    int64_t per_day;
};

struct rules {
    json_t *document;
    struct rule *list;
    size_t count;
    int64_t silent_least; /* the shortest "silent" of an enabled rule; -1: none has it */
};

/*
 * Reads a document, which stays the caller's too. NULL after a complaint, which names the field
 * ("rules[2].when.network[0]"), and when memory is out. Not looked at: what stands in `download` and in the
 * orders; that is for who knows orders. A "version" in the document is taken, and means nothing here.
 */
struct rules *rules_read(json_t *document, struct complaint *complaint);
/* NULL is nothing to free. */
void rules_free(struct rules *rules);

/* "724-05", or without the dash, to the octets of TS 24.008; false when it is none. */
bool rules_network_read(const char *text, uint8_t plmn[PLMN_SIZE]);
/* The other way; false, and "", when the octets are none. */
bool rules_network_text(const uint8_t plmn[PLMN_SIZE], char out[RULES_NETWORK_SIZE]);
/* A StateChangeCause by its name; -1 for none. */
int64_t rules_cause_read(const char *name);

/* --- Judging -------------------------------------------------------------------------------------------- */

enum rules_profile {
    RULES_PROFILE_UNKNOWN,
    RULES_PROFILE_ABSENT,
    RULES_PROFILE_DISABLED,
    RULES_PROFILE_ENABLED
};

/* What became of a rule for the eUICC so far. */
struct rules_history {
    int64_t last_fired;  /* seconds since 1970; 0: never */
    int64_t in_day;      /* times in the last RULES_DAY */
    bool has_open_order; /* somebody's order for this eUICC has not ended, of whatever rule or none */
};

/* What is known of the eUICC. Times in seconds since 1970. */
struct rules_facts {
    const char *eid; /* RULES_EID_DIGITS digits */
    int64_t now;
    bool is_stranger;       /* its certificates are not known, and nobody ordered anything for it */
    int64_t last_seen;      /* before the poll at hand; 0: never */
    const uint8_t *network; /* PLMN_SIZE octets: reported last; NULL: none so far */
    int64_t network_since;  /* reported without another between */
    bool has_cause;         /* the poll at hand gives a stateChangeCause: */
    int64_t cause;
    /* Asked only about rules whose conditions hold. */
    enum rules_profile (*profile)(void *context, const struct rule *rule); /* the state of its profile */
    void (*history)(void *context, const struct rule *rule, struct rules_history *history);
    void *context;
};

/* What is to be done, in this order. */
struct rules_action {
    bool downloads, enables;
    const char *profile;    /* the ICCID for both */
    bool rollback;          /* of enabling */
    const json_t *download; /* of the rule, for downloading */
    const json_t *orders;   /* of the rule; NULL: none */
};

#define RULES_REASON_MAX 256 /* octets with the end */

struct rules_verdict {
    bool fires;
    char reason[RULES_REASON_MAX]; /* one line: why, or why not */
    struct rules_action action;    /* all zeros when it does not fire; borrowed from the rule */
};

void rules_judge(const struct rule *rule, const struct rules_facts *facts, struct rules_verdict *verdict);

#endif
