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

/* Every character, in order: these are replaced, nothing else is. */
START_TEST(every_character)
{
    static const struct {
        uint32_t first, last;
    } some[] = {{0x202A, 0x202E}, {0x2066, 0x2069}, {0x200B, 0x200F},   {0x2028, 0x2029},
                {0x61C, 0x61C},   {0xFEFF, 0xFEFF}, {0xE0000, 0xE007F}, {0x80, 0x9F},
                {0xFFFE, 0xFFFF}, {0x00, 0x1F},     {0xAD, 0xAD},       {0x10FFFE, 0x10FFFF}};
    static const uint32_t kept[] = {0x20,   0x7E,    0xA0,    0xE9,    0x300,      0x5D0,   0x627,
                                    0x915,  0x20AC,  0x3042,  0x4E2D,  0xAC00,     0xE000,  0xFE0F,
                                    0xFFFD, 0x1F600, 0x1F3FB, 0x20000, 0x2029 + 6, 0x10FFFD};
    size_t hidden = 0;

    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        for (uint32_t c = some[i].first; c <= some[i].last; c++)
            hidden += !printable_is_hidden(c);
    }
    ck_assert_uint_eq(hidden, 0);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        ck_assert_msg(!printable_is_hidden(kept[i]), "U+%04X", (unsigned)kept[i]);
    for (uint32_t c = 0; c <= 0x10FFFF; c++)
        hidden += printable_is_hidden(c);
    ck_assert_uint_eq(hidden, 4323); /* those of the list, one by one */
    ck_assert_str_eq(printable("a\xE2\x80\xAE"
                               "b\xEF\xBB\xBF\xF3\xA0\x81\x81"),
                     "a???b???????");
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
          every_character, no_octet_behind_the_text_is_looked_at)
