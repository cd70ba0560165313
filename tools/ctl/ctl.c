/*
 * softeuicc ctl: looks at a card and plays the world around it: takes it out of its reader, cuts its power,
 * sets its clock, follows what it is asked. The card is one that `softeuicc run` serves, found by its control
 * socket; only `show` reads a card file that nobody runs, too.
 */
#include "tools/ctl/ctl.h"

#include "common/local_socket.h"
#include "common/tool.h"
#include "device/inspect_json.h"
#include "euicc/softeuicc.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *card, *socket;
    const char *after;
    bool json, follow, dot;
    bool done; /* --help */
};

static const char help[] =
    "Usage: softeuicc ctl (--card FILE | --socket PATH) COMMAND [OPTION]...\n\n"
    "Looks at a card that 'softeuicc run' serves, and controls it.\n\n"
    "Commands:\n"
    "  show                    everything there is to know, never a key; also of a card file that nobody "
    "runs\n"
    "  power-cycle             take the card out and put it in again, as a device that is switched off and "
    "on\n"
    "  remove, insert          take the card out of the reader; put it in\n"
    "  cut [--after N]         let the power go at the N-th change of storage from now (default 1: the next "
    "write):\n"
    "                          what is not stored by then is lost, the reader sees the card vanish and come "
    "back;\n"
    "                          --after 0 takes it back\n"
    "  time                    the card's clock\n"
    "  time set TIME           set it to 2026-01-31T23:59:59Z, by +SECONDS, or to 'real'\n"
    "  trace on|off            show every command and answer on the daemon's standard output\n"
    "  trace --follow          show them here, until interrupted\n"
    "  lifecycle --dot         print the profile state machine as a Graphviz graph (no card needed)\n\n"
    "  -c, --card FILE         the card; its control socket is FILE-ctl\n"
    "  -s, --socket PATH       its control socket, where 'run --control' put it\n"
    "  -j, --json              answer in JSON\n"
    "  -h, --help              this text\n\n"
    "The socket's protocol is in docs/ctl.md: one line of JSON out, one back.\n";

static int parse_options(int argc, char **argv, struct options *options)
{
    enum { OPTION_AFTER = 256, OPTION_FOLLOW, OPTION_DOT };
    static const struct option known[] = {
        {"card", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"after", required_argument, NULL, OPTION_AFTER},
        {"follow", no_argument, NULL, OPTION_FOLLOW},
        {"dot", no_argument, NULL, OPTION_DOT},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:s:jh", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            options->card = optarg;
            break;
        case 's':
            options->socket = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        case OPTION_AFTER:
            options->after = optarg;
            break;
        case OPTION_FOLLOW:
            options->follow = true;
            break;
        case OPTION_DOT:
            options->dot = true;
            break;
        case 'h':
            fputs(help, stdout);
            options->done = true;
            return EXIT_OK;
        case ':':
            return tool_usage("%s wants a value", argv[optind - 1]);
        default:
            return tool_usage("there is no option %s", argv[optind - 1]);
        }
    }
    if (options->card != NULL && options->socket != NULL)
        return tool_usage("--card and --socket exclude each other");
    return EXIT_OK;
}

static int print_json(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 ? EXIT_OK : EXIT_FAILED;

    putchar('\n');
    return status;
}

/* --- answers for people -------------------------------------------------------------------------- */

static void say_settled(const json_t *result)
{
    const char *where = json_string_value(json_object_get(result, "card"));
    const bool is_out = where != NULL && strcmp(where, "out") == 0;

    if (json_is_true(json_object_get(result, "noticed")))
        puts(is_out ? "the card is out" : "the card is in, and powered");
    else
        puts(is_out ? "the card is out; its reader has not noticed yet"
                    : "the card is in; no reader has found it yet");
}

static void say_cut(const json_t *result)
{
    const long long after = (long long)json_integer_value(json_object_get(result, "after"));

    if (after == 0)
        puts("the power stays on");
    else if (after == 1)
        puts("the power goes at the card's next change of storage");
    else
        printf("the power goes at the card's change of storage number %lld from now\n", after);
}

static void say_time(const json_t *result)
{
    const char *time = json_string_value(json_object_get(result, "time"));
    const double ahead = json_number_value(json_object_get(result, "clock_ahead"));

    printf("%s", time != NULL ? time : "");
    if (ahead != 0)
        printf(" (%.3f s ahead of this machine's clock)", ahead);
    putchar('\n');
}

static void say_trace(const json_t *result)
{
    puts(json_is_true(json_object_get(result, "trace")) ? "trace on" : "trace off");
}

/* --- requests ------------------------------------------------------------------------------------ */

static json_t *plain_request(const struct options *options, int argc, char **argv)
{
    (void)options;
    if (argc > 1)
        tool_usage("'%s' is too much", argv[1]);
    return argc > 1 ? NULL : json_pack("{s:s}", "command", argv[0]);
}

static json_t *cut_request(const struct options *options, int argc, char **argv)
{
    char *end = NULL;
    long long after = options->after != NULL ? strtoll(options->after, &end, 10) : 1;

    if (argc > 1 || (options->after != NULL && (*end != '\0' || end == options->after))) {
        tool_usage(argc > 1 ? "'%s' is too much" : "--after wants a number, not '%s'",
                   argc > 1 ? argv[1] : options->after);
        return NULL;
    }
    return json_pack("{s:s, s:I}", "command", "cut", "after", (json_int_t)after);
}

static json_t *time_request(const struct options *options, int argc, char **argv)
{
    (void)options;
    if (argc == 1)
        return json_pack("{s:s}", "command", "time");
    if (argc == 3 && strcmp(argv[1], "set") == 0)
        return json_pack("{s:s, s:s}", "command", "time", "set", argv[2]);
    tool_usage("it is 'time' or 'time set TIME'");
    return NULL;
}

static json_t *trace_request(const struct options *options, int argc, char **argv)
{
    if (argc == 1 && options->follow)
        return json_pack("{s:s, s:s}", "command", "trace", "set", "follow");
    if (argc == 2 && !options->follow && (strcmp(argv[1], "on") == 0 || strcmp(argv[1], "off") == 0))
        return json_pack("{s:s, s:s}", "command", "trace", "set", argv[1]);
    tool_usage("it is 'trace on', 'trace off' or 'trace --follow'");
    return NULL;
}

static const struct command {
    const char *name;
    json_t *(*request)(const struct options *options, int argc, char **argv); /* NULL: the line was printed */
    void (*say)(const json_t *result);
} commands[] = {
    {"show", plain_request, ctl_show},      {"power-cycle", plain_request, say_settled},
    {"remove", plain_request, say_settled}, {"insert", plain_request, say_settled},
    {"cut", cut_request, say_cut},          {"time", time_request, say_time},
    {"trace", trace_request, say_trace},    {NULL, NULL, NULL},
};

/* --- what is done -------------------------------------------------------------------------------- */

static int answer(const struct options *options, const struct command *command, json_t *result)
{
    int status = EXIT_OK;

    if (options->json)
        status = print_json(result);
    else
        command->say(result);
    return status;
}

static int follow(const struct options *options, struct ctl_client *client)
{
    json_t *entry;

    while ((entry = ctl_receive(client, true)) != NULL) {
        if (options->json) {
            json_dumpf(entry, stdout, JSON_COMPACT);
            putchar('\n');
            fflush(stdout);
        } else {
            ctl_print_trace(entry);
        }
        json_decref(entry);
    }
    return EXIT_FAILED; /* the daemon ended it; the line was printed */
}

static int run_command(const struct options *options, const struct command *command, json_t *request,
                       struct ctl_client *client)
{
    json_t *result = ctl_call(client, request);
    int status;

    if (result == NULL)
        return EXIT_FAILED;
    status = options->follow ? follow(options, client) : answer(options, command, result);
    json_decref(result);
    return status;
}

/* Nobody runs the card: it is opened for a moment. */
static int show_file(const struct options *options, const struct command *command)
{
    struct softeuicc_error why = {SOFTEUICC_OK, ""};
    struct softeuicc *card = softeuicc_open(options->card, NULL, &why);
    json_t *facts;
    int status;

    if (card == NULL && why.status == SOFTEUICC_BUSY)
        return tool_error("%s; if that is 'softeuicc run --control PATH', name it: --socket PATH",
                          why.message);
    if (card == NULL)
        return tool_error("%s", why.message);
    facts = inspect_json(card);
    softeuicc_close(card);
    if (facts == NULL)
        return tool_error("%s cannot be read", options->card);
    status = answer(options, command, facts);
    json_decref(facts);
    return status;
}

static int without_daemon(const struct options *options, const struct command *command)
{
    if (options->card == NULL)
        return tool_error("nobody listens at %s", options->socket);
    if (command->say == ctl_show)
        return show_file(options, command);
    return tool_error("%s does not run: start it with 'softeuicc run --card %s'", options->card,
                      options->card);
}

static int control(const struct options *options, const struct command *command, int argc, char **argv)
{
    struct ctl_client client;
    json_t *request = command->request(options, argc, argv);
    char *path;
    int status;

    if (request == NULL)
        return EXIT_USAGE;
    path = options->card != NULL ? local_socket_of_card(options->card) : strdup(options->socket);
    if (path == NULL) {
        json_decref(request);
        return tool_error("out of memory");
    }
    switch (ctl_connect(&client, path)) {
    case CTL_CONNECTED:
        status = run_command(options, command, request, &client);
        ctl_disconnect(&client);
        break;
    case CTL_NOBODY:
        json_decref(request);
        status = without_daemon(options, command);
        break;
    default:
        json_decref(request);
        status = EXIT_FAILED;
        break;
    }
    free(path);
    return status;
}

static int lifecycle(const struct options *options, int argc)
{
    size_t size = softeuicc_lifecycle_dot(NULL, 0) + 1;
    char *dot;

    if (argc > 1 || !options->dot)
        return tool_usage("it is 'lifecycle --dot'");
    dot = malloc(size);
    if (dot == NULL)
        return tool_error("out of memory");
    softeuicc_lifecycle_dot(dot, size);
    fputs(dot, stdout);
    free(dot);
    return EXIT_OK;
}

int tool_ctl(int argc, char **argv)
{
    struct options options = {.card = NULL};
    int status = parse_options(argc, argv, &options);
    const char *name = optind < argc ? argv[optind] : NULL;

    if (status != EXIT_OK || options.done)
        return status;
    if (name == NULL)
        return tool_usage("a command is missing");
    if (strcmp(name, "lifecycle") == 0)
        return lifecycle(&options, argc - optind);
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) != 0)
            continue;
        if (options.card == NULL && options.socket == NULL)
            return tool_usage("which card? --card FILE or --socket PATH");
        return control(&options, command, argc - optind, argv + optind);
    }
    return tool_usage("there is no command '%s'", name);
}
