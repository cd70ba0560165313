/* What the SM-DP+ shows of itself to people and scripts: GET /, /orders, /events, /profiles, /notifications,
 * as JSON. See http_api.h. */
#include "servers/smdpp/network/http_api.h"

#include "common/database_json.h"
#include "euicc/softeuicc.h"

#include <string.h>

static json_t *text(const char *octets)
{
    json_t *string = json_string(octets);

    return string != NULL ? string : json_string("?"); /* not UTF-8 */
}

static json_t *list_profiles(struct smdpp *smdpp)
{
    json_t *list = json_array();

    smdpp_refresh_profiles(smdpp);
    for (size_t i = 0; i < profile_catalogue_count(smdpp->catalogue); i++) {
        const struct profile *profile = profile_catalogue_at(smdpp->catalogue, i);

        if (profile->complaint[0] != '\0')
            json_array_append_new(
                list, json_pack("{s:o,s:o}", "name", text(profile->name), "error", text(profile->complaint)));
        else
            json_array_append_new(
                list,
                json_pack("{s:o,s:s,s:s,s:o,s:o,s:o,s:s,s:I,s:I,s:s*}", "name", text(profile->name),
                          "matchingId", profile->matching_id, "iccid", profile->iccid, "profileType",
                          text(profile->type), "serviceProviderName", text(profile->facts.service_provider),
                          "profileName", text(profile->facts.profile_name), "profileClass",
                          profile->facts.profile_class, "size", (json_int_t)profile->package_size, "memory",
                          (json_int_t)profile->memory, "warning",
                          profile->warning[0] != '\0' ? profile->warning : NULL));
    }
    return list;
}

static json_t *list_orders(struct smdpp *smdpp)
{
    return db_json(store_orders(smdpp->store), NULL);
}

static json_t *list_events(struct smdpp *smdpp)
{
    return db_json(store_events(smdpp->store), NULL);
}

static json_t *list_notifications(struct smdpp *smdpp)
{
    return db_json(store_notifications(smdpp->store), NULL);
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

static const struct {
    const char *path;
    json_t *(*make)(struct smdpp *smdpp);
} pages[] = {
    {"/", show_server},
    {"/orders", list_orders},
    {"/events", list_events},
    {"/profiles", list_profiles},
    {"/notifications", list_notifications},
};

void status_answer(struct smdpp *smdpp, const char *path, struct http_answer *answer)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(pages[i].path, path) == 0) {
            answer_json(answer, 200, pages[i].make(smdpp));
            return;
        }
    }
    answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such page");
}
