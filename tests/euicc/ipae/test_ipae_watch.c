/* Never without a network (SGP.32 3.4.6, 3.4.7): the Fallback Profile when it is lost, the way back by a
 * schedule, and to the Fallback Profile again when there was nothing. */
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_count.h"
#include "tests/euicc/ipae/ipae_bench.h"

#define SECOND            ((int64_t)1000)
#define A                 "98940000000000000071"
#define B                 "98940000000000000052"
#define SET_FALLBACK_A    "A80C 5A0A" A
#define SET_FALLBACK_B    "A80C 5A0A" B
#define UNSET_FALLBACK    "A900"
#define ENABLE_B          "A30C 5A0A" B
#define ENABLE_B_ROLLBACK "A30E 5A0A" B "0500"
#define EXECUTE_FALLBACK  "BF5D03 8001FF"
#define TERMINAL_PROFILE  "80100000 03 000080" /* REFRESH, and nothing else */
#define FETCH             "80120000 0B"
#define DONE              "80140000 0C 8103010104 82028281 830100"
#define REFUSED           "80140000 0C 8103010104 82028281 830132"
#define STATUS            "80F2000C"

/* B is the Fallback Profile, and the IPAe has polled. */
static void open_fallback(struct ipae_bench *bench)
{
    struct nvm *nvm;

    ipae_bench_open(bench);
    nvm = bench->ipa.es10.card->nvm;
    ck_assert(nvm_change(nvm, "UPDATE profile SET fallback_allowed = 1", NVM_NONE) && nvm_commit(nvm));
    ipa_bench_order(&bench->ipa, &bench->ipa.eim, PSMO, SET_FALLBACK_B);
    ipae_bench_run(bench);
    ck_assert_uint_eq(ipae_bench_taken(bench, 0xBF50), 1);
    bench->ipa.taken_count = 0;
}

static const char *enabled(struct ipae_bench *bench)
{
    return es10_state(&bench->ipa.es10, BENCH_A) == 1   ? "A"
           : es10_state(&bench->ipa.es10, BENCH_B) == 1 ? "B"
                                                        : "";
}

static int last_cause(struct ipae_bench *bench)
{
    return ipae_bench_cause(bench, ipae_bench_taken(bench, 0xBF4F) - 1);
}

static size_t polls(struct ipae_bench *bench)
{
    return ipae_bench_taken(bench, 0xBF4F);
}

/* When it returns from the Fallback Profile; 0: it does not. */
static int64_t return_planned(struct ipae_bench *bench)
{
    struct ipae_facts facts;

    ck_assert(ipae_look(bench->ipa.es10.card, &facts));
    return facts.return_at;
}

static uint64_t counted(struct ipae_bench *bench, enum ipae_count count)
{
    struct ipae_tally found;

    ck_assert(ipae_look_count(bench->ipa.es10.card, count, &found));
    return found.ever;
}

/* A is dark, of which the card learns with a poll: it has fallen back an hour after that. */
static void lose_a(struct ipae_bench *bench)
{
    bench->dark_a = true;
    ipae_bench_pass(bench, 15 * MINUTE);
    ipae_bench_pass(bench, HOUR - SECOND);
    ck_assert_str_eq(enabled(bench), "A");
    ipae_bench_pass(bench, SECOND);
    ck_assert_str_eq(enabled(bench), "B");
}

START_TEST(falls_back_when_nothing_comes)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    ck_assert_int_eq(return_planned(&bench), 0);
    lose_a(&bench);
    ck_assert_int_eq(return_planned(&bench), bench.now + 6 * HOUR);
    ck_assert_uint_eq(polls(&bench), 1); /* at once */
    ck_assert_int_eq(last_cause(&bench), IPA_CAUSE_FALLBACK);
    ipae_bench_pass(&bench, 15 * MINUTE);
    ck_assert_uint_eq(polls(&bench), 2);
    ck_assert_int_eq(last_cause(&bench), -1);
    ipae_bench_close(&bench);
}
END_TEST

/* The time runs while the device is off, and resets make no difference. */
START_TEST(its_clock_outlives_resets)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    bench.dark_a = true;
    ipae_bench_pass(&bench, 15 * MINUTE);
    for (unsigned minutes = 0; minutes < 59; minutes++) {
        bench.now += MINUTE;
        ipae_bench_cold(&bench);
        ipae_bench_pass(&bench, GRACE);
        bench.now -= GRACE;
    }
    ck_assert_str_eq(enabled(&bench), "A");
    bench.now += MINUTE;
    ipae_bench_cold(&bench);
    ipae_bench_pass(&bench, GRACE);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_short_loss_is_none)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    for (unsigned i = 0; i < 5; i++) {
        bench.dark_a = true;
        ipae_bench_pass(&bench, 50 * MINUTE);
        bench.dark_a = false;
        ipae_bench_pass(&bench, HOUR);
        ck_assert_str_eq(enabled(&bench), "A");
    }
    ck_assert_uint_gt(polls(&bench), 10);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(returns_by_a_schedule)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    lose_a(&bench);
    bench.dark_a = false;
    ipae_bench_pass(&bench, 6 * HOUR - SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    bench.ipa.taken_count = 0;
    ipae_bench_pass(&bench, SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    ck_assert_uint_eq(polls(&bench), 1);
    ck_assert_int_eq(last_cause(&bench), IPA_CAUSE_FALLBACK);
    ipae_bench_pass(&bench, 24 * HOUR);
    ck_assert_str_eq(enabled(&bench), "A");
    ck_assert_uint_eq(polls(&bench), 1 + 24 * 4);
    ipae_bench_close(&bench);
}
END_TEST

/* The profile that it returned to has no longer than the result of any other change. */
START_TEST(a_return_in_vain_is_short)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    lose_a(&bench);
    for (unsigned i = 0; i < 3; i++) {
        ipae_bench_pass(&bench, 6 * HOUR);
        ck_assert_str_eq(enabled(&bench), "A");
        ipae_bench_cold(&bench);
        ipae_bench_pass(&bench, 10 * MINUTE - SECOND);
        ck_assert_str_eq(enabled(&bench), "A");
        ipae_bench_pass(&bench, SECOND);
        ck_assert_str_eq(enabled(&bench), "B");
        ck_assert_int_eq(last_cause(&bench), IPA_CAUSE_FALLBACK);
    }
    ck_assert_uint_eq(counted(&bench, IPAE_FALLBACKS), 4);
    ck_assert_uint_eq(counted(&bench, IPAE_RETURNS), 3);
    ck_assert_uint_eq(counted(&bench, IPAE_CHANGES), 4 + 3);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_fallback_profile_without_a_network_is_left)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    bench.dark_b = true;
    lose_a(&bench);
    ipae_bench_pass(&bench, HOUR - SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_pass(&bench, SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    /* Two changes were in vain: from here on it waits twice as long, and later four times. */
    ipae_bench_pass(&bench, 20 * MINUTE - SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_pass(&bench, SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_cold(&bench);
    ipae_bench_pass(&bench, 2 * HOUR);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_pass(&bench, 40 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "B");
    bench.dark_a = false;
    ipae_bench_pass(&bench, 4 * HOUR - SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_pass(&bench, SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    /* Something was heard. */
    bench.dark_a = true;
    ipae_bench_pass(&bench, 76 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(without_a_fallback_profile_it_goes_on_trying)
{
    struct ipae_bench bench;
    unsigned begun;

    open_fallback(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, UNSET_FALLBACK);
    ipae_bench_pass(&bench, 15 * MINUTE);
    bench.dark_a = true;
    begun = bench.begun;
    ipae_bench_pass(&bench, 24 * HOUR);
    ck_assert_str_eq(enabled(&bench), "A");
    ck_assert_uint_gt(bench.begun, begun + 24);
    ck_assert_uint_lt(bench.begun, begun + 35);
    bench.dark_a = false;
    ipae_bench_pass(&bench, HOUR);
    ck_assert_int_eq(last_cause(&bench), -1);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(what_is_set_to_never_is_never_done)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    ipae_bench_set(&bench, "return-after", NULL, "0");
    lose_a(&bench);
    bench.dark_a = false;
    ipae_bench_pass(&bench, 48 * HOUR);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_set(&bench, "return-after", NULL, "600"); /* from now on */
    ipae_bench_pass(&bench, 10 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_set(&bench, "fallback-after", NULL, "0");
    bench.dark_a = true;
    ipae_bench_pass(&bench, 48 * HOUR);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_close(&bench);
}
END_TEST

/* A clock that jumps back neither stops it nor hurries it. */
START_TEST(a_clock_that_was_set_back_starts_anew)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    bench.dark_a = true;
    ipae_bench_pass(&bench, HOUR);
    bench.now -= 1000 * HOUR;
    ipae_bench_run(&bench);
    ipae_bench_pass(&bench, HOUR - MINUTE);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_pass(&bench, MINUTE + SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    bench.dark_a = false;
    bench.now -= 1000 * HOUR;
    ipae_bench_pass(&bench, 6 * HOUR + 20 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_close(&bench);
}
END_TEST

/* The card has refused it lately, by a clock that is ahead of this one: it is tried again no later. */
START_TEST(a_refusal_in_the_future_is_one_of_now)
{
    struct ipae_bench bench;
    struct nvm *nvm;

    open_fallback(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, UNSET_FALLBACK);
    ipae_bench_pass(&bench, 15 * MINUTE);
    bench.dark_a = true;
    ipae_bench_pass(&bench, 15 * MINUTE + 90 * MINUTE); /* it has been refused for 30 minutes */
    nvm = bench.ipa.es10.card->nvm;
    ck_assert(nvm_change(nvm, "UPDATE iot SET fallback = (SELECT id FROM profile WHERE iccid = ?1)",
                         NVM_VALUES(NVM_STRING(BENCH_B))) &&
              nvm_commit(nvm));
    bench.now -= 1000 * HOUR;
    ipae_bench_run(&bench);
    ipae_bench_pass(&bench, HOUR - MINUTE);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_pass(&bench, 2 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_close(&bench);
}
END_TEST

/* The result of a change has a time of its own, in which nothing else is done; and when there is no rollback
 * either, this is the way. */
START_TEST(a_change_that_cannot_be_taken_back_falls_back)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, SET_FALLBACK_A);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    bench.dark_b = true;
    ipae_bench_set(&bench, "fallback-after", NULL, "300");
    ipae_bench_set(&bench, "report-within", NULL, "900");
    ipae_bench_pass(&bench, 30 * MINUTE - 2 * SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_pass(&bench, 4 * SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 2); /* its result was not lost */
    ipae_bench_close(&bench);
}
END_TEST

/* … and where there is a rollback, that is the way, after a reset as well. */
START_TEST(a_change_that_can_be_taken_back_does_not_fall_back)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, SET_FALLBACK_A);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B_ROLLBACK);
    bench.dark_b = true;
    ipae_bench_set(&bench, "fallback-after", NULL, "300");
    ipae_bench_set(&bench, "report-within", NULL, "900");
    ipae_bench_pass(&bench, 25 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_cold(&bench);
    ipae_bench_pass(&bench, 5 * MINUTE - SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_pass(&bench, 2 * SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    ck_assert_uint_eq(counted(&bench, IPAE_ROLLBACKS), 1);
    ck_assert_uint_eq(counted(&bench, IPAE_FALLBACKS), 0);
    ipae_bench_close(&bench);
}
END_TEST

/* By hand, or by an LPA: that is planned as well. */
START_TEST(returns_from_a_fallback_of_somebody_else)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    ck_assert_hex(es10(&bench.ipa.es10, EXECUTE_FALLBACK), "BF5D03 800100");
    ipae_bench_run(&bench);
    ipae_bench_pass(&bench, 6 * HOUR - SECOND);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_pass(&bench, SECOND);
    ck_assert_str_eq(enabled(&bench), "A");
    /* An eIM that enables it means it. */
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    ipae_bench_pass(&bench, 12 * HOUR);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(the_terminal_refreshes_or_refuses)
{
    struct ipae_bench bench;

    open_fallback(&bench);
    ck_assert_uint_eq(ipae_bench_command(&bench, TERMINAL_PROFILE), 0x9000);
    bench.dark_a = true;
    ipae_bench_pass(&bench, 75 * MINUTE);
    ck_assert_str_eq(enabled(&bench), "A"); /* until the terminal has done its part */
    ck_assert_uint_eq(ipae_bench_command(&bench, STATUS), 0x910B);
    ck_assert_uint_eq(ipae_bench_command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(ipae_bench_command(&bench, REFUSED), 0x9000);
    ck_assert_str_eq(enabled(&bench), "A");
    ipae_bench_pass(&bench, HOUR);
    ck_assert_uint_eq(ipae_bench_command(&bench, STATUS), 0x910B); /* it is tried again */
    ck_assert_uint_eq(ipae_bench_command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(ipae_bench_command(&bench, DONE), 0x9000);
    ck_assert_str_eq(enabled(&bench), "B");
    ipae_bench_cold(&bench);
    ck_assert_uint_eq(ipae_bench_command(&bench, TERMINAL_PROFILE), 0x9000);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(polls(&bench), 1);
    ck_assert_int_eq(last_cause(&bench), IPA_CAUSE_FALLBACK);
    ipae_bench_close(&bench);
}
END_TEST

TEST_MAIN("ipae watch", falls_back_when_nothing_comes, its_clock_outlives_resets, a_short_loss_is_none,
          returns_by_a_schedule, a_return_in_vain_is_short, a_fallback_profile_without_a_network_is_left,
          without_a_fallback_profile_it_goes_on_trying, what_is_set_to_never_is_never_done,
          a_clock_that_was_set_back_starts_anew, a_refusal_in_the_future_is_one_of_now,
          a_change_that_cannot_be_taken_back_falls_back, a_change_that_can_be_taken_back_does_not_fall_back,
          returns_from_a_fallback_of_somebody_else, the_terminal_refreshes_or_refuses)
