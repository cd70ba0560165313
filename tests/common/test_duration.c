/* common/duration.c: what is a span of time and what is none, and how one is written. */
#include "common/duration.h"
#include "tests/support/test.h"

START_TEST(reads_spans)
{
    static const struct {
        const char *text;
        int64_t milliseconds;
    } spans[] = {
        {"0s", 0},           {"1ms", 1},
        {"500ms", 500},      {"1.5s", 1500},
        {"10s", 10000},      {"0.001s", 1},
        {"2m", 120000},      {"1.5h", 5400000},
        {"3d", 259200000},   {"1w", 604800000},
        {"1y", 31536000000}, {"0.25d", 21600000},
        {"007s", 7000},      {"100y", 3153600000000},
    };

    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        int64_t milliseconds = -1;

        ck_assert_msg(duration_read(spans[i].text, &milliseconds), "%s", spans[i].text);
        ck_assert_int_eq(milliseconds, spans[i].milliseconds);
    }
}
END_TEST

START_TEST(refuses_what_is_none)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "1",
                                      "-1s",
                                      "+1s",
                                      " 1s",
                                      "1 s",
                                      "1s ",
                                      "1S",
                                      "1.s",
                                      ".5s",
                                      "1.2.3s",
                                      "1e3s",
                                      "0x1s",
                                      "1.2345s",
                                      "1month",
                                      "1sm",
                                      "101y",
                                      "1,5s",
                                      "99999999999999999999s",
                                      "9999999999999ms",
                                      "0000000000000000000000000000000000000001s"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t milliseconds = 7;

        ck_assert_msg(!duration_read(bad[i], &milliseconds), "%s", bad[i]);
        ck_assert_int_eq(milliseconds, 7);
    }
}
END_TEST

START_TEST(writes_them_as_long_as_they_have_to_be)
{
    char text[DURATION_SIZE];

    ck_assert_str_eq(duration_text(0, text), "0.000");
    ck_assert_str_eq(duration_text(59999, text), "59.999");
    ck_assert_str_eq(duration_text(60000, text), "0:01:00.000");
    ck_assert_str_eq(duration_text(86399999, text), "23:59:59.999");
    ck_assert_str_eq(duration_text(86400000, text), "1d 00:00:00.000");
    ck_assert_str_eq(duration_text(DURATION_MAX, text), "36525d 00:00:00.000");
}
END_TEST

START_TEST(words_for_whole_seconds)
{
    static const struct {
        int64_t seconds;
        const char *word;
    } rows[] = {{0, "0s"},
                {1, "1s"},
                {59, "59s"},
                {60, "1m"},
                {90, "90s"},
                {3600, "1h"},
                {5400, "90m"},
                {86400, "1d"},
                {90000, "25h"},
                {2678400, "31d"},
                {604800, "7d"},
                {86399, "86399s"},
                {DURATION_MAX / 1000, "36525d"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[DURATION_WORD_SIZE];
        int64_t milliseconds;

        ck_assert_str_eq(duration_word(rows[i].seconds, text), rows[i].word);
        ck_assert(duration_read(text, &milliseconds));
        ck_assert_int_eq(milliseconds, rows[i].seconds * 1000);
    }
}
END_TEST

TEST_MAIN("duration", reads_spans, refuses_what_is_none, writes_them_as_long_as_they_have_to_be,
          words_for_whole_seconds)
