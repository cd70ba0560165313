/* The operator's side for people and scripts: orders at an SM-DP+ over ES2+ (SGP.22 5.3), and its lists. On
 * libcurl; one-shot. */
#include "apdu/iccid.h"
#include "common/http/https_client.h"
#include "common/left_out.h"
#include "common/print/list_pages.h"
#include "common/print/print.h"
#include "common/print/print_json.h"
#include "common/print/qr.h"
#include "common/tool.h"
#include "servers/rsp/page.h"
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

/* --- Lists ---------------------------------------------------------------------------------------------- */

static json_t *smdpp_client_get(const void *client, const char *path)
{
    return smdpp_client_exchange(client, path, NULL);
}

static struct list_pages smdpp_client_list(const struct client *client, const char *name, const char *key)
{
    return (struct list_pages){.get = smdpp_client_get,
                               .context = client,
                               .server = client->url,
                               .kind = "softeuicc smdpp",
                               .name = name,
                               .key = key,
                               .rows_max = PAGE_ROWS_MAX,
                               .left = client->limit != 0 ? client->limit : -1};
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
    struct list_pages pages = smdpp_client_list(client, "orders", "iccid");
    bool ok = true;

    while (ok && !pages.ended) {
        json_t *orders = list_pages_next(&pages);
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
    struct list_pages pages = smdpp_client_list(client, line->command->name, columns[0].title);

    return check_client(client) ? list_pages_print(&pages, columns, client->json) : EXIT_USAGE;
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
