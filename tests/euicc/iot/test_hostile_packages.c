/*
 * euicc/iot/euicc_package.c against attacks that take more than one package, or every place of one: replays,
 * power cuts, deleted eIMs, sizes, packages cut off and with any bit changed. One package at a time:
 * test_hostile_eim.c.
 */
#include "apdu/store_data.h"
#include "apdu/tlv.h"
#include "euicc/iot/package_sign.h"
#include "euicc/isdr/es10.h"
#include "euicc/lifecycle/package_result.h"
#include "tests/euicc/iot/hostile_bench.h"
#include "tests/support/switches.h"

#include <stdio.h>
#include <string.h>

static void expect(struct hostile_bench *bench, struct test_eim *eim, struct span request,
                   enum test_package_kind kind, int64_t code)
{
    struct softeuicc *card = bench->es10.card;
    struct buf *answer = test_buf();
    struct test_package_result result;

    ck_assert_uint_eq(es10_send(&bench->es10, request, answer), 0x9000);
    test_result_read(eim, card, SPAN_ARRAY(card->credentials[0].ci_key_id), buf_span(answer), &result);
    ck_assert_int_eq(result.kind, kind);
    ck_assert_int_eq(result.code, code);
}

START_TEST(a_replayed_package_is_refused)
{
    struct buf request = {0};
    struct hostile_bench bench;
    struct span tables;

    hostile_open(&bench);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex(ENABLE(B_))});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_SIGNED, 0);
    tables = es10_tables(&bench.es10);
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 4);
    bench.es10.terminal = terminal_start(bench.es10.card, SOFTEUICC_COLD);
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 4);
    ck_assert_span(es10_tables(&bench.es10), tables);
    hostile_check_good(&bench);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

/* --- power cuts ---------------------------------------------------------------------------------- */

static void open_again(struct switches *switches, const char *path)
{
    const struct softeuicc_hooks hooks = {.power_cuts = true};
    struct softeuicc_error error;

    softeuicc_close(switches->card);
    switches->card = softeuicc_open(path, &hooks, &error);
    ck_assert_msg(switches->card != NULL, "%s", error.message);
    switches_reset(switches);
}

/* Results, notifications, last number, the enabled profile. */
static struct span state_of(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_select(
        card->nvm,
        "SELECT (SELECT count(*) FROM package_result) || ' ' || (SELECT count(*) FROM notification)"
        " || ' ' || last_notification || ' ' || (SELECT counter FROM eim) || ' ' ||"
        " (SELECT coalesce(max(id), 0) FROM profile WHERE state = 'enabled') FROM card",
        NVM_NONE);
    struct buf *out = test_buf();

    ck_assert(nvm_row(card->nvm, stmt));
    buf_append(out, span_of_string(nvm_text(stmt, 0)));
    nvm_done(stmt);
    return buf_span(out);
}

/* Sends the octets of the next switch; true when the power held. */
static bool send_cut(struct switches *switches, struct span request, uint64_t change)
{
    struct buf answer = {0};

    ck_assert(softeuicc_cut_power(switches->card, change));
    (void)terminal_store_data(&switches->terminal, request, &answer);
    buf_free(&answer);
    return !softeuicc_has_lost_power(switches->card);
}

/* The power goes at each change of storage that a package makes. What did not happen may come again, octet
 * for octet; what happened is a replay, though nobody has seen its answer. */
START_TEST(a_package_that_a_power_cut_stopped_may_come_again)
{
    struct buf request = {0};
    struct switches switches;
    struct span before;
    unsigned undone = 0;
    unsigned done = 0;
    char path[256];
    bool held = false;

    snprintf(path, sizeof(path), "%s", test_path("cut.db"));
    switches_open(&switches, path, "notify.example.com");
    for (uint64_t change = 1; !held; change++) {
        struct test_package_result result;
        struct buf answer = {0};
        bool happened;

        open_again(&switches, path);
        before = state_of(switches.card);
        buf_clear(&request);
        switches_put(&switches, &request);
        held = send_cut(&switches, buf_span(&request), change);
        open_again(&switches, path);
        happened = !span_equal(state_of(switches.card), before);
        ck_assert(happened || !held);
        ck_assert_uint_eq(terminal_store_data(&switches.terminal, buf_span(&request), &answer), 0x9000);
        test_result_read(&switches.eim, switches.card, SPAN_ARRAY(switches.ci.key_id), buf_span(&answer),
                         &result);
        ck_assert_int_eq(result.kind, happened ? RESULT_ERROR : RESULT_SIGNED);
        ck_assert_int_eq(result.code, happened ? 4 : 0);
        ck_assert(!span_equal(state_of(switches.card), before));
        switches.count++;
        switches_acknowledge(
            &switches); /* exactly one result and two notifications, numbered without a gap */
        done += happened;
        undone += !happened;
        buf_free(&answer);
    }
    printf("%u cuts: %u packages undone, %u done\n", undone + done - 1, undone, done - 1);
    ck_assert_uint_gt(undone, 3);
    buf_free(&request);
    switches_close(&switches);
}
END_TEST

START_TEST(an_eim_deletes_itself)
{
    struct buf request = {0};
    struct hostile_bench bench;

    hostile_open(&bench);
    /* The result is signed for it, and the list goes on. */
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, ECO, DELETE_EIM "AB00"),
                  "890100 AB0B A009 3007 8005" EIM2_ID);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_UNSIGNED_ERROR, 0);
    hostile_check_good(&bench);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

START_TEST(the_last_eim_is_deleted)
{
    struct buf request = {0};
    struct hostile_bench bench;

    hostile_open(&bench);
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim2, ECO, DELETE_EIM DELETE_EIM2 "AB00"),
                  "890100 890102 AB02 A000"); /* lastEimDeleted is a success */
    ck_assert_uint_eq(eim_count(bench.es10.card), 0);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_UNSIGNED_ERROR, 0);
    test_eim_associate(&bench.eim, bench.es10.card, false, SPAN_NONE);
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A700"), "870100");
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

/* An eIM that comes back gets another token, so that nothing signed before is good any more. */
START_TEST(packages_from_before_a_new_association_are_worth_nothing)
{
    struct buf request = {0};
    struct hostile_bench bench;
    int64_t old_token;

    hostile_open(&bench);
    old_token = bench.eim2.token;
    bench.eim2.counter = 100;
    test_package_put(&request, &bench.eim2, &(struct test_package){.list = hex(DELETE(B_))});
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, ECO, DELETE_EIM2), "890100");
    bench.eim2.counter = 0;
    test_eim_associate(&bench.eim2, bench.es10.card, true, SPAN_NONE);
    ck_assert_int_ne(bench.eim2.token, old_token);
    expect(&bench, &bench.eim2, buf_span(&request), RESULT_UNSIGNED_ERROR, 0);
    ck_assert_int_eq(es10_state(&bench.es10, B), 0);
    hostile_check_good(&bench);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

/* Two eIMs have a counter each. */
START_TEST(counters_are_an_eims_own)
{
    struct buf request = {0};
    struct hostile_bench bench;

    hostile_open(&bench);
    bench.eim.counter = 0x7FFFFE;
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A700"), "870100");
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 6);
    hostile_check_good(&bench);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    struct buf list = {0};
    struct buf request = {0};
    struct hostile_bench bench;
    struct span before;

    hostile_open(&bench);
    while (list.size <= PACKAGE_RESULTS_SIZE)
        buf_append(&list, SPAN_STRING("\xA7\x00"));
    before = es10_tables(&bench.es10);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = buf_span(&list)});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 15); /* sizeOverflow */
    ck_assert_span(es10_tables(&bench.es10), before);
    /* What STORE DATA does not collect never gets here. */
    while (list.size <= STORE_DATA_MAX)
        buf_append(&list, SPAN_STRING("\xA7\x00"));
    buf_clear(&request);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = buf_span(&list)});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &list), 0x6A84);
    ck_assert_span(es10_tables(&bench.es10), before);
    hostile_check_good(&bench);
    buf_free(&list);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

START_TEST(a_consumer_card_knows_no_packages)
{
    struct buf request = {0};
    struct buf answer = {0};
    struct hostile_bench bench;

    hostile_open(&bench);
    bench.es10.card->personality_bit = FOR_CONSUMER;
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &answer), 0x6A88);
    bench.es10.card->personality_bit = FOR_IOT;
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &answer), 0x9000);
    buf_free(&request);
    buf_free(&answer);
    hostile_close(&bench);
}
END_TEST

/* --- everywhere ---------------------------------------------------------------------------------- */

/* Cut off at every octet: as it is, with the outer length made to fit, and inside, signed again. */
START_TEST(a_package_may_be_cut_off_anywhere)
{
    struct test_package package = {.list = SPAN_NONE, .counter = hex("06")};
    struct buf signed_part = {0};
    struct buf request = {0};
    struct buf answer = {0};
    struct hostile_bench bench;
    struct span content;
    struct span before;

    hostile_open(&bench);
    before = es10_tables(&bench.es10);
    package.list = hex(DISABLE(A_) ENABLE(B_));
    package.transaction = hex("C0FFEE");
    test_package_put_signed(&signed_part, &bench.eim, &package);
    test_package_sign(&request, &bench.eim, &package, buf_span(&signed_part));
    for (size_t size = 1; size < request.size; size++)
        ck_assert_uint_eq(es10_send(&bench.es10, SPAN(request.data, size), &answer), 0x6A80);
    ck_assert_int_eq(tlv_single(buf_span(&request), 0xBF51, &content), TLV_OK);
    for (size_t size = 0; size < content.size; size++) {
        struct buf cut = {0};

        tlv_put(&cut, 0xBF51, SPAN(content.data, size));
        ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&cut), &answer), 0x6A80);
        buf_free(&cut);
    }
    ck_assert_int_eq(tlv_single(buf_span(&signed_part), 0x30, &content), TLV_OK);
    for (size_t size = 0; size < content.size; size++) {
        struct buf cut = {0};

        tlv_put(&cut, 0x30, SPAN(content.data, size));
        buf_clear(&request);
        test_package_sign(&request, &bench.eim, &package, buf_span(&cut));
        ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &answer), 0x6A80);
        buf_free(&cut);
    }
    ck_assert_uint_eq(answer.size, 0);
    ck_assert_span(es10_tables(&bench.es10), before);
    hostile_check_good(&bench);
    buf_free(&signed_part);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

/* A list cut off at every octet, rightly signed: the commands before the cut count, the cut one does not. */
START_TEST(a_list_may_be_cut_off_anywhere)
{
    struct span list = hex("A700 BF6505 8003 612E62 A700");
    struct hostile_bench bench;
    char text[64];

    hostile_open(&bench);
    for (size_t size = 0; size < list.size; size++) {
        const char *expected = size == 0               ? ""
                               : size < 2              ? "020102"
                               : size == 2             ? "870100"
                               : size < list.size - 2  ? "870100 020102"
                               : size == list.size - 2 ? "870100 BF6503800100"
                                                       : "870100 BF6503800100 020102";

        ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO,
                                       hex_from_span(SPAN(list.data, size), text, sizeof(text))),
                      expected);
    }
    hostile_close(&bench);
}
END_TEST

/* Every bit of a package inverted, one at a time: never accepted, never a signed answer, nothing changed. */
START_TEST(no_bit_may_be_changed)
{
    struct buf request = {0};
    struct hostile_bench bench;
    struct span before;
    unsigned refused = 0;

    hostile_open(&bench);
    before = es10_tables(&bench.es10);
    test_package_put(&request, &bench.eim,
                     &(struct test_package){.list = hex(ENABLE(B_)), .counter = hex("06")});
    for (size_t bit = 16; bit < 8 * request.size; bit++) { /* with another tag it is another request */
        struct buf response = {0};
        uint16_t status;

        request.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        status = es10_dispatch(bench.es10.card, buf_span(&request), &response);
        if (status == ES10_OK)
            ck_assert_msg(response.size > 5 && memcmp(response.data, "\xBF\x51", 2) == 0 &&
                              response.data[3] == 0xA2,
                          "bit %zu", bit);
        else
            refused++;
        ck_assert(nvm_commit(bench.es10.card->nvm));
        request.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        buf_free(&response);
    }
    ck_assert_uint_lt(refused, 8 * request.size - 512); /* at least the signature's bits got that far */
    ck_assert_span(es10_tables(&bench.es10), before);
    expect(&bench, &bench.eim, buf_span(&request), RESULT_SIGNED, 0);
    buf_free(&request);
    hostile_close(&bench);
}
END_TEST

TEST_MAIN("hostile_packages", a_replayed_package_is_refused,
          a_package_that_a_power_cut_stopped_may_come_again, an_eim_deletes_itself, the_last_eim_is_deleted,
          packages_from_before_a_new_association_are_worth_nothing, counters_are_an_eims_own,
          sizes_are_bounded, a_consumer_card_knows_no_packages, a_package_may_be_cut_off_anywhere,
          a_list_may_be_cut_off_anywhere, no_bit_may_be_changed)
