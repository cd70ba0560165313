/* servers/rules: every refusal of a document, every reason of a verdict. */
#include "servers/rules/rules.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EID     "89049032000000000000000000000001"
#define ICCID   "8955170220000000017"
#define NOW     1000000
#define WHEN    "\"when\":{\"network\":[\"724\"]}"
#define THEN    "\"then\":{\"profile\":\"" ICCID "\"}"
#define NAME    "\"name\":\"a\""
#define RULE(x) "{\"rules\":[{" x "}]}"

static struct rules *read_text(const char *text, struct complaint *complaint)
{
    json_t *document = json_loads(text, 0, NULL);
    struct rules *rules;

    ck_assert_msg(document != NULL, "%s", text);
    *complaint = (struct complaint){0};
    rules = rules_read(document, complaint);
    json_decref(document);
    return rules;
}

static struct rules *read_good(const char *text)
{
    struct complaint complaint;
    struct rules *rules = read_text(text, &complaint);

    ck_assert_msg(rules != NULL, "%s: %s %s", text, complaint.field, complaint.why);
    return rules;
}

/* --- Documents ------------------------------------------------------------------------------------------ */

START_TEST(reads_a_document)
{
    struct rules *rules = read_good(
        "{\"version\":3,\"rules\":[{\"name\":\"brazil.1_x-Y\",\"enabled\":false,\"eids\":[\"89049032\",\"" EID
        "\"],\"when\":{\"network\":[\"724-05\",\"72411\",\"310\"],\"away\":[\"310-410\"],\"for\":\"1500ms\","
        "\"silent\":\"3d\",\"cause\":[\"fallback\",\"undefined\"]},\"then\":{\"profile\":\"" ICCID
        "\",\"download\":{\"x\":1},\"rollback\":false},\"cooldown\":\"1h\",\"perDay\":7},"
        "{\"name\":\"b\",\"when\":{\"silent\":\"2d\"},\"then\":{\"orders\":[{\"data\":{}}]}}]}");
    const struct rule *rule = rules->list;

    ck_assert_uint_eq(rules->count, 2);
    ck_assert_int_eq(rules->silent_least, 2 * 86400); /* of one that is on */
    ck_assert_str_eq(rule->name, "brazil.1_x-Y");
    ck_assert(!rule->is_enabled && !rule->rollback);
    ck_assert_uint_eq(json_array_size(rule->eids), 2);
    ck_assert_uint_eq(rule->network.count, 3);
    ck_assert_str_eq(rule->network.list[0].digits, "72405");
    ck_assert_str_eq(rule->network.list[1].digits, "72411");
    ck_assert_str_eq(rule->network.list[2].digits, "310");
    ck_assert_str_eq(rule->away.list[0].digits, "310410");
    ck_assert_int_eq(rule->for_seconds, 2);
    ck_assert_int_eq(rule->silent_seconds, 3 * 86400);
    ck_assert_uint_eq(rule->causes_count, 2);
    ck_assert(rule->causes[0] == 1 && rule->causes[1] == 127);
    ck_assert_str_eq(rule->profile, ICCID);
    ck_assert_ptr_nonnull(rule->download);
    ck_assert(rule->cooldown == 3600 && rule->per_day == 7);
    rule++;
    ck_assert(rule->is_enabled && rule->rollback && rule->profile == NULL && rule->eids == NULL);
    ck_assert(rule->cooldown == 86400 && rule->per_day == 1 && rule->for_seconds == -1);
    ck_assert_uint_eq(json_array_size(rule->orders), 1);
    rules_free(rules);
    rules_free(read_good("{\"rules\":[]}"));
    rules_free(NULL);
}
END_TEST

START_TEST(names_what_is_wrong)
{
    static const struct {
        const char *text, *field, *why;
    } cases[] = {
        {"[]", "", "is not an object"},
        {"{}", "rules", "is missing"},
        {"{\"rules\":{}}", "rules", "is not a list"},
        {"{\"rules\":[],\"x\":1}", "x", "there is no such field"},
        {"{\"rules\":[],\"version\":\"1\"}", "version", "is not a number"},
        {"{\"rules\":[1]}", "rules[0]", "is not an object"},
        {RULE(WHEN "," THEN), "rules[0].name", "is missing"},
        {RULE("\"name\":1," WHEN "," THEN), "rules[0].name", "is not a text"},
        {RULE("\"name\":\"\"," WHEN "," THEN), "rules[0].name",
         "is not made of letters, digits, '.', '_' and '-'"},
        {RULE("\"name\":\"a b\"," WHEN "," THEN), "rules[0].name",
         "is not made of letters, digits, '.', '_' and '-'"},
        {RULE("\"name\":\"12345678901234567890123456789012345678901234567890123456789012345\"," WHEN
              "," THEN),
         "rules[0].name", "is longer than 64 octets"},
        {"{\"rules\":[{" NAME "," WHEN "," THEN "},{" NAME "," WHEN "," THEN "}]}", "rules[1].name",
         "is that of rules[0] too"},
        {RULE(NAME "," WHEN "," THEN ",\"x\":1"), "rules[0].x", "there is no such field"},
        {RULE(NAME "," WHEN "," THEN ",\"enabled\":1"), "rules[0].enabled", "is not true or false"},
        {RULE(NAME "," WHEN "," THEN ",\"eids\":\"8904\""), "rules[0].eids", "is not a list of texts"},
        {RULE(NAME "," WHEN "," THEN ",\"eids\":[]"), "rules[0].eids", "is not a list of texts"},
        {RULE(NAME "," WHEN "," THEN ",\"eids\":[8904]"), "rules[0].eids[0]", "is not a text"},
        {RULE(NAME "," WHEN "," THEN ",\"eids\":[\"8\",\"8x\"]"), "rules[0].eids[1]",
         "is neither an EID nor how one begins: 1 to 32 digits"},
        {RULE(NAME "," WHEN "," THEN ",\"eids\":[\"" EID "1\"]"), "rules[0].eids[0]",
         "is neither an EID nor how one begins: 1 to 32 digits"},
        {RULE(NAME "," THEN), "rules[0].when", "is missing"},
        {RULE(NAME ",\"when\":1," THEN), "rules[0].when", "is not an object"},
        {RULE(NAME ",\"when\":{}," THEN), "rules[0].when", "needs one of network, away, silent and cause"},
        {RULE(NAME ",\"when\":{\"x\":1}," THEN), "rules[0].when.x", "there is no such field"},
        {RULE(NAME ",\"when\":{\"network\":[\"7240\"]}," THEN), "rules[0].when.network[0]",
         "is neither a network such as 724-05 nor a country such as 724"},
        {RULE(NAME ",\"when\":{\"network\":[\"724-\"]}," THEN), "rules[0].when.network[0]",
         "is neither a network such as 724-05 nor a country such as 724"},
        {RULE(NAME ",\"when\":{\"network\":[\"72-405\"]}," THEN), "rules[0].when.network[0]",
         "is neither a network such as 724-05 nor a country such as 724"},
        {RULE(NAME ",\"when\":{\"network\":[\"724-0512\"]}," THEN), "rules[0].when.network[0]",
         "is neither a network such as 724-05 nor a country such as 724"},
        {RULE(NAME ",\"when\":{\"network\":[\"7\"]}," THEN), "rules[0].when.network[0]",
         "is neither a network such as 724-05 nor a country such as 724"},
        {RULE(NAME ",\"when\":{\"away\":[\"262-01\",1]}," THEN), "rules[0].when.away[1]", "is not a text"},
        {RULE(NAME ",\"when\":{\"away\":1}," THEN), "rules[0].when.away", "is not a list of texts"},
        {RULE(NAME ",\"when\":{\"away\":[\"262\"],\"for\":\"long\"}," THEN), "rules[0].when.for",
         "is not a time such as 20m, 1h or 3d"},
        {RULE(NAME ",\"when\":{\"for\":\"1h\",\"silent\":\"1d\"}," THEN), "rules[0].when.for",
         "needs network or away"},
        {RULE(NAME ",\"when\":{\"silent\":3}," THEN), "rules[0].when.silent", "is not a text"},
        {RULE(NAME ",\"when\":{\"silent\":\"0s\"}," THEN), "rules[0].when.silent",
         "must be longer than nothing"},
        {RULE(NAME ",\"when\":{\"cause\":[\"hunger\"]}," THEN), "rules[0].when.cause[0]",
         "is no stateChangeCause such as fallback"},
        {RULE(NAME ",\"when\":{\"cause\":[\"unknown\"]}," THEN), "rules[0].when.cause[0]",
         "is no stateChangeCause such as fallback"},
        {RULE(NAME ",\"when\":{\"cause\":[\"local\",\"local\",\"local\",\"local\",\"local\",\"local\","
                   "\"local\",\"local\",\"local\"]}," THEN),
         "rules[0].when.cause", "has more than 8 entries"},
        {RULE(NAME "," WHEN), "rules[0].then", "is missing"},
        {RULE(NAME "," WHEN ",\"then\":[]"), "rules[0].then", "is not an object"},
        {RULE(NAME "," WHEN ",\"then\":{}"), "rules[0].then.profile", "is missing"},
        {RULE(NAME "," WHEN ",\"then\":{\"profile\":\"12\"}"), "rules[0].then.profile",
         "is not an ICCID of 18 to 20 digits"},
        {RULE(NAME "," WHEN ",\"then\":{\"profile\":\"" ICCID "\",\"download\":1}"), "rules[0].then.download",
         "is not an object"},
        {RULE(NAME "," WHEN ",\"then\":{\"profile\":\"" ICCID "\",\"rollback\":\"no\"}"),
         "rules[0].then.rollback", "is not true or false"},
        {RULE(NAME "," WHEN ",\"then\":{\"profile\":\"" ICCID "\",\"x\":1}"), "rules[0].then.x",
         "there is no such field"},
        {RULE(NAME "," WHEN ",\"then\":{\"profile\":\"" ICCID "\",\"orders\":[{}]}"), "rules[0].then.profile",
         "there is no such field"},
        {RULE(NAME "," WHEN ",\"then\":{\"orders\":[]}"), "rules[0].then.orders",
         "is not a list of 1 to 10 orders"},
        {RULE(NAME "," WHEN ",\"then\":{\"orders\":[{},{},{},{},{},{},{},{},{},{},{}]}"),
         "rules[0].then.orders", "is not a list of 1 to 10 orders"},
        {RULE(NAME "," WHEN ",\"then\":{\"orders\":[{},1]}"), "rules[0].then.orders[1]", "is not an object"},
        {RULE(NAME "," WHEN ",\"then\":{\"orders\":[{\"eid\":\"" EID "\"}]}"), "rules[0].then.orders[0].eid",
         "cannot be said: it is that of which the rule is true"},
        {RULE(NAME "," WHEN "," THEN ",\"cooldown\":1"), "rules[0].cooldown", "is not a text"},
        {RULE(NAME "," WHEN "," THEN ",\"cooldown\":\"1\""), "rules[0].cooldown",
         "is not a time such as 20m, 1h or 3d"},
        {RULE(NAME "," WHEN "," THEN ",\"perDay\":0"), "rules[0].perDay", "is not a number from 1 to 1000"},
        {RULE(NAME "," WHEN "," THEN ",\"perDay\":1001"), "rules[0].perDay",
         "is not a number from 1 to 1000"},
        {RULE(NAME "," WHEN "," THEN ",\"perDay\":\"1\""), "rules[0].perDay",
         "is not a number from 1 to 1000"},
    };
    struct complaint complaint;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(read_text(cases[i].text, &complaint) == NULL, "%s", cases[i].text);
        ck_assert_str_eq(complaint.field, cases[i].field);
        ck_assert_str_eq(complaint.why, cases[i].why);
    }
}
END_TEST

START_TEST(takes_a_hundred_rules)
{
    json_t *list = json_array();
    json_t *document = json_pack("{s:o}", "rules", list);
    struct complaint complaint = {0};
    struct rules *rules;
    char name[8];

    for (int i = 0; i <= RULES_MAX; i++) {
        snprintf(name, sizeof(name), "r%d", i);
        if (i == RULES_MAX) {
            rules = rules_read(document, &complaint);
            ck_assert_uint_eq(rules->count, RULES_MAX);
            rules_free(rules);
        }
        json_array_append_new(list, json_pack("{s:s,s:{s:s},s:{s:s}}", "name", name, "when", "silent", "1d",
                                              "then", "profile", ICCID));
    }
    ck_assert_ptr_null(rules_read(document, &complaint));
    ck_assert_str_eq(complaint.field, "rules");
    ck_assert_str_eq(complaint.why, "has more than 100 rules");
    json_decref(document);
}
END_TEST

START_TEST(reads_networks)
{
    static const struct {
        const char *text, *octets, *shown;
    } good[] = {
        {"724-05", "27F450", "724-05"}, {"72405", "27F450", "724-05"}, {"310-410", "130014", "310-410"}};
    static const char *const bad[] = {"", "724", "724-5", "724-0512", "724--05", "7240a", "72-405"};
    uint8_t plmn[PLMN_SIZE];
    char shown[RULES_NETWORK_SIZE];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert(rules_network_read(good[i].text, plmn));
        ck_assert_hex(SPAN_ARRAY(plmn), good[i].octets);
        ck_assert(rules_network_text(plmn, shown));
        ck_assert_str_eq(shown, good[i].shown);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!rules_network_read(bad[i], plmn), "%s", bad[i]);
    ck_assert(!rules_network_text(hex("FFFFFF").data, shown));
    ck_assert_str_eq(shown, "");
    ck_assert(rules_cause_read("deviceChange") == 6 && rules_cause_read("") == -1);
}
END_TEST

/* --- Verdicts ------------------------------------------------------------------------------------------- */

/* What the rule is told when it asks. */
static enum rules_profile profile_state;
static struct rules_history past;

static enum rules_profile tell_profile(void *context, const struct rule *rule)
{
    ck_assert_ptr_eq(context, &past);
    ck_assert_str_eq(rule->profile, ICCID);
    return profile_state;
}

static void tell_history(void *context, const struct rule *rule, struct rules_history *history)
{
    ck_assert_ptr_eq(context, &past);
    ck_assert_str_eq(rule->name, "a");
    *history = past;
}

static struct rules_facts facts_of(const char *network, int64_t there)
{
    static uint8_t plmn[PLMN_SIZE];

    if (network != NULL)
        ck_assert(rules_network_read(network, plmn));
    return (struct rules_facts){
        .eid = EID,
        .now = NOW,
        .last_seen = NOW - 60,
        .network = network != NULL ? plmn : NULL,
        .network_since = NOW - there,
        .profile = tell_profile,
        .history = tell_history,
        .context = &past,
    };
}

static void expect(const char *text, const struct rules_facts *facts, bool fires, const char *reason)
{
    struct rules *rules = read_good(text);
    struct rules_verdict verdict;

    rules_judge(rules->list, facts, &verdict);
    ck_assert_str_eq(verdict.reason, reason);
    ck_assert_msg(verdict.fires == fires, "%s", reason);
    if (!fires)
        ck_assert(!verdict.action.downloads && !verdict.action.enables && verdict.action.orders == NULL);
    rules_free(rules);
}

static void begin(enum rules_profile state)
{
    profile_state = state;
    past = (struct rules_history){0};
}

#define DOWNLOADS "\"then\":{\"profile\":\"" ICCID "\",\"download\":{}}"
#define AWAY      RULE(NAME ",\"when\":{\"away\":[\"262-01\"],\"for\":\"1h\"}," DOWNLOADS)

START_TEST(judges_where_it_is)
{
    struct rules_facts facts = facts_of("724-05", 7200);
    static const uint8_t none[] = {0xFF, 0xFF, 0xFF};

    begin(RULES_PROFILE_ABSENT);
    expect(AWAY, &facts, true,
           "it is on 724-05, which is none of its own; it has been there for 2h; the profile is not on the "
           "card");
    facts.network_since = NOW - 3600;
    expect(AWAY, &facts, true,
           "it is on 724-05, which is none of its own; it has been there for 1h; the profile is not on the "
           "card");
    facts.network_since = NOW - 3599;
    expect(AWAY, &facts, false, "it has been there for 59m of 1h");
    facts.network_since = NOW - 1200;
    expect(AWAY, &facts, false, "it has been there for 20m of 1h");
    facts.network_since = NOW + 5; /* the clock went back */
    expect(AWAY, &facts, false, "it has been there for 0s of 1h");
    facts = facts_of("262-01", 7200);
    expect(AWAY, &facts, false, "it is on 262-01, which is its own");
    expect(RULE(NAME ",\"when\":{\"away\":[\"262\"]}," DOWNLOADS), &facts, false,
           "it is on 262-01, which is its own");
    expect(RULE(NAME ",\"when\":{\"network\":[\"724\"]}," DOWNLOADS), &facts, false,
           "it is on 262-01, which is none of the rule's");
    expect(RULE(NAME ",\"when\":{\"network\":[\"724\",\"262-01\"]}," DOWNLOADS), &facts, true,
           "it is on 262-01; the profile is not on the card");
    expect(RULE(NAME ",\"when\":{\"network\":[\"262\"],\"away\":[\"262-01\"]}," DOWNLOADS), &facts, false,
           "it is on 262-01, which is its own");
    /* An MNC of three digits is another one. */
    expect(RULE(NAME ",\"when\":{\"network\":[\"262-010\"]}," DOWNLOADS), &facts, false,
           "it is on 262-01, which is none of the rule's");
    facts = facts_of(NULL, 0);
    expect(AWAY, &facts, false, "it has reported no network");
    facts.network = none;
    expect(AWAY, &facts, false, "it has reported no network");
}
END_TEST

#define SILENT RULE(NAME ",\"when\":{\"silent\":\"3d\"}," DOWNLOADS)

START_TEST(judges_a_silence_once)
{
    struct rules_facts facts = facts_of(NULL, 0);

    begin(RULES_PROFILE_DISABLED);
    facts.last_seen = NOW - 3 * 86400;
    expect(SILENT, &facts, true, "it has been silent for 3d; the profile is disabled");
    facts.last_seen = NOW - 3 * 86400 + 1;
    expect(SILENT, &facts, false, "it has been silent for 2d of 3d");
    facts.last_seen = 0;
    expect(SILENT, &facts, false, "it was never heard of");
    facts.last_seen = NOW - 6 * 86400;
    past.last_fired = NOW - 2 * 86400;
    expect(SILENT, &facts, false, "fired in this silence already");
    /* What fired at the poll that ended the silence before, or in it. */
    past.last_fired = NOW - 6 * 86400;
    expect(SILENT, &facts, true, "it has been silent for 6d; the profile is disabled");
    past.last_fired = NOW - 7 * 86400;
    expect(SILENT, &facts, true, "it has been silent for 6d; the profile is disabled");
}
END_TEST

START_TEST(judges_a_cause)
{
    static const char text[] = RULE(NAME ",\"when\":{\"cause\":[\"fallback\",\"deviceChange\"]}," DOWNLOADS);
    struct rules_facts facts = facts_of(NULL, 0);

    begin(RULES_PROFILE_DISABLED);
    expect(text, &facts, false, "it gives no cause of a change");
    facts.has_cause = true;
    facts.cause = 3;
    expect(text, &facts, false, "its state changed by local(3), which is none of the rule's");
    facts.cause = 6;
    expect(text, &facts, true, "its state changed by deviceChange(6); the profile is disabled");
    /* All that is said must hold. */
    expect(RULE(NAME ",\"when\":{\"cause\":[\"deviceChange\"],\"silent\":\"1d\"}," DOWNLOADS), &facts, false,
           "it has been silent for 1m of 1d");
    facts.last_seen = NOW - 86400;
    expect(RULE(NAME ",\"when\":{\"cause\":[\"deviceChange\"],\"silent\":\"1d\"}," DOWNLOADS), &facts, true,
           "it has been silent for 1d; its state changed by deviceChange(6); the profile is disabled");
}
END_TEST

START_TEST(judges_whom_it_is_for)
{
    struct rules_facts facts = facts_of("724-05", 0);

    begin(RULES_PROFILE_DISABLED);
    expect(RULE(NAME ",\"enabled\":false," WHEN "," THEN), &facts, false, "the rule is off");
    expect(RULE(NAME ",\"eids\":[\"89033\"]," WHEN "," THEN), &facts, false, "the rule is for other eUICCs");
    expect(RULE(NAME ",\"eids\":[\"89033\",\"89049\"]," WHEN "," THEN), &facts, true,
           "it is on 724-05; the profile is disabled");
    expect(RULE(NAME ",\"eids\":[\"" EID "\"]," WHEN "," THEN), &facts, true,
           "it is on 724-05; the profile is disabled");
    facts.is_stranger = true;
    expect(RULE(NAME "," WHEN "," THEN), &facts, false, "its certificates are not known yet");
}
END_TEST

START_TEST(judges_its_profiles)
{
    static const char enables[] = RULE(NAME "," WHEN "," THEN);
    struct rules_facts facts = facts_of("724-05", 0);

    begin(RULES_PROFILE_ENABLED);
    expect(enables, &facts, false, "the profile is enabled already");
    begin(RULES_PROFILE_UNKNOWN);
    expect(enables, &facts, false, "its profiles are not known yet");
    begin(RULES_PROFILE_ABSENT);
    expect(enables, &facts, false, "the profile is not on the card, and the rule downloads none");
    /* Orders are for whatever is there. */
    expect(RULE(NAME "," WHEN ",\"then\":{\"orders\":[{}]}"), &facts, true, "it is on 724-05");
}
END_TEST

#define LIMITED RULE(NAME "," WHEN "," THEN ",\"cooldown\":\"2h\",\"perDay\":3")

START_TEST(judges_how_often_it_fired)
{
    struct rules_facts facts = facts_of("724-05", 0);

    begin(RULES_PROFILE_DISABLED);
    past.last_fired = NOW - 3600;
    expect(RULE(NAME "," WHEN "," THEN), &facts, false, "fired 1h ago; cooldown 1d");
    expect(LIMITED, &facts, false, "fired 1h ago; cooldown 2h");
    past.last_fired = NOW - 7199;
    expect(LIMITED, &facts, false, "fired 119m ago; cooldown 2h");
    past.last_fired = NOW - 7200;
    past.in_day = 2;
    expect(LIMITED, &facts, true, "it is on 724-05; the profile is disabled");
    past.in_day = 3;
    expect(LIMITED, &facts, false, "fired 3 times today");
    past.in_day = 1;
    expect(RULE(NAME "," WHEN "," THEN ",\"cooldown\":\"0s\""), &facts, false, "fired once today");
    past = (struct rules_history){.has_open_order = true};
    expect(LIMITED, &facts, false, "an order for it is open");
}
END_TEST

START_TEST(says_what_is_to_be_done)
{
    struct rules *rules = read_good(AWAY);
    struct rules_facts facts = facts_of("724-05", 7200);
    struct rules_verdict verdict;

    begin(RULES_PROFILE_ABSENT);
    rules_judge(rules->list, &facts, &verdict);
    ck_assert(verdict.action.downloads && verdict.action.enables && verdict.action.rollback);
    ck_assert_ptr_eq(verdict.action.download, rules->list->download);
    ck_assert_str_eq(verdict.action.profile, ICCID);
    ck_assert_ptr_null(verdict.action.orders);
    begin(RULES_PROFILE_DISABLED);
    rules_judge(rules->list, &facts, &verdict);
    ck_assert(!verdict.action.downloads && verdict.action.enables && verdict.action.download == NULL);
    rules_free(rules);
    rules = read_good(RULE(NAME "," WHEN ",\"then\":{\"profile\":\"" ICCID "\",\"rollback\":false}"));
    rules_judge(rules->list, &facts, &verdict);
    ck_assert(verdict.action.enables && !verdict.action.rollback);
    rules_free(rules);
    rules = read_good(RULE(NAME "," WHEN ",\"then\":{\"orders\":[{\"data\":{}}]}"));
    rules_judge(rules->list, &facts, &verdict);
    ck_assert(verdict.fires && !verdict.action.enables && !verdict.action.downloads);
    ck_assert_ptr_eq(verdict.action.orders, rules->list->orders);
    rules_free(rules);
}
END_TEST

TEST_MAIN("rules", reads_a_document, names_what_is_wrong, takes_a_hundred_rules, reads_networks,
          judges_where_it_is, judges_a_silence_once, judges_a_cause, judges_whom_it_is_for,
          judges_its_profiles, judges_how_often_it_fired, says_what_is_to_be_done)
