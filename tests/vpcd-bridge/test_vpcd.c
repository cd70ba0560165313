/* vpcd-bridge/vpcd.c: frames come out of a stream however it is cut. */
#include "tests/support/test.h"
#include "vpcd-bridge/vpcd.h"

#include <string.h>

/* A control code, a command, an empty message, and the beginning of another command. */
static const char stream[] = "0001 04  0005 00A4000400  0000  0002 0102  0004 AABB";

static void assert_messages(struct vpcd_parser *parser, const char *const *expected, size_t count,
                            size_t *seen)
{
    struct span message;

    while (vpcd_parser_next(parser, &message)) {
        ck_assert_uint_lt(*seen, count);
        ck_assert_hex(message, expected[(*seen)++]);
    }
}

START_TEST(a_stream_may_be_cut_anywhere)
{
    static const char *const expected[] = {"04", "00A4000400", "", "0102"};
    struct span whole = hex(stream);

    for (size_t piece = 1; piece <= whole.size; piece++) {
        struct vpcd_parser parser = {0};
        size_t seen = 0;

        for (size_t at = 0; at < whole.size; at += piece) {
            size_t n = whole.size - at < piece ? whole.size - at : piece;

            ck_assert(vpcd_parser_feed(&parser, SPAN(whole.data + at, n)));
            assert_messages(&parser, expected, 4, &seen);
        }
        ck_assert_uint_eq(seen, 4);
        ck_assert(vpcd_parser_feed(&parser, hex("CCDD")));
        assert_messages(&parser, (const char *const[]){"", "", "", "", "AABBCCDD"}, 5, &seen);
        ck_assert_uint_eq(seen, 5);
        vpcd_parser_free(&parser);
    }
}
END_TEST

START_TEST(the_longest_message_goes_through)
{
    static uint8_t octets[VPCD_MESSAGE_MAX + 1];
    struct vpcd_parser parser = {0};
    struct buf frame = {0};
    struct span message;

    memset(octets, 0xA5, sizeof(octets));
    for (int round = 0; round < 3; round++) {
        buf_clear(&frame);
        vpcd_put_frame(&frame, SPAN(octets, VPCD_MESSAGE_MAX));
        ck_assert(!frame.failed);
        ck_assert_uint_eq(frame.size, 2 + VPCD_MESSAGE_MAX);
        ck_assert(vpcd_parser_feed(&parser, SPAN(frame.data, frame.size - 1)));
        ck_assert(!vpcd_parser_next(&parser, &message));
        ck_assert(vpcd_parser_feed(&parser, SPAN(octets, 1)));
        ck_assert(vpcd_parser_next(&parser, &message));
        ck_assert_span(message, SPAN(octets, VPCD_MESSAGE_MAX));
        ck_assert(!vpcd_parser_next(&parser, &message));
    }
    ck_assert_uint_lt(parser.in.capacity, 4 * (size_t)VPCD_MESSAGE_MAX);
    vpcd_put_frame(&frame, SPAN(octets, sizeof(octets)));
    ck_assert(frame.failed);
    buf_free(&frame);
    vpcd_parser_free(&parser);
}
END_TEST

START_TEST(a_new_stream_begins_with_a_length)
{
    struct vpcd_parser parser = {0};
    struct span message;

    ck_assert(vpcd_parser_feed(&parser, hex("0004 0102")));
    ck_assert(!vpcd_parser_next(&parser, &message));
    vpcd_parser_reset(&parser);
    ck_assert(vpcd_parser_feed(&parser, hex("0001 01")));
    ck_assert(vpcd_parser_next(&parser, &message));
    ck_assert_hex(message, "01");
    vpcd_parser_free(&parser);
}
END_TEST

TEST_MAIN("vpcd", a_stream_may_be_cut_anywhere, the_longest_message_goes_through,
          a_new_stream_begins_with_a_length)
