/* Documents of rules. See rules.h. */
#include "servers/rules/rules.h"

#include "apdu/iccid.h"
#include "common/duration.h"
#include "protocol/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MCC_DIGITS    3
#define RULE_PATH_MAX 32 /* octets of "rules[99]" with the end */
#define WHEN_PATH_MAX 40 /* of "rules[99].when" */
#define TEXT_MAX      255

/* --- Networks and causes -------------------------------------------------------------------------------- */

/* Five or six digits of "724-05" or "72405"; with `country` three are a country. */
static bool take_digits(const char *text, bool country, char digits[PLMN_DIGITS_MAX + 1])
{
    size_t size = strlen(text);
    bool dashed = size > MCC_DIGITS && text[MCC_DIGITS] == '-';

    if (size > PLMN_DIGITS_MAX + (size_t)dashed)
        return false;
    snprintf(digits, PLMN_DIGITS_MAX + 1, "%.*s%s", MCC_DIGITS, text,
             size > MCC_DIGITS ? text + MCC_DIGITS + dashed : "");
    return digits_are(digits, PLMN_DIGITS_MAX - 1, PLMN_DIGITS_MAX) ||
           (country && !dashed && digits_are(digits, MCC_DIGITS, MCC_DIGITS));
}

bool rules_network_read(const char *text, uint8_t plmn[PLMN_SIZE])
{
    char digits[PLMN_DIGITS_MAX + 1];

    if (!take_digits(text, false, digits))
        return false;
    digits_plmn(digits, strlen(digits) - MCC_DIGITS, plmn);
    return true;
}

bool rules_network_text(const uint8_t plmn[PLMN_SIZE], char out[RULES_NETWORK_SIZE])
{
    char digits[PLMN_DIGITS_MAX + 1];

    digits_from_plmn(plmn, digits);
    out[0] = '\0';
    if (!digits_are(digits, PLMN_DIGITS_MAX - 1, PLMN_DIGITS_MAX))
        return false;
    snprintf(out, RULES_NETWORK_SIZE, "%.3s-%s", digits, digits + MCC_DIGITS);
    return true;
}

int64_t rules_cause_read(const char *name)
{
    for (uint64_t cause = 0; cause <= 127; cause++) {
        if (names_has(NAMES_STATE_CHANGE, cause, true) &&
            strcmp(names_of(NAMES_STATE_CHANGE, cause), name) == 0)
            return (int64_t)cause;
    }
    return -1;
}

/* --- Members -------------------------------------------------------------------------------------------- */

/* A member that is a list of texts, each of which `take` takes as it should be. NULL is there when it may be
 * left out and is. */
static bool check_texts(const json_t *object, const char *path, const char *member, size_t max,
                        const json_t **list, struct complaint *complaint)
{
    char entry[RULES_NAME_MAX];
    json_t *text;
    size_t i;

    *list = json_object_get(object, member);
    if (*list == NULL)
        return true;
    if (!json_is_array(*list) || json_array_size(*list) == 0)
        return complain(complaint, path, member, "is not a list of texts");
    if (json_array_size(*list) > max)
        return complain(complaint, path, member, "has more than %zu entries", max);
    json_array_foreach(*list, i, text)
    {
        snprintf(entry, sizeof(entry), "%s[%zu]", member, i);
        if (!json_is_string(text))
            return complain(complaint, path, entry, "is not a text");
    }
    return true;
}

static bool read_eids(const json_t *json, const char *path, struct rule *rule, struct complaint *complaint)
{
    char entry[RULES_NAME_MAX];
    json_t *text;
    size_t i;

    if (!check_texts(json, path, "eids", RULES_LIST_MAX, &rule->eids, complaint))
        return false;
    json_array_foreach(rule->eids, i, text)
    {
        snprintf(entry, sizeof(entry), "eids[%zu]", i);
        if (!digits_are(json_string_value(text), 1, RULES_EID_DIGITS))
            return complain(complaint, path, entry, "is neither an EID nor how one begins: 1 to %d digits",
                            RULES_EID_DIGITS);
    }
    return true;
}

static bool read_networks(const json_t *when, const char *path, const char *member,
                          struct rules_networks *networks, struct complaint *complaint)
{
    char entry[RULES_NAME_MAX];
    const json_t *list;
    json_t *text;
    size_t i;

    if (!check_texts(when, path, member, RULES_LIST_MAX, &list, complaint))
        return false;
    if (list == NULL)
        return true;
    networks->list = calloc(json_array_size(list), sizeof(*networks->list));
    if (networks->list == NULL)
        return complain(complaint, path, member, "out of memory");
    networks->count = json_array_size(list);
    json_array_foreach(list, i, text)
    {
        snprintf(entry, sizeof(entry), "%s[%zu]", member, i);
        if (!take_digits(json_string_value(text), true, networks->list[i].digits))
            return complain(complaint, path, entry,
                            "is neither a network such as 724-05 nor a country such as 724");
    }
    return true;
}

/* Seconds, rounded up; what is left out leaves *seconds alone. */
static bool read_duration(const json_t *object, const char *path, const char *member, int64_t *seconds,
                          struct complaint *complaint)
{
    const char *text;
    int64_t milliseconds;

    if (json_object_get(object, member) == NULL)
        return true;
    text = require_text(object, path, member, TEXT_MAX, complaint);
    if (text == NULL)
        return false;
    if (!duration_read(text, &milliseconds))
        return complain(complaint, path, member, "is not a time such as 20m, 1h or 3d");
    *seconds = (milliseconds + 999) / 1000;
    return true;
}

static bool read_causes(const json_t *when, const char *path, struct rule *rule, struct complaint *complaint)
{
    char entry[RULES_NAME_MAX];
    const json_t *list;
    json_t *text;
    size_t i;

    if (!check_texts(when, path, "cause", RULES_CAUSES_MAX, &list, complaint))
        return false;
    json_array_foreach(list, i, text)
    {
        snprintf(entry, sizeof(entry), "cause[%zu]", i);
        rule->causes[i] = rules_cause_read(json_string_value(text));
        if (rule->causes[i] < 0)
            return complain(complaint, path, entry, "is no stateChangeCause such as fallback");
        rule->causes_count = i + 1;
    }
    return true;
}

static bool read_truth(const json_t *object, const char *path, const char *member, bool *truth,
                       struct complaint *complaint)
{
    const json_t *value = json_object_get(object, member);

    if (value == NULL)
        return true;
    *truth = json_is_true(value);
    return json_is_boolean(value) || complain(complaint, path, member, "is not true or false");
}

/* --- A rule --------------------------------------------------------------------------------------------- */

static bool read_when(const json_t *json, const char *rule_path, struct rule *rule,
                      struct complaint *complaint)
{
    static const char *const members[] = {"network", "away", "for", "silent", "cause", NULL};
    const json_t *when = json_object_get(json, "when");
    char path[WHEN_PATH_MAX];

    snprintf(path, sizeof(path), "%s.when", rule_path);
    if (when == NULL)
        return complain(complaint, path, NULL, "is missing");
    if (!check_members(when, path, members, complaint) ||
        !read_networks(when, path, "network", &rule->network, complaint) ||
        !read_networks(when, path, "away", &rule->away, complaint) ||
        !read_duration(when, path, "for", &rule->for_seconds, complaint) ||
        !read_duration(when, path, "silent", &rule->silent_seconds, complaint) ||
        !read_causes(when, path, rule, complaint))
        return false;
    if (rule->silent_seconds == 0)
        return complain(complaint, path, "silent", "must be longer than nothing");
    if (rule->network.list == NULL && rule->away.list == NULL) {
        if (rule->for_seconds >= 0)
            return complain(complaint, path, "for", "needs network or away");
        if (rule->silent_seconds < 0 && rule->causes_count == 0)
            return complain(complaint, path, NULL, "needs one of network, away, silent and cause");
    }
    return true;
}

static bool read_profile(const json_t *then, const char *path, struct rule *rule, struct complaint *complaint)
{
    static const char *const members[] = {"profile", "download", "rollback", NULL};
    uint8_t iccid[ICCID_SIZE];

    if (!check_members(then, path, members, complaint))
        return false;
    rule->profile = require_text(then, path, "profile", ICCID_DIGITS_MAX, complaint);
    if (rule->profile == NULL)
        return false;
    if (!iccid_from_digits(rule->profile, iccid))
        return complain(complaint, path, "profile", "is not an ICCID of " ICCID_FORM);
    rule->download = json_object_get(then, "download");
    if (rule->download != NULL && !json_is_object(rule->download))
        return complain(complaint, path, "download", "is not an object");
    return read_truth(then, path, "rollback", &rule->rollback, complaint);
}

static bool read_orders(const json_t *then, const char *path, struct rule *rule, struct complaint *complaint)
{
    static const char *const members[] = {"orders", NULL};
    char entry[RULES_NAME_MAX];
    json_t *order;
    size_t i;

    if (!check_members(then, path, members, complaint))
        return false;
    rule->orders = json_object_get(then, "orders");
    if (!json_is_array(rule->orders) || json_array_size(rule->orders) == 0 ||
        json_array_size(rule->orders) > RULES_ORDERS_MAX)
        return complain(complaint, path, "orders", "is not a list of 1 to %d orders", RULES_ORDERS_MAX);
    json_array_foreach(rule->orders, i, order)
    {
        snprintf(entry, sizeof(entry), "orders[%zu]", i);
        if (!json_is_object(order))
            return complain(complaint, path, entry, "is not an object");
        snprintf(entry, sizeof(entry), "orders[%zu].eid", i);
        if (json_object_get(order, "eid") != NULL)
            return complain(complaint, path, entry, "cannot be said: it is that of which the rule is true");
    }
    return true;
}

static bool read_then(const json_t *json, const char *rule_path, struct rule *rule,
                      struct complaint *complaint)
{
    const json_t *then = json_object_get(json, "then");
    char path[WHEN_PATH_MAX];

    snprintf(path, sizeof(path), "%s.then", rule_path);
    if (!json_is_object(then))
        return complain(complaint, path, NULL, then == NULL ? "is missing" : "is not an object");
    return json_object_get(then, "orders") != NULL ? read_orders(then, path, rule, complaint)
                                                   : read_profile(then, path, rule, complaint);
}

static bool name_is_good(const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return name[0] != '\0' && strspn(name, good) == strlen(name);
}

static bool read_limits(const json_t *json, const char *path, struct rule *rule, struct complaint *complaint)
{
    const json_t *per_day = json_object_get(json, "perDay");

    if (!read_duration(json, path, "cooldown", &rule->cooldown, complaint))
        return false;
    if (per_day == NULL)
        return true;
    rule->per_day = json_integer_value(per_day);
    return (rule->per_day >= 1 && rule->per_day <= RULES_PER_DAY_MAX) ||
           complain(complaint, path, "perDay", "is not a number from 1 to %d", RULES_PER_DAY_MAX);
}

static bool read_rule(const json_t *json, const char *path, struct rule *rule, struct complaint *complaint)
{
    static const char *const members[] = {"name", "enabled",  "eids",   "when",
                                          "then", "cooldown", "perDay", NULL};

    *rule = (struct rule){.is_enabled = true,
                          .for_seconds = -1,
                          .silent_seconds = -1,
                          .rollback = true,
                          .cooldown = RULES_COOLDOWN,
                          .per_day = 1};
    if (!check_members(json, path, members, complaint))
        return false;
    rule->name = require_text(json, path, "name", RULES_NAME_MAX, complaint);
    if (rule->name == NULL)
        return false;
    if (!name_is_good(rule->name))
        return complain(complaint, path, "name", "is not made of letters, digits, '.', '_' and '-'");
    return read_truth(json, path, "enabled", &rule->is_enabled, complaint) &&
           read_eids(json, path, rule, complaint) && read_when(json, path, rule, complaint) &&
           read_then(json, path, rule, complaint) && read_limits(json, path, rule, complaint);
}

/* --- The document --------------------------------------------------------------------------------------- */

static bool is_new_name(const struct rules *rules, const char *path, const char *name,
                        struct complaint *complaint)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->list[i].name, name) == 0)
            return complain(complaint, path, "name", "is that of rules[%zu] too", i);
    }
    return true;
}

static bool read_all(const json_t *list, struct rules *rules, struct complaint *complaint)
{
    char path[RULE_PATH_MAX];
    json_t *json;
    size_t i;

    json_array_foreach(list, i, json)
    {
        struct rule *rule = &rules->list[i];
        bool ok;

        snprintf(path, sizeof(path), "rules[%zu]", i);
        ok = read_rule(json, path, rule, complaint) && is_new_name(rules, path, rule->name, complaint);
        rules->count = i + 1; /* what it holds is freed however it was */
        if (!ok)
            return false;
        if (rule->is_enabled && rule->silent_seconds >= 0 &&
            (rules->silent_least < 0 || rule->silent_seconds < rules->silent_least))
            rules->silent_least = rule->silent_seconds;
    }
    return true;
}

struct rules *rules_read(json_t *document, struct complaint *complaint)
{
    static const char *const members[] = {"rules", "version", NULL};
    const json_t *list = json_object_get(document, "rules");
    const json_t *version = json_object_get(document, "version");
    struct rules *rules;

    if (!check_members(document, "", members, complaint))
        return NULL;
    if (version != NULL && !json_is_integer(version)) {
        complain(complaint, "", "version", "is not a number");
        return NULL;
    }
    if (!json_is_array(list)) {
        complain(complaint, "", "rules", list == NULL ? "is missing" : "is not a list");
        return NULL;
    }
    if (json_array_size(list) > RULES_MAX) {
        complain(complaint, "", "rules", "has more than %d rules", RULES_MAX);
        return NULL;
    }
    rules = calloc(1, sizeof(*rules));
    if (rules != NULL)
        rules->list = calloc(json_array_size(list) + 1, sizeof(*rules->list));
    if (rules == NULL || rules->list == NULL) {
        complain(complaint, "", "rules", "out of memory");
        free(rules);
        return NULL;
    }
    rules->document = json_incref(document);
    rules->silent_least = -1;
    if (read_all(list, rules, complaint))
        return rules;
    rules_free(rules);
    return NULL;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->list[i].network.list);
        free(rules->list[i].away.list);
    }
    free(rules->list);
    json_decref(rules->document);
    free(rules);
}
