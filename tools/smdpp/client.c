/* The operator's side for people and scripts: orders at an SM-DP+ over ES2+ (SGP.22 5.3), and its lists. On
 * libcurl; one-shot. */
#include "apdu/iccid.h"
#include "common/http/https_client.h"
#include "common/left_out.h"
#include "common/print.h"
#include "common/print_json.h"
#include "common/qr.h"
#include "common/table.h"
#include "common/tool.h"
#include "servers/smdpp/network/http_api.h"
#include "tools/smdpp/smdpp.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_LIMIT (16 * 1024 * 1024) /* octets */
#define TIMEOUT      30                 /* seconds for one request */

struct client {
    const char *url, *cacert, *cert, *key;
    bool json, qr, again, keep;
    const char *profile, *iccid, *eid, *matching_id, *code, *smds, *final;
    int64_t limit; /* rows of a list; 0: all */
};

/* --- HTTP ----------------------------------------------------------------------------------------------- */

/* POSTs `request` (GET when NULL) and reads the JSON answer; NULL after an error line. */
static json_t *smdpp_client_exchange(const struct client *client, const char *path, const json_t *request)
{
    static const char *const headers[] = {"X-Admin-Protocol: " ADMIN_PROTOCOL,
                                          "Content-Type: application/json", NULL};
    const struct https_settings settings = {.headers = headers,
                                            .timeout = TIMEOUT,
                                            .answer_max = ANSWER_LIMIT,
                                            .cacert = client->cacert,
                                            .ca_option = "--cacert",
                                            .cert = client->cert,
                                            .key = client->key};
    const char *why;
    struct https_client *https = https_client_open(&settings, &why);
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    char url[1024];
    struct https_call sent = {.url = url};
    struct buf answer = {0};
    json_t *json = NULL;
    long status;

    if (text != NULL)
        sent.body = span_of_string(text);
    if (https == NULL) {
        tool_error("%s: %s", client->url, why);
    } else if (snprintf(url, sizeof(url), "%s%s", client->url, path) >= (int)sizeof(url)) {
        tool_error("%s: the URL is too long", client->url);
    } else if (https_client_call(https, &sent, &status, &answer) != HTTPS_ANSWERED) {
        tool_error("%s: %s", client->url, https_client_why(https));
    } else {
        json = json_loadb((const char *)answer.data, answer.size, 0, NULL);
        if (json == NULL)
            tool_error("%s%s: the answer is not JSON", client->url, path);
    }
    https_client_close(https);
    free(text);
    buf_free(&answer);
    return json;
}

/* --- ES2+ ----------------------------------------------------------------------------------------------- */

static const char *text_member(const json_t *object, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : otherwise;
}

/* The header of a request (SGP.22 6.5.1.3). Each call is another one: what has the identifier of an earlier
 * call is answered with that call's answer. */
static json_t *es2p_header(void)
{
    uint8_t random[16];
    char id[2 * sizeof(random) + 1];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return NULL;
    return json_pack("{s:s,s:s}", "functionRequesterIdentifier", "softeuicc", "functionCallIdentifier",
                     hex_from_span(SPAN_ARRAY(random), id, sizeof(id)));
}

/* Calls an ES2+ function; takes `request`. NULL after an error line, also when it was refused. */
static json_t *call(const struct client *client, const char *function, json_t *request)
{
    char path[80];
    const json_t *execution, *codes;
    json_t *json;

    if (request == NULL) {
        tool_error("%s: an option's value is not UTF-8", function);
        return NULL;
    }
    snprintf(path, sizeof(path), "/gsma/rsp2/es2plus/%s", function);
    json_object_set_new(request, "header", es2p_header());
    json = smdpp_client_exchange(client, path, request);
    json_decref(request);
    execution = json_object_get(json_object_get(json, "header"), "functionExecutionStatus");
    if (json == NULL || strncmp(text_member(execution, "status", ""), "Executed", 8) == 0)
        return json;
    codes = json_object_get(execution, "statusCodeData");
    tool_error("%s refused: %s-%s, %s", function, text_member(codes, "subjectCode", "?"),
               text_member(codes, "reasonCode", "?"), text_member(codes, "message", "no reason given"));
    tool_error_text("function", function);
    tool_error_text("subject_code", text_member(codes, "subjectCode", NULL));
    tool_error_text("reason_code", text_member(codes, "reasonCode", NULL));
    json_decref(json);
    return NULL;
}

/* --- Pages of lists ------------------------------------------------------------------------------------- */

/* A list of the server, page after page. */
struct pages {
    const struct client *client;
    const char *name;    /* "orders" */
    const char *key;     /* the member that the next page begins after */
    int64_t left;        /* rows that are still wanted; -1: all */
    char after[3 * 256]; /* percent-encoded; "": the first page */
    bool ended;
};

/* What may stand in a query as it is (RFC 3986 2.3); the rest is encoded. */
static void encode_key(const char *text, char *out, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t n = 0;

    for (; *text != '\0' && n + 4 < size; text++)
        n += (size_t)snprintf(out + n, size - n, strchr(plain, *text) != NULL ? "%c" : "%%%02X",
                              (unsigned char)*text);
    out[n] = '\0';
}

/* Notes where the page after this one begins: it is full, and says so. */
static void note_next(struct pages *pages, const json_t *rows, size_t asked)
{
    const json_t *key = json_object_get(json_array_get(rows, json_array_size(rows) - 1), pages->key);
    char text[32], before[sizeof(pages->after)];

    memcpy(before, pages->after, sizeof(before));
    snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(key));
    if (pages->left > 0)
        pages->left -= (int64_t)json_array_size(rows);
    pages->ended =
        json_array_size(rows) != asked || pages->left == 0 || (!json_is_string(key) && !json_is_integer(key));
    if (!pages->ended)
        encode_key(json_is_string(key) ? json_string_value(key) : text, pages->after, sizeof(pages->after));
    pages->ended = pages->ended || strcmp(before, pages->after) == 0;
}

/* The next page; NULL after an error line. */
static json_t *next_page(struct pages *pages)
{
    size_t asked = pages->left >= 0 && pages->left < STATUS_ROWS_MAX ? (size_t)pages->left : STATUS_ROWS_MAX;
    char path[sizeof(pages->after) + 64];
    const json_t *status;
    json_t *rows;

    snprintf(path, sizeof(path), "/%s?limit=%zu%s%s", pages->name, asked,
             pages->after[0] != '\0' ? "&after=" : "", pages->after);
    rows = smdpp_client_exchange(pages->client, path, NULL);
    if (rows != NULL && !json_is_array(rows)) {
        status = json_object_get(json_object_get(json_object_get(rows, "header"), "functionExecutionStatus"),
                                 "statusCodeData");
        tool_error("%s/%s: %s", pages->client->url, pages->name,
                   text_member(status, "message", "the answer is not a list: not a softeuicc smdpp?"));
        json_decref(rows);
        return NULL;
    }
    if (rows != NULL)
        note_next(pages, rows, asked);
    return rows;
}

/* Whether this is an order of the profile that is asked for: by its ICCID, or by the name that /orders shows.
 */
static bool is_asked_for(const struct client *client, const json_t *order)
{
    const char *iccid = json_string_value(json_object_get(order, "iccid"));
    const char *profile = json_string_value(json_object_get(order, "profile"));

    return iccid != NULL && profile != NULL &&
           (client->iccid != NULL ? iccid_is_same(iccid, client->iccid)
                                  : strcmp(profile, client->profile) == 0);
}

static bool take_one_back(const struct client *client, const json_t *order)
{
    json_t *answer = call(client, "cancelOrder",
                          json_pack("{s:O,s:s*,s:s}", "iccid", json_object_get(order, "iccid"), "eid",
                                    json_string_value(json_object_get(order, "eid")),
                                    "finalProfileStatusIndicator", "Available"));

    json_decref(answer);
    return answer != NULL;
}

/* Takes back the orders of the profile that is asked for. */
static bool take_back(const struct client *client)
{
    struct pages pages = {.client = client, .name = "orders", .key = "iccid", .left = -1};
    bool ok = true;

    while (ok && !pages.ended) {
        json_t *orders = next_page(&pages);
        json_t *order;
        size_t i;

        ok = orders != NULL;
        json_array_foreach(orders, i, order)
        {
            if (is_asked_for(client, order))
                ok = take_one_back(client, order) && ok;
        }
        json_decref(orders);
    }
    return ok;
}

static int print_code(const struct client *client, const json_t *confirmed, const char *iccid)
{
    const char *host = json_string_value(json_object_get(confirmed, "smdpAddress"));
    const char *matching_id = json_string_value(json_object_get(confirmed, "matchingId"));
    char code[512];

    if (host == NULL)
        host = strncmp(client->url, "https://", 8) == 0 ? client->url + 8 : client->url;
    if (matching_id == NULL)
        return tool_error("confirmOrder: the answer has no matchingId");
    /* SGP.22 4.1: 1$address$matchingId[$oid[$confirmation code required]] */
    snprintf(code, sizeof(code), "LPA:1$%s$%s%s", host, matching_id, client->code != NULL ? "$$1" : "");
    if (client->json) {
        return print_json(json_pack("{s:s,s:s,s:s,s:s,s:b}", "activationCode", code, "smdpAddress", host,
                                    "matchingId", matching_id, "iccid", iccid, "released",
                                    (int)!client->keep));
    }
    if (client->qr || (qr_is_built && isatty(STDOUT_FILENO)))
        qr_print(stdout, code);
    print_line("%s", code);
    return EXIT_OK;
}

static int order(const struct client *client)
{
    json_t *ordered, *confirmed;
    const char *iccid;
    int status = EXIT_FAILED;

    if (client->again && !take_back(client))
        return EXIT_FAILED;
    ordered = call(client, "downloadOrder",
                   json_pack("{s:s*,s:s*,s:s*}", "eid", client->eid, "iccid", client->iccid, "profileType",
                             client->profile));
    if (ordered == NULL)
        return EXIT_FAILED;
    iccid = json_string_value(json_object_get(ordered, "iccid"));
    confirmed = call(client, "confirmOrder",
                     json_pack("{s:s*,s:s*,s:s*,s:s*,s:s*,s:b}", "iccid", iccid, "eid", client->eid,
                               "matchingId", client->matching_id, "confirmationCode", client->code,
                               "smdsAddress", client->smds, "releaseFlag", (int)!client->keep));
    if (confirmed != NULL)
        status = print_code(client, confirmed, iccid != NULL ? iccid : "");
    json_decref(ordered);
    json_decref(confirmed);
    return status;
}

/* --- Lists ---------------------------------------------------------------------------------------------- */

static int print_table(const json_t *rows, const struct table_column *columns)
{
    size_t count = 0, index;
    const json_t *row;
    struct table *table;

    while (columns[count].title != NULL)
        count++;
    table = table_new(columns, count);
    table_without_titles(table);
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < count; i++) {
            const json_t *value = json_object_get(row, columns[i].title);

            if (json_is_integer(value))
                table_add(table, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
            else
                table_add(table, "%s", json_is_string(value) ? json_string_value(value) : "-");
        }
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

/* --- Commands ------------------------------------------------------------------------------------------- */

#define CLIENT_ROWS                                                                                          \
    {"url", "URL", "https://HOST:PORT of the SM-DP+", TAKES_TEXT(struct client, url), .required = true},     \
        {"cacert", "FILE", "trust this CA (PEM) instead of the system's, such as the PKI's ci.pem",          \
         TAKES_TEXT(struct client, cacert)},                                                                 \
        {"cert", "CERT", "what this client is known by, to a server that asks (PEM or DER)",                 \
         TAKES_TEXT(struct client, cert)},                                                                   \
    {                                                                                                        \
        "key", "KEY", "and its key", TAKES_TEXT(struct client, key)                                          \
    }

static bool check_client(const struct client *client)
{
    return (client->cert == NULL) == (client->key == NULL) ||
           tool_usage("--cert and --key belong together") == EXIT_OK;
}

static const struct option_row order_rows[] = {
    CLIENT_ROWS,
    {"profile", "NAME", "the profile type: a file name without .der, or the profileType in its header",
     TAKES_TEXT(struct client, profile)},
    {"iccid", "ICCID", "the profile with this ICCID", TAKES_TEXT(struct client, iccid)},
    {"eid", "EID", "for this card only", TAKES_TEXT(struct client, eid)},
    {"matching-id", "ID", "instead of a generated one; empty: the card is recognized by its EID",
     TAKES_TEXT(struct client, matching_id)},
    {"smds", "ADDRESS", "register an event at this SM-DS, where the card finds the order; needs --eid",
     TAKES_TEXT(struct client, smds)},
    {"confirmation", "CODE", "the user must enter this code", TAKES_TEXT(struct client, code)},
    {"keep", NULL, "confirm without releasing", TAKES_FLAG(struct client, keep)},
    {"again", NULL, "take an earlier order of the same profile back first", TAKES_FLAG(struct client, again)},
    {"qr", NULL, "draw the QR code, also when stdout is no terminal" QR_LEFT_OUT,
     TAKES_FLAG(struct client, qr)},
    {"json", NULL, "print the answer as JSON", TAKES_FLAG(struct client, json)},
    {0},
};

static int run_order(const struct command_line *line)
{
    const struct client *client = line->settings;

    if (!check_client(client))
        return EXIT_USAGE;
    if (client->profile == NULL && client->iccid == NULL)
        return tool_usage("--profile or --iccid is missing");
    if (client->smds != NULL && client->eid == NULL)
        return tool_usage("--smds needs --eid");
    return order(client);
}

const struct command smdpp_order = {
    "order",
    "--url URL --profile NAME|--iccid ICCID [OPTION]...",
    "make an order and print its activation code",
    "Reserves a profile at an SM-DP+ (ES2+ DownloadOrder), confirms and releases it (ConfirmOrder), and "
    "prints the "
    "activation code, with a QR code on a terminal.",
    .options = order_rows,
    .settings_size = sizeof(struct client),
    .run = run_order,
};

static const char *const finals[] = {"available", "unavailable", NULL};

static const struct option_row cancel_rows[] = {
    CLIENT_ROWS,
    {"iccid", "ICCID", "the profile that was ordered", TAKES_TEXT(struct client, iccid), .required = true},
    {"eid", "EID", "the card it was ordered for", TAKES_TEXT(struct client, eid)},
    {"matching-id", "ID", "of the order", TAKES_TEXT(struct client, matching_id)},
    {"final", "available|unavailable", "what becomes of the profile (default: available)",
     TAKES_CHOICE(struct client, final, finals)},
    {0},
};

static int run_cancel(const struct command_line *line)
{
    const struct client *client = line->settings;
    bool retire = client->final != NULL && strcmp(client->final, "unavailable") == 0;
    json_t *answer;

    if (!check_client(client))
        return EXIT_USAGE;
    answer = call(client, "cancelOrder",
                  json_pack("{s:s,s:s*,s:s*,s:s}", "iccid", client->iccid, "eid", client->eid, "matchingId",
                            client->matching_id, "finalProfileStatusIndicator",
                            retire ? "Unavailable" : "Available"));
    json_decref(answer);
    return answer != NULL ? EXIT_OK : EXIT_FAILED;
}

const struct command smdpp_cancel = {
    "cancel",
    "",
    "take an order back",
    .options = cancel_rows,
    .settings_size = sizeof(struct client),
    .run = run_cancel,
};

static const struct option_row list_rows[] = {
    CLIENT_ROWS,
    {"limit", "N", "the first N rows only", TAKES_NUMBER(struct client, limit, 1, INT64_MAX)},
    {"json", NULL, "print the answer as JSON", TAKES_FLAG(struct client, json)},
    {0},
};

/* What its table shows comes with the command; the first column has the key of its rows. */
static int run_list(const struct command_line *line)
{
    const struct client *client = line->settings;
    const struct table_column *columns = line->command->with;
    struct pages pages = {.client = client,
                          .name = line->command->name,
                          .key = columns[0].title,
                          .left = client->limit != 0 ? client->limit : -1};
    json_t *all = client->json ? json_array() : NULL;
    int status = EXIT_OK;

    if (!check_client(client))
        return EXIT_USAGE;
    while (status == EXIT_OK && !pages.ended) {
        json_t *rows = next_page(&pages);

        if (rows == NULL)
            status = EXIT_FAILED;
        else if (client->json)
            json_array_extend(all, rows);
        else
            status = print_table(rows, columns);
        json_decref(rows);
    }
    if (client->json && status == EXIT_OK)
        return print_json(all);
    json_decref(all);
    return status;
}

#define LIST_COMMAND(name, summary, ...)                                                                     \
    {                                                                                                        \
        name, "", summary, .options = list_rows, .settings_size = sizeof(struct client), .run = run_list,    \
                           .with = (const struct table_column[])                                             \
        {                                                                                                    \
            __VA_ARGS__,                                                                                     \
            {                                                                                                \
                .title = NULL                                                                                \
            }                                                                                                \
        }                                                                                                    \
    }

/* The titles are the members' names, and are not shown. */
const struct command smdpp_orders =
    LIST_COMMAND("orders", "list the server's orders", TABLE_WHOLE("iccid"), TABLE_WHOLE("state"),
                 TABLE_COLUMN("profile"), TABLE_WHOLE("matchingId"), TABLE_WHOLE("eid"));
const struct command smdpp_events =
    LIST_COMMAND("events", "list the events at SM-DS", TABLE_WHOLE("id"), TABLE_WHOLE("eventId"),
                 TABLE_WHOLE("state"), TABLE_COLUMN("smdsAddress"), TABLE_WHOLE("iccid"), TABLE_WHOLE("eid"));
const struct command smdpp_profiles =
    LIST_COMMAND("profiles", "list what can be downloaded", TABLE_WHOLE("name"), TABLE_WHOLE("iccid"),
                 TABLE_COLUMN("serviceProviderName"), TABLE_COLUMN("profileName"),
                 TABLE_COLUMN("profileClass"), TABLE_COLUMN("error"));
const struct command smdpp_notifications =
    LIST_COMMAND("notifications", "list the notifications that came from cards", TABLE_WHOLE("id"),
                 TABLE_COLUMN("operation"), TABLE_WHOLE("seqNumber"), TABLE_WHOLE("iccid"),
                 TABLE_WHOLE("eid"), TABLE_COLUMN("result"));
