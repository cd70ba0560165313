/* common/print/print_json.c and the error of common/tool.c: the one style of all JSON that the tools print.
 */
#include "common/command/command.h"
#include "common/print/print_json.h"
#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_line(void *json)
{
    return print_json_line(json);
}

/* What stands on standard output for this. */
static void assert_printed(const char *given, const char *expected)
{
    json_t *json = json_loads(given, 0, NULL);
    char line[600];

    ck_assert_ptr_nonnull(json);
    snprintf(line, sizeof(line), "%s\n", expected);
    ck_assert_captured(capture(print_line, json), EXIT_OK, line, "");
}

START_TEST(names_are_in_snake_case)
{
    static const char *const names[][2] = {
        {"iccid", "iccid"},
        {"isdpAid", "isdp_aid"},
        {"ciPkIdForSigning", "ci_pk_id_for_signing"},
        {"getRAT", "get_rat"},
        {"RATResult", "rat_result"},
        {"EID", "eid"},
        {"euiccInfo2", "euicc_info2"},
        {"info2Version", "info2_version"},
        {"rPLMN", "r_plmn"},
        {"key-id", "key_id"},
        {"already_so", "already_so"},
        {"a__b", "a_b"},
        {"_a_", "n_a"},
        {"5A", "n5_a"},
        {"\\u00e4\\u001b[2J", "n_2_j"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char given[200];
        char expected[200];

        snprintf(given, sizeof(given), "[{\"%s\":{\"%s\":1}}]", names[i][0], names[i][0]);
        snprintf(expected, sizeof(expected), "[{\"%s\":{\"%s\":1}}]", names[i][1], names[i][1]);
        assert_printed(given, expected);
    }
}
END_TEST

/* Every name of three characters out of a few: a letter in front, and single underscores only. */
START_TEST(no_name_is_of_another_style)
{
    static const char characters[] = {'a', 'Z', '0', '_', '-', ' ', '.', '~'};
    const size_t count = sizeof(characters);

    for (size_t i = 0; i < count * count * count; i++) {
        const char name[] = {characters[i % count], characters[i / count % count],
                             characters[i / count / count], '\0'};
        char given[64];
        struct captured captured;

        snprintf(given, sizeof(given), "{\"%s\":1}", name);
        /* The test bench looks at the style of whatever is printed. */
        captured = capture(print_line, json_loads(given, 0, NULL));
        ck_assert_msg(captured.status == EXIT_OK && strncmp(captured.out, "{\"", 2) == 0, "%s: %s", given,
                      captured.out);
    }
}
END_TEST

START_TEST(what_is_absent_is_not_there)
{
    assert_printed("{\"a\":null,\"b\":\"\",\"c\":0,\"d\":false,\"e\":[],\"f\":{},\"g\":\" \"}",
                   "{\"c\":0,\"d\":false,\"e\":[],\"f\":{},\"g\":\" \"}");
    assert_printed("[null,{\"a\":{\"b\":null}},\"\",[\"\",1]]", "[{\"a\":{}},[1]]");
    ck_assert_ptr_null(print_json_text("caf\xE9"));
}
END_TEST

/* A text is what it was, for who reads JSON, and no terminal is commanded. */
START_TEST(texts_command_no_terminal)
{
    static const char text[] = "\"\\\x1B[2J\n\x7F\xC2\x9BmA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC2\xA0";
    struct captured captured = capture(print_line, json_pack("{s:s}", "text", text));
    json_t *json = json_loads(captured.out, 0, NULL);

    ck_assert_str_eq(json_string_value(json_object_get(json, "text")), text);
    json_decref(json);
    ck_assert_str_eq(
        captured.out,
        "{\"text\":\"\\\"\\\\\\u001B[2J\\n\\u007F\\u009BmA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC2\xA0\"}\n");
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    ck_assert_captured(capture(print_line, NULL), EXIT_FAILED, "", "softeuicc: out of memory\n");
}
END_TEST

/* --- Errors --------------------------------------------------------------------------------------------- */

struct settings {
    bool json;
};

static int end_badly(const struct command_line *line)
{
    const struct settings *settings = line->settings;

    if (line->argc > 0 && strcmp(line->argv[0], "silently") == 0)
        return EXIT_FAILED;
    if (line->argc > 0 && strcmp(line->argv[0], "answering") == 0)
        print_json(json_pack("{s:b}", "json", (int)settings->json));
    tool_error("it \"does\" not\\ \x1B[2J %s", "work");
    tool_error_text("subject_code", "8.2.6\"\xC2\x9B");
    tool_error_text("reason_code", "");
    tool_error_text("function", NULL);
    tool_error_number("result", -5);
    tool_error("and what came of it");
    tool_error_number("other", 1);
    return EXIT_FAILED;
}

static int end_well(const struct command_line *line)
{
    (void)line;
    tool_error("not so bad");
    return EXIT_OK;
}

static const struct option_row options[] = {{"json", NULL, "print JSON", TAKES_FLAG(struct settings, json)},
                                            {0}};
static const struct command *const commands[] = {
    COMMAND("fail", "[HOW]", "fails", .max_words = 1, .run = end_badly),
    COMMAND("succeed", "", "does not", .run = end_well), NULL};
static const struct command try = {
    "try", "", "tries", .options = options, .settings_size = sizeof(struct settings), .commands = commands};

#define LINES "softeuicc try: it \"does\" not\\ ?[2J work\nsofteuicc try: and what came of it\n"
#define ERROR                                                                                                \
    "{\"error\":{\"message\":\"it \\\"does\\\" not\\\\ ?[2J work\",\"subject_code\":\"8.2.6\\\"??\","        \
    "\"result\":-5}}\n"

START_TEST(a_program_is_told_what_failed)
{
    static const struct {
        const char *words[3];
        int status;
        const char *out, *err;
    } rows[] = {
        {{"fail"}, EXIT_FAILED, "", LINES},
        {{"fail", "--json"}, EXIT_FAILED, ERROR, LINES},
        {{"--json", "fail"}, EXIT_FAILED, ERROR, LINES},
        {{"--js", "fail"}, EXIT_FAILED, ERROR, LINES},
        {{"fail", "silently", "--json"}, EXIT_FAILED, "{\"error\":{\"message\":\"it failed\"}}\n", ""},
        {{"fail", "answering", "--json"}, EXIT_FAILED, "{\n  \"json\": true\n}\n", LINES},
        {{"succeed", "--json"}, EXIT_OK, "", "softeuicc try: not so bad\n"},
        {{"--frob", "--json"},
         EXIT_USAGE,
         "{\"error\":{\"message\":\"there is no option '--frob'\"}}\n",
         "softeuicc try: there is no option '--frob' (see 'softeuicc try --help')\n"},
        {{"frob", "--json"},
         EXIT_USAGE,
         "{\"error\":{\"message\":\"there is no command 'frob'\"}}\n",
         "softeuicc try: there is no command 'frob' (see 'softeuicc try --help')\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_captured(capture_command(&try, rows[i].words[0], rows[i].words[1], rows[i].words[2], NULL),
                           rows[i].status, rows[i].out, rows[i].err);
}
END_TEST

/* Codes are no part of the next error, and too many of them, or too long ones, no harm. */
static int say_much(void *context)
{
    char text[3000];

    memset(text, '"', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    tool_begin();
    tool_error("%s", text);
    for (int i = 0; i < 100; i++)
        tool_error_text("code", text);
    tool_error_number("last", 1);
    tool_print_error();
    (void)context;
    return EXIT_OK;
}

START_TEST(much_is_cut_and_stays_json)
{
    struct captured captured = capture(say_much, NULL);
    json_t *json = json_loads(captured.out, 0, NULL);

    ck_assert_msg(json != NULL, "%s", captured.out);
    ck_assert_uint_eq(json_string_length(json_object_get(json_object_get(json, "error"), "message")), 2047);
    ck_assert_uint_eq(json_string_length(json_object_get(json_object_get(json, "error"), "code")), 127);
    json_decref(json);
}
END_TEST

TEST_MAIN("print_json", names_are_in_snake_case, no_name_is_of_another_style, what_is_absent_is_not_there,
          texts_command_no_terminal, no_memory_is_an_error, a_program_is_told_what_failed,
          much_is_cut_and_stays_json)
