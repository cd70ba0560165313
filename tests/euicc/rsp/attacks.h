/* The faults of a hostile SM-DP+: what it does, and what the card must answer. Tables in attacks_*.c, run by
 * test_hostile_smdpp.c. */
#ifndef SOFTEUICC_TESTS_EUICC_RSP_ATTACKS_H
#define SOFTEUICC_TESTS_EUICC_RSP_ATTACKS_H

#include "tests/support/edit.h"
#include "tests/support/server.h"

#define ICCID_NEW     "89880000000000000028"
#define ICCID_PRESENT "89880000000000000010" /* a profile that is on the card when the attack begins */
#define CARD_FREE_NVM 400000

/* What attacks may use, made once for all of them. */
struct battlefield {
    struct test_ci ci;        /* the card trusts it */
    struct test_ci brainpool; /* and this one */
    struct test_ci foreign;   /* but not this one */
    /* DPauth signed by the foreign CI, in the name and key identifier of the trusted one. */
    struct test_entity posing;
    struct test_entity posing_pb; /* the same for DPpb */
    struct test_entity below;     /* DPauth issued by an SM-DP+ instead of a CI */
    struct test_entity no_oid;    /* DPauth without registeredID */
    struct test_entity bad_oid;   /* DPauth with a registeredID that is none */
    struct test_entity tls;       /* DPtls */
    struct span package;          /* ICCID_NEW, operational keys */
    struct span package_present;  /* ICCID_PRESENT */
    struct span package_big;      /* ICCID_NEW, more than CARD_FREE_NVM */
    struct buf metadata;          /* ICCID_NEW */
    struct buf metadata_present;
};

extern struct battlefield field;

typedef void fault_function(struct server *server, enum server_point point, struct buf *octets);

struct attack {
    const char *name;
    fault_function *fault;
    enum server_function function; /* which one answers */
    int code;                      /* error code or errorReason; -1: only the status word */
    int command;                   /* bppCommandId, when SERVER_FUNCTION_LOAD answers with a code */
    uint16_t status;               /* 0: 9000 */
    bool challenged;               /* it ends with a fresh challenge */
    /* Instead of a download; NULL: a download. */
    bool (*run)(struct server *server, struct server_outcome *outcome);
    /* Before the attack, on the fresh card; may be NULL. */
    void (*prepare)(struct terminal *terminal);
};

extern const struct attack attacks_on_session[], attacks_on_package[];
extern const size_t attacks_on_session_count, attacks_on_package_count;

#endif
