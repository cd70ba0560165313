/* servers/eim's relay and an SM-DP+ that is a stub: every error it can refuse with, answers that are none,
 * and those that come late. */
#include "apdu/tlv.h"
#include "tests/support/esipa.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static struct esipa_bench bench;

#define DIRECT_FEATURES "0640" /* indirectRspServerCommunication */

/* --- Every refusal of an SM-DP+, by the stub ------------------------------------------------------------ */

static const char refused[] =
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":"
    "{\"subjectCode\":\"%s\",\"reasonCode\":\"%s\",\"message\":\"no\"}}}}";

/* A session at the stub that the order knows: messages in full form go there. */
static void start_stub(void)
{
    char download[200];
    int64_t order;

    esipa_bench_start(&bench);
    esipa_bench_introduce(&bench, DIRECT_FEATURES);
    snprintf(download, sizeof(download), "{\"activationCode\":\"1$%s$demo\"}", bench.address);
    order = esipa_bench_order(&bench, download);
    eim_download_report(&bench.eim, order, EIM_STEP_INITIATED, hex(ESIPA_BENCH_TRANSACTION), NULL);
    bench.stub.code = 200;
}

/* A request of each function that the eIM passes on, and its answer's error: AuthenticateClient and the
 * others with what an eUICC answers when something is wrong. */
static const struct {
    uint32_t tag;
    const char *message;
} relayed[] = {
    {0xBF39, NULL}, /* has the address in it */
    {0xBF3B, "BF3B1A8008" ESIPA_BENCH_TRANSACTION "BF380DA10B8006010203040506020106"},
    {0xBF3A, "BF3A158008" ESIPA_BENCH_TRANSACTION "BF2108A106800101020104"},
    {0xBF41, "BF410F8008" ESIPA_BENCH_TRANSACTION "A103810105"},
};

static void expect_error(uint32_t tag, unsigned number)
{
    char expected[40], message[300], digits[100];
    size_t i = 0;

    while (relayed[i].tag != tag)
        i++;
    if (relayed[i].message == NULL) {
        hex_from_span(span_of_string(bench.address), digits, sizeof(digits));
        snprintf(message, sizeof(message),
                 "BF39%02zX811000112233445566778899AABBCCDDEEFF83%02zX%sBF20058203020202",
                 28 + strlen(bench.address), strlen(bench.address), digits);
    } else {
        snprintf(message, sizeof(message), "%s", relayed[i].message);
    }
    snprintf(expected, sizeof(expected), "%04X03%s01%02X", tag, tag == 0xBF3B ? "82" : "81", number);
    esipa_bench_expect(&bench, message, ESIPA_ANSWERED, expected);
}

START_TEST(maps_refusals)
{
    static const struct {
        uint32_t tag;
        const char *subject, *reason;
        unsigned number;
    } cases[] = {
        {0xBF39, "8.8.1", "3.8", 1},   {0xBF39, "8.8.3", "3.1", 2},   {0xBF39, "8.8.2", "3.1", 3},
        {0xBF39, "8.8.4", "3.7", 3},   {0xBF39, "8.8", "3.1", 127},   {0xBF39, "", "", 127},
        {0xBF3B, "8.1.2", "6.1", 1},   {0xBF3B, "8.1.2", "6.3", 2},   {0xBF3B, "8.1.3", "6.1", 3},
        {0xBF3B, "8.1.3", "6.3", 4},   {0xBF3B, "8.1", "6.1", 5},     {0xBF3B, "8.2.6", "3.8", 6},
        {0xBF3B, "8.1.1", "3.8", 7},   {0xBF3B, "8.2.5", "4.3", 8},   {0xBF3B, "8.11.1", "3.9", 9},
        {0xBF3B, "8.10.1", "3.9", 10}, {0xBF3B, "8.1", "4.8", 11},    {0xBF3B, "8.8.5", "4.10", 18},
        {0xBF3B, "8.9.5", "3.9", 56},  {0xBF3B, "8.1", "4.2", 127},   {0xBF3A, "8.1", "6.1", 1},
        {0xBF3A, "8.2.7", "2.2", 2},   {0xBF3A, "8.2.7", "3.8", 3},   {0xBF3A, "8.2.7", "6.4", 4},
        {0xBF3A, "8.2", "3.7", 5},     {0xBF3A, "8.10.1", "3.9", 95}, {0xBF3A, "8.8.5", "4.10", 127},
        {0xBF41, "8.10.1", "3.9", 1},  {0xBF41, "8.1", "6.1", 2},     {0xBF41, "8.8", "3.10", 127},
    };
    char body[300];

    start_stub();
    bench.stub.body = body;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(body, sizeof(body), refused, cases[i].subject, cases[i].reason);
        expect_error(cases[i].tag, cases[i].number);
    }
    ck_assert_uint_eq(bench.stub.requests, sizeof(cases) / sizeof(cases[0]));
    esipa_bench_stop(&bench);
}
END_TEST

START_TEST(survives_answers_that_are_none)
{
    static const char *const bodies[] = {
        NULL,
        "",
        "{",
        "[]",
        "7",
        "{}",
        "{\"header\":{}}",
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}}}",
        "{\"header\":{\"functionExecutionStatus\":{\"status\":7}}}",
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}",
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},\"transactionId\":"
        "\"XY\"}",
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},\"transactionId\":"
        "\"0102\","
        "\"serverSigned1\":\"AAAA\",\"profileMetadata\":\"vyUA\",\"boundProfilePackage\":\"vzYB\"}",
    };
    static const int codes[] = {500, 404, 302};

    start_stub();
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        bench.stub.body = bodies[i];
        for (size_t f = 0; f < 3; f++) /* CancelSession needs nothing but the status */
            expect_error(relayed[f].tag, 127);
    }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        bench.stub.code = codes[i];
        for (size_t f = 0; f < 4; f++)
            expect_error(relayed[f].tag, 127);
    }
    esipa_bench_stop(&bench);
}
END_TEST

/* Every message cut off after every octet, and with every octet changed: always one answer, and the next
 * message is served. */
START_TEST(survives_damaged_messages)
{
    static const char *const others[] = {
        "BF4F1C5A10" TEST_EID "8000810101820362F210",
        "BF50195A10" TEST_EID "BF510430020500",
        "BF50275A10" TEST_EID "BF5212A010A00E30005F3700A10A800101020101",
        "BF3D1CA01AA018A00E800101020101A206A0044F0200125F3706010203040506",
        "BF3D19A017A115BF2F0C800101810206400C03612E625F3703010203",
    };
    char body[300];

    start_stub();
    snprintf(body, sizeof(body), refused, "8.2.6", "3.8");
    bench.stub.body = body;
    for (size_t i = 0; i < 8; i++) {
        struct span message = hex(i < 3 ? relayed[i + 1].message : others[i - 3]);
        struct buf damaged = {0};

        for (size_t size = 0; size < message.size; size++)
            ck_assert_int_eq(esipa_bench_send(&bench, SPAN(message.data, size)), ESIPA_MALFORMED);
        for (size_t at = 0; at < 8 * message.size; at++) {
            buf_clear(&damaged);
            buf_append(&damaged, message);
            damaged.data[at / 8] ^= (uint8_t)(1u << at % 8);
            esipa_bench_send(&bench, buf_span(&damaged));
        }
        buf_free(&damaged);
        esipa_bench_expect(&bench, "BF4F00", ESIPA_ANSWERED, "BF4F03020104");
    }
    esipa_bench_stop(&bench);
}
END_TEST

/* --- Late answers --------------------------------------------------------------------------------------- */

struct late {
    unsigned answers;
    struct buf last;
};

static void on_late(void *context, enum esipa_outcome outcome, struct span answer)
{
    struct late *late = context;

    ck_assert_int_eq(outcome, ESIPA_ANSWERED);
    late->answers++;
    buf_clear(&late->last);
    buf_append(&late->last, answer);
}

START_TEST(waits_for_nobody)
{
    struct late late = {0};
    char body[300];

    start_stub();
    snprintf(body, sizeof(body), refused, "8.2.6", "3.8");
    bench.stub.body = body;
    bench.stub.delay = 300;
    for (unsigned i = 0; i < 5; i++)
        esipa_message(&bench.eim, bench.relay, hex(relayed[1].message), on_late, &late);
    ck_assert_uint_eq(late.answers, 0);
    /* Other eUICCs are served meanwhile. */
    for (unsigned i = 0; i < 50; i++)
        esipa_bench_expect(&bench, "BF4F00", ESIPA_ANSWERED, "BF4F03020104");
    ck_assert_uint_eq(late.answers, 0);
    for (unsigned i = 0; i < 200 && late.answers < 5; i++)
        esipa_bench_turn(&bench, 10);
    ck_assert_uint_eq(late.answers, 5);
    ck_assert_hex(buf_span(&late.last), "BF3B03820106");
    /* Who never gets an answer leaves nothing behind. */
    esipa_message(&bench.eim, bench.relay, hex(relayed[1].message), on_late, &late);
    esipa_bench_turn(&bench, 10);
    esipa_bench_stop(&bench);
    ck_assert_uint_eq(late.answers, 5);
    buf_free(&late.last);
}
END_TEST

START_TEST(bounds_what_is_on_its_way)
{
    struct late late = {0};

    start_stub();
    bench.stub.code = 500;
    for (unsigned i = 0; i < RELAY_CALLS_MAX; i++)
        esipa_message(&bench.eim, bench.relay, hex(relayed[3].message), on_late, &late);
    ck_assert_uint_eq(late.answers, 0);
    esipa_message(&bench.eim, bench.relay, hex(relayed[3].message), on_late, &late);
    ck_assert_uint_eq(late.answers, 1);
    ck_assert_hex(buf_span(&late.last), "BF410381017F");
    esipa_bench_stop(&bench);
    buf_free(&late.last);
}
END_TEST

TEST_MAIN("esipa_stub", maps_refusals, survives_answers_that_are_none, survives_damaged_messages,
          waits_for_nobody, bounds_what_is_on_its_way)
