/*
 * The life of a device: when each step begins, what is done to it, and what card, device, eIM and SM-DP+ must
 * say of it in the end.
 */
#include "common/tool.h"
#include "tools/demo/demo.h"

#include <stdio.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

/* --- what is done ------------------------------------------------------------------------------------- */

/* `request` (taken) without its "eid". */
static bool story_order(struct story *story, json_t *request, const char *what)
{
    struct world *world = &story->demo->world;
    json_t *answer;

    json_object_set_new(request, "eid", json_string(world_eid(world)));
    answer = world_ask_eim(world, "POST", "/v1/orders", request);
    story->order.id = json_integer_value(json_object_get(answer, "id"));
    json_decref(answer);
    if (answer != NULL)
        view_act(story->demo, "eIM", what);
    return answer != NULL;
}

/* "1$localhost:4711$OPERATOR": the matching IDs are the profiles' names in capitals. */
static json_t *activation_code(const struct story *story, enum world_profile profile)
{
    char code[120];

    snprintf(code, sizeof(code), "1$%s$%s", story->demo->world.smdpp_address,
             profile == WORLD_OPERATOR ? "OPERATOR" : "LOCAL");
    return json_string(code);
}

/* An operator orders the profile at the SM-DP+ (ES2+ DownloadOrder, ConfirmOrder). */
static bool order_profile(struct story *story, enum world_profile profile)
{
    struct world *world = &story->demo->world;
    const char *iccid = world_subscriptions[profile].iccid;
    const char *const calls[] = {"/gsma/rsp2/es2plus/downloadOrder", "/gsma/rsp2/es2plus/confirmOrder"};
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(calls) / sizeof(calls[0]); i++) {
        char id[40];
        json_t *request = json_pack("{s:s}", "iccid", iccid), *answer;
        const char *status;

        snprintf(id, sizeof(id), "%s-%zu", world_subscriptions[profile].name, i);
        json_object_set_new(
            request, "header",
            json_pack("{s:s, s:s}", "functionRequesterIdentifier", "demo", "functionCallIdentifier", id));
        if (i > 0) {
            json_object_set_new(request, "matchingId",
                                json_string(profile == WORLD_OPERATOR ? "OPERATOR" : "LOCAL"));
            json_object_set_new(request, "releaseFlag", json_true());
        }
        answer = world_ask_smdpp(world, calls[i], NULL, request);
        status = json_string_value(json_object_get(
            json_object_get(json_object_get(answer, "header"), "functionExecutionStatus"), "status"));
        ok = status != NULL && strncmp(status, "Executed", 8) == 0;
        if (answer != NULL && !ok)
            tool_error("the SM-DP+ refuses the order of %s", iccid);
        json_decref(answer);
    }
    return ok;
}

static bool begin_contact(struct story *story)
{
    smdpp_refresh_profiles(&story->demo->world.smdpp);
    if (!order_profile(story, WORLD_OPERATOR) || !order_profile(story, WORLD_LOCAL))
        return false;
    view_act(story->demo, "SM-DP+", "has orders for two profiles, for who knows their matching IDs");
    return modem_start(story->demo->world.modem);
}

static bool begin_download(struct story *story)
{
    return story_order(
        story, json_pack("{s:{s:o}}", "download", "activationCode", activation_code(story, WORLD_OPERATOR)),
        "the card is to download the operator's profile");
}

static json_t *enable_operator(void)
{
    return json_pack("{s:{s:s, s:b}}", "enable", "iccid", world_subscriptions[WORLD_OPERATOR].iccid,
                     "rollback", 1);
}

static bool begin_rollback(struct story *story)
{
    return story_order(story, json_pack("{s:[o]}", "psmo", enable_operator()),
                       "the card is to enable it, and to roll back if that does not work");
}

static bool begin_switch(struct story *story)
{
    return story_order(story,
                       json_pack("{s:[o, {s:{s:s}}]}", "psmo", enable_operator(), "setFallbackAttribute",
                                 "iccid", world_subscriptions[WORLD_BOOTSTRAP].iccid),
                       "once more, and the bootstrap profile is to be what the card falls back to");
}

static json_t *rule(const char *name, const char *network, enum world_profile profile)
{
    return json_pack("{s:s, s:{s:[s]}, s:{s:s}, s:s, s:i}", "name", name, "when", "network", network, "then",
                     "profile", world_subscriptions[profile].iccid, "cooldown", "0s", "perDay", 10);
}

/* From now on the eIM orders by itself. */
static bool begin_roaming(struct story *story)
{
    json_t *abroad = rule("abroad", "724", WORLD_LOCAL), *answer;

    json_object_set_new(json_object_get(abroad, "then"), "download",
                        json_pack("{s:o}", "activationCode", activation_code(story, WORLD_LOCAL)));
    answer = world_ask_eim(&story->demo->world, "PUT", "/v1/rules",
                           json_pack("{s:[o, o]}", "rules", abroad, rule("home", "001-01", WORLD_OPERATOR)));
    json_decref(answer);
    view_act(story->demo, "eIM", "gets two rules: in country 724 a local profile, at home the operator's");
    return answer != NULL;
}

/* --- the story ---------------------------------------------------------------------------------------- */

const char story_network[] =
    "preset nbiot\n"
    "cell home 001-01 nbiot area 1 to 1d\n"
    "cell santos 724-05 ltem area 9 from 1d to 2d\n"
    "cell harbour 001-01 nbiot area 2 from 2d\n"
    "# The operator's network does not know its subscriber yet, and later loses it.\n"
    "reject iccid 8988211000000000033 cause 11 to 2h\n"
    "reject iccid 8988211000000000033 cause 11 from 6h to 10h\n";

#define CHECKS(...)                                                                                          \
    (const struct story_check[])                                                                             \
    {                                                                                                        \
        __VA_ARGS__,                                                                                         \
        {                                                                                                    \
            PARTIES, NULL, NULL                                                                              \
        }                                                                                                    \
    }

const struct story_step story_steps[] = {
    {"contact", "Switched on, with nothing but a bootstrap profile, the card finds its eIM", 0, HOUR,
     begin_contact,
     CHECKS({PARTY_CARD, "enabled", "bootstrap"}, {PARTY_CARD, "profiles", "bootstrap"},
            {PARTY_CARD, "polls", "+1.."}, {PARTY_CARD, "packages", "+1.."},
            {PARTY_DEVICE, "service", "registered"}, {PARTY_DEVICE, "network", "001-01"},
            {PARTY_DEVICE, "technology", "NB-IoT"}, {PARTY_DEVICE, "profile", "bootstrap"},
            {PARTY_DEVICE, "roaming", "true"}, {PARTY_DEVICE, "refreshes", "+0"},
            {PARTY_DEVICE, "received", "+500.."}, {PARTY_EIM, "knows_card", "true"},
            {PARTY_EIM, "enabled", "bootstrap"}, {PARTY_EIM, "network", "001-01"},
            {PARTY_EIM, "open_orders", "0"}, {PARTY_SMDPP, "operator_order", "released"},
            {PARTY_SMDPP, "local_order", "released"}, {PARTY_SMDPP, "installs", "0"})},

    {"download", "The operator's profile comes over the air", 0, HOUR, begin_download,
     CHECKS({PARTY_CARD, "downloads", "+1"}, {PARTY_CARD, "profiles", "bootstrap operator"},
            {PARTY_CARD, "enabled", "bootstrap"}, {PARTY_CARD, "profile_changes", "+0"},
            {PARTY_DEVICE, "profile", "bootstrap"}, {PARTY_DEVICE, "refreshes", "+0"},
            {PARTY_DEVICE, "received", "+3000.."}, {PARTY_EIM, "order", "done"},
            {PARTY_EIM, "profiles", "bootstrap operator"}, {PARTY_EIM, "enabled", "bootstrap"},
            {PARTY_SMDPP, "operator_order", "installed"}, {PARTY_SMDPP, "installs", "+1"},
            {PARTY_SMDPP, "unverified", "0"})},

    {"rollback", "It switches, but that network does not let it in: it rolls back", 0, HOUR, begin_rollback,
     CHECKS({PARTY_CARD, "rollbacks", "+1"}, {PARTY_CARD, "profile_changes", "+2"},
            {PARTY_CARD, "enabled", "bootstrap"}, {PARTY_CARD, "on_trial", "false"},
            {PARTY_CARD, "fallbacks", "+0"}, {PARTY_DEVICE, "refreshes", "+2"},
            {PARTY_DEVICE, "rejections", "+1.."}, {PARTY_DEVICE, "last_cause", "11"},
            {PARTY_DEVICE, "profile", "bootstrap"}, {PARTY_DEVICE, "network", "001-01"},
            {PARTY_EIM, "order", "rolledBack*"}, {PARTY_EIM, "enabled", "bootstrap"},
            {PARTY_SMDPP, "last_enabled", "bootstrap"}, {PARTY_SMDPP, "unverified", "0"})},

    {"switch", "Now the network knows it: it switches, and tells so over the new one", 2 * HOUR + 30 * MINUTE,
     HOUR, begin_switch,
     CHECKS({PARTY_CARD, "enabled", "operator"}, {PARTY_CARD, "fallback", "bootstrap"},
            {PARTY_CARD, "profile_changes", "+1"}, {PARTY_CARD, "rollbacks", "+0"},
            {PARTY_CARD, "on_trial", "false"}, {PARTY_DEVICE, "refreshes", "+1"},
            {PARTY_DEVICE, "profile", "operator"}, {PARTY_DEVICE, "roaming", "false"},
            {PARTY_DEVICE, "network", "001-01"}, {PARTY_EIM, "order", "done"},
            {PARTY_EIM, "enabled", "operator"}, {PARTY_SMDPP, "last_enabled", "operator"},
            {PARTY_SMDPP, "unverified", "0"})},

    {"fallback", "The network is lost: after an hour it falls back by itself", 6 * HOUR, 2 * HOUR, NULL,
     CHECKS({PARTY_CARD, "fallbacks", "+1"}, {PARTY_CARD, "profile_changes", "+1"},
            {PARTY_CARD, "enabled", "bootstrap"}, {PARTY_CARD, "return_planned", "true"},
            {PARTY_DEVICE, "refreshes", "+1"}, {PARTY_DEVICE, "rejections", "+1.."},
            {PARTY_DEVICE, "profile", "bootstrap"}, {PARTY_DEVICE, "service", "registered"},
            {PARTY_EIM, "state_change", "fallback(1)"}, {PARTY_EIM, "enabled", "bootstrap"},
            {PARTY_SMDPP, "last_enabled", "bootstrap"}, {PARTY_SMDPP, "unverified", "0"})},

    {"return", "Six hours later it returns to its own network, which is there again", 7 * HOUR + 30 * MINUTE,
     8 * HOUR, NULL,
     CHECKS({PARTY_CARD, "returns", "+1"}, {PARTY_CARD, "profile_changes", "+1"},
            {PARTY_CARD, "enabled", "operator"}, {PARTY_CARD, "return_planned", "false"},
            {PARTY_CARD, "on_trial", "false"}, {PARTY_DEVICE, "refreshes", "+1"},
            {PARTY_DEVICE, "profile", "operator"}, {PARTY_DEVICE, "roaming", "false"},
            {PARTY_EIM, "enabled", "operator"}, {PARTY_SMDPP, "last_enabled", "operator"},
            {PARTY_SMDPP, "unverified", "0"})},

    {"roaming", "Abroad: by a rule of its eIM it gets a profile of that country", 23 * HOUR, 4 * HOUR,
     begin_roaming,
     CHECKS({PARTY_CARD, "downloads", "+1"}, {PARTY_CARD, "profiles", "bootstrap operator local"},
            {PARTY_CARD, "enabled", "local"}, {PARTY_CARD, "network", "724-05"},
            {PARTY_CARD, "profile_changes", "+1"}, {PARTY_DEVICE, "network", "724-05"},
            {PARTY_DEVICE, "technology", "LTE-M"}, {PARTY_DEVICE, "refreshes", "+1"},
            {PARTY_DEVICE, "profile", "local"}, {PARTY_DEVICE, "roaming", "false"},
            {PARTY_EIM, "rules_fired", "+1"}, {PARTY_EIM, "rule", "abroad"},
            {PARTY_EIM, "rule_orders", "done, done"}, {PARTY_EIM, "network", "724-05"},
            {PARTY_EIM, "enabled", "local"}, {PARTY_SMDPP, "local_order", "installed"},
            {PARTY_SMDPP, "installs", "+1"}, {PARTY_SMDPP, "last_enabled", "local"},
            {PARTY_SMDPP, "unverified", "0"})},

    {"home", "Home again, and by the other rule with its own profile", 47 * HOUR, 3 * HOUR, NULL,
     CHECKS({PARTY_CARD, "enabled", "operator"}, {PARTY_CARD, "network", "001-01"},
            {PARTY_CARD, "profile_changes", "+1"}, {PARTY_DEVICE, "refreshes", "+1"},
            {PARTY_DEVICE, "network", "001-01"}, {PARTY_DEVICE, "profile", "operator"},
            {PARTY_EIM, "rules_fired", "+1"}, {PARTY_EIM, "rule", "home"}, {PARTY_EIM, "rule_orders", "done"},
            {PARTY_EIM, "network", "001-01"}, {PARTY_EIM, "enabled", "operator"},
            {PARTY_SMDPP, "last_enabled", "operator"}, {PARTY_SMDPP, "unverified", "0"})},

    {"peace", "And so it stays: nothing has happened twice", 54 * HOUR, 2 * MINUTE, NULL,
     CHECKS({PARTY_CARD, "enabled", "operator"}, {PARTY_CARD, "profile_changes", "7"},
            {PARTY_CARD, "downloads", "2"}, {PARTY_CARD, "rollbacks", "1"}, {PARTY_CARD, "fallbacks", "1"},
            {PARTY_CARD, "returns", "1"}, {PARTY_DEVICE, "refreshes", "7"},
            {PARTY_DEVICE, "service", "registered"}, {PARTY_EIM, "open_orders", "0"},
            {PARTY_EIM, "rules_fired", "2"}, {PARTY_EIM, "enabled", "operator"},
            {PARTY_SMDPP, "installs", "2"}, {PARTY_SMDPP, "operator_order", "installed"},
            {PARTY_SMDPP, "last_enabled", "operator"})},
};
const size_t story_steps_count = sizeof(story_steps) / sizeof(story_steps[0]);

_Static_assert(sizeof(story_steps) / sizeof(story_steps[0]) <= STORY_STEPS_MAX, "each step has a result");
