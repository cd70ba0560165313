/*
 * The eIM of servers/eim without its network, and an eUICC with its IPA that signs what a test tells it to:
 * for tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_EIM_BENCH_H
#define SOFTEUICC_TESTS_SUPPORT_EIM_BENCH_H

#include "servers/eim/model/server.h"
#include "tests/support/pki.h"

#define EIM_BENCH_ID     "2.999.20"
#define EIM_BENCH_ICCID  "8900112233445566778"
#define EIM_BENCH_ICCID2 "8900112233445566786"
#define EIM_BENCH_OTHER  "89049032123451234512345678901243" /* a second eUICC */

struct eim_bench {
    struct eim eim;
    struct test_ci ci;
    struct test_entity euicc;
    const char *eid;
    const char *path; /* of the state; NULL: in memory */
    char first_path[512];
    unsigned crashes;
    int64_t token; /* what the eUICC signs with; 0 is the default one */
    uint64_t sequence;
    /* The package that came last, and what stands in it. */
    struct buf package;
    struct span transaction_id; /* copied */
    uint8_t transaction[16];
    uint64_t counter;
};

void eim_bench_start(struct eim_bench *bench, const char *path);
void eim_bench_stop(struct eim_bench *bench);
/* As if killed: the eIM goes on with what is on the disk at this moment. */
void eim_bench_crash(struct eim_bench *bench);
/* The eUICC is this one from now on, with a certificate of its own. */
void eim_bench_be(struct eim_bench *bench, const char *eid);

/* GetEimPackage. On EIM_ERROR_NONE the package is taken apart, its form and signature are checked. */
enum eim_error eim_bench_poll(struct eim_bench *bench);
enum eim_error eim_bench_poll_changed(struct eim_bench *bench, int64_t cause);
/* On this network (rPLMN, as TS 24.008 codes it). */
enum eim_error eim_bench_poll_on(struct eim_bench *bench, const uint8_t network[3]);
uint32_t eim_bench_package_tag(const struct eim_bench *bench);

/* ProvideEimPackageResult; the acknowledged numbers come in `acknowledged` (count), which may be NULL. */
enum eim_error eim_bench_provide(struct eim_bench *bench, struct span result, uint64_t *acknowledged,
                                 size_t *count);

/* The answer to the first contact, and all polls until there is nothing more: the eIM knows the eUICC, whose
 * profiles are EIM_BENCH_ICCID (enabled) and EIM_BENCH_ICCID2. */
void eim_bench_introduce(struct eim_bench *bench);
/* IpaEuiccDataResponse with the certificates and these further members (hexadecimal). */
void eim_bench_data(const struct eim_bench *bench, const char *more, struct buf *out);

/* EuiccPackageResult to the package that came last, with these EuiccResultData; the next sequence number. */
void eim_bench_result(struct eim_bench *bench, const char *results, struct buf *out);
void eim_bench_signed_error(struct eim_bench *bench, int64_t code, struct buf *out);
/* Signs `data` (a whole 30) as results and errors are: appends BF51 { tag { data, 5F37 } }. */
void eim_bench_sign(const struct eim_bench *bench, uint32_t tag, struct span data, struct buf *out);
/* A notification of the eUICC: operation 0 install (a success), 1 enable, 2 disable, 3 delete. */
void eim_bench_notification(struct eim_bench *bench, unsigned operation, const char *iccid, struct buf *out);

/* REST. The answer's JSON (NULL without a body); *code may be NULL. */
json_t *eim_bench_rest(struct eim_bench *bench, const char *method, const char *path, const char *query,
                       const char *body, int *code);
/* POSTs an order for bench->eid: `what` is "\"psmo\":[…]"; its id. */
int64_t eim_bench_order(struct eim_bench *bench, const char *what);
/* Checks an order's state, and its error when that is not NULL. */
void eim_bench_expect(struct eim_bench *bench, int64_t order, const char *state, const char *error);
/* The state of a profile as /v1/euiccs/{eid}/profiles says; "" when it is not there. */
const char *eim_bench_profile(struct eim_bench *bench, const char *iccid);

#endif
