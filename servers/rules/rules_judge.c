/* Whether a rule fires for an eUICC, and why or why not. See rules.h. */
#include "servers/rules/rules.h"

#include "common/duration.h"
#include "protocol/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MCC_DIGITS 3

/* --- Reasons -------------------------------------------------------------------------------------------- */

/* Adds to the reasons for which it fires. */
static void also(struct rules_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void also(struct rules_verdict *verdict, const char *format, ...)
{
    size_t at = strlen(verdict->reason);
    va_list arguments;

    if (at > 0)
        at += (size_t)snprintf(verdict->reason + at, RULES_REASON_MAX - at, "; ");
    if (at >= RULES_REASON_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(verdict->reason + at, RULES_REASON_MAX - at, format, arguments);
    va_end(arguments);
}

/* The reason for which it does not. False. */
static bool because_not(struct rules_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool because_not(struct rules_verdict *verdict, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(verdict->reason, RULES_REASON_MAX, format, arguments);
    va_end(arguments);
    return false;
}

/* In the largest unit of which it is one, or two and more: "90s", "59m", "25h". */
static const char *about(int64_t seconds, char out[DURATION_WORD_SIZE])
{
    static const int64_t units[] = {24 * 60 * 60, 60 * 60, 60, 1};
    size_t i = 0;

    if (seconds < 0)
        seconds = 0;
    while (seconds != units[i] && seconds < 2 * units[i] && units[i] > 1)
        i++;
    return duration_word(seconds - seconds % units[i], out);
}

/* --- Conditions ----------------------------------------------------------------------------------------- */

static bool is_for(const struct rule *rule, const char *eid)
{
    json_t *beginning;
    size_t i;

    json_array_foreach(rule->eids, i, beginning)
    {
        if (strncmp(eid, json_string_value(beginning), json_string_length(beginning)) == 0)
            return true;
    }
    return rule->eids == NULL;
}

static bool is_among(const struct rules_networks *networks, const char *digits)
{
    for (size_t i = 0; i < networks->count; i++) {
        const char *wanted = networks->list[i].digits;

        if (strlen(wanted) == MCC_DIGITS ? strncmp(wanted, digits, MCC_DIGITS) == 0
                                         : strcmp(wanted, digits) == 0)
            return true;
    }
    return false;
}

static bool is_long_enough(const struct rule *rule, const struct rules_facts *facts,
                           struct rules_verdict *verdict)
{
    int64_t there = facts->now - facts->network_since;
    char is[DURATION_WORD_SIZE], wanted[DURATION_WORD_SIZE];

    if (rule->for_seconds < 0)
        return true;
    if (there < rule->for_seconds)
        return because_not(verdict, "it has been there for %s of %s", about(there, is),
                           duration_word(rule->for_seconds, wanted));
    also(verdict, "it has been there for %s", about(there, is));
    return true;
}

static bool is_there(const struct rule *rule, const struct rules_facts *facts, struct rules_verdict *verdict)
{
    char digits[PLMN_DIGITS_MAX + 1], name[RULES_NETWORK_SIZE];

    if (rule->network.list == NULL && rule->away.list == NULL)
        return true;
    if (facts->network == NULL || !rules_network_text(facts->network, name))
        return because_not(verdict, "it has reported no network");
    digits_from_plmn(facts->network, digits);
    if (rule->network.list != NULL && !is_among(&rule->network, digits))
        return because_not(verdict, "it is on %s, which is none of the rule's", name);
    if (is_among(&rule->away, digits))
        return because_not(verdict, "it is on %s, which is its own", name);
    also(verdict, "it is on %s%s", name, rule->away.list != NULL ? ", which is none of its own" : "");
    return is_long_enough(rule, facts, verdict);
}

static bool is_silent(const struct rule *rule, const struct rules_facts *facts, struct rules_verdict *verdict)
{
    int64_t silence = facts->now - facts->last_seen;
    char is[DURATION_WORD_SIZE], wanted[DURATION_WORD_SIZE];

    if (rule->silent_seconds < 0)
        return true;
    if (facts->last_seen == 0)
        return because_not(verdict, "it was never heard of");
    if (silence < rule->silent_seconds)
        return because_not(verdict, "it has been silent for %s of %s", about(silence, is),
                           duration_word(rule->silent_seconds, wanted));
    also(verdict, "it has been silent for %s", about(silence, is));
    return true;
}

static bool is_caused(const struct rule *rule, const struct rules_facts *facts, struct rules_verdict *verdict)
{
    char name[64];

    if (rule->causes_count == 0)
        return true;
    if (!facts->has_cause)
        return because_not(verdict, "it gives no cause of a change");
    names_text(NAMES_STATE_CHANGE, (uint64_t)facts->cause, name, sizeof(name));
    for (size_t i = 0; i < rule->causes_count; i++) {
        if (rule->causes[i] == facts->cause) {
            also(verdict, "its state changed by %s", name);
            return true;
        }
    }
    return because_not(verdict, "its state changed by %s, which is none of the rule's", name);
}

/* --- What was before ------------------------------------------------------------------------------------ */

/* One that is for a silence fires once in it: what came after the eUICC was heard of last came in this one.
 */
static bool is_new(const struct rule *rule, const struct rules_facts *facts,
                   const struct rules_history *history, struct rules_verdict *verdict)
{
    if (history->has_open_order)
        return because_not(verdict, "an order for it is open");
    if (rule->silent_seconds >= 0 && history->last_fired > facts->last_seen)
        return because_not(verdict, "fired in this silence already");
    return true;
}

static bool is_within_limits(const struct rule *rule, const struct rules_facts *facts,
                             const struct rules_history *history, struct rules_verdict *verdict)
{
    int64_t since = facts->now - history->last_fired;
    char ago[DURATION_WORD_SIZE], cooldown[DURATION_WORD_SIZE];

    if (history->last_fired != 0 && since < rule->cooldown)
        return because_not(verdict, "fired %s ago; cooldown %s", about(since, ago),
                           duration_word(rule->cooldown, cooldown));
    if (history->in_day < rule->per_day)
        return true;
    if (history->in_day == 1)
        return because_not(verdict, "fired once today");
    return because_not(verdict, "fired %" PRId64 " times today", history->in_day);
}

/* --- What is to be done --------------------------------------------------------------------------------- */

static bool has_to_act(const struct rule *rule, const struct rules_facts *facts,
                       struct rules_verdict *verdict)
{
    struct rules_action *action = &verdict->action;

    if (rule->orders != NULL) {
        action->orders = rule->orders;
        return true;
    }
    switch (facts->profile(facts->context, rule)) {
    case RULES_PROFILE_ENABLED:
        return because_not(verdict, "the profile is enabled already");
    case RULES_PROFILE_DISABLED:
        also(verdict, "the profile is disabled");
        break;
    case RULES_PROFILE_ABSENT:
        if (rule->download == NULL)
            return because_not(verdict, "the profile is not on the card, and the rule downloads none");
        also(verdict, "the profile is not on the card");
        action->downloads = true;
        action->download = rule->download;
        break;
    case RULES_PROFILE_UNKNOWN:
        return because_not(verdict, "its profiles are not known yet");
    }
    action->enables = true;
    action->profile = rule->profile;
    action->rollback = rule->rollback;
    return true;
}

static bool concerns(const struct rule *rule, const struct rules_facts *facts, struct rules_verdict *verdict)
{
    if (!rule->is_enabled)
        return because_not(verdict, "the rule is off");
    if (!is_for(rule, facts->eid))
        return because_not(verdict, "the rule is for other eUICCs");
    return is_there(rule, facts, verdict) && is_silent(rule, facts, verdict) &&
           is_caused(rule, facts, verdict);
}

void rules_judge(const struct rule *rule, const struct rules_facts *facts, struct rules_verdict *verdict)
{
    struct rules_history history = {0};

    *verdict = (struct rules_verdict){0};
    if (!concerns(rule, facts, verdict))
        return;
    if (facts->is_stranger) {
        because_not(verdict, "its certificates are not known yet");
        return;
    }
    facts->history(facts->context, rule, &history);
    verdict->fires = is_new(rule, facts, &history, verdict) && has_to_act(rule, facts, verdict) &&
                     is_within_limits(rule, facts, &history, verdict);
    if (!verdict->fires)
        verdict->action = (struct rules_action){0};
}
