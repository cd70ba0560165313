/*
 * ipa: what an eIM or an SM-DP+ refuses stops nothing behind it, and goes out again later; eIMs of SGP.32
 * v1.0, which acknowledge nothing.
 */
#include "apdu/tlv.h"
#include "tests/support/ipa.h"

#include <stdio.h>
#include <string.h>

#define B_     "98940000000000000052"
#define RAT    "A600"
#define STATUS "https://eim.example.com/: HTTP status 500"

static uint32_t refused_tag; /* of what is refused */
static unsigned refusals;    /* of the bench's life */

static const char *refuse(struct ipa_bench *bench, enum ipa_peer peer, struct span message)
{
    struct tlv tlv;
    struct tlv_reader reader = tlv_reader(message);

    (void)bench;
    if (tlv_next(&reader, &tlv) != TLV_OK)
        return NULL;
    if (peer != IPA_PEER_EIM) /* ES9+ has its envelope */
        reader = tlv_reader(tlv.value);
    if (peer != IPA_PEER_EIM && tlv_next(&reader, &tlv) != TLV_OK)
        return NULL;
    if (tlv.tag != refused_tag)
        return NULL;
    refusals++;
    return STATUS;
}

static void open_refusing(struct ipa_bench *bench, uint32_t tag)
{
    ipa_bench_open(bench);
    bench->refuses = refuse;
    refused_tag = tag;
    refusals = 0;
}

static const struct ipa_refusal *only_refusal(struct ipa_bench *bench)
{
    size_t count;
    const struct ipa_refusal *list = ipa_refusals(bench->ipa, &count);

    ck_assert_uint_eq(count, 1);
    return list;
}

/* The result is not taken: the package behind it is asked for, and runs. */
START_TEST(a_refused_result_stops_no_package)
{
    struct ipa_bench bench;
    size_t count;

    open_refusing(&bench, 0xBF50);
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_REFUSED);
    ck_assert_str_eq(ipa_why(bench.ipa), STATUS);
    ck_assert(ipa_why_was_told(bench.ipa));
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOT_TAKEN], 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), 2); /* the same package came again, and then it ends */
    /* The eIM goes on with the next package. */
    bench.queue_head = 1;
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 2);
    ipa_refusals(bench.ipa, &count);
    ck_assert_uint_eq(count, 2);
    ipa_bench_close(&bench);
}
END_TEST

/* Every poll asks for packages; the result goes out after pauses of 1, 2, 4, … polls; then no more. */
START_TEST(a_refused_result_comes_again_later_and_later)
{
    struct ipa_bench bench;
    unsigned last = 0;
    unsigned pause = 1;

    open_refusing(&bench, 0xBF50);
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ipa_bench_poll(&bench, &bench.eim);
    bench.queue_count = 0; /* the eIM has no more packages */
    bench.queue_head = 0;
    ck_assert_uint_eq(refusals, 1);
    for (unsigned poll = 1; refusals < IPA_TRIES_MAX; poll++) {
        unsigned before = refusals;

        ck_assert_uint_lt(poll, 1000);
        bench.taken_count = 0;
        ipa_bench_power_on(&bench); /* it is kept */
        ipa_bench_poll(&bench, &bench.eim);
        ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), 1);
        if (refusals == before)
            continue;
        ck_assert_uint_eq(poll - last, pause + 1);
        last = poll;
        pause = pause < 64 ? 2 * pause : 64;
    }
    ck_assert_uint_eq(bench.events[IPA_EVENT_GIVEN_UP], 1);
    ck_assert(ipa_refusal_is_final(only_refusal(&bench)));
    for (unsigned poll = 0; poll < 100; poll++) {
        bench.taken_count = 0;
        ck_assert(ipa_bench_poll(&bench, &bench.eim));
    }
    ck_assert_uint_eq(refusals, IPA_TRIES_MAX);
    /* It is still there, and the eIM can ask for it; what it acknowledges is forgotten. */
    ck_assert_uint_gt(es10(&bench.es10, "BF2B 04 A002 8200").size, 6);
    bench.refuses = NULL;
    ipa_bench_order_object(&bench, hex("BF52 03 5C01A2"));
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_refusal_is_forgotten_when_the_eim_takes_it)
{
    struct ipa_bench bench;
    size_t count;

    open_refusing(&bench, 0xBF50);
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ipa_bench_poll(&bench, &bench.eim);
    bench.refuses = NULL;
    bench.queue_head = 1;
    ck_assert(ipa_bench_poll(&bench, &bench.eim)); /* its pause */
    ck_assert_uint_eq(bench.events[IPA_EVENT_OFFERED], 0);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(bench.events[IPA_EVENT_OFFERED], 1);
    ipa_refusals(bench.ipa, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_hex(es10(&bench.es10, "BF2B 04 A002 8200"), "BF2B02A200");
    ipa_bench_close(&bench);
}
END_TEST

static bool nothing_counts(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)bench;
    (void)message;
    (void)answer;
    return false;
}

START_TEST(a_broken_connection_is_no_refusal)
{
    struct ipa_bench bench;
    size_t count;

    ipa_bench_open(&bench);
    bench.no_acknowledgements = true;
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    bench.answer = nothing_counts;
    for (unsigned i = 0; i < 2 * IPA_TRIES_MAX; i++) {
        ck_assert(!ipa_bench_poll(&bench, &bench.eim));
        ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
    }
    ipa_refusals(bench.ipa, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOT_TAKEN], 0);
    ipa_bench_close(&bench);
}
END_TEST

static const char *unusable;

static bool answer_unusably(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)message;
    if (bench->taken[bench->taken_count - 1].tag == 0xBF50)
        buf_append(answer, hex(unusable));
    else
        buf_append(answer, hex("BF4F 03 020101"));
    return true;
}

/* Answers to a stored result that are none, and refusals by code: GetEimPackage follows. */
START_TEST(an_unusable_answer_is_a_refusal)
{
    static const char *const answers[] = {
        "", "BF50", "BF4F 00", "020101", "BF5003", "BF50 03 020103", "BF5004", "0500", "BF50 05 BF53 02 8000",
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct ipa_bench bench;

        ipa_bench_open(&bench);
        bench.no_acknowledgements = true;
        ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
        ck_assert(ipa_bench_poll(&bench, &bench.eim));
        bench.taken_count = 0;
        unusable = answers[i];
        bench.answer = answer_unusably;
        ck_assert(!ipa_bench_poll(&bench, &bench.eim));
        ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
        ck_assert_msg(ipa_bench_count(&bench, 0xBF4F) == 1, "case %zu", i);
        ck_assert_uint_eq(only_refusal(&bench)->tries, 1);
        ipa_bench_close(&bench);
    }
}
END_TEST

START_TEST(an_eim_that_gives_no_package_stops_no_notification)
{
    struct ipa_bench bench;

    open_refusing(&bench, 0xBF4F);
    test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A50C 5A0A" B_);
    bench.taken_count = 0;
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_REFUSED);
    ck_assert(!ipa_why_was_told(bench.ipa));
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION_LEFT], 1); /* it was tried */
    ipa_bench_close(&bench);
}
END_TEST

static unsigned notification_posts;

static const char *refuse_first(struct ipa_bench *bench, enum ipa_peer peer, struct span message)
{
    (void)bench;
    (void)message;
    return peer == IPA_PEER_SMDP && notification_posts++ == 0 ? STATUS : NULL;
}

static bool take_all(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)bench;
    (void)message;
    (void)answer;
    return true;
}

START_TEST(a_refused_notification_stops_none_behind_it)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.refuses = refuse_first;
    bench.smdp = take_all;
    notification_posts = 0;
    ipa_bench_order(&bench, &bench.eim, PSMO, "A30C 5A0A" B_); /* two notifications */
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOT_TAKEN], 1);
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION], 1);
    ck_assert(only_refusal(&bench)->is_notification);
    ck_assert(ipa_bench_poll(&bench, &bench.eim)); /* its pause */
    ck_assert_uint_eq(notification_posts, 2);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(bench.events[IPA_EVENT_NOTIFICATION], 2);
    ck_assert_hex(es10(&bench.es10, "BF2B00"), "BF2B02A000");
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(one_eim_does_not_wait_for_another)
{
    struct ipa_bench bench;

    open_refusing(&bench, 0xBF50);
    test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ipa_bench_poll(&bench, &bench.eim);
    bench.refuses = NULL;
    bench.queue_head = 1;
    ipa_bench_order(&bench, &bench.other, PSMO, RAT);
    ck_assert(ipa_bench_poll(&bench, &bench.other));
    ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 2);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 1);
    ck_assert_uint_eq(only_refusal(&bench)->pause, 1); /* its own polls count */
    ipa_bench_close(&bench);
}
END_TEST

/* Trigger and data results are not on the card: the eIM gives the package again; not without end. */
START_TEST(a_refused_result_that_is_not_stored)
{
    static const char *const packages[] = {"BF54 00", "BF52 03 5C01A8", "BF53 00"};

    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        struct ipa_bench bench;
        size_t count;

        open_refusing(&bench, 0xBF50);
        ipa_bench_order_object(&bench, hex(packages[i]));
        ck_assert(!ipa_bench_poll(&bench, &bench.eim));
        ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_REFUSED);
        ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), 2);
        ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
        ipa_refusals(bench.ipa, &count);
        ck_assert_uint_eq(count, 0);
        ipa_bench_close(&bench);
    }
}
END_TEST

/* A new profile has its time, as without an answer; after it the result is left, and polls go on. */
START_TEST(a_refused_result_of_a_profile_change)
{
    struct ipa_bench bench;

    open_refusing(&bench, 0xBF50);
    bench.retries = 2;
    ipa_bench_order(&bench, &bench.eim, PSMO, "A30C 5A0A" B_);
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_REFUSED);
    ck_assert_uint_eq(refusals, 3);
    ck_assert_uint_eq(only_refusal(&bench)->tries, 1);
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF4F), 2);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
    ipa_bench_close(&bench);
}
END_TEST

/* --- SGP.32 v1.0 -------------------------------------------------------------------------------------- */

/* What was stored by an older softeuicc, and what is refused: it stays. */
START_TEST(v1_keeps_what_was_refused)
{
    struct ipa_bench bench;

    open_refusing(&bench, 0xBF50);
    bench.settings.v1 = true;
    ipa_bench_power_on(&bench);
    ipa_bench_order(&bench, &bench.eim, PSMO, RAT);
    ipa_bench_poll(&bench, &bench.eim);
    ck_assert_uint_eq(only_refusal(&bench)->tries, 1);
    ck_assert_uint_gt(es10(&bench.es10, "BF2B 04 A002 8200").size, 6);
    ipa_bench_close(&bench);
}
END_TEST

TEST_MAIN("ipa_refusals", a_refused_result_stops_no_package, a_refused_result_comes_again_later_and_later,
          a_refusal_is_forgotten_when_the_eim_takes_it, a_broken_connection_is_no_refusal,
          an_unusable_answer_is_a_refusal, an_eim_that_gives_no_package_stops_no_notification,
          a_refused_notification_stops_none_behind_it, one_eim_does_not_wait_for_another,
          a_refused_result_that_is_not_stored, a_refused_result_of_a_profile_change,
          v1_keeps_what_was_refused)
