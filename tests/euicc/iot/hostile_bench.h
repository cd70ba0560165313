/* A card with two eIMs, one of which is attacked or attacks. For tests only. */
#ifndef SOFTEUICC_TESTS_EUICC_IOT_HOSTILE_BENCH_H
#define SOFTEUICC_TESTS_EUICC_IOT_HOSTILE_BENCH_H

#include "tests/support/es10.h"
#include "tests/support/package.h"

#define A   "89490000000000000017"
#define B   "89490000000000000025"
#define A_  "98940000000000000071"
#define B_  "98940000000000000052"
#define NO_ "98940000000000000099"

#define ENABLE(iccid)  "A30C 5A0A" iccid
#define DISABLE(iccid) "A40C 5A0A" iccid
#define DELETE(iccid)  "A50C 5A0A" iccid
#define EIM2_ID        "65696D2D32"
#define DELETE_EIM     "A907 8005 65696D2D31" /* eim-1 */
#define DELETE_EIM2    "A907 8005 65696D2D32" /* eim-2 */

#define FIRST_COUNTER 5 /* of both eIMs when an attack begins */

/* Profiles A, enabled, and B; eim-1 without an association token, eim-2 with one. */
struct hostile_bench {
    struct es10_bench es10;
    struct test_eim eim, eim2;
    struct ec_key *stranger;
};

void hostile_open(struct hostile_bench *bench);
void hostile_close(struct hostile_bench *bench);

/* Changes the card's tables behind its back. */
void hostile_sql(struct hostile_bench *bench, const char *statement);

/* A good package still works. It comes from the other eIM, whose counter no attack moves. */
void hostile_check_good(struct hostile_bench *bench);

#endif
