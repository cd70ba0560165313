/* What the SM-DP+ shows of itself to people and scripts: GET /, /orders, /events, /profiles, /notifications,
 * as JSON. See http_api.h. */
#include "servers/smdpp/network/http_api.h"

#include "common/database/database_json.h"
#include "euicc/softeuicc.h"
#include "servers/rsp/page.h"

#include <string.h>

_Static_assert(PROFILE_NAME_MAX <= PAGE_KEY_MAX, "the name of a profile is a key");

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

static json_t *list_profiles(void *server, const struct page *page, bool *failed)
{
    struct smdpp *smdpp = server;
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

static json_t *list_orders(void *server, const struct page *page, bool *failed)
{
    const struct smdpp *smdpp = server;

    return db_json(store_orders(smdpp->store, page->after, page->limit), failed);
}

static json_t *list_events(void *server, const struct page *page, bool *failed)
{
    const struct smdpp *smdpp = server;

    return db_json(store_events(smdpp->store, page->after_number, page->limit), failed);
}

static json_t *list_notifications(void *server, const struct page *page, bool *failed)
{
    const struct smdpp *smdpp = server;

    return db_json(store_notifications(smdpp->store, page->after_number, page->limit), failed);
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

static const struct page_list lists[] = {
    {"/orders", list_orders, false},
    {"/events", list_events, true},
    {"/profiles", list_profiles, false},
    {"/notifications", list_notifications, true},
    {0},
};

static const char *storage_reason(void *smdpp)
{
    return db_reason(((struct smdpp *)smdpp)->store);
}

void status_answer(struct smdpp *smdpp, const char *path, const char *query, struct http_answer *answer)
{
    if (page_answer(lists, smdpp, path, query, storage_reason, answer))
        return;
    if (strcmp(path, "/") != 0)
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such page");
    else if (query != NULL && query[0] != '\0')
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, "this page has no query");
    else
        answer_json(answer, 200, show_server(smdpp));
}
