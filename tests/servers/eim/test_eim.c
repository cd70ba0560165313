/* servers/eim: from an order to its signed package; first contact, several eUICCs, counters, and a kill
 * between any two requests. */
#include "tests/servers/eim/exchange.h"

#include "tests/support/test.h"

/* --- First contact -------------------------------------------------------------------------------------- */

START_TEST(asks_for_what_it_must_know)
{
    struct buf result = {0};
    struct span content, tags;
    struct eim_euicc euicc;

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    ck_assert_int_eq(tlv_single(buf_span(&bench.package), 0xBF52, &content), TLV_OK);
    ck_assert(tlv_find(content, 0x5C, &tags));
    ck_assert_hex(tags, "81 BF20 BF22 83 84 A5 A6 A8 A9");
    eim_bench_data(&bench, "8104 736D6470 BF2003 820101 84012A A804 8002 0250", &result);
    provide(&result, EIM_ERROR_NONE, 0);
    ck_assert(eim_euicc_find(&bench.eim, bench.eid, &euicc));
    ck_assert_span(buf_span(&euicc.euicc_cert), buf_span(&bench.euicc.der));
    ck_assert_span(buf_span(&euicc.eum_cert), buf_span(&bench.ci.eum.der));
    ck_assert_span(buf_span(&euicc.ci_key_id), SPAN_ARRAY(bench.ci.key_id));
    ck_assert_hex(buf_span(&euicc.info1), "BF2003820101");
    ck_assert(euicc.ipa_known && !euicc.ipa[EIM_IPA_DIRECT] && euicc.ipa[EIM_IPA_INDIRECT] &&
              !euicc.ipa[EIM_IPA_HANDLES_NONE] && euicc.ipa[EIM_IPA_NEEDS_CTX] &&
              !euicc.ipa[EIM_IPA_COMPACT]);
    eim_euicc_clear(&euicc);
    /* The token goes under what is signed from now on: check_package verifies with it. */
    bench.token = 42;
    poll_for(0xBF51);
    eim_bench_result(&bench, "BF2D02 A000", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    stop();
}
END_TEST

START_TEST(believes_only_its_own_certificate)
{
    struct buf result = {0};
    struct test_ci stranger;
    struct eim_euicc euicc;

    eim_bench_start(&bench, NULL);
    /* Another eUICC's certificate. */
    poll_for(0xBF52);
    eim_bench_be(&bench, EIM_BENCH_OTHER);
    eim_bench_data(&bench, "", &result);
    bench.eid = TEST_EID;
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, 1, "failed", NULL);
    /* The second try asks for the certificates alone; these are under a CI that nobody trusts. */
    poll_for(0xBF52);
    ck_assert_uint_lt(bench.package.size, 0x20);
    test_ci_make(&stranger, EC_CURVE_P256);
    buf_clear(&bench.ci.eum.der);
    buf_append(&bench.ci.eum.der, buf_span(&stranger.eum.der));
    eim_bench_data(&bench, "", &result);
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, 2, "failed", NULL);
    ck_assert(eim_euicc_find(&bench.eim, bench.eid, &euicc));
    ck_assert_uint_eq(euicc.euicc_cert.size, 0);
    eim_euicc_clear(&euicc);
    /* Then packages go out all the same; their results cannot be believed. */
    poll_for(0xBF51);
    eim_bench_result(&bench, "BF2D02 A000", &result);
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, 3, "failed",
                     "the signature cannot be checked: no certificate of this eUICC is known");
    test_ci_free(&stranger);
    stop();
}
END_TEST

START_TEST(asks_for_less_when_refused)
{
    struct buf result = {0};

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    ck_assert(buf_append_hex(&result, "BF52 05 A103 020101", NULL));
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, 1, "failed", "incorrectTagList(1)");
    poll_for(0xBF52);
    eim_bench_data(&bench, "", &result);
    provide(&result, EIM_ERROR_NONE, 0);
    poll_for(0xBF51);
    stop();
}
END_TEST

/* --- Packages ------------------------------------------------------------------------------------------- */

START_TEST(builds_every_command)
{
    /* The configuration is 30 { 80 "x" } in base64. */
    static const struct {
        const char *what, *commands;
    } cases[] = {
        {ENABLE2, "A010 A30E 5A0A 980011223344556687F6 0500"},
        {DISABLE, "A00EA40C 5A0A 980011223344556677F8"},
        {"\"psmo\":[{\"delete\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}}]",
         "A00E A50C 5A0A 980011223344556677F8"},
        {"\"psmo\":[{\"listProfileInfo\":{}}]", "A003 BF2D00"},
        {"\"psmo\":[{\"getRAT\":{}}]", "A002 A600"},
        {"\"psmo\":[{\"configureImmediateEnable\":{\"enable\":true,\"smdpOid\":\"2.999.10\","
         "\"smdpAddress\":\"a.b\"}}]",
         "A00E A70C 8000 8103 88370A 8203 612E62"},
        {"\"psmo\":[{\"configureImmediateEnable\":{}}]", "A002 A700"},
        {"\"psmo\":[{\"setFallbackAttribute\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}}]",
         "A00E A80C 5A0A 980011223344556677F8"},
        {"\"psmo\":[{\"unsetFallbackAttribute\":{}}]", "A002 A900"},
        {"\"psmo\":[{\"setDefaultDpAddress\":{\"address\":\"a.b\"}}]", "A008 BF6505 8003 612E62"},
        {"\"psmo\":[{\"setDefaultDpAddress\":{\"address\":\"\"}}]", "A005 BF6502 8000"},
        {"\"eco\":[{\"addEim\":{\"configuration\":\"MAOAAXg=\"}}]", "A105 A803 800178"},
        {"\"eco\":[{\"updateEim\":{\"configuration\":\"v1cHoAUwA4ABeA==\"}}]", "A105 AA03 800178"},
        {"\"eco\":[{\"deleteEim\":{\"eimId\":\"x\"}}]", "A105 A903 800178"},
        {"\"eco\":[{\"listEim\":{}}]", "A102 AB00"},
        {"\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID
         "\"}},{\"enable\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\"}},{\"getRAT\":{}}]",
         "A01E A40C 5A0A 980011223344556677F8 A30C 5A0A 980011223344556687F6 A600"},
    };
    struct buf error = {0};

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t order = eim_bench_order(&bench, cases[i].what);
        struct span content, inner, commands = SPAN_NONE;
        struct tlv_reader reader;
        struct tlv member;

        poll_for(0xBF51);
        ck_assert_uint_eq(bench.counter, 2 + i);
        ck_assert_int_eq(tlv_single(buf_span(&bench.package), 0xBF51, &content), TLV_OK);
        ck_assert(tlv_find(content, 0x30, &inner));
        for (reader = tlv_reader(inner); tlv_next(&reader, &member) == TLV_OK;)
            commands = member.whole;
        ck_assert_hex(commands, cases[i].commands);
        eim_bench_signed_error(&bench, 127, &error);
        provide(&error, EIM_ERROR_NONE, 0);
        eim_bench_expect(&bench, order, "failed", "undefinedError(127)");
    }
    stop();
}
END_TEST

START_TEST(sends_the_same_until_answered)
{
    struct buf first = {0}, result = {0};
    int64_t order, later;

    start();
    order = eim_bench_order(&bench, ENABLE2);
    later = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    buf_append(&first, buf_span(&bench.package));
    for (int i = 0; i < 3; i++) {
        poll_for(0xBF51);
        ck_assert_span(buf_span(&bench.package), buf_span(&first));
    }
    eim_bench_expect(&bench, order, "sent", "");
    eim_bench_expect(&bench, later, "queued", "");
    eim_bench_result(&bench, "830100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "done", "");
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID), "disabled");
    poll_for(0xBF51);
    eim_bench_expect(&bench, later, "sent", "");
    buf_free(&first);
    stop();
}
END_TEST

/* --- Several, and the end of the world ------------------------------------------------------------------ */

START_TEST(serves_several_euiccs)
{
    struct test_entity first;
    struct buf package = {0}, result = {0};
    int64_t one, two;

    start();
    one = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    buf_append(&package, buf_span(&bench.package));
    first = bench.euicc;
    bench.euicc = (struct test_entity){0};
    eim_bench_be(&bench, EIM_BENCH_OTHER);
    eim_bench_introduce(&bench);
    two = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    ck_assert_uint_eq(bench.counter, 2); /* each has its own */
    /* The other's result from this one. */
    eim_bench_result(&bench, "840100", &result);
    bench.eid = TEST_EID;
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), NULL, NULL), EIM_ERROR_NONE);
    bench.eid = EIM_BENCH_OTHER;
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, two, "done", "");
    eim_bench_expect(&bench, one, "sent", "");
    test_entity_free(&bench.euicc);
    bench.euicc = first;
    bench.eid = TEST_EID;
    poll_for(0xBF51);
    ck_assert_span(buf_span(&bench.package), buf_span(&package));
    buf_free(&package);
    stop();
}
END_TEST

START_TEST(survives_a_kill_between_any_two_requests)
{
    struct buf first = {0}, result = {0};
    uint64_t counter;
    int64_t order;
    size_t count;

    eim_bench_start(&bench, test_path("eim.db"));
    eim_bench_crash(&bench);
    poll_for(0xBF52);
    buf_append(&first, buf_span(&bench.package));
    eim_bench_crash(&bench);
    poll_for(0xBF52);
    ck_assert_span(buf_span(&bench.package), buf_span(&first));
    eim_bench_data(&bench, "", &result);
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_crash(&bench);
    order = eim_bench_order(&bench, ENABLE2);
    eim_bench_crash(&bench);
    poll_for(0xBF51);
    counter = bench.counter;
    buf_clear(&first);
    buf_append(&first, buf_span(&bench.package));
    eim_bench_crash(&bench);
    poll_for(0xBF51);
    ck_assert_span(buf_span(&bench.package), buf_span(&first));
    eim_bench_result(&bench, "830100", &result);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), NULL, &count), EIM_ERROR_NONE);
    ck_assert_uint_eq(count, 1);
    eim_bench_crash(&bench);
    eim_bench_expect(&bench, order, "done", "");
    /* The acknowledgement was lost with the eIM: the same again. */
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), NULL, &count), EIM_ERROR_NONE);
    ck_assert_uint_eq(count, 1);
    poll_for(0xBF51); /* the profile list */
    ck_assert_uint_gt(bench.counter, counter);
    buf_free(&first);
    buf_free(&result);
    stop();
}
END_TEST

START_TEST(stops_at_the_last_counter)
{
    struct buf result = {0};
    int64_t order;
    int code;

    start();
    json_decref(
        eim_bench_rest(&bench, "PATCH", "/v1/euiccs/" TEST_EID, NULL, "{\"counter\":8388606}", &code));
    ck_assert_int_eq(code, 200);
    eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    ck_assert_uint_eq(bench.counter, 0x7FFFFF);
    eim_bench_result(&bench, "830100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    order = eim_bench_order(&bench, ENABLE2);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    eim_bench_expect(&bench, order, "failed", "counter is used up: this eUICC needs a new eIM configuration");
    stop();
}
END_TEST

/* --- Strangers ------------------------------------------------------------------------------------------ */

/* One that nobody knows polls, brings junk and a forged notification. */
static void be_stranger(unsigned number)
{
    struct buf octets = {0}, eid = {0}, package = {0}, none = {0};
    struct eim_poll poll = {.state_changed = true};
    char digits[EIM_EID_DIGITS + 1];

    snprintf(digits, sizeof(digits), "8904%028u", number);
    ck_assert(buf_append_hex(&eid, digits, NULL));
    poll.eid = buf_span(&eid);
    if (eim_next_package(&bench.eim, &poll, &package) != EIM_ERROR_NONE)
        ck_abort_msg("stranger %u gets no package", number);
    if (!buf_append_hex(&octets, "BF5204 A002 80", NULL) ||
        eim_take_result(&bench.eim, buf_span(&eid), buf_span(&octets), &none) != EIM_ERROR_NONE)
        ck_abort_msg("stranger %u", number);
    buf_free(&octets);
    eim_bench_notification(&bench, 1 + number % 3, EIM_BENCH_ICCID2, &octets);
    octets.data[9] ^= 0x40;
    eim_take_notification(&bench.eim, digits, buf_span(&octets));
    buf_free(&octets);
    buf_free(&eid);
    buf_free(&package);
    buf_free(&none);
}

static int64_t rows_of(const char *sql)
{
    return db_number(bench.eim.db, -1, sql, DB_NONE);
}

START_TEST(does_not_grow_with_strangers)
{
    struct buf result = {0};
    int64_t pages = 0, ended, order;

    start();
    ended = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    eim_bench_result(&bench, "840100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    order = eim_bench_order(&bench, ENABLE2);
    for (unsigned i = 0; i < 1600; i++) {
        be_stranger(i);
        if (i == 1200)
            pages = rows_of("PRAGMA page_count");
    }
    ck_assert_int_eq(rows_of("SELECT count(*) FROM euicc WHERE stranger"), STRANGERS_MAX);
    ck_assert_int_le(rows_of("SELECT count(*) FROM eim_order"), 3 * STRANGERS_MAX);
    ck_assert_int_le(rows_of("SELECT count(*) FROM notification"), 101);
    ck_assert_int_le(rows_of("SELECT count(*) FROM package_result"), 110);
    ck_assert_int_le(rows_of("PRAGMA page_count"), pages + pages / 10);
    /* Whom something was ordered for is as it was, however long it was away. */
    db_run(bench.eim.db, "UPDATE euicc SET last_seen = 1", DB_NONE);
    be_stranger(9999);
    ck_assert_int_eq(rows_of("SELECT count(*) FROM euicc WHERE stranger"), 1);
    eim_bench_expect(&bench, ended, "done", "");
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "done", "");
    stop();
}
END_TEST

TEST_MAIN("eim", asks_for_what_it_must_know, believes_only_its_own_certificate, asks_for_less_when_refused,
          builds_every_command, sends_the_same_until_answered, serves_several_euiccs,
          survives_a_kill_between_any_two_requests, stops_at_the_last_counter, does_not_grow_with_strangers)
