/* servers/smdpp: the operator's orders (ES2+), their states, and what they let an eUICC do. */
#include "apdu/tlv.h"
#include "tests/support/edit.h"
#include "tests/support/smdpp.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static struct bench bench;

#define OTHER_EID "89049032000000000000000000000001"

/* --- The state table ------------------------------------------------------------------------------------ */

START_TEST(has_one_table_of_states)
{
    enum order_state from, to;
    enum order_event event;
    bool reached[ORDER_STATE_COUNT] = {[ORDER_AVAILABLE] = true};
    bool left[ORDER_STATE_COUNT] = {false};
    bool used[ORDER_EVENT_COUNT] = {false};
    unsigned rows = 0;

    for (; order_row(rows, &from, &event, &to); rows++) {
        enum order_state state = from;

        ck_assert(order_advance(&state, event));
        ck_assert_int_eq(state, to); /* so no (state, event) stands twice with different ends */
        reached[to] = true;
        left[from] = true;
        used[event] = true;
    }
    ck_assert_uint_ge(rows, 30);
    for (unsigned i = 0; i < ORDER_STATE_COUNT; i++) {
        enum order_state named;

        ck_assert_msg(reached[i] && left[i], "%s", order_state_name((enum order_state)i));
        ck_assert(order_state_from_name(order_state_name((enum order_state)i), &named));
        ck_assert_uint_eq(named, i);
    }
    for (unsigned i = 0; i < ORDER_EVENT_COUNT; i++)
        ck_assert_msg(used[i], "%s", order_event_name((enum order_event)i));
    from = ORDER_AVAILABLE;
    ck_assert(!order_advance(&from, ORDER_EVENT_BIND));
    ck_assert_int_eq(from, ORDER_AVAILABLE);
    ck_assert(!order_state_from_name("lost", &from));
}
END_TEST

/* --- ES2+ ----------------------------------------------------------------------------------------------- */

static void expect_state(const char *state)
{
    ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), state);
}

static json_t *download_order(const char *key, const char *value, const char *eid)
{
    return bench_es2p(&bench, "downloadOrder", json_pack("{s:s,s:s*}", key, value, "eid", eid));
}

static json_t *confirm_order(const char *eid, const char *matching_id, const char *code, bool release)
{
    return bench_es2p(&bench, "confirmOrder",
                      json_pack("{s:s,s:s*,s:s*,s:s*,s:b}", "iccid", BENCH_ICCID, "eid", eid, "matchingId",
                                matching_id, "confirmationCode", code, "releaseFlag", (int)release));
}

static json_t *cancel_order(const char *eid, const char *matching_id, const char *final)
{
    return bench_es2p(&bench, "cancelOrder",
                      json_pack("{s:s,s:s*,s:s*,s:s*}", "iccid", BENCH_ICCID, "eid", eid, "matchingId",
                                matching_id, "finalProfileStatusIndicator", final));
}

/* A released order for this matchingId. */
static void order(const char *eid, const char *matching_id, const char *code)
{
    bench_success(download_order("iccid", BENCH_ICCID, eid));
    bench_success(confirm_order(NULL, matching_id, code, true));
    expect_state("released");
    bench.matching_id = matching_id;
}

START_TEST(reserves_profiles)
{
    json_t *answer;

    bench_start(&bench, EC_CURVE_P256);
    answer = download_order("profileType", "demo", NULL);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "iccid")), BENCH_ICCID);
    bench_success(answer);
    expect_state("allocated");
    bench_expect(download_order("iccid", BENCH_ICCID, NULL), "8.2.1", "3.3");
    bench_expect(download_order("profileType", "demo", NULL), "8.2.5", "3.7");
    bench_expect(download_order("iccid", "8900000000000000000", NULL), "8.2.1", "3.9");
    bench_expect(download_order("profileType", "nothing", NULL), "8.2.5", "3.9");
    bench_expect(bench_es2p(&bench, "downloadOrder",
                            json_pack("{s:s,s:s}", "iccid", BENCH_ICCID2, "profileType", "demo")),
                 "8.2.5", "3.8");
    bench_expect(download_order("eid", TEST_EID, NULL), "1.6", "2.2");
    bench_expect(download_order("iccid", "12", NULL), "1.6", "2.1");
    bench_expect(download_order("iccid", BENCH_ICCID2, "123"), "1.6", "2.1");
    bench_success(cancel_order(NULL, NULL, "Available"));
    expect_state("available");
    bench_success(
        download_order("iccid", BENCH_ICCID "F", TEST_EID)); /* the padding character may be there */
    expect_state("linked");
    bench_stop(&bench);
}
END_TEST

START_TEST(confirms_and_releases)
{
    json_t *answer;

    bench_start(&bench, EC_CURVE_P256);
    bench_expect(confirm_order(NULL, NULL, NULL, false), "8.2.1", "3.9"); /* not ordered */
    bench_success(download_order("iccid", BENCH_ICCID, NULL));
    bench_expect(bench_es2p(&bench, "releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID)), "8.2.1",
                 "3.5");
    bench_expect(bench_es2p(&bench, "confirmOrder", json_pack("{s:s}", "iccid", BENCH_ICCID)), "1.6", "2.2");
    bench_expect(bench_es2p(&bench, "confirmOrder", json_pack("{s:b}", "releaseFlag", 1)), "1.6", "2.2");
    bench_expect(bench_es2p(&bench, "confirmOrder",
                            json_pack("{s:s,s:s}", "iccid", BENCH_ICCID, "releaseFlag", "true")),
                 "1.6", "2.1");
    bench_expect(confirm_order(NULL, "", NULL, false), "8.1.1", "2.2");
    bench_expect(confirm_order(NULL, "BAD ID", NULL, false), "1.6", "2.1");
    bench_expect(bench_es2p(&bench, "confirmOrder",
                            json_pack("{s:s,s:b,s:s}", "iccid", BENCH_ICCID, "releaseFlag", 1, "smdsAddress",
                                      "smds.example.com")),
                 "8.9", "5.1");
    expect_state("allocated");
    answer = confirm_order(TEST_EID, NULL, NULL, false);
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(answer, "matchingId"))), 23);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "eid")), TEST_EID);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "smdpAddress")), BENCH_ADDRESS);
    bench_success(answer);
    expect_state("confirmed");
    bench_expect(confirm_order(NULL, NULL, NULL, true), "8.2.1", "3.5");
    bench_success(bench_es2p(&bench, "releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID)));
    expect_state("released");
    bench_expect(bench_es2p(&bench, "releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID)), "8.2.1",
                 "3.5");
    bench_stop(&bench);
}
END_TEST

START_TEST(keeps_associations)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_success(download_order("iccid", BENCH_ICCID2, NULL));
    bench_success(bench_es2p(
        &bench, "confirmOrder",
        json_pack("{s:s,s:s,s:b}", "iccid", BENCH_ICCID2, "matchingId", "TAKEN", "releaseFlag", 1)));
    bench_success(download_order("iccid", BENCH_ICCID, TEST_EID));
    bench_expect(confirm_order(NULL, "TAKEN", NULL, true), "8.2.6", "3.3");
    bench_expect(confirm_order(OTHER_EID, "MINE", NULL, true), "8.1.1", "3.10");
    bench_success(confirm_order(TEST_EID, "MINE", NULL, true));
    bench_expect(cancel_order(OTHER_EID, NULL, "Available"), "8.1.1", "3.10");
    bench_expect(cancel_order(NULL, "MINE", "Available"), "8.1.1", "2.2");
    bench_expect(cancel_order(TEST_EID, "TAKEN", "Available"), "8.2.6", "3.10");
    bench_expect(cancel_order(NULL, NULL, "Perhaps"), "1.6", "2.1");
    bench_expect(cancel_order(NULL, NULL, NULL), "1.6", "2.2");
    expect_state("released");
    bench_success(cancel_order(TEST_EID, "MINE", "Unavailable"));
    expect_state("unavailable");
    bench_expect(download_order("iccid", BENCH_ICCID, NULL), "8.2.1", "3.3");
    bench_expect(cancel_order(NULL, NULL, "Unavailable"), "8.2.1", "3.5");
    bench_success(cancel_order(NULL, NULL, "Available"));
    expect_state("available");
    bench_stop(&bench);
}
END_TEST

START_TEST(wants_to_know_who_asks)
{
    static const char *const headers[] = {
        "{}",
        "{\"header\":{}}",
        "{\"header\":{\"functionRequesterIdentifier\":\"x\"}}",
        "{\"header\":{\"functionCallIdentifier\":\"x\"}}",
    };

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        json_t *request = json_loads(headers[i], 0, NULL);

        json_object_set_new(request, "iccid", json_string(BENCH_ICCID));
        bench_expect(bench_post(&bench, "/gsma/rsp2/es2plus/downloadOrder", request), "1.6", "2.2");
    }
    expect_state("available");
    bench_stop(&bench);
}
END_TEST

/* --- Orders and downloads ------------------------------------------------------------------------------- */

static json_t *try_order(const char *matching_id)
{
    bench.matching_id = matching_id;
    bench_success(bench_initiate(&bench));
    return bench_authenticate(&bench);
}

START_TEST(delivers_an_order)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_success(download_order("iccid", BENCH_ICCID, NULL));
    bench_success(confirm_order(NULL, "AC-TOKEN-1", NULL, false));
    bench_expect(try_order("AC-TOKEN-1"), "8.2", "1.2");
    bench_success(bench_es2p(&bench, "releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID)));
    bench_until_bound(&bench);
    expect_state("downloaded");
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    expect_state("installed");
    bench_expect(try_order("AC-TOKEN-1"), "8.2.6", "3.8");
    bench_expect(download_order("iccid", BENCH_ICCID, NULL), "8.2.1", "3.3");
    ck_assert_int_eq(bench_notify(&bench, 1, BENCH_ICCID), 204);
    expect_state("installed");
    ck_assert_int_eq(bench_notify(&bench, 3, BENCH_ICCID), 204);
    expect_state("available");
    bench_stop(&bench);
}
END_TEST

START_TEST(delivers_by_eid)
{
    bench_start(&bench, EC_CURVE_P256);
    order(OTHER_EID, "", NULL);
    bench_expect(try_order(NULL), "8.1.1", "3.8");
    bench_success(cancel_order(OTHER_EID, NULL, "Available"));
    bench_success(download_order("iccid", BENCH_ICCID, TEST_EID));
    bench_expect(try_order(NULL), "8.2", "1.2");
    bench_success(cancel_order(TEST_EID, NULL, "Available"));
    order(TEST_EID, "", NULL);
    bench.matching_id = "";
    bench_until_bound(&bench);
    bench.matching_id = NULL;
    bench_until_bound(&bench);
    expect_state("downloaded");
    bench_success(cancel_order(TEST_EID, NULL, "Available"));
    order(OTHER_EID, "FOR-OTHER", NULL);
    bench_expect(try_order("FOR-OTHER"), "8.1.1", "3.8");
    bench_stop(&bench);
}
END_TEST

START_TEST(asks_for_a_confirmation_code)
{
    bench_start(&bench, EC_CURVE_P256);
    order(NULL, "WITH-CODE", "4711");
    bench_until_offered(&bench);
    bench_expect(bench_prepare(&bench), "8.2.7", "2.2");
    bench.code = "4712";
    bench_expect(bench_prepare(&bench), "8.2.7", "3.8");
    bench_expect(bench_prepare(&bench), "8.2.7", "3.8");
    bench.code = "4711";
    bench_success(bench_prepare(&bench));
    expect_state("downloaded");

    bench_success(cancel_order(NULL, NULL, "Available"));
    order(NULL, "WITH-CODE", "4711");
    bench_until_offered(&bench);
    bench.code = "1";
    bench_expect(bench_prepare(&bench), "8.2.7", "3.8");
    bench_until_offered(&bench); /* the count goes on in another session */
    bench_expect(bench_prepare(&bench), "8.2.7", "3.8");
    bench_expect(bench_prepare(&bench), "8.2.7", "6.4");
    expect_state("error");
    bench.code = "4711";
    bench_expect(bench_prepare(&bench), "8.2", "3.7");
    bench_expect(try_order("WITH-CODE"), "8.2.6", "3.8");
    bench_stop(&bench);
}
END_TEST

START_TEST(ends_orders)
{
    bench_start(&bench, EC_CURVE_P256);
    bench.smdpp.options.order_lifetime = 60;
    order(NULL, "SHORT", NULL);
    {
        struct order stored;

        ck_assert_int_eq(store_order_by_iccid(bench.smdpp.store, BENCH_ICCID, &stored), STORE_FOUND);
        stored.expires = smdpp_now() - 1;
        ck_assert(store_order_save(bench.smdpp.store, &stored));
    }
    bench_expect(try_order("SHORT"), "8.8.5", "4.10");
    expect_state("error");

    bench_success(cancel_order(NULL, NULL, "Available"));
    bench.smdpp.options.tries_max = 2;
    order(NULL, "FEW", NULL);
    bench_until_offered(&bench);
    bench_until_offered(&bench);
    bench_expect(try_order("FEW"), "8.8.5", "6.4");
    expect_state("error");
    bench_stop(&bench);
}
END_TEST

START_TEST(is_bound_to_one_card)
{
    bench_start(&bench, EC_CURVE_P256);
    order(NULL, "ONE", NULL);
    bench_until_bound(&bench);
    {
        struct order stored;

        ck_assert_int_eq(store_order_by_iccid(bench.smdpp.store, BENCH_ICCID, &stored), STORE_FOUND);
        ck_assert_str_eq(stored.eid, TEST_EID);
        strcpy(stored.eid, OTHER_EID);
        ck_assert(store_order_save(bench.smdpp.store, &stored));
    }
    bench_expect(try_order("ONE"), "8.1.1", "3.8");
    bench_stop(&bench);
}
END_TEST

START_TEST(follows_the_result)
{
    static const struct {
        int error; /* errorReason; -1: success */
        const char *state;
    } cases[] = {{-1, "installed"},  {9, "error"},  {10, "downloaded"},
                 {11, "downloaded"}, {12, "error"}, {127, "error"}};

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        order(NULL, "RESULT", NULL);
        bench_until_bound(&bench);
        ck_assert_int_eq(bench_install_result(&bench, cases[i].error), 204);
        expect_state(cases[i].state);
        bench_success(cancel_order(NULL, NULL, "Available"));
    }
    bench_stop(&bench);
}
END_TEST

START_TEST(follows_a_cancelled_session)
{
    static const struct {
        int reason;
        const char *state;
    } cases[] = {{0, "error"}, {1, "released"}, {2, "released"},  {3, "error"},
                 {4, "error"}, {5, "error"},    {127, "released"}};

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        order(NULL, "CANCEL", NULL);
        bench_until_offered(&bench);
        bench_success(bench_cancel(&bench, cases[i].reason));
        expect_state(cases[i].state);
        bench_success(cancel_order(NULL, NULL, "Available"));
    }
    bench_stop(&bench);
}
END_TEST

static int64_t count_kept_keys(void)
{
    return db_number(bench.smdpp.store, -1, "SELECT count(*) FROM unfinished_binding", DB_NONE);
}

START_TEST(forgets_keys_with_the_order)
{
    bench_start(&bench, EC_CURVE_P256);
    bench.smdpp.options.tries_max = 2;
    for (unsigned end = 0; end < 3; end++) {
        order(NULL, "KEYS", NULL);
        bench_until_bound(&bench);
        ck_assert_int_eq(count_kept_keys(), 1);
        if (end == 0) {
            ck_assert_int_eq(bench_install_result(&bench, 9), 204);
        } else if (end == 1) {
            bench_until_offered(&bench);
            bench_expect(try_order("KEYS"), "8.8.5", "6.4");
        }
        bench_success(cancel_order(NULL, NULL, "Available"));
        ck_assert_int_eq(count_kept_keys(), 0);
    }
    bench_stop(&bench);
}
END_TEST

START_TEST(notices_that_an_order_was_taken_back)
{
    bench_start(&bench, EC_CURVE_P256);
    order(NULL, "BACK", NULL);
    bench_until_offered(&bench);
    bench_success(cancel_order(NULL, NULL, "Available"));
    bench_expect(bench_prepare(&bench), "8.2", "3.7");
    expect_state("available");
    bench_stop(&bench);
}
END_TEST

/* --- Notifications that are not what they seem ---------------------------------------------------------- */

static void broken_signature(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_RESULT_DATA)
        return;
    if (point == BENCH_NOTIFICATION && octets->data[0] == 0xBF)
        edit_flip(octets, -1);
    else if (point == BENCH_NOTIFICATION)
        edit_value(octets, EDIT_PATH(0x30, 0xBF2F, 0x0C), SPAN_STRING("smdp.example.org:8443"));
}

static void unknown_transaction(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_RESULT_DATA)
        edit_value(octets, EDIT_PATH(0xBF27, 0x80), hex("00000000000000000000000000000000"));
}

static void cut_notification(struct bench *b, enum bench_point point, struct buf *octets)
{
    (void)b;
    if (point == BENCH_NOTIFICATION)
        octets->size -= 2;
}

static size_t count_verified(size_t *all)
{
    json_t *list = bench_get(&bench, "/notifications");
    size_t verified = 0;

    *all = json_array_size(list);
    for (size_t i = 0; i < *all; i++)
        verified += json_is_true(json_object_get(json_array_get(list, i), "verified"));
    json_decref(list);
    return verified;
}

START_TEST(believes_no_forged_notification)
{
    size_t all;

    bench_start(&bench, EC_CURVE_P256);
    order(NULL, "FORGED", NULL);
    bench_until_bound(&bench);
    bench.fault = broken_signature;
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    bench.fault = unknown_transaction;
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    expect_state("downloaded");
    ck_assert_uint_eq(count_verified(&all), 0);
    ck_assert_uint_eq(all, 2);
    bench.fault = NULL;
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    expect_state("installed");
    bench.fault = broken_signature;
    ck_assert_int_eq(bench_notify(&bench, 3, BENCH_ICCID), 204);
    expect_state("installed");
    ck_assert_uint_eq(count_verified(&all), 1);
    ck_assert_uint_eq(all, 4);
    bench.fault = cut_notification;
    ck_assert_int_eq(bench_notify(&bench, 3, BENCH_ICCID), 200); /* refused: not a notification */
    ck_assert_uint_eq(count_verified(&all), 1);
    ck_assert_uint_eq(all, 4);
    bench_stop(&bench);
}
END_TEST

/* --- The ASN.1 binding ---------------------------------------------------------------------------------- */

START_TEST(speaks_asn1)
{
    bench_start(&bench, EC_CURVE_P256);
    bench.asn1 = true;
    order(NULL, "ASN1", "12");
    bench_success(bench_initiate(&bench));
    bench_expect(bench_prepare(&bench), "asn1", "95");
    bench_success(bench_authenticate(&bench));
    bench_expect(bench_authenticate(&bench), "asn1", "10");
    bench_expect(bench_prepare(&bench), "asn1", "2");
    bench.code = "13";
    bench_expect(bench_prepare(&bench), "asn1", "3");
    bench.code = "12";
    bench_success(bench_prepare(&bench));
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
    expect_state("installed");
    ck_assert_int_eq(bench_notify(&bench, 3, BENCH_ICCID), 204);
    expect_state("available");
    bench_success(bench_cancel(&bench, 1));
    bench_expect(bench_cancel(&bench, 1), "asn1", "1");
    bench_expect(try_order("NOTHING"), "asn1", "6");
    bench.free_nvm = 1;
    bench_expect(try_order("demo"), "asn1", "11");
    bench.free_nvm = 1000000;
    bench.profile_version = 1;
    bench_expect(try_order("demo"), "asn1", "8");
    bench.additional_version = 1;
    bench_expect(try_order("demo"), "asn1", "8");
    bench.additional_version = 3;
    bench_success(try_order("demo"));
    bench.additional_version = 0;
    bench.profile_version = 2;
    order(OTHER_EID, "OTHER", NULL);
    bench_expect(try_order("OTHER"), "asn1", "7");
    bench_stop(&bench);
}
END_TEST

TEST_MAIN("smdpp orders", has_one_table_of_states, reserves_profiles, confirms_and_releases,
          keeps_associations, wants_to_know_who_asks, delivers_an_order, delivers_by_eid,
          asks_for_a_confirmation_code, ends_orders, is_bound_to_one_card, follows_the_result,
          follows_a_cancelled_session, forgets_keys_with_the_order, notices_that_an_order_was_taken_back,
          believes_no_forged_notification, speaks_asn1)
