/* crypto/printable.c: what may be shown, and what may not. */
#include "tests/support/test.h"

#include "crypto/printable.h"

#include <string.h>

static const char *printable(const char *text)
{
    static char copy[64];

    ck_assert_uint_lt(strlen(text), sizeof(copy));
    strcpy(copy, text);
    printable_text(copy, strlen(copy));
    return copy;
}

START_TEST(text_stays_as_it_is)
{
    static const char *const texts[] = {
        "", "plain ~", "Z\xC3\xBCrich", "\xC2\xA0", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBD",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_str_eq(printable(texts[i]), texts[i]);
}
END_TEST

START_TEST(control_characters_are_replaced)
{
    char zero[] = {'a', '\0', 'b'};

    ck_assert_str_eq(printable("a\x1B[31m\r\n\t\x7F"
                               "b"),
                     "a?[31m????b");
    ck_assert_str_eq(printable("\x01\x1F "), "?? ");
    /* U+009B is ESC [ in one character; so are its neighbours control characters. */
    ck_assert_str_eq(printable("a\xC2\x9B"
                               "31m\xC2\x80\xC2\x9F\xC2\xA0"),
                     "a??31m????\xC2\xA0");
    printable_text(zero, sizeof(zero));
    ck_assert_mem_eq(zero, "a?b", 3);
}
END_TEST

START_TEST(what_is_no_utf8_is_replaced)
{
    ck_assert_str_eq(printable("Z\xFCrich"), "Z?rich"); /* Latin-1 */
    ck_assert_str_eq(printable("\x9B"
                               "31m"),
                     "?31m");                                      /* its C1 */
    ck_assert_str_eq(printable("\xC3"), "?");                      /* cut off */
    ck_assert_str_eq(printable("\xE2\x82"), "??");                 /* cut off */
    ck_assert_str_eq(printable("\xE2\x82\x41"), "??A");            /* its end is not one */
    ck_assert_str_eq(printable("\xC0\x9B\xC0\x80"), "????");       /* overlong */
    ck_assert_str_eq(printable("\xE0\x82\x9B"), "???");            /* U+009B, overlong */
    ck_assert_str_eq(printable("\xED\xA0\x80"), "???");            /* half of a pair */
    ck_assert_str_eq(printable("\xF4\x90\x80\x80"), "????");       /* beyond U+10FFFF */
    ck_assert_str_eq(printable("\xFF\xC3\xBC\x80"), "?\xC3\xBC?"); /* what is between them stays */
}
END_TEST

START_TEST(no_octet_behind_the_text_is_looked_at)
{
    char text[] = "ab\xC3\xBC";

    printable_text(text, 3);
    ck_assert_mem_eq(text, "ab?\xBC", 4);
    printable_text(text, 0);
    ck_assert_mem_eq(text, "ab?\xBC", 4);
}
END_TEST

TEST_MAIN("printable", text_stays_as_it_is, control_characters_are_replaced, what_is_no_utf8_is_replaced,
          no_octet_behind_the_text_is_looked_at)
