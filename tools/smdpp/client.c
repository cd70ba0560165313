/* The operator's side for people and scripts: orders at an SM-DP+ over ES2+ (SGP.22 5.3), and its lists. On
 * libcurl; one-shot. */
#include "common/https_client.h"
#include "common/left_out.h"
#include "common/print_json.h"
#include "common/qr.h"
#include "common/tool.h"
#include "servers/smdpp/network/http_api.h"
#include "tools/smdpp/smdpp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_LIMIT (16 * 1024 * 1024) /* octets */
#define TIMEOUT      30                 /* seconds for one request */

struct client {
    const char *url, *cacert;
    bool json, qr, again, keep;
    const char *profile, *iccid, *eid, *matching_id, *code, *final;
};

/* --- HTTP ----------------------------------------------------------------------------------------------- */

/* POSTs `request` (GET when NULL) and reads the JSON answer; NULL after an error line. */
static json_t *exchange(const struct client *client, const char *path, const json_t *request)
{
    static const char *const headers[] = {"X-Admin-Protocol: " ADMIN_PROTOCOL,
                                          "Content-Type: application/json", NULL};
    const struct https_settings settings = {
        .headers = headers, .timeout = TIMEOUT, .answer_max = ANSWER_LIMIT, .cacert = client->cacert};
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
        json = print_json_read(buf_span(&answer), !client->json);
        if (json == NULL)
            tool_error("%s%s: the answer is not JSON", client->url, path);
    }
    https_client_close(https);
    free(text);
    buf_free(&answer);
    return json;
}

/* --- ES2+ ----------------------------------------------------------------------------------------------- */

struct outcome {
    bool ok;
    const char *subject, *reason, *message; /* inside `json` */
    json_t *json;
};

/* Calls an ES2+ function; takes `request`. Nothing is printed about a refusal. */
static bool call(const struct client *client, const char *function, json_t *request, struct outcome *outcome)
{
    char path[80];
    json_t *execution;
    json_t *codes;

    *outcome = (struct outcome){0};
    if (request == NULL) {
        tool_error("%s: an option's value is not UTF-8", function);
        return false;
    }
    snprintf(path, sizeof(path), "/gsma/rsp2/es2plus/%s", function);
    json_object_set_new(request, "header",
                        json_pack("{s:s,s:s}", "functionRequesterIdentifier", "softeuicc",
                                  "functionCallIdentifier", function));
    outcome->json = exchange(client, path, request);
    json_decref(request);
    if (outcome->json == NULL)
        return false;
    execution = json_object_get(json_object_get(outcome->json, "header"), "functionExecutionStatus");
    codes = json_object_get(execution, "statusCodeData");
    outcome->subject = json_string_value(json_object_get(codes, "subjectCode"));
    outcome->reason = json_string_value(json_object_get(codes, "reasonCode"));
    outcome->message = json_string_value(json_object_get(codes, "message"));
    outcome->ok = json_is_string(json_object_get(execution, "status")) &&
                  strncmp(json_string_value(json_object_get(execution, "status")), "Executed", 8) == 0;
    return outcome->ok;
}

static int print_refusal(const char *function, struct outcome *outcome)
{
    if (outcome->json != NULL)
        tool_error("%s refused: %s-%s, %s", function, outcome->subject != NULL ? outcome->subject : "?",
                   outcome->reason != NULL ? outcome->reason : "?",
                   outcome->message != NULL ? outcome->message : "no reason given");
    json_decref(outcome->json);
    return EXIT_FAILED;
}

static json_t *download_order_request(const struct client *client)
{
    return json_pack("{s:s*,s:s*,s:s*}", "eid", client->eid, "iccid", client->iccid, "profileType",
                     client->profile);
}

/* Takes back the order of the profile that is asked for: by its ICCID, or by the name that /orders shows. */
static bool take_back(const struct client *client)
{
    json_t *orders = exchange(client, "/orders", NULL);
    struct outcome outcome = {0};
    bool ok = true;
    json_t *order;
    size_t i;

    json_array_foreach(orders, i, order)
    {
        const char *iccid = json_string_value(json_object_get(order, "iccid"));
        const char *profile = json_string_value(json_object_get(order, "profile"));

        if (iccid == NULL || profile == NULL ||
            (client->iccid != NULL ? strcmp(iccid, client->iccid) : strcmp(profile, client->profile)) != 0)
            continue;
        ok = call(client, "cancelOrder",
                  json_pack("{s:s,s:s}", "iccid", iccid, "finalProfileStatusIndicator", "Available"),
                  &outcome);
        if (!ok)
            print_refusal("cancelOrder", &outcome);
        else
            json_decref(outcome.json);
    }
    ok = ok && orders != NULL;
    json_decref(orders);
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
    printf("%s\n", code);
    return EXIT_OK;
}

static int order(const struct client *client)
{
    struct outcome ordered;
    struct outcome confirmed;
    const char *iccid;
    int status;

    if (client->again && !take_back(client))
        return EXIT_FAILED;
    if (!call(client, "downloadOrder", download_order_request(client), &ordered))
        return print_refusal("downloadOrder", &ordered);
    iccid = json_string_value(json_object_get(ordered.json, "iccid"));
    if (!call(client, "confirmOrder",
              json_pack("{s:s*,s:s*,s:s*,s:s*,s:b}", "iccid", iccid, "eid", client->eid, "matchingId",
                        client->matching_id, "confirmationCode", client->code, "releaseFlag",
                        (int)!client->keep),
              &confirmed)) {
        json_decref(ordered.json);
        return print_refusal("confirmOrder", &confirmed);
    }
    status = print_code(client, confirmed.json, iccid != NULL ? iccid : "");
    json_decref(ordered.json);
    json_decref(confirmed.json);
    return status;
}

/* --- Lists ---------------------------------------------------------------------------------------------- */

static void print_cell(const json_t *value, bool last)
{
    if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        printf("%s", json_is_string(value) ? json_string_value(value) : "-");
    printf("%s", last ? "\n" : "  ");
}

static void print_table(const json_t *rows, const char *const *columns)
{
    const json_t *row;
    size_t index;

    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; columns[i] != NULL; i++)
            print_cell(json_object_get(row, columns[i]), columns[i + 1] == NULL);
    }
}

/* --- Commands ------------------------------------------------------------------------------------------- */

#define CLIENT_ROWS                                                                                          \
    {"url", "URL", "https://HOST:PORT of the SM-DP+", TAKES_TEXT(struct client, url), .required = true},     \
    {                                                                                                        \
        "cacert", "FILE", "trust this CA (PEM) instead of the system's, such as the PKI's ci.pem",           \
            TAKES_TEXT(struct client, cacert)                                                                \
    }

static const struct option_row order_rows[] = {
    CLIENT_ROWS,
    {"profile", "NAME", "the profile type: a file name without .der, or the profileType in its header",
     TAKES_TEXT(struct client, profile)},
    {"iccid", "ICCID", "the profile with this ICCID", TAKES_TEXT(struct client, iccid)},
    {"eid", "EID", "for this card only", TAKES_TEXT(struct client, eid)},
    {"matching-id", "ID", "instead of a generated one; empty: the card is recognized by its EID",
     TAKES_TEXT(struct client, matching_id)},
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

    if (client->profile == NULL && client->iccid == NULL)
        return tool_usage("--profile or --iccid is missing");
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
    struct outcome outcome;

    if (!call(client, "cancelOrder",
              json_pack("{s:s,s:s*,s:s*,s:s}", "iccid", client->iccid, "eid", client->eid, "matchingId",
                        client->matching_id, "finalProfileStatusIndicator",
                        retire ? "Unavailable" : "Available"),
              &outcome))
        return print_refusal("cancelOrder", &outcome);
    json_decref(outcome.json);
    return EXIT_OK;
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
    {"json", NULL, "print the answer as JSON", TAKES_FLAG(struct client, json)},
    {0},
};

/* A list of the server, which has the command's name there; `columns` is what its table shows. */
static int run_list(const struct command_line *line, const char *const *columns)
{
    const struct client *client = line->settings;
    char path[32];
    json_t *rows;

    snprintf(path, sizeof(path), "/%s", line->command->name);
    rows = exchange(client, path, NULL);
    if (rows == NULL)
        return EXIT_FAILED;
    if (!json_is_array(rows)) {
        json_decref(rows);
        return tool_error("%s%s: the answer is not a list: not a softeuicc smdpp?", client->url, path);
    }
    if (client->json)
        return print_json(rows);
    print_table(rows, columns);
    json_decref(rows);
    return EXIT_OK;
}

static int run_orders(const struct command_line *line)
{
    return run_list(line, (const char *const[]){"iccid", "state", "profile", "matchingId", "eid", NULL});
}

static int run_profiles(const struct command_line *line)
{
    return run_list(line, (const char *const[]){"name", "iccid", "serviceProviderName", "profileName",
                                                "profileClass", "error", NULL});
}

static int run_notifications(const struct command_line *line)
{
    return run_list(line,
                    (const char *const[]){"id", "operation", "seqNumber", "iccid", "eid", "result", NULL});
}

#define LIST_COMMAND(name, summary, function)                                                                \
    {                                                                                                        \
        name, "", summary, .options = list_rows, .settings_size = sizeof(struct client), .run = (function)   \
    }

const struct command smdpp_orders = LIST_COMMAND("orders", "list the server's orders", run_orders);
const struct command smdpp_profiles = LIST_COMMAND("profiles", "list what can be downloaded", run_profiles);
const struct command smdpp_notifications =
    LIST_COMMAND("notifications", "list the notifications that came from cards", run_notifications);
