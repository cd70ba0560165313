/*
 * The IPAe's turns (SGP.32 2.10, 3.8.4): when the card has one, what of it is stored, who else may use the
 * card. Its eIM is the one that the IPA's tests have, and the carrier hands messages over in the next turn.
 */
#include "euicc/ipae/ipae.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/terminal/toolkit.h"
#include "tests/support/ipa.h"

#include <stdio.h>

#define MINUTE            ((int64_t)60 * 1000)
#define ENABLE_B          "A30C 5A0A 98940000000000000052"
#define ENABLE_B_ROLLBACK "A30E 5A0A 98940000000000000052 0500"
#define FETCH             "80120000 0B"
#define DONE              "80140000 0C 8103010104 82028281 830100"
#define REFUSED           "80140000 0C 8103010104 82028281 830132"
#define STATUS            "80F2000C"
#define CHALLENGE         "BF2E00"

struct bench {
    struct ipa_bench ipa; /* its IPA, which is another's, is not used */
    struct ipae_carrier carrier;
    struct buf answer;
    bool is_out, is_answered;
    unsigned begun, dropped;
    uint32_t holds; /* the answer to a message with this tag does not come */
    int64_t now;
};

/* --- the carrier -------------------------------------------------------------------------------------- */

static bool carrier_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char *why)
{
    struct bench *bench = context;

    ck_assert_str_eq(eim->id, bench->ipa.eim.id);
    ck_assert(!nvm_in_transaction(bench->ipa.es10.card->nvm)); /* nothing leaves before it is stored */
    bench->begun++;
    buf_clear(&bench->answer);
    bench->is_out = true;
    bench->is_answered = ipa_bench_eim(&bench->ipa, message->octets, &bench->answer);
    (void)why;
    return true;
}

static bool is_held(const struct bench *bench)
{
    return bench->holds != 0 && bench->ipa.taken[bench->ipa.taken_count - 1].tag == bench->holds;
}

static enum ipae_carried carrier_take(void *context, struct buf *answer, char *why)
{
    struct bench *bench = context;

    ck_assert(bench->is_out);
    if (is_held(bench))
        return IPAE_UNDER_WAY;
    bench->is_out = false;
    buf_append(answer, buf_span(&bench->answer));
    snprintf(why, IPAE_WHY_MAX, "no network");
    return bench->is_answered ? IPAE_ANSWERED : IPAE_UNREACHABLE;
}

static int64_t carrier_next(void *context)
{
    return is_held(context) ? -1 : 0;
}

static void carrier_drop(void *context)
{
    struct bench *bench = context;

    bench->is_out = false;
    bench->dropped++;
}

/* --- the card ---------------------------------------------------------------------------------------- */

static int64_t bench_now(void *context)
{
    return ((const struct bench *)context)->now;
}

static void cold(struct bench *bench)
{
    bench->ipa.es10.terminal = terminal_start(bench->ipa.es10.card, SOFTEUICC_COLD);
}

/* The time after a reset in which a terminal would have sent TERMINAL PROFILE. */
#define GRACE 5000

static uint16_t command(struct bench *bench, const char *octets)
{
    return terminal_command(&bench->ipa.es10.terminal, hex(octets), test_buf());
}

/* As it is right after a reset. */
static void open_cold(struct bench *bench, bool strict)
{
    struct softeuicc *card;

    *bench = (struct bench){.now = INT64_C(1700000000000)};
    ipa_bench_open(&bench->ipa);
    card = bench->ipa.es10.card;
    bench->carrier = (struct ipae_carrier){bench, carrier_begin, carrier_take, carrier_next, carrier_drop};
    card->hooks.now = bench_now;
    card->hooks.context = bench;
    ck_assert(ipae_insert(card, strict) && nvm_commit(card->nvm) && ipae_load(card));
    ipae_set_carrier(card, &bench->carrier);
    cold(bench);
}

static void open_bench(struct bench *bench)
{
    open_cold(bench, false);
    bench->now += GRACE;
}

static void close_bench(struct bench *bench)
{
    buf_free(&bench->answer);
    ipa_bench_close(&bench->ipa);
}

/* Turns without commands until it waits for something that is not here. */
static void run(struct bench *bench)
{
    struct softeuicc *card = bench->ipa.es10.card;

    for (unsigned turns = 0; turns < 100; turns++) {
        int64_t next = softeuicc_next_wakeup(card);

        if (next < 0 || next > bench->now)
            return;
        softeuicc_wake(card);
    }
    ck_abort_msg("it never rests");
}

static size_t taken(struct bench *bench, uint32_t tag)
{
    return ipa_bench_count(&bench->ipa, tag);
}

static int state_of_b(struct bench *bench)
{
    return es10_state(&bench->ipa.es10, BENCH_B);
}

/* --- tests ------------------------------------------------------------------------------------------- */

START_TEST(it_polls_by_itself)
{
    struct bench bench;
    struct ipae_facts facts;

    open_cold(&bench, false);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), bench.now + GRACE);
    ck_assert_uint_eq(command(&bench, STATUS) & 0xFF00, 0x9000);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 0);
    bench.now += GRACE;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 1);
    ck_assert(ipae_look(bench.ipa.es10.card, &facts));
    ck_assert(!facts.is_polling && !facts.strict);
    ck_assert_int_eq(facts.next_poll, bench.now + 15 * MINUTE);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), facts.next_poll);
    bench.now += 15 * MINUTE - 1;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 1);
    /* A reset changes nothing of when it is due, and a command is a turn as well. */
    cold(&bench);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), bench.now + GRACE);
    bench.now += GRACE;
    ck_assert_uint_eq(command(&bench, STATUS) & 0xFF00, 0x9000);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 2);
    softeuicc_power_off(bench.ipa.es10.card);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), -1);
    close_bench(&bench);
}
END_TEST

START_TEST(a_clock_that_was_set_back_does_not_stop_it)
{
    struct bench bench;

    open_bench(&bench);
    run(&bench);
    bench.now -= 1000 * MINUTE;
    cold(&bench);
    bench.now += 15 * MINUTE;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 2);
    close_bench(&bench);
}
END_TEST

START_TEST(a_package_without_a_terminal_changes_at_once)
{
    struct bench bench;

    open_bench(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    ck_assert_uint_eq(taken(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench.ipa, 0xBF50, 0)->enabled, BENCH_B); /* over the new network */
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 2);                                /* and is there more? */
    ck_assert_uint_gt(bench.dropped, 0);
    ck_assert_int_eq(nvm_figure(bench.ipa.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE),
                     0);
    close_bench(&bench);
}
END_TEST

START_TEST(a_change_waits_for_the_terminal)
{
    struct bench bench;

    open_bench(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    ck_assert_uint_eq(command(&bench, "80100000 03 000080"), 0x9000);
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ck_assert_uint_gt(bench.dropped, 0); /* the connection is closed before the REFRESH */
    ck_assert_uint_eq(taken(&bench, 0xBF50), 0);
    ck_assert_uint_eq(command(&bench, STATUS), 0x910B); /* announced with the next answer */
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(command(&bench, DONE), 0x9000);
    ck_assert_int_eq(state_of_b(&bench), 1);
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF50), 0); /* the terminal is about to reset */
    cold(&bench);
    ck_assert_uint_eq(command(&bench, "80100000 03 000080"), 0x9000);
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench.ipa, 0xBF50, 0)->enabled, BENCH_B);
    close_bench(&bench);
}
END_TEST

/* A terminal that is slow to fetch, or never does, keeps nobody busy. */
START_TEST(it_sleeps_while_the_terminal_is_at_work)
{
    struct bench bench;
    struct softeuicc *card;
    size_t before;

    open_bench(&bench);
    card = bench.ipa.es10.card;
    ck_assert_uint_eq(command(&bench, "80100000 03 000080"), 0x9000);
    ck_assert_uint_eq(
        es10_send(&bench.ipa.es10, hex("BF3111 A00C 5A0A 98940000000000000052 8101FF"), test_buf()), 0x910B);
    before = taken(&bench, 0xBF4F);
    bench.now += 15 * MINUTE;
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), before);
    ck_assert_uint_eq(command(&bench, REFUSED), 0x9000);
    run(&bench);
    ck_assert_uint_gt(taken(&bench, 0xBF4F), before);
    close_bench(&bench);
}
END_TEST

/* notifyStateChange and its cause in GetEimPackage number `index`; -1: none. */
static int cause_told(struct bench *bench, size_t index)
{
    struct span content;
    struct span value;

    ck_assert(tlv_single(ipa_bench_taken(&bench->ipa, 0xBF4F, index)->octets, 0xBF4F, &content) == TLV_OK);
    return tlv_find(content, 0x80, &value) && tlv_find(content, 0x81, &value) ? value.data[0] : -1;
}

START_TEST(the_eim_hears_of_a_refused_refresh)
{
    struct bench bench;

    open_bench(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B);
    ck_assert_uint_eq(command(&bench, "80100000 03 000080"), 0x9000);
    run(&bench);
    ck_assert_uint_eq(command(&bench, STATUS), 0x910B);
    ck_assert_uint_eq(command(&bench, FETCH), 0x9000);
    ck_assert_uint_eq(command(&bench, REFUSED), 0x9000);
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ck_assert_uint_eq(taken(&bench, 0xBF50), 1); /* the result that says ok */
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 2);
    ck_assert_int_eq(cause_told(&bench, 0), -1);
    ck_assert_int_eq(cause_told(&bench, 1), IPA_CAUSE_UNDEFINED);
    close_bench(&bench);
}
END_TEST

START_TEST(it_yields_to_an_lpa)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.ipa.es10, CHALLENGE);
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 0);
    bench.now += MINUTE;
    es10(&bench.ipa.es10, "BF3E03 5C015A");
    bench.now += 2 * MINUTE - 1;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 0);
    bench.now++; /* it was a session that nobody goes on with */
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 1);
    close_bench(&bench);
}
END_TEST

/* What it began with a session of its own begins anew. */
START_TEST(a_session_of_an_lpa_ends_its_own)
{
    struct bench bench;
    unsigned dropped;

    open_bench(&bench);
    /* 1$smdp.example.com$m, directly */
    ipa_bench_order_object(&bench.ipa, hex("BF54 18 A01680143124736D64702E6578616D706C652E636F6D246D"));
    bench.holds = 0xA2;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xA2), 1);
    /* Nothing but a session of its own disturbs it. */
    es10(&bench.ipa.es10, "BF3E03 5C015A");
    ck_assert(bench.is_out);
    dropped = bench.dropped;
    es10(&bench.ipa.es10, CHALLENGE);
    ck_assert(!bench.is_out);
    ck_assert_uint_gt(bench.dropped, dropped);
    bench.holds = 0;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 1);
    bench.now += 2 * MINUTE;
    run(&bench);
    ck_assert_uint_gt(taken(&bench, 0xBF4F), 1);
    close_bench(&bench);
}
END_TEST

START_TEST(it_sees_what_others_change)
{
    struct bench bench;

    open_bench(&bench);
    run(&bench);
    ck_assert_int_eq(cause_told(&bench, 0), -1);
    es10(&bench.ipa.es10, "BF3111 A00C 5A0A 98940000000000000052 8101FF");
    bench.now += 15 * MINUTE;
    run(&bench);
    ck_assert_int_eq(cause_told(&bench, 1), IPA_CAUSE_LOCAL);
    bench.now += 15 * MINUTE;
    run(&bench);
    ck_assert_int_eq(cause_told(&bench, 2), -1);
    /* Its own changes are no news to it. */
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, "A30C 5A0A 98940000000000000071");
    bench.now += 15 * MINUTE;
    run(&bench);
    bench.now += 15 * MINUTE;
    run(&bench);
    ck_assert_int_eq(cause_told(&bench, taken(&bench, 0xBF4F) - 1), -1);
    close_bench(&bench);
}
END_TEST

START_TEST(a_device_with_an_ipad_has_it_off)
{
    struct bench bench;
    struct softeuicc *card;

    open_cold(&bench, false);
    card = bench.ipa.es10.card;
    ck_assert_uint_eq(command(&bench, "80AA0000 05 A903 840101"), 0x9000);
    ck_assert_int_eq(softeuicc_next_wakeup(card), -1);
    bench.now += GRACE;
    softeuicc_wake(card);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 0);
    /* … until it says that the IPAe is to do it; not while it has a session itself. */
    es10(&bench.ipa.es10, CHALLENGE);
    ck_assert_uint_eq(es10_refused(&bench.ipa.es10, "BF4204 80020780"), 0x6985);
    cold(&bench);
    ck_assert_uint_eq(command(&bench, "80AA0000 05 A903 840101"), 0x9000);
    ck_assert_hex(es10(&bench.ipa.es10, "BF4204 80020780"), "BF4203 800100");
    bench.now += GRACE;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 1);
    /* The next device says nothing. */
    cold(&bench);
    bench.now += 15 * MINUTE;
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 2);
    close_bench(&bench);
}
END_TEST

START_TEST(a_strict_one_has_the_card_to_itself)
{
    struct bench bench;

    open_cold(&bench, true);
    bench.now += GRACE;
    ck_assert_uint_eq(es10_refused(&bench.ipa.es10, "BF3E03 5C015A"), 0x6985);
    ck_assert_hex(es10(&bench.ipa.es10, "BF4204 80020780"), "BF4203 800100");
    ck_assert_uint_eq(es10_refused(&bench.ipa.es10, "BF2D00"), 0x6985);
    run(&bench);
    ck_assert_uint_eq(taken(&bench, 0xBF4F), 1);
    close_bench(&bench);
}
END_TEST

START_TEST(a_profile_without_network_is_rolled_back)
{
    struct bench bench;

    open_bench(&bench);
    ipa_bench_order(&bench.ipa, &bench.ipa.eim, PSMO, ENABLE_B_ROLLBACK);
    bench.ipa.dark = BENCH_B;
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    bench.now += 5 * MINUTE;
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    /* The clock outlives a reset. */
    cold(&bench);
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 1);
    bench.now += 5 * MINUTE + 1;
    run(&bench);
    ck_assert_int_eq(state_of_b(&bench), 0);
    ck_assert_uint_eq(taken(&bench, 0xBF50), 1);
    ck_assert_str_eq(ipa_bench_taken(&bench.ipa, 0xBF50, 0)->enabled, BENCH_A);
    close_bench(&bench);
}
END_TEST

TEST_MAIN("ipae", it_polls_by_itself, a_clock_that_was_set_back_does_not_stop_it,
          a_package_without_a_terminal_changes_at_once, a_change_waits_for_the_terminal,
          it_sleeps_while_the_terminal_is_at_work, the_eim_hears_of_a_refused_refresh, it_yields_to_an_lpa,
          a_session_of_an_lpa_ends_its_own, it_sees_what_others_change, a_device_with_an_ipad_has_it_off,
          a_strict_one_has_the_card_to_itself, a_profile_without_network_is_rolled_back)
