/* `softeuicc eim rule`: the rules by which the eIM orders by itself, shown, set, tried, and what they have
 * done. See client.h. */
#include "tools/eim/client.h"

#include "common/print/print.h"
#include "common/print/table.h"
#include "common/tool.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RULES_FILE_MAX ((size_t)256 * 1024) /* octets, as the eIM takes */

/* The settings begin with a struct client. */
struct trial {
    struct client client;
    const char *network, *network_for, *silent_for, *cause;
};

/* --- Printing ------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* A member as JSON in one line; "" when it is not there. Freed by the caller. */
static char *compact_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
}

/* "when" and "then" are words of the document: shown as they stand there. */
static int print_rules(const json_t *rules)
{
    static const struct table_column columns[] = {TABLE_WHOLE("rule"), TABLE_COLUMN("state"),
                                                  TABLE_SENTENCE("when, then")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *rule;
    size_t i;

    json_array_foreach(json_object_get(rules, "rules"), i, rule)
    {
        char *when = compact_member(rule, "when"), *then = compact_member(rule, "then");

        table_add(table, "%s", text_of(rule, "name"));
        table_add(table, "%s", json_is_false(json_object_get(rule, "enabled")) ? "off" : "on");
        table_add(table, "%s -> %s", when != NULL ? when : "", then != NULL ? then : "");
        free(when);
        free(then);
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

/* What the rules would order, below the reason. */
static int print_verdicts(const json_t *verdicts)
{
    static const struct table_column columns[] = {TABLE_WHOLE("rule"), TABLE_WHOLE("fires"),
                                                  TABLE_SENTENCE("why")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *verdict, *order;
    size_t i, j;

    json_array_foreach(verdicts, i, verdict)
    {
        table_add(table, "%s", text_of(verdict, "rule"));
        table_add(table, "%s", json_is_true(json_object_get(verdict, "fires")) ? "yes" : "no");
        table_add(table, "%s", text_of(verdict, "reason"));
        json_array_foreach(json_object_get(verdict, "orders"), j, order)
        {
            char *text;

            json_object_del(order, "eid");
            text = json_dumps(order, JSON_COMPACT);
            table_add(table, "%s", "");
            table_add(table, "%s", "");
            table_add(table, "order %s", text != NULL ? text : "");
            free(text);
        }
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

/* As the eIM has it, so that it can be given back: no name is changed. */
static int print_document(const json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    char *rest = text, *line;

    if (text == NULL)
        return tool_error("out of memory");
    while ((line = strsep(&rest, "\n")) != NULL)
        print_line("%s", line);
    free(text);
    return EXIT_OK;
}

/* --- Files ---------------------------------------------------------------------------------------------- */

/* {"rules": […]}; NULL after an error line. */
static json_t *read_rules(const char *path)
{
    struct buf octets = {0};
    json_error_t where;
    json_t *document = NULL;

    if (!tool_read_file(path, RULES_FILE_MAX, &octets))
        return NULL;
    document = json_loadb((const char *)octets.data, octets.size, JSON_REJECT_DUPLICATES, &where);
    buf_free(&octets);
    if (document == NULL)
        tool_error("%s, line %d: %s", path, where.line, where.text);
    else if (!json_is_object(document) || !json_is_array(json_object_get(document, "rules"))) {
        tool_error("%s is not {\"rules\": […]}", path);
        json_decref(document);
        document = NULL;
    }
    return document;
}

/* An answer for people or programs; taken. */
static int show(const struct client *client, json_t *answer, int (*print)(const json_t *answer))
{
    int status;

    if (answer == NULL)
        return EXIT_FAILED;
    if (client->json)
        status = print_document(answer);
    else
        status = print(answer);
    json_decref(answer);
    return status;
}

/* --- Commands ------------------------------------------------------------------------------------------- */

static int run_show(const struct command_line *line)
{
    const struct client *client = line->settings;

    return show(client, client_exchange(client, "GET", "/v1/rules", NULL), print_rules);
}

/* A file that was shown before says of which version it is: it replaces that one, or none. */
static int run_set(const struct command_line *line)
{
    const struct client *client = line->settings;
    json_t *document = read_rules(line->argv[0]);
    json_t *answer;

    if (document == NULL)
        return EXIT_FAILED;
    answer = client_exchange(client, "PUT", "/v1/rules", document);
    json_decref(document);
    return show(client, answer, print_rules);
}

static bool add_text(json_t *object, const char *name, const char *text)
{
    return text == NULL || json_object_set_new(object, name, json_string(text)) == 0;
}

/* What is supposed of the eUICC, and the rules of a file if there is one; NULL after an error line. */
static json_t *make_trial(const struct trial *trial, const char *path)
{
    json_t *request = json_object(), *document = NULL;
    bool ok = add_text(request, "eid", trial->client.eid) && add_text(request, "network", trial->network) &&
              add_text(request, "networkFor", trial->network_for) &&
              add_text(request, "silentFor", trial->silent_for) && add_text(request, "cause", trial->cause);

    if (!ok)
        tool_usage("a value is not UTF-8");
    if (ok && path != NULL) {
        document = read_rules(path);
        ok = document != NULL && json_object_set(request, "rules", json_object_get(document, "rules")) == 0;
    }
    json_decref(document);
    if (ok)
        return request;
    json_decref(request);
    return NULL;
}

static int run_test(const struct command_line *line)
{
    const struct trial *trial = line->settings;
    json_t *request = make_trial(trial, line->argc > 0 ? line->argv[0] : NULL);
    json_t *answer, *verdicts;

    if (request == NULL)
        return EXIT_FAILED;
    answer = client_exchange(&trial->client, "POST", "/v1/rules/test", request);
    json_decref(request);
    verdicts = json_incref(json_object_get(answer, "verdicts"));
    if (answer != NULL && verdicts == NULL)
        tool_error("%s: the answer has no verdicts", trial->client.url);
    json_decref(answer);
    return show(&trial->client, verdicts, print_verdicts);
}

static const char *time_text(const json_t *event, char out[32])
{
    time_t at = (time_t)json_integer_value(json_object_get(event, "at"));
    struct tm parts;

    if (gmtime_r(&at, &parts) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        out[0] = '\0';
    return out;
}

static void print_events(const json_t *events)
{
    static const struct table_column columns[] = {TABLE_WHOLE("at (UTC)"), TABLE_WHOLE("rule"),
                                                  TABLE_WHOLE("eid"), TABLE_SENTENCE("what")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *event;
    char at[32];
    size_t i;

    json_array_foreach(events, i, event)
    {
        char *orders = compact_member(event, "orders");

        table_add(table, "%s", time_text(event, at));
        table_add(table, "%s", text_of(event, "rule"));
        table_add(table, "%s", text_of(event, "eid"));
        table_add(table, "orders %s: %s", orders != NULL ? orders : "", text_of(event, "reason"));
        free(orders);
    }
    table_print(table, 0);
}

static int run_events(const struct command_line *line)
{
    return client_run_list(line, "v1/rules/events", "id", print_events);
}

static const struct option_row show_rows[] = {EIM_CLIENT_ROWS, {0}};

static const struct option_row test_rows[] = {
    EIM_CLIENT_ROWS,
    {"eid", "EID", "the eUICC, 32 digits", TAKES_TEXT(struct trial, client.eid), .required = true},
    {"network", "MCC-MNC", "as if it reported this network, such as 724-05",
     TAKES_TEXT(struct trial, network)},
    {"network-for", "TIME", "… and had been there for so long: 20m, 2h, 3d",
     TAKES_TEXT(struct trial, network_for)},
    {"silent-for", "TIME", "as if it had not been heard of for so long",
     TAKES_TEXT(struct trial, silent_for)},
    {"cause", "NAME", "as if it gave this stateChangeCause, such as fallback",
     TAKES_TEXT(struct trial, cause)},
    {0},
};

static const struct option_row events_rows[] = {
    EIM_CLIENT_ROWS,
    {"eid", "EID", "of this eUICC, 32 digits", TAKES_TEXT(struct client, eid)},
    {"limit", "N", "the first N rows only", TAKES_NUMBER(struct client, limit, 1, INT64_MAX)},
    {0},
};

static const struct command rule_show = {
    "show",
    "",
    "the rules that are set",
    "Shows the rules that are set. With --json the document is such as 'set' takes; it says of which version "
    "it "
    "is, and "
    "is refused once another has been set since.",
    .options = show_rows,
    .settings_size = sizeof(struct client),
    .begin = client_begin,
    .run = run_show,
};
static const struct command rule_set = {
    "set",
    "FILE",
    "replace all rules by those of a file",
    "Replaces all rules by those of a file: JSON, {\"rules\": […]} (docs/eim.md). They are set if all of "
    "them are "
    "good, or none.",
    .min_words = 1,
    .max_words = 1,
    .options = show_rows,
    .settings_size = sizeof(struct client),
    .begin = client_begin,
    .run = run_set,
};
static const struct command rule_test = {
    "test",
    "[FILE]",
    "what the rules would do for an eUICC, without doing it",
    "Says of each rule whether it would fire if this eUICC polled now, why or why not, and what it would "
    "order. "
    "Nothing "
    "is ordered. With FILE its rules are tried instead of those that are set.",
    .max_words = 1,
    .options = test_rows,
    .settings_size = sizeof(struct trial),
    .begin = client_begin,
    .run = run_test,
};
static const struct command rule_events = {
    "events",
    "",
    "what the rules have ordered, and why",
    .options = events_rows,
    .settings_size = sizeof(struct client),
    .begin = client_begin,
    .run = run_events,
};

static const struct command *const rule_commands[] = {&rule_show, &rule_set, &rule_test, &rule_events, NULL};

const struct command eim_rule = {
    "rule",
    "COMMAND",
    "rules by which the eIM orders by itself",
    "Rules of a running eIM: when an eUICC reports such a network, or is silent for so long, then it is to "
    "enable "
    "this "
    "profile, or to get these orders.",
    .settings_size = sizeof(struct client),
    .begin = client_begin,
    .commands = rule_commands,
};
