/*
 * A card with profiles on it, and ES10 requests to it as a terminal sends them: for the tests of the
 * functions in euicc/rsp/. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_ES10_H
#define SOFTEUICC_TESTS_SUPPORT_ES10_H

#include "euicc/rsp/profile_install.h"
#include "tests/support/pki.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

struct es10_bench {
    struct test_ci cis[2]; /* P-256, brainpool */
    size_t ci_count;
    struct softeuicc *card;
    struct terminal terminal;
};

/* A card in memory under one CI (P-256) or two, powered, with the ISD-R selected. `free_nvm` 0:
 * the default. */
void es10_open(struct es10_bench *bench, size_t ci_count, uint64_t free_nvm);
void es10_close(struct es10_bench *bench);

/* Sends the request written as hexadecimal (a printf format); the answer must be 9000. The response lives as
 * long as the program. */
struct span es10(struct es10_bench *bench, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The status word of an answer that is to have no data. */
uint16_t es10_refused(struct es10_bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint16_t es10_send(struct es10_bench *bench, struct span request, struct buf *response);

/*
 * Sends every beginning of a valid request: cut off as it is (6A80 always), and with the outer length made to
 * fit (6A80 unless the cut is between two members, where the request may be another valid one). With
 * `writes`, every answer is rolled back by a reset of the card's transaction, so that a valid shorter request
 * changes nothing.
 */
void es10_sweep(struct es10_bench *bench, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A profile put on the card without a download. Zero fields:
 * an operational profile without anything special. */
struct es10_profile {
    const char *iccid;   /* digits */
    struct span package; /* with that ICCID; none: test_profile's */
    bool test, provisioning, preloaded, ppr1, ppr2;
    const char *name;     /* NULL: "Name" */
    const char *address;  /* notification address for `operations`; NULL: none */
    unsigned operations;  /* bits of enum notification_event */
    const char *address2; /* a second one, for all events */
    struct span further;  /* members of BF25 after the class, as they are: B7, BF76 … */
    struct span icon;     /* PNG */
    struct span ci_key_id;
    struct span configuration; /* BF24 whole */
};
void es10_install(struct es10_bench *bench, const struct es10_profile *profile);
enum profile_install_status es10_try_install(struct es10_bench *bench, const struct es10_profile *profile);

/* StoreMetadataRequest of such a profile, BF25 whole. */
struct span es10_metadata(const struct es10_profile *profile);

/* The ICCID as the card codes it, in hexadecimal. Static storage, four at a time. */
const char *es10_iccid(const char *digits);

/* The state of a profile in the table: 0 disabled, 1 enabled, -1 not there. */
int es10_state(struct es10_bench *bench, const char *digits);

/* Everything in the tables that a request can change, as one text: to see that nothing changed. */
struct span es10_tables(struct es10_bench *bench);

#endif
