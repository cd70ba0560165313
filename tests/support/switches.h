/* A card with two profiles and an eIM that switches between them, again and again. For tests and benchmarks
 * only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_SWITCHES_H
#define SOFTEUICC_TESTS_SUPPORT_SWITCHES_H

#include "tests/support/package.h"

struct switches {
    struct test_ci ci;
    struct softeuicc *card;
    struct terminal terminal;
    struct test_eim eim;
    unsigned count;   /* switches made */
    uint64_t numbers; /* sequence numbers that have been given out */
    bool notifies;
};

/* A new card at `path`, with the second of the two profiles enabled. They notify `address` of every change;
 * NULL: they do not, and the eIM grants no rollback. */
void switches_open(struct switches *switches, const char *path, const char *address);
void switches_close(struct switches *switches);

/* Appends the request of the next switch. */
void switches_put(struct switches *switches, struct buf *request);
/* One package with one enable, which must succeed. */
void switches_one(struct switches *switches);
/* Removes the result and the notifications of the last one. */
void switches_acknowledge(struct switches *switches);
/* Resets the card. */
void switches_reset(struct switches *switches);

#endif
