/* `softeuicc ctl ipae`: what it asks a running card, what it shows of the answer, and a card file that nobody
 * runs. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "euicc/softeuicc.h"
#include "tests/support/pki.h"
#include "tests/tools/ctl/ctl_bench.h"
#include "tools/ctl/ctl.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <string.h>

START_TEST(what_is_asked)
{
    static const struct {
        const char *words[CTL_WORDS_MAX], *request;
    } rows[] = {
        {{"ipae"}, "{\"command\":\"ipae\"}"},
        {{"ipae", "--eim", "e"}, "{\"command\":\"ipae\"}"},
        {{"ipae", "poll-interval=15m"},
         "{\"command\":\"ipae\",\"set\":[{\"name\":\"poll-interval\",\"value\":\"15m\"}]}"},
        {{"ipae", "a=", "b=default"},
         "{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"\"},"
         "{\"name\":\"b\",\"value\":\"default\"}]}"},
        {{"ipae", "a=1", "--eim", "e=@"},
         "{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\",\"eim\":\"e=@\"}]}"},
        /* The name ends at the first of '@' and '=', an eimId at the last '='. */
        {{"ipae", "a@x=y@z=1"},
         "{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\",\"eim\":\"x=y@z\"}]}"},
        {{"ipae", "a@=1"}, "{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\",\"eim\":\"\"}]}"},
        {{"ipae", "a=b@c=d"}, "{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"b@c=d\"}]}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ctl_assert_asks(rows[i].words, rows[i].request);
}
END_TEST

START_TEST(words_that_are_none)
{
    static const struct {
        const char *words[CTL_WORDS_MAX], *part;
    } rows[] = {
        {{"ipae", "poll-interval"}, "it is NAME=VALUE or NAME@EIMID=VALUE, not: poll-interval"},
        {{"ipae", "a=1", "b"}, "not: b"},
        {{"ipae", "=1"}, "not: =1"},
        {{"ipae", "@e=1"}, "not: @e=1"},
        {{"ipae", "a@e"}, "not: a@e"},
        {{"ipae", ""}, "not: "},
        {{"ipae", "a=\xFF"}, "the setting is not UTF-8: a=?"},
        {{"ipae", "a@\xFF=1"}, "the setting is not UTF-8: a@?=1"},
        {{"ipae", "--eim=\xFF", "a=1"}, "the setting is not UTF-8: a=1"},
        {{"ipae", "--eim=e", "a@f=1"}, "the eIM is named twice: a@f=1"},
        {{"ipae", "--eim"}, "'--eim' needs a value"},
        {{"show", "--eim", "e"}, "there is no option '--eim'"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct captured captured = ctl(ctl_path("nobody"), rows[i].words);

        ck_assert_msg(captured.status == EXIT_USAGE, "%s: %s", rows[i].part, captured.err);
        ck_assert_str_eq(captured.out, "");
        ck_assert_msg(strstr(captured.err, rows[i].part) != NULL, "%s: %s", rows[i].part, captured.err);
        ck_assert_ptr_eq(strchr(captured.err, '\n'), captured.err + strlen(captured.err) - 1);
    }
}
END_TEST

#define SETTING(name, kind, value, preset, set, per_eim, more)                                               \
    "{\"name\":\"" name "\",\"kind\":\"" kind "\",\"value\":\"" value "\",\"default\":\"" preset             \
    "\",\"set\":" set ",\"per_eim\":" per_eim ",\"meaning\":\"what for\"" more "}"
#define SETTINGS                                                                                             \
    "{\"settings\":[" SETTING(                                                                               \
        "poll-interval", "seconds", "10", "900", "true", "true",                                             \
        ",\"eims\":[{\"eim_id\":\"e\",\"value\":\"86400\"},"                                                 \
        "{\"eim_id\":\"f\",\"value\":\"0\"}]") "," SETTING("jitter", "percent", "20", "0", "true", "true",   \
                                                           "") "," SETTING("hours", "hours", "", "",         \
                                                                           "false", "false", "") "]}"

START_TEST(what_is_shown)
{
    struct captured captured = ctl_told(OK(SETTINGS), CTL_WORDS("ipae"));

    ctl_assert_lines(&captured, EXIT_OK,
                     "NAME           VALUE  STATE              MEANING\n"
                     "poll-interval  10s    set (default 15m)  what for\n"
                     "jitter         20%    set (default 0%)   what for\n"
                     "hours          none   default            what for\n"
                     "\n"
                     "Values of single eIMs\n"
                     "  NAME           VALUE  EIM\n"
                     "  poll-interval  1d     e\n"
                     "  poll-interval  0s     f\n",
                     "");
    captured = ctl_told(OK(SETTINGS), CTL_WORDS("ipae", "--eim", "f"));
    ctl_assert_lines(&captured, EXIT_OK,
                     "NAME           VALUE  STATE              MEANING\n"
                     "poll-interval  10s    set (default 15m)  what for\n"
                     "jitter         20%    set (default 0%)   what for\n"
                     "\n"
                     "Values of single eIMs\n"
                     "  NAME           VALUE  EIM\n"
                     "  poll-interval  0s     f\n",
                     "");
    captured = ctl_told(OK("{\"settings\":[{\"name\":\"a\\u001b[2J\",\"value\":\"\\n\\u009b\"}]}"),
                        CTL_WORDS("ipae"));
    ctl_assert_lines(&captured, EXIT_OK,
                     "NAME   VALUE  STATE    MEANING\n"
                     "a?[2J  ???    default\n",
                     "");
}
END_TEST

START_TEST(answers_that_make_no_sense)
{
    static const char *const answers[] = {OK("{}"), OK("{\"settings\":1}"), OK("{\"settings\":{}}")};

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct captured captured = ctl_told(answers[i], CTL_WORDS("ipae"));

        ctl_assert_failed(&captured, CTL_NONSENSE);
        captured = ctl_told(answers[i], CTL_WORDS("ipae", "--eim", "e"));
        ctl_assert_failed(&captured, CTL_NONSENSE);
    }
}
END_TEST

/* --- a card file ---------------------------------------------------------------------------------------- */

static struct captured of_file(const char *path, const char *word)
{
    return capture_command(&subcommand_ctl, "--card", path, "ipae", word, NULL);
}

START_TEST(a_card_file_without_an_ipae)
{
    const char *path = ctl_path("card.db");
    struct captured captured;
    struct test_ci ci;

    test_ci_make(&ci, EC_CURVE_P256);
    softeuicc_close(test_card(path, &ci, 1, 0));
    test_ci_free(&ci);
    captured = of_file(path, NULL);
    ctl_assert_lines(&captured, EXIT_FAILED, "", "softeuicc ctl: the card has no IPAe\n");
    captured = of_file(path, "poll-interval=1h");
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_str_eq(captured.out, "");
    captured = of_file(ctl_path("none.db"), "poll-interval=1h");
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(captured.err, "none.db"));
}
END_TEST

TEST_MAIN("ctl ipae", what_is_asked, words_that_are_none, what_is_shown, answers_that_make_no_sense,
          a_card_file_without_an_ipae)
