/* apdu/tlv.c: reading is strict, writing is canonical. */
#include "apdu/tlv.h"
#include "tests/support/test.h"

#include <string.h>

START_TEST(reads_what_it_is_given)
{
    struct tlv_reader reader = tlv_reader(hex("5A 02 1234  BF2D 03 800101  5F37 00"));
    struct tlv tlv;
    struct span value;

    ck_assert_uint_eq(tlv_peek(&reader), 0x5A);
    ck_assert(tlv_require(&reader, 0x5A, &value));
    ck_assert_hex(value, "1234");
    ck_assert(!tlv_optional(&reader, 0x80, &value));
    ck_assert_ptr_null(value.data);
    ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
    ck_assert_uint_eq(tlv.tag, 0xBF2D);
    ck_assert_hex(tlv.whole, "BF2D03800101");
    ck_assert(tlv_require(&reader, 0x5F37, &value));
    ck_assert_uint_eq(value.size, 0);
    ck_assert_ptr_nonnull(value.data);
    ck_assert(tlv_finish(&reader));
    ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_END);
}
END_TEST

START_TEST(refuses_bad_forms)
{
    static const struct {
        const char *octets;
        enum tlv_status status;
    } cases[] = {
        {"5A", TLV_TRUNCATED},           {"5A 03 1234", TLV_TRUNCATED},
        {"5A 80 00 00", TLV_BAD_LENGTH}, {"5A 81 7F", TLV_BAD_LENGTH},
        {"5A 82 00FF", TLV_BAD_LENGTH},  {"5A 84 00000001 00", TLV_BAD_LENGTH},
        {"BF", TLV_TRUNCATED},           {"BF 1E 00", TLV_BAD_TAG},
        {"BF 80 01 00", TLV_BAD_TAG},    {"BF 81 81 01 00", TLV_BAD_TAG},
        {"5A 82 01", TLV_TRUNCATED},     {"5A FF", TLV_BAD_LENGTH},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tlv_reader reader = tlv_reader(hex(cases[i].octets));
        struct tlv tlv;

        ck_assert_msg(tlv_next(&reader, &tlv) == cases[i].status, "%s: %s", cases[i].octets,
                      tlv_status_name(reader.status));
        ck_assert_int_eq(tlv_next(&reader, &tlv), cases[i].status);
    }
}
END_TEST

/* What comes after the members that are known, of which the highest number is 2. */
START_TEST(passes_over_members_of_later_versions_only)
{
    static const struct {
        const char *octets;
        enum tlv_status status;
    } cases[] = {
        {"", TLV_END},
        {"8300", TLV_END},
        {"A300 8401FF BF2000 5F3700 4F00 E300", TLV_END},
        {"8200", TLV_UNEXPECTED},
        {"A000", TLV_UNEXPECTED},
        {"0400", TLV_UNEXPECTED},
        {"8300 3000", TLV_UNEXPECTED},
        {"8300 83", TLV_TRUNCATED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tlv_reader reader = tlv_reader(hex(cases[i].octets));

        ck_assert_int_eq(tlv_skip_later(&reader, 2), cases[i].status == TLV_END);
        if (cases[i].status != TLV_END)
            ck_assert_msg(reader.status == cases[i].status, "%s", cases[i].octets);
    }
}
END_TEST

START_TEST(names_the_place_of_an_error)
{
    struct tlv_reader reader = tlv_reader(hex("8001FF 810105"));
    struct span value;

    ck_assert(tlv_require(&reader, 0x80, &value));
    ck_assert(!tlv_require_sized(&reader, 0x81, 2, 4, &value));
    ck_assert_int_eq(reader.status, TLV_BAD_VALUE);
    ck_assert_uint_eq(reader.error_offset, 3);
    ck_assert(!tlv_finish(&reader));

    reader = tlv_reader(hex("8001FF 810105"));
    ck_assert(!tlv_require(&reader, 0x82, &value));
    ck_assert_int_eq(reader.status, TLV_UNEXPECTED);
    ck_assert_uint_eq(reader.error_offset, 0);

    ck_assert_int_eq(tlv_single(hex("800101 00"), 0x80, &value), TLV_TRAILING);
    ck_assert_int_eq(tlv_single(hex(""), 0x80, &value), TLV_UNEXPECTED);
    ck_assert_int_eq(tlv_single(hex("800101"), 0x80, &value), TLV_OK);
}
END_TEST

START_TEST(reads_one_of_any_tag)
{
    struct tlv tlv;

    ck_assert_int_eq(tlv_only(hex("BF20 03 800101"), &tlv), TLV_OK);
    ck_assert_uint_eq(tlv.tag, 0xBF20);
    ck_assert_hex(tlv.value, "800101");
    ck_assert_int_eq(tlv_only(hex(""), &tlv), TLV_END);
    ck_assert_int_eq(tlv_only(hex("8002 01"), &tlv), TLV_TRUNCATED);
    ck_assert_int_eq(tlv_only(hex("800101 00"), &tlv), TLV_TRAILING);
    ck_assert(tlv_is_sequence(hex("")));
    ck_assert(tlv_is_sequence(hex("800101 8100")));
    ck_assert(!tlv_is_sequence(hex("800101 81")));
}
END_TEST

START_TEST(finds_by_path)
{
    static const uint32_t path[] = {0xBF20, 0xA9, 0x04, 0};
    struct span value;

    ck_assert(tlv_find_path(hex("BF20 09 8203020202 A902 0400"), path, &value));
    ck_assert_uint_eq(value.size, 0);
    ck_assert(!tlv_find_path(hex("BF20 05 8203020202"), path, &value));
    ck_assert_ptr_null(value.data);
}
END_TEST

START_TEST(integers_go_both_ways)
{
    static const int64_t numbers[] = {0,  1,    127,  128,       255,       256,
                                      -1, -128, -129, INT64_MAX, INT64_MIN, 0x7FFFFF};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct buf buf = {0};
        struct span value;
        int64_t back = 0;
        uint64_t natural = 0;

        tlv_put_signed(&buf, 0x02, numbers[i]);
        ck_assert_int_eq(tlv_single(buf_span(&buf), 0x02, &value), TLV_OK);
        ck_assert(tlv_signed(value, &back));
        ck_assert_int_eq(back, numbers[i]);
        ck_assert_int_eq(tlv_unsigned(value, &natural), numbers[i] >= 0);
        buf_free(&buf);
    }
    struct buf buf = {0};
    tlv_put_unsigned(&buf, 0x81, 0x80);
    ck_assert_hex(buf_span(&buf), "81020080");
    buf_free(&buf);
    int64_t out;
    ck_assert(!tlv_signed(hex(""), &out));
    ck_assert(!tlv_signed(hex("0001"), &out));
    ck_assert(!tlv_signed(hex("FFFF"), &out));
    ck_assert(!tlv_signed(hex("010203040506070809"), &out));
}
END_TEST

START_TEST(bits_drop_trailing_zeros)
{
    struct buf buf = {0};

    tlv_put_bits(&buf, 0x85, (const uint8_t[]){0xB0, 0x00}, 16);
    ck_assert_hex(buf_span(&buf), "85 02 04 B0");
    ck_assert(tlv_bit(hex("04B0"), 0));
    ck_assert(!tlv_bit(hex("04B0"), 1));
    ck_assert(tlv_bit(hex("04B0"), 3));
    ck_assert(!tlv_bit(hex("04BF"), 4)); /* an unused bit is not a bit */
    ck_assert(!tlv_bit(hex("04B0"), 8));
    buf_clear(&buf);
    tlv_put_bits(&buf, 0x85, (const uint8_t[]){0x00}, 8);
    ck_assert_hex(buf_span(&buf), "85 01 00");
    buf_free(&buf);
}
END_TEST

START_TEST(nested_lengths_are_patched)
{
    static const size_t sizes[] = {0, 1, 124, 125, 126, 127, 128, 250, 256, 65530, 70000};
    static uint8_t filler[70000];

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buf buf = {0};
        size_t outer = tlv_open(&buf, 0xBF36);
        size_t inner = tlv_open(&buf, 0xA0);
        struct span value;
        static const uint32_t path[] = {0xBF36, 0xA0, 0x80, 0};

        tlv_put(&buf, 0x80, SPAN(filler, sizes[i]));
        tlv_close(&buf, inner);
        tlv_close(&buf, outer);
        ck_assert(!buf.failed);
        ck_assert(tlv_find_path(buf_span(&buf), path, &value));
        ck_assert_uint_eq(value.size, sizes[i]);
        ck_assert_int_eq(tlv_single(buf_span(&buf), 0xBF36, &value), TLV_OK);
        ck_assert_uint_eq(buf.size, value.size + tlv_header_size(0xBF36, value.size));
        buf_free(&buf);
    }
}
END_TEST

START_TEST(a_header_may_arrive_in_pieces)
{
    struct span octets = hex("BF36 82 1234");
    uint32_t tag = 0;
    size_t header = 0;
    size_t content = 0;

    for (size_t n = 0; n < octets.size; n++)
        ck_assert_int_eq(tlv_header(SPAN(octets.data, n), &tag, &header, &content), TLV_TRUNCATED);
    ck_assert_int_eq(tlv_header(octets, &tag, &header, &content), TLV_OK);
    ck_assert_uint_eq(tag, 0xBF36);
    ck_assert_uint_eq(header, 5);
    ck_assert_uint_eq(content, 0x1234);
}
END_TEST

START_TEST(hexadecimal_names_the_bad_digit)
{
    struct buf buf = {0};
    size_t offset = 0;

    ck_assert(!buf_append_hex(&buf, "12 3G", &offset));
    ck_assert_uint_eq(offset, 4);
    buf_free(&buf);
}
END_TEST

START_TEST(an_object_is_entered)
{
    struct tlv_reader reader;
    struct tlv tlv;
    struct buf buf = {0};

    ck_assert(tlv_enter(hex("3003 020105"), 0x30, &reader));
    ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
    ck_assert_hex(tlv.value, "05");
    ck_assert(!tlv_enter(hex("3003 020105"), 0x31, &reader));
    ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_END);
    ck_assert(!tlv_enter(hex("3003 020105 00"), 0x30, &reader));
    tlv_put_octet(&buf, 0x9F70, 0x07);
    ck_assert_hex(buf_span(&buf), "9F700107");
    buf_free(&buf);
}
END_TEST

TEST_MAIN("tlv", an_object_is_entered, reads_what_it_is_given, refuses_bad_forms,
          passes_over_members_of_later_versions_only, names_the_place_of_an_error, reads_one_of_any_tag,
          finds_by_path, integers_go_both_ways, bits_drop_trailing_zeros, nested_lengths_are_patched,
          a_header_may_arrive_in_pieces, hexadecimal_names_the_bad_digit)
