/* common/net/place.c: every form, and what is none. */
#include "common/net/place.h"

#include "tests/support/test.h"

#include <string.h>

START_TEST(reads_every_form)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } cases[] = {
        {"card.example", "card.example", 7},
        {"card.example:8443", "card.example", 8443},
        {":0", "before", 0},
        {"", "before", 7},
        {"127.0.0.1:65535", "127.0.0.1", 65535},
        {"[::1]", "::1", 7},
        {"[fe80::1]:1", "fe80::1", 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct place place = {"before", 7};

        ck_assert_msg(place_parse(cases[i].text, &place), "%s", cases[i].text);
        ck_assert_str_eq(place.host, cases[i].host);
        ck_assert_uint_eq(place.port, cases[i].port);
    }
}
END_TEST

START_TEST(refuses_what_is_none)
{
    static const char *const texts[] = {
        "host:",   "host:x",  "host:65536", "host:-1", "host:+1",
        "host: 1", "host:1x", "::1",        "[::1",    "[]",
        "[]:1",    "[::1]1",  "[::1]:",     "a:1:2",   "host:99999999999999999999"};
    char long_host[PLACE_HOST_MAX + 2];
    struct place place = {"before", 7};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!place_parse(texts[i], &place), "%s", texts[i]);
    memset(long_host, 'a', sizeof(long_host) - 1);
    long_host[sizeof(long_host) - 1] = '\0';
    ck_assert(!place_parse(long_host, &place));
    ck_assert(place_parse(long_host + 1, &place));
}
END_TEST

START_TEST(writes_what_it_reads)
{
    static const struct {
        const char *host;
        uint16_t port, usual;
        const char *text;
    } cases[] = {
        {"card.example", 8443, 443, "card.example:8443"},
        {"card.example", 443, 443, "card.example"},
        {"::1", 65535, 443, "[::1]:65535"},
        {"fe80::1", 443, 443, "[fe80::1]"},
        {"127.0.0.1", 1, 0, "127.0.0.1:1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct place place = {"before", cases[i].usual};
        char text[PLACE_TEXT_MAX];

        place_text(cases[i].host, cases[i].port, cases[i].usual, text, sizeof(text));
        ck_assert_str_eq(text, cases[i].text);
        ck_assert(place_parse(text, &place));
        ck_assert_str_eq(place.host, cases[i].host);
        ck_assert_uint_eq(place.port, cases[i].port);
    }
}
END_TEST

TEST_MAIN("place", reads_every_form, refuses_what_is_none, writes_what_it_reads)
