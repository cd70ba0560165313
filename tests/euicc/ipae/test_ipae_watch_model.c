/*
 * "Never without connectivity" as a property: a card lives through thousands of events - networks that come
 * and go with each profile, resets, orders with and without rollback, an LPA, fallbacks by hand - and
 * whenever some profile that it can go to by itself has had a network for the set time, it has polled in it.
 * Reading: those are the profile that is enabled, the Fallback Profile, and the one before the fallback;
 * SGP.32 lets nobody but an eIM enable others.
 */
#include "tests/euicc/ipae/ipae_bench.h"

#include <stdio.h>

#define A              "98940000000000000071"
#define B              "98940000000000000052"
#define SET_FALLBACK_A "A80C 5A0A" A
#define SET_FALLBACK_B "A80C 5A0A" B

/* By the settings as they are made: a poll that notices, the fallback and the end of a trial that had begun
 * just before, both four times as long when changes were in vain, the end of a result that waits, and the
 * longest wait for another try. */
#define SET_TIME ((15 + 4 * 60 + 4 * 10 + 10 + 60 + 1) * MINUTE)

enum { WALKS = 12, STEPS = 60 };

struct life {
    struct ipae_bench bench;
    uint32_t random; /* of the walk */
    char story[STEPS * 24];
};

static unsigned choose(struct life *life, unsigned count)
{
    life->random = life->random * 1103515245 + 12345;
    return (life->random >> 16) % count;
}

static void tell_story(struct life *life, const char *what)
{
    size_t size = strlen(life->story);

    snprintf(life->story + size, sizeof(life->story) - size, " %s", what);
}

/* --- what happens ----------------------------------------------------------------------------------- */

static void order(struct life *life, const char *commands)
{
    if (life->bench.ipa.queue_count < IPA_QUEUE_MAX)
        ipa_bench_order(&life->bench.ipa, &life->bench.ipa.eim, PSMO, commands);
}

static void nothing(struct life *life)
{
    (void)life;
}

static void reset(struct life *life)
{
    ipae_bench_cold(&life->bench);
}

static void order_a(struct life *life)
{
    order(life, "A30C 5A0A" A);
}

static void order_b(struct life *life)
{
    order(life, "A30C 5A0A" B);
}

static void order_a_rollback(struct life *life)
{
    order(life, "A30E 5A0A" A "0500");
}

static void order_b_rollback(struct life *life)
{
    order(life, "A30E 5A0A" B "0500");
}

static void by_lpa(struct life *life, const char *request)
{
    (void)es10_send(&life->bench.ipa.es10, hex(request), test_buf());
}

static void lpa_enables_a(struct life *life)
{
    by_lpa(life, "BF3111 A00C 5A0A" A "8101FF");
}

static void lpa_enables_b(struct life *life)
{
    by_lpa(life, "BF3111 A00C 5A0A" B "8101FF");
}

static void fallback_by_hand(struct life *life)
{
    by_lpa(life, "BF5D03 8001FF");
}

static void return_by_hand(struct life *life)
{
    by_lpa(life, "BF5E03 8001FF");
}

static void clock_back(struct life *life)
{
    life->bench.now -= 100 * HOUR;
}

static const struct {
    const char *name;
    void (*happens)(struct life *life);
} events[] = {
    {"-", nothing},
    {"reset", reset},
    {"order A", order_a},
    {"order B", order_b},
    {"order A rb", order_a_rollback},
    {"order B rb", order_b_rollback},
    {"LPA A", lpa_enables_a},
    {"LPA B", lpa_enables_b},
    {"fallback", fallback_by_hand},
    {"return", return_by_hand},
    {"clock back", clock_back},
};

/* --- the property ------------------------------------------------------------------------------------- */

static bool is_lit(const struct life *life, const char *iccid)
{
    return strcmp(iccid, BENCH_A) == 0 ? !life->bench.dark_a : !life->bench.dark_b;
}

/* Whether a profile that the card can go to by itself has a network. */
static bool could_connect(struct life *life)
{
    struct nvm *nvm = life->bench.ipa.es10.card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm,
                                    "SELECT iccid FROM profile, iot WHERE state = 'enabled' OR"
                                    " profile.id IN (iot.fallback, iot.before_fallback)",
                                    NVM_NONE);
    bool could = false;

    while (nvm_row(nvm, stmt))
        could = is_lit(life, nvm_text(stmt, 0)) || could;
    nvm_done(stmt);
    return could;
}

static void is_connected_in_time(struct life *life)
{
    struct ipae_bench *bench = &life->bench;
    bool could = could_connect(life);

    bench->ipa.taken_count = 0;
    ipae_bench_pass(bench, SET_TIME);
    ck_assert_msg(!could || !could_connect(life) || ipae_bench_taken(bench, 0xBF4F) > 0,
                  "it is without connectivity:%s", life->story);
}

static void step(struct life *life)
{
    static const int64_t durations[] = {1000, 4 * MINUTE, 40 * MINUTE, 7 * HOUR};
    struct ipae_bench *bench = &life->bench;
    unsigned event = choose(life, sizeof(events) / sizeof(events[0]));
    unsigned networks = choose(life, 4);

    bench->ipa.taken_count = 0;
    bench->dark_a = (networks & 1) != 0;
    bench->dark_b = (networks & 2) != 0;
    events[event].happens(life);
    tell_story(life, events[event].name);
    tell_story(life, networks == 0 ? "(AB)" : networks == 1 ? "(B)" : networks == 2 ? "(A)" : "()");
    ipae_bench_pass(bench, durations[choose(life, sizeof(durations) / sizeof(durations[0]))]);
    if (choose(life, 3) == 0)
        is_connected_in_time(life);
}

/* The SM-DP+ takes every notification. */
static bool takes(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)bench;
    (void)message;
    (void)answer;
    return true;
}

static void walk(uint32_t seed, const char *fallback)
{
    struct life life = {.random = seed};
    struct nvm *nvm;

    ipae_bench_open(&life.bench);
    life.bench.ipa.smdp = takes;
    life.bench.ipa.relay = true;
    nvm = life.bench.ipa.es10.card->nvm;
    ck_assert(nvm_change(nvm, "UPDATE profile SET fallback_allowed = 1", NVM_NONE) && nvm_commit(nvm));
    order(&life, fallback);
    ipae_bench_run(&life.bench);
    for (unsigned i = 0; i < STEPS; i++)
        step(&life);
    is_connected_in_time(&life);
    ipae_bench_close(&life.bench);
}

START_TEST(with_b_to_fall_back_to)
{
    for (uint32_t seed = 1; seed <= WALKS; seed++)
        walk(seed, SET_FALLBACK_B);
}
END_TEST

START_TEST(with_a_to_fall_back_to)
{
    for (uint32_t seed = 1; seed <= WALKS; seed++)
        walk(1000 + seed, SET_FALLBACK_A);
}
END_TEST

/* Then it is enabled, dark, and another one is not its own to enable. */
START_TEST(without_a_fallback_profile)
{
    for (uint32_t seed = 1; seed <= WALKS; seed++)
        walk(2000 + seed, "A900");
}
END_TEST

TEST_MAIN("ipae watch model", with_b_to_fall_back_to, with_a_to_fall_back_to, without_a_fallback_profile)
