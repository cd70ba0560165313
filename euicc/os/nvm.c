/*
 * Non-volatile memory on SQLite. See nvm.h.
 *
 * The file is in WAL mode with synchronous=FULL: a commit is one append to the log and one sync of it; a read
 * touches no disk. SQLite's own checkpoints are off, because they would add three syncs to whichever command
 * meets them: nvm_idle does that between commands. The first commit after opening also makes the log's
 * directory entry and header durable (two more syncs).
 */
#include "euicc/os/nvm.h"

#include "euicc/os/error.h"
#include "euicc/os/nvm_file.h"
#include "euicc/os/nvm_log.h"
#include "euicc/os/nvm_power.h"
#include "euicc/os/nvm_schema.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Statements are kept in a hash table; one that finds its few places taken replaces another. */
#define STATEMENTS      128
#define STATEMENT_REACH 8
/* Another program that looks at the tables (a person with sqlite3) may hold a lock for a moment. */
#define BUSY_TIMEOUT_MS 2000
/* A card's hot pages are few: schema, one leaf of each table. In KiB. */
#define CACHE_KIB 256

struct statement {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct nvm {
    sqlite3 *db;
    sqlite3_vfs *vfs;
    struct nvm_file file;    /* of this machine, if it is one */
    struct nvm_power *power; /* NULL: it is not cut */
    char *path;              /* NULL: in memory */
    struct statement statements[STATEMENTS];
    int log_pages; /* in the write-ahead log after the last commit */
    /* See nvm_log.h. */
    bool logged;    /* there is a log, and a table that says where it belongs */
    bool recorded;  /* it says so; what tells it from the next one: */
    bool recording; /* the transaction at hand does */
    uint8_t log_salts[NVM_SALTS_SIZE];
    bool in_transaction;
    bool unsynced; /* see nvm_begin_unsynced */
    bool failed;
    char message[sizeof((struct softeuicc_error){0}.message)];
};

static void note(struct nvm *nvm, const char *what)
{
    if (!nvm->failed)
        snprintf(nvm->message, sizeof(nvm->message), "%s: %s", what, sqlite3_errmsg(nvm->db));
    nvm->failed = true;
}

/* Has the transaction at hand say which file the log belongs to. */
static bool record_log(struct nvm *nvm)
{
    const struct nvm_identity identity = nvm_file_identity(&nvm->file);

    nvm->recording = !nvm->logged || nvm_log_record(nvm->db, &identity);
    if (!nvm->recording)
        note(nvm, "log");
    return nvm->recording;
}

/* --- opening ------------------------------------------------------------------------------------- */

static int count_log(void *context, sqlite3 *db, const char *schema, int pages)
{
    struct nvm *nvm = context;

    (void)db;
    (void)schema;
    nvm->log_pages = pages;
    return SQLITE_OK;
}

static int pragma_int(struct nvm *nvm, const char *sql, int64_t *value)
{
    sqlite3_stmt *stmt = NULL;
    int status = sqlite3_prepare_v2(nvm->db, sql, -1, &stmt, NULL);

    if (status == SQLITE_OK && (status = sqlite3_step(stmt)) == SQLITE_ROW) {
        *value = sqlite3_column_int64(stmt, 0);
        status = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return status;
}

static enum softeuicc_status sqlite_error(struct nvm *nvm, const char *path, struct softeuicc_error *error)
{
    int code = nvm->db != NULL ? sqlite3_errcode(nvm->db) & 0xFF : SQLITE_NOMEM;

    if (code == SQLITE_NOMEM)
        return error_set(error, SOFTEUICC_MEMORY, "out of memory");
    if (code == SQLITE_NOTADB)
        return error_set(error, SOFTEUICC_STORAGE, "%s is not a card file", path);
    return error_set(error, SOFTEUICC_STORAGE, "cannot use %s: %s", path, sqlite3_errmsg(nvm->db));
}

/* Takes the file from `version` to the newest schema, inside the transaction that is open. */
static bool migrate(struct nvm *nvm, int version)
{
    char sql[96];

    for (; version < nvm_schema_version; version++)
        if (sqlite3_exec(nvm->db, nvm_migrations[version], NULL, NULL, NULL) != SQLITE_OK)
            return false;
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d", NVM_APPLICATION_ID,
             nvm_schema_version);
    return sqlite3_exec(nvm->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Says whether the file is a card of ours before anything in it is changed; *version is its schema's. */
static enum softeuicc_status nvm_inspect(struct nvm *nvm, const char *path, int *version,
                                         struct softeuicc_error *error)
{
    int64_t application = 0;
    int64_t found = 0;

    if (pragma_int(nvm, "PRAGMA application_id", &application) != SQLITE_OK ||
        pragma_int(nvm, "PRAGMA user_version", &found) != SQLITE_OK)
        return sqlite_error(nvm, path, error);
    if (application != NVM_APPLICATION_ID || found < 1)
        return error_set(error, SOFTEUICC_STORAGE, "%s is not a card file", path);
    if (found > nvm_schema_version)
        return error_set(error, SOFTEUICC_VERSION,
                         "%s was made by a newer softeuicc (schema %lld, this one knows %d)", path,
                         (long long)found, nvm_schema_version);
    *version = (int)found;
    return SOFTEUICC_OK;
}

/* What holds for the connection, not for the file. Of a file that is there already the log stays as it is
 * until it is known to belong to it: closing folds nothing. */
static bool configure(struct nvm *nvm, bool create)
{
    sqlite3_extended_result_codes(nvm->db, 1);
    sqlite3_busy_timeout(nvm->db, BUSY_TIMEOUT_MS);
    return sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 128, 64) == SQLITE_OK &&
           sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) == SQLITE_OK &&
           sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, create ? 0 : 1, NULL) == SQLITE_OK;
}

/* The same, but SQLite reads the schema for it, which must make sense. */
static bool settle(struct nvm *nvm)
{
    static const char settings[] = "PRAGMA temp_store = MEMORY;"
                                   "PRAGMA secure_delete = ON;" /* keys of deleted profiles are overwritten */
                                   "PRAGMA mmap_size = 0";
    char cache[40];

    snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%d", CACHE_KIB);
    return sqlite3_exec(nvm->db, settings, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(nvm->db, cache, NULL, NULL, NULL) == SQLITE_OK;
}

/*
 * Journal and durability. A database in memory keeps its rollback journal in memory and stays as it is. EXTRA
 * for the change of the journal itself: a rollback journal whose deletion did not last would undo it, and
 * with it every commit in the log. A new file says what it is before it has a log.
 */
static bool make_durable(struct nvm *nvm, bool create)
{
    static const char settings[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 0";
    char identify[48];
    int64_t version;

    snprintf(identify, sizeof(identify), "PRAGMA application_id = %d", NVM_APPLICATION_ID);
    if (sqlite3_exec(nvm->db, "PRAGMA synchronous = EXTRA", NULL, NULL, NULL) != SQLITE_OK ||
        (create && sqlite3_exec(nvm->db, identify, NULL, NULL, NULL) != SQLITE_OK) ||
        sqlite3_exec(nvm->db, settings, NULL, NULL, NULL) != SQLITE_OK ||
        pragma_int(nvm, "PRAGMA user_version", &version) != SQLITE_OK) /* now the log is open */
        return false;
    sqlite3_wal_hook(nvm->db, count_log, nvm);
    return true;
}

/* Says whether the log belongs to the file, before anything is changed. */
static enum softeuicc_status inspect_log(struct nvm *nvm, const char *path, struct softeuicc_error *error)
{
    const struct nvm_identity identity = nvm_file_identity(&nvm->file);

    switch (nvm_log_check(nvm->db, &identity)) {
    case NVM_LOG_FOREIGN:
        return error_set(
            error, SOFTEUICC_STORAGE,
            "%s-wal is not the log of %s: put back the file that it belongs to, or delete %s-wal "
            "to use %s as it is",
            path, path, path, path);
    case NVM_LOG_LATER:
        return error_set(
            error, SOFTEUICC_STORAGE,
            "%s is a copy from before %s-wal was written: delete the log to use the card as it was "
            "then, or put a copy of the log in its place to have what is in it too",
            path, path);
    case NVM_LOG_UNREADABLE:
        return error_set(error, SOFTEUICC_STORAGE, "cannot read %s and its log", path);
    case NVM_LOG_OWN:
        nvm->recorded = true;
        nvm_log_salts(nvm->db, nvm->log_salts);
        break;
    case NVM_LOG_OLD:
    case NVM_LOG_EMPTY:
        break;
    }
    return SOFTEUICC_OK;
}

/* What an open database is, and whether its log is its own. A mixture of two cards may look like anything: so
 * what it looks like counts only when the log belongs to it, or is of a version that nobody knows yet. */
static enum softeuicc_status inspect(struct nvm *nvm, const char *path, int *version,
                                     struct softeuicc_error *error)
{
    struct softeuicc_error seen = {SOFTEUICC_OK, ""};
    enum softeuicc_status status;

    if (nvm_inspect(nvm, path, version, &seen) == SOFTEUICC_VERSION)
        return error_set(error, seen.status, "%s", seen.message);
    status = nvm_file_take_log(&nvm->file, error);
    if (status == SOFTEUICC_OK)
        status = inspect_log(nvm, path, error);
    if (status == SOFTEUICC_OK && seen.status != SOFTEUICC_OK)
        return error_set(error, seen.status, "%s", seen.message);
    if (status == SOFTEUICC_OK &&
        sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL) != SQLITE_OK)
        return sqlite_error(nvm, path, error);
    return status;
}

static enum softeuicc_status open_database(struct nvm *nvm, const char *path, const char *vfs, bool create,
                                           struct softeuicc_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int version = 0;
    enum softeuicc_status status = SOFTEUICC_OK;

    if (sqlite3_open_v2(nvm->path != NULL ? nvm->path : path, &nvm->db, flags, vfs) != SQLITE_OK ||
        !configure(nvm, create))
        return sqlite_error(nvm, path, error);
    if (!create)
        status = inspect(nvm, path, &version, error);
    if (status == SOFTEUICC_OK && (!settle(nvm) || !make_durable(nvm, create)))
        return sqlite_error(nvm, path, error);
    if (status == SOFTEUICC_OK)
        status = nvm_file_take_log(&nvm->file, error);
    if (status == SOFTEUICC_OK && version != nvm_schema_version &&
        (!nvm_begin(nvm) || !migrate(nvm, version)))
        return sqlite_error(nvm, path, error);
    nvm->logged = nvm->path != NULL;
    if (status == SOFTEUICC_OK && nvm->in_transaction && (!record_log(nvm) || (!create && !nvm_commit(nvm))))
        return sqlite_error(nvm, path, error);
    return status;
}

/* The same for a file in somebody else's VFS, which may know no more than its name. */
static enum softeuicc_status take_foreign_file(struct nvm *nvm, const char *path, bool create,
                                               struct softeuicc_error *error)
{
    int there = 0;

    if (create && nvm->vfs->xAccess(nvm->vfs, path, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there)
        return error_set(error, SOFTEUICC_EXISTS, "%s exists already", path);
    return SOFTEUICC_OK;
}

static enum softeuicc_status nvm_take(struct nvm *nvm, const char *path, const char *vfs, bool create,
                                      struct softeuicc_error *error)
{
    enum softeuicc_status status;

    nvm->vfs = sqlite3_vfs_find(vfs);
    if (nvm->vfs == NULL)
        return error_set(error, SOFTEUICC_INVALID, "no storage is called '%s'", vfs != NULL ? vfs : "");
    if (strcmp(path, ":memory:") == 0)
        return SOFTEUICC_OK;
    status = vfs != NULL ? take_foreign_file(nvm, path, create, error)
                         : nvm_file_take(&nvm->file, path, create, error);
    if (status != SOFTEUICC_OK)
        return status;
    nvm->path = strdup(nvm->file.path != NULL ? nvm->file.path : path);
    return nvm->path != NULL ? SOFTEUICC_OK : error_set(error, SOFTEUICC_MEMORY, "out of memory");
}

/* A database in memory has no storage under it. */
static enum softeuicc_status lay_supply(struct nvm *nvm, struct softeuicc_error *error)
{
    if (nvm->path == NULL)
        return SOFTEUICC_OK;
    nvm->power = nvm_power_new(nvm->vfs);
    return nvm->power != NULL ? SOFTEUICC_OK : error_set(error, SOFTEUICC_MEMORY, "out of memory");
}

static struct nvm *open_on(const char *path, const char *vfs, bool create, bool cuttable,
                           struct softeuicc_error *error)
{
    struct nvm *nvm = calloc(1, sizeof(*nvm));
    enum softeuicc_status status;

    if (nvm == NULL) {
        error_set(error, SOFTEUICC_MEMORY, "out of memory");
        return NULL;
    }
    nvm->file = NVM_FILE_NONE;
    status = nvm_take(nvm, path, vfs, create, error);
    if (status == SOFTEUICC_OK && cuttable)
        status = lay_supply(nvm, error);
    if (status == SOFTEUICC_OK)
        status =
            open_database(nvm, path, nvm->power != NULL ? nvm_power_vfs(nvm->power) : vfs, create, error);
    if (status == SOFTEUICC_OK && nvm_is_there(nvm, error))
        return nvm;
    if (create)
        nvm_remove(nvm);
    else
        nvm_close(nvm);
    return NULL;
}

struct nvm *nvm_open(const char *path, const char *vfs, bool create, struct softeuicc_error *error)
{
    return open_on(path, vfs, create, false, error);
}

struct nvm *nvm_open_cuttable(const char *path, const char *vfs, bool create, struct softeuicc_error *error)
{
    return open_on(path, vfs, create, true, error);
}

struct nvm_power *nvm_supply(const struct nvm *nvm)
{
    return nvm->power;
}

bool nvm_is_there(const struct nvm *nvm, struct softeuicc_error *error)
{
    if (nvm_file_place(&nvm->file) == NVM_THERE)
        return true;
    nvm_file_tell(&nvm->file, error);
    return false;
}

static void close_database(struct nvm *nvm)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(nvm->statements[i].stmt);
    sqlite3_close(nvm->db);
}

/*
 * A card that has another name now gets what its log holds, which SQLite would leave lying under the old one:
 * what was answered is in the file, wherever it is. The frames stay in the log until its name is gone, so
 * that whoever opens another file of the card's old name in between still meets a log in use.
 */
static void close_lost(struct nvm *nvm, enum nvm_place place)
{
    bool whole = place == NVM_REMOVED ||
                 sqlite3_wal_checkpoint_v2(nvm->db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL) == SQLITE_OK;

    (void)sqlite3_db_config(nvm->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    close_database(nvm);
    if (whole)
        nvm_file_remove_log(&nvm->file);
}

static void let_go(struct nvm *nvm)
{
    nvm_power_free(nvm->power);
    nvm_file_release(&nvm->file);
    free(nvm->path);
    free(nvm);
}

void nvm_close(struct nvm *nvm)
{
    enum nvm_place place;

    if (nvm == NULL)
        return;
    place = nvm_file_place(&nvm->file);
    if (nvm->db != NULL && (place == NVM_MOVED || place == NVM_REMOVED))
        close_lost(nvm, place);
    else
        close_database(nvm);
    let_go(nvm);
}

void nvm_remove(struct nvm *nvm)
{
    if (nvm == NULL)
        return;
    nvm_rollback(nvm);
    close_database(nvm);
    if (nvm->path != NULL && nvm_file_place(&nvm->file) != NVM_MOVED)
        (void)nvm->vfs->xDelete(nvm->vfs, nvm->path, 1);
    let_go(nvm);
}

/* --- statements ---------------------------------------------------------------------------------- */

/* The place for `sql`: where it is kept and idle, or else free, or else taken by an idle one,
 * or else NULL. */
static struct statement *place_for(struct nvm *nvm, const char *sql)
{
    size_t hash = ((uintptr_t)sql >> 3) * 0x9E3779B1u >> 7;
    struct statement *place = NULL;

    for (size_t i = 0; i < STATEMENT_REACH; i++) {
        struct statement *candidate = &nvm->statements[(hash + i) % STATEMENTS];
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
    struct statement *place = place_for(nvm, sql);

    if (place == NULL) {
        note(nvm, "too many statements at once");
        return NULL;
    }
    if (place->sql == sql)
        return place->stmt;
    sqlite3_finalize(place->stmt);
    *place = (struct statement){NULL, NULL};
    if (sqlite3_prepare_v3(nvm->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->stmt, NULL) != SQLITE_OK) {
        note(nvm, sql);
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
        note(nvm, sqlite3_sql(stmt));
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
            note(nvm, "bind");
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
        note(nvm, sql);
    if (stmt != NULL)
        sqlite3_reset(stmt);
    return done;
}

static bool begin_recorded(struct nvm *nvm)
{
    nvm->in_transaction = nvm_execute(nvm, "BEGIN IMMEDIATE");
    return nvm->in_transaction && (!nvm->logged || nvm->recorded || record_log(nvm));
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
    for (size_t i = 0; i < STATEMENTS; i++)
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

/* What would be stored in a file that is no longer the card's is not stored. */
static bool commit_there(struct nvm *nvm)
{
    struct softeuicc_error why;

    if (nvm->failed)
        return false;
    if (!nvm_is_there(nvm, &why)) {
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
    nvm->in_transaction = false;
    nvm->recording = false;
    nvm->failed = false;
    (void)end_unsynced(nvm);
}

void nvm_idle(struct nvm *nvm)
{
    reset_statements(nvm);
    if (!nvm->in_transaction && nvm->log_pages > NVM_LOG_FOLD)
        fold_log(nvm);
}
