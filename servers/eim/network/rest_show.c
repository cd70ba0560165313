/* What the REST API shows and changes: eUICCs, profiles, orders, notifications. See rest_call.h. */
#include "servers/eim/network/rest_call.h"

#include "common/log.h"
#include "common/number.h"
#include "servers/eim/model/configuration.h"

#include "euicc/softeuicc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- Columns to members --------------------------------------------------------------------------------- */

static void set(json_t *object, const char *name, json_t *value)
{
    /* json_object_set_new refuses NULL: a text that is not UTF-8. */
    if (value == NULL)
        value = json_string("?");
    json_object_set_new(object, name, value);
}

static void set_text(json_t *object, const char *name, const struct db_rows *rows, int column)
{
    if (db_string(rows, column) != NULL)
        set(object, name, json_string(db_string(rows, column)));
}

static void set_number(json_t *object, const char *name, const struct db_rows *rows, int column)
{
    set(object, name, json_integer(db_int(rows, column)));
}

/* A time, or nothing for 0. */
static void set_time(json_t *object, const char *name, const struct db_rows *rows, int column)
{
    if (db_int(rows, column) != 0)
        set_number(object, name, rows, column);
}

static void set_hex(json_t *object, const char *name, const struct db_rows *rows, int column)
{
    struct span octets = db_blob(rows, column);
    char text[129];

    if (octets.size > 0)
        set(object, name, json_string(hex_from_span(octets, text, sizeof(text))));
}

static void set_json(json_t *object, const char *name, const struct db_rows *rows, int column)
{
    const char *text = db_string(rows, column);

    if (text != NULL)
        set(object, name, json_loads(text, JSON_DECODE_ANY, NULL));
}

/* The list, unless rows of it could not be read. */
static void answer_list(struct rest_call *call, const struct db_rows *rows, json_t *list)
{
    if (!rows->failed) {
        rest_json(call, 200, list);
        return;
    }
    json_decref(list);
    rest_error(call, 500, "", "the state cannot be read: %s", db_reason(call->eim->db));
}

static void cannot_store(struct rest_call *call, const char *what)
{
    rest_error(call, 500, "", "the %s cannot be stored: %s", what, db_reason(call->eim->db));
}

/* --- The server ----------------------------------------------------------------------------------------- */

static json_int_t count(struct eim *eim, const char *sql)
{
    return (json_int_t)db_number(eim->db, 0, sql, DB_NONE);
}

void rest_status(struct rest_call *call)
{
    struct eim *eim = call->eim;

    rest_json(
        call, 200,
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "server", "softeuicc eim", "version", softeuicc_version(),
                  "eimId", eim->id, "euiccs", count(eim, "SELECT count(*) FROM euicc"), "openOrders",
                  count(eim, "SELECT count(*) FROM eim_order WHERE state IN ('" ORDER_QUEUED "', '" ORDER_SENT
                             "', '" ORDER_LOST "')"),
                  "notificationsWaiting", count(eim, "SELECT count(*) FROM notification WHERE forward = 1"),
                  "runningSeconds", (json_int_t)(eim_now() - eim->started)));
}

/* --- Profiles ------------------------------------------------------------------------------------------- */

static json_t *show_profiles(struct eim *eim, const char *eid)
{
    struct db_rows rows =
        db_query(eim->db,
                 "SELECT iccid, state, isdp_aid, nickname, service_provider, name, class,"
                 " fallback, fallback_allowed, ecall FROM profile WHERE eid = ? ORDER BY iccid",
                 DB_VALUES(DB_TEXT(eid)));
    json_t *list = json_array();

    while (db_next(&rows)) {
        json_t *profile = json_object();

        set_text(profile, "iccid", &rows, 0);
        set_text(profile, "state", &rows, 1);
        set_text(profile, "isdpAid", &rows, 2);
        set_text(profile, "nickname", &rows, 3);
        set_text(profile, "serviceProvider", &rows, 4);
        set_text(profile, "name", &rows, 5);
        set_text(profile, "class", &rows, 6);
        set(profile, "fallback", json_boolean(db_int(&rows, 7) != 0));
        set(profile, "fallbackAllowed", json_boolean(db_int(&rows, 8) != 0));
        set(profile, "ecall", json_boolean(db_int(&rows, 9) != 0));
        json_array_append_new(list, profile);
    }
    return list;
}

static bool euicc_is_there(struct rest_call *call)
{
    if (db_number(call->eim->db, 0, "SELECT count(*) FROM euicc WHERE eid = ?",
                  DB_VALUES(DB_TEXT(call->parameter))) > 0)
        return true;
    rest_error(call, 404, "eid", "this eUICC is not known");
    return false;
}

void rest_profiles(struct rest_call *call)
{
    if (euicc_is_there(call))
        rest_json(call, 200, show_profiles(call->eim, call->parameter));
}

/* --- eUICCs --------------------------------------------------------------------------------------------- */

#define EUICC_COLUMNS                                                                                        \
    "eid, first_seen, last_seen, counter, token, data_state, ci_key_id, default_smdp, root_smds,"            \
    " state_change_cause, network, profiles_stale, profiles_at, (SELECT count(*) FROM eim_order WHERE"       \
    " eim_order.eid = euicc.eid AND state IN ('" ORDER_QUEUED "', '" ORDER_SENT "', '" ORDER_LOST "'))"

static json_t *show_capabilities(const struct eim_euicc *euicc)
{
    return json_pack("{s:b,s:b,s:b,s:b,s:b,s:b}", "direct", (int)euicc->ipa_direct, "indirect",
                     (int)euicc->ipa_indirect, "eimDownloadDataHandling", (int)euicc->ipa_handles_none,
                     "eimCtxParams1Generation", (int)euicc->ipa_needs_ctx, "eimProfileMetadataVerification",
                     (int)euicc->ipa_eim_verifies, "minimizeEsipaBytes", (int)euicc->ipa_compact);
}

static json_t *show_euicc(const struct db_rows *rows)
{
    static const char *const data_states[] = {"unknown", "known", "refused"};
    json_t *json = json_object();
    char cause[40];

    set_text(json, "eid", rows, 0);
    set_time(json, "firstSeen", rows, 1);
    set_time(json, "lastSeen", rows, 2);
    set_number(json, "counter", rows, 3);
    if (!db_is_null(rows, 4))
        set_number(json, "associationToken", rows, 4);
    set(json, "data", json_string(data_states[db_int(rows, 5)]));
    set_hex(json, "ciPKId", rows, 6);
    set_text(json, "defaultSmdpAddress", rows, 7);
    set_text(json, "rootSmdsAddress", rows, 8);
    if (!db_is_null(rows, 9))
        set(json, "stateChangeCause",
            json_string(code_text(CODES_STATE_CHANGE, db_int(rows, 9), cause, sizeof(cause))));
    set_hex(json, "rPLMN", rows, 10);
    set(json, "profilesCurrent", json_boolean(db_int(rows, 11) == 0));
    set_time(json, "profilesSeen", rows, 12);
    set_number(json, "openOrders", rows, 13);
    return json;
}

void rest_euiccs(struct rest_call *call)
{
    struct db_rows rows =
        db_query(call->eim->db, "SELECT " EUICC_COLUMNS " FROM euicc ORDER BY eid", DB_NONE);
    json_t *list = json_array();

    while (db_next(&rows))
        json_array_append_new(list, show_euicc(&rows));
    answer_list(call, &rows, list);
}

void rest_euicc(struct rest_call *call)
{
    struct eim *eim = call->eim;
    struct db_rows rows = db_query(eim->db, "SELECT " EUICC_COLUMNS " FROM euicc WHERE eid = ?",
                                   DB_VALUES(DB_TEXT(call->parameter)));
    struct eim_euicc euicc;
    json_t *json = NULL;

    if (db_next(&rows))
        json = show_euicc(&rows);
    db_end(&rows);
    if (json == NULL || !eim_euicc_find(eim, call->parameter, &euicc)) {
        json_decref(json);
        rest_error(call, 404, "eid", "this eUICC is not known");
        return;
    }
    if (euicc.ipa_known)
        set(json, "ipa", show_capabilities(&euicc));
    set(json, "profiles", show_profiles(eim, call->parameter));
    eim_euicc_clear(&euicc);
    rest_json(call, 200, json);
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

    if (!euicc_is_there(call))
        return;
    if (!check_members(call->body, "", members, &complaint)) {
        rest_error(call, 400, complaint.field, "%s", complaint.why);
        return;
    }
    if (!whole_number(call, "counter", 0, EIM_COUNTER_MAX) ||
        !whole_number(call, "associationToken", 0, INT64_MAX))
        return;
    db_begin(db);
    if (json_object_get(call->body, "counter") != NULL)
        db_run(db, "UPDATE euicc SET counter = ? WHERE eid = ?",
               DB_VALUES(DB_INT(json_integer_value(json_object_get(call->body, "counter"))),
                         DB_TEXT(call->parameter)));
    if (json_object_get(call->body, "associationToken") != NULL)
        db_run(db, "UPDATE euicc SET token = ? WHERE eid = ?",
               DB_VALUES(DB_INT(json_integer_value(json_object_get(call->body, "associationToken"))),
                         DB_TEXT(call->parameter)));
    if (db_commit(db))
        rest_euicc(call);
    else
        cannot_store(call, "state");
}

void rest_euicc_forget(struct rest_call *call)
{
    static const char *const tables[] = {
        "DELETE FROM profile WHERE eid = ?", "DELETE FROM notification WHERE eid = ?",
        "DELETE FROM package_result WHERE eid = ?", "DELETE FROM eim_order WHERE eid = ?",
        "DELETE FROM euicc WHERE eid = ?"};
    struct db *db = call->eim->db;

    if (!euicc_is_there(call))
        return;
    db_begin(db);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        db_run(db, tables[i], DB_VALUES(DB_TEXT(call->parameter)));
    if (!db_commit(db)) {
        cannot_store(call, "state");
        return;
    }
    call->answer->code = 204;
}

/* --- Orders --------------------------------------------------------------------------------------------- */

#define ORDER_SHOWN                                                                                          \
    "id, eid, kind, state, internal, created, sent, ended, sends, counter, transaction_id, progress, error," \
    " request, result"

static json_t *show_order(const struct db_rows *rows)
{
    static const char *const kinds[] = {"package", "data", "download"};
    json_t *json = json_object();
    bool lost = strcmp(db_string(rows, 3), ORDER_LOST) == 0;

    set_number(json, "id", rows, 0);
    set_text(json, "eid", rows, 1);
    set(json, "kind", json_string(kinds[db_int(rows, 2)]));
    set(json, "state", json_string(lost ? ORDER_SENT : db_string(rows, 3)));
    set(json, "own", json_boolean(db_int(rows, 4) != 0));
    set_time(json, "created", rows, 5);
    set_time(json, "sent", rows, 6);
    set_time(json, "ended", rows, 7);
    set_number(json, "sends", rows, 8);
    if (db_int(rows, 9) != 0)
        set_number(json, "counter", rows, 9);
    set_hex(json, "eimTransactionId", rows, 10);
    set_text(json, "progress", rows, 11);
    if (lost)
        set(json, "progress", json_string("carried out; the result got lost and is asked for"));
    set_text(json, "error", rows, 12);
    set_json(json, "request", rows, 13);
    set_json(json, "result", rows, 14);
    return json;
}

static void answer_order(struct rest_call *call, int code, int64_t id)
{
    struct db_rows rows =
        db_query(call->eim->db, "SELECT " ORDER_SHOWN " FROM eim_order WHERE id = ?", DB_VALUES(DB_INT(id)));

    if (db_next(&rows))
        rest_json(call, code, show_order(&rows));
    else
        rest_error(call, 404, "id", "there is no such order");
    db_end(&rows);
}

void rest_orders(struct rest_call *call)
{
    struct db_rows rows = db_query(call->eim->db,
                                   "SELECT " ORDER_SHOWN " FROM eim_order WHERE (?1 IS NULL OR eid = ?1) AND"
                                   " (?2 IS NULL OR state = ?2 OR (?2 = '" ORDER_SENT
                                   "' AND state = '" ORDER_LOST "')) ORDER BY id",
                                   DB_VALUES(DB_SOME_TEXT(call->eid), DB_SOME_TEXT(call->state)));
    json_t *list = json_array();

    while (db_next(&rows))
        json_array_append_new(list, show_order(&rows));
    answer_list(call, &rows, list);
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
        cannot_store(call, "order");
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
        cannot_store(call, "state");
    eim_order_clear(&order);
}

/* --- Notifications -------------------------------------------------------------------------------------- */

void rest_notifications(struct rest_call *call)
{
    static const char *const forwards[] = {"no", "waits", "delivered", "given up"};
    struct db_rows rows =
        db_query(call->eim->db,
                 "SELECT id, eid, received, verified, operation, sequence, iccid, address, result,"
                 " forward FROM notification WHERE ?1 IS NULL OR eid = ?1 ORDER BY id",
                 DB_VALUES(DB_SOME_TEXT(call->eid)));
    json_t *list = json_array();

    while (db_next(&rows)) {
        json_t *json = json_object();

        set_number(json, "id", &rows, 0);
        set_text(json, "eid", &rows, 1);
        set_time(json, "received", &rows, 2);
        set(json, "verified", json_boolean(db_int(&rows, 3) != 0));
        set_text(json, "operation", &rows, 4);
        set_number(json, "seqNumber", &rows, 5);
        set_text(json, "iccid", &rows, 6);
        set_text(json, "notificationAddress", &rows, 7);
        set_text(json, "result", &rows, 8);
        set(json, "forwarded", json_string(forwards[db_int(&rows, 9)]));
        json_array_append_new(list, json);
    }
    answer_list(call, &rows, list);
}
