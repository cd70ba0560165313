/*
 * "Never without connectivity" (watch_life.h) in long lives: a card goes through thousands of events by
 * chance, networks that come and go with each profile, time of all sorts, and a clock that is set back.
 */
#include "tests/euicc/ipae/watch_life.h"

enum { WALKS = 12, STEPS = 60 };

static unsigned choose(struct life *life, unsigned count)
{
    life->random = life->random * 1103515245 + 12345;
    return (life->random >> 16) % count;
}

/* Something, nothing, or the clock is set back. */
static void let_happen(struct life *life)
{
    unsigned event = choose(life, LIFE_EVENTS + 2);

    if (event == LIFE_EVENTS) {
        life_tell(life, "-");
    } else if (event > LIFE_EVENTS) {
        life->bench.now -= 100 * HOUR;
        life_tell(life, "clock back");
    } else {
        life_events[event].happens(life);
        life_tell(life, life_events[event].name);
    }
}

static void step(struct life *life)
{
    static const char *const lit[] = {"(AB)", "(B)", "(A)", "()"};
    static const int64_t durations[] = {1000, 4 * MINUTE, 40 * MINUTE, 7 * HOUR};
    struct ipae_bench *bench = &life->bench;
    unsigned networks = choose(life, 4);

    bench->ipa.taken_count = 0;
    bench->dark_a = (networks & 1) != 0;
    bench->dark_b = (networks & 2) != 0;
    let_happen(life);
    life_tell(life, lit[networks]);
    ipae_bench_pass(bench, durations[choose(life, sizeof(durations) / sizeof(durations[0]))]);
    if (choose(life, 3) == 0)
        life_is_connected_in_time(life);
}

static void walk(uint32_t seed, const char *fallback)
{
    struct life life = {.random = seed};

    life_begin(&life, fallback);
    for (unsigned i = 0; i < STEPS; i++)
        step(&life);
    life_is_connected_in_time(&life);
    ipae_bench_close(&life.bench);
}

START_TEST(with_b_to_fall_back_to)
{
    for (uint32_t seed = 1; seed <= WALKS; seed++)
        walk(seed, LIFE_FALLBACK_B);
}
END_TEST

START_TEST(with_a_to_fall_back_to)
{
    for (uint32_t seed = 1; seed <= WALKS; seed++)
        walk(1000 + seed, LIFE_FALLBACK_A);
}
END_TEST

/* Then it is enabled, dark, and another one is not its own to enable. */
START_TEST(without_a_fallback_profile)
{
    for (uint32_t seed = 1; seed <= WALKS; seed++)
        walk(2000 + seed, LIFE_NO_FALLBACK);
}
END_TEST

TEST_MAIN("ipae watch model", with_b_to_fall_back_to, with_a_to_fall_back_to, without_a_fallback_profile)
