/*
 * The life of a card with an IPAe and two profiles, whose networks come and go: what may happen to it, and
 * "never without connectivity" as a property: whenever some profile that it can go to by itself has had a
 * network for the set time, it has polled in it. For tests only.
 *
 * Reading: those are the profile that is enabled, the Fallback Profile, and the one before the fallback;
 * SGP.32 lets nobody but an eIM enable others.
 */
#ifndef SOFTEUICC_TESTS_EUICC_IPAE_WATCH_LIFE_H
#define SOFTEUICC_TESTS_EUICC_IPAE_WATCH_LIFE_H

#include "tests/euicc/ipae/ipae_bench.h"

/* The profiles BENCH_A and BENCH_B, as an ICCID is coded. */
#define LIFE_A "98940000000000000071"
#define LIFE_B "98940000000000000052"
/* Packages by which one of them, or none, is what is fallen back to. */
#define LIFE_FALLBACK_A  "A80C 5A0A" LIFE_A
#define LIFE_FALLBACK_B  "A80C 5A0A" LIFE_B
#define LIFE_NO_FALLBACK "A900"

/* By the settings as they are made: a poll that notices, the fallback and the end of a trial that had begun
 * just before, both four times as long when changes were in vain, the end of a result that waits, and the
 * longest wait for another try. */
#define LIFE_SET_TIME ((15 + 4 * 60 + 4 * 10 + 10 + 60 + 1) * MINUTE)

struct life {
    struct ipae_bench bench;
    uint32_t random; /* of a walk */
    char story[1 << 14];
};

/* What happens at one moment: a reset, orders with and without rollback, an LPA, the ways by hand. */
struct life_event {
    const char *name;
    void (*happens)(struct life *life);
};
#define LIFE_EVENTS 9
extern const struct life_event life_events[LIFE_EVENTS];

/* Profile A is enabled, and `fallback` was ordered and done. */
void life_begin(struct life *life, const char *fallback);
void life_tell(struct life *life, const char *what);
/* Fails unless the property holds, with the networks that there are, in the time that passes here. */
void life_is_connected_in_time(struct life *life);

#endif
