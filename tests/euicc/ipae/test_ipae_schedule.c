/* When the IPAe polls which eIM, by its settings: cadence, jitter, back-off, quiet hours; one that is down
 * keeps nobody waiting. */
#include "tests/euicc/ipae/ipae_bench.h"

#define SECOND ((int64_t)1000)

static int64_t next_wakeup(struct ipae_bench *bench)
{
    return softeuicc_next_wakeup(bench->ipa.es10.card);
}

/* When the eIM is polled next, from now on in seconds. */
static int64_t next_in(struct ipae_bench *bench)
{
    ipae_bench_run(bench);
    ck_assert_int_gt(next_wakeup(bench), bench->now);
    return (next_wakeup(bench) - bench->now) / SECOND;
}

static void advance(struct ipae_bench *bench, int64_t seconds)
{
    bench->now += seconds * SECOND;
}

START_TEST(waits_longer_after_each_failure)
{
    static const int64_t waits[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    bench.unreached = bench.ipa.eim.id;
    ipae_bench_set(&bench, "fallback-after", NULL, "0"); /* before which it would ask once more */
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        ck_assert_int_eq(next_in(&bench), waits[i]);
        /* It is not forgotten with the power. */
        ipae_bench_cold(&bench);
        advance(&bench, waits[i]);
        ck_assert_uint_eq(bench.begun, i + 1);
    }
    for (unsigned i = 0; i < 80; i++) { /* more often than a number of 64 bits can be doubled */
        ck_assert_int_eq(next_in(&bench), 3600);
        advance(&bench, 3600);
    }
    bench.unreached = NULL;
    ck_assert_int_eq(next_in(&bench), 900);
    bench.unreached = bench.ipa.eim.id;
    advance(&bench, 900);
    ck_assert_int_eq(next_in(&bench), 60);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(goes_by_what_is_set)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ck_assert_int_eq(next_in(&bench), 900);
    ipae_bench_set(&bench, "poll-interval", NULL, "3600");
    ck_assert_int_eq(next_in(&bench), 3600);
    advance(&bench, 1000);
    ipae_bench_set(&bench, "poll-interval", NULL, "1200");
    ck_assert_int_eq(next_in(&bench), 200);
    ipae_bench_set(&bench, "poll-interval", NULL, "10"); /* it would have been polled since */
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    ck_assert_int_eq(next_in(&bench), 10);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    ipae_bench_set(&bench, "retry-after", NULL, "7");
    ipae_bench_set(&bench, "retry-limit", NULL, "20");
    bench.unreached = bench.ipa.eim.id;
    advance(&bench, 10);
    ck_assert_int_eq(next_in(&bench), 7);
    advance(&bench, 7);
    ck_assert_int_eq(next_in(&bench), 14);
    advance(&bench, 14);
    ck_assert_int_eq(next_in(&bench), 20);
    /* One that is late is put off by no setting. */
    bench.unreached = NULL;
    advance(&bench, 20);
    ipae_bench_set(&bench, "poll-interval", NULL, "5000");
    ck_assert_int_eq(next_in(&bench), 5000);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 3);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(polls_at_no_time_when_none_is_set)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipae_bench_set(&bench, "poll-interval", NULL, "0");
    ipae_bench_run(&bench); /* an eIM that was never polled is polled once */
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    ck_assert_int_eq(next_wakeup(&bench), -1);
    advance(&bench, 365 * 24 * 3600);
    ck_assert_uint_eq(ipae_bench_command(&bench, "80F2000C"), 0x9000);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    /* The clock of a card that was never due. */
    advance(&bench, -1000);
    ipae_bench_cold(&bench);
    advance(&bench, 10);
    ipae_bench_run(&bench);
    ck_assert_int_eq(next_wakeup(&bench), -1);
    ipae_bench_set(&bench, "poll-interval", NULL, NULL);
    ck_assert_int_eq(next_in(&bench), 900);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(an_eim_that_is_down_keeps_nobody_waiting)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    test_eim_associate(&bench.ipa.other, bench.ipa.es10.card, false, SPAN_NONE);
    bench.unreached = bench.ipa.eim.id;
    ipae_bench_set(&bench, "poll-interval", bench.ipa.other.id, "300");
    ipae_bench_pass(&bench, 3600 * SECOND);
    /* At 0, 300, … 3600 seconds; and the other one at 0, 60, 180, 420, 900, 1860. */
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 13);
    ck_assert_uint_eq(bench.begun, 13 + 6);
    ipae_bench_close(&bench);
}
END_TEST

/* By the beginning of a poll, and not by its end. */
START_TEST(keeps_its_cadence_however_long_a_poll_takes)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    bench.holds = 0xBF4F;
    ipae_bench_run(&bench);
    advance(&bench, 100);
    bench.holds = 0;
    softeuicc_wake(bench.ipa.es10.card);
    ck_assert_int_eq(next_in(&bench), 800);
    advance(&bench, 800);
    bench.holds = 0xBF4F;
    ipae_bench_run(&bench);
    advance(&bench, 2000);
    bench.holds = 0;
    ipae_bench_set(&bench, "poll-interval", NULL, "600"); /* while it is under way */
    softeuicc_wake(bench.ipa.es10.card);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 3); /* one was due meanwhile */
    ck_assert_int_eq(next_in(&bench), 600);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(jitter_comes_on_top)
{
    struct ipae_bench bench;
    int64_t least = INT64_MAX, most = 0;

    ipae_bench_open(&bench);
    ipae_bench_set(&bench, "poll-interval", NULL, "1000");
    ipae_bench_set(&bench, "poll-jitter", NULL, "50");
    for (unsigned i = 0; i < 60; i++) {
        int64_t wait;

        ipae_bench_run(&bench);
        wait = next_wakeup(&bench) - bench.now;
        ck_assert_int_ge(wait, 1000 * SECOND);
        ck_assert_int_le(wait, 1500 * SECOND);
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
        bench.now += wait;
    }
    /* Sixty of them are not all in one half (2 to the power of -59). */
    ck_assert_int_lt(least, 1250 * SECOND);
    ck_assert_int_gt(most, 1250 * SECOND);
    /* A fleet whose eIM was down comes back little by little. */
    least = INT64_MAX;
    most = 0;
    bench.unreached = bench.ipa.eim.id;
    ipae_bench_set(&bench, "fallback-after", NULL, "0");
    ipae_bench_set(&bench, "retry-after", NULL, "1000");
    ipae_bench_set(&bench, "retry-limit", NULL, "1000");
    for (unsigned i = 0; i < 60; i++) {
        int64_t wait = next_in(&bench);

        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
        advance(&bench, wait + 1);
    }
    ck_assert_int_ge(least, 1000);
    ck_assert_int_lt(least, 1250);
    ck_assert_int_gt(most, 1250);
    ck_assert_int_le(most, 1500);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(is_quiet_at_night)
{
    struct ipae_bench bench;
    const int64_t midnight = INT64_C(1700006400) * SECOND; /* 2023-11-15T00:00:00Z */

    ipae_bench_open(&bench);
    ipae_bench_set(&bench, "quiet-hours", NULL, "23:00-06:30");
    bench.now = midnight - 80 * MINUTE;
    ipae_bench_run(&bench); /* 22:40, and then 22:55 */
    bench.now = next_wakeup(&bench);
    ck_assert_int_eq(bench.now, midnight - 65 * MINUTE);
    ipae_bench_run(&bench);
    ck_assert_int_eq(next_wakeup(&bench), midnight + 390 * MINUTE);
    bench.now = next_wakeup(&bench);
    ipae_bench_run(&bench);
    ck_assert_int_eq(next_wakeup(&bench), midnight + 405 * MINUTE);
    /* Within a day; its end is not quiet any more, and its beginning is. */
    ipae_bench_set(&bench, "quiet-hours", NULL, "07:00-08:00");
    bench.now = midnight + 405 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_int_eq(next_wakeup(&bench), midnight + 480 * MINUTE);
    ipae_bench_set(&bench, "quiet-hours", NULL, "06:00-07:00");
    ipae_bench_run(&bench);
    ck_assert_int_eq(next_wakeup(&bench), midnight + 420 * MINUTE);
    ipae_bench_set(&bench, "quiet-hours", NULL, "");
    ipae_bench_run(&bench);
    ck_assert_int_eq(next_wakeup(&bench), midnight + 420 * MINUTE);
    ipae_bench_close(&bench);
}
END_TEST

/* What the terminal has taken for itself, or an LPA has added, is polled without waiting. */
START_TEST(a_new_eim_is_polled_at_once)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipae_bench_run(&bench);
    advance(&bench, 10);
    test_eim_associate(&bench.ipa.other, bench.ipa.es10.card, false, SPAN_NONE);
    es10(&bench.ipa.es10, "BF3E03 5C015A"); /* which is a turn */
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    ck_assert_int_eq(next_in(&bench), 890);
    ipae_bench_close(&bench);
}
END_TEST

TEST_MAIN("ipae schedule", waits_longer_after_each_failure, goes_by_what_is_set,
          polls_at_no_time_when_none_is_set, an_eim_that_is_down_keeps_nobody_waiting,
          keeps_its_cadence_however_long_a_poll_takes, jitter_comes_on_top, is_quiet_at_night,
          a_new_eim_is_polled_at_once)
