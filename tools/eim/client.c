/* HTTP, options and lists of the eIM's client commands. See client.h. */
#include "tools/eim/client.h"

#include "common/https_client.h"
#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_LIMIT (16 * 1024 * 1024) /* octets */
#define TIMEOUT      30                 /* seconds for one request */
#define WAIT_MAX     (7LL * 24 * 3600)

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
    json_decref(json);
    return NULL;
}

/* The answer, whatever its status is: a refusal says what it is. */
static json_t *read_answer(const struct client *client, const char *path, struct span answer)
{
    json_t *json = json_loadb((const char *)answer.data, answer.size, 0, NULL);

    if (json == NULL)
        tool_error("%s%s: the answer is not JSON", client->url, path);
    return check_refusal(json);
}

json_t *client_exchange(const struct client *client, const char *method, const char *path, const json_t *body)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct https_settings settings = {.headers = headers,
                                            .protocols = "https,http",
                                            .timeout = TIMEOUT,
                                            .answer_max = ANSWER_LIMIT,
                                            .cacert = client->cacert};
    const char *why;
    struct https_client *https = https_client_open(&settings, &why);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    char url[1024];
    struct https_call request = {.method = method, .url = url};
    struct buf answer = {0};
    json_t *json = NULL;
    long status;

    if (text != NULL)
        request.body = span_of_string(text);
    if (https == NULL)
        tool_error("%s: %s", client->url, why);
    else if (snprintf(url, sizeof(url), "%s%s", client->url, path) >= (int)sizeof(url))
        tool_error("%s: the URL is too long", client->url);
    else if (https_client_call(https, &request, &status, &answer) != HTTPS_ANSWERED)
        tool_error("%s: %s", client->url, https_client_why(https));
    else
        json = read_answer(client, path, buf_span(&answer));
    https_client_close(https);
    free(text);
    buf_free(&answer);
    return json;
}

struct client client_new(void)
{
    return (struct client){.url = EIM_DEFAULT_URL, .cacert = getenv("SOFTEUICC_CACERT"), .wait = -1};
}

/* --- Options -------------------------------------------------------------------------------------------- */

static bool take_wait(struct client *client, const char *text)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    client->wait = value;
    return end != text && *end == '\0' && value >= 0 && value <= WAIT_MAX;
}

int client_option(struct client *client, int argc, char **argv, int *index)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"--url", &client->url}, {"--cacert", &client->cacert},
        {"--eid", &client->eid}, {"--state", &client->state},
        {"--wait", NULL},
    };
    const char *option = argv[*index];

    if (strcmp(option, "--json") == 0) {
        client->json = true;
        return 1;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(option, texts[i].name) != 0)
            continue;
        if (*index + 1 >= argc) {
            tool_usage("'%s' needs a value", option);
            return -1;
        }
        ++*index;
        if (texts[i].text != NULL) {
            *texts[i].text = argv[*index];
        } else if (!take_wait(client, argv[*index])) {
            tool_usage("--wait is not a number of seconds: %s", argv[*index]);
            return -1;
        }
        return 1;
    }
    return 0;
}

/* All arguments are options of client_option, but for one `positional` (and --force) when that is not NULL.
 * -1 to go on. */
static int take_options(struct client *client, int argc, char **argv, const char **positional)
{
    *client = client_new();
    for (int i = 1; i < argc; i++) {
        int taken = client_option(client, argc, argv, &i);

        if (taken < 0)
            return EXIT_USAGE;
        if (taken > 0)
            continue;
        if (positional != NULL && strcmp(argv[i], "--force") == 0) {
            client->force = true;
            continue;
        }
        if (positional == NULL || *positional != NULL || argv[i][0] == '-')
            return tool_usage("unexpected argument '%s'", argv[i]);
        *positional = argv[i];
    }
    return -1;
}

/* --- Printing ------------------------------------------------------------------------------------------- */

void client_print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    printf("\n");
}

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
static void describe(const json_t *order, char *out, size_t size)
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

static void print_profile(const json_t *profile, const char *indent)
{
    printf("%s%-20s %-8s %-12s %s%s%s%s\n", indent, text_member(profile, "iccid", "?"),
           text_member(profile, "state", "?"), text_member(profile, "class", "-"),
           text_member(profile, "name", ""),
           json_is_true(json_object_get(profile, "fallback")) ? " [fallback]" : "",
           json_is_true(json_object_get(profile, "fallbackAllowed")) ? " [fallback allowed]" : "",
           json_is_true(json_object_get(profile, "ecall")) ? " [emergency]" : "");
}

static void print_results(const json_t *results)
{
    json_t *result, *entry;
    size_t i, j;

    json_array_foreach(results, i, result)
    {
        printf("  %s: %s(%lld)\n", text_member(result, "command", "?"), text_member(result, "result", "?"),
               number_member(result, "code"));
        json_array_foreach(json_object_get(result, "profiles"), j, entry) print_profile(entry, "    ");
        json_array_foreach(json_object_get(result, "eims"), j, entry)
            printf("    %s %s\n", text_member(entry, "eimId", "?"), text_member(entry, "type", ""));
        if (json_object_get(result, "associationToken") != NULL)
            printf("    association token %lld\n", number_member(result, "associationToken"));
        if (json_object_get(result, "rules") != NULL)
            printf("    rules %s\n", text_member(result, "rules", ""));
    }
}

void client_print_order(const json_t *order)
{
    const char *error = json_string_value(json_object_get(order, "error"));
    const char *progress = json_string_value(json_object_get(order, "progress"));
    char what[160];

    describe(order, what, sizeof(what));
    printf("%lld  %s  %s  %s%s%s%s%s\n", number_member(order, "id"), text_member(order, "eid", "?"), what,
           text_member(order, "state", "?"), error != NULL ? ": " : "", error != NULL ? error : "",
           error == NULL && progress != NULL ? ": " : "", error == NULL && progress != NULL ? progress : "");
    print_results(json_object_get(order, "result"));
}

static void print_euicc(const json_t *euicc)
{
    json_t *profile;
    size_t i;

    printf("%s  certificates %s, counter %lld, %lld open orders%s%s\n", text_member(euicc, "eid", "?"),
           text_member(euicc, "data", "?"), number_member(euicc, "counter"),
           number_member(euicc, "openOrders"),
           json_object_get(euicc, "stateChangeCause") != NULL ? ", last change: " : "",
           text_member(euicc, "stateChangeCause", ""));
    json_array_foreach(json_object_get(euicc, "profiles"), i, profile) print_profile(profile, "  ");
}

static void print_notification(const json_t *n)
{
    printf("%lld  %s  %lld  %s  %s  %s%s%s%s\n", number_member(n, "id"), text_member(n, "eid", "?"),
           number_member(n, "seqNumber"), text_member(n, "operation", "?"), text_member(n, "iccid", "-"),
           json_is_true(json_object_get(n, "verified")) ? "verified" : "NOT VERIFIED",
           json_object_get(n, "result") != NULL ? ", " : "", text_member(n, "result", ""),
           strcmp(text_member(n, "forwarded", ""), "waits") == 0 ? ", waits for its SM-DP+" : "");
}

/* --- Commands ------------------------------------------------------------------------------------------- */

/* Adds "?eid=…&state=…" as far as they are said. */
static bool with_query(const struct client *client, const char *base, bool with_state, char *path,
                       size_t size)
{
    bool state = with_state && client->state != NULL;
    int n = snprintf(path, size, "%s%s%s%s%s%s", base, client->eid != NULL || state ? "?" : "",
                     client->eid != NULL ? "eid=" : "", client->eid != NULL ? client->eid : "",
                     state ? (client->eid != NULL ? "&state=" : "state=") : "", state ? client->state : "");

    return n > 0 && (size_t)n < size;
}

static int print_list(const struct client *client, json_t *list, void (*print)(const json_t *entry))
{
    json_t *entry;
    size_t i;

    if (list == NULL)
        return EXIT_FAILED;
    if (client->json) {
        client_print_json(list);
    } else {
        json_array_foreach(list, i, entry) print(entry);
    }
    json_decref(list);
    return EXIT_OK;
}

int eim_run_list(int argc, char **argv)
{
    static const struct {
        const char *name, *path;
        bool with_state;
        void (*print)(const json_t *entry);
    } lists[] = {
        {"orders", "/v1/orders", true, client_print_order},
        {"euiccs", "/v1/euiccs", false, print_euicc},
        {"notifications", "/v1/notifications", false, print_notification},
    };
    struct client client;
    char path[160];
    int status = take_options(&client, argc, argv, NULL);

    if (status >= 0)
        return status;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].name, argv[0]) != 0)
            continue;
        if (!with_query(&client, lists[i].path, lists[i].with_state, path, sizeof(path)))
            return tool_usage("--eid or --state is too long");
        return print_list(&client, client_exchange(&client, "GET", path, NULL), lists[i].print);
    }
    return EXIT_USAGE;
}

/* The eUICC with its profiles and orders, or the eIM with all eUICCs. */
int eim_run_status(int argc, char **argv)
{
    struct client client;
    char path[160], orders_path[160];
    json_t *first, *second;
    int status = take_options(&client, argc, argv, NULL);

    if (status >= 0)
        return status;
    if (snprintf(path, sizeof(path), client.eid != NULL ? "/v1/euiccs/%s" : "/v1/status%s",
                 client.eid != NULL ? client.eid : "") >= (int)sizeof(path) ||
        !with_query(&client, "/v1/orders", true, orders_path, sizeof(orders_path)))
        return tool_usage("--eid is too long");
    first = client_exchange(&client, "GET", path, NULL);
    second = first == NULL
                 ? NULL
                 : client_exchange(&client, "GET", client.eid != NULL ? orders_path : "/v1/euiccs", NULL);
    if (second == NULL) {
        json_decref(first);
        return EXIT_FAILED;
    }
    if (client.json) {
        json_object_set(first, client.eid != NULL ? "orders" : "euiccList", second);
        client_print_json(first);
    } else if (client.eid != NULL) {
        print_euicc(first);
    } else {
        printf("eIM %s, %lld eUICCs, %lld open orders, %lld notifications wait for their SM-DP+\n",
               text_member(first, "eimId", "?"), number_member(first, "euiccs"),
               number_member(first, "openOrders"), number_member(first, "notificationsWaiting"));
    }
    if (!client.json)
        print_list(&client, json_incref(second), client.eid != NULL ? client_print_order : print_euicc);
    json_decref(first);
    json_decref(second);
    return EXIT_OK;
}

int eim_run_cancel(int argc, char **argv)
{
    struct client client;
    const char *id = NULL;
    char path[80];
    json_t *order;
    int status = take_options(&client, argc, argv, &id);

    if (status >= 0)
        return status;
    if (id == NULL || strspn(id, "0123456789") != strlen(id) || strlen(id) > 18)
        return tool_usage("cancel takes the number of an order");
    snprintf(path, sizeof(path), "/v1/orders/%s%s", id, client.force ? "?force=true" : "");
    order = client_exchange(&client, "DELETE", path, NULL);
    if (order == NULL)
        return EXIT_FAILED;
    if (client.json)
        client_print_json(order);
    else
        client_print_order(order);
    json_decref(order);
    return EXIT_OK;
}
