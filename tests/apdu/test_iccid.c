/* ICCIDs: 18 to 20 digits, in every form, and nothing else. */
#include "apdu/iccid.h"
#include "tests/support/test.h"

#include <string.h>

/* As many digits of a number as are asked for, and so many fillers. */
static const char *text_of(size_t digits, size_t padding, char filler)
{
    static char text[64];

    for (size_t i = 0; i < digits; i++)
        text[i] = (char)('0' + (i * 7 + 8) % 10);
    memset(text + digits, filler, padding);
    text[digits + padding] = '\0';
    return text;
}

START_TEST(every_length_with_every_padding)
{
    uint8_t octets[ICCID_SIZE];
    char back[ICCID_DIGITS_MAX + 1];

    for (size_t digits = 0; digits <= 24; digits++)
        for (size_t padding = 0; padding <= 4; padding++) {
            bool good = digits >= 18 && digits <= 20 && (padding == 0 || digits + padding == 20);
            const char *text = text_of(digits, padding, digits % 2 == 0 ? 'F' : 'f');

            ck_assert_msg(iccid_from_digits(text, octets) == good, "%s", text);
            if (!good)
                continue;
            ck_assert(iccid_to_digits(SPAN_ARRAY(octets), back));
            ck_assert_str_eq(back, text_of(digits, 0, 'F'));
        }
}
END_TEST

START_TEST(the_octets_are_those_of_the_file)
{
    static const struct {
        const char *digits, *file, *header;
    } cases[] = {
        {"89490000000000000017", "98940000000000000071", "89490000000000000017"},
        {"8949000000000000001", "989400000000000000F1", "8949000000000000001F"},
        {"894900000000000001", "989400000000000010FF", "894900000000000001FF"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t file[ICCID_SIZE], header[ICCID_SIZE];
        char digits[ICCID_DIGITS_MAX + 1];

        ck_assert(iccid_from_digits(cases[i].digits, file));
        ck_assert_hex(SPAN_ARRAY(file), cases[i].file);
        iccid_turn(file, header);
        ck_assert_hex(SPAN_ARRAY(header), cases[i].header);
        ck_assert(iccid_to_digits(SPAN_ARRAY(file), digits));
        ck_assert_str_eq(digits, cases[i].digits);
    }
}
END_TEST

/* Each nibble of a good one in turn takes every value: digits stay good, and F only where nothing but padding
 * follows. */
START_TEST(every_nibble)
{
    for (size_t at = 0; at < 20; at++)
        for (unsigned value = 0; value < 16; value++) {
            uint8_t octets[ICCID_SIZE];
            char digits[ICCID_DIGITS_MAX + 1] = "x";
            bool good = value <= 9 || (value == 0x0F && at == 19);

            ck_assert(iccid_from_digits("89490000000000000017", octets));
            octets[at / 2] = (uint8_t)(at % 2 == 0 ? (octets[at / 2] & 0xF0) | value
                                                   : (octets[at / 2] & 0x0F) | value << 4);
            ck_assert_msg(iccid_to_digits(SPAN_ARRAY(octets), digits) == good, "%zu: %X", at, value);
            ck_assert_uint_eq(strlen(digits), good ? (value == 0x0F ? 19 : 20) : 0);
        }
}
END_TEST

START_TEST(the_same_in_any_padding)
{
    static const char *const forms[][4] = {
        {"894900000000000001", "894900000000000001FF", "894900000000000001ff", "894900000000000001fF"},
        {"8949000000000000017", "8949000000000000017F", "8949000000000000017f", "8949000000000000017F"},
        {"89490000000000000017", "89490000000000000017", "89490000000000000017", "89490000000000000017"},
        {"89", "89", "89", "89"},
        {"89F", "89F", "89F", "89F"},
    };
    const size_t count = sizeof(forms) / sizeof(forms[0]);

    for (size_t a = 0; a < 4 * count; a++)
        for (size_t b = 0; b < 4 * count; b++)
            ck_assert_msg(iccid_is_same(forms[a / 4][a % 4], forms[b / 4][b % 4]) == (a / 4 == b / 4),
                          "%s, %s", forms[a / 4][a % 4], forms[b / 4][b % 4]);
}
END_TEST

START_TEST(other_texts_and_sizes)
{
    static const char *const texts[] = {"8949000000000000001x", "8949000000000000001 ", " 949000000000000001",
                                        "+949000000000000001",  "89490000F0000000001",  "894900000000000001F",
                                        "8949000000000000001E"};
    uint8_t octets[ICCID_SIZE + 1] = {0};
    char digits[ICCID_DIGITS_MAX + 1];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!iccid_from_digits(texts[i], octets), "%s", texts[i]);
    memset(octets, 0x11, sizeof(octets));
    ck_assert(iccid_to_digits(SPAN(octets, ICCID_SIZE), digits));
    for (size_t size = 0; size <= sizeof(octets); size++)
        ck_assert(iccid_to_digits(SPAN(octets, size), digits) == (size == ICCID_SIZE));
}
END_TEST

TEST_MAIN("iccid", every_length_with_every_padding, the_octets_are_those_of_the_file, every_nibble,
          the_same_in_any_padding, other_texts_and_sizes)
