/*
 * Opening and closing non-volatile memory. See nvm.h.
 *
 * The file is in WAL mode with synchronous=FULL: a commit is one append to the log and one sync of it; a read
 * touches no disk. SQLite's own checkpoints are off, because they would add three syncs to whichever command
 * meets them: nvm_idle does that between commands. The first commit after opening also makes the log's
 * directory entry and header durable (two more syncs).
 */
#include "euicc/os/nvm_inside.h"

#include "euicc/os/error.h"
#include "euicc/os/nvm_power.h"
#include "euicc/os/nvm_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another program that looks at the tables (a person with sqlite3) may hold a lock for a moment. */
#define BUSY_TIMEOUT_MS 2000
/* A card's hot pages are few: schema, one leaf of each table. In KiB. */
#define CACHE_KIB 256

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
    if (status == SOFTEUICC_OK && nvm->in_transaction &&
        (!nvm_record_log(nvm) || (!create && !nvm_commit(nvm))))
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
    if (status == SOFTEUICC_OK && nvm_is_there(nvm, error)) {
        nvm_file_sign(&nvm->file);
        return nvm;
    }
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

static void close_database(struct nvm *nvm)
{
    for (size_t i = 0; i < NVM_STATEMENTS; i++)
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
