/* `softeuicc smds events`: what an SM-DS has, for people and scripts. On libcurl; one-shot. */
#include "common/http/https_client.h"
#include "common/print_json.h"
#include "common/table.h"
#include "common/tool.h"
#include "tools/smds/smds.h"

#include <stdio.h>

#define ANSWER_LIMIT (64 * 1024 * 1024) /* octets */
#define TIMEOUT      30                 /* seconds */

struct events_settings {
    const char *url, *cacert;
    bool json;
};

static const struct option_row event_rows[] = {
    {"url", "URL", "https://HOST:PORT of the SM-DS; default " SMDS_DEFAULT_URL,
     TAKES_TEXT(struct events_settings, url)},
    {"cacert", "FILE", "trust this CA (PEM) instead of the system's, such as the PKI's ci.pem",
     TAKES_TEXT(struct events_settings, cacert)},
    {"json", NULL, "print the answer as JSON", TAKES_FLAG(struct events_settings, json)},
    {0},
};

static void events_begin(void *settings)
{
    *(struct events_settings *)settings = (struct events_settings){.url = SMDS_DEFAULT_URL};
}

/* NULL after an error line. */
static json_t *get_events(const struct events_settings *settings)
{
    static const char *const headers[] = {NULL};
    const struct https_settings https = {.headers = headers,
                                         .timeout = TIMEOUT,
                                         .answer_max = ANSWER_LIMIT,
                                         .cacert = settings->cacert,
                                         .ca_option = "--cacert"};
    const char *why;
    struct https_client *client = https_client_open(&https, &why);
    char url[1024];
    struct buf answer = {0};
    json_t *events = NULL;
    long status;

    if (client == NULL) {
        tool_error("%s: %s", settings->url, why);
    } else if (snprintf(url, sizeof(url), "%s/events", settings->url) >= (int)sizeof(url)) {
        tool_error("%s: the URL is too long", settings->url);
    } else if (https_client_call(client, &(struct https_call){.url = url}, &status, &answer) !=
               HTTPS_ANSWERED) {
        tool_error("%s: %s", settings->url, https_client_why(client));
    } else {
        events = json_loadb((const char *)answer.data, answer.size, 0, NULL);
        if (!json_is_array(events)) {
            tool_error("%s: the answer is not a list: not a softeuicc smds?", url);
            json_decref(events);
            events = NULL;
        }
    }
    https_client_close(client);
    buf_free(&answer);
    return events;
}

static const char *events_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "-";
}

static int events_run(const struct command_line *line)
{
    static const struct table_column columns[] = {TABLE_WHOLE("eid"), TABLE_WHOLE("eventId"),
                                                  TABLE_COLUMN("rspServerAddress"), TABLE_COLUMN("owner")};
    const struct events_settings *settings = line->settings;
    json_t *events = get_events(settings);
    struct table *table;
    const json_t *event;
    size_t i;

    if (events == NULL)
        return EXIT_FAILED;
    if (settings->json)
        return print_json(events);
    table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    table_without_titles(table);
    json_array_foreach(events, i, event)
    {
        for (size_t column = 0; column < sizeof(columns) / sizeof(columns[0]); column++)
            table_add(table, "%s", events_member(event, columns[column].title));
    }
    json_decref(events);
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

const struct command smds_events = {
    "events",
    "",
    "list the events that are registered",
    .options = event_rows,
    .settings_size = sizeof(struct events_settings),
    .begin = events_begin,
    .run = events_run,
};
