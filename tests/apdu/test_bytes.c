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

TEST_MAIN("bytes", octets_come_off_the_front, a_length_stands_before_octets)
