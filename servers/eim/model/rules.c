/* Rules of the eIM: kept, judged, carried out. See rules.h. */
#include "servers/eim/model/rules.h"

#include "apdu/iccid.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS_KEPT "10000"
#define TICK_EUICCS 500                                /* that are looked at in one tick */
#define ANY_EID     "00000000000000000000000000000000" /* of an order that is checked for its form alone */

#define OPEN_STATES "('" ORDER_QUEUED "', '" ORDER_SENT "', '" ORDER_LOST "')"

/* --- Orders of rules ------------------------------------------------------------------------------------ */

static json_t *order_of(const char *eid, const json_t *members)
{
    json_t *request = json_pack("{s:s}", "eid", eid);

    if (request != NULL && json_object_update(request, (json_t *)(uintptr_t)members) == 0)
        return request;
    json_decref(request);
    return NULL;
}

json_t *eim_rules_orders(const struct rules_action *action, const char *eid)
{
    json_t *list = json_array();
    bool ok = list != NULL;
    json_t *order;
    size_t i;

    if (ok && action->downloads)
        ok = json_array_append_new(list, json_pack("{s:s,s:O}", "eid", eid, "download", action->download)) ==
             0;
    if (ok && action->enables)
        ok = json_array_append_new(list,
                                   json_pack("{s:s,s:[{s:{s:s,s:b}}]}", "eid", eid, "psmo", "enable", "iccid",
                                             action->profile, "rollback", (int)action->rollback)) == 0;
    json_array_foreach(action->orders, i, order)
    {
        if (ok)
            ok = json_array_append_new(list, order_of(eid, order)) == 0;
    }
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}

/* Whether it is an order, with complaints about it under `path`. Takes it. */
static bool check_order(json_t *request, const char *path, struct complaint *complaint)
{
    struct complaint inner = {0};
    enum order_kind kind;
    bool ok = eim_order_check(request, &kind, &inner);

    json_decref(request);
    return ok || complain(complaint, path, inner.field[0] != '\0' ? inner.field : NULL, "%s", inner.why);
}

static bool check_rule(const struct rule *rule, size_t index, struct complaint *complaint)
{
    char path[64];
    json_t *order;
    size_t i;

    snprintf(path, sizeof(path), "rules[%zu].then", index);
    if (rule->download != NULL &&
        !check_order(json_pack("{s:s,s:O}", "eid", ANY_EID, "download", rule->download), path, complaint))
        return false;
    json_array_foreach(rule->orders, i, order)
    {
        snprintf(path, sizeof(path), "rules[%zu].then.orders[%zu]", index, i);
        if (!check_order(order_of(ANY_EID, order), path, complaint))
            return false;
    }
    return true;
}

struct rules *eim_rules_read(json_t *document, struct complaint *complaint)
{
    struct rules *rules = rules_read(document, complaint);

    for (size_t i = 0; rules != NULL && i < rules->count; i++) {
        if (!check_rule(&rules->list[i], i, complaint)) {
            rules_free(rules);
            rules = NULL;
        }
    }
    return rules;
}

/* --- Keeping -------------------------------------------------------------------------------------------- */

#define SELECT_VERSION "SELECT coalesce(max(version), 0) FROM rules"

/* The document as it was stored; NULL when there is none. */
static json_t *read_document(struct eim *eim)
{
    struct db_rows rows = db_query(eim->db, "SELECT json FROM rules", DB_NONE);
    const char *text = db_next(&rows) ? db_string(&rows, 0) : NULL;
    json_t *document = text != NULL ? json_loads(text, 0, NULL) : NULL;

    db_end(&rows);
    return document;
}

/* Another process may have set others in the same state, so the version is looked at each time. */
const struct rules *eim_rules_current(struct eim *eim)
{
    int64_t version = db_number(eim->db, -1, SELECT_VERSION, DB_NONE);
    struct complaint complaint = {0};
    json_t *document;

    if (version < 0 || version == eim->rules_version)
        return eim->rules;
    document = version > 0 ? read_document(eim) : NULL;
    rules_free(eim->rules);
    eim->rules = document != NULL ? eim_rules_read(document, &complaint) : NULL;
    eim->rules_version = version;
    if (version > 0 && eim->rules == NULL)
        log_line(LOG_LEVEL_ERROR, "the rules of the state are none: %s %s", complaint.field, complaint.why);
    json_decref(document);
    return eim->rules;
}

/* Whether the document replaces the rules that it was made from. */
static bool is_next(struct eim *eim, const json_t *document, struct complaint *complaint)
{
    const json_t *made_from = json_object_get(document, "version");
    int64_t version = db_number(eim->db, -1, SELECT_VERSION, DB_NONE);

    if (made_from == NULL || db_failed(eim->db))
        return true;
    return json_integer_value(made_from) == version ||
           complain(complaint, "", "version", "the rules are of version %lld", (long long)version);
}

static void store_rules(struct eim *eim, const json_t *document)
{
    json_t *bare = json_pack("{s:O}", "rules", json_object_get(document, "rules"));
    char *text = bare != NULL ? json_dumps(bare, JSON_COMPACT) : NULL;

    if (text == NULL)
        db_fail(eim->db, "out of memory");
    db_run(eim->db,
           "INSERT INTO rules (id, version, json) VALUES (1, 1, ?1)"
           " ON CONFLICT (id) DO UPDATE SET version = version + 1, json = ?1",
           DB_VALUES(DB_TEXT(text)));
    free(text);
    json_decref(bare);
}

bool eim_rules_set(struct eim *eim, json_t *document, struct complaint *complaint)
{
    struct rules *rules = eim_rules_read(document, complaint);
    size_t count = rules != NULL ? rules->count : 0;
    bool ok = rules != NULL;

    rules_free(rules);
    if (!ok)
        return false;
    db_begin(eim->db);
    ok = is_next(eim, document, complaint);
    if (ok)
        store_rules(eim, document);
    ok = db_commit(eim->db) && ok;
    if (ok)
        log_line(LOG_LEVEL_INFO, "%zu rule%s set", count, count == 1 ? "" : "s");
    return ok;
}

json_t *eim_rules_show(struct eim *eim)
{
    int64_t version = db_number(eim->db, -1, SELECT_VERSION, DB_NONE);
    json_t *document = version > 0 ? read_document(eim) : NULL;
    json_t *shown = NULL;

    if (version == 0)
        shown = json_pack("{s:i,s:[]}", "version", 0, "rules");
    else if (document != NULL)
        shown = json_pack("{s:I,s:O*}", "version", (json_int_t)version, "rules",
                          json_object_get(document, "rules"));
    json_decref(document);
    return shown;
}

/* --- What is known -------------------------------------------------------------------------------------- */

/*
 * A list that is to be asked for again tells nothing that a rule could go by. But one that is for a change of
 * state has only this poll: what is on the card is taken from the old list, and that it may be enabled is for
 * the card to find out.
 */
static enum rules_profile situation_profile(void *context, const struct rule *rule)
{
    const struct eim_situation *situation = context;
    enum rules_profile found = RULES_PROFILE_ABSENT;
    struct db_rows rows;

    if (!situation->is_listed || (situation->is_stale && rule->causes_count == 0))
        return RULES_PROFILE_UNKNOWN;
    rows = db_query(situation->eim->db, "SELECT iccid, state = 'enabled' FROM profile WHERE eid = ?",
                    DB_VALUES(DB_TEXT(situation->facts.eid)));
    while (db_next(&rows)) {
        if (iccid_is_same(db_string(&rows, 0), rule->profile))
            found = db_int(&rows, 1) != 0 && !situation->is_stale ? RULES_PROFILE_ENABLED
                                                                  : RULES_PROFILE_DISABLED;
    }
    return rows.failed ? RULES_PROFILE_UNKNOWN : found;
}

static void situation_history(void *context, const struct rule *rule, struct rules_history *history)
{
    const struct eim_situation *situation = context;
    const char *eid = situation->facts.eid;
    struct db *db = situation->eim->db;
    struct db_rows rows = db_query(
        db,
        "SELECT coalesce(max(at), 0), coalesce(sum(at > ?3), 0) FROM rule_event WHERE eid = ?1 AND rule = ?2",
        DB_VALUES(DB_TEXT(eid), DB_TEXT(rule->name), DB_INT(situation->facts.now - RULES_DAY)));

    if (db_next(&rows)) {
        history->last_fired = db_int(&rows, 0);
        history->in_day = db_int(&rows, 1);
    }
    db_end(&rows);
    history->has_open_order =
        situation->has_order ||
        db_number(db, 1,
                  "SELECT EXISTS (SELECT 1 FROM eim_order WHERE eid = ? AND NOT internal"
                  " AND state IN " OPEN_STATES ")",
                  DB_VALUES(DB_TEXT(eid))) != 0;
}

bool eim_situation_take(struct eim *eim, const char *eid, struct eim_situation *situation)
{
    struct rules_facts *facts = &situation->facts;
    struct db_rows rows = db_query(eim->db,
                                   "SELECT stranger, last_seen, network, network_since, profiles_at,"
                                   " profiles_stale FROM euicc WHERE eid = ?",
                                   DB_VALUES(DB_TEXT(eid)));

    *situation = (struct eim_situation){.eim = eim};
    if (!db_next(&rows))
        return false;
    *facts = (struct rules_facts){.eid = eid,
                                  .now = eim_now(),
                                  .is_stranger = db_int(&rows, 0) != 0,
                                  .last_seen = db_int(&rows, 1),
                                  .network_since = db_int(&rows, 3),
                                  .profile = situation_profile,
                                  .history = situation_history,
                                  .context = situation};
    if (db_octets(&rows, 2, situation->network, sizeof(situation->network)))
        facts->network = situation->network;
    situation->is_listed = db_int(&rows, 4) != 0;
    situation->is_stale = db_int(&rows, 5) != 0;
    db_end(&rows);
    return true;
}

/* --- Carrying out --------------------------------------------------------------------------------------- */

static void note_event(struct eim *eim, const char *rule, const char *eid, const char *reason,
                       const json_t *ids)
{
    char *text = json_dumps(ids, JSON_COMPACT);

    db_run(eim->db, "INSERT INTO rule_event (at, rule, eid, reason, orders) VALUES (?, ?, ?, ?, ?)",
           DB_VALUES(DB_INT(eim_now()), DB_TEXT(rule), DB_TEXT(eid), DB_TEXT(reason), DB_TEXT(text)));
    db_run(eim->db,
           "DELETE FROM rule_event WHERE id <= (SELECT id FROM rule_event ORDER BY id DESC LIMIT 1"
           " OFFSET " EVENTS_KEPT ")",
           DB_NONE);
    log_line(LOG_LEVEL_INFO, "rule %s for %s: %s: orders %s", rule, eid, reason, text != NULL ? text : "");
    free(text);
}

static void fire(struct eim *eim, const struct rule *rule, const char *eid,
                 const struct rules_verdict *verdict)
{
    json_t *orders = eim_rules_orders(&verdict->action, eid);
    json_t *ids = json_array();
    bool ok = orders != NULL && ids != NULL;
    struct complaint complaint = {0};
    enum order_kind kind;
    json_t *order;
    size_t i;

    json_array_foreach(orders, i, order)
    {
        ok = ok && eim_order_check(order, &kind, &complaint) &&
             json_array_append_new(ids, json_integer(eim_order_add(eim, eid, kind, false, order))) == 0;
    }
    if (ok)
        note_event(eim, rule->name, eid, verdict->reason, ids);
    else
        db_fail(eim->db, complaint.why[0] != '\0' ? complaint.why : "out of memory");
    json_decref(orders);
    json_decref(ids);
}

static void judge_all(const struct rules *rules, bool silence_alone, const struct eim_situation *situation)
{
    struct rules_verdict verdict;

    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->list[i];

        if (silence_alone && rule->silent_seconds < 0)
            continue;
        rules_judge(rule, &situation->facts, &verdict);
        if (verdict.fires)
            fire(situation->eim, rule, situation->facts.eid, &verdict);
    }
}

/* --- When ----------------------------------------------------------------------------------------------- */

bool eim_rules_await(struct eim *eim, const char *eid, int64_t *last_seen)
{
    const struct rules *rules = eim_rules_current(eim);

    *last_seen = 0;
    if (rules == NULL || rules->count == 0)
        return false;
    *last_seen = eim_euicc_number(eim, eid, "last_seen", 0);
    return true;
}

void eim_rules_polled(struct eim *eim, const char *eid, const struct eim_poll *poll, int64_t last_seen)
{
    struct eim_situation situation;

    if (eim->rules == NULL || !eim_situation_take(eim, eid, &situation))
        return;
    situation.facts.last_seen = last_seen;
    situation.facts.has_cause = poll->has_cause;
    situation.facts.cause = poll->cause;
    judge_all(eim->rules, false, &situation);
}

/* The EIDs that are looked at now, after those of the last time. */
static size_t find_silent(struct eim *eim, int64_t least, char (*eids)[EIM_EID_DIGITS + 1])
{
    size_t count = 0;
    struct db_rows rows =
        db_query(eim->db,
                 "SELECT eid FROM euicc WHERE eid > ? AND last_seen BETWEEN 1 AND ?"
                 " AND NOT stranger ORDER BY eid LIMIT ?",
                 DB_VALUES(DB_TEXT(eim->rules_after), DB_INT(eim_now() - least), DB_INT(TICK_EUICCS)));

    while (db_next(&rows))
        db_text(&rows, 0, eids[count++], sizeof(eids[0]));
    snprintf(eim->rules_after, sizeof(eim->rules_after), "%s", count == TICK_EUICCS ? eids[count - 1] : "");
    return count;
}

void eim_rules_tick(struct eim *eim)
{
    const struct rules *rules = eim_rules_current(eim);
    char(*eids)[EIM_EID_DIGITS + 1];
    struct eim_situation situation;
    size_t count;

    if (rules == NULL || rules->silent_least < 0)
        return;
    eids = calloc(TICK_EUICCS, sizeof(*eids));
    if (eids == NULL)
        return;
    count = find_silent(eim, rules->silent_least, eids);
    db_begin(eim->db);
    for (size_t i = 0; i < count; i++) {
        if (eim_situation_take(eim, eids[i], &situation))
            judge_all(rules, true, &situation);
    }
    if (!db_commit(eim->db))
        log_line(LOG_LEVEL_ERROR, "orders of rules cannot be stored");
    free(eids);
}
