/* What the SM-DP+ shows of itself to people and scripts: GET /, /orders, /events, /profiles, /notifications,
 * as JSON. See http_api.h. */
#include "servers/smdpp/network/http_api.h"

#include "common/database_json.h"
#include "common/number.h"
#include "euicc/softeuicc.h"

#include <string.h>

#define PAGE_KEY_MAX    PROFILE_NAME_MAX
#define STATUS_TEXT_(x) #x
#define STATUS_TEXT(x)  STATUS_TEXT_(x)

static json_t *text(const char *octets)
{
    json_t *string = json_string(octets);

    return string != NULL ? string : json_string("?"); /* not UTF-8 */
}

static json_t *show_profile(const struct profile *profile)
{
    if (profile->complaint[0] != '\0')
        return json_pack("{s:o,s:o}", "name", text(profile->name), "error", text(profile->complaint));
    return json_pack("{s:o,s:s,s:s,s:o,s:o,s:o,s:s,s:I,s:I,s:s*}", "name", text(profile->name), "matchingId",
                     profile->matching_id, "iccid", profile->iccid, "profileType", text(profile->type),
                     "serviceProviderName", text(profile->facts.service_provider), "profileName",
                     text(profile->facts.profile_name), "profileClass", profile->facts.profile_class, "size",
                     (json_int_t)profile->package_size, "memory", (json_int_t)profile->memory, "warning",
                     profile->warning[0] != '\0' ? profile->warning : NULL);
}

/* What part of a list is asked for. */
struct page {
    int64_t limit;
    char after[PAGE_KEY_MAX + 1]; /* "": from the first */
};

/* Each list; *failed: not all of its rows could be read. */
static json_t *list_profiles(struct smdpp *smdpp, const struct page *page, bool *failed)
{
    json_t *list = json_array();
    size_t first, end;

    smdpp_refresh_profiles(smdpp);
    first = page->after[0] != '\0' ? profile_catalogue_after(smdpp->catalogue, page->after) : 0;
    end = profile_catalogue_count(smdpp->catalogue);
    if (end - first > (size_t)page->limit)
        end = first + (size_t)page->limit;
    for (size_t i = first; i < end; i++)
        json_array_append_new(list, show_profile(profile_catalogue_at(smdpp->catalogue, i)));
    *failed = false;
    return list;
}

static json_t *list_orders(struct smdpp *smdpp, const struct page *page, bool *failed)
{
    return db_json(store_orders(smdpp->store, page->after, page->limit), failed);
}

static json_t *list_events(struct smdpp *smdpp, const struct page *page, bool *failed)
{
    int64_t after = 0;

    (void)number_read(page->after, 0, INT64_MAX, &after);
    return db_json(store_events(smdpp->store, after, page->limit), failed);
}

static json_t *list_notifications(struct smdpp *smdpp, const struct page *page, bool *failed)
{
    int64_t after = 0;

    (void)number_read(page->after, 0, INT64_MAX, &after);
    return db_json(store_notifications(smdpp->store, after, page->limit), failed);
}

static json_t *show_server(struct smdpp *smdpp)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < smdpp->dp.rsp.credentials_count; i++) {
        char id[41];

        json_array_append_new(
            keys, json_string(hex_from_span(cert_authority_key_id(smdpp->dp.rsp.credentials[i].cert), id,
                                            sizeof(id))));
    }
    return json_pack("{s:s,s:s,s:s,s:o,s:b,s:I,s:I,s:I}", "server", "softeuicc smdpp", "version",
                     softeuicc_version(), "smdpAddress", smdpp->dp.rsp.address[0], "ciPKIds", keys,
                     "ordersOnly", (int)smdpp->options.orders_only, "profiles",
                     (json_int_t)profile_catalogue_count(smdpp->catalogue), "openSessions",
                     (json_int_t)smdpp_session_count(smdpp), "runningSeconds",
                     (json_int_t)(smdpp_now() - smdpp->started));
}

/* --- Pages ---------------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* The value of a query's field, without its percent-encoding; false when it is none, or too long. */
static bool take_value(const char *text, size_t size, char *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '%') {
            int high = i + 2 < size ? digit_of(text[i + 1]) : -1;
            int low = i + 2 < size ? digit_of(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || n == max)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n > 0;
}

static const char *take_field(struct page *page, bool numbered, const char *field, size_t size)
{
    char text[24] = "";
    int64_t number;

    if (strncmp(field, "limit=", 6) == 0) {
        if (page->limit != 0 || !take_value(field + 6, size - 6, text, sizeof(text) - 1) ||
            !number_read(text, 1, STATUS_ROWS_MAX, &page->limit))
            return "limit is not one number from 1 to " STATUS_TEXT(STATUS_ROWS_MAX);
    } else if (strncmp(field, "after=", 6) == 0) {
        if (page->after[0] != '\0' || !take_value(field + 6, size - 6, page->after, PAGE_KEY_MAX) ||
            (numbered && !number_read(page->after, 0, INT64_MAX, &number)))
            return "after is not the key of one row";
    } else {
        return "there is no such field in a query: limit and after are";
    }
    return NULL;
}

/* NULL, or what is wrong with the query. */
static const char *take_query(struct page *page, bool numbered, const char *query)
{
    const char *why = NULL;

    *page = (struct page){0};
    while (why == NULL && query != NULL && *query != '\0') {
        size_t size = strcspn(query, "&");

        why = take_field(page, numbered, query, size);
        query += size + (query[size] == '&');
    }
    if (page->limit == 0)
        page->limit = STATUS_ROWS_DEFAULT;
    return why;
}

static const struct {
    const char *path;
    json_t *(*list)(struct smdpp *smdpp, const struct page *page, bool *failed);
    bool numbered; /* its key is a number */
} lists[] = {
    {"/orders", list_orders, false},
    {"/events", list_events, true},
    {"/profiles", list_profiles, false},
    {"/notifications", list_notifications, true},
};

static void answer_list(struct smdpp *smdpp, size_t list, const char *query, struct http_answer *answer)
{
    struct page page;
    const char *why = take_query(&page, lists[list].numbered, query);
    bool failed;
    json_t *rows;

    if (why != NULL) {
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, why);
        return;
    }
    rows = lists[list].list(smdpp, &page, &failed);
    if (!failed) {
        answer_json(answer, 200, rows);
        return;
    }
    json_decref(rows);
    answer_refusal(answer, 500, REFUSAL_INTERNAL, db_reason(smdpp->store));
}

void status_answer(struct smdpp *smdpp, const char *path, const char *query, struct http_answer *answer)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].path, path) == 0) {
            answer_list(smdpp, i, query, answer);
            return;
        }
    }
    if (strcmp(path, "/") != 0)
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such page");
    else if (query != NULL && query[0] != '\0')
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, "this page has no query");
    else
        answer_json(answer, 200, show_server(smdpp));
}
