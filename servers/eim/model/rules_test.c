/* What rules would do: judged as at a poll, and nothing changed. See rules.h. */
#include "servers/eim/model/rules.h"

#include "common/duration.h"

#include <string.h>

#define TEXT_MAX 255

/* An optional text; false after a complaint. */
static bool take_text(const json_t *request, const char *member, const char **text,
                      struct complaint *complaint)
{
    *text = json_object_get(request, member) != NULL ? require_text(request, "", member, TEXT_MAX, complaint)
                                                     : NULL;
    return complaint->why[0] == '\0';
}

/* How long ago something was, as a time; -1: not said. */
static bool take_span(const json_t *request, const char *member, int64_t *seconds,
                      struct complaint *complaint)
{
    int64_t milliseconds;
    const char *text;

    *seconds = -1;
    if (!take_text(request, member, &text, complaint) || text == NULL)
        return complaint->why[0] == '\0';
    if (!duration_read(text, &milliseconds))
        return complain(complaint, "", member, "is not a time such as 20m, 1h or 3d");
    *seconds = milliseconds / 1000;
    return true;
}

/* The network that it would report, and since when: as when it was reported last, unless that was another. */
static bool suppose_network(const json_t *request, struct eim_situation *situation,
                            struct complaint *complaint)
{
    struct rules_facts *facts = &situation->facts;
    uint8_t network[PLMN_SIZE];
    const char *text;
    int64_t since;

    if (!take_text(request, "network", &text, complaint) ||
        !take_span(request, "networkFor", &since, complaint))
        return false;
    if (text != NULL && !rules_network_read(text, network))
        return complain(complaint, "", "network", "is not a network such as 724-05");
    if (text != NULL && (facts->network == NULL || memcmp(network, facts->network, sizeof(network)) != 0)) {
        memcpy(situation->network, network, sizeof(network));
        facts->network = situation->network;
        facts->network_since = facts->now;
    }
    if (since >= 0 && facts->network == NULL)
        return complain(complaint, "", "networkFor", "needs network: the eUICC has reported none");
    if (since >= 0)
        facts->network_since = facts->now - since;
    return true;
}

static bool suppose(const json_t *request, struct eim_situation *situation, struct complaint *complaint)
{
    static const char *const members[] = {"eid",   "network", "networkFor", "silentFor",
                                          "cause", "rules",   NULL};
    struct rules_facts *facts = &situation->facts;
    const char *cause;
    int64_t silent;

    if (!check_members(request, "", members, complaint) || !suppose_network(request, situation, complaint) ||
        !take_span(request, "silentFor", &silent, complaint) ||
        !take_text(request, "cause", &cause, complaint))
        return false;
    if (silent >= 0)
        facts->last_seen = facts->now - silent;
    if (cause == NULL)
        return true;
    facts->cause = rules_cause_read(cause);
    facts->has_cause = facts->cause >= 0;
    situation->is_stale = true; /* as a poll with a cause makes it */
    return facts->has_cause || complain(complaint, "", "cause", "is no stateChangeCause such as fallback");
}

/* Rules that would fire in one poll see the orders of those before them. */
static json_t *judge(const struct rules *rules, struct eim_situation *situation)
{
    json_t *verdicts = json_array();
    struct rules_verdict verdict;

    for (size_t i = 0; i < rules->count; i++) {
        rules_judge(&rules->list[i], &situation->facts, &verdict);
        situation->has_order = situation->has_order || verdict.fires;
        json_array_append_new(verdicts, json_pack("{s:s,s:b,s:s,s:o}", "rule", rules->list[i].name, "fires",
                                                  (int)verdict.fires, "reason", verdict.reason, "orders",
                                                  eim_rules_orders(&verdict.action, situation->facts.eid)));
    }
    return verdicts;
}

bool eim_rules_test(struct eim *eim, const char *eid, const json_t *request, json_t **verdicts,
                    struct complaint *complaint)
{
    json_t *list = json_object_get(request, "rules");
    json_t *document = list != NULL ? json_pack("{s:O}", "rules", list) : NULL;
    struct rules *tried = document != NULL ? eim_rules_read(document, complaint) : NULL;
    const struct rules *rules = document != NULL ? tried : eim_rules_current(eim);
    struct eim_situation situation;
    bool ok = complaint->why[0] == '\0';

    if (ok && !eim_situation_take(eim, eid, &situation))
        ok = complain(complaint, "", "eid", "this eUICC is not known");
    ok = ok && suppose(request, &situation, complaint);
    if (ok)
        *verdicts = rules != NULL ? judge(rules, &situation) : json_array();
    rules_free(tried);
    json_decref(document);
    return ok;
}
