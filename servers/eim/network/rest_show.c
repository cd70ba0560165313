/* What the REST API shows and changes: eUICCs, profiles, orders, notifications. See rest_call.h. */
#include "servers/eim/network/rest_call.h"

#include "common/database/database_json.h"
#include "common/log.h"
#include "common/number.h"
#include "servers/eim/model/configuration.h"

#include "euicc/softeuicc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- The server ----------------------------------------------------------------------------------------- */

#define OPEN_ORDERS "eim_order WHERE state IN ('" ORDER_QUEUED "', '" ORDER_SENT "', '" ORDER_LOST "')"

static json_int_t count(struct eim *eim, const char *sql)
{
    return (json_int_t)db_number(eim->db, 0, sql, DB_NONE);
}

void rest_status(struct rest_call *call)
{
    struct eim *eim = call->eim;

    rest_json(call, 200,
              json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "server", "softeuicc eim", "version",
                        softeuicc_version(), "eimId", eim->id, "euiccs",
                        count(eim, "SELECT count(*) FROM euicc"), "openOrders",
                        count(eim, "SELECT count(*) FROM " OPEN_ORDERS), "notificationsWaiting",
                        count(eim, "SELECT count(*) FROM notification WHERE forward = 1"), "runningSeconds",
                        (json_int_t)(eim_now() - eim->started)));
}

/* --- Profiles ------------------------------------------------------------------------------------------- */

static json_t *show_profiles(struct eim *eim, const char *eid)
{
    return db_json(db_query(eim->db,
                            "SELECT iccid, state, isdp_aid AS isdpAid, nickname,"
                            " service_provider AS serviceProvider, name, class, fallback AS fallback_flag,"
                            " fallback_allowed AS fallbackAllowed_flag, ecall AS ecall_flag FROM profile"
                            " WHERE eid = ? ORDER BY iccid",
                            DB_VALUES(DB_TEXT(eid))),
                   NULL);
}

void rest_profiles(struct rest_call *call)
{
    if (rest_euicc_is_there(call, call->parameter))
        rest_json(call, 200, show_profiles(call->eim, call->parameter));
}

/* --- eUICCs --------------------------------------------------------------------------------------------- */

/* The states of data as enum data_state numbers them. */
#define SELECT_EUICCS                                                                                        \
    "SELECT eid, nullif(first_seen, 0) AS firstSeen, nullif(last_seen, 0) AS lastSeen, counter,"             \
    " token AS associationToken,"                                                                            \
    " CASE data_state WHEN 0 THEN 'unknown' WHEN 1 THEN 'known' ELSE 'refused' END AS data,"                 \
    " ci_key_id AS ciPKId, default_smdp AS defaultSmdpAddress, root_smds AS rootSmdsAddress,"                \
    " state_change_cause AS stateChangeCause,"                                                               \
    " network AS rPLMN, nullif(network_since, 0) AS networkSince,"                                           \
    " profiles_stale = 0 AS profilesCurrent_flag, nullif(profiles_at, 0) AS profilesSeen,"                   \
    " (SELECT count(*) FROM " OPEN_ORDERS " AND eim_order.eid = euicc.eid) AS openOrders FROM euicc"

static json_t *show_capabilities(const struct eim_euicc *euicc)
{
    static const char *const names[EIM_IPA_FEATURES] = {"direct",
                                                        "indirect",
                                                        "eimDownloadDataHandling",
                                                        "eimCtxParams1Generation",
                                                        "eimProfileMetadataVerification",
                                                        "minimizeEsipaBytes"};
    json_t *json = json_object();

    for (size_t i = 0; i < EIM_IPA_FEATURES; i++)
        json_object_set_new(json, names[i], json_boolean(euicc->ipa[i]));
    return json;
}

/* A cause is a number in its column. */
static void name_cause(json_t *euicc)
{
    const json_t *number = json_object_get(euicc, "stateChangeCause");
    char text[40];

    if (number != NULL)
        json_object_set_new(
            euicc, "stateChangeCause",
            json_string(code_text(NAMES_STATE_CHANGE, json_integer_value(number), text, sizeof(text))));
}

void rest_euiccs(struct rest_call *call)
{
    bool failed;
    json_t *list = db_json(db_query(call->eim->db, SELECT_EUICCS " WHERE eid > ? ORDER BY eid LIMIT ?",
                                    DB_VALUES(DB_TEXT(call->page.after), DB_INT(call->page.limit))),
                           &failed);
    json_t *euicc;
    size_t i;

    json_array_foreach(list, i, euicc) name_cause(euicc);
    rest_list(call, list, failed);
}

void rest_euicc(struct rest_call *call)
{
    struct eim *eim = call->eim;
    json_t *json =
        db_json_only(db_query(eim->db, SELECT_EUICCS " WHERE eid = ?", DB_VALUES(DB_TEXT(call->parameter))));
    struct eim_euicc euicc;

    if (json == NULL || !eim_euicc_find(eim, call->parameter, &euicc)) {
        json_decref(json);
        rest_error(call, 404, "eid", "this eUICC is not known");
        return;
    }
    name_cause(json);
    if (euicc.ipa_known)
        json_object_set_new(json, "ipa", show_capabilities(&euicc));
    json_object_set_new(json, "profiles", show_profiles(eim, call->parameter));
    eim_euicc_clear(&euicc);
    rest_json(call, 200, json);
}

/* Changes a column by a member of the body, when that is there. */
static void rest_show_change(struct rest_call *call, const char *name, const char *column)
{
    const json_t *value = json_object_get(call->body, name);

    if (value != NULL)
        eim_euicc_set(call->eim, call->parameter, column, DB_INT(json_integer_value(value)));
}

static bool whole_number(struct rest_call *call, const char *name, int64_t min, int64_t max)
{
    const json_t *value = json_object_get(call->body, name);

    if (value == NULL ||
        (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max))
        return true;
    rest_error(call, 400, name, "is not a number from %" PRId64 " to %" PRId64, min, max);
    return false;
}

/* For an eUICC that was associated elsewhere: the counter it has seen, the association token it made. */
void rest_euicc_change(struct rest_call *call)
{
    static const char *const members[] = {"counter", "associationToken", NULL};
    struct complaint complaint = {0};
    struct db *db = call->eim->db;

    if (!rest_euicc_is_there(call, call->parameter))
        return;
    if (!check_members(call->body, "", members, &complaint)) {
        rest_error(call, 400, complaint.field, "%s", complaint.why);
        return;
    }
    if (!whole_number(call, "counter", 0, EIM_COUNTER_MAX) ||
        !whole_number(call, "associationToken", 0, INT64_MAX))
        return;
    db_begin(db);
    rest_show_change(call, "counter", "counter");
    rest_show_change(call, "associationToken", "token");
    eim_euicc_befriend(call->eim, call->parameter);
    if (db_commit(db))
        rest_euicc(call);
    else
        rest_cannot_store(call, "state");
}

void rest_euicc_forget(struct rest_call *call)
{
    struct db *db = call->eim->db;

    if (!rest_euicc_is_there(call, call->parameter))
        return;
    db_begin(db);
    eim_euicc_forget(call->eim, call->parameter);
    if (!db_commit(db)) {
        rest_cannot_store(call, "state");
        return;
    }
    call->answer->code = 204;
}

/* --- Orders --------------------------------------------------------------------------------------------- */

/* One whose result got lost is shown as sent. */
#define SELECT_ORDERS                                                                                        \
    "SELECT id, eid, CASE kind WHEN 0 THEN 'package' WHEN 1 THEN 'data' ELSE 'download' END AS kind,"        \
    " CASE state WHEN '" ORDER_LOST "' THEN '" ORDER_SENT "' ELSE state END AS state,"                       \
    " internal AS own_flag, nullif(created, 0) AS created, nullif(sent, 0) AS sent,"                         \
    " nullif(ended, 0) AS ended, sends, nullif(counter, 0) AS counter,"                                      \
    " transaction_id AS eimTransactionId, CASE state WHEN '" ORDER_LOST "' THEN"                             \
    " 'carried out; the result got lost and is asked for' ELSE progress END AS progress, error,"             \
    " request AS request_json, result AS result_json FROM eim_order"

static void answer_order(struct rest_call *call, int code, int64_t id)
{
    json_t *order =
        db_json_only(db_query(call->eim->db, SELECT_ORDERS " WHERE id = ?", DB_VALUES(DB_INT(id))));

    if (order != NULL)
        rest_json(call, code, order);
    else
        rest_error(call, 404, "id", "there is no such order");
}

void rest_orders(struct rest_call *call)
{
    bool failed;
    json_t *list = db_json(
        db_query(call->eim->db,
                 SELECT_ORDERS " WHERE (?1 IS NULL OR eid = ?1) AND (?2 IS NULL OR eim_order.state = ?2 OR"
                               " (?2 = '" ORDER_SENT "' AND eim_order.state = '" ORDER_LOST "'))"
                               " AND id > ?3 ORDER BY id LIMIT ?4",
                 DB_VALUES(DB_SOME_TEXT(call->eid), DB_SOME_TEXT(call->state),
                           DB_INT(call->page.after_number), DB_INT(call->page.limit))),
        &failed);

    rest_list(call, list, failed);
}

void rest_order_add(struct rest_call *call)
{
    struct complaint complaint = {0};
    enum order_kind kind;
    int64_t id;

    if (!eim_order_check(call->body, &kind, &complaint)) {
        rest_error(call, 400, complaint.field, "%s", complaint.why);
        return;
    }
    id = eim_order_add(call->eim, json_string_value(json_object_get(call->body, "eid")), kind, false,
                       call->body);
    if (id == 0)
        rest_cannot_store(call, "order");
    else
        answer_order(call, 201, id);
}

/* The number in the path, 0 when it is none. */
static int64_t order_id(const struct rest_call *call)
{
    int64_t id = 0;

    (void)number_read(call->parameter, 1, INT64_MAX, &id);
    return id;
}

void rest_order(struct rest_call *call)
{
    answer_order(call, 200, order_id(call));
}

/* Of a queued order, or with `force` of one that was sent: whether it was carried out is then not known. */
void rest_order_cancel(struct rest_call *call)
{
    struct eim *eim = call->eim;
    bool force = strcmp(call->force, "true") == 0;
    struct eim_order order;
    bool queued, sent;

    if (call->force[0] != '\0' && !force) {
        rest_error(call, 400, "force", "can only be true");
        return;
    }
    if (!eim_order_find(eim, order_id(call), &order)) {
        rest_error(call, 404, "id", "there is no such order");
        return;
    }
    queued = strcmp(order.state, ORDER_QUEUED) == 0;
    sent = eim_order_is_waiting(&order);
    if (!queued && !(sent && force)) {
        rest_error(call, 409, "id", "the order is %s, no longer queued", sent ? ORDER_SENT : order.state);
        eim_order_clear(&order);
        return;
    }
    db_begin(eim->db);
    eim_order_end(eim, &order, queued ? "cancelled" : "cancelled after it was sent", NULL);
    if (sent)
        profiles_stale(eim, order.eid);
    if (db_commit(eim->db))
        answer_order(call, 200, order.id);
    else
        rest_cannot_store(call, "state");
    eim_order_clear(&order);
}

/* --- Notifications -------------------------------------------------------------------------------------- */

void rest_notifications(struct rest_call *call)
{
    bool failed;
    json_t *list =
        db_json(db_query(call->eim->db,
                         "SELECT id, eid, nullif(received, 0) AS received, verified AS verified_flag,"
                         " operation, sequence AS seqNumber, iccid, address AS notificationAddress, result,"
                         " CASE forward WHEN 0 THEN 'no' WHEN 1 THEN 'waits' WHEN 2 THEN 'delivered'"
                         " ELSE 'given up' END AS forwarded FROM notification"
                         " WHERE (?1 IS NULL OR eid = ?1) AND id > ?2 ORDER BY id LIMIT ?3",
                         DB_VALUES(DB_SOME_TEXT(call->eid), DB_INT(call->page.after_number),
                                   DB_INT(call->page.limit))),
                &failed);

    rest_list(call, list, failed);
}
