/*
 * A card with an eIM that orders PSMOs, for the tests of packages: profiles, commands as hexadecimal, results
 * that are verified before they are compared. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_IOT_PSMO_BENCH_H
#define SOFTEUICC_TESTS_EUICC_IOT_PSMO_BENCH_H

#include "tests/support/es10.h"
#include "tests/support/package.h"

#define A   "89490000000000000017"
#define B   "89490000000000000025"
#define C   "89490000000000000033"
#define A_  "98940000000000000071"
#define B_  "98940000000000000052"
#define C_  "98940000000000000033"
#define NO_ "98940000000000000099"

#define ENABLE(iccid)          "A30C 5A0A" iccid
#define ENABLE_ROLLBACK(iccid) "A30E 5A0A" iccid "0500"
#define DISABLE(iccid)         "A40C 5A0A" iccid
#define DELETE(iccid)          "A50C 5A0A" iccid
#define SET_FALLBACK(iccid)    "A80C 5A0A" iccid
#define UNSET_FALLBACK         "A900"
#define LIST                   "BF2D00"

struct psmo_bench {
    struct es10_bench es10;
    struct test_eim eim;
};

/* One associated eIM, without an association token. */
void psmo_open(struct psmo_bench *bench);
/* With profiles A and B, both disabled. */
void psmo_open_with_two(struct psmo_bench *bench);
void psmo_close(struct psmo_bench *bench);

/* Sends a package with these PSMOs; returns euiccResult's content. */
struct span psmo_run(struct psmo_bench *bench, const char *commands);
#define ck_assert_run(bench, commands, results) ck_assert_hex(psmo_run((bench), (commands)), (results))

/* Changes the card's tables behind its back. */
void psmo_sql(struct psmo_bench *bench, const char *statement);
/* A profile's row. */
int64_t psmo_id(struct psmo_bench *bench, const char *iccid);
/* The states of A and B, as es10_state has them. */
void psmo_assert_states(struct psmo_bench *bench, int a, int b);

#endif
