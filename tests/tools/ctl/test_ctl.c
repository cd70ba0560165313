/* `softeuicc ctl` against a peer that says what it is told to: what is asked, and what is made of the answer;
 * and without one. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "euicc/softeuicc.h"
#include "tests/support/pki.h"
#include "tests/tools/ctl/ctl_bench.h"
#include "tools/ctl/ctl.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- requests ------------------------------------------------------------------------------------ */

START_TEST(requests)
{
    static const struct {
        const char *words[CTL_WORDS_MAX], *request;
    } rows[] = {
        {{"show"}, "{\"command\":\"show\"}"},
        {{"show", "--json"}, "{\"command\":\"show\"}"},
        {{"power-cycle"}, "{\"command\":\"power-cycle\"}"},
        {{"remove"}, "{\"command\":\"remove\"}"},
        {{"insert"}, "{\"command\":\"insert\"}"},
        {{"cut"}, "{\"command\":\"cut\",\"after\":1}"},
        {{"cut", "--after", "0"}, "{\"command\":\"cut\",\"after\":0}"},
        {{"cut", "--after", "1000000"}, "{\"command\":\"cut\",\"after\":1000000}"},
        {{"time"}, "{\"command\":\"time\"}"},
        {{"time", "set", "real"}, "{\"command\":\"time\",\"set\":\"real\"}"},
        {{"time", "set", "+3600"}, "{\"command\":\"time\",\"set\":\"+3600\"}"},
        {{"time", "set", "\"\n\xC3\xBC"}, "{\"command\":\"time\",\"set\":\"\\\"\\n\xC3\xBC\"}"},
        {{"trace", "on"}, "{\"command\":\"trace\",\"set\":\"on\"}"},
        {{"trace", "off"}, "{\"command\":\"trace\",\"set\":\"off\"}"},
        {{"trace", "--follow"}, "{\"command\":\"trace\",\"set\":\"follow\"}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ctl_assert_asks(rows[i].words, rows[i].request);
}
END_TEST

/* Nothing is asked, and one line says what is wrong. */
START_TEST(usage)
{
    static const struct {
        const char *words[CTL_WORDS_MAX], *part;
    } rows[] = {
        {{NULL}, "a command is missing"},
        {{"eject"}, "there is no command 'eject'"},
        {{"show", "it"}, "'it' is one argument too many"},
        {{"show", "--after", "1"}, "there is no option '--after'"},
        {{"cut", "--after", "-1"}, "--after is not a number from 0"},
        {{"cut", "--after", "9223372036854775808"}, "--after is not a number from 0"},
        {{"cut", "--after", "x"}, "--after is not a number from 0"},
        {{"cut", "--after"}, "'--after' needs a value"},
        {{"time", "now"}, "it is 'time' or 'time set TIME'"},
        {{"time", "set"}, "it is 'time' or 'time set TIME'"},
        {{"time", "get", "real"}, "it is 'time' or 'time set TIME'"},
        {{"time", "set", "\xFF"}, "the time is not UTF-8: ?"},
        {{"trace"}, "it is 'trace on', 'trace off' or 'trace --follow'"},
        {{"trace", "loud"}, "it is 'trace on', 'trace off' or 'trace --follow'"},
        {{"trace", "on", "--follow"}, "it is 'trace on', 'trace off' or 'trace --follow'"},
        {{"lifecycle"}, "it is 'lifecycle --dot'"},
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

START_TEST(one_card_is_named)
{
    struct captured captured = capture_command(&subcommand_ctl, "show", NULL);

    ctl_assert_lines(
        &captured, EXIT_USAGE, "",
        "softeuicc ctl show: which card? --card FILE or --socket PATH (see 'softeuicc ctl show --help')\n");
    captured = capture_command(&subcommand_ctl, "-c", "a", "-s", "b", "show", NULL);
    ctl_assert_lines(
        &captured, EXIT_USAGE, "",
        "softeuicc ctl show: --card and --socket exclude each other (see 'softeuicc ctl show --help')\n");
}
END_TEST

/* --- answers ------------------------------------------------------------------------------------- */

START_TEST(answers)
{
    static const struct {
        const char *words[CTL_WORDS_MAX], *answer, *out;
    } rows[] = {
        {{"remove"}, OK("{\"card\":\"out\",\"noticed\":true}"), "the card is out\n"},
        {{"remove"},
         OK("{\"card\":\"out\",\"noticed\":false}"),
         "the card is out; its reader has not noticed yet\n"},
        {{"insert"}, OK("{\"card\":\"in\",\"noticed\":true}"), "the card is in, and powered\n"},
        {{"power-cycle"},
         OK("{\"noticed\":false,\"card\":\"in\"}"),
         "the card is in; no reader has found it yet\n"},
        {{"cut"}, OK("{\"after\":0}"), "the power stays on\n"},
        {{"cut"}, OK("{\"after\":1}"), "the power goes at the card's next change of storage\n"},
        {{"cut"}, OK("{\"after\":7}"), "the power goes at the card's change of storage number 7 from now\n"},
        {{"time"}, OK("{\"time\":\"2026-01-31T23:59:59Z\",\"clock_ahead\":0.0}"), "2026-01-31T23:59:59Z\n"},
        {{"time"},
         OK("{\"time\":\"2026-01-31T23:59:59Z\",\"clock_ahead\":-1.5}"),
         "2026-01-31T23:59:59Z (-1.500 s ahead of this machine's clock)\n"},
        {{"time"}, OK("{\"time\":\"a\\u001b[31m\\nb\"}"), "a?[31m?b\n"},
        {{"trace", "on"}, OK("{\"trace\":true,\"following\":false}"), "trace on\n"},
        {{"trace", "off"}, OK("{\"trace\":false,\"following\":false}"), "trace off\n"},
        {{"trace", "off", "--json"},
         OK("{\"trace\": false,\"more\":[1]}"),
         "{\n  \"trace\": false,\n  \"more\": [\n    1\n  ]\n}\n"},
        {{"--json", "cut"}, OK("{\"after\":3}"), "{\n  \"after\": 3\n}\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct captured captured = ctl_told(rows[i].answer, rows[i].words);

        ctl_assert_lines(&captured, EXIT_OK, rows[i].out, "");
    }
}
END_TEST

START_TEST(answers_that_make_no_sense)
{
    static const struct {
        const char *words[CTL_WORDS_MAX], *answer;
    } rows[] = {
        {{"show"}, "{}\n"},
        {{"show"}, "[]\n"},
        {{"show"}, "{\"ok\":true}\n"},
        {{"show"}, "{\"ok\":1,\"result\":{}}\n"},
        {{"show"}, "{\"ok\":\"true\",\"result\":{}}\n"},
        {{"show"}, "{\"ok\":false}\n"},
        {{"show"}, "{\"ok\":false,\"error\":1}\n"},
        {{"show"}, "{\"ok\":true,\"error\":\"no\"}\n"},
        {{"show"}, "{\"error\":\"no\"}\n"},
        {{"show"}, OK("null")},
        {{"show"}, OK("5")},
        {{"show"}, OK("[]")},
        {{"show", "--json"}, OK("\"text\"")},
        {{"trace", "--follow"}, OK("true")},
        {{"remove"}, OK("{}")},
        {{"remove"}, OK("{\"card\":\"out\"}")},
        {{"remove"}, OK("{\"noticed\":true}")},
        {{"remove"}, OK("{\"card\":\"lost\",\"noticed\":true}")},
        {{"insert"}, OK("{\"card\":true,\"noticed\":true}")},
        {{"insert"}, OK("{\"card\":\"in\",\"noticed\":\"yes\"}")},
        {{"cut"}, OK("{}")},
        {{"cut"}, OK("{\"after\":\"1\"}")},
        {{"cut"}, OK("{\"after\":1.0}")},
        {{"cut"}, OK("{\"after\":-1}")},
        {{"time"}, OK("{}")},
        {{"time"}, OK("{\"time\":1795314639}")},
        {{"trace", "on"}, OK("{}")},
        {{"trace", "on"}, OK("{\"trace\":1}")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct captured captured = ctl_told(rows[i].answer, rows[i].words);

        ctl_assert_failed(&captured, CTL_NONSENSE);
    }
}
END_TEST

START_TEST(errors_are_one_line)
{
    struct captured captured =
        ctl_told("{\"ok\":false,\"error\":\"the card is out already\"}\n", CTL_WORDS("remove"));

    ctl_assert_failed(&captured, "the card is out already");
    captured = ctl_told("{\"ok\":false,\"error\":\"a\\nb\\u001b[2J\\u009b2J\\u007f\"}\n",
                        CTL_WORDS("remove", "--json"));
    ctl_assert_failed(&captured, "a?b?[2J??2J?");
    captured = ctl_told("{\"ok\":false,\"error\":\"100%s%n\"}\n", CTL_WORDS("remove"));
    ctl_assert_failed(&captured, "100%s%n");
}
END_TEST

/* --- the trace ----------------------------------------------------------------------------------- */

#define ENTRIES                                                                                              \
    "{\"time\":\"2026-11-22 03:01:02.345678\",\"slot\":0,\"command\":\"81E2910006BF3E035C015A\"}\n"          \
    "{\"time\":\"2026-11-22 03:01:05.000001\",\"slot\":1,\"event\":\"power off\"}\n"

START_TEST(following_the_trace)
{
    static const char answer[] = OK("{\"trace\":false,\"following\":true}") ENTRIES;
    struct captured captured = ctl_told(answer, CTL_WORDS("trace", "--follow"));

    ctl_assert_lines(&captured, EXIT_FAILED,
                     "2026-11-22 03:01:02.345678 slot 0 > 81E2910006BF3E035C015A\n"
                     "2026-11-22 03:01:05.000001 slot 1: power off\n",
                     "softeuicc ctl: the card's daemon is gone\n");
    captured = ctl_told(answer, CTL_WORDS("trace", "--follow", "--json"));
    ctl_assert_lines(&captured, EXIT_FAILED,
                     ENTRIES "{\"error\":{\"message\":\"the card's daemon is gone\"}}\n",
                     "softeuicc ctl: the card's daemon is gone\n");
    captured = ctl_told(OK("{\"trace\":false}") "[]\n" ENTRIES, CTL_WORDS("trace", "--follow"));
    ctl_assert_failed(&captured, CTL_NONSENSE);
    captured = ctl_told("{\"ok\":false,\"error\":\"no\"}\n" ENTRIES, CTL_WORDS("trace", "--follow"));
    ctl_assert_failed(&captured, "no");
}
END_TEST

/* --- whose socket -------------------------------------------------------------------------------- */

START_TEST(the_socket_of_a_card)
{
    const char *card = ctl_path("running.db");
    struct captured captured;
    struct peer peer;

    peer_start(&peer, ctl_path("running.db-ctl"), SPAN_STRING(OK("{\"after\":1}")));
    captured = capture_command(&subcommand_ctl, "--card", card, "cut", NULL);
    ctl_assert_lines(&captured, EXIT_OK, "the power goes at the card's next change of storage\n", "");
    ck_assert_str_eq(peer_end(&peer), "{\"command\":\"cut\",\"after\":1}");
}
END_TEST

START_TEST(nobody_listens)
{
    const char *path = ctl_path("nobody");
    struct captured captured = ctl(path, CTL_WORDS("show"));
    char line[512];
    FILE *file;

    snprintf(line, sizeof(line), "nobody listens at %s", path);
    ctl_assert_failed(&captured, line);
    captured = capture_command(&subcommand_ctl, "--card", path, "insert", NULL);
    snprintf(line, sizeof(line), "%s does not run: start it with 'softeuicc run --card %s'", path, path);
    ctl_assert_failed(&captured, line);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    captured = ctl(path, CTL_WORDS("show"));
    snprintf(line, sizeof(line), "nobody listens at %s", path);
    ctl_assert_failed(&captured, line);
    path = ctl_path("nobody/socket");
    captured = ctl(path, CTL_WORDS("show"));
    snprintf(line, sizeof(line), "cannot connect to %s: Not a directory", path);
    ctl_assert_failed(&captured, line);
}
END_TEST

/* A socket of another user than root or ourselves, which only root can make here. */
START_TEST(a_stranger_listens)
{
    const char *path = ctl_path("stranger");
    struct local_socket socket;
    struct local_socket_error error;
    struct captured captured;
    char line[512];

    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(test_path(""), 0777), 0);
    unlink(test_path("stdout")); /* which are root's */
    unlink(test_path("stderr"));
    ck_assert_int_eq(seteuid(1), 0);
    ck_assert(local_socket_listen(&socket, path, &error));
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert(seteuid(0) == 0 && seteuid(65534) == 0);
    captured = ctl(path, CTL_WORDS("show"));
    ck_assert_int_eq(seteuid(0), 0);
    snprintf(line, sizeof(line), "%s is a socket of user 1", path);
    ctl_assert_failed(&captured, line);
    local_socket_close(&socket);
}
END_TEST

/* --- without a daemon ---------------------------------------------------------------------------- */

START_TEST(a_card_file)
{
    const char *path = ctl_path("card.db");
    struct test_ci ci;
    struct captured captured;
    struct softeuicc *card;
    json_error_t error;
    json_t *facts;
    char line[512];

    test_ci_make(&ci, EC_CURVE_P256);
    card = test_card(path, &ci, 1, 0);
    captured = capture_command(&subcommand_ctl, "--card", path, "show", NULL);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_str_eq(captured.out, "");
    ck_assert_ptr_nonnull(
        strstr(captured.err, "; if that is 'softeuicc run --control PATH', name it: --socket PATH\n"));
    softeuicc_close(card);
    captured = capture_command(&subcommand_ctl, "--card", path, "show", NULL);
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_ptr_eq(strstr(captured.out, "EID                " TEST_EID "\n"), captured.out);
    ck_assert_ptr_nonnull(strstr(captured.out, "\nRunning            no\n"));
    captured = capture_command(&subcommand_ctl, "--card", path, "show", "--json", NULL);
    ck_assert_int_eq(captured.status, EXIT_OK);
    facts = json_loads(captured.out, 0, &error);
    ck_assert_msg(facts != NULL, "%s", error.text);
    ck_assert_str_eq(json_string_value(json_object_get(facts, "eid")), TEST_EID);
    ck_assert_ptr_null(json_object_get(facts, "run"));
    json_decref(facts);
    captured = capture_command(&subcommand_ctl, "--card", path, "time", NULL);
    snprintf(line, sizeof(line), "%s does not run: start it with 'softeuicc run --card %s'", path, path);
    ctl_assert_failed(&captured, line);
    captured = capture_command(&subcommand_ctl, "--card", ctl_path("none.db"), "show", NULL);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(captured.err, "none.db"));
    ck_assert_int_ne(access(ctl_path("none.db"), F_OK), 0);
    test_ci_free(&ci);
}
END_TEST

START_TEST(lifecycle_needs_no_card)
{
    struct captured captured = capture_command(&subcommand_ctl, "lifecycle", "--dot", NULL);
    size_t size = softeuicc_lifecycle_dot(NULL, 0);
    char *dot = malloc(size + 1);

    ck_assert_ptr_nonnull(dot);
    softeuicc_lifecycle_dot(dot, size + 1);
    ctl_assert_lines(&captured, EXIT_OK, dot, "");
    ck_assert_ptr_eq(strstr(dot, "digraph"), dot);
    ck_assert_str_eq(dot + size - 2, "}\n");
    free(dot);
}
END_TEST

TEST_MAIN("ctl", requests, usage, one_card_is_named, answers, answers_that_make_no_sense, errors_are_one_line,
          following_the_trace, the_socket_of_a_card, nobody_listens, a_stranger_listens, a_card_file,
          lifecycle_needs_no_card)
