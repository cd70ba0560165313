/* From a request to its route: paths, queries and bodies of the REST API. See rest.h. */
#include "servers/eim/network/rest.h"

#include "servers/eim/network/rest_call.h"

#include <string.h>

#define CONTENT_TYPE_YAML "application/yaml"
#define PARAMETER_MAX     64

static void rest_openapi(struct rest_call *call)
{
    call->answer->code = 200;
    call->answer->content_type = CONTENT_TYPE_YAML;
    for (size_t i = 0; openapi_lines[i] != NULL; i++)
        buf_append(&call->answer->body, span_of_string(openapi_lines[i]));
}

/* What comes in pages (servers/rsp/page.h), and by which key. */
enum listing { NO_LIST, BY_NAME, BY_NUMBER };

static const struct {
    const char *method, *path;
    void (*run)(struct rest_call *call);
    const char *query[3]; /* what may be asked with, NULL at the end */
    enum listing list;
} routes[] = {
    {"GET", "/", rest_status, {NULL}, NO_LIST},
    {"GET", "/openapi.yaml", rest_openapi, {NULL}, NO_LIST},
    {"GET", "/v1/status", rest_status, {NULL}, NO_LIST},
    {"GET", "/v1/euiccs", rest_euiccs, {NULL}, BY_NAME},
    {"GET", "/v1/euiccs/{eid}", rest_euicc, {NULL}, NO_LIST},
    {"PATCH", "/v1/euiccs/{eid}", rest_euicc_change, {NULL}, NO_LIST},
    {"DELETE", "/v1/euiccs/{eid}", rest_euicc_forget, {NULL}, NO_LIST},
    {"GET", "/v1/euiccs/{eid}/profiles", rest_profiles, {NULL}, NO_LIST},
    {"GET", "/v1/orders", rest_orders, {"eid", "state", NULL}, BY_NUMBER},
    {"POST", "/v1/orders", rest_order_add, {NULL}, NO_LIST},
    {"GET", "/v1/orders/{id}", rest_order, {NULL}, NO_LIST},
    {"DELETE", "/v1/orders/{id}", rest_order_cancel, {"force", NULL}, NO_LIST},
    {"GET", "/v1/notifications", rest_notifications, {"eid", NULL}, BY_NUMBER},
    {"GET", "/v1/rules", rest_rules, {NULL}, NO_LIST},
    {"PUT", "/v1/rules", rest_rules_set, {NULL}, NO_LIST},
    {"POST", "/v1/rules/test", rest_rules_test, {NULL}, NO_LIST},
    {"GET", "/v1/rules/events", rest_rule_events, {"eid", NULL}, BY_NUMBER},
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

bool rest_route(size_t index, const char **method, const char **path)
{
    if (index >= ROUTES)
        return false;
    *method = routes[index].method;
    *path = routes[index].path;
    return true;
}

/* --- From a request to its route ------------------------------------------------------------------------ */

/* Whether `path` is `pattern`, whose one {…} takes a path element into `parameter`. */
static bool path_matches(const char *pattern, const char *path, char parameter[PARAMETER_MAX + 1])
{
    const char *brace = strchr(pattern, '{');
    size_t size;

    if (brace == NULL)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, (size_t)(brace - pattern)) != 0)
        return false;
    path += brace - pattern;
    size = strcspn(path, "/");
    if (size == 0 || size > PARAMETER_MAX || strcmp(strchr(brace, '}') + 1, path + size) != 0)
        return false;
    memcpy(parameter, path, size);
    parameter[size] = '\0';
    return true;
}

static bool take_query_part(struct rest_call *call, const char *const *allowed, const char *part, size_t size)
{
    const struct {
        const char *name;
        char *out;
        size_t max;
    } places[] = {
        {"eid", call->eid, sizeof(call->eid) - 1},
        {"state", call->state, sizeof(call->state) - 1},
        {"force", call->force, sizeof(call->force) - 1},
    };
    const char *equals = memchr(part, '=', size);
    size_t name_size = equals != NULL ? (size_t)(equals - part) : size;
    size_t value_size = equals != NULL ? size - name_size - 1 : 0;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t place = 0;

        while (allowed[place] != NULL && strcmp(allowed[place], places[i].name) != 0)
            place++;
        if (allowed[place] == NULL || strlen(places[i].name) != name_size ||
            memcmp(part, places[i].name, name_size) != 0)
            continue;
        if (equals == NULL || value_size == 0 || value_size > places[i].max) {
            rest_error(call, 400, places[i].name, "has no such value");
            return false;
        }
        memcpy(places[i].out, equals + 1, value_size);
        places[i].out[value_size] = '\0';
        return true;
    }
    rest_error(call, 400, "", "the query has an unknown field");
    return false;
}

/* One of the fields that every list has; false: another one, or a list has none. */
static bool take_page_part(struct rest_call *call, enum listing list, const char *part, size_t size)
{
    static const char *const names[] = {"limit", "after"};
    const char *why;

    for (size_t i = 0; list != NO_LIST && i < sizeof(names) / sizeof(names[0]); i++) {
        size_t name_size = strlen(names[i]);

        if (size <= name_size || strncmp(part, names[i], name_size) != 0 || part[name_size] != '=')
            continue;
        why = page_take_field(&call->page, list == BY_NUMBER, part, size);
        if (why != NULL)
            rest_error(call, 400, names[i], "%s", why);
        return true;
    }
    return false;
}

static bool take_query(struct rest_call *call, const char *const *allowed, enum listing list,
                       const char *query)
{
    while (query != NULL && *query != '\0') {
        size_t size = strcspn(query, "&");

        if (take_page_part(call, list, query, size) ? call->answer->code != 0
                                                    : !take_query_part(call, allowed, query, size))
            return false;
        query += size + (query[size] == '&');
    }
    if (call->page.limit == 0)
        call->page.limit = PAGE_ROWS_DEFAULT;
    if (call->eid[0] != '\0' && !eid_is_good(call->eid)) {
        rest_error(call, 400, "eid", "is not an EID of 32 digits");
        return false;
    }
    return true;
}

static bool take_body(struct rest_call *call, const struct http_request *request)
{
    json_error_t where;

    if (strcmp(request->method, "POST") != 0 && strcmp(request->method, "PUT") != 0 &&
        strcmp(request->method, "PATCH") != 0)
        return true;
    if (!http_is_content_type(request->content_type, "application/json")) {
        rest_error(call, 415, "", "Content-Type must be application/json");
        return false;
    }
    if (request->body.size > REST_BODY_MAX) {
        rest_error(call, 413, "", "the body is larger than %zu octets", REST_BODY_MAX);
        return false;
    }
    call->body =
        json_loadb((const char *)request->body.data, request->body.size, JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(call->body))
        return true;
    if (call->body == NULL)
        rest_error(call, 400, "", "the body is not JSON: %s in line %d", where.text, where.line);
    else
        rest_error(call, 400, "", "the body is not a JSON object");
    return false;
}

static void answer_route(struct rest_call *call, size_t index, const struct http_request *request)
{
    if (strchr(routes[index].path, '{') != NULL && strncmp(routes[index].path, "/v1/euiccs", 10) == 0 &&
        !eid_is_good(call->parameter))
        rest_error(call, 400, "eid", "is not an EID of 32 digits");
    else if (take_query(call, routes[index].query, routes[index].list, request->query) &&
             take_body(call, request))
        routes[index].run(call);
}

void eim_rest_answer(struct eim *eim, const struct http_request *request, struct http_answer *answer)
{
    char parameter[PARAMETER_MAX + 1] = "";
    struct rest_call call = {.eim = eim, .parameter = parameter, .answer = answer};
    const uint64_t failures = db_failures(eim->db);
    bool is_path = false;
    size_t i;

    *answer = (struct http_answer){0};
    for (i = 0; i < ROUTES; i++) {
        if (!path_matches(routes[i].path, request->path, parameter))
            continue;
        is_path = true;
        if (strcmp(routes[i].method, request->method) == 0)
            break;
    }
    if (i < ROUTES)
        answer_route(&call, i, request);
    else if (is_path)
        rest_error(&call, 405, "", "%s is not for this path", request->method);
    else
        rest_error(&call, 404, "", "there is no such path");
    /* What was not found may be there. */
    if (db_failures(eim->db) != failures && answer->code < 500)
        rest_error(&call, 500, "", "the state cannot be read: %s", db_reason(eim->db));
    json_decref(call.body);
    if (answer->body.failed) {
        buf_free(&answer->body);
        answer->code = 500;
        answer->content_type = NULL;
    }
}
