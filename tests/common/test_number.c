/* common/number.c: what is a whole number in a range, and what is none. */
#include "common/number.h"

#include "tests/support/test.h"

START_TEST(reads_what_is_in_the_range)
{
    static const struct {
        const char *text;
        int64_t min, max, value;
    } cases[] = {
        {"0", 0, 0, 0},
        {"007", 1, 9, 7},
        {"65535", 1, 65535, 65535},
        {"-5", -5, 5, -5},
        {"+5", -5, 5, 5},
        {"9223372036854775807", 0, INT64_MAX, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 77;

        ck_assert_msg(number_read(cases[i].text, cases[i].min, cases[i].max, &value), "%s", cases[i].text);
        ck_assert_int_eq(value, cases[i].value);
    }
}
END_TEST

START_TEST(refuses_everything_else)
{
    static const struct {
        const char *text;
        int64_t min, max;
    } cases[] = {
        {"", 0, 9},
        {"-", -9, 9},
        {"+", -9, 9},
        {"--1", -9, 9},
        {" 1", -9, 9},
        {"- 1", -9, 9},
        {"1 ", 0, 9},
        {"1x", 0, 9},
        {"0x1", 0, 9},
        {"1.0", 0, 9},
        {"one", 0, 9},
        {"0", 1, 9},
        {"10", 1, 9},
        {"-1", 0, 9},
        {"+1", 0, 9},
        {"-10", -9, 9},
        {"9223372036854775808", 0, INT64_MAX},
        {"-9223372036854775809", INT64_MIN, 0},
        {"99999999999999999999999999", 0, INT64_MAX},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 77;

        ck_assert_msg(!number_read(cases[i].text, cases[i].min, cases[i].max, &value), "'%s'", cases[i].text);
        ck_assert_int_eq(value, 77);
    }
}
END_TEST

TEST_MAIN("number", reads_what_is_in_the_range, refuses_everything_else)
