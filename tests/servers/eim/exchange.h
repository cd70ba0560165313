/* What the tests of an eIM and one eUICC share: the bench, orders, polls and results. */
#ifndef SOFTEUICC_TESTS_SERVERS_EIM_EXCHANGE_H
#define SOFTEUICC_TESTS_SERVERS_EIM_EXCHANGE_H

#include "tests/support/eim_bench.h"

extern struct eim_bench bench;

#define ENABLE2 "\"psmo\":[{\"enable\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\",\"rollback\":true}}]"
#define DISABLE "\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}}]"

/* An eIM in memory that knows the eUICC; and its end. */
void start(void);
void stop(void);

/* Polls, and checks what kind of package came. */
void poll_for(uint32_t tag);
/* Provides, frees, and checks the error and how many numbers are acknowledged. */
void provide(struct buf *result, enum eim_error error, size_t acknowledged);

#endif
