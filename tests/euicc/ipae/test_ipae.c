/*
 * The IPAe's turns (SGP.32 2.10, 3.8.4): when the card has one, what of it is stored, who else may use the
 * card.
 */
#include "euicc/ipae/ipae_count.h"
#include "tests/euicc/ipae/ipae_bench.h"

#define ENABLE_B "A30C 5A0A 98940000000000000052"
/* 1$smdp.example.com$m, directly */
#define DOWNLOAD          "BF54 18 A01680143124736D64702E6578616D706C652E636F6D246D"
#define ENABLE_B_ROLLBACK "A30E 5A0A 98940000000000000052 0500"
#define FETCH             "80120000 0B"
#define DONE              "80140000 0C 8103010104 82028281 830100"
#define REFUSED           "80140000 0C 8103010104 82028281 830132"
#define STATUS            "80F2000C"
#define CHALLENGE         "BF2E00"

static int state_of_b(struct ipae_bench *bench)
{
    return es10_state(&bench->ipa.es10, BENCH_B);
}

/* --- tests ------------------------------------------------------------------------------------------- */

START_TEST(it_polls_by_itself)
{
    struct ipae_bench bench;
    struct ipae_facts facts;

    ipae_bench_open_cold(&bench, false);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), bench.now + GRACE);
    ck_assert_uint_eq(ipae_bench_command(&bench, STATUS) & 0xFF00, 0x9000);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 0);
    bench.now += GRACE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    ck_assert(ipae_look(bench.ipa.es10.card, &facts));
    ck_assert(!facts.is_polling && !facts.strict);
    ck_assert_int_eq(facts.next_poll, bench.now + 15 * MINUTE);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), facts.next_poll);
    bench.now += 15 * MINUTE - 1;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    /* A reset changes nothing of when it is due, and a command is a turn as well. */
    ipae_bench_cold(&bench);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), bench.now + GRACE);
    bench.now += GRACE;
    ck_assert_uint_eq(ipae_bench_command(&bench, STATUS) & 0xFF00, 0x9000);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    softeuicc_power_off(bench.ipa.es10.card);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), -1);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_clock_that_was_set_back_does_not_stop_it)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipae_bench_run(&bench);
    bench.now -= 1000 * MINUTE;
    ipae_bench_cold(&bench);
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    /* Neither what was planned by the old time, */
    bench.now -= 1000 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 3);
    /* nor the time in which a terminal would have sent TERMINAL PROFILE; after a start nobody knows how much
     * has passed. */
    ipae_bench_cold(&bench);
    bench.now -= 1000 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 4);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_package_without_a_terminal_changes_at_once)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench.ipa, 0xBF50, 0)->enabled, BENCH_B); /* over the new network */
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);                     /* and is there more? */
    ck_assert_uint_gt(bench.dropped, 0);
    ck_assert_int_eq(nvm_figure(bench.ipa.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE),
                     0);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_change_waits_for_the_terminal)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    ck_assert_uint_eq(ipae_bench_command(&bench, "80100000 03 000080"), 0x9000);
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ck_assert_uint_gt(bench.dropped, 0); /* the connection is closed before the REFRESH */
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 0);
    ck_assert_uint_eq(ipae_bench_command(&bench, STATUS), 0x910B); /* announced with the next answer */
    ck_assert_uint_eq(ipae_bench_command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(ipae_bench_command(&bench, DONE), 0x9000);
    ck_assert_int_eq(state_of_b(&bench), 1);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 0); /* the terminal is about to reset */
    ipae_bench_cold(&bench);
    ck_assert_uint_eq(ipae_bench_command(&bench, "80100000 03 000080"), 0x9000);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench.ipa, 0xBF50, 0)->enabled, BENCH_B);
    ipae_bench_close(&bench);
}
END_TEST

/* A terminal that is slow to fetch, or never does, keeps nobody busy. */
START_TEST(it_sleeps_while_the_terminal_is_at_work)
{
    struct ipae_bench bench;
    struct softeuicc *card;
    size_t before;

    ipae_bench_open(&bench);
    card = bench.ipa.es10.card;
    ck_assert_uint_eq(ipae_bench_command(&bench, "80100000 03 000080"), 0x9000);
    ck_assert_uint_eq(
        es10_send(&bench.ipa.es10, hex("BF3111 A00C 5A0A 98940000000000000052 8101FF"), test_buf()), 0x910B);
    before = ipae_bench_taken(&bench, 0xBF4F);
    bench.now += 15 * MINUTE;
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    ck_assert_uint_eq(ipae_bench_command(&bench, FETCH), 0x9000);
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), before);
    ck_assert_uint_eq(ipae_bench_command(&bench, REFUSED), 0x9000);
    ipae_bench_run(&bench);
    ck_assert_uint_gt(ipae_bench_taken(&bench, 0xBF4F), before);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(the_eim_hears_of_a_refused_refresh)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    ck_assert_uint_eq(ipae_bench_command(&bench, "80100000 03 000080"), 0x9000);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_command(&bench, STATUS), 0x910B);
    ck_assert_uint_eq(ipae_bench_command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(ipae_bench_command(&bench, REFUSED), 0x9000);
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 1); /* the result that says ok */
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    ck_assert_int_eq(ipae_bench_cause(&bench, 0), -1);
    ck_assert_int_eq(ipae_bench_cause(&bench, 1), IPA_CAUSE_UNDEFINED);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(it_yields_to_an_lpa)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    es10(&bench.ipa.es10, CHALLENGE);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 0);
    bench.now += MINUTE;
    es10(&bench.ipa.es10, "BF3E03 5C015A");
    bench.now += 2 * MINUTE - 1;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 0);
    bench.now++; /* it was a session that nobody goes on with */
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    /* By a clock that is set back meanwhile as well. */
    bench.now += MINUTE;
    es10(&bench.ipa.es10, CHALLENGE);
    bench.now -= 1000 * MINUTE;
    softeuicc_wake(bench.ipa.es10.card);
    bench.now += 2 * MINUTE;
    softeuicc_wake(bench.ipa.es10.card);
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    ipae_bench_close(&bench);
}
END_TEST

/* What it began with a session of its own begins anew. */
START_TEST(a_session_of_an_lpa_ends_its_own)
{
    struct ipae_bench bench;
    unsigned dropped;

    ipae_bench_open(&bench);
    ipa_bench_order_object(&bench.ipa, hex(DOWNLOAD));
    bench.holds = 0xA2;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xA2), 1);
    /* Nothing but a session of its own disturbs it. */
    es10(&bench.ipa.es10, "BF3E03 5C015A");
    ck_assert(bench.is_out);
    dropped = bench.dropped;
    es10(&bench.ipa.es10, CHALLENGE);
    ck_assert(!bench.is_out);
    ck_assert_uint_gt(bench.dropped, dropped);
    bench.holds = 0;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    bench.now += 2 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_gt(ipae_bench_taken(&bench, 0xBF4F), 1);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(it_sees_what_others_change)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipae_bench_run(&bench);
    ck_assert_int_eq(ipae_bench_cause(&bench, 0), -1);
    es10(&bench.ipa.es10, "BF3111 A00C 5A0A 98940000000000000052 8101FF");
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_int_eq(ipae_bench_cause(&bench, 1), IPA_CAUSE_LOCAL);
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_int_eq(ipae_bench_cause(&bench, 2), -1);
    /* Its own changes are no news to it. */
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, "A30C 5A0A 98940000000000000071");
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_int_eq(ipae_bench_cause(&bench, ipae_bench_taken(&bench, 0xBF4F) - 1), -1);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_device_with_an_ipad_has_it_off)
{
    struct ipae_bench bench;
    struct softeuicc *card;

    ipae_bench_open_cold(&bench, false);
    card = bench.ipa.es10.card;
    ck_assert_uint_eq(ipae_bench_command(&bench, "80AA0000 05 A903 840101"), 0x9000);
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    bench.now += GRACE;
    softeuicc_wake(card);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 0);
    /* … until it says that the IPAe is to do it; not while it has a session itself. */
    es10(&bench.ipa.es10, CHALLENGE);
    ck_assert_uint_eq(es10_refused(&bench.ipa.es10, "BF4204 80020780"), 0x6985);
    ipae_bench_cold(&bench);
    ck_assert_uint_eq(ipae_bench_command(&bench, "80AA0000 05 A903 840101"), 0x9000);
    ck_assert_hex(es10(&bench.ipa.es10, "BF4204 80020780"), "BF4203 800100");
    bench.now += GRACE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    /* The next device says nothing. */
    ipae_bench_cold(&bench);
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 2);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_strict_one_has_the_card_to_itself)
{
    struct ipae_bench bench;

    ipae_bench_open_cold(&bench, true);
    bench.now += GRACE;
    ck_assert_uint_eq(es10_refused(&bench.ipa.es10, "BF3E03 5C015A"), 0x6985);
    ck_assert_hex(es10(&bench.ipa.es10, "BF4204 80020780"), "BF4203 800100");
    ck_assert_uint_eq(es10_refused(&bench.ipa.es10, "BF2D00"), 0x6985);
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF4F), 1);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_profile_without_network_is_rolled_back)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B_ROLLBACK);
    bench.ipa.dark = BENCH_B;
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    bench.now += 5 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    /* The clock outlives a reset. */
    ipae_bench_cold(&bench);
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    bench.now += 5 * MINUTE + 1;
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench.ipa, 0xBF50, 0)->enabled, BENCH_A);
    ipae_bench_close(&bench);
}
END_TEST

/* Its time begins with the change: a minute of silence, which every message takes, is in it. */
START_TEST(a_change_has_its_time_from_its_beginning)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B_ROLLBACK);
    bench.ipa.dark = BENCH_B;
    bench.silence = MINUTE;
    ipae_bench_run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    ipae_bench_pass(&bench, 10 * MINUTE - 1);
    ck_assert_int_eq(state_of_b(&bench), 1);
    ipae_bench_pass(&bench, 1);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ipae_bench_close(&bench);
}
END_TEST

/* Nor does a clock that is set back lengthen the time that a result has, or the wait for the next try. */
START_TEST(a_result_is_tried_by_a_clock_that_was_set_back)
{
    struct ipae_bench bench;
    unsigned begun;

    ipae_bench_open(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B_ROLLBACK);
    bench.ipa.dark = BENCH_B;
    ipae_bench_run(&bench);
    begun = bench.begun;
    bench.now -= 1000 * MINUTE;
    softeuicc_wake(bench.ipa.es10.card);
    bench.now += MINUTE / 2;
    softeuicc_wake(bench.ipa.es10.card);
    ck_assert_uint_gt(bench.begun, begun);
    ipae_bench_pass(&bench, 10 * MINUTE);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ipae_bench_close(&bench);
}
END_TEST

START_TEST(a_download_that_fails_is_none)
{
    struct ipae_bench bench;
    struct ipae_tally downloads;

    ipae_bench_open(&bench);
    ipa_bench_order_object(&bench.ipa, hex(DOWNLOAD));
    ipae_bench_run(&bench);
    ck_assert_uint_eq(ipae_bench_taken(&bench, 0xBF50), 1);
    ck_assert(ipae_look_count(bench.ipa.es10.card, IPAE_DOWNLOADS, &downloads));
    ck_assert_uint_eq(downloads.ever, 0);
    ipae_bench_close(&bench);
}
END_TEST

/* What an eIM of SGP.32 v1.0 exports names no protocol, of which the card makes "none". */
START_TEST(an_eim_of_v1_is_served_as_one)
{
    struct ipae_bench bench;

    ipae_bench_open(&bench);
    ipae_bench_run(&bench);
    ck_assert(bench.had_protocols);
    ipae_bench_set(&bench, "v1", bench.ipa.other.id, "on");
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert(bench.had_protocols);
    ipae_bench_set(&bench, "v1", bench.ipa.eim.id, "on");
    bench.now += 15 * MINUTE;
    ipae_bench_run(&bench);
    ck_assert(!bench.had_protocols);
    ipae_bench_close(&bench);
}
END_TEST

TEST_MAIN("ipae", it_polls_by_itself, a_clock_that_was_set_back_does_not_stop_it,
          a_package_without_a_terminal_changes_at_once, a_change_waits_for_the_terminal,
          it_sleeps_while_the_terminal_is_at_work, the_eim_hears_of_a_refused_refresh, it_yields_to_an_lpa,
          a_session_of_an_lpa_ends_its_own, it_sees_what_others_change, a_device_with_an_ipad_has_it_off,
          a_strict_one_has_the_card_to_itself, a_profile_without_network_is_rolled_back,
          a_change_has_its_time_from_its_beginning, a_result_is_tried_by_a_clock_that_was_set_back,
          a_download_that_fails_is_none, an_eim_of_v1_is_served_as_one)
