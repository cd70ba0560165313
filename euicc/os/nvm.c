/* Non-volatile memory on SQLite: statements and transactions. See nvm.h; nvm_open.c opens and closes it. */
#include "euicc/os/nvm_inside.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATEMENT_REACH 8   /* places that a statement may take */
#define LOOK_MS         100 /* how old what is known of the file may be for who only reads */

void nvm_note(struct nvm *nvm, const char *what)
{
    if (!nvm->failed)
        snprintf(nvm->message, sizeof(nvm->message), "%s: %s", what, sqlite3_errmsg(nvm->db));
    nvm->failed = true;
}

bool nvm_record_log(struct nvm *nvm)
{
    const struct nvm_identity identity = nvm_file_identity(&nvm->file);

    nvm->recording = !nvm->logged || nvm_log_record(nvm->db, &identity);
    if (!nvm->recording)
        nvm_note(nvm, "log");
    return nvm->recording;
}

bool nvm_is_there(const struct nvm *nvm, struct softeuicc_error *error)
{
    if (nvm_file_place(&nvm->file) == NVM_THERE)
        return true;
    nvm_file_tell(&nvm->file, error);
    return false;
}

/* --- statements ---------------------------------------------------------------------------------- */

/* The place for `sql`: where it is kept and idle, or else free, or else taken by an idle one,
 * or else NULL. */
static struct nvm_statement *place_for(struct nvm *nvm, const char *sql)
{
    size_t hash = ((uintptr_t)sql >> 3) * 0x9E3779B1u >> 7;
    struct nvm_statement *place = NULL;

    for (size_t i = 0; i < STATEMENT_REACH; i++) {
        struct nvm_statement *candidate = &nvm->statements[(hash + i) % NVM_STATEMENTS];
        bool idle = candidate->stmt == NULL || !sqlite3_stmt_busy(candidate->stmt);

        if (candidate->sql == sql && idle)
            return candidate;
        if (idle && (place == NULL || (candidate->stmt == NULL && place->stmt != NULL)))
            place = candidate;
    }
    return place;
}

static sqlite3_stmt *nvm_prepare(struct nvm *nvm, const char *sql)
{
    struct nvm_statement *place = place_for(nvm, sql);

    if (place == NULL) {
        nvm_note(nvm, "too many statements at once");
        return NULL;
    }
    if (place->sql == sql)
        return place->stmt;
    sqlite3_finalize(place->stmt);
    *place = (struct nvm_statement){NULL, NULL};
    if (sqlite3_prepare_v3(nvm->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->stmt, NULL) != SQLITE_OK) {
        nvm_note(nvm, sql);
        return NULL;
    }
    place->sql = sql;
    return place->stmt;
}

bool nvm_row(struct nvm *nvm, sqlite3_stmt *stmt)
{
    int status;

    if (stmt == NULL)
        return false;
    status = sqlite3_step(stmt);
    if (status == SQLITE_ROW)
        return true;
    if (status != SQLITE_DONE)
        nvm_note(nvm, sqlite3_sql(stmt));
    nvm_done(stmt);
    return false;
}

void nvm_done(sqlite3_stmt *stmt)
{
    if (stmt == NULL)
        return;
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

struct nvm_value nvm_string(const char *text)
{
    return text != NULL ? NVM_TEXT(span_of_string(text)) : NVM_NULL;
}

static int bind_text(sqlite3_stmt *stmt, int index, const char *text, size_t size)
{
    return sqlite3_bind_text64(stmt, index, text, size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_hex(sqlite3_stmt *stmt, int index, struct span octets)
{
    char shorter[2 * 256 + 1];
    size_t size = 2 * octets.size + 1;
    char *text = size <= sizeof(shorter) ? shorter : malloc(size);
    int status;

    if (text == NULL)
        return SQLITE_NOMEM;
    status = bind_text(stmt, index, hex_from_span(octets, text, size), size - 1);
    OPENSSL_cleanse(text, size);
    if (text != shorter)
        free(text);
    return status;
}

/* What nothing is bound to is NULL. */
static int nvm_bind(sqlite3_stmt *stmt, int index, const struct nvm_value *value)
{
    const struct span octets = value->octets;

    switch (value->kind) {
    case NVM_KIND_INT:
        return sqlite3_bind_int64(stmt, index, value->number);
    case NVM_KIND_TEXT:
        return bind_text(stmt, index, octets.size > 0 ? (const char *)octets.data : "", octets.size);
    case NVM_KIND_HEX:
        return octets.data != NULL ? bind_hex(stmt, index, octets) : SQLITE_OK;
    case NVM_KIND_BLOB:
        return octets.data != NULL
                   ? sqlite3_bind_blob64(stmt, index, octets.data, octets.size, SQLITE_TRANSIENT)
                   : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

sqlite3_stmt *nvm_select(struct nvm *nvm, const char *sql, struct nvm_values values)
{
    sqlite3_stmt *stmt = nvm_prepare(nvm, sql);

    for (size_t i = 0; stmt != NULL && i < values.count; i++)
        if (nvm_bind(stmt, (int)i + 1, &values.value[i]) != SQLITE_OK)
            nvm_note(nvm, "bind");
    return stmt;
}

bool nvm_change(struct nvm *nvm, const char *sql, struct nvm_values values)
{
    sqlite3_stmt *stmt = nvm_begin(nvm) ? nvm_select(nvm, sql, values) : NULL;

    while (!nvm->failed && nvm_row(nvm, stmt))
        continue;
    nvm_done(stmt);
    return stmt != NULL && !nvm->failed;
}

bool nvm_change_row(struct nvm *nvm, const char *sql, struct nvm_values values)
{
    return nvm_change(nvm, sql, values) && nvm_changes(nvm) == 1;
}

int64_t nvm_figure(struct nvm *nvm, const char *sql, struct nvm_values values)
{
    sqlite3_stmt *stmt = nvm_select(nvm, sql, values);
    int64_t value = nvm_row(nvm, stmt) ? nvm_int(stmt, 0) : 0;

    nvm_done(stmt);
    return value;
}

struct span nvm_blob(sqlite3_stmt *stmt, int column)
{
    const void *data;

    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return SPAN_NONE;
    data = sqlite3_column_blob(stmt, column);
    return SPAN(data != NULL ? data : "", (size_t)sqlite3_column_bytes(stmt, column));
}

const char *nvm_text(sqlite3_stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt, column);
}

int64_t nvm_int(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

int nvm_changes(struct nvm *nvm)
{
    return sqlite3_changes(nvm->db);
}

int64_t nvm_all_changes(struct nvm *nvm)
{
    return sqlite3_total_changes(nvm->db);
}

int64_t nvm_version(const struct nvm *nvm)
{
    return 1 + nvm->undone + sqlite3_total_changes(nvm->db);
}

int64_t nvm_last_row(struct nvm *nvm)
{
    return sqlite3_last_insert_rowid(nvm->db);
}

/* --- transactions -------------------------------------------------------------------------------- */

static bool nvm_execute(struct nvm *nvm, const char *sql)
{
    sqlite3_stmt *stmt = nvm_prepare(nvm, sql);
    bool done = stmt != NULL && sqlite3_step(stmt) == SQLITE_DONE;

    if (!done && stmt != NULL)
        nvm_note(nvm, sql);
    if (stmt != NULL)
        sqlite3_reset(stmt);
    return done;
}

static bool begin_recorded(struct nvm *nvm)
{
    nvm->in_transaction = nvm_execute(nvm, "BEGIN IMMEDIATE");
    return nvm->in_transaction && (!nvm->logged || nvm->recorded || nvm_record_log(nvm));
}

/* Folds the log into the file, and begins the next log with where it belongs: what makes the new log durable
 * is paid here. When somebody else is reading, the log just goes on growing until the next time. */
static void fold_log(struct nvm *nvm)
{
    if (sqlite3_wal_checkpoint_v2(nvm->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) != SQLITE_OK)
        return;
    nvm->recorded = false;
    (void)begin_recorded(nvm);
    (void)nvm_commit(nvm);
}

bool nvm_begin(struct nvm *nvm)
{
    if (nvm->in_transaction)
        return !nvm->failed;
    if (!nvm->failed && nvm->log_pages > NVM_LOG_LIMIT)
        fold_log(nvm);
    return begin_recorded(nvm) && !nvm->failed;
}

bool nvm_in_transaction(const struct nvm *nvm)
{
    return nvm->in_transaction;
}

bool nvm_failed(const struct nvm *nvm)
{
    return nvm->failed;
}

const char *nvm_message(const struct nvm *nvm)
{
    return nvm->message;
}

/* A statement that somebody did not step to its end would keep its view of the file. */
static void reset_statements(struct nvm *nvm)
{
    for (size_t i = 0; i < NVM_STATEMENTS; i++)
        if (nvm->statements[i].stmt != NULL && sqlite3_stmt_busy(nvm->statements[i].stmt))
            nvm_done(nvm->statements[i].stmt);
}

void nvm_begin_unsynced(struct nvm *nvm)
{
    nvm->unsynced = !nvm->in_transaction &&
                    sqlite3_exec(nvm->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK;
}

/* The transaction that needs no sync has ended: every other one does. */
static bool end_unsynced(struct nvm *nvm)
{
    if (!nvm->unsynced)
        return true;
    nvm->unsynced = sqlite3_exec(nvm->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK;
    return !nvm->unsynced;
}

/*
 * A transaction is stored. If it began a log that does not say where it belongs, which happens only when
 * somebody else has folded the one before (PRAGMA wal_checkpoint), that is made good at once.
 */
static void note_log(struct nvm *nvm)
{
    uint8_t salts[NVM_SALTS_SIZE];

    nvm_log_salts(nvm->db, salts);
    nvm->recorded = nvm->recording || memcmp(salts, nvm->log_salts, sizeof(salts)) == 0;
    nvm->recording = false;
    memcpy(nvm->log_salts, salts, sizeof(salts));
    if (nvm->recorded)
        return;
    (void)begin_recorded(nvm);
    (void)nvm_commit(nvm);
}

/* A look at the directory takes longer than many a read: those do with one of a moment ago. */
static bool is_still_there(struct nvm *nvm, struct softeuicc_error *why)
{
    struct timespec now;
    int64_t ms;

    if (nvm->file.path == NULL)
        return true;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (!nvm->in_transaction && nvm->looked != 0 && ms - nvm->looked < LOOK_MS)
        return true;
    nvm->looked = nvm_is_there(nvm, why) ? ms : 0;
    return nvm->looked != 0;
}

/* What would be stored in a file that is no longer the card's is not stored. */
static bool commit_there(struct nvm *nvm)
{
    struct softeuicc_error why;

    if (nvm->failed)
        return false;
    if (!is_still_there(nvm, &why)) {
        snprintf(nvm->message, sizeof(nvm->message), "%s", why.message);
        return false;
    }
    if (!nvm->in_transaction)
        return true;
    if (!nvm_execute(nvm, "COMMIT"))
        return false;
    nvm->in_transaction = false;
    if (nvm->logged)
        note_log(nvm);
    return true;
}

bool nvm_commit(struct nvm *nvm)
{
    if (commit_there(nvm))
        return end_unsynced(nvm);
    nvm_rollback(nvm);
    return false;
}

bool nvm_commit_so_far(struct nvm *nvm)
{
    bool done = nvm_commit(nvm);

    nvm->failed = !done;
    return done;
}

void nvm_rollback(struct nvm *nvm)
{
    if (nvm->in_transaction || nvm->failed)
        reset_statements(nvm);
    /* SQLite may have rolled back by itself (a full disk): then there is nothing left to do. */
    if (nvm->in_transaction && !sqlite3_get_autocommit(nvm->db))
        (void)sqlite3_exec(nvm->db, "ROLLBACK", NULL, NULL, NULL);
    nvm->undone += nvm->in_transaction;
    nvm->in_transaction = false;
    nvm->recording = false;
    nvm->failed = false;
    (void)end_unsynced(nvm);
}

/* The innermost of several with one name is meant. */
bool nvm_part_begin(struct nvm *nvm)
{
    return nvm_begin(nvm) && nvm_execute(nvm, "SAVEPOINT part");
}

bool nvm_part_keep(struct nvm *nvm)
{
    return !nvm->failed && nvm_execute(nvm, "RELEASE part");
}

bool nvm_part_undo(struct nvm *nvm)
{
    nvm->undone++;
    return !nvm->failed && nvm_execute(nvm, "ROLLBACK TO part") && nvm_execute(nvm, "RELEASE part");
}

void nvm_idle(struct nvm *nvm)
{
    reset_statements(nvm);
    if (!nvm->in_transaction && nvm->log_pages > NVM_LOG_FOLD)
        fold_log(nvm);
}
