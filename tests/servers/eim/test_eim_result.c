/* servers/eim: from what comes back to the order's end. The eUICC signs here, and lies here. */
#include "tests/servers/eim/exchange.h"

#include "tests/support/test.h"

#include <string.h>

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

/* What a hostile IPA can do to a result; nothing of it is acknowledged or applied. It ends the order, as the
 * IPA's own refusal would, and says why; the truth still counts after it. */
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
    static const char *const reasons[LIE_COUNT] = {
        [LIE_SIGNATURE] = "the eUICC's signature does not hold",
        [LIE_DATA] = "the eUICC's signature does not hold",
        [LIE_KEY] = "the eUICC's signature does not hold",
        [LIE_TOKEN] = "the eUICC's signature does not hold",
        [LIE_COUNTER] = "the answer has another counter than the package",
        [LIE_EIM_ID] = "the answer is to another eIM",
        [LIE_CUT] = "the answer cannot be read: not one data object, at octet 0 of 112",
        [LIE_TRAILING] = "the answer cannot be read: not one data object, at octet 113 of 114",
        [LIE_SHORT_SIGNATURE] = "the answer cannot be read: not one data object, at octet 0 of 112",
        [LIE_ERROR_UNSIGNED_KEY] = "the eUICC's signature does not hold",
    };

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
        /* Signed, but of no package of ours: kept and acknowledged. */
        ck_assert_int_eq(error, EIM_ERROR_NONE);
        ck_assert_uint_eq(count, lie == LIE_COUNTER || lie == LIE_TRANSACTION);
        eim_bench_expect(&bench, order, reasons[lie] != NULL ? "failed" : "sent",
                         reasons[lie] != NULL ? reasons[lie] : "");
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

/* Another eUICC that we know, with the transaction and the counter of a package that was not its own. */
START_TEST(takes_a_result_from_its_own_eUICC_only)
{
    struct buf result = {0};
    uint8_t transaction[16];
    uint64_t counter;
    int64_t order;

    start();
    order = eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    memcpy(transaction, bench.transaction, sizeof(transaction));
    counter = bench.counter;
    eim_bench_be(&bench, EIM_BENCH_OTHER);
    eim_bench_introduce(&bench);
    memcpy(bench.transaction, transaction, sizeof(transaction));
    bench.counter = counter;
    eim_bench_result(&bench, "830100", &result);
    provide(&result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, order, "sent", "");
    stop();
}
END_TEST

/* The answer as far as `size`, or with one octet changed, ends its order at once and lets the next one out.
 */
static void hurt(struct buf *result, size_t size, size_t changed)
{
    int64_t order = eim_bench_order(&bench, ENABLE2), behind = eim_bench_order(&bench, DISABLE);

    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", result);
    if (changed < result->size)
        result->data[changed] ^= 0x21;
    result->size = size < result->size ? size : result->size;
    provide(result, EIM_ERROR_NONE, 0);
    /* What is for nobody's order is believed to be for this one when the IPA asks for more. */
    poll_for(0xBF51);
    eim_bench_expect(&bench, order, "failed", NULL);
    eim_bench_expect(&bench, behind, "sent", "");
    eim_bench_result(&bench, "840100", result);
    provide(result, EIM_ERROR_NONE, 1);
    eim_bench_expect(&bench, behind, "done", "");
}

START_TEST(holds_nothing_up_for_what_cannot_be_read)
{
    struct buf result = {0};
    size_t size;

    start();
    eim_bench_order(&bench, ENABLE2);
    poll_for(0xBF51);
    eim_bench_result(&bench, "830100", &result);
    size = result.size;
    provide(&result, EIM_ERROR_NONE, 1);
    for (size_t i = 0; i < size; i++)
        hurt(&result, i, SIZE_MAX);
    for (size_t i = 0; i < size; i++)
        hurt(&result, SIZE_MAX, i);
    stop();
}
END_TEST

/* Each kind of order, answered by what it did not ask for, or by nothing that has a meaning. */
START_TEST(holds_nothing_up_for_what_was_not_asked)
{
    static const struct {
        const char *what;
        uint32_t tag;
        const char *answer, *error;
    } cases[] = {
        {ENABLE2, 0xBF51, "BF5405 3003 800168", "answered by the result of a download, which it is not"},
        {ENABLE2, 0xBF51, "BF5204 A002 A200", "answered with IpaEuiccData, which it did not ask for"},
        {ENABLE2, 0xBF51, "BF5207 A005 8703010203",
         "an answer came that is for no order: its eimTransactionId is that of none"},
        {ENABLE2, 0xBF51, "9F5500", "the answer cannot be read: no EimPackageResult, at octet 0 of 3"},
        {ENABLE2, 0xBF51, "BF5100",
         "the answer cannot be read: malformed EuiccPackageResult, at octet 3 of 3"},
        {"\"data\":{}", 0xBF52, "BF5405 3003 800168",
         "answered by the result of a download, which it is not"},
        {"\"data\":{}", 0xBF52, "BF5206 A004 8000 8000",
         "the answer cannot be read: malformed IpaEuiccDataResponse, at octet 7 of 9"},
        {"\"download\":{\"defaultSmdp\":true}", 0xBF54, "BF5205 A003 840101",
         "answered with IpaEuiccData, which it did not ask for"},
        {"\"download\":{\"defaultSmdp\":true}", 0xBF54, "BF5404 3002 8000",
         "the answer cannot be read: malformed ProfileDownloadTriggerResult, at octet 7 of 7"},
        {"\"download\":{\"defaultSmdp\":true}", 0xBF54, "BF5406 8204 01020304",
         "the answer cannot be read: malformed ProfileDownloadTriggerResult, at octet 9 of 9"},
    };
    struct buf answer = {0};

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t order = eim_bench_order(&bench, cases[i].what), behind = eim_bench_order(&bench, DISABLE);

        poll_for(cases[i].tag);
        ck_assert(buf_append_hex(&answer, cases[i].answer, NULL));
        provide(&answer, EIM_ERROR_NONE, 0);
        poll_for(0xBF51);
        eim_bench_expect(&bench, order, "failed", cases[i].error);
        eim_bench_expect(&bench, behind, "sent", "");
        eim_bench_result(&bench, "840100", &answer);
        provide(&answer, EIM_ERROR_NONE, 1);
    }
    stop();
}
END_TEST

/* An IPA that never answers: each kind of order ends after a number of sendings. */
START_TEST(waits_for_no_answer_for_ever)
{
    static const char *const orders[] = {ENABLE2, "\"data\":{}", "\"download\":{\"defaultSmdp\":true}"};
    struct buf result = {0};

    start();
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        int64_t order = eim_bench_order(&bench, orders[i]), behind = eim_bench_order(&bench, DISABLE);

        for (int sends = 0; sends < 16; sends++)
            ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
        eim_bench_expect(&bench, order, "sent", "");
        poll_for(0xBF51);
        eim_bench_expect(&bench, order, "failed", "no answer came to it, which was sent 16 times");
        eim_bench_expect(&bench, behind, "sent", "");
        eim_bench_result(&bench, "840100", &result);
        provide(&result, EIM_ERROR_NONE, 1);
    }
    stop();
}
END_TEST

#define PROFILE_V1 "E310 5A0A 980011223344556677F8 9F7001 01"
#define PROFILE_V2 "E314 5A0A 980011223344556677F8 9F7001 01 9F670101"

/* What the package that came last asks of the profiles. */
static bool asks_for_v1(void)
{
    static const uint32_t path[] = {0xBF51, 0x30, 0xA0, 0xBF2D, 0x5C, 0};
    struct span tags;

    if (!tlv_find_path(buf_span(&bench.package), path, &tags))
        return false;
    ck_assert_hex(tags, "5A 4F 9F70 90 91 92 95");
    return true;
}

/* Signed with what v1.0 does not know, which got lost on the way. */
static void answer_reencoded(void)
{
    struct buf whole = {0}, result = {0};
    static const uint32_t path[] = {0xBF51, 0xA0, 0x5F37, 0};
    struct span content, signature;

    eim_bench_result(&bench, "BF2D18 A016 " PROFILE_V2, &whole);
    ck_assert(tlv_find_path(buf_span(&whole), path, &signature));
    bench.sequence--;
    eim_bench_result(&bench, "BF2D14 A012 " PROFILE_V1, &result);
    ck_assert(tlv_find_path(buf_span(&result), path, &content));
    memcpy(result.data + (content.data - result.data), signature.data, signature.size);
    buf_free(&whole);
    provide(&result, EIM_ERROR_NONE, 0);
}

START_TEST(asks_older_ipas_for_what_they_know)
{
    struct buf result = {0}, acknowledgements = {0};
    int64_t order;

    /* One that gives an eidValue is asked for all, until it turns out to have lost something of a list. */
    start();
    order = eim_bench_order(&bench, "\"psmo\":[{\"listProfileInfo\":{}}]");
    poll_for(0xBF51);
    ck_assert(!asks_for_v1());
    answer_reencoded();
    eim_bench_expect(&bench, order, "failed",
                     "the eUICC's signature does not hold; its IPA may have encoded the result anew and lost "
                     "members that v1.0 does not know (profiles: 9F7B, 9F26, 9F67; eIMs: 82)");
    poll_for(0xBF51); /* the eIM's own */
    ck_assert(asks_for_v1());
    eim_bench_result(&bench, "BF2D14 A012 " PROFILE_V1, &result);
    provide(&result, EIM_ERROR_NONE, 1);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    stop();
    /* One that gives none is of v1.0. */
    eim_bench_start(&bench, NULL);
    poll_for(0xBF52);
    eim_bench_data(&bench, "", &result);
    ck_assert_int_eq(eim_take_result(&bench.eim, SPAN_NONE, buf_span(&result), &acknowledgements),
                     EIM_ERROR_NONE);
    poll_for(0xBF51);
    ck_assert(asks_for_v1());
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

TEST_MAIN("eim_result", names_every_code, names_every_package_error, believes_no_liar,
          takes_a_result_from_its_own_eUICC_only, holds_nothing_up_for_what_cannot_be_read,
          holds_nothing_up_for_what_was_not_asked, waits_for_no_answer_for_ever,
          asks_older_ipas_for_what_they_know, applies_once_acknowledges_always,
          learns_of_a_rollback_after_success, finds_a_lost_result, takes_what_version_1_sends,
          knows_an_eid_when_it_sees_one)
