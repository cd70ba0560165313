/* apdu/bytes.c: taking spans apart. */
#include "apdu/bytes.h"
#include "tests/support/test.h"

START_TEST(octets_come_off_the_front)
{
    struct span in = hex("0102030405");
    struct span out;

    ck_assert(span_take(&in, 2, &out));
    ck_assert_hex(out, "0102");
    ck_assert_hex(in, "030405");
    ck_assert(!span_take(&in, 4, &out));
    ck_assert_hex(in, "030405");
    ck_assert(span_take(&in, 3, &out));
    ck_assert_hex(out, "030405");
    ck_assert(span_take(&in, 0, &out));
    ck_assert_uint_eq(out.size, 0);
    ck_assert(!span_take(&in, 1, &out));
}
END_TEST

START_TEST(a_length_stands_before_octets)
{
    struct span in = hex("02AABB 00 03CCDD");
    struct span out;

    ck_assert(span_take_prefixed(&in, &out));
    ck_assert_hex(out, "AABB");
    ck_assert(span_take_prefixed(&in, &out));
    ck_assert_uint_eq(out.size, 0);
    ck_assert(!span_take_prefixed(&in, &out));
    ck_assert_hex(in, "03CCDD");
    ck_assert(!span_take_prefixed(&(struct span){in.data, 0}, &out));
}
END_TEST

START_TEST(numbers_have_their_most_significant_octet_first)
{
    uint8_t octets[3];
    struct buf buf = {0};

    ck_assert_uint_eq(span_number(SPAN_NONE), 0);
    ck_assert_uint_eq(span_number(hex("0102")), 0x0102);
    ck_assert_uint_eq(span_number(hex("FF0102030405060708")), 0x0102030405060708);
    octets_put_number(octets, sizeof(octets), 0xAA010203);
    ck_assert_hex(SPAN_ARRAY(octets), "010203");
    buf_append_number(&buf, 2, 0x0A0B);
    buf_append_number(&buf, 1, 0x100);
    ck_assert_hex(buf_span(&buf), "0A0B00");
    buf_free(&buf);
}
END_TEST

START_TEST(a_span_begins_with_its_first_octets)
{
    ck_assert(span_begins_with(hex("010203"), hex("0102")));
    ck_assert(span_begins_with(hex("0102"), hex("0102")));
    ck_assert(span_begins_with(hex("01"), SPAN_NONE));
    ck_assert(!span_begins_with(hex("0102"), hex("010203")));
    ck_assert(!span_begins_with(hex("0103"), hex("0102")));
    ck_assert(!span_begins_with(SPAN_NONE, hex("01")));
}
END_TEST

TEST_MAIN("bytes", octets_come_off_the_front, a_length_stands_before_octets,
          numbers_have_their_most_significant_octet_first, a_span_begins_with_its_first_octets)
