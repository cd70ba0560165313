/*
 * Facts, from those who must know them: the card says what it is in (softeuicc_inspect), the device what it
 * saw, the eIM and the SM-DP+ what they answer over their own interfaces. Profiles have their names of the
 * story.
 */
#include "apdu/digits.h"
#include "common/tool.h"
#include "device/air/air_text.h"
#include "device/inspect_json.h"
#include "tools/demo/demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct party_name party_names[PARTIES] = {
    [PARTY_CARD] = {"card", "card"},
    [PARTY_DEVICE] = {"device", "device"},
    [PARTY_EIM] = {"eim", "eIM"},
    [PARTY_SMDPP] = {"smdpp", "SM-DP+"},
};

enum { WORDS_MAX = 200, LIST_MAX = 3 * WORDS_MAX };

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static void set_text(json_t *facts, const char *name, const char *text)
{
    json_object_set_new(facts, name, json_string(text[0] != '\0' ? text : "none"));
}

static void set_number(json_t *facts, const char *name, int64_t number)
{
    json_object_set_new(facts, name, json_integer(number));
}

/* Names of the profiles of a list with "iccid", in the order of the story; with `state` those that are in it.
 */
static void set_profiles(json_t *facts, const char *name, const json_t *list, const char *state)
{
    char names[LIST_MAX] = "";

    for (size_t i = 0; i < WORLD_PROFILES; i++) {
        const json_t *profile;
        size_t n;

        json_array_foreach(list, n, profile)
        {
            if (strcmp(world_profile_name(text_of(profile, "iccid")), world_subscriptions[i].name) == 0 &&
                (state == NULL || strcmp(text_of(profile, "state"), state) == 0))
                snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
                         names[0] != '\0' ? " " : "", world_subscriptions[i].name);
        }
    }
    set_text(facts, name, names[0] != '\0' ? names : "none");
}

/* --- the card ----------------------------------------------------------------------------------------- */

static json_t *card_facts(struct world *world)
{
    json_t *all = inspect_json(link_card(world->link));
    const json_t *ipae = json_object_get(all, "ipae");
    json_t *facts = json_object();

    if (all == NULL) {
        tool_error("the card cannot be looked into");
    } else {
        set_text(facts, "enabled", world_profile_name(text_of(all, "enabled")));
        set_text(facts, "fallback", world_profile_name(text_of(all, "fallback_profile")));
        set_profiles(facts, "profiles", json_object_get(all, "profiles"), NULL);
        set_text(facts, "network", text_of(ipae, "plmn"));
        json_object_set(facts, "on_trial", json_object_get(ipae, "on_trial"));
        json_object_set_new(facts, "return_planned", json_boolean(text_of(ipae, "return_at")[0] != '\0'));
        json_object_update(facts, json_object_get(ipae, "counts"));
    }
    json_decref(all);
    return facts;
}

/* --- the device --------------------------------------------------------------------------------------- */

static json_t *device_facts(const struct world *world, const struct witness *witness)
{
    const struct air_state *state = modem_network(world->modem);
    const struct air_figures *carried = air_figures(world->air);
    char plmn[PLMN_TEXT_SIZE];
    json_t *facts = json_object();

    set_text(facts, "service", air_service_name(state->service));
    set_text(facts, "network", state->service == AIR_NORMAL ? digits_plmn_text(state->plmn, plmn) : "none");
    set_text(facts, "technology", air_technology_name(state->technology));
    json_object_set_new(facts, "roaming", json_boolean(state->is_roaming));
    set_text(facts, "profile", world_profile_name(modem_iccid(world->modem)));
    set_number(facts, "refreshes", witness->refreshes);
    set_number(facts, "rejections", witness->rejections);
    set_number(facts, "last_cause", witness->last_cause);
    set_number(facts, "sent", (int64_t)carried->sent);
    set_number(facts, "received", (int64_t)carried->received);
    return facts;
}

/* --- the eIM ------------------------------------------------------------------------------------------ */

/* "done", "queued", or why it failed. */
static bool order_words(struct world *world, int64_t id, char words[WORDS_MAX])
{
    char path[40];
    json_t *order;
    const char *state;

    snprintf(path, sizeof(path), "/v1/orders/%" PRId64, id);
    order = world_ask_eim(world, "GET", path, NULL);
    state = text_of(order, "state");
    snprintf(words, WORDS_MAX, "%s", strcmp(state, ORDER_FAILED) == 0 ? text_of(order, "error") : state);
    json_decref(order);
    return order != NULL;
}

/* The rule that fired last, and what became of its orders. */
static bool set_rule(struct world *world, json_t *facts)
{
    json_t *events = world_ask_eim(world, "GET", "/v1/rules/events", NULL);
    const json_t *last = json_array_get(events, json_array_size(events) - 1), *id;
    char all[LIST_MAX] = "", words[WORDS_MAX];
    bool ok = events != NULL;
    size_t i;

    set_number(facts, "rules_fired", (int64_t)json_array_size(events));
    set_text(facts, "rule", text_of(last, "rule"));
    json_array_foreach(json_object_get(last, "orders"), i, id)
    {
        ok = ok && order_words(world, json_integer_value(id), words);
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i > 0 ? ", " : "", ok ? words : "?");
    }
    set_text(facts, "rule_orders", all);
    json_decref(events);
    return ok;
}

/* "00F110" as "001-01". */
static void set_plmn(json_t *facts, const char *name, const char *hex)
{
    struct buf octets = {0};
    char text[PLMN_TEXT_SIZE];
    bool is_one = buf_append_hex(&octets, hex, NULL) && octets.size == PLMN_SIZE;

    set_text(facts, name, is_one ? digits_plmn_text(octets.data, text) : "none");
    buf_free(&octets);
}

/* The eIM meets the card with its first poll: until then it knows nothing of it. */
static bool set_euicc(struct world *world, json_t *facts)
{
    char path[60];
    json_t *euiccs = world_ask_eim(world, "GET", "/v1/euiccs", NULL), *euicc = NULL;
    bool ok = euiccs != NULL, is_known = json_array_size(euiccs) > 0;

    snprintf(path, sizeof(path), "/v1/euiccs/%s", world_eid(world));
    if (is_known)
        euicc = world_ask_eim(world, "GET", path, NULL);
    ok = ok && (!is_known || euicc != NULL);
    json_object_set_new(facts, "knows_card", json_boolean(strcmp(text_of(euicc, "data"), "known") == 0));
    set_profiles(facts, "profiles", json_object_get(euicc, "profiles"), NULL);
    set_profiles(facts, "enabled", json_object_get(euicc, "profiles"), "enabled");
    set_text(facts, "state_change", text_of(euicc, "stateChangeCause"));
    set_plmn(facts, "network", text_of(euicc, "rPLMN"));
    set_number(facts, "open_orders", json_integer_value(json_object_get(euicc, "openOrders")));
    set_number(facts, "counter", json_integer_value(json_object_get(euicc, "counter")));
    json_decref(euiccs);
    json_decref(euicc);
    return ok;
}

static json_t *eim_facts(struct world *world, const struct demo_order *order)
{
    json_t *facts = json_object();
    char words[WORDS_MAX] = "none";
    bool ok = set_euicc(world, facts) && set_rule(world, facts) &&
              (order->id == 0 || order_words(world, order->id, words));

    set_text(facts, "order", words);
    if (ok)
        return facts;
    json_decref(facts);
    return NULL;
}

/* --- the SM-DP+ --------------------------------------------------------------------------------------- */

static void set_orders(json_t *facts, const json_t *orders)
{
    char name[40];
    const json_t *order;
    size_t i;

    for (size_t n = WORLD_BOOTSTRAP + 1; n < WORLD_PROFILES; n++) {
        snprintf(name, sizeof(name), "%s_order", world_subscriptions[n].name);
        set_text(facts, name, "none");
    }
    json_array_foreach(orders, i, order)
    {
        snprintf(name, sizeof(name), "%s_order", world_profile_name(text_of(order, "iccid")));
        set_text(facts, name, text_of(order, "state"));
    }
}

/* What cards have told it, and which profile is enabled by that. */
static void set_notifications(json_t *facts, const json_t *list)
{
    int64_t installs = 0, enables = 0, disables = 0, unverified = 0;
    const char *enabled = "none";
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *operation = text_of(one, "operation");

        /* What an installation came to; another one of the event has no result. */
        installs += strcmp(operation, "install") == 0 && strcmp(text_of(one, "result"), "success") == 0;
        disables += strcmp(operation, "disable") == 0;
        enables += strcmp(operation, "enable") == 0;
        unverified += !json_is_true(json_object_get(one, "verified"));
        if (strcmp(operation, "enable") == 0)
            enabled = world_profile_name(text_of(one, "iccid"));
    }
    set_number(facts, "installs", installs);
    set_number(facts, "enables", enables);
    set_number(facts, "disables", disables);
    set_number(facts, "unverified", unverified);
    set_text(facts, "last_enabled", enabled);
}

static json_t *smdpp_facts(struct world *world)
{
    json_t *orders = world_ask_smdpp(world, "/orders", NULL, NULL);
    json_t *notifications = world_ask_smdpp(world, "/notifications", NULL, NULL);
    json_t *facts = json_object();

    set_orders(facts, orders);
    set_notifications(facts, notifications);
    if (orders == NULL || notifications == NULL) {
        json_decref(facts);
        facts = NULL;
    }
    json_decref(orders);
    json_decref(notifications);
    return facts;
}

json_t *party_facts(struct world *world, const struct witness *witness, const struct demo_order *order,
                    enum party party)
{
    switch (party) {
    case PARTY_CARD:
        return card_facts(world);
    case PARTY_DEVICE:
        return device_facts(world, witness);
    case PARTY_EIM:
        return eim_facts(world, order);
    default:
        return smdpp_facts(world);
    }
}
