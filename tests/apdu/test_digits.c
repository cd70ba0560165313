/* Digits as text and as swapped BCD: every length, every digit. */
#include "apdu/digits.h"
#include "tests/support/test.h"

#include <string.h>

START_TEST(says_what_digits_are)
{
    ck_assert(digits_are("0123456789", 10, 10));
    ck_assert(digits_are("", 0, 3));
    ck_assert(!digits_are(NULL, 0, 3));
    ck_assert(!digits_are("12", 3, 4));
    ck_assert(!digits_are("12345", 3, 4));
    ck_assert(!digits_are("123x", 3, 4));
    ck_assert(!digits_are("+123", 3, 4));
    ck_assert(!digits_are("12 ", 3, 4));
}
END_TEST

START_TEST(swaps_and_fills)
{
    static const char digits[] = "1234567890";
    char nibbles[13];
    char expected[13];
    uint8_t octets[6];

    for (size_t n = 0; n < sizeof(digits); n++) {
        char text[sizeof(digits)] = "";

        memcpy(text, digits, n);
        memcpy(nibbles, "FFFFFFFFFFFF", sizeof(nibbles));
        memcpy(nibbles, text, n);
        for (size_t i = 0; i < 12; i++)
            expected[i] = nibbles[i ^ 1];
        expected[12] = '\0';
        digits_swap(text, octets, sizeof(octets));
        ck_assert_hex(SPAN_ARRAY(octets), expected);
    }
    /* No more than there is room for. */
    memset(octets, 0, sizeof(octets));
    digits_swap("1234567890", octets, 2);
    ck_assert_hex(SPAN(octets, 3), "214300");
}
END_TEST

/* TS 24.008 10.5.1.13: the examples are those of networks that exist. */
START_TEST(codes_of_networks)
{
    static const struct {
        const char *digits;
        size_t mnc_size;
        const char *octets;
    } cases[] = {{"00101", 2, "00F110"}, {"001010", 2, "00F110"}, {"001001", 3, "001100"},
                 {"26201", 2, "62F210"}, {"310260", 3, "130062"}, {"310150123456789", 3, "130051"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t octets[PLMN_SIZE];

        digits_plmn(cases[i].digits, cases[i].mnc_size, octets);
        ck_assert_hex(SPAN_ARRAY(octets), cases[i].octets);
    }
}
END_TEST

START_TEST(codes_of_networks_for_people)
{
    static const struct {
        const char *octets, *text;
    } cases[] = {{"00F110", "001-01"}, {"130062", "310-260"}, {"27F450", "724-05"},
                 {"FFFFFF", "-"},      {"F1FFFF", "1-"},      {"21F3FF", "123-"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[PLMN_TEXT_SIZE];

        ck_assert_str_eq(digits_plmn_text(hex(cases[i].octets).data, text), cases[i].text);
    }
}
END_TEST

TEST_MAIN("digits", says_what_digits_are, swaps_and_fills, codes_of_networks, codes_of_networks_for_people)
