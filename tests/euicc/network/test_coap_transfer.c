/* Payloads and answers in blocks (RFC 7959). Messages were written by hand after the figures of RFC 7959 3;
 * blocks of 16 octets have the values 0N (the last one) and 0N + 8. */
#include "tests/euicc/network/coap_script.h"

#define A16 "61616161616161616161616161616161"
#define B16 "62626262626262626262626262626262"
#define C16 "63636363636363636363636363636363"
#define A32 A16 A16

static struct coap_request blocks(struct span payload, unsigned szx)
{
    struct coap_request request = script_request(payload);

    request.szx = szx;
    return request;
}

static struct coap_exchange *begin(const char *payload, unsigned szx)
{
    const struct coap_request request = blocks(hex(payload), szx);

    return coap_exchange_new(&request, 0);
}

/* Behind Uri-Path "a": Block2 C1 (delta 12), Block1 D1 03 (16) or 41 (4 behind Block2), Size1 D1 14 (33).
 * The second block goes the last one; its Block2 says how large the blocks of the answer may be. */
START_TEST(payload_in_blocks)
{
    struct coap_exchange *exchange = begin(A16 B16 "63", 0);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 D1 03 08 D1 14 21 FF" A16, "62 5F 0001 A001 D1 0E 08"},
                {"42 02 0002 A002 B1 61 D1 03 18 FF" B16, "62 5F 0002 A002 D1 0E 18"},
                {"42 02 0003 A003 B1 61 C0 41 20 FF 63", "62 44 0003 A003 D1 0E 20 FF 31"});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("1"));
}
END_TEST

/* No more octets than needed where one block is enough. */
START_TEST(payload_of_one_block)
{
    struct coap_exchange *exchange = begin(A16, 0);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 C0 FF" A16, "62 44 0001 A001"});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING(""));
}
END_TEST

/* RFC 7959 3.2, figure 9: the server takes the block and wants smaller ones behind it. */
START_TEST(server_asks_for_smaller_blocks)
{
    struct coap_exchange *exchange = begin(A32 B16 "63", 1);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 D1 03 09 D1 14 31 FF" A32, "62 5F 0001 A001 D1 0E 08"},
                {"42 02 0002 A002 B1 61 D1 03 28 FF" B16, "62 5F 0002 A002 D1 0E 29"}, /* no larger ones */
                {"42 02 0003 A003 B1 61 C1 01 41 30 FF 63", "62 44 0003 A003 D1 0E 30"});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING(""));
}
END_TEST

/* One that looks at each block for itself says 2.04 each time (RFC 7959 3.2, figure 7). */
START_TEST(server_takes_each_block_for_itself)
{
    struct coap_exchange *exchange = begin(A16 B16, 0);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 D1 03 08 D1 14 20 FF" A16, "62 44 0001 A001 D1 0E 00"},
                {"42 02 0002 A002 B1 61 C0 41 10 FF" B16, "62 44 0002 A002 D1 0E 10 FF 32"});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING("2"));
}
END_TEST

START_TEST(wrong_confirmations)
{
    static const struct {
        const char *received, *why;
    } rows[] = {
        {"62 5F 0001 A001", "the server has not confirmed the block that it was sent"},
        {"62 5F 0001 A001 D1 0E 18", "the server has not confirmed the block that it was sent"},
        {"62 44 0001 A001 FF 31", "the server has not confirmed the block that it was sent"},
        {"62 84 0001 A001 D1 0E 08", "CoAP response 4.04"},
        {"62 A0 0001 A001 FF 6E6F", "CoAP response 5.00: no"},
        {"62 8D 0001 A001 D1 0E 08", "CoAP response 4.13"}, /* in the same blocks it would be no better */
        {"62 82 0001 A001", "CoAP response 4.02"},          /* knows no blocks */
    };
    struct coap_exchange *exchange;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        exchange = begin(A16 B16, 0);
        coap_exchange_receive(exchange, hex(rows[i].received), 0);
        script_expect(exchange, NULL);
        script_failed(exchange, rows[i].why);
    }
    exchange = begin(A16 B16, 0);
    coap_exchange_receive(exchange, hex("62 5F 0001 A001 D1 0E 08"), 0);
    coap_exchange_receive(exchange, hex("62 44 0002 A002 D1 0E 20"), 0);
    script_failed(exchange, "the server waits for blocks that do not exist");
}
END_TEST

/* 4.13 with a smaller size (RFC 7959 2.9.3): once more in such blocks, also where it was no block; but once.
 */
START_TEST(too_large)
{
    struct coap_exchange *exchange = begin(A16 B16, 1);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 C1 01 FF" A16 B16, "62 8D 0001 A001 D1 0E 08"},
                {"42 02 0002 A002 B1 61 D1 03 08 D1 14 20 FF" A16, "62 5F 0002 A002 D1 0E 08"},
                {"42 02 0003 A003 B1 61 C1 01 41 10 FF" B16, "62 44 0003 A003 D1 0E 10"});
    script_complete(exchange, COAP_CODE(2, 4), SPAN_STRING(""));
    exchange = begin(A32 A32 B16, 2);
    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 D1 03 0A D1 14 50 FF" A32 A32, "62 8D 0001 A001 D1 0E 09"},
                {"42 02 0002 A002 B1 61 D1 03 09 D1 14 50 FF" A32, "62 8D 0002 A002 D1 0E 08"}, {NULL, NULL});
    script_failed(exchange, "CoAP response 4.13");
    exchange = begin(A16, 6); /* what it has said is no reason: the payload is not larger than that */
    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 FF" A16, "62 8D 0001 A001 D1 0E 08"}, {NULL, NULL});
    script_failed(exchange, "CoAP response 4.13");
}
END_TEST

/* 4.08 (RFC 7959 2.9.2): the server has lost what it had. */
START_TEST(incomplete)
{
    struct coap_exchange *exchange = begin(A16 B16, 0);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 D1 03 08 D1 14 20 FF" A16, "62 5F 0001 A001 D1 0E 08"},
                {"42 02 0002 A002 B1 61 C0 41 10 FF" B16, "62 88 0002 A002 D1 0E 10"},
                {"42 02 0003 A003 B1 61 D1 03 08 D1 14 20 FF" A16, "62 5F 0003 A003 D1 0E 08"},
                {"42 02 0004 A004 B1 61 C0 41 10 FF" B16, "62 88 0004 A004 D1 0E 10"}, {NULL, NULL});
    script_failed(exchange, "CoAP response 4.08");
}
END_TEST

/* RFC 7959 3.3: what follows is asked for with the same options and no payload. Block2 08, 18, 20. */
START_TEST(answer_in_blocks)
{
    struct coap_request request = script_request(SPAN_STRING("?"));
    struct coap_exchange *exchange;

    request.content_format = 42;
    exchange = coap_exchange_new(&request, 0);
    SCRIPT_PLAY(exchange,
                {"42 02 0001 A001 B1 61 11 2A FF 3F", "62 44 0001 A001 42 0102 81 2A B1 08 51 21 FF" A16},
                {"42 02 0002 A002 B1 61 11 2A B1 10", "62 45 0002 A002 42 0102 81 2A B1 18 FF" B16},
                {"42 02 0003 A003 B1 61 11 2A B1 20", "62 45 0003 A003 42 0102 81 2A B1 20 FF 63"});
    ck_assert_int_eq(coap_exchange_answer(exchange)->content_format, 42);
    script_complete(exchange, COAP_CODE(2, 4), hex(A16 B16 "63"));
}
END_TEST

/* Smaller blocks in the middle of it: counted anew in their size. The last block may be empty. */
START_TEST(answer_in_smaller_blocks)
{
    struct coap_exchange *exchange = begin("", 1);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 C1 01", "62 44 0001 A001 D1 0A 09 FF" A32},
                {"42 02 0002 A002 B1 61 C1 11", "62 44 0002 A002 D1 0A 28 FF" B16},
                {"42 02 0003 A003 B1 61 C1 30", "62 44 0003 A003 D1 0A 38 FF" C16},
                {"42 02 0004 A004 B1 61 C1 40", "62 44 0004 A004 D1 0A 40"});
    script_complete(exchange, COAP_CODE(2, 4), hex(A32 B16 C16));
}
END_TEST

/* Both in one exchange, with separate responses on the way (RFC 7959 3.3, figure 12). */
START_TEST(blocks_both_ways)
{
    struct coap_exchange *exchange = begin(A16 "62", 0);

    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 D1 03 08 D1 14 11 FF" A16, "60 00 0001"},
                {NULL, "42 5F 4D01 A001 D1 0E 08"},
                {"60 00 4D01|42 02 0002 A002 B1 61 C0 41 10 FF 62", "60 00 0002"},
                {NULL, "42 5F 4D01 A001 D1 0E 08"}, {"60 00 4D01", "42 44 4D02 A002 D1 0A 08 41 10 FF" C16},
                {"60 00 4D02|42 02 0003 A003 B1 61 C1 10", "42 44 4D02 A002 D1 0A 08 41 10 FF" C16},
                {"60 00 4D02", "52 44 4D03 A003 D1 0A 10 FF 64"}, {NULL, NULL});
    script_complete(exchange, COAP_CODE(2, 4), hex(C16 "64"));
}
END_TEST

START_TEST(wrong_blocks)
{
    static const char another[] = "the server answered with another block than it was asked for";
    static const struct {
        const char *first, *second, *why;
    } rows[] = {
        {"62 44 0001 A001 D1 0A 18 FF" A16, NULL, another},      /* not the first */
        {"62 44 0001 A001 D1 0A 08 FF 61", NULL, another},       /* too short for its size */
        {"62 44 0001 A001 D1 0A 08 FF" A16 "61", NULL, another}, /* too long */
        {"62 44 0001 A001 C0 FF" A16 "61", NULL, NULL},          /* Content-Format, no block */
        {"62 44 0001 A001 D0 0A FF" A16 "61", NULL, another},    /* the last one likewise */
        {"62 44 0001 A001 D1 0A 09 FF" A32, NULL, another},      /* larger than asked for */
        {"62 44 0001 A001 D1 0A 08 FF" A16, "62 44 0002 A002 D1 0A 00 FF 61",
         another}, /* one that was there */
        {"62 44 0001 A001 D1 0A 08 FF" A16, "62 44 0002 A002 D1 0A 28 FF" A16, another},
        {"62 44 0001 A001 D1 0A 08 FF" A16, "62 44 0002 A002 FF" A16,
         "the server answered without the block that it was asked for"},
        {"62 44 0001 A001 D1 0A 08 FF" A16, "62 84 0002 A002 D1 0A 10", "CoAP response 4.04"},
        {"62 44 0001 A001 D1 0A 08 FF" A16, "62 A3 0002 A002 FF 6E6F", "CoAP response 5.03: no"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_exchange *exchange = begin("", 0);

        coap_exchange_receive(exchange, hex(rows[i].first), 0);
        if (rows[i].second != NULL)
            coap_exchange_receive(exchange, hex(rows[i].second), 0);
        if (rows[i].why != NULL)
            script_failed(exchange, rows[i].why);
        else
            script_complete(exchange, COAP_CODE(2, 4), hex(A16 "61"));
    }
}
END_TEST

/* An answer that changes is asked for once more from the beginning, by the whole request. */
START_TEST(answer_that_changes)
{
    static const char *const others[] = {
        "62 44 0002 A002 41 02 D1 06 10 FF 62",                                     /* another ETag */
        "62 44 0002 A002 42 0102 D1 06 10 FF 62", "62 44 0002 A002 D1 0A 10 FF 62", /* none */
    };
    struct coap_exchange *exchange;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        exchange = begin("3F", 6);
        SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 FF 3F", "62 44 0001 A001 41 01 D1 06 08 FF" A16},
                    {"42 02 0002 A002 B1 61 C1 10", others[i]},
                    {"42 02 0003 A003 B1 61 FF 3F", "62 44 0003 A003 41 02 D1 06 08 FF" C16},
                    {"42 02 0004 A004 B1 61 C1 10", "62 44 0004 A004 41 02 D1 06 10 FF 64"});
        script_complete(exchange, COAP_CODE(2, 4), hex(C16 "64"));
    }
    exchange = begin("3F", 6); /* from one with an ETag to one without */
    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 FF 3F", "62 44 0001 A001 41 01 D1 06 08 FF" A16},
                {"42 02 0002 A002 B1 61 C1 10", others[2]},
                {"42 02 0003 A003 B1 61 FF 3F", "62 44 0003 A003 D1 0A 08 FF" C16},
                {"42 02 0004 A004 B1 61 C1 10", "62 44 0004 A004 D1 0A 10 FF 64"});
    script_complete(exchange, COAP_CODE(2, 4), hex(C16 "64"));
    exchange = begin("3F", 6);
    SCRIPT_PLAY(exchange, {"42 02 0001 A001 B1 61 FF 3F", "62 44 0001 A001 D1 0A 08 FF" A16},
                {"42 02 0002 A002 B1 61 C1 10", "62 44 0002 A002 41 02 D1 06 10 FF 64"},
                {"42 02 0003 A003 B1 61 FF 3F", "62 44 0003 A003 41 02 D1 06 08 FF" C16},
                {"42 02 0004 A004 B1 61 C1 10", "62 44 0004 A004 41 03 D1 06 10 FF 64"}, {NULL, NULL});
    script_failed(exchange, "the answer changes while it is read");
}
END_TEST

/* The limit is of the whole answer: where Size2 says it, where octets say it, and one block before they do.
 */
START_TEST(answers_have_a_limit)
{
    static const struct {
        const char *first, *second;
        bool fits;
    } rows[] = {
        {"62 44 0001 A001 FF" A16 B16, NULL, true},
        {"62 44 0001 A001 FF" A16 B16 "63", NULL, false},
        {"62 44 0001 A001 D1 0A 08 51 21 FF" A16, NULL, false},
        {"62 44 0001 A001 D1 0A 09 FF" A32, NULL, false},
        {"62 44 0001 A001 D1 0A 08 51 20 FF" A16, "62 44 0002 A002 D1 0A 10 FF" B16, true},
        {"62 44 0001 A001 D1 0A 08 FF" A16, "62 44 0002 A002 D1 0A 18 FF" B16, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_request request = script_request(SPAN_STRING(""));
        struct coap_exchange *exchange;

        request.answer_max = 32;
        exchange = coap_exchange_new(&request, 0);
        coap_exchange_receive(exchange, hex(rows[i].first), 0);
        if (rows[i].second != NULL)
            coap_exchange_receive(exchange, hex(rows[i].second), 0);
        if (rows[i].fits)
            script_complete(exchange, COAP_CODE(2, 4), hex(A16 B16));
        else
            script_failed(exchange, "the answer has more than 32 octets");
    }
}
END_TEST

/* Blocks of 16 octets, each of them whole: a server that never says that one is the last. */
START_TEST(answer_without_end)
{
    struct coap_request request = script_request(SPAN_STRING(""));
    struct coap_exchange *exchange;
    uint32_t number = 0;

    request.answer_max = COAP_BODY_MAX;
    exchange = coap_exchange_new(&request, 0);
    while (coap_exchange_state(exchange) == COAP_RUNNING) {
        const struct coap_block block = {true, number, true, 0};
        struct buf message = {0};
        struct span sent;
        struct coap_writer writer;

        ck_assert(coap_exchange_next(exchange, &sent));
        writer = coap_message_begin(&message, COAP_ACKNOWLEDGEMENT, COAP_CODE(2, 4),
                                    (uint16_t)span_number(SPAN(sent.data + 2, 2)), SPAN(sent.data + 4, 2));
        coap_message_block(&writer, COAP_BLOCK2, &block);
        coap_message_payload(&writer, hex(A16));
        coap_exchange_receive(exchange, buf_span(&message), 0);
        buf_free(&message);
        number++;
    }
    ck_assert_uint_eq(number, 65535);
    script_failed(exchange, "too many blocks");
}
END_TEST

TEST_MAIN("coap_transfer", payload_in_blocks, payload_of_one_block, server_asks_for_smaller_blocks,
          server_takes_each_block_for_itself, wrong_confirmations, too_large, incomplete, answer_in_blocks,
          answer_in_smaller_blocks, blocks_both_ways, wrong_blocks, answer_that_changes, answers_have_a_limit,
          answer_without_end)
