/* servers/eim: from an order to its signed package, and from what comes back to the order's end. The eUICC
 * signs here, and lies here. */
#include "tests/support/eim_bench.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct eim_bench bench;

#define ENABLE2 "\"psmo\":[{\"enable\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\",\"rollback\":true}}]"
#define DISABLE "\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}}]"

static void start(void)
{
    eim_bench_start(&bench, NULL);
    eim_bench_introduce(&bench);
}

static void stop(void)
{
    eim_bench_stop(&bench);
}

/* Polls, and checks what kind of package came. */
static void poll_for(uint32_t tag)
{
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), tag);
}

/* Provides, frees, and checks the error and how many numbers are acknowledged. */
static void provide(struct buf *result, enum eim_error error, size_t acknowledged)
{
    size_t count;

    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(result), NULL, &count), error);
    ck_assert_uint_eq(count, acknowledged);
    buf_free(result);
}

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
    ck_assert(euicc.ipa_known && !euicc.ipa_direct && euicc.ipa_indirect && !euicc.ipa_handles_none &&
              euicc.ipa_needs_ctx && !euicc.ipa_compact);
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
    provide(&result, EIM_ERROR_UNDEFINED, 0);
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

/* --- Results -------------------------------------------------------------------------------------------- */

START_TEST(names_every_code)
{
    static const struct {
        const char *what, *result, *state, *error;
    } cases[] = {
        {ENABLE2, "830100", "done", ""},
        {ENABLE2, "830101", "failed", "enable: iccidOrAidNotFound(1)"},
        {ENABLE2, "830102", "failed", "enable: profileNotInDisabledState(2)"},
        {ENABLE2, "830103", "failed", "enable: disallowedByPolicy(3)"},
        {ENABLE2, "830105", "failed", "enable: catBusy(5)"},
        {ENABLE2, "830114", "failed", "enable: rollbackNotAvailable(20)"},
        {ENABLE2, "83017F", "failed", "enable: undefinedError(127)"},
        {ENABLE2, "830163", "failed", "enable: unknown(99)"},
        {ENABLE2, "020102", "failed", "processingTerminated: unknownOrDamagedCommand(2)"},
        {ENABLE2, "020101", "failed", "processingTerminated: resultSizeOverflow(1)"},
        {ENABLE2, "020100", "failed", "processingTerminated: ok(0)"},
        {ENABLE2, "840100", "failed", "the result does not answer the package's commands"},
        {ENABLE2, "830100 830100", "failed", "the result does not answer the package's commands"},
        {ENABLE2, "8300", "failed", "the result does not answer the package's commands"},
        {ENABLE2, "", "failed", "the result does not answer the package's commands"},
        {ENABLE2, "9F5500", "failed", "the result does not answer the package's commands"},
        {ENABLE2, "8C0100", "failed",
         "rolledBack: the eUICC went back to the profile that was enabled before"},
        {ENABLE2, "8C017F", "failed", "rolledBack: rollback: undefinedError(127)"},
        {DISABLE, "840102", "failed", "disable: profileNotInEnabledState(2)"},
        {"\"psmo\":[{\"delete\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\"}}]", "850115", "failed",
         "delete: returnFallbackProfile(21)"},
        {"\"psmo\":[{\"listProfileInfo\":{}}]", "BF2D03 81010B", "failed",
         "listProfileInfo: profileChangeOngoing(11)"},
        {"\"psmo\":[{\"listProfileInfo\":{}}]", "BF2D05 A003 E30180", "failed",
         "the result does not answer the package's commands"},
        {"\"psmo\":[{\"getRAT\":{}}]", "A600", "done", ""},
        {"\"psmo\":[{\"setFallbackAttribute\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\"}}]", "8D0102", "failed",
         "setFallbackAttribute: fallbackNotAllowed(2)"},
        {"\"psmo\":[{\"unsetFallbackAttribute\":{}}]", "8E0102", "failed",
         "unsetFallbackAttribute: noFallbackAttribute(2)"},
        {"\"psmo\":[{\"configureImmediateEnable\":{}}]", "870101", "failed",
         "configureImmediateEnable: insufficientMemory(1)"},
        {"\"psmo\":[{\"setDefaultDpAddress\":{\"address\":\"a\"}}]", "BF6503 800100", "done", ""},
        {"\"psmo\":[{\"setDefaultDpAddress\":{\"address\":\"a\"}}]", "BF6503 80017F", "failed",
         "setDefaultDpAddress: undefinedError(127)"},
        {"\"eco\":[{\"addEim\":{\"configuration\":\"MAOAAXg=\"}}]", "A803 020100", "done", ""},
        {"\"eco\":[{\"addEim\":{\"configuration\":\"MAOAAXg=\"}}]", "A803 840107", "done", ""},
        {"\"eco\":[{\"addEim\":{\"configuration\":\"MAOAAXg=\"}}]", "A803 020103", "failed",
         "addEim: ciPKUnknown(3)"},
        {"\"eco\":[{\"deleteEim\":{\"eimId\":\"x\"}}]", "890101", "failed", "deleteEim: eimNotFound(1)"},
        {"\"eco\":[{\"deleteEim\":{\"eimId\":\"x\"}}]", "890102", "done", ""},
        {"\"eco\":[{\"listEim\":{}}]", "AB09 A007 3005 8003 612E62", "done", ""},
        {"\"eco\":[{\"listEim\":{}}]", "AB03 81017F", "failed", "listEim: undefinedError(127)"},
        {"\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}},{\"getRAT\":{}}]", "840100", "failed",
         "the eUICC answered 1 of 2 commands"},
        {"\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID "\"}},{\"getRAT\":{}}]", "840100 A600",
         "done", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf result = {0};
        int64_t order;

        start();
        order = eim_bench_order(&bench, cases[i].what);
        poll_for(0xBF51);
        eim_bench_result(&bench, cases[i].result, &result);
        provide(&result, EIM_ERROR_NONE, 1);
        eim_bench_expect(&bench, order, cases[i].state, cases[i].error);
        stop();
    }
}
END_TEST

START_TEST(names_every_package_error)
{
    static const struct {
        int code;
        const char *error;
    } cases[] = {
        {3, "invalidEid(3)"},
        {4, "replayError(4): the eUICC has seen this counter or a higher one"},
        {6, "counterValueOutOfRange(6)"},
        {15, "sizeOverflow(15)"},
        {104, "ecallActive(104)"},
        {127, "undefinedError(127)"},
    };
    struct buf error = {0};
    int64_t order;

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        order = eim_bench_order(&bench, ENABLE2);
        poll_for(0xBF51);
        eim_bench_signed_error(&bench, cases[i].code, &error);
        provide(&error, EIM_ERROR_NONE, 0);
        eim_bench_expect(&bench, order, "failed", cases[i].error);
    }
    /* Unsigned ones say whose, and perhaps why. */
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    ck_assert(buf_append_hex(&error, "BF51 0C A20A 8008 322E3939392E3230", NULL));
    provide(&error, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed",
                     "euiccPackageErrorUnsigned: the eUICC does not know this eIM, or its signature");
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    ck_assert(buf_append_hex(&error, "BF51 0F A20D 8008 322E3939392E3230 8F010F", NULL));
    provide(&error, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "euiccPackageErrorUnsigned: sizeOverflow(15)");
    /* The IPA's own refusal. */
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    ck_assert(buf_append_hex(&error, "A003 020102", NULL));
    provide(&error, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "eimPackageResultError: unknownPackage(2)");
    stop();
}
END_TEST

/* What a hostile IPA can do to a result; nothing of it ends the order or is acknowledged. */
enum lie {
    LIE_SIGNATURE,
    LIE_DATA,
    LIE_KEY,
    LIE_TOKEN,
    LIE_COUNTER,
    LIE_TRANSACTION,
    LIE_EIM_ID,
    LIE_CUT,
    LIE_TRAILING,
    LIE_SHORT_SIGNATURE,
    LIE_ERROR_UNSIGNED_KEY,
    LIE_COUNT
};

static void resign_with_stranger(struct buf *result, bool error)
{
    struct ec_key *own = bench.euicc.key;

    buf_clear(result);
    bench.euicc.key = ec_key_generate(EC_CURVE_P256, NULL);
    if (error)
        eim_bench_signed_error(&bench, 3, result);
    else
        eim_bench_result(&bench, "830100", result);
    ec_key_free(bench.euicc.key);
    bench.euicc.key = own;
}

static void lie_with(enum lie lie, struct buf *result)
{
    uint64_t counter = bench.counter;
    uint8_t transaction = bench.transaction[0];
    int64_t token = bench.token;

    if (lie == LIE_COUNTER)
        bench.counter += 1;
    if (lie == LIE_TRANSACTION)
        bench.transaction[0] ^= 1;
    if (lie == LIE_TOKEN)
        bench.token = 7;
    eim_bench_result(&bench, "830100", result);
    bench.counter = counter;
    bench.transaction[0] = transaction;
    bench.token = token;
    if (lie == LIE_SIGNATURE)
        result->data[result->size - 1] ^= 1;
    if (lie == LIE_DATA)
        result->data[result->size - 68] ^= 1; /* the enable's code */
    if (lie == LIE_EIM_ID)
        result->data[10] ^= 1;
    if (lie == LIE_CUT)
        result->size--;
    if (lie == LIE_TRAILING)
        buf_append_octet(result, 0);
    if (lie == LIE_SHORT_SIGNATURE) {
        result->data[result->size - 65]--;
        result->size--;
    }
    if (lie == LIE_KEY || lie == LIE_ERROR_UNSIGNED_KEY)
        resign_with_stranger(result, lie == LIE_ERROR_UNSIGNED_KEY);
}

START_TEST(believes_no_liar)
{
    for (enum lie lie = 0; lie < LIE_COUNT; lie++) {
        struct buf result = {0};
        size_t count = 0;
        int64_t order;
        enum eim_error error;

        start();
        order = eim_bench_order(&bench, ENABLE2);
        poll_for(0xBF51);
        lie_with(lie, &result);
        error = eim_bench_provide(&bench, buf_span(&result), NULL, &count);
        /* Signed, but of no package of ours: kept and acknowledged, the order does not care. */
        if (lie == LIE_COUNTER || lie == LIE_TRANSACTION) {
            ck_assert_int_eq(error, EIM_ERROR_NONE);
            ck_assert_uint_eq(count, 1);
        } else {
            ck_assert_msg(error == EIM_ERROR_UNDEFINED, "lie %d", lie);
            ck_assert_uint_eq(count, 0);
        }
        eim_bench_expect(&bench, order, "sent", "");
        ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "disabled");
        buf_free(&result);
        /* The truth still counts. */
        eim_bench_result(&bench, "830100", &result);
        provide(&result, EIM_ERROR_NONE, 1);
        eim_bench_expect(&bench, order, "done", "");
        stop();
    }
}
END_TEST

START_TEST(refuses_every_cut)
{
    struct buf result = {0};

    start();
    eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &result);
    for (size_t size = 0; size < result.size; size++)
        ck_assert_int_eq(eim_bench_provide(&bench, SPAN(result.data, size), NULL, NULL), EIM_ERROR_UNDEFINED);
    buf_free(&result);
    stop();
}
END_TEST

START_TEST(applies_once_acknowledges_always)
{
    struct buf enable = {0}, again = {0}, disable = {0};
    uint64_t numbers[4];
    size_t count;

    start();
    eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &enable);
    buf_append(&again, buf_span(&enable));
    provide(&enable, EIM_ERROR_NONE, 1);
    eim_bench_order(&bench, "\"psmo\":[{\"disable\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\"}}]");
    poll_for(0xBF51);
    eim_bench_result(&bench, "840100", &disable);
    provide(&disable, EIM_ERROR_NONE, 1);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&again), numbers, &count), EIM_ERROR_NONE);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(numbers[0], 2);
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "disabled");
    buf_free(&again);
    stop();
}
END_TEST

START_TEST(learns_of_a_rollback_after_success)
{
    struct buf result = {0};
    int64_t order;

    start();
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "done", "");
    eim_bench_result(&bench, "8C0100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "failed",
                     "rolledBack: the eUICC went back to the profile that was enabled before");
    /* Another second result is not applied. */
    eim_bench_result(&bench, "830100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "failed", NULL);
    /* Which profile is enabled now is asked. */
    poll_for(0xBF51);
    eim_bench_result(&bench, "BF2D14 A012 E310 5A0A 980011223344556677F8 9F7001 01", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID), "enabled");
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "");
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    stop();
}
END_TEST

START_TEST(finds_a_lost_result)
{
    struct buf lost = {0}, error = {0}, list = {0};
    uint8_t transaction[16];
    uint64_t numbers[4];
    size_t count, response, data;
    int64_t order;

    start();
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &lost);
    poll_for(0xBF51);
    eim_bench_signed_error(&bench, 4, &error);
    provide(&error, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "sent", "");
    poll_for(0xBF52);
    memcpy(transaction, bench.transaction, 16);
    response = tlv_open(&list, 0xBF52);
    data = tlv_open(&list, 0xA0);
    tlv_put(&list, 0xA2, buf_span(&lost));
    tlv_put(&list, 0x87, SPAN_ARRAY(transaction));
    tlv_close(&list, data);
    tlv_close(&list, response);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&list), numbers, &count), EIM_ERROR_NONE);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(numbers[0], 2);
    eim_bench_expect(&bench, order, "done", "");
    /* Not there: the order ends. */
    order = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    poll_for(0xBF51);
    eim_bench_signed_error(&bench, 4, &error);
    provide(&error, EIM_ERROR_NONE, 0);
    poll_for(0xBF52);
    ck_assert(buf_append_hex(&error, "BF5204 A002 A200", NULL));
    provide(&error, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "replayError(4), and the eUICC does not keep the result");
    buf_free(&lost);
    buf_free(&list);
    stop();
}
END_TEST

START_TEST(takes_what_version_1_sends)
{
    struct buf result = {0}, list = {0}, notification = {0}, acknowledgements = {0};
    size_t whole, inner;
    int64_t order;

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    /* No eidValue, no eimTransactionId: the certificate says whose it is. */
    eim_bench_data(&bench, "", &result);
    ck_assert_int_eq(eim_take_result(&bench.eim, SPAN_NONE, buf_span(&result), &acknowledgements),
                     EIM_ERROR_NONE);
    buf_free(&result);
    poll_for(0xBF51);
    eim_bench_result(&bench, "BF2D02 A000", &result);
    ck_assert_int_eq(eim_take_result(&bench.eim, SPAN_NONE, buf_span(&result), &acknowledgements),
                     EIM_ERROR_NONE);
    buf_free(&result);
    /* ePRAndNotifications with BF2B inside. */
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &result);
    eim_bench_notification(&bench, 1, EIM_BENCH_ICCID2, &notification);
    whole = tlv_open(&list, 0x30);
    buf_append(&list, buf_span(&result));
    inner = tlv_open(&list, 0xBF2B);
    tlv_put(&list, 0xA0, buf_span(&notification));
    tlv_close(&list, inner);
    tlv_close(&list, whole);
    buf_clear(&acknowledgements);
    ck_assert_int_eq(eim_take_result(&bench.eim, SPAN_NONE, buf_span(&list), &acknowledgements),
                     EIM_ERROR_NONE);
    ck_assert_hex(buf_span(&acknowledgements), "800102 800103");
    eim_bench_expect(&bench, order, "done", "");
    /* An error alone. */
    order = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    ck_assert_int_eq(eim_take_result(&bench.eim, SPAN_NONE, SPAN_STRING("\x02\x01\x01"), &acknowledgements),
                     EIM_ERROR_NONE);
    eim_bench_expect(&bench, order, "failed", "eimPackageResultError: invalidPackageFormat(1)");
    /* Nothing says whose, and nobody is waited for. */
    while (eim_bench_poll(&bench) == EIM_ERROR_NONE) {
        buf_free(&result);
        eim_bench_result(&bench, "BF2D02 A000", &result);
        ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), NULL, NULL), EIM_ERROR_NONE);
    }
    ck_assert_int_eq(eim_take_result(&bench.eim, SPAN_NONE, SPAN_STRING("\x02\x01\x01"), &acknowledgements),
                     EIM_ERROR_MISSING_EID);
    buf_free(&result);
    buf_free(&list);
    buf_free(&notification);
    buf_free(&acknowledgements);
    stop();
}
END_TEST

START_TEST(knows_an_eid_when_it_sees_one)
{
    struct buf package = {0}, acknowledgements = {0};
    struct eim_poll poll = {0};
    static const uint8_t letters[16] = {0x8A};
    static const uint8_t unknown[16] = {0x89, 0x04};

    start();
    ck_assert_int_eq(eim_next_package(&bench.eim, &poll, &package), EIM_ERROR_MISSING_EID);
    poll.eid = SPAN(letters, 15);
    ck_assert_int_eq(eim_next_package(&bench.eim, &poll, &package), EIM_ERROR_INVALID_EID);
    poll.eid = SPAN_ARRAY(letters);
    ck_assert_int_eq(eim_next_package(&bench.eim, &poll, &package), EIM_ERROR_INVALID_EID);
    ck_assert_uint_eq(package.size, 0);
    ck_assert_int_eq(
        eim_take_result(&bench.eim, SPAN_ARRAY(letters), SPAN_STRING("\x02\x01\x01"), &acknowledgements),
        EIM_ERROR_INVALID_EID);
    ck_assert_int_eq(
        eim_take_result(&bench.eim, SPAN_ARRAY(unknown), SPAN_STRING("\x02\x01\x01"), &acknowledgements),
        EIM_ERROR_EID_NOT_FOUND);
    stop();
}
END_TEST

/* --- State changes and notifications -------------------------------------------------------------------- */

START_TEST(asks_again_when_the_state_changed)
{
    struct buf result = {0};
    json_t *euicc;

    start();
    ck_assert_int_eq(eim_bench_poll_changed(&bench, 1), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), 0xBF51);
    /* A change while the list is on its way: the list may be from before. */
    ck_assert_int_eq(eim_bench_poll_changed(&bench, 4), EIM_ERROR_NONE);
    eim_bench_result(&bench, "BF2D14 A012 E310 5A0A 980011223344556687F6 9F7001 01", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    poll_for(0xBF51);
    eim_bench_result(&bench, "BF2D03 81017F", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    euicc = eim_bench_rest(&bench, "GET", "/v1/euiccs/" TEST_EID, NULL, NULL, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(euicc, "stateChangeCause")), "reset(4)");
    json_decref(euicc);
    stop();
}
END_TEST

/* The notifications as REST shows them. */
static size_t notifications(size_t *verified)
{
    json_t *list = eim_bench_rest(&bench, "GET", "/v1/notifications", NULL, NULL, NULL);
    size_t count = json_array_size(list);
    json_t *entry;
    size_t i;

    *verified = 0;
    json_array_foreach(list, i, entry) *verified += json_is_true(json_object_get(entry, "verified")) ? 1 : 0;
    json_decref(list);
    return count;
}

START_TEST(keeps_and_passes_on_notifications)
{
    struct buf enable = {0}, install = {0}, forged = {0}, pending = {0}, eid = {0};
    char address[EIM_ADDRESS_MAX + 1];
    size_t verified;
    int64_t id;

    start();
    ck_assert(buf_append_hex(&eid, bench.eid, NULL));
    eim_bench_notification(&bench, 1, EIM_BENCH_ICCID2, &enable);
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&enable)));
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&enable)));
    ck_assert_uint_eq(notifications(&verified), 1);
    /* An installation is signed without certificates; the eUICC's is known. The EID is not said. */
    eim_bench_notification(&bench, 0, "8900112233445566794", &install);
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&install)));
    ck_assert_str_eq(eim_bench_profile(&bench, "8900112233445566794"), "disabled");
    /* A forged one is kept, changes nothing and goes nowhere. */
    eim_bench_notification(&bench, 3, EIM_BENCH_ICCID2, &forged);
    forged.data[9] ^= 0x40; /* its number */
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&forged)));
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "enabled");
    ck_assert_uint_eq(notifications(&verified), 3);
    ck_assert_uint_eq(verified, 2);
    ck_assert(!eim_take_notification(&bench.eim, buf_span(&eid), SPAN_STRING("\x30\x00")));
    /* Two go to their SM-DP+; what failed comes again later, what is delivered never. */
    ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
    ck_assert_str_eq(address, "smdp.example.com");
    ck_assert_span(buf_span(&pending), buf_span(&enable));
    eim_forward_done(&bench.eim, id, true);
    buf_clear(&pending);
    ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
    ck_assert_span(buf_span(&pending), buf_span(&install));
    eim_forward_done(&bench.eim, id, false);
    buf_clear(&pending);
    ck_assert(!eim_forward_next(&bench.eim, &id, address, &pending));
    for (unsigned tries = 1; tries < EIM_FORWARD_TRIES; tries++) {
        db_run(bench.eim.db, "UPDATE notification SET next_try = 0", DB_NONE);
        ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
        eim_forward_done(&bench.eim, id, false);
    }
    db_run(bench.eim.db, "UPDATE notification SET next_try = 0", DB_NONE);
    ck_assert(!eim_forward_next(&bench.eim, &id, address, &pending));
    buf_free(&enable);
    buf_free(&install);
    buf_free(&forged);
    buf_free(&pending);
    buf_free(&eid);
    stop();
}
END_TEST

/* A notification that is older than what is known does not turn the list back. */
START_TEST(ignores_old_news)
{
    struct buf older = {0}, newer = {0}, eid = {0};

    start();
    ck_assert(buf_append_hex(&eid, bench.eid, NULL));
    eim_bench_notification(&bench, 1, EIM_BENCH_ICCID2, &older);
    eim_bench_notification(&bench, 2, EIM_BENCH_ICCID2, &newer);
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&newer)));
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&older)));
    ck_assert_str_eq(eim_bench_profile(&bench, EIM_BENCH_ICCID2), "disabled");
    buf_free(&older);
    buf_free(&newer);
    buf_free(&eid);
    stop();
}
END_TEST

/* --- Downloads ------------------------------------------------------------------------------------------ */

START_TEST(triggers_downloads)
{
    static const struct {
        const char *what, *data;
    } cases[] = {
        {"\"download\":{\"activationCode\":\"LPA:1$a.b$M\"}", "A009 8007 312461 2E62 244D"},
        {"\"download\":{\"smdpAddress\":\"a.b\",\"matchingId\":\"M\"}", "A009 8007 312461 2E62 244D"},
        {"\"download\":{\"smdpAddress\":\"a.b\",\"mode\":\"direct\"}", "A008 8006 312461 2E62 24"},
        {"\"download\":{\"defaultSmdp\":true}", "A002 8100"},
        {"\"download\":{\"smds\":\"a.b\"}", "A007 A205 8003 612E62"},
        {"\"download\":{\"smds\":\"\"}", "A002 A200"},
    };
    struct buf result = {0};

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t order = eim_bench_order(&bench, cases[i].what);
        struct eim_download download;
        struct tlv_reader reader;
        struct span content;
        struct tlv first;

        poll_for(0xBF54);
        ck_assert_int_eq(tlv_single(buf_span(&bench.package), 0xBF54, &content), TLV_OK);
        reader = tlv_reader(content);
        ck_assert_int_eq(tlv_next(&reader, &first), TLV_OK);
        ck_assert_hex(first.whole, cases[i].data);
        ck_assert(eim_download_by_eid(&bench.eim, bench.eid, &download));
        ck_assert_int_eq(download.order, order);
        if (i < 2) {
            ck_assert_str_eq(download.smdp_address, "a.b");
            ck_assert_str_eq(download.matching_id, "M");
        }
        ck_assert(buf_append_hex(&result, "BF5405 3003 800168", NULL));
        provide(&result, EIM_ERROR_NONE, 0);
        eim_bench_expect(&bench, order, "failed", "profileDownloadError: ecallActive(104)");
        ck_assert(!eim_download_by_eid(&bench.eim, bench.eid, &download));
    }
    stop();
}
END_TEST

static void put_trigger_result(struct span installation, struct buf *out)
{
    size_t at = tlv_open(out, 0xBF54);

    tlv_put(out, 0x82, SPAN_ARRAY(bench.transaction));
    buf_append(out, installation);
    tlv_close(out, at);
}

START_TEST(follows_an_indirect_download)
{
    struct buf result = {0}, installation = {0}, pending = {0};
    char address[EIM_ADDRESS_MAX + 1];
    struct eim_download download;
    struct span content;
    int64_t order, id;

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    eim_bench_data(&bench, "A804 8002 0260", &result); /* indirect, eimDownloadDataHandling */
    provide(&result, EIM_ERROR_NONE, 0);
    order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\",\"mode\":\"indirect\","
                                    "\"confirmationCode\":\"1234\"}");
    /* This IPA leaves the data to the eIM: the trigger has none. */
    poll_for(0xBF54);
    ck_assert_int_eq(tlv_single(buf_span(&bench.package), 0xBF54, &content), TLV_OK);
    ck_assert_uint_eq(content.size, 18);
    ck_assert(eim_download_by_transaction(&bench.eim, bench.transaction_id, &download));
    ck_assert_str_eq(download.smdp_address, "a.b");
    ck_assert_str_eq(download.confirmation_code, "1234");
    eim_download_report(&bench.eim, order, EIM_STEP_INITIATED, SPAN_STRING("smdp-transaction"), NULL);
    ck_assert(eim_download_by_smdp_transaction(&bench.eim, SPAN_STRING("smdp-transaction"), &download));
    ck_assert_int_eq(download.order, order);
    ck_assert(!eim_download_by_smdp_transaction(&bench.eim, SPAN_STRING("another"), &download));
    eim_download_report(&bench.eim, order, EIM_STEP_BOUND, SPAN_NONE, NULL);
    eim_bench_notification(&bench, 0, EIM_BENCH_ICCID, &installation);
    put_trigger_result(buf_span(&installation), &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "done", "");
    ck_assert(eim_forward_next(&bench.eim, &id, address, &pending));
    ck_assert_span(buf_span(&pending), buf_span(&installation));
    buf_free(&installation);
    buf_free(&pending);
    stop();
}
END_TEST

/* The notification alone ends a relayed download; the trigger's result that follows, twice, changes nothing.
 */
START_TEST(ends_a_download_by_its_notification)
{
    struct buf result = {0}, installation = {0}, eid = {0};
    uint64_t numbers[2];
    size_t count;
    int64_t order;

    start();
    ck_assert(buf_append_hex(&eid, bench.eid, NULL));
    order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\"}");
    poll_for(0xBF54);
    eim_download_report(&bench.eim, order, EIM_STEP_INITIATED, SPAN_STRING("smdp-transaction"), NULL);
    eim_bench_notification(&bench, 0, "8900112233445566794", &installation);
    put_trigger_result(buf_span(&installation), &result);
    ck_assert(eim_take_notification(&bench.eim, buf_span(&eid), buf_span(&installation)));
    eim_bench_expect(&bench, order, "done", "");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), numbers, &count), EIM_ERROR_NONE);
        ck_assert_uint_eq(count, 1);
        ck_assert_uint_eq(numbers[0], bench.sequence);
    }
    eim_bench_expect(&bench, order, "done", "");
    buf_free(&result);
    buf_free(&installation);
    buf_free(&eid);
    stop();
}
END_TEST

/* The answer to a result got lost: the same result again is no error. */
START_TEST(takes_any_result_twice)
{
    struct buf data = {0}, refused = {0};
    size_t at;
    int64_t order;

    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    eim_bench_data(&bench, "", &data);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&data), NULL, NULL), EIM_ERROR_NONE);
    provide(&data, EIM_ERROR_NONE, 0);
    order = eim_bench_order(&bench, DISABLE);
    poll_for(0xBF51);
    at = tlv_open(&refused, 0xA0);
    tlv_put(&refused, 0x80, SPAN_ARRAY(bench.transaction));
    tlv_put_unsigned(&refused, 0x02, 1);
    tlv_close(&refused, at);
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&refused), NULL, NULL), EIM_ERROR_NONE);
    provide(&refused, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "eimPackageResultError: invalidPackageFormat(1)");
    stop();
}
END_TEST

START_TEST(believes_no_forged_installation)
{
    struct buf result = {0}, installation = {0}, pending = {0};
    char address[EIM_ADDRESS_MAX + 1];
    int64_t order, id;

    start();
    order = eim_bench_order(&bench, "\"download\":{\"activationCode\":\"1$a.b$M\"}");
    poll_for(0xBF54);
    eim_bench_notification(&bench, 0, "8900112233445566794", &installation);
    installation.data[installation.size - 1] ^= 1;
    put_trigger_result(buf_span(&installation), &result);
    provide(&result, EIM_ERROR_NONE, 0);
    eim_bench_expect(&bench, order, "failed", "the ProfileInstallationResult is not signed by the eUICC");
    ck_assert_str_eq(eim_bench_profile(&bench, "8900112233445566794"), "");
    ck_assert(!eim_forward_next(&bench.eim, &id, address, &pending));
    buf_free(&installation);
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
    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(&result), NULL, NULL), EIM_ERROR_UNDEFINED);
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

TEST_MAIN("eim", asks_for_what_it_must_know, believes_only_its_own_certificate, asks_for_less_when_refused,
          builds_every_command, sends_the_same_until_answered, names_every_code, names_every_package_error,
          believes_no_liar, refuses_every_cut, applies_once_acknowledges_always,
          learns_of_a_rollback_after_success, finds_a_lost_result, takes_what_version_1_sends,
          knows_an_eid_when_it_sees_one, asks_again_when_the_state_changed, keeps_and_passes_on_notifications,
          ignores_old_news, triggers_downloads, follows_an_indirect_download,
          ends_a_download_by_its_notification, takes_any_result_twice, believes_no_forged_installation,
          serves_several_euiccs, survives_a_kill_between_any_two_requests, stops_at_the_last_counter)
