/*
 * The life of a card with an IPAe whose power may go at a change of its storage: the card on a disk that can
 * be cut, a terminal that serves REFRESH or not, and an eIM, which a test's orders wait at. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_IPAE_CUT_LIFE_H
#define SOFTEUICC_TESTS_EUICC_IPAE_CUT_LIFE_H

#include "euicc/ipae/carrier.h"
#include "tests/support/cut_vfs.h"
#include "tests/support/ipa.h"

struct cut_life {
    struct ipa_bench ipa;
    struct cut_disk *disk, *whole; /* the life's, and what each life begins with a copy of */
    struct softeuicc_hooks hooks;
    struct ipae_carrier carrier;
    struct buf answer;
    bool is_answered;
    bool refreshes; /* the terminal serves REFRESH */
    int64_t now;    /* milliseconds since 1970 */
    /* An SM-DP+, in the ASN.1 binding of ES9+; NULL: none is reached. */
    bool (*server)(struct cut_life *life, struct span message, struct buf *answer);
};

/* A card under this CI, which outlives it (NULL: under one of its own), with the profiles BENCH_A, which is
 * enabled, and BENCH_B, associated with life->ipa.eim; it can be changed until the first life. */
void cut_life_open(struct cut_life *life, const struct test_ci *ci);
void cut_life_close(struct cut_life *life);

/* Three polls and what comes of them, on a copy of the disk, whose power goes at this change (0: never). The
 * copy is there until cut_life_end, for a test to look at the card. Returns the changes that there were. */
uint64_t cut_life_live(struct cut_life *life, uint64_t cut, enum cut_mode mode);
void cut_life_end(struct cut_life *life);

/* Calls `live` with every cut that the life without one has, and with that one first; in sanitizer builds
 * with a share of them. It returns what cut_life_live did. */
void cut_life_at_every_change(struct cut_life *life,
                              uint64_t (*live)(struct cut_life *life, uint64_t cut, enum cut_mode mode));

#endif
