/* `softeuicc smds events`: what an SM-DS has, for people and scripts. On libcurl; one-shot. */
#include "common/http/https_client.h"
#include "common/print/list_pages.h"
#include "common/tool.h"
#include "servers/rsp/page.h"
#include "tools/smds/smds.h"

#include <stdio.h>

#define ANSWER_LIMIT (64 * 1024 * 1024) /* octets */
#define TIMEOUT      30                 /* seconds */

struct events_settings {
    const char *url, *cacert;
    int64_t limit; /* rows; 0: all */
    bool json;
};

static const struct option_row event_rows[] = {
    {"url", "URL", "https://HOST:PORT of the SM-DS; default " SMDS_DEFAULT_URL,
     TAKES_TEXT(struct events_settings, url)},
    {"cacert", "FILE", "trust this CA (PEM) instead of the system's, such as the PKI's ci.pem",
     TAKES_TEXT(struct events_settings, cacert)},
    {"limit", "N", "the first N rows only", TAKES_NUMBER(struct events_settings, limit, 1, INT64_MAX)},
    {"json", NULL, "print the answer as JSON", TAKES_FLAG(struct events_settings, json)},
    {0},
};

static void events_begin(void *settings)
{
    *(struct events_settings *)settings = (struct events_settings){.url = SMDS_DEFAULT_URL};
}

static json_t *get_events(const void *context, const char *path)
{
    const struct events_settings *settings = context;
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
    } else if (snprintf(url, sizeof(url), "%s%s", settings->url, path) >= (int)sizeof(url)) {
        tool_error("%s: the URL is too long", settings->url);
    } else if (https_client_call(client, &(struct https_call){.url = url}, &status, &answer) !=
               HTTPS_ANSWERED) {
        tool_error("%s: %s", settings->url, https_client_why(client));
    } else {
        events = json_loadb((const char *)answer.data, answer.size, 0, NULL);
        if (events == NULL)
            tool_error("%s: the answer is not JSON: not a softeuicc smds?", url);
    }
    https_client_close(client);
    buf_free(&answer);
    return events;
}

static int events_run(const struct command_line *line)
{
    static const struct table_column columns[] = {TABLE_WHOLE("id"),      TABLE_WHOLE("eid"),
                                                  TABLE_WHOLE("eventId"), TABLE_COLUMN("rspServerAddress"),
                                                  TABLE_COLUMN("owner"),  {.title = NULL}};
    const struct events_settings *settings = line->settings;
    struct list_pages pages = {.get = get_events,
                               .context = settings,
                               .server = settings->url,
                               .kind = "softeuicc smds",
                               .name = "events",
                               .key = columns[0].title,
                               .rows_max = PAGE_ROWS_MAX,
                               .left = settings->limit != 0 ? settings->limit : -1};

    return list_pages_print(&pages, columns, settings->json);
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
