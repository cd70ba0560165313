/*
 * ipa: packages that are handed in (inject mode), each kind of them, against a real card in memory; profile
 * changes and their confirmation; acknowledgements on their own. Triggers that download are in
 * test_ipa_download.c.
 */
#include "apdu/tlv.h"
#include "tests/support/ipa.h"

#include <string.h>

#define A_ "98940000000000000071"
#define B_ "98940000000000000052"

#define ENABLE          "A30C 5A0A" B_
#define ENABLE_ROLLBACK "A30E 5A0A" B_ "0500"
#define RAT             "A600"

#define NO_RESULTS "BF2B02A200"
#define RECEIVED   "BF4E 02 0500"

#define ck_assert_inject(bench, octets)                                                                      \
    ck_assert_msg(ipa_bench_inject((bench), &(bench)->eim, (octets)), "%s", ipa_why((bench)->ipa))

/* A package of an eIM with these commands, alone. */
static struct span package_of(struct test_eim *eim, const char *commands)
{
    struct buf *out = test_buf();

    test_package_put(out, eim, &(struct test_package){.list_tag = PSMO, .list = hex(commands)});
    return buf_span(out);
}

static struct span transfer(struct span package)
{
    struct buf *out = test_buf();

    tlv_put(out, 0xBF4E, package);
    return buf_span(out);
}

static struct span response(const struct ipa_bench *bench, size_t index)
{
    return ipa_bench_taken(bench, 0xBF4E, index)->octets;
}

/* What is in it, which is one object. */
static struct span member(const struct ipa_bench *bench, size_t index)
{
    struct span content;
    struct tlv only;

    ck_assert_int_eq(tlv_single(response(bench, index), 0xBF4E, &content), TLV_OK);
    ck_assert_int_eq(tlv_only(content, &only), TLV_OK);
    return only.whole;
}

static struct test_package_result result_of(struct ipa_bench *bench, struct span result)
{
    struct test_package_result read;

    test_result_read(&bench->eim, bench->es10.card, SPAN_ARRAY(bench->es10.cis[0].key_id), result, &read);
    return read;
}

static struct span stored_results(struct ipa_bench *bench)
{
    return es10(&bench->es10, "BF2B 04 A002 8200");
}

static struct span acknowledgement(int64_t sequence)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF53);

    tlv_put_unsigned(out, 0x80, (uint64_t)sequence);
    tlv_close(out, outer);
    return buf_span(out);
}

/* --- What can be handed in ---------------------------------------------------------------------------- */

START_TEST(a_package_is_run)
{
    struct ipa_bench bench;
    struct test_package_result read;

    ipa_bench_open(&bench);
    ck_assert_inject(&bench, transfer(package_of(&bench.eim, RAT)));
    ck_assert_inject(&bench, package_of(&bench.eim, RAT)); /* bare */
    ck_assert_uint_eq(bench.taken_count, 2);
    for (size_t i = 0; i < 2; i++) {
        read = result_of(&bench, member(&bench, i));
        ck_assert_int_eq(read.kind, RESULT_SIGNED);
        ck_assert_uint_eq(read.results.data[0], 0xA6);
    }
    ck_assert_uint_eq(bench.events[IPA_EVENT_PACKAGE], 2);
    ck_assert_uint_eq(bench.events[IPA_EVENT_DELIVERED], 0);
    ck_assert(!ipa_was_answered(bench.ipa));
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_result_goes_out_in_a_poll_too)
{
    struct ipa_bench bench;
    struct span injected;

    ipa_bench_open(&bench);
    ck_assert_inject(&bench, package_of(&bench.eim, RAT));
    injected = member(&bench, 0);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_span(ipa_bench_result(&bench, 0), injected);
    ck_assert_hex(stored_results(&bench), NO_RESULTS);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(data_is_given)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    ck_assert_inject(&bench, hex("BF4E 09 BF52 06 5C01A9 83010A"));
    ck_assert_hex(SPAN(member(&bench, 0).data, 2), "BF52");
    ck_assert_int_eq(bench.codes[IPA_EVENT_DATA], 0);
    ck_assert_inject(&bench, hex("BF52 03 5C01FF"));
    ck_assert_hex(response(&bench, 1), "BF4E 08 BF52 05 A103 020101");
    ipa_bench_close(&bench);
}
END_TEST

/* Each of them changes nothing on the card. */
START_TEST(what_is_refused)
{
    static const struct {
        const char *request, *response;
    } cases[] = {
        {"BF4E 00", "BF4E 03 020101"}, /* invalidPackageFormat */
        {"BF4E 06 BF5200 BF5200", "BF4E 03 020101"},
        {"BF4E 04 BF5105", "BF4E 03 020101"},
        {"BF52 03 5C01A9 00", "BF4E 03 020101"},
        {"", "BF4E 03 020101"},
        {"BF51 00", "BF4E 03 020101"},
        {"BF53 03 810101", "BF4E 03 020101"},
        {"BF53 02 8000", "BF4E 03 020101"},
        {"BF54 02 A000", "BF4E 03 020101"},
        {"BF4E 02 A000", "BF4E 03 020102"}, /* unknownPackage */
        {"BF50 00", "BF4E 03 020102"},
        {"0500", "BF4E 03 020102"},
    };
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_inject(&bench, hex(cases[i].request));
        ck_assert_hex(response(&bench, i), cases[i].response);
        ck_assert_uint_eq(bench.events[IPA_EVENT_REFUSED], i + 1);
    }
    ck_assert_hex(stored_results(&bench), NO_RESULTS);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(an_eim_that_the_card_does_not_know)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    ck_assert(!ipa_bench_inject(&bench, &bench.other, package_of(&bench.other, RAT)));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_CARD);
    ck_assert_uint_eq(bench.taken_count, 0);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_package_comes_twice)
{
    struct ipa_bench bench;
    struct span package;
    struct test_package_result read;

    ipa_bench_open(&bench);
    package = package_of(&bench.eim, RAT);
    ck_assert_inject(&bench, package);
    ck_assert_inject(&bench, package);
    read = result_of(&bench, member(&bench, 1));
    ck_assert_int_eq(read.kind, RESULT_ERROR);
    ck_assert_int_eq(read.code, 4); /* replayError */
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_package_of_another_card)
{
    struct ipa_bench bench;
    struct buf *out = test_buf();
    struct test_package_result read;

    ipa_bench_open(&bench);
    test_package_put(out, &bench.eim,
                     &(struct test_package){
                         .eid = hex("89044045118427484800000000000003"), .list_tag = PSMO, .list = hex(RAT)});
    ck_assert_inject(&bench, buf_span(out));
    read = result_of(&bench, member(&bench, 0));
    ck_assert_int_eq(read.kind, RESULT_ERROR);
    ck_assert_int_eq(read.code, 3); /* invalidEid */
    ck_assert_hex(stored_results(&bench), NO_RESULTS);
    ipa_bench_close(&bench);
}
END_TEST

/* --- Profile changes ---------------------------------------------------------------------------------- */

START_TEST(a_profile_change_is_told_after_the_refresh)
{
    struct ipa_bench bench;
    const struct ipa_taken *taken;

    ipa_bench_open(&bench);
    ck_assert_inject(&bench, package_of(&bench.eim, ENABLE));
    ck_assert_uint_eq(bench.refreshes, 1);
    taken = ipa_bench_taken(&bench, 0xBF4E, 0);
    ck_assert_str_eq(taken->enabled, BENCH_B);
    ck_assert_hex(result_of(&bench, member(&bench, 0)).results, "830100");
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(the_other_eims_learn_of_it)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
    ck_assert_inject(&bench, package_of(&bench.eim, ENABLE));
    ck_assert(ipa_bench_poll(&bench, &bench.other));
    ck_assert_hex(ipa_bench_taken(&bench, 0xBF4F, 0)->octets, "BF4F 17 5A10 " TEST_EID "8000 810100");
    ipa_bench_close(&bench);
}
END_TEST

/* A response that was taken confirms the profile: no poll rolls it back that finds no network later. */
START_TEST(a_response_confirms_the_profile)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    ck_assert_inject(&bench, package_of(&bench.eim, ENABLE_ROLLBACK));
    bench.dark = BENCH_B;
    ipa_bench_power_on(&bench);
    ck_assert(!ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(bench.events[IPA_EVENT_ROLLBACK], 0);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_response_that_nobody_takes_confirms_nothing)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.no_injector = true;
    bench.retries = 2;
    ck_assert(!ipa_bench_inject(&bench, &bench.eim, package_of(&bench.eim, ENABLE_ROLLBACK)));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ROLLBACK], 1);
    ck_assert_int_eq(es10_state(&bench.es10, BENCH_A), 1);
    ck_assert_uint_eq(bench.refreshes, 2);
    bench.no_injector = false;
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_hex(result_of(&bench, ipa_bench_result(&bench, 0)).results, "8C0100");
    ck_assert_hex(stored_results(&bench), NO_RESULTS);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(a_response_without_a_change_is_not_waited_for)
{
    struct ipa_bench bench;

    ipa_bench_open(&bench);
    bench.no_injector = true;
    bench.retries = 1000;
    ck_assert(!ipa_bench_inject(&bench, &bench.eim, package_of(&bench.eim, RAT)));
    ck_assert_int_eq(ipa_outcome(bench.ipa), IPA_UNREACHABLE);
    ck_assert_str_eq(ipa_why(bench.ipa), "nobody takes it");
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 1);
    ipa_bench_close(&bench);
}
END_TEST

/* At whatever moment the power goes: the package ran once, and the next poll has its result. */
START_TEST(the_power_goes_at_any_moment)
{
    static const enum ipa_cut cuts[] = {CUT_BEFORE, CUT_AFTER};
    bool is_over;

    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        is_over = false;
        for (unsigned at = 1; !is_over; at++) {
            struct ipa_bench bench;
            struct span package;

            ipa_bench_open(&bench);
            package = package_of(&bench.eim, ENABLE_ROLLBACK);
            bench.cut = cuts[i];
            bench.cut_at = at;
            (void)ipa_bench_inject(&bench, &bench.eim, package);
            is_over = !bench.off;
            bench.cut = CUT_NEVER;
            ipa_bench_power_on(&bench);
            if (es10_state(&bench.es10, BENCH_B) != 1)
                ck_assert_inject(&bench, package);
            ck_assert_int_eq(es10_state(&bench.es10, BENCH_B), 1);
            ck_assert(ipa_bench_poll(&bench, &bench.eim));
            ck_assert_hex(result_of(&bench, ipa_bench_result(&bench, 0)).results, "830100");
            ck_assert_hex(stored_results(&bench), NO_RESULTS);
            ipa_bench_close(&bench);
        }
    }
}
END_TEST

/* --- Acknowledgements --------------------------------------------------------------------------------- */

START_TEST(an_acknowledged_result_is_removed)
{
    struct ipa_bench bench;
    int64_t sequence;

    ipa_bench_open(&bench);
    ck_assert_inject(&bench, package_of(&bench.eim, RAT));
    sequence = result_of(&bench, member(&bench, 0)).sequence;
    ck_assert_inject(&bench, acknowledgement(sequence + 1)); /* there is none */
    ck_assert_hex(response(&bench, 1), RECEIVED);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 0);
    ipa_bench_power_on(&bench); /* who injects remembers nothing */
    ck_assert_inject(&bench, transfer(acknowledgement(sequence)));
    ck_assert_hex(response(&bench, 2), RECEIVED);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 1);
    ck_assert_hex(stored_results(&bench), NO_RESULTS);
    ck_assert(ipa_bench_poll(&bench, &bench.eim));
    ck_assert_uint_eq(ipa_bench_count(&bench, 0xBF50), 0);
    ipa_bench_close(&bench);
}
END_TEST

START_TEST(an_eim_acknowledges_its_own_only)
{
    struct ipa_bench bench;
    int64_t sequence;

    ipa_bench_open(&bench);
    test_eim_associate(&bench.other, bench.es10.card, false, SPAN_NONE);
    ck_assert_inject(&bench, package_of(&bench.eim, RAT));
    sequence = result_of(&bench, member(&bench, 0)).sequence;
    ck_assert(ipa_bench_inject(&bench, &bench.other, acknowledgement(sequence)));
    ck_assert_hex(response(&bench, 1), RECEIVED);
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 0);
    ck_assert_uint_gt(stored_results(&bench).size, 6);
    ipa_bench_close(&bench);
}
END_TEST

/* The first notification of a change of profiles, which the card makes here: its number. */
static int64_t make_notification(struct ipa_bench *bench)
{
    static const uint32_t path[] = {0xBF2B, 0xA0, 0x30, 0xBF2F, 0x80, 0};
    struct span value;
    uint64_t sequence;

    ck_assert_inject(bench, package_of(&bench->eim, ENABLE));
    ck_assert(tlv_find_path(es10(&bench->es10, "BF2B00"), path, &value));
    ck_assert(tlv_unsigned(value, &sequence));
    return (int64_t)sequence;
}

START_TEST(notifications_are_the_eims_that_passes_them_on)
{
    struct ipa_bench bench;
    int64_t sequence;

    ipa_bench_open(&bench);
    sequence = make_notification(&bench);
    ck_assert_hex(SPAN(member(&bench, 0).data, 2), "BF51");
    ck_assert_inject(&bench, acknowledgement(sequence));
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 0); /* it is its SM-DP+'s */
    ipa_bench_close(&bench);

    ipa_bench_open(&bench);
    ipa_bench_let_eim_relay(&bench, 1);
    sequence = make_notification(&bench);
    ck_assert_uint_eq(member(&bench, 0).data[0], 0x30); /* ePRAndNotifications */
    ck_assert_inject(&bench, acknowledgement(sequence));
    ck_assert_uint_eq(bench.events[IPA_EVENT_ACKNOWLEDGED], 1);
    ipa_bench_close(&bench);
}
END_TEST

TEST_MAIN("ipa_inject", a_package_is_run, a_result_goes_out_in_a_poll_too, data_is_given, what_is_refused,
          an_eim_that_the_card_does_not_know, a_package_comes_twice, a_package_of_another_card,
          a_profile_change_is_told_after_the_refresh, the_other_eims_learn_of_it,
          a_response_confirms_the_profile, a_response_that_nobody_takes_confirms_nothing,
          a_response_without_a_change_is_not_waited_for, the_power_goes_at_any_moment,
          an_acknowledged_result_is_removed, an_eim_acknowledges_its_own_only,
          notifications_are_the_eims_that_passes_them_on)
