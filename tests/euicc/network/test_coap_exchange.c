/* Requests, acknowledgements, repetitions and rejections (RFC 7252 4 and 5.2). Messages were written by hand
 * after the figures of RFC 7252 3 and Appendix A. */
#include "tests/euicc/network/coap_script.h"

#include "tests/support/hostile.h"

#include <stdio.h>
#include <string.h>

#define EMPTY_POST "42 02 0001 A001 B1 61"

static struct coap_exchange *begin(struct span payload)
{
    const struct coap_request request = script_request(payload);

    return coap_exchange_new(&request, 0);
}

/* The values of RFC 7252 A's figure 16, as a POST and with a token. */
START_TEST(a_request_and_its_answer)
{
    struct coap_request request = script_request(SPAN_STRING("20 C"));
    struct coap_exchange *exchange;

    request.path = "/temperature";
    request.message_id = 0x7D34;
    request.token = 0x2071;
    exchange = coap_exchange_new(&request, 0);
    SCRIPT_PLAY(exchange,
                {"42 02 7D34 2071 BB 74656D7065726174757265 FF 32302043", "62 45 7D34 2071 FF 32322E332043"});
    ck_assert_int_eq(coap_exchange_answer(exchange)->content_format, -1);
    script_complete(exchange, COAP_CODE(2, 5), SPAN_STRING("22.3 C"));
}
END_TEST

/* What an IPAe says: host, three pieces, application/octet-stream. */
START_TEST(every_option_has_its_place)
{
    struct coap_request request = script_request(hex("BF4F00"));
    struct coap_exchange *exchange;

    request.path = "/gsma/rsp2/asn1";
    request.host = "eim.example";
    request.content_format = 42;
    exchange = coap_exchange_new(&request, 0);
    SCRIPT_PLAY(exchange, {"42 02 0001 A001 3B 65696D2E6578616D706C65 84 67736D61 04 72737032 04 61736E31"
                           "11 2A FF BF4F00",
                           "62 44 0001 A001 C1 2A FF BF4F01AA"});
    ck_assert_int_eq(coap_exchange_answer(exchange)->content_format, 42);
    script_complete(exchange, COAP_CODE(2, 4), hex("BF4F01AA"));
}
END_TEST

START_TEST(paths)
{
    static const struct {
        const char *path, *options;
    } good[] = {
        {"", ""},
        {"/", ""},
        {"/a/", "B161 00"},
        {"//a", "B0 01 61"},
        {"/0123456789abc", "BD00 30313233343536373839616263"},
    };
    struct coap_request request = script_request(SPAN_STRING(""));
    char longest[1 + COAP_TEXT_MAX + 2] = "/";

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct buf *sent = test_buf();
        struct coap_exchange *exchange;
        struct span datagram;

        request.path = good[i].path;
        exchange = coap_exchange_new(&request, 0);
        buf_append(sent, hex("42 02 0001 A001"));
        buf_append(sent, hex(good[i].options));
        ck_assert(coap_exchange_next(exchange, &datagram));
        ck_assert_span(datagram, buf_span(sent));
        coap_exchange_free(exchange);
    }
    request.path = "a";
    script_failed(coap_exchange_new(&request, 0), "not a path for CoAP");
    memset(longest + 1, 'a', COAP_TEXT_MAX);
    request.path = longest;
    coap_exchange_free(coap_exchange_new(&request, 0));
    longest[1 + COAP_TEXT_MAX] = 'a';
    script_failed(coap_exchange_new(&request, 0), "not a path for CoAP");
    request.path = "/a";
    request.host = "";
    script_failed(coap_exchange_new(&request, 0), "not a host name for CoAP");
    request.host = longest + 1;
    script_failed(coap_exchange_new(&request, 0), "not a host name for CoAP");
    request.host = NULL;
    request.szx = 7;
    script_failed(coap_exchange_new(&request, 0), "not a request for CoAP");
    request.szx = 6;
    request.content_format = 65536;
    script_failed(coap_exchange_new(&request, 0), "not a request for CoAP");
    request.content_format = 65535;
    request.answer_max = COAP_BODY_MAX + 1;
    script_failed(coap_exchange_new(&request, 0), "not a request for CoAP");
    request.answer_max = COAP_BODY_MAX;
    request.payload = SPAN("", COAP_BODY_MAX + (size_t)1);
    script_failed(coap_exchange_new(&request, 0), "not a request for CoAP");
}
END_TEST

/* RFC 7252 4.2 and 4.8: the same octets, at twice the distance each time, four times. */
START_TEST(repeats_and_gives_up)
{
    static const struct {
        uint16_t jitter;
        int64_t due[5];
    } rows[] = {
        {0, {2000, 6000, 14000, 30000, 62000}},
        {UINT16_MAX, {3000, 9000, 21000, 45000, 93000}},
    };

    for (size_t row = 0; row < 2; row++) {
        struct coap_request request = script_request(SPAN_STRING(""));
        struct coap_exchange *exchange;

        request.jitter = rows[row].jitter;
        exchange = coap_exchange_new(&request, 0);
        for (size_t i = 0; i < 5; i++) {
            script_expect(exchange, EMPTY_POST);
            ck_assert_int_eq(coap_exchange_due(exchange), rows[row].due[i]);
            coap_exchange_tick(exchange, rows[row].due[i] - 1);
            script_expect(exchange, NULL);
            coap_exchange_tick(exchange, rows[row].due[i]);
        }
        script_expect(exchange, NULL);
        script_failed(exchange, "no answer from the server");
    }
}
END_TEST

/* A terminal that comes late with the time does not make everything due at once. */
START_TEST(a_late_clock_counts_from_now)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    coap_exchange_tick(exchange, 100000);
    script_expect(exchange, EMPTY_POST);
    ck_assert_int_eq(coap_exchange_due(exchange), 104000);
    coap_exchange_free(exchange);
}
END_TEST

/* RFC 7252 5.2.2: the acknowledgement ends the repetitions, the response is acknowledged, its repetitions
 * too, and nothing is taken twice. */
START_TEST(separate_response)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    SCRIPT_PLAY(exchange, {EMPTY_POST, "60 00 0001"});
    ck_assert(coap_exchange_due(exchange) == COAP_NEVER);
    coap_exchange_tick(exchange, 1000000);
    SCRIPT_PLAY(exchange, {NULL, "42 44 4D01 A001 FF 31"}, {"60 00 4D01", "42 44 4D01 A001 FF 31"},
                {"60 00 4D01", "42 44 4D01 A001 FF 32"}, {"60 00 4D01", "42 44 4D02 A001 FF 31"},
                {"60 00 4D02", "52 44 4D03 A001 FF 31"}, {NULL, NULL});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
}
END_TEST

START_TEST(separate_response_that_is_not_confirmable)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    SCRIPT_PLAY(exchange, {EMPTY_POST, "60 00 0001"}, {NULL, "52 44 4D01 A001 FF 31"}, {NULL, NULL});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
}
END_TEST

/* The acknowledgement was lost, or comes behind: the response stands for it. */
START_TEST(separate_response_first)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    SCRIPT_PLAY(exchange, {EMPTY_POST, "42 44 4D01 A001 FF 31"}, {"60 00 4D01", "60 00 0001"}, {NULL, NULL});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
}
END_TEST

/* An acknowledgement takes back a repetition that nobody has sent yet. */
START_TEST(acknowledged_while_repeating)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    script_expect(exchange, EMPTY_POST);
    coap_exchange_tick(exchange, 2000);
    coap_exchange_receive(exchange, hex("60 00 0001"), 2001);
    script_expect(exchange, NULL);
    coap_exchange_free(exchange);
}
END_TEST

START_TEST(reset_by_the_server)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    SCRIPT_PLAY(exchange, {EMPTY_POST, "70 00 0002"}, {NULL, "70 00 0001"}, {NULL, NULL});
    script_failed(exchange, "the server has reset the request");
    exchange = begin(SPAN_STRING(""));
    SCRIPT_PLAY(exchange, {EMPTY_POST, "60 00 0001"}, {NULL, "70 00 0001"});
    script_failed(exchange, "the server has reset the request");
}
END_TEST

/* What says nothing to the exchange: ignored, or reset if somebody waits for an acknowledgement. */
START_TEST(strange_messages)
{
    static const struct script_round rounds[] = {
        {EMPTY_POST, ""},                        /* nothing at all */
        {NULL, "62 44 00"},                      /* shorter than a header */
        {NULL, "A2 44 0001 A001"},               /* another version */
        {NULL, "02 44 0001 A001"},               /* another version */
        {NULL, "62 44 0001 A002 FF 31"},         /* the token of another request */
        {NULL, "61 44 0001 A0"},                 /* a shorter token */
        {NULL, "60 44 0001"},                    /* none */
        {NULL, "63 44 0001 00A001"},             /* a longer one */
        {NULL, "62 44 0002 A001 FF 31"},         /* acknowledges another message */
        {NULL, "60 00 0002"},                    /* likewise */
        {NULL, "50 00 0001"},                    /* empty and not confirmable */
        {NULL, "72 44 0001 A001"},               /* a reset with a code */
        {NULL, "62 44 0001 A001 FF"},            /* a payload marker and no payload */
        {NULL, "6F 44 0001 A001"},               /* a token of 15 octets */
        {NULL, "61 00 0001 A0"},                 /* empty, and not */
        {NULL, "52 44 4D01 B001 FF 31"},         /* not confirmable, with an unknown token */
        {NULL, "62 02 0001 A001"},               /* a request as an acknowledgement */
        {NULL, "62 C4 0001 A001"},               /* a class that is reserved */
        {NULL, "40 00 4D02"},                    /* a ping */
        {"70 00 4D02", "42 44 4D03 B001 FF 31"}, /* confirmable, with an unknown token */
        {"70 00 4D03", "42 44 4D04 A000 FF 31"}, /* of before the first request */
        {"70 00 4D04", "42 01 4D05 A001"},       /* a request */
        {"70 00 4D05", "42 24 4D06 A001"},       /* classes that are reserved */
        {"70 00 4D06", "42 E1 4D07 A001"},
        {"70 00 4D07", "42 44 4D08 A001 FF"}, /* malformed */
        {"70 00 4D08", "49 44 4D09 A001"},
        {"70 00 4D09", "42 44 4D0A A001 F0"},
        {"70 00 4D0A", "42 44 4D0B A001 0F"},
        {"70 00 4D0B", "42 44 4D0C A001 D0"},
        {"70 00 4D0C", "42 44 4D0D A001 E0 FE"},
        {"70 00 4D0D", "42 44 4D0E A001 E0 FEF4"}, /* an option beyond 65535 */
        {"70 00 4D0E", "42 44 4D0F A001 E0 FE00 E0 0000"},
        {"70 00 4D0F", "42 44 4D10 A001 12"},
        {"70 00 4D10", "40 00 4D11 00"},
        {"70 00 4D11", NULL},
    };
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    script_play(exchange, rounds, sizeof(rounds) / sizeof(rounds[0]));
    ck_assert_int_eq(coap_exchange_due(exchange), 2000);
    SCRIPT_PLAY(exchange, {NULL, "62 44 0001 A001 FF 31"});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
}
END_TEST

START_TEST(a_server_that_goes_on_about_nothing)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    script_expect(exchange, EMPTY_POST);
    for (unsigned i = 0; i < 63; i++)
        coap_exchange_receive(exchange, hex("60 00 0001"), 0);
    ck_assert_int_eq(coap_exchange_state(exchange), COAP_RUNNING);
    coap_exchange_receive(exchange, hex("60 00 0001"), 0);
    script_failed(exchange, "the server sends what answers nothing");
}
END_TEST

/* What waits to be sent has a limit too. */
START_TEST(replies_that_nobody_takes)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    script_expect(exchange, EMPTY_POST);
    for (uint8_t i = 0; i < 40; i++)
        coap_exchange_receive(exchange, SPAN(((uint8_t[]){0x40, 0, 1, i / 2}), 4), 0);
    script_expect(exchange, "70000100|70000101|70000102|70000103|70000104|70000105|70000106|70000107");
    coap_exchange_free(exchange);
}
END_TEST

START_TEST(refusals)
{
    static const struct {
        const char *received, *why;
        unsigned code;
    } rows[] = {
        {"62 84 0001 A001", "CoAP response 4.04", COAP_CODE(4, 4)},
        {"62 A0 0001 A001 FF 6E6F742074686572650A", "CoAP response 5.00: not there?", COAP_CODE(5, 0)},
        {"62 A3 0001 A001 C0 FF 7B7D", "CoAP response 5.03", COAP_CODE(5, 3)}, /* a format: not its words */
        {"62 63 0001 A001 FF 31", "CoAP response 3.03: 1", COAP_CODE(3, 3)},
        {"62 8D 0001 A001", "CoAP response 4.13", COAP_CODE(4, 13)},
        {"62 5F 0001 A001 D1 0E 08", "the server waits for blocks that do not exist", 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_exchange *exchange = begin(SPAN_STRING(""));

        SCRIPT_PLAY(exchange, {EMPTY_POST, rows[i].received}, {NULL, NULL});
        ck_assert_uint_eq(coap_exchange_answer(exchange)->code, rows[i].code);
        script_failed(exchange, rows[i].why);
    }
}
END_TEST

/* A server's words are long, or would command a terminal. */
START_TEST(hostile_diagnostics)
{
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        struct buf *message = test_buf();
        struct coap_exchange *exchange = begin(SPAN_STRING(""));

        buf_append(message, hex("62 80 0001 A001 FF"));
        buf_append(message, span_of_string(hostile_texts[i]));
        coap_exchange_receive(exchange, buf_span(message), 0);
        ck_assert_harmless(coap_exchange_why(exchange), 0);
        for (unsigned more = 0; more < 300; more++)
            buf_append_octet(message, 'x');
        coap_exchange_free(exchange);
        exchange = begin(SPAN_STRING(""));
        coap_exchange_receive(exchange, buf_span(message), 0);
        ck_assert_uint_lt(strlen(coap_exchange_why(exchange)), COAP_WHY_SIZE - 1);
        coap_exchange_free(exchange);
    }
}
END_TEST

/* RFC 7252 5.4.1: critical options that are not understood, also such that come twice or have not their form,
 * and those that mean nothing in an answer. */
START_TEST(critical_options)
{
    static const struct {
        const char *options, *number;
    } rows[] = {
        {"91 01", "9"},                                 /* OSCORE */
        {"B1 61", "11"},                                /* Uri-Path */
        {"D4 0A 00000000", "23"},                       /* Block2 of four octets */
        {"D1 0A 07", "23"},                             /* of a reserved size */
        {"D1 0A 00 01 00", "23"},                       /* twice */
        {"D1 0E 07", "27"},                             /* Block1 likewise */
        {"E0 FEF2", "65535"},     {"91 01 21 61", "9"}, /* the first of two */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_exchange *exchange = begin(SPAN_STRING(""));
        char received[80];
        char why[COAP_WHY_SIZE];

        snprintf(why, sizeof(why), "the answer has option %s, which is critical and not understood",
                 rows[i].number);
        snprintf(received, sizeof(received), "62 44 0001 A001 %s FF 31", rows[i].options);
        SCRIPT_PLAY(exchange, {EMPTY_POST, received}, {NULL, NULL});
        script_failed(exchange, why);
        exchange = begin(SPAN_STRING(""));
        snprintf(received, sizeof(received), "42 44 4D01 A001 %s FF 31", rows[i].options);
        SCRIPT_PLAY(exchange, {EMPTY_POST, received}, {"70 00 4D01", received}, {"70 00 4D01", NULL});
        script_failed(exchange, why);
    }
}
END_TEST

/* … elective ones are passed over: of a form that is not theirs, a second Content-Format, Max-Age, unknown.
 */
START_TEST(elective_options)
{
    static const char *const options[] = {"40", "C3 000000", "E0 FEF1", "21 00", "21 3C", "D5 0F 0000000000"};
    struct coap_exchange *exchange;

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char received[80];

        exchange = begin(SPAN_STRING(""));
        snprintf(received, sizeof(received), "62 44 0001 A001 %s FF 31", options[i]);
        SCRIPT_PLAY(exchange, {EMPTY_POST, received});
        ck_assert_int_eq(coap_exchange_answer(exchange)->content_format, -1);
        script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
    }
    exchange = begin(SPAN_STRING(""));
    SCRIPT_PLAY(exchange, {EMPTY_POST, "62 44 0001 A001 C1 2A 01 32 FF 31"});
    ck_assert_int_eq(coap_exchange_answer(exchange)->content_format, 42);
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
}
END_TEST

/* Any octet in any place of an answer, and every beginning of one: the exchange ends or waits, within its
 * limit. */
START_TEST(hostile_answers)
{
    struct span datagram = hex("62 44 0001 A001 41 01 81 2A B1 08 51 21 FF 61616161616161616161616161616161");
    struct buf *changed = test_buf();

    for (size_t at = 0; at < datagram.size; at++) {
        for (unsigned octet = 0; octet <= 256; octet++) {
            struct coap_exchange *exchange = begin(SPAN_STRING(""));

            script_expect(exchange, EMPTY_POST);
            buf_clear(changed);
            buf_append(changed, octet < 256 ? datagram : SPAN(datagram.data, at));
            if (octet < 256)
                changed->data[at] = (uint8_t)octet;
            coap_exchange_receive(exchange, buf_span(changed), 0);
            ck_assert_uint_lt(coap_exchange_answer(exchange)->payload.size, datagram.size);
            ck_assert((coap_exchange_state(exchange) == COAP_FAILED) == (*coap_exchange_why(exchange) != 0));
            coap_exchange_free(exchange);
        }
    }
}
END_TEST

/* Behind the end: what comes late is answered so that the server stops, and changes nothing. */
START_TEST(behind_the_end)
{
    struct coap_exchange *exchange = begin(SPAN_STRING(""));

    SCRIPT_PLAY(exchange, {EMPTY_POST, "62 44 0001 A001 FF 31"}, {NULL, "62 44 0001 A001 FF 32"},
                {NULL, "42 44 4D01 A001 FF 32"}, {"60 00 4D01", "42 44 4D02 B001 FF 32"},
                {"70 00 4D02", "70 00 0001"}, {NULL, NULL});
    coap_exchange_tick(exchange, 1000000);
    script_expect(exchange, NULL);
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
    exchange = begin(SPAN_STRING(""));
    SCRIPT_PLAY(exchange, {EMPTY_POST, "70 00 0001"}, {NULL, "42 44 4D01 A001 FF 32"}, {"70 00 4D01", NULL});
    script_failed(exchange, "the server has reset the request");
    exchange = begin(SPAN_STRING(""));
    SCRIPT_PLAY(exchange, {EMPTY_POST, "42 84 4D01 A001"}, {"60 00 4D01", "42 84 4D01 A001"},
                {"60 00 4D01", NULL});
    script_failed(exchange, "CoAP response 4.04");
    coap_exchange_free(NULL);
}
END_TEST

TEST_MAIN("coap_exchange", a_request_and_its_answer, every_option_has_its_place, paths, repeats_and_gives_up,
          a_late_clock_counts_from_now, separate_response, separate_response_that_is_not_confirmable,
          separate_response_first, acknowledged_while_repeating, reset_by_the_server, strange_messages,
          a_server_that_goes_on_about_nothing, replies_that_nobody_takes, refusals, hostile_diagnostics,
          critical_options, elective_options, hostile_answers, behind_the_end)
