/* What an SM-DP+ remembers, on SQLite. See store.h. */
#include "servers/smdpp/store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SCHEMA_VERSION 1

/* How much is kept of what only grows; older rows go. */
#define DOWNLOADS_KEPT     "10000"
#define NOTIFICATIONS_KEPT "10000"

static const char schema[] =
    "CREATE TABLE profile_order ("
    "  iccid TEXT PRIMARY KEY, profile TEXT NOT NULL, state TEXT NOT NULL, eid TEXT, matching_id TEXT,"
    "  confirmation_code_sha256 BLOB, wrong_codes INTEGER NOT NULL, tries INTEGER NOT NULL,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX order_by_matching_id ON profile_order (matching_id) WHERE matching_id <> '';"
    "CREATE INDEX order_by_eid ON profile_order (eid);"
    "CREATE TABLE download ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, transaction_id BLOB NOT NULL UNIQUE, iccid TEXT NOT NULL, eid "
    "TEXT NOT NULL,"
    "  profile TEXT NOT NULL, ordered INTEGER NOT NULL, euicc_certificate BLOB NOT NULL, bound INTEGER NOT "
    "NULL);"
    "CREATE TABLE unfinished_binding ("
    "  profile TEXT NOT NULL, eid TEXT NOT NULL, euicc_otpk BLOB NOT NULL, PRIMARY KEY (profile, eid)) "
    "WITHOUT ROWID;"
    "CREATE TABLE notification ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, verified INTEGER NOT NULL, eid TEXT, "
    "iccid TEXT,"
    "  operation TEXT NOT NULL, sequence_number INTEGER NOT NULL, address TEXT NOT NULL, result TEXT, der "
    "BLOB NOT NULL);";

struct store {
    sqlite3 *db;
};

static bool run_sql(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int user_version(sqlite3 *db)
{
    sqlite3_stmt *stmt;
    int version = -1;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static bool prepare_schema(sqlite3 *db, const char **why)
{
    char sql[64];
    int version = user_version(db);

    if (version == SCHEMA_VERSION)
        return true;
    if (version != 0) {
        *why = version < 0 ? "not an SQLite file" : "made by a newer softeuicc";
        return false;
    }
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; COMMIT", SCHEMA_VERSION);
    if (run_sql(db, "BEGIN IMMEDIATE") && run_sql(db, schema) && run_sql(db, sql))
        return true;
    *why = "cannot write its tables";
    return false;
}

struct store *store_open(const char *path, const char **why)
{
    struct store *store = calloc(1, sizeof(*store));

    *why = "out of memory";
    if (store == NULL)
        return NULL;
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
        *why = "cannot open or create it";
    } else {
        sqlite3_busy_timeout(store->db, 1000);
        if (run_sql(store->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL") &&
            prepare_schema(store->db, why))
            return store;
        if (user_version(store->db) < 0)
            *why = "not an SQLite file";
    }
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    sqlite3_close(store->db);
    free(store);
}

/* --- Statements ----------------------------------------------------------------------------------------- */

static sqlite3_stmt *prepare(struct store *store, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    return sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) == SQLITE_OK ? stmt : NULL;
}

static void bind_text(sqlite3_stmt *stmt, int index, const char *text)
{
    sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT);
}

static void bind_blob(sqlite3_stmt *stmt, int index, struct span octets)
{
    sqlite3_bind_blob64(stmt, index, octets.data, octets.size, SQLITE_TRANSIENT);
}

/* Runs to the end; takes the statement. */
static bool finish(sqlite3_stmt *stmt)
{
    bool ok = stmt != NULL && sqlite3_step(stmt) == SQLITE_DONE;

    sqlite3_finalize(stmt);
    return ok;
}

static void column_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    snprintf(out, size, "%s", text != NULL ? (const char *)text : "");
}

static bool column_octets(sqlite3_stmt *stmt, int column, uint8_t *out, int size)
{
    const void *blob = sqlite3_column_blob(stmt, column);

    if (blob == NULL || sqlite3_column_bytes(stmt, column) != size)
        return false;
    memcpy(out, blob, (size_t)size);
    return true;
}

/* --- Orders --------------------------------------------------------------------------------------------- */

#define ORDER_COLUMNS                                                                                        \
    "iccid, profile, state, eid, matching_id, confirmation_code_sha256, wrong_codes, tries, created, "       \
    "expires"

static bool take_order(sqlite3_stmt *stmt, struct order *order)
{
    char state[16];

    *order = (struct order){0};
    column_text(stmt, 0, order->iccid, sizeof(order->iccid));
    column_text(stmt, 1, order->profile, sizeof(order->profile));
    column_text(stmt, 2, state, sizeof(state));
    column_text(stmt, 3, order->eid, sizeof(order->eid));
    column_text(stmt, 4, order->matching_id, sizeof(order->matching_id));
    order->has_code = column_octets(stmt, 5, order->code_hash, sizeof(order->code_hash));
    order->wrong_codes = sqlite3_column_int64(stmt, 6);
    order->tries = sqlite3_column_int64(stmt, 7);
    order->created = sqlite3_column_int64(stmt, 8);
    order->expires = sqlite3_column_int64(stmt, 9);
    return order_state_from_name(state, &order->state);
}

static bool find_order(struct store *store, const char *sql, const char *key, struct order *order)
{
    sqlite3_stmt *stmt = prepare(store, sql);
    bool found;

    if (stmt == NULL)
        return false;
    bind_text(stmt, 1, key);
    found = sqlite3_step(stmt) == SQLITE_ROW && take_order(stmt, order);
    sqlite3_finalize(stmt);
    return found;
}

bool store_order_by_iccid(struct store *store, const char *iccid, struct order *order)
{
    return find_order(store, "SELECT " ORDER_COLUMNS " FROM profile_order WHERE iccid = ?", iccid, order);
}

bool store_order_by_matching_id(struct store *store, const char *matching_id, struct order *order)
{
    return matching_id[0] != '\0' &&
           find_order(store, "SELECT " ORDER_COLUMNS " FROM profile_order WHERE matching_id = ?", matching_id,
                      order);
}

bool store_order_by_eid(struct store *store, const char *eid, struct order *order)
{
    return find_order(store,
                      "SELECT " ORDER_COLUMNS
                      " FROM profile_order WHERE eid = ? AND state IN ('released', 'downloaded')"
                      " ORDER BY matching_id <> '', created, iccid LIMIT 1",
                      eid, order);
}

bool store_order_save(struct store *store, const struct order *order)
{
    sqlite3_stmt *stmt;

    if (order->state == ORDER_AVAILABLE) {
        stmt = prepare(store, "DELETE FROM profile_order WHERE iccid = ?");
        if (stmt != NULL)
            bind_text(stmt, 1, order->iccid);
        return finish(stmt);
    }
    /* Not OR REPLACE, which would silently drop another order with the same matchingId. */
    stmt = prepare(store,
                   "INSERT INTO profile_order (" ORDER_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?)"
                   " ON CONFLICT (iccid) DO UPDATE SET profile = excluded.profile, state = excluded.state,"
                   " eid = excluded.eid, matching_id = excluded.matching_id,"
                   " confirmation_code_sha256 = excluded.confirmation_code_sha256,"
                   " wrong_codes = excluded.wrong_codes, tries = excluded.tries,"
                   " created = excluded.created, expires = excluded.expires");
    if (stmt == NULL)
        return false;
    bind_text(stmt, 1, order->iccid);
    bind_text(stmt, 2, order->profile);
    bind_text(stmt, 3, order_state_name(order->state));
    bind_text(stmt, 4, order->eid);
    bind_text(stmt, 5, order->matching_id);
    bind_blob(stmt, 6, order->has_code ? SPAN_ARRAY(order->code_hash) : SPAN_NONE);
    sqlite3_bind_int64(stmt, 7, order->wrong_codes);
    sqlite3_bind_int64(stmt, 8, order->tries);
    sqlite3_bind_int64(stmt, 9, order->created);
    sqlite3_bind_int64(stmt, 10, order->expires);
    return finish(stmt);
}

bool store_each_order(struct store *store, bool (*row)(void *context, const struct order *order),
                      void *context)
{
    sqlite3_stmt *stmt =
        prepare(store, "SELECT " ORDER_COLUMNS " FROM profile_order ORDER BY created, iccid");
    struct order order;
    int result = SQLITE_ERROR;

    while (stmt != NULL && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (take_order(stmt, &order) && !row(context, &order))
            break;
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE;
}

/* --- Downloads ------------------------------------------------------------------------------------------ */

bool store_download_find(struct store *store, struct span transaction_id, struct download *download)
{
    sqlite3_stmt *stmt = prepare(store, "SELECT transaction_id, iccid, eid, profile, ordered, "
                                        "euicc_certificate FROM download WHERE transaction_id = ?");
    bool found = false;

    *download = (struct download){0};
    if (stmt == NULL)
        return false;
    bind_blob(stmt, 1, transaction_id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        found = column_octets(stmt, 0, download->transaction_id, sizeof(download->transaction_id));
        column_text(stmt, 1, download->iccid, sizeof(download->iccid));
        column_text(stmt, 2, download->eid, sizeof(download->eid));
        column_text(stmt, 3, download->profile, sizeof(download->profile));
        download->ordered = sqlite3_column_int(stmt, 4) != 0;
        buf_append(&download->euicc_cert,
                   SPAN(sqlite3_column_blob(stmt, 5), (size_t)sqlite3_column_bytes(stmt, 5)));
    }
    sqlite3_finalize(stmt);
    return found && !download->euicc_cert.failed;
}

bool store_download_save(struct store *store, const struct download *download)
{
    sqlite3_stmt *stmt = prepare(
        store,
        "INSERT OR REPLACE INTO download"
        " (transaction_id, iccid, eid, profile, ordered, euicc_certificate, bound) VALUES (?,?,?,?,?,?,?)");

    if (stmt == NULL)
        return false;
    bind_blob(stmt, 1, SPAN_ARRAY(download->transaction_id));
    bind_text(stmt, 2, download->iccid);
    bind_text(stmt, 3, download->eid);
    bind_text(stmt, 4, download->profile);
    sqlite3_bind_int(stmt, 5, download->ordered);
    bind_blob(stmt, 6, buf_span(&download->euicc_cert));
    sqlite3_bind_int64(stmt, 7, (sqlite3_int64)time(NULL));
    return finish(stmt) &&
           run_sql(store->db,
                   "DELETE FROM download WHERE id <= (SELECT max(id) FROM download) - " DOWNLOADS_KEPT);
}

bool store_otpk_find(struct store *store, const char *profile, const char *eid, uint8_t otpk[65])
{
    sqlite3_stmt *stmt =
        prepare(store, "SELECT euicc_otpk FROM unfinished_binding WHERE profile = ? AND eid = ?");
    bool found;

    if (stmt == NULL)
        return false;
    bind_text(stmt, 1, profile);
    bind_text(stmt, 2, eid);
    found = sqlite3_step(stmt) == SQLITE_ROW && column_octets(stmt, 0, otpk, 65);
    sqlite3_finalize(stmt);
    return found;
}

bool store_otpk_save(struct store *store, const char *profile, const char *eid, const uint8_t otpk[65])
{
    sqlite3_stmt *stmt =
        prepare(store, "INSERT OR REPLACE INTO unfinished_binding (profile, eid, euicc_otpk) VALUES (?,?,?)");

    if (stmt == NULL)
        return false;
    bind_text(stmt, 1, profile);
    bind_text(stmt, 2, eid);
    bind_blob(stmt, 3, SPAN(otpk, 65));
    return finish(stmt);
}

bool store_otpk_forget(struct store *store, const char *profile, const char *eid)
{
    sqlite3_stmt *stmt = prepare(store, "DELETE FROM unfinished_binding WHERE profile = ? AND eid = ?");

    if (stmt == NULL)
        return false;
    bind_text(stmt, 1, profile);
    bind_text(stmt, 2, eid);
    return finish(stmt);
}

/* --- Notifications -------------------------------------------------------------------------------------- */

bool store_notification_add(struct store *store, const struct received_notification *notification,
                            struct span der)
{
    sqlite3_stmt *stmt = prepare(
        store,
        "INSERT INTO notification (received, verified, eid, iccid, operation, sequence_number, address,"
        " result, der) VALUES (?,?,?,?,?,?,?,?,?)");

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, notification->received);
    sqlite3_bind_int(stmt, 2, notification->verified);
    bind_text(stmt, 3, notification->eid);
    bind_text(stmt, 4, notification->iccid);
    bind_text(stmt, 5, notification->operation);
    sqlite3_bind_int64(stmt, 6, notification->sequence_number);
    bind_text(stmt, 7, notification->address);
    bind_text(stmt, 8, notification->result);
    bind_blob(stmt, 9, der);
    return finish(stmt) && run_sql(store->db, "DELETE FROM notification WHERE id <= (SELECT max(id) FROM "
                                              "notification) - " NOTIFICATIONS_KEPT);
}

bool store_each_notification(struct store *store,
                             bool (*row)(void *context, const struct received_notification *notification),
                             void *context)
{
    sqlite3_stmt *stmt = prepare(
        store, "SELECT id, received, verified, eid, iccid, operation, sequence_number, address, result"
               " FROM notification ORDER BY id");
    struct received_notification n;
    int result = SQLITE_ERROR;

    while (stmt != NULL && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        n = (struct received_notification){.id = sqlite3_column_int64(stmt, 0),
                                           .received = sqlite3_column_int64(stmt, 1),
                                           .verified = sqlite3_column_int(stmt, 2) != 0,
                                           .sequence_number = sqlite3_column_int64(stmt, 6)};
        column_text(stmt, 3, n.eid, sizeof(n.eid));
        column_text(stmt, 4, n.iccid, sizeof(n.iccid));
        column_text(stmt, 5, n.operation, sizeof(n.operation));
        column_text(stmt, 7, n.address, sizeof(n.address));
        column_text(stmt, 8, n.result, sizeof(n.result));
        if (!row(context, &n))
            break;
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE;
}
