/* The tables of an SM-DP+. See store.h. */
#include "servers/smdpp/store/store.h"

#include <stdio.h>
#include <time.h>

/* How much is kept of what only grows; older rows go. */
#define DOWNLOADS_KEPT     "10000"
#define NOTIFICATIONS_KEPT "10000"
#define CALLS_KEPT         "10000"

/* What version 2 has more: the operator's EID, the SM-DP+'s half of the one-time keys, calls of ES2+, events
 * at SM-DS (event.h). */
#define CALL_TABLE                                                                                           \
    "CREATE TABLE es2p_call ("                                                                               \
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, requester TEXT NOT NULL, call_id TEXT NOT NULL,"                \
    "  request_sha256 BLOB NOT NULL, made INTEGER NOT NULL, answer TEXT NOT NULL,"                           \
    "  UNIQUE (requester, call_id));"
#define EVENT_TABLE                                                                                          \
    "CREATE TABLE smds_event ("                                                                              \
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, iccid TEXT NOT NULL, event_id TEXT NOT NULL,"                   \
    "  eid TEXT NOT NULL, smds TEXT NOT NULL, state TEXT NOT NULL,"                                          \
    "  tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER);"                                                 \
    "CREATE INDEX smds_event_by_iccid ON smds_event (iccid);"

static const char tables[] =
    "CREATE TABLE profile_order ("
    "  iccid TEXT PRIMARY KEY, profile TEXT NOT NULL, state TEXT NOT NULL, eid TEXT, matching_id TEXT,"
    "  confirmation_code_sha256 BLOB, wrong_codes INTEGER NOT NULL, tries INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL, eid_ordered INTEGER NOT NULL DEFAULT 0)"
    " WITHOUT ROWID;"
    "CREATE UNIQUE INDEX order_by_matching_id ON profile_order (matching_id) WHERE matching_id <> '';"
    "CREATE INDEX order_by_eid ON profile_order (eid);"
    "CREATE TABLE download ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, transaction_id BLOB NOT NULL UNIQUE, iccid TEXT NOT NULL, eid "
    "TEXT NOT NULL,"
    "  profile TEXT NOT NULL, ordered INTEGER NOT NULL, euicc_certificate BLOB NOT NULL, bound INTEGER NOT "
    "NULL);"
    "CREATE TABLE unfinished_binding ("
    "  profile TEXT NOT NULL, eid TEXT NOT NULL, euicc_otpk BLOB NOT NULL, content_sha256 BLOB,"
    "  smdp_otsk BLOB, ppk BLOB, PRIMARY KEY (profile, eid)) WITHOUT ROWID;"
    "CREATE TABLE notification ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, verified INTEGER NOT NULL, eid TEXT, "
    "iccid TEXT,"
    "  operation TEXT NOT NULL, sequence_number INTEGER NOT NULL, address TEXT NOT NULL, result TEXT, der "
    "BLOB NOT NULL);" CALL_TABLE EVENT_TABLE;

/* An EID stands in an order that was not bound yet only when the operator gave it. */
static const char *const upgrades[] = {
    "ALTER TABLE profile_order ADD COLUMN eid_ordered INTEGER NOT NULL DEFAULT 0;"
    "UPDATE profile_order SET eid_ordered = 1 WHERE eid <> '' AND state IN ('linked', 'confirmed', "
    "'released');"
    "ALTER TABLE unfinished_binding ADD COLUMN content_sha256 BLOB;"
    "ALTER TABLE unfinished_binding ADD COLUMN smdp_otsk BLOB;"
    "ALTER TABLE unfinished_binding ADD COLUMN ppk BLOB;" CALL_TABLE EVENT_TABLE,
};

struct db *store_open(const char *path, char why[DB_WHY_MAX])
{
    static const struct db_schema schema = {
        .name = "the state of an SM-DP+",
        .tables = tables,
        .known = "profile_order",
        .version = 2,
        .upgrades = upgrades,
    };
    struct db *db = db_open(path, &schema, why);

    /* The one-time keys of downloads that are over are overwritten. */
    if (db != NULL && !db_run(db, "PRAGMA secure_delete = ON", DB_NONE)) {
        snprintf(why, DB_WHY_MAX, "%s: %s", path != NULL ? path : "state in memory", db_reason(db));
        db_close(db);
        return NULL;
    }
    return db;
}

/* Ends a query for at most one row, of which `row` says whether it came, and `good` whether it made sense. */
static enum store_answer store_answered(struct db_rows *rows, bool row, bool good)
{
    bool failed = rows->failed;

    db_end(rows);
    if (row && good)
        return STORE_FOUND;
    if (row)
        db_fail(rows->db, "what is stored makes no sense");
    return row || failed ? STORE_FAILED : STORE_NONE;
}

/* --- Orders --------------------------------------------------------------------------------------------- */

#define ORDER_COLUMNS                                                                                        \
    "iccid, profile, state, eid, matching_id, confirmation_code_sha256, wrong_codes, tries, created, "       \
    "expires, eid_ordered"

static bool take_order(const struct db_rows *rows, struct order *order)
{
    char state[16];

    *order = (struct order){0};
    db_text(rows, 0, order->iccid, sizeof(order->iccid));
    db_text(rows, 1, order->profile, sizeof(order->profile));
    db_text(rows, 2, state, sizeof(state));
    db_text(rows, 3, order->eid, sizeof(order->eid));
    db_text(rows, 4, order->matching_id, sizeof(order->matching_id));
    order->has_code = db_octets(rows, 5, order->code_hash, sizeof(order->code_hash));
    order->wrong_codes = db_int(rows, 6);
    order->tries = db_int(rows, 7);
    order->created = db_int(rows, 8);
    order->expires = db_int(rows, 9);
    order->eid_ordered = db_int(rows, 10) != 0;
    return order_state_from_name(state, &order->state);
}

static enum store_answer find_order(struct db *db, const char *sql, const char *key, struct order *order)
{
    struct db_rows rows = db_query(db, sql, DB_VALUES(DB_TEXT(key)));
    bool row = db_next(&rows);

    return store_answered(&rows, row, row && take_order(&rows, order));
}

enum store_answer store_order_by_iccid(struct db *db, const char *iccid, struct order *order)
{
    return find_order(db, "SELECT " ORDER_COLUMNS " FROM profile_order WHERE iccid = ?", iccid, order);
}

enum store_answer store_order_by_matching_id(struct db *db, const char *matching_id, struct order *order)
{
    if (matching_id[0] == '\0')
        return STORE_NONE;
    return find_order(db, "SELECT " ORDER_COLUMNS " FROM profile_order WHERE matching_id = ?", matching_id,
                      order);
}

enum store_answer store_order_by_eid(struct db *db, const char *eid, struct order *order)
{
    return find_order(db,
                      "SELECT " ORDER_COLUMNS " FROM profile_order WHERE eid = ?"
                      " AND state IN ('linked', 'confirmed', 'released', 'downloaded')"
                      " ORDER BY state IN ('linked', 'confirmed'), matching_id <> '', created, iccid LIMIT 1",
                      eid, order);
}

bool store_order_save(struct db *db, const struct order *order)
{
    if (order->state == ORDER_AVAILABLE)
        return db_run(db, "DELETE FROM profile_order WHERE iccid = ?", DB_VALUES(DB_TEXT(order->iccid)));
    /* Not OR REPLACE, which would silently drop another order with the same matchingId. */
    return db_run(db,
                  "INSERT INTO profile_order (" ORDER_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?)"
                  " ON CONFLICT (iccid) DO UPDATE SET profile = excluded.profile, state = excluded.state,"
                  " eid = excluded.eid, matching_id = excluded.matching_id,"
                  " confirmation_code_sha256 = excluded.confirmation_code_sha256,"
                  " wrong_codes = excluded.wrong_codes, tries = excluded.tries,"
                  " created = excluded.created, expires = excluded.expires,"
                  " eid_ordered = excluded.eid_ordered",
                  DB_VALUES(DB_TEXT(order->iccid), DB_TEXT(order->profile),
                            DB_TEXT(order_state_name(order->state)), DB_TEXT(order->eid),
                            DB_TEXT(order->matching_id),
                            DB_BLOB(order->has_code ? SPAN_ARRAY(order->code_hash) : SPAN_NONE),
                            DB_INT(order->wrong_codes), DB_INT(order->tries), DB_INT(order->created),
                            DB_INT(order->expires), DB_INT(order->eid_ordered)));
}

struct db_rows store_orders(struct db *db, const char *after, int64_t limit)
{
    return db_query(
        db,
        "SELECT iccid, profile, state, nullif(eid, '') AS eid, nullif(matching_id, '') AS matchingId,"
        " confirmation_code_sha256 IS NOT NULL AS confirmationCode_flag, wrong_codes AS wrongCodes,"
        " tries, created, expires FROM profile_order WHERE iccid > ? ORDER BY iccid LIMIT ?",
        DB_VALUES(DB_TEXT(after), DB_INT(limit)));
}

/* --- Downloads ------------------------------------------------------------------------------------------ */

enum store_answer store_download_find(struct db *db, struct span transaction_id, struct download *download)
{
    struct db_rows rows = db_query(db,
                                   "SELECT transaction_id, iccid, eid, profile, ordered, euicc_certificate"
                                   " FROM download WHERE transaction_id = ?",
                                   DB_VALUES(DB_BLOB(transaction_id)));
    bool row = db_next(&rows), good = false;

    *download = (struct download){0};
    if (row) {
        good = db_octets(&rows, 0, download->transaction_id, sizeof(download->transaction_id));
        db_text(&rows, 1, download->iccid, sizeof(download->iccid));
        db_text(&rows, 2, download->eid, sizeof(download->eid));
        db_text(&rows, 3, download->profile, sizeof(download->profile));
        download->ordered = db_int(&rows, 4) != 0;
        buf_append(&download->euicc_cert, db_blob(&rows, 5));
    }
    return store_answered(&rows, row, good && !download->euicc_cert.failed);
}

bool store_download_save(struct db *db, const struct download *download)
{
    return db_run(db,
                  "INSERT OR REPLACE INTO download"
                  " (transaction_id, iccid, eid, profile, ordered, euicc_certificate, bound)"
                  " VALUES (?,?,?,?,?,?,?)",
                  DB_VALUES(DB_BLOB(SPAN_ARRAY(download->transaction_id)), DB_TEXT(download->iccid),
                            DB_TEXT(download->eid), DB_TEXT(download->profile), DB_INT(download->ordered),
                            DB_BLOB(buf_span(&download->euicc_cert)), DB_INT((int64_t)time(NULL)))) &&
           db_run(db, "DELETE FROM download WHERE id <= (SELECT max(id) FROM download) - " DOWNLOADS_KEPT,
                  DB_NONE);
}

/* --- One-time keys -------------------------------------------------------------------------------------- */

enum store_answer store_binding_find(struct db *db, const char *profile, const char *eid,
                                     struct binding *binding)
{
    struct db_rows rows = db_query(db,
                                   "SELECT euicc_otpk, content_sha256, smdp_otsk, ppk FROM unfinished_binding"
                                   " WHERE profile = ? AND eid = ?",
                                   DB_VALUES(DB_TEXT(profile), DB_TEXT(eid)));
    bool row = db_next(&rows), good = false;

    *binding = (struct binding){0};
    if (row) {
        good = db_octets(&rows, 0, binding->euicc_otpk, sizeof(binding->euicc_otpk));
        binding->has_keys = db_octets(&rows, 1, binding->content, sizeof(binding->content)) &&
                            db_octets(&rows, 2, binding->smdp_otsk, sizeof(binding->smdp_otsk)) &&
                            db_octets(&rows, 3, binding->ppk, sizeof(binding->ppk));
    }
    return store_answered(&rows, row, good);
}

bool store_binding_save(struct db *db, const char *profile, const char *eid, const struct binding *binding)
{
    return db_run(db,
                  "INSERT OR REPLACE INTO unfinished_binding"
                  " (profile, eid, euicc_otpk, content_sha256, smdp_otsk, ppk) VALUES (?,?,?,?,?,?)",
                  DB_VALUES(DB_TEXT(profile), DB_TEXT(eid), DB_BLOB(SPAN_ARRAY(binding->euicc_otpk)),
                            DB_BLOB(SPAN_ARRAY(binding->content)), DB_BLOB(SPAN_ARRAY(binding->smdp_otsk)),
                            DB_BLOB(SPAN_ARRAY(binding->ppk))));
}

bool store_binding_forget(struct db *db, const char *profile, const char *eid)
{
    return db_run(db, "DELETE FROM unfinished_binding WHERE profile = ?1 AND eid = coalesce(?2, eid)",
                  DB_VALUES(DB_TEXT(profile), DB_TEXT(eid)));
}

/* --- Calls of ES2+ -------------------------------------------------------------------------------------- */

enum store_answer store_call_find(struct db *db, const struct es2p_call *call, int64_t since,
                                  struct buf *answer)
{
    struct db_rows rows = db_query(db,
                                   "SELECT answer FROM es2p_call WHERE requester = ? AND call_id = ?"
                                   " AND request_sha256 = ? AND made >= ?",
                                   DB_VALUES(DB_TEXT(call->requester), DB_TEXT(call->id),
                                             DB_BLOB(SPAN_ARRAY(call->request)), DB_INT(since)));
    bool row = db_next(&rows);

    if (row)
        buf_append(answer, db_blob(&rows, 0));
    return store_answered(&rows, row, !answer->failed);
}

bool store_call_save(struct db *db, const struct es2p_call *call, int64_t now, const char *answer)
{
    return db_run(db,
                  "INSERT OR REPLACE INTO es2p_call (requester, call_id, request_sha256, made, answer)"
                  " VALUES (?,?,?,?,?)",
                  DB_VALUES(DB_TEXT(call->requester), DB_TEXT(call->id), DB_BLOB(SPAN_ARRAY(call->request)),
                            DB_INT(now), DB_TEXT(answer))) &&
           db_run(db, "DELETE FROM es2p_call WHERE id <= (SELECT max(id) FROM es2p_call) - " CALLS_KEPT,
                  DB_NONE);
}

/* --- Notifications -------------------------------------------------------------------------------------- */

bool store_notification_add(struct db *db, const struct received_notification *n, struct span der)
{
    return db_run(db,
                  "INSERT INTO notification (received, verified, eid, iccid, operation, sequence_number,"
                  " address, result, der) VALUES (?,?,?,?,?,?,?,?,?)",
                  DB_VALUES(DB_INT(n->received), DB_INT(n->verified), DB_TEXT(n->eid), DB_TEXT(n->iccid),
                            DB_TEXT(n->operation), DB_INT(n->sequence_number), DB_TEXT(n->address),
                            DB_TEXT(n->result), DB_BLOB(der))) &&
           db_run(db,
                  "DELETE FROM notification WHERE id <= (SELECT max(id) FROM notification)"
                  " - " NOTIFICATIONS_KEPT,
                  DB_NONE);
}

struct db_rows store_notifications(struct db *db, int64_t after, int64_t limit)
{
    return db_query(db,
                    "SELECT id, received, verified AS verified_flag, operation, sequence_number AS seqNumber,"
                    " nullif(iccid, '') AS iccid, nullif(eid, '') AS eid, address AS notificationAddress,"
                    " nullif(result, '') AS result FROM notification WHERE id > ? ORDER BY id LIMIT ?",
                    DB_VALUES(DB_INT(after), DB_INT(limit)));
}
