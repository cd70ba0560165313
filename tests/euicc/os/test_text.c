/* euicc/os/text.c: text from outside. */
#include "euicc/os/text.h"
#include "tests/support/test.h"

START_TEST(utf8_is_counted_in_characters)
{
    static const struct {
        const char *octets;
        size_t characters;
    } good[] = {{"", 0},         {"41", 1},       {"C3A9", 1},   {"E282AC", 1},       {"F09F9880", 1},
                {"41C3A942", 3}, {"F48FBFBF", 1}, {"EFBFBD", 1}, {"ED9FBF EE8080", 2}};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        size_t characters = 99;

        ck_assert_msg(text_is_utf8(hex(good[i].octets), &characters), "%s", good[i].octets);
        ck_assert_uint_eq(characters, good[i].characters);
    }
}
END_TEST

START_TEST(what_is_not_utf8_is_refused)
{
    static const char *const bad[] = {"00",       "4100",     "80",       "C0AF",   "C1BF",   "C3",
                                      "C341",     "E08080",   "E282",     "EDA080", "EDBFBF", "F08080",
                                      "F0808080", "F4908080", "F5808080", "FF",     "E2C3A9"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!text_is_utf8(hex(bad[i]), NULL), "%s", bad[i]);
}
END_TEST

START_TEST(addresses_have_the_form_of_a_host)
{
    static const char *const good[] = {
        "",           "smdp.example.com", "smdp.example.com:8443", "127.0.0.1:4430",
        "[::1]:4430", "[2001:db8::1]",    "rsp_test-1.local",      "a"};
    static const char *const bad[] = {" ",         "a b",   "a\n",   "a:",    "a:123456", "a:x",
                                      "https://a", "a/b",   ":443",  "[::1",  "[g]",      "[::1]x",
                                      "\xC3\xA9",  "a\x7F", "a:4:4", "[::1]:"};
    static uint8_t longest[ADDRESS_MAX + 1];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(text_is_address(span_of_string(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!text_is_address(span_of_string(bad[i])), "%s", bad[i]);
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = 'a';
    ck_assert(text_is_address(SPAN(longest, ADDRESS_MAX)));
    ck_assert(!text_is_address(SPAN(longest, ADDRESS_MAX + 1)));
}
END_TEST

TEST_MAIN("text", utf8_is_counted_in_characters, what_is_not_utf8_is_refused,
          addresses_have_the_form_of_a_host)
