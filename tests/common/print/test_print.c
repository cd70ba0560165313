/* What prints text of outside origin: common/print/print.c, table.c, tool.c, log.c and print_json.c with
 * hostile texts. */
#include "common/log.h"
#include "common/print/print.h"
#include "common/print/print_json.h"
#include "common/print/table.h"
#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/hostile.h"
#include "tests/support/test.h"

#include <string.h>

static size_t count(void)
{
    size_t n = 0;

    while (hostile_texts[n] != NULL)
        n++;
    return n;
}

static int print_lines_of_each(void *context)
{
    (void)context;
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        print_part("%s", hostile_texts[i]);
        print_line(" %s %.3s", hostile_texts[i], hostile_texts[i]); /* cut off */
    }
    return EXIT_OK;
}

static int print_table_of_each(void *context)
{
    static const struct table_column columns[] = {TABLE_WHOLE("A"), TABLE_COLUMN("B")};
    struct table *table = table_new(columns, 2);

    (void)context;
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        table_add(table, "%s", hostile_texts[i]);
        table_add(table, "%.2s", hostile_texts[i]);
    }
    return table_print(table, 2) ? EXIT_OK : EXIT_FAILED;
}

static int print_errors_of_each(void *context)
{
    (void)context;
    tool_set_name("name");
    log_set_level(LOG_LEVEL_INFO);
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        tool_error("%s", hostile_texts[i]);
        tool_usage("%s", hostile_texts[i]);
        tool_note("%s", hostile_texts[i]);
        log_line(LOG_LEVEL_INFO, "%s", hostile_texts[i]);
    }
    log_set_level(LOG_LEVEL_OFF);
    return EXIT_OK;
}

START_TEST(nothing_gets_through)
{
    struct captured captured = capture(print_lines_of_each, NULL);

    ck_assert_harmless(captured.out, count());
    ck_assert_str_eq(captured.err, "");
    captured = capture(print_table_of_each, NULL);
    ck_assert_harmless(captured.out, count() + 1);
    captured = capture(print_errors_of_each, NULL);
    ck_assert_harmless(captured.err, 4 * count());
    ck_assert_str_eq(captured.out, "");
}
END_TEST

/* A long line is cut, inside a character perhaps. */
static int print_long_ones(void *context)
{
    static char text[10000];

    (void)context;
    for (size_t start = 0; start < 3; start++) {
        memset(text, 'x', start);
        for (size_t i = start; i + 3 < sizeof(text); i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3);
        tool_error("%s", text);
        tool_note("%s", text);
    }
    return EXIT_OK;
}

START_TEST(long_lines)
{
    ck_assert_harmless(capture(print_long_ones, NULL).err, 6);
}
END_TEST

static int print_value(void *context)
{
    return print_json(json_incref(context));
}

static int print_value_line(void *context)
{
    return print_json_line(json_incref(context));
}

/* Harmless as well, and what is read out of it is what was put in. */
START_TEST(json_keeps_what_it_says)
{
    json_t *list = json_array();
    json_t *again;
    struct captured captured;

    for (size_t i = 0; i < hostile_not_utf8; i++)
        json_array_append_new(list, json_pack("{s:s}", "text", hostile_texts[i]));
    ck_assert_uint_eq(json_array_size(list), hostile_not_utf8);
    captured = capture(print_value_line, list);
    ck_assert_harmless(captured.out, 1);
    again = json_loads(captured.out, 0, NULL);
    ck_assert(json_equal(list, again));
    json_decref(again);
    captured = capture(print_value, list);
    ck_assert_harmless(captured.out, 2 + 3 * hostile_not_utf8);
    again = json_loads(captured.out, 0, NULL);
    ck_assert(json_equal(list, again));
    json_decref(again);
    json_decref(list);
    list = json_pack("[s]", "Z\xC3\xBCrich \xF0\x9F\x98\x80 \xF3\xA0\x81\x81 \xC2\x9B");
    ck_assert_str_eq(capture(print_value_line, list).out,
                     "[\"Z\xC3\xBCrich \xF0\x9F\x98\x80 \\uDB40\\uDC41 \\u009B\"]\n");
    json_decref(list);
}
END_TEST

TEST_MAIN("print", nothing_gets_through, long_lines, json_keeps_what_it_says)
