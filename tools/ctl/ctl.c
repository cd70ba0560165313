/*
 * softeuicc ctl: looks at a card and plays the world around it: takes it out of its reader, cuts its power,
 * sets its clock, follows what it is asked. The card is one that `softeuicc run` serves, found by its control
 * socket; only `show` and `ipae` open a card file that nobody runs, too.
 */
#include "tools/ctl/ctl.h"

#include "common/net/local_socket.h"
#include "common/print/print.h"
#include "common/print/print_json.h"
#include "common/tool.h"
#include "device/card_settings_json.h"
#include "device/inspect_json.h"
#include "euicc/softeuicc.h"
#include "tools/run/control_request.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *card, *socket; /* one of them; neither for lifecycle */
    const char *eim;
    int64_t after;
    bool json, follow, dot;
};

/* --- answers for people -------------------------------------------------------------------------- */

/* Each is false when the answer lacks what it is about; nothing was printed then. */

static bool say_settled(const json_t *result)
{
    const char *where = json_string_value(json_object_get(result, "card"));
    const json_t *noticed = json_object_get(result, "noticed");
    const bool is_out = where != NULL && strcmp(where, "out") == 0;

    if (!json_is_boolean(noticed) || (!is_out && (where == NULL || strcmp(where, "in") != 0)))
        return false;
    if (json_is_true(noticed))
        print_line("%s", is_out ? "the card is out" : "the card is in, and powered");
    else
        print_line("%s", is_out ? "the card is out; its reader has not noticed yet"
                                : "the card is in; no reader has found it yet");
    return true;
}

static bool say_cut(const json_t *result)
{
    const json_t *after = json_object_get(result, "after");
    const long long number = (long long)json_integer_value(after);

    if (!json_is_integer(after) || number < 0)
        return false;
    if (number == 0)
        print_line("%s", "the power stays on");
    else if (number == 1)
        print_line("%s", "the power goes at the card's next change of storage");
    else
        print_line("the power goes at the card's change of storage number %lld from now", number);
    return true;
}

static bool say_time(const json_t *result)
{
    const double ahead = json_number_value(json_object_get(result, "clock_ahead"));
    char time[CTL_TEXT_SIZE];

    if (!json_is_string(json_object_get(result, "time")))
        return false;
    print_part("%s", ctl_text(result, "time", time));
    if (ahead != 0)
        print_part(" (%.3f s ahead of this machine's clock)", ahead);
    print_line("%s", "");
    return true;
}

static bool say_trace(const json_t *result)
{
    const json_t *trace = json_object_get(result, "trace");

    if (!json_is_boolean(trace))
        return false;
    print_line("%s", json_is_true(trace) ? "trace on" : "trace off");
    return true;
}

/* --- requests ------------------------------------------------------------------------------------ */

static json_t *plain_request(const struct command_line *line)
{
    return json_pack("{s:s}", "command", line->command->name);
}

static json_t *cut_request(const struct command_line *line)
{
    const struct options *options = line->settings;

    return json_pack("{s:s, s:I}", "command", "cut", "after", (json_int_t)options->after);
}

static json_t *time_request(const struct command_line *line)
{
    json_t *request;

    if (line->argc == 0)
        return json_pack("{s:s}", "command", "time");
    if (line->argc != 2 || strcmp(line->argv[0], "set") != 0) {
        tool_usage("it is 'time' or 'time set TIME'");
        return NULL;
    }
    request = json_pack("{s:s, s:s}", "command", "time", "set", line->argv[1]);
    if (request == NULL)
        tool_usage("the time is not UTF-8: %s", line->argv[1]);
    return request;
}

static json_t *trace_request(const struct command_line *line)
{
    const struct options *options = line->settings;

    if (line->argc == 0 && options->follow)
        return json_pack("{s:s, s:s}", "command", "trace", "set", "follow");
    if (line->argc == 1 && !options->follow &&
        (strcmp(line->argv[0], "on") == 0 || strcmp(line->argv[0], "off") == 0))
        return json_pack("{s:s, s:s}", "command", "trace", "set", line->argv[0]);
    tool_usage("it is 'trace on', 'trace off' or 'trace --follow'");
    return NULL;
}

static json_t *ipae_request(const struct command_line *line)
{
    const struct options *options = line->settings;

    return ctl_ipae_request(options->eim, line->argc, line->argv);
}

/* What a command asks, and how its answer is said. */
struct exchange {
    json_t *(*request)(const struct command_line *line); /* NULL: the line was printed */
    bool (*say)(const json_t *result);
    /* Of a card that nobody runs: the result; NULL with the line that says why not in `why`. NULL: it must
     * run. */
    json_t *(*answer)(struct softeuicc *card, json_t *request, char *why, size_t size);
};

static json_t *answer_show(struct softeuicc *card, json_t *request, char *why, size_t size)
{
    json_t *facts = inspect_json(card);

    (void)request;
    if (facts == NULL)
        snprintf(why, size, "the card's storage could not be read");
    return facts;
}

/* By way of the line that a daemon would get, so that both take the same. */
static json_t *answer_ipae(struct softeuicc *card, json_t *request, char *why, size_t size)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct control_request read;
    char *line = json_dumps(request, JSON_COMPACT);
    bool ok = line != NULL && control_request_parse(span_of_string(line), &read, why, size);

    if (line == NULL)
        snprintf(why, size, "out of memory");
    free(line);
    if (!ok)
        return NULL;
    if (read.settings_count > 0 &&
        softeuicc_set(card, read.settings, read.settings_count, &error) != SOFTEUICC_OK) {
        snprintf(why, size, "%s", error.message);
        return NULL;
    }
    return card_settings_json(card, why, size);
}

/* --- what is done -------------------------------------------------------------------------------- */

static int ctl_answer(const struct options *options, const struct exchange *exchange, json_t *result)
{
    if (options->eim != NULL)
        ctl_ipae_narrow(result, options->eim);
    if (options->json)
        return print_json(json_incref(result));
    return exchange->say(result) ? EXIT_OK : tool_error(CTL_NONSENSE);
}

static int ctl_follow(const struct options *options, struct ctl_client *client)
{
    json_t *entry;

    while ((entry = ctl_receive(client, true)) != NULL) {
        if (options->json) {
            print_json_line(json_incref(entry));
        } else {
            ctl_print_trace(entry);
        }
        json_decref(entry);
    }
    return EXIT_FAILED; /* the daemon ended it; the line was printed */
}

static int run_command(const struct options *options, const struct exchange *exchange, json_t *request,
                       struct ctl_client *client)
{
    json_t *result = ctl_call(client, request);
    int status;

    if (result == NULL)
        return EXIT_FAILED;
    status = options->follow ? ctl_follow(options, client) : ctl_answer(options, exchange, result);
    json_decref(result);
    return status;
}

/* Nobody runs the card: it is opened for a moment. */
static int answer_by_file(const struct options *options, const struct exchange *exchange, json_t *request)
{
    char line[300];
    struct softeuicc_error why = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_open(options->card, NULL, &why);
    json_t *result;
    int status;

    if (card == NULL && why.status == SOFTEUICC_BUSY)
        return tool_error("%s; if that is 'softeuicc run --control PATH', name it: --socket PATH",
                          why.message);
    if (card == NULL)
        return tool_error("%s", why.message);
    result = exchange->answer(card, request, line, sizeof(line));
    softeuicc_close(card);
    if (result == NULL)
        return tool_error("%s", line);
    status = ctl_answer(options, exchange, result);
    json_decref(result);
    return status;
}

static int without_daemon(const struct options *options, const struct exchange *exchange, json_t *request)
{
    if (options->card == NULL)
        return tool_error("nobody listens at %s", options->socket);
    if (exchange->answer != NULL)
        return answer_by_file(options, exchange, request);
    return tool_error("%s does not run: start it with 'softeuicc run --card %s'", options->card,
                      options->card);
}

static int control(const struct command_line *line, const struct exchange *exchange)
{
    const struct options *options = line->settings;
    struct ctl_client client;
    json_t *request;
    char *path;
    int status;

    if (options->card != NULL && options->socket != NULL)
        return tool_usage("--card and --socket exclude each other");
    if (options->card == NULL && options->socket == NULL)
        return tool_usage("which card? --card FILE or --socket PATH");
    request = exchange->request(line);
    if (request == NULL)
        return EXIT_USAGE;
    path = options->card != NULL ? local_socket_of_card(options->card) : strdup(options->socket);
    if (path == NULL) {
        json_decref(request);
        return tool_error("out of memory");
    }
    switch (ctl_connect(&client, path)) {
    case CTL_CONNECTED:
        status = run_command(options, exchange, request, &client);
        ctl_disconnect(&client);
        break;
    case CTL_NOBODY:
        status = without_daemon(options, exchange, request);
        json_decref(request);
        break;
    default:
        json_decref(request);
        status = EXIT_FAILED;
        break;
    }
    free(path);
    return status;
}

static int ctl_show_card(const struct command_line *line)
{
    return control(line, &(const struct exchange){plain_request, ctl_show, answer_show});
}

static int move(const struct command_line *line)
{
    return control(line, &(const struct exchange){plain_request, say_settled, NULL});
}

static int ctl_cut(const struct command_line *line)
{
    return control(line, &(const struct exchange){cut_request, say_cut, NULL});
}

static int set_time(const struct command_line *line)
{
    return control(line, &(const struct exchange){time_request, say_time, NULL});
}

static int ctl_trace(const struct command_line *line)
{
    return control(line, &(const struct exchange){trace_request, say_trace, NULL});
}

static int ctl_ipae(const struct command_line *line)
{
    return control(line, &(const struct exchange){ipae_request, ctl_say_ipae, answer_ipae});
}

static int lifecycle(const struct command_line *line)
{
    const struct options *options = line->settings;
    size_t size = softeuicc_lifecycle_dot(NULL, 0) + 1;
    char *dot;

    if (!options->dot)
        return tool_usage("it is 'lifecycle --dot'");
    dot = malloc(size);
    if (dot == NULL)
        return tool_error("out of memory");
    softeuicc_lifecycle_dot(dot, size);
    print_lines(dot);
    free(dot);
    return EXIT_OK;
}

/* --- commands ------------------------------------------------------------------------------------ */

static const struct option_row rows[] = {
    {"card", "FILE", "the card; its control socket is FILE-ctl", TAKES_TEXT(struct options, card),
     .letter = 'c'},
    {"socket", "PATH", "its control socket, where 'run --control' put it", TAKES_TEXT(struct options, socket),
     .letter = 's'},
    {"json", NULL, "answer in JSON", TAKES_FLAG(struct options, json), .letter = 'j'},
    {0},
};

static const struct option_row cut_rows[] = {
    {"after", "N", "at which change of storage from now (default 1: the next write); 0 takes it back",
     TAKES_NUMBER(struct options, after, 0, CONTROL_CUT_MAX)},
    {0},
};

static const struct option_row trace_rows[] = {
    {"follow", NULL, "show them here, until interrupted", TAKES_FLAG(struct options, follow)},
    {0},
};

static const struct option_row ipae_rows[] = {
    {"eim", "EIMID", "of this eIM only, whether the card knows it or not", TAKES_TEXT(struct options, eim)},
    {0},
};

static const struct option_row lifecycle_rows[] = {
    {"dot", NULL, "as a Graphviz graph", TAKES_FLAG(struct options, dot)},
    {0},
};

static const struct command *const commands[] = {
    COMMAND("show", "", "everything there is to know, never a key; also of a card file that nobody runs",
            .run = ctl_show_card),
    COMMAND("power-cycle", "",
            "take the card out and put it in again, as a device that is switched off and on", .run = move),
    COMMAND("remove", "", "take the card out of the reader", .run = move),
    COMMAND("insert", "", "put the card into the reader", .run = move),
    COMMAND("cut", "[--after N]",
            "let the power go at the N-th change of storage from now (default 1: the next write): what is "
            "not stored by "
            "then is lost, the reader sees the card vanish and come back; --after 0 takes it back",
            .options = cut_rows, .run = ctl_cut),
    COMMAND("time", "[set TIME]",
            "the card's clock; set it to 2026-01-31T23:59:59Z, by +SECONDS or '-- -SECONDS', or to 'real'",
            .max_words = 2, .run = set_time),
    COMMAND("trace", "on|off|--follow",
            "show every command and answer on the daemon's standard output; or here, until interrupted",
            .max_words = 1, .options = trace_rows, .run = ctl_trace),
    COMMAND(
        "ipae", "[--eim EIMID] [NAME[@EIMID]=VALUE]...",
        "show the settings of the card's IPAe, or set some, all of them or none; also of a card file that "
        "nobody runs",
        "Shows the settings of the card's IPAe, what each is for, and the values of single eIMs. With words "
        "it sets them before, all or none: NAME=VALUE for all eIMs, NAME@EIMID=VALUE for one; 'default' is "
        "the value that takes a setting back. Spans of time are seconds, or have a unit: 90s, 15m, 1h, 2d. "
        "A card file that nobody runs will do.",
        .max_words = CONTROL_SETTINGS_MAX, .options = ipae_rows, .run = ctl_ipae),
    COMMAND("lifecycle", "--dot", "print the profile state machine as a Graphviz graph (no card needed)",
            .options = lifecycle_rows, .run = lifecycle),
    NULL,
};

static void ctl_begin(void *settings)
{
    struct options *options = settings;

    options->after = 1;
}

const struct command subcommand_ctl = {
    "ctl",
    "",
    "look at a running card, take it out, cut its power, set its clock, follow it",
    "Looks at a card that 'softeuicc run' serves, and controls it.",
    "The socket's protocol is in docs/ctl.md: one line of JSON out, one back.",
    .options = rows,
    .settings_size = sizeof(struct options),
    .begin = ctl_begin,
    .commands = commands,
};
