/* The eIM and the SM-DP+ of the demo's world: see world.h. */
#include "common/net/place.h"
#include "common/tool.h"
#include "servers/eim/network/rest.h"
#include "servers/eim/network/rest_token.h"
#include "tools/demo/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOPBACK "127.0.0.1"

/* --- opening them ------------------------------------------------------------------------------------- */

/* Where a server keeps what it knows: only where somebody may look at it afterwards. */
static const char *state_path(const struct world *world, const char *name, char path[PKI_PATH_MAX])
{
    return world->settings->keep != NULL && world_path(world, name, path) ? path : NULL;
}

static bool open_smdpp(struct world *world, const char *pki)
{
    const struct https_identity_files none = {0};
    struct smdpp *smdpp = &world->smdpp;
    struct https_options options = {.address = LOOPBACK};
    char profiles[PKI_PATH_MAX], state[PKI_PATH_MAX], why[DB_WHY_MAX];

    smdpp->options.tries_max = SMDPP_DEFAULT_TRIES_MAX;
    smdpp->options.orders_only = true;
    smdpp->started = smdpp_now();
    if (!smdpp_identity_load(smdpp, pki) ||
        !https_identities_take(&world->smdpp_tls, pki, PKI_DP_TLS, &none) ||
        !world_path(world, "profiles", profiles))
        return false;
    https_identities_set(&world->smdpp_tls, &options);
    world->door = smdpp_door_open(world->loop, smdpp, HTTP_API_ALL, &options);
    if (world->door == NULL)
        return false;
    snprintf(world->smdpp_address, sizeof(world->smdpp_address), "localhost:%u",
             smdpp_door_port(world->door));
    if (!dp_server_add_address(&smdpp->dp, world->smdpp_address))
        return tool_error("out of memory") == EXIT_OK;
    smdpp->store = store_open(state_path(world, WORLD_SMDPP_STATE, state), why);
    if (smdpp->store == NULL)
        return tool_error("%s", why) == EXIT_OK;
    smdpp->catalogue = profile_catalogue_new(profiles, world->smdpp_address);
    return (smdpp->catalogue != NULL && profile_catalogue_readable(smdpp->catalogue)) ||
           tool_error("cannot read the directory %s", profiles) == EXIT_OK;
}

static bool open_eim(struct world *world, const char *pki)
{
    const struct https_identity_files none = {0};
    struct eim *eim = &world->eim;
    char ca[PKI_PATH_MAX], state[PKI_PATH_MAX], token[PKI_PATH_MAX];
    const struct eim_network_options options = {
        .address = LOOPBACK,
        .tls = &world->eim_tls,
        .smdp_ca = ca,
        .token_file = state_path(world, WORLD_EIM_STATE REST_TOKEN_SUFFIX, token),
    };

    eim->first_counter = 1;
    if (!eim_identity_load(eim, pki, EC_CURVE_NONE, NULL) ||
        !eim_state_open(eim, state_path(world, WORLD_EIM_STATE, state)) ||
        !https_identities_take(&world->eim_tls, pki, PKI_EIM_TLS, &none) ||
        !pki_top_path(ca, pki, PKI_CA_BUNDLE))
        return false;
    world->eim_network = eim_network_open(world->loop, eim, &options);
    return world->eim_network != NULL;
}

bool world_open_servers(struct world *world)
{
    char pki[PKI_PATH_MAX];

    return world_path(world, "pki", pki) && open_smdpp(world, pki) && open_eim(world, pki);
}

void world_close_servers(struct world *world)
{
    eim_network_close(world->eim_network);
    eim_close(&world->eim);
    smdpp_door_close(world->door);
    smdpp_clear(&world->smdpp);
}

/* --- asking them -------------------------------------------------------------------------------------- */

/* The answer as JSON; it is freed. */
static json_t *read_answer(struct http_answer *answer, const char *path)
{
    json_t *json = json_loadb((const char *)answer->body.data, answer->body.size, 0, NULL);

    if (answer->code < 200 || answer->code > 299 || json == NULL) {
        tool_error("%s: refused with %d: %.*s", path, answer->code, (int)answer->body.size,
                   answer->body.size > 0 ? (const char *)answer->body.data : "");
        json_decref(json);
        json = NULL;
    }
    buf_free(&answer->body);
    return json;
}

/* `request` is taken; its text is the caller's to free. */
static struct http_request request_with(const char *method, const char *path, json_t *request, char **text)
{
    struct http_request made = {
        .method = method, .path = path, .content_type = "application/json", .is_local = true};

    *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (*text != NULL)
        made.body = span_of_string(*text);
    return made;
}

json_t *world_ask_eim(struct world *world, const char *method, const char *path, json_t *request)
{
    char *text;
    const struct http_request made = request_with(method, path, request, &text);
    struct http_answer answer;

    eim_rest_answer(&world->eim, &made, &answer);
    free(text);
    return read_answer(&answer, path);
}

json_t *world_ask_smdpp(struct world *world, const char *path, const char *query, json_t *request)
{
    char *text;
    struct http_request made = request_with(request != NULL ? "POST" : "GET", path, request, &text);
    struct http_answer answer = {0};

    made.query = query;
    made.admin_protocol = ADMIN_PROTOCOL;
    http_api_answer(&world->smdpp, &made, &answer);
    free(text);
    return read_answer(&answer, path);
}
