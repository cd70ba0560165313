/* What the files of euicc/ipae/ share. See ipae.h. */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_INTERNAL_H
#define SOFTEUICC_EUICC_IPAE_IPAE_INTERNAL_H

#include "crypto/ec.h"
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_count.h"
#include "euicc/ipae/ipae_settings.h"
#include "euicc/ipae/network.h"

/* A round of polls, of one eIM after the other. */
struct ipae_round {
    struct ipa *ipa;
    char eims[IPA_EIMS_MAX][IPA_ID_MAX + 1];
    size_t eim_count, eim_next;
    struct ipa_eim eim; /* that is polled, with a copy of what it is trusted by */
    int64_t begun;      /* milliseconds since 1970 */
    bool has_plmn;      /* the poll at hand has begun on this network, 3GPP TS 24.008 */
    uint8_t plmn[3];
    uint64_t heard; /* ipae_network_heard before the message that is under way */
    bool is_sent;   /* the message that is wanted has been given to the carrier */
    bool is_lost;   /* … which could not begin, for the reason: */
    char why[IPAE_WHY_MAX];
    int64_t retry_at; /* with IPA_RETRY; 0: not set yet */
    int64_t held;     /* until when the message is held for a network to be found; 0: it is not */
};

/* The profiles that there are, to those of which it knows; the numbers are a statement's. */
enum ipae_profiles_are { IPAE_PROFILES_KNOWN, IPAE_PROFILES_UNKNOWN, IPAE_PROFILES_CHANGED };
struct ipae_profiles {
    int64_t version; /* nvm_version when that was seen last */
    enum ipae_profiles_are are;
    uint8_t digest[CRYPTO_SHA256_SIZE];
};

/* What it does without a network, and where it was: ipae_watch.c. */
struct ipae_watch {
    int64_t lost_since; /* nothing has come from the network since; 0: it has */
    bool on_trial;      /* the profile was returned to, and has not shown yet that it has a network */
    unsigned in_vain;   /* changes to the Fallback Profile and back since something was heard */
    int64_t return_at;  /* from the Fallback Profile; 0: there is nothing to return to */
    char imei[17];      /* of the device that it was in last; "": unknown */
    uint8_t plmn[3];    /* that an eIM was told last */
    bool has_plmn;
};

struct ipae {
    struct softeuicc *card;
    struct ipae_terminal *terminal;
    struct ipae_network *network;
    const struct ipae_carrier *carrier; /* NULL: none */
    struct rsp_session *session;        /* its own, while it has no turn */
    struct ipae_settings settings;
    struct ipae_round *round; /* NULL: none is under way */
    bool has_eims;            /* as far as was known in its last turn */
    bool has_failed;          /* some eIM was not reached when it was polled last */
    bool is_called;           /* a short message wants it to poll */
    bool was_without;         /* the terminal was on no network when it was looked at last */
    bool has_started;         /* a reset was before its last turn */
    bool is_changed;          /* another profile may be enabled than when that was looked at last */
    int64_t refused_at;       /* a way to or from the Fallback Profile, by the card; 0: never */
    int64_t polled;           /* the last poll; milliseconds since 1970, like the following */
    int64_t next_poll;
    int64_t give_up; /* 0: no result of a change is tried */
    struct ipae_watch watch;
    struct ipae_counts counts;
    struct ipae_profiles profiles;
    int64_t others_at;  /* when somebody else last used an RSP session; 0: nobody does */
    int64_t not_before; /* it rests until then: storage failed, or the terminal is about to reset the card */
};

/* --- What it asks of the card (ipae_card.c) ------------------------------------------------------------ */

/* struct ipa_host.es10: one request, in a part of the turn of its own and in its own RSP session. */
uint16_t ipae_es10(void *context, struct span request, struct buf *response);
/* Its RSP session, if there is one, is over. */
void ipae_end_session(struct ipae *ipae);
bool ipae_in_session(const struct ipae *ipae);

/* --- The IPA that speaks for the card (ipae_ipa.c) ---------------------------------------------------- */

/* What the terminal has told. */
const struct ipae_whereabouts *ipae_whereabouts(const struct ipae *ipae);
/* NULL without memory. */
struct ipa *ipae_make_ipa(struct ipae *ipae);
/* Every eIM hears of this change with its next poll. False: storage or memory failed. Between rounds. */
bool ipae_note_change(struct ipae *ipae, enum ipa_cause cause);

/* --- What it keeps (ipae_store.c) ----------------------------------------------------------------------- */

/* False when storage failed; so of the others. */
bool ipae_read(struct ipae *ipae);
/* Its settings, which hold from now on. */
bool ipae_read_settings(struct ipae *ipae);
bool ipae_keep_state(struct ipae *ipae, struct span state);
bool ipae_get_state(struct ipae *ipae, struct buf *state);
bool ipae_keep_give_up(struct ipae *ipae);
bool ipae_read_watch(struct ipae *ipae);
bool ipae_keep_watch(struct ipae *ipae);
/* What is marked is, or is not, a change of its own. */
bool ipae_keep_marked(struct ipae *ipae, bool marked);
bool ipae_has_marked(struct ipae *ipae);
/* The profiles are as it knows them. */
bool ipae_know_profiles(struct ipae *ipae);
/* Whether somebody else has changed them since; not before it knew them once. */
bool ipae_profiles_differ(struct ipae *ipae, bool *differ);

/* --- When which eIM is polled (ipae_schedule.c) ------------------------------------------------------- */

#define IPAE_NEVER INT64_MAX

/* Sees which eIMs there are, and when the next of them is due. False when storage failed; so of the others.
 */
bool ipae_schedule_read(struct ipae *ipae);
/* A clock that was set back puts no poll off by as much. `starts`: nobody knows how long the card was without
 * power, and what was planned is due at once. */
bool ipae_schedule_mind_clock(struct ipae *ipae, bool starts);
/* Every eIM is due then at the latest. */
bool ipae_schedule_by(struct ipae *ipae, int64_t due);
/* Every eIM is due now, or every one that was not reached last. */
bool ipae_schedule_hurry(struct ipae *ipae, bool only_failed);
/* Fills in the eIMs that are due. */
bool ipae_schedule_take(struct ipae *ipae, char eims[IPA_EIMS_MAX][IPA_ID_MAX + 1], size_t *count);
/* The poll of this eIM, which began then, is over: when the next one comes. `why`: one line; NULL: it was
 * reached. */
bool ipae_schedule_done(struct ipae *ipae, const char *eim, int64_t begun, const char *why);
/* The settings have changed. */
bool ipae_schedule_again(struct ipae *ipae);

/* --- Short messages (ipae_message.c) ------------------------------------------------------------------ */

/* Plans what a short message has asked for, if one has. False when storage failed. */
bool ipae_message_plan(struct ipae *ipae);

/* --- Without a network (ipae_watch.c) ----------------------------------------------------------------- */

/* Something has come from the network, or nothing although it was asked. */
bool ipae_watch_heard(struct ipae *ipae);
bool ipae_watch_silence(struct ipae *ipae);
/* Looks at what the terminal has told, and at which profile is enabled. */
bool ipae_watch_look(struct ipae *ipae);
/* That of it which a round has to see as well: whether the terminal is on a network. */
bool ipae_watch_see_service(struct ipae *ipae);
/* Whether ipae_watch_look has something to note. */
bool ipae_watch_has_news(const struct ipae *ipae);
/* Does what the time has come for. Between rounds. */
bool ipae_watch_go(struct ipae *ipae);
/* When that is; IPAE_NEVER. */
int64_t ipae_watch_due(const struct ipae *ipae);
/* An eIM was told that the device is there (3GPP TS 24.008). */
bool ipae_watch_told(struct ipae *ipae, const uint8_t plmn[3]);

/* --- A round (ipae_round.c) -------------------------------------------------------------------------- */

/* Begins one. False: storage or memory failed. No round when the card has no eIM. */
bool ipae_round_begin(struct ipae *ipae);
/* Goes on as far as it can without the network or the terminal. False: storage failed. */
bool ipae_round_go(struct ipae *ipae, bool *over);
/* What is to be sent goes to the carrier: after the turn is stored. False: it cannot be sent, and the round
 * goes on at once. */
bool ipae_round_send(struct ipae *ipae);
/* Throws it away: the next one begins from what is stored. */
void ipae_round_free(struct ipae *ipae);
/* The same of one that has come to its end, after which a connection may be kept. */
void ipae_round_over(struct ipae *ipae);
/* As ipae_next_wakeup, of a round. */
int64_t ipae_round_next(const struct ipae *ipae);

#endif
