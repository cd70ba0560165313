/* HTTP, options and lists of the eIM's client commands. See client.h. */
#include "tools/eim/client.h"

#include "common/http/https_client.h"
#include "common/net/addresses.h"
#include "common/net/place.h"
#include "common/number.h"
#include "common/print/list_pages.h"
#include "common/print/print.h"
#include "common/print/table.h"
#include "common/tool.h"
#include "servers/rsp/page.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_LIMIT     (16 * 1024 * 1024) /* octets */
#define TIMEOUT          30                 /* seconds for one request */
#define TOKEN_DIGITS     64
#define TOKEN_HEADER_MAX 200 /* octets; also of its file */

/* --- HTTP ----------------------------------------------------------------------------------------------- */

/* What the eIM refused, with the field's name. NULL stays NULL. */
static json_t *check_refusal(json_t *json)
{
    const json_t *error = json_object_get(json, "error");
    const char *field = json_string_value(json_object_get(error, "field"));
    const char *message = json_string_value(json_object_get(error, "message"));

    if (!json_is_object(error))
        return json;
    tool_error("the eIM refused: %s%s%s", field != NULL ? field : "", field != NULL ? " " : "",
               message != NULL ? message : "no reason given");
    tool_error_text("field", field);
    json_decref(json);
    return NULL;
}

/* --- The token ------------------------------------------------------------------------------------------ */

/* The eIM on this machine has said where its token is: only there is it believed, and only what is a token is
 * sent. */
static bool is_here(const char *url)
{
    const char *host = strstr(url, "://");
    char text[PLACE_TEXT_MAX];
    struct place place = {.host = ""};
    size_t size;

    if (host == NULL)
        return false;
    host += strlen("://");
    size = strcspn(host, "/?#");
    if (size >= sizeof(text))
        return false;
    memcpy(text, host, size);
    text[size] = '\0';
    return place_parse(text, &place) && addresses_is_loopback(place.host);
}

/* The header with the token of a file; false after an error line. */
static bool read_token(const char *path, char header[TOKEN_HEADER_MAX])
{
    struct buf file = {0};
    bool ok = tool_read_secret(path, TOKEN_HEADER_MAX, &file);
    size_t size = 0;

    while (size < file.size && strchr("0123456789ABCDEFabcdef", file.data[size]) != NULL &&
           file.data[size] != 0)
        size++;
    if (ok && size != TOKEN_DIGITS)
        ok = tool_error("%s is not the token of an eIM", path) == EXIT_OK;
    if (ok)
        snprintf(header, TOKEN_HEADER_MAX, "Authorization: Bearer %.*s", TOKEN_DIGITS,
                 (const char *)file.data);
    if (file.data != NULL)
        OPENSSL_cleanse(file.data, file.size);
    buf_free(&file);
    return ok;
}

/* --- Requests ------------------------------------------------------------------------------------------- */

/* The answer, whatever its status is: a refusal says what it is. NULL after an error line. `token`: a header;
 * "": none. */
static json_t *client_ask(const struct client *client, const struct https_call *call, const char *token,
                          long *status)
{
    const char *const headers[] = {"Content-Type: application/json", token[0] != '\0' ? token : NULL, NULL};
    const struct https_settings settings = {.headers = headers,
                                            .protocols = "https,http",
                                            .timeout = TIMEOUT,
                                            .answer_max = ANSWER_LIMIT,
                                            .cacert = client->cacert,
                                            .ca_option = "--cacert"};
    const char *why;
    struct https_client *https = https_client_open(&settings, &why);
    struct buf answer = {0};
    json_t *json = NULL;

    if (https == NULL)
        tool_error("%s: %s", client->url, why);
    else if (https_client_call(https, call, status, &answer) != HTTPS_ANSWERED)
        tool_error("%s: %s", client->url, https_client_why(https));
    else if ((json = json_loadb((const char *)answer.data, answer.size, 0, NULL)) == NULL)
        tool_error("%s: the answer is not JSON", call->url);
    https_client_close(https);
    buf_free(&answer);
    return json;
}

/* Asks, and once more with the token that an eIM on this machine asks for. */
static json_t *ask_with_token(const struct client *client, const struct https_call *call)
{
    char token[TOKEN_HEADER_MAX] = "";
    const char *path;
    json_t *json;
    long status = 0;

    if (client->token_file != NULL && !read_token(client->token_file, token))
        return NULL;
    json = client_ask(client, call, token, &status);
    path = json_string_value(json_object_get(json, "tokenFile"));
    if (status == 401 && token[0] == '\0' && path != NULL && is_here(client->url)) {
        bool ok = read_token(path, token);

        json_decref(json);
        json = ok ? client_ask(client, call, token, &status) : NULL;
    }
    OPENSSL_cleanse(token, sizeof(token));
    return check_refusal(json);
}

json_t *client_exchange(const struct client *client, const char *method, const char *path, const json_t *body)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    char url[1024];
    struct https_call call = {.method = method, .url = url};
    json_t *json = NULL;

    if (text != NULL)
        call.body = span_of_string(text);
    if (snprintf(url, sizeof(url), "%s%s", client->url, path) >= (int)sizeof(url))
        tool_error("%s: the URL is too long", client->url);
    else
        json = ask_with_token(client, &call);
    free(text);
    return json;
}

/* --- Options -------------------------------------------------------------------------------------------- */

void client_begin(void *settings)
{
    *(struct client *)settings = (struct client){.url = EIM_DEFAULT_URL,
                                                 .cacert = getenv("SOFTEUICC_CACERT"),
                                                 .token_file = getenv("SOFTEUICC_EIM_TOKEN_FILE"),
                                                 .wait = -1};
}

#define CLIENT_EID                                                                                           \
    {                                                                                                        \
        "eid", "EID", "of this eUICC, 32 digits", TAKES_TEXT(struct client, eid)                             \
    }

#define CLIENT_LIMIT                                                                                         \
    {                                                                                                        \
        "limit", "N", "the first N rows only", TAKES_NUMBER(struct client, limit, 1, INT64_MAX)              \
    }

static const struct option_row euiccs_rows[] = {EIM_CLIENT_ROWS, CLIENT_LIMIT, {0}};

static const struct option_row notifications_rows[] = {EIM_CLIENT_ROWS, CLIENT_EID, CLIENT_LIMIT, {0}};

static const struct option_row orders_rows[] = {
    EIM_CLIENT_ROWS, CLIENT_EID, {"state", "STATE", "in this state", TAKES_TEXT(struct client, state)},
    CLIENT_LIMIT,    {0},
};

static const struct option_row cancel_rows[] = {
    EIM_CLIENT_ROWS,
    {"force", NULL, "also an order that was sent to its eUICC", TAKES_FLAG(struct client, force)},
    {0},
};

/* --- Printing ------------------------------------------------------------------------------------------- */

static const char *text_member(const json_t *object, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : otherwise;
}

static long long number_member(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

/* What an order asked for, in one word or more: "enable+list". */
static void eim_client_describe(const json_t *order, char *out, size_t size)
{
    const json_t *request = json_object_get(order, "request");
    const json_t *list = json_object_get(request, "psmo");
    json_t *command;
    size_t used = 0;
    size_t i;

    snprintf(out, size, "%s", text_member(order, "kind", "?"));
    if (list == NULL)
        list = json_object_get(request, "eco");
    json_array_foreach(list, i, command)
    {
        const char *name = json_object_iter_key(json_object_iter(command));

        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? "+" : "",
                                     name != NULL ? name : "?");
    }
}

static void print_profiles(const json_t *profiles, size_t indent)
{
    static const struct table_column columns[] = {TABLE_WHOLE("iccid"), TABLE_COLUMN("state"),
                                                  TABLE_COLUMN("class"), TABLE_COLUMN("name"),
                                                  TABLE_COLUMN("marks")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *profile;
    size_t i;

    table_without_titles(table);
    json_array_foreach(profiles, i, profile)
    {
        table_add(table, "%s", text_member(profile, "iccid", "?"));
        table_add(table, "%s", text_member(profile, "state", "?"));
        table_add(table, "%s", text_member(profile, "class", "-"));
        table_add(table, "%s", text_member(profile, "name", ""));
        table_add(table, "%s%s%s", json_is_true(json_object_get(profile, "fallback")) ? "[fallback] " : "",
                  json_is_true(json_object_get(profile, "fallbackAllowed")) ? "[fallback allowed] " : "",
                  json_is_true(json_object_get(profile, "ecall")) ? "[emergency]" : "");
    }
    table_print(table, indent);
}

static void print_results(const json_t *results)
{
    json_t *result, *entry;
    size_t i, j;

    json_array_foreach(results, i, result)
    {
        print_line("  %s: %s(%lld)", text_member(result, "command", "?"), text_member(result, "result", "?"),
                   number_member(result, "code"));
        print_profiles(json_object_get(result, "profiles"), 4);
        json_array_foreach(json_object_get(result, "eims"), j, entry)
            print_line("    %s %s", text_member(entry, "eimId", "?"), text_member(entry, "type", ""));
        if (json_object_get(result, "associationToken") != NULL)
            print_line("    association token %lld", number_member(result, "associationToken"));
        if (json_object_get(result, "rules") != NULL)
            print_line("    rules %s", text_member(result, "rules", ""));
    }
}

void client_print_order(const json_t *order)
{
    const char *error = json_string_value(json_object_get(order, "error"));
    const char *progress = json_string_value(json_object_get(order, "progress"));
    char what[160];

    eim_client_describe(order, what, sizeof(what));
    print_line("%lld  %s  %s  %s%s%s%s%s", number_member(order, "id"), text_member(order, "eid", "?"), what,
               text_member(order, "state", "?"), error != NULL ? ": " : "", error != NULL ? error : "",
               error == NULL && progress != NULL ? ": " : "",
               error == NULL && progress != NULL ? progress : "");
    print_results(json_object_get(order, "result"));
}

static void print_orders(const json_t *orders)
{
    json_t *order;
    size_t i;

    json_array_foreach(orders, i, order) client_print_order(order);
}

static void print_euicc(const json_t *euicc)
{
    print_line("%s  certificates %s, counter %lld, %lld open orders%s%s", text_member(euicc, "eid", "?"),
               text_member(euicc, "data", "?"), number_member(euicc, "counter"),
               number_member(euicc, "openOrders"),
               json_object_get(euicc, "stateChangeCause") != NULL ? ", last change: " : "",
               text_member(euicc, "stateChangeCause", ""));
    print_profiles(json_object_get(euicc, "profiles"), 2);
}

static void print_euiccs(const json_t *euiccs)
{
    json_t *euicc;
    size_t i;

    json_array_foreach(euiccs, i, euicc) print_euicc(euicc);
}

static void print_notifications(const json_t *notifications)
{
    static const struct table_column columns[] = {TABLE_WHOLE("id"),       TABLE_WHOLE("eid"),
                                                  TABLE_WHOLE("sequence"), TABLE_COLUMN("operation"),
                                                  TABLE_WHOLE("iccid"),    TABLE_COLUMN("what")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *n;
    size_t i;

    table_without_titles(table);
    json_array_foreach(notifications, i, n)
    {
        table_add(table, "%lld", number_member(n, "id"));
        table_add(table, "%s", text_member(n, "eid", "?"));
        table_add(table, "%lld", number_member(n, "seqNumber"));
        table_add(table, "%s", text_member(n, "operation", "?"));
        table_add(table, "%s", text_member(n, "iccid", "-"));
        table_add(table, "%s%s%s%s",
                  json_is_true(json_object_get(n, "verified")) ? "verified" : "NOT VERIFIED",
                  json_object_get(n, "result") != NULL ? ", " : "", text_member(n, "result", ""),
                  strcmp(text_member(n, "forwarded", ""), "waits") == 0 ? ", waits for its SM-DP+" : "");
    }
    table_print(table, 0);
}

/* --- Commands ------------------------------------------------------------------------------------------- */

/* "eid=…&state=…&" as far as they are said. */
static bool make_query(const struct client *client, char *query, size_t size)
{
    bool eid = client->eid != NULL, state = client->state != NULL;
    int n = snprintf(query, size, "%s%s%s%s%s%s", eid ? "eid=" : "", eid ? client->eid : "", eid ? "&" : "",
                     state ? "state=" : "", state ? client->state : "", state ? "&" : "");

    return n >= 0 && (size_t)n < size;
}

static json_t *eim_client_get(const void *client, const char *path)
{
    return client_exchange(client, "GET", path, NULL);
}

/* All rows of a list that are wanted, page after page; NULL after an error line. */
static json_t *read_list(const struct client *client, const char *name, const char *key, const char *query)
{
    struct list_pages pages = {.get = eim_client_get,
                               .context = client,
                               .server = client->url,
                               .kind = "softeuicc eim",
                               .name = name,
                               .key = key,
                               .query = query,
                               .rows_max = PAGE_ROWS_MAX,
                               .left = client->limit != 0 ? client->limit : -1};
    json_t *all = json_array();

    while (all != NULL && !pages.ended) {
        json_t *rows = list_pages_next(&pages);

        if (rows == NULL) {
            json_decref(all);
            return NULL;
        }
        json_array_extend(all, rows);
        json_decref(rows);
    }
    return all;
}

static int print_list(const struct client *client, json_t *list, void (*print)(const json_t *list))
{
    if (list == NULL)
        return EXIT_FAILED;
    if (client->json)
        print_json(json_incref(list));
    else
        print(list);
    json_decref(list);
    return EXIT_OK;
}

int client_run_list(const struct command_line *line, const char *name, const char *key,
                    void (*print)(const json_t *list))
{
    const struct client *client = line->settings;
    char query[160];

    if (!make_query(client, query, sizeof(query)))
        return tool_usage("--eid or --state is too long");
    return print_list(client, read_list(client, name, key, query), print);
}

static int run_orders(const struct command_line *line)
{
    return client_run_list(line, "v1/orders", "id", print_orders);
}

static int run_euiccs(const struct command_line *line)
{
    return client_run_list(line, "v1/euiccs", "eid", print_euiccs);
}

static int run_notifications(const struct command_line *line)
{
    return client_run_list(line, "v1/notifications", "id", print_notifications);
}

/* The eUICC with its profiles and orders, or the eIM with all eUICCs. */
static int run_status(const struct command_line *line)
{
    const struct client *client = line->settings;
    char path[160], query[160];
    json_t *first, *second;

    if (snprintf(path, sizeof(path), client->eid != NULL ? "/v1/euiccs/%s" : "/v1/status%s",
                 client->eid != NULL ? client->eid : "") >= (int)sizeof(path) ||
        !make_query(client, query, sizeof(query)))
        return tool_usage("--eid is too long");
    first = client_exchange(client, "GET", path, NULL);
    second = first == NULL         ? NULL
             : client->eid != NULL ? read_list(client, "v1/orders", "id", query)
                                   : read_list(client, "v1/euiccs", "eid", NULL);
    if (second == NULL) {
        json_decref(first);
        return EXIT_FAILED;
    }
    if (client->json) {
        json_object_set(first, client->eid != NULL ? "orders" : "euiccList", second);
        print_json(json_incref(first));
    } else if (client->eid != NULL) {
        print_euicc(first);
    } else {
        print_line("eIM %s, %lld eUICCs, %lld open orders, %lld notifications wait for their SM-DP+",
                   text_member(first, "eimId", "?"), number_member(first, "euiccs"),
                   number_member(first, "openOrders"), number_member(first, "notificationsWaiting"));
    }
    if (!client->json)
        print_list(client, json_incref(second), client->eid != NULL ? print_orders : print_euiccs);
    json_decref(first);
    json_decref(second);
    return EXIT_OK;
}

static int run_cancel(const struct command_line *line)
{
    const struct client *client = line->settings;
    char path[80];
    int64_t id;
    json_t *order;

    if (!number_read(line->argv[0], 0, INT64_MAX, &id))
        return tool_usage("cancel takes the number of an order, not '%s'", line->argv[0]);
    snprintf(path, sizeof(path), "/v1/orders/%lld%s", (long long)id, client->force ? "?force=true" : "");
    order = client_exchange(client, "DELETE", path, NULL);
    if (order == NULL)
        return EXIT_FAILED;
    if (client->json)
        print_json(json_incref(order));
    else
        client_print_order(order);
    json_decref(order);
    return EXIT_OK;
}

#define CLIENT_COMMAND(name, summary, rows, function)                                                        \
    {                                                                                                        \
        name, "", summary, .options = (rows), .settings_size = sizeof(struct client), .begin = client_begin, \
                           .run = (function)                                                                 \
    }

const struct command eim_status = CLIENT_COMMAND(
    "status", "the eIM with its eUICCs, or an eUICC with its profiles and orders", orders_rows, run_status);
const struct command eim_orders = CLIENT_COMMAND("orders", "list the orders", orders_rows, run_orders);
const struct command eim_euiccs =
    CLIENT_COMMAND("euiccs", "list the eUICCs and their profiles", euiccs_rows, run_euiccs);
const struct command eim_notifications = CLIENT_COMMAND(
    "notifications", "list the notifications that came from eUICCs", notifications_rows, run_notifications);
const struct command eim_cancel = {
    "cancel",
    "ORDER",
    "take an order back, by its number",
    .min_words = 1,
    .max_words = 1,
    .options = cancel_rows,
    .settings_size = sizeof(struct client),
    .begin = client_begin,
    .run = run_cancel,
};
