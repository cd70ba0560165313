/* Messages octet by octet (RFC 7252 3), those we write read by libcoap. */
#include "euicc/network/coap_message.h"
#include "tests/support/test.h"

#include <coap3/coap.h>
#include <stdlib.h>
#include <string.h>

/* As libFuzzer does it: a block of exactly its size, so that a sanitizer sees one octet too far. */
static enum coap_reading read_exactly(struct span datagram, struct coap_message *message, uint8_t **octets)
{
    *octets = malloc(datagram.size > 0 ? datagram.size : 1);
    ck_assert_ptr_nonnull(*octets);
    if (datagram.size > 0)
        memcpy(*octets, datagram.data, datagram.size);
    return coap_message_read(SPAN(*octets, datagram.size), message);
}

/* 2.05, ETag, Content-Format, Block2 3/1/64, Block1 18/0/1024, Size2, Size1, payload. */
static const char full[] =
    "68 45 1234 0102030405060708 43 AABBCC 81 2A B1 3A 42 0126 12 0400 D1 13 05 FF 6869";

START_TEST(everything_is_read)
{
    struct coap_message message;

    ck_assert_int_eq(coap_message_read(hex(full), &message), COAP_READ);
    ck_assert_int_eq(message.type, COAP_ACKNOWLEDGEMENT);
    ck_assert_uint_eq(message.code, COAP_CODE(2, 5));
    ck_assert_uint_eq(message.id, 0x1234);
    ck_assert_hex(message.token, "0102030405060708");
    ck_assert_hex(message.etag, "AABBCC");
    ck_assert_int_eq(message.content_format, 42);
    ck_assert(message.block2.present && message.block2.number == 3 && message.block2.more);
    ck_assert_uint_eq(message.block2.szx, 2);
    ck_assert(message.block1.present && message.block1.number == 18 && !message.block1.more);
    ck_assert_uint_eq(message.block1.szx, 6);
    ck_assert_int_eq(message.size2, 0x0400);
    ck_assert_int_eq(message.critical, -1);
    ck_assert_span(message.payload, SPAN_STRING("hi"));
}
END_TEST

START_TEST(nothing_is_there_that_was_not_said)
{
    struct coap_message message;

    ck_assert_int_eq(coap_message_read(hex("50 44 FFFF"), &message), COAP_READ);
    ck_assert_int_eq(message.type, COAP_NON_CONFIRMABLE);
    ck_assert_uint_eq(message.id, 0xFFFF);
    ck_assert_uint_eq(message.token.size, 0);
    ck_assert_uint_eq(message.payload.size, 0);
    ck_assert_ptr_null(message.etag.data);
    ck_assert(!message.block1.present && !message.block2.present);
    ck_assert(message.content_format < 0 && message.size2 < 0 && message.critical < 0);
    ck_assert_int_eq(coap_message_read(hex("70 00 0000"), &message), COAP_READ);
    ck_assert_uint_eq(message.code, COAP_EMPTY);
}
END_TEST

/* RFC 7252 5.4.5: what comes once too often is not known; here it is elective. */
START_TEST(the_first_of_two_counts)
{
    struct coap_message message;

    ck_assert_int_eq(coap_message_read(hex("60 44 0001 41 AA 01 BB 81 2A 01 2B D1 03 10 01 11"), &message),
                     COAP_READ);
    ck_assert_hex(message.etag, "AA");
    ck_assert_int_eq(message.content_format, 42);
    ck_assert_int_eq(message.size2, 16);
    ck_assert_int_eq(message.critical, -1);
}
END_TEST

/* Every beginning of a message is a message, or malformed, or none, but is never read beyond its end. */
START_TEST(cut_anywhere)
{
    static const size_t whole[] = {12, 16, 18, 20, 23, 26, 29, 31, 32};
    struct span datagram = hex(full);
    size_t next = 0;

    for (size_t size = 0; size <= datagram.size; size++) {
        struct coap_message message;
        uint8_t *octets;
        enum coap_reading reading = read_exactly(SPAN(datagram.data, size), &message, &octets);

        if (size < 4)
            ck_assert_int_eq(reading, COAP_FOREIGN);
        else if (next < sizeof(whole) / sizeof(whole[0]) && size == whole[next] && ++next > 0)
            ck_assert_msg(reading == COAP_READ, "%zu octets", size);
        else
            ck_assert_msg(reading == COAP_MALFORMED && message.id == 0x1234, "%zu octets", size);
        free(octets);
    }
    ck_assert_uint_eq(next, sizeof(whole) / sizeof(whole[0]));
}
END_TEST

/* Any octet in any place: what is read of it stays within its bounds. */
START_TEST(any_octet_anywhere)
{
    struct span datagram = hex(full);
    struct buf *changed = test_buf();

    for (size_t at = 0; at < datagram.size; at++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            struct coap_message message;
            uint8_t *octets;

            buf_clear(changed);
            buf_append(changed, datagram);
            changed->data[at] = (uint8_t)octet;
            if (read_exactly(buf_span(changed), &message, &octets) == COAP_READ)
                ck_assert(message.token.size <= 8 && message.payload.size < datagram.size &&
                          message.block1.szx <= COAP_SZX_MAX && message.block2.szx <= COAP_SZX_MAX);
            free(octets);
        }
    }
}
END_TEST

/* The value of libcoap's reading of an option, which must be the only one of its number. */
static struct span value_of(const coap_pdu_t *pdu, coap_option_num_t number)
{
    coap_opt_iterator_t iterator;
    const coap_opt_t *option = coap_check_option(pdu, number, &iterator);

    ck_assert_ptr_nonnull(option);
    return SPAN(coap_opt_value(option), coap_opt_length(option));
}

START_TEST(what_is_written_libcoap_reads)
{
    const struct coap_block block1 = {true, COAP_BLOCK_LAST, true, 5};
    const struct coap_block block2 = {true, 0, false, 0};
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 4096);
    struct buf *out = test_buf();
    struct coap_writer writer;
    const uint8_t *payload;
    size_t size;

    buf_append(out, SPAN_STRING("what was there before"));
    writer = coap_message_begin(out, COAP_CONFIRMABLE, COAP_POST, 0xBEEF, hex("A1B2"));
    coap_message_option(&writer, COAP_URI_HOST, SPAN_STRING("h"));
    coap_message_option(&writer, COAP_URI_PATH, SPAN_STRING("path"));
    coap_message_number(&writer, COAP_CONTENT_FORMAT, 0);
    coap_message_block(&writer, COAP_BLOCK2, &block2);
    coap_message_block(&writer, COAP_BLOCK1, &block1);
    coap_message_number(&writer, COAP_SIZE1, 0x00FEDCBA);
    coap_message_payload(&writer, SPAN_STRING("payload"));
    ck_assert(!out->failed);

    ck_assert_int_ne(coap_pdu_parse(COAP_PROTO_UDP, out->data, out->size, pdu), 0);
    ck_assert_int_eq(coap_pdu_get_type(pdu), COAP_MESSAGE_CON);
    ck_assert_int_eq(coap_pdu_get_code(pdu), COAP_REQUEST_CODE_POST);
    ck_assert_int_eq(coap_pdu_get_mid(pdu), 0xBEEF);
    ck_assert_hex(SPAN(coap_pdu_get_token(pdu).s, coap_pdu_get_token(pdu).length), "A1B2");
    ck_assert_span(value_of(pdu, COAP_OPTION_URI_HOST), SPAN_STRING("h"));
    ck_assert_span(value_of(pdu, COAP_OPTION_URI_PATH), SPAN_STRING("path"));
    ck_assert_hex(value_of(pdu, COAP_OPTION_CONTENT_FORMAT), "");
    ck_assert_hex(value_of(pdu, COAP_OPTION_BLOCK2), "");
    ck_assert_hex(value_of(pdu, COAP_OPTION_BLOCK1), "FFFFFD");
    ck_assert_hex(value_of(pdu, COAP_OPTION_SIZE1), "FEDCBA");
    ck_assert_int_ne(coap_get_data(pdu, &size, &payload), 0);
    ck_assert_span(SPAN(payload, size), SPAN_STRING("payload"));
    coap_delete_pdu(pdu);
}
END_TEST

/* The lengths at which the form of an option's header changes. */
START_TEST(lengths_of_options)
{
    static const size_t sizes[] = {0, 1, 12, 13, 14, 255, 268, 269, 270, 600};
    static const uint16_t numbers[] = {12, 13, 268, 269, 65535};
    struct buf *value = test_buf();

    for (size_t i = 0; i < 600; i++)
        buf_append_octet(value, (uint8_t)i);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
            struct buf out = {0};
            struct coap_writer writer = coap_message_begin(&out, COAP_RESET, COAP_POST, 0, SPAN_NONE);
            coap_option_t option;

            coap_message_option(&writer, numbers[j], SPAN(value->data, sizes[i]));
            coap_message_payload(&writer, SPAN_NONE);
            ck_assert(!out.failed);
            ck_assert_uint_eq(coap_opt_parse(out.data + 4, out.size - 4, &option), out.size - 4);
            ck_assert_uint_eq(option.delta, numbers[j]);
            ck_assert_span(SPAN(option.value, option.length), SPAN(value->data, sizes[i]));
            buf_free(&out);
        }
    }
}
END_TEST

/* A failure of memory is noted, and the rest is quiet. */
START_TEST(no_memory)
{
    struct buf out = {.size = 1, .capacity = 1, .failed = true};
    struct coap_writer writer = {&out, 0};

    coap_message_number(&writer, COAP_SIZE1, 1);
    coap_message_payload(&writer, SPAN_STRING("a"));
    ck_assert(out.failed);
    ck_assert_ptr_null(out.data);
}
END_TEST

TEST_MAIN("coap_message", everything_is_read, nothing_is_there_that_was_not_said, the_first_of_two_counts,
          cut_anywhere, any_octet_anywhere, what_is_written_libcoap_reads, lengths_of_options, no_memory)
