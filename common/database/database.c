/* One SQLite file: checks, statements, rows, transactions. See database.h. */
#include "common/database/database.h"

#include "common/database/database_log.h"
#include "common/database/database_statements.h"
#include "common/input.h"
#include "common/log.h"
#include "common/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Another program that looks at the tables (a person with sqlite3) may hold a lock for a moment. */
#define BUSY_TIMEOUT_MS 1000
/* Characters of each part of an error line; together they leave room for the reason. */
#define SHOWN_PATH 240
#define SHOWN_SQL  60

struct db {
    sqlite3 *handle;
    char *path;     /* as it is shown */
    unsigned depth; /* of db_begin */
    bool failed;    /* something inside the transaction has failed */
    int64_t number; /* of its log */
    uint64_t failures;
    char error[DB_WHY_MAX];
    const char *reason; /* the end of `error` */
    struct database_statements statements;
};

/* --- Errors --------------------------------------------------------------------------------------------- */

/* Keeps "FILE: what: reason" as the last error. */
static void keep_error(struct db *db, const char *what, const char *reason)
{
    bool cut = strlen(what) > SHOWN_SQL;
    int start = snprintf(db->error, sizeof(db->error), "%.*s: %.*s%s%s", SHOWN_PATH, db->path, SHOWN_SQL,
                         what, cut ? "..." : "", what[0] != '\0' ? ": " : "");

    db->reason = db->error + start;
    snprintf(db->error + start, sizeof(db->error) - (size_t)start, "%s", reason);
}

/* The same with SQLite's reason, and the system's where SQLite's says little. */
static void keep_sqlite_error(struct db *db, const char *what)
{
    int code = db->handle != NULL ? sqlite3_errcode(db->handle) & 0xFF : SQLITE_NOMEM;
    int system = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;
    bool says_little = code == SQLITE_CANTOPEN || code == SQLITE_IOERR;
    char reason[160];

    snprintf(reason, sizeof(reason), "%s%s%s",
             db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code),
             says_little && system != 0 ? ": " : "", says_little && system != 0 ? strerror(system) : "");
    keep_error(db, what, reason);
}

/* What fails after a failure in the same transaction, fails because of it. */
static bool is_lost(const struct db *db)
{
    return db->depth > 0 && db->failed;
}

static void database_report(struct db *db)
{
    log_line(LOG_LEVEL_ERROR, "%s", db->error);
    db->failed = true;
    db->failures++;
}

static void statement_failed(struct db *db, const char *sql)
{
    if (is_lost(db))
        return;
    keep_sqlite_error(db, sql);
    database_report(db);
}

uint64_t db_failures(const struct db *db)
{
    return db->failures;
}

const char *db_reason(const struct db *db)
{
    return db->reason != NULL ? db->reason : "";
}

/* --- Opening -------------------------------------------------------------------------------------------- */

static bool run_plain(struct db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The number that a statement gives; false on an error. */
static bool database_ask(struct db *db, const char *sql, const char *value, int *number)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) == SQLITE_OK &&
              (value == NULL || sqlite3_bind_text(stmt, 1, value, -1, SQLITE_STATIC) == SQLITE_OK) &&
              sqlite3_step(stmt) == SQLITE_ROW;

    if (ok)
        *number = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return ok;
}

/* Makes the file with its mode, which SQLite's own files beside it inherit; one that is there stays. */
static bool make_file(struct db *db, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST) {
        keep_error(db, "cannot make it", strerror(errno));
        return false;
    }
    if (fd >= 0)
        close(fd);
    return true;
}

/* SQLite would wait for a FIFO. */
static bool prepare_file(struct db *db, const char *path)
{
    const char *kind = input_other_kind(path);
    char reason[120];

    if (kind != NULL) {
        snprintf(reason, sizeof(reason), "it is %s, not a file", kind);
        keep_error(db, "cannot open it", reason);
        return false;
    }
    if (!database_log_may_open(path, reason, sizeof(reason))) {
        keep_error(db, "cannot open it", reason);
        return false;
    }
    return make_file(db, path);
}

/* Before anything else is believed of what is read. */
static bool check_log(struct db *db)
{
    switch (database_log_check(db->handle, &db->number)) {
    case DATABASE_LOG_OWN:
        return true;
    case DATABASE_LOG_FOREIGN:
        keep_error(db, "cannot open it",
                   "the log beside it (its name with -wal) is of another database, or of "
                   "another day's copy of this one");
        return false;
    default:
        if (sqlite3_errcode(db->handle) != SQLITE_OK && sqlite3_errcode(db->handle) != SQLITE_DONE)
            keep_sqlite_error(db, (sqlite3_errcode(db->handle) & 0xFF) == SQLITE_NOTADB ? "not an SQLite file"
                                                                                        : "cannot open it");
        else
            keep_error(db, "cannot open it", "it cannot be read");
        return false;
    }
}

/* Says whether the file is empty or one of ours before anything in it is changed. */
static bool database_inspect(struct db *db, const struct db_schema *schema, bool *empty, int *version)
{
    int tables = 0, known = 0;
    char reason[120];

    if (!database_ask(db, "PRAGMA user_version", NULL, version) ||
        !database_ask(db, "SELECT count(*) FROM sqlite_master", NULL, &tables) ||
        !database_ask(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
                      schema->known, &known)) {
        keep_sqlite_error(db, (sqlite3_errcode(db->handle) & 0xFF) == SQLITE_NOTADB ? "not an SQLite file"
                                                                                    : "cannot open it");
        return false;
    }
    *empty = *version == 0 && tables == 0;
    if (*empty || (known == 1 && *version == schema->version))
        return true;
    if (known == 1 && schema->upgrades != NULL && *version >= 1 && *version < schema->version)
        return true;
    if (known == 1)
        snprintf(reason, sizeof(reason),
                 "made by another version of softeuicc (tables %d, this one knows %d)", *version,
                 schema->version);
    else
        snprintf(reason, sizeof(reason), "an SQLite file, but not %s", schema->name);
    keep_error(db, "", reason);
    return false;
}

static bool make_tables(struct db *db, const struct db_schema *schema)
{
    char end[64];

    snprintf(end, sizeof(end), "PRAGMA user_version = %d; COMMIT", schema->version);
    if (run_plain(db, "BEGIN IMMEDIATE") && run_plain(db, schema->tables) && run_plain(db, end))
        return true;
    keep_sqlite_error(db, "cannot write its tables");
    return false;
}

static bool upgrade_tables(struct db *db, const struct db_schema *schema, int version)
{
    char end[64];
    bool ok = run_plain(db, "BEGIN IMMEDIATE");

    for (; ok && version < schema->version; version++)
        ok = run_plain(db, schema->upgrades[version - 1]);
    snprintf(end, sizeof(end), "PRAGMA user_version = %d; COMMIT", schema->version);
    if (ok && run_plain(db, end))
        return true;
    keep_sqlite_error(db, "cannot bring its tables to this version");
    return false;
}

static bool begin_log(struct db *db)
{
    if (database_log_begin(db->handle, &db->number))
        return true;
    if (sqlite3_errcode(db->handle) != SQLITE_OK)
        keep_sqlite_error(db, "BEGIN");
    else
        keep_error(db, "BEGIN", "it cannot be read");
    return false;
}

/* Makes what is not there yet, and has changes written to a log from now on. Tables and number of a new file
 * (and the number of one that was made before there were numbers) do not depend on a log. */
static bool database_begin(struct db *db, const struct db_schema *schema, bool empty, int version)
{
    const bool fresh = db->number == 0;

    if ((!fresh || run_plain(db, "PRAGMA journal_mode = DELETE")) &&
        run_plain(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")) {
        if (empty && !make_tables(db, schema))
            return false;
        if ((!fresh || database_log_give_number(db->handle, &db->number)) &&
            run_plain(db, "PRAGMA journal_mode = WAL"))
            return empty || version == schema->version ||
                   (begin_log(db) && upgrade_tables(db, schema, version));
    }
    keep_sqlite_error(db, "cannot open it");
    return false;
}

/* Whether closing it folds its log into it, and removes that: of what was refused, nothing is changed. */
static void fold_at_end(struct db *db, bool fold)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)!fold, NULL);
}

static bool open_checked(struct db *db, const char *path, const struct db_schema *schema)
{
    bool empty = false;
    int version = 0;

    if (path != NULL && !prepare_file(db, path))
        return false;
    if (sqlite3_open_v2(path != NULL ? path : ":memory:", &db->handle, SQLITE_OPEN_READWRITE, NULL) !=
        SQLITE_OK) {
        keep_sqlite_error(db, "cannot open it");
        return false;
    }
    /* SQLite opens what it may not write for reading only. */
    if (sqlite3_db_readonly(db->handle, "main") == 1) {
        keep_error(db, "cannot open it", "it may not be written");
        return false;
    }
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    fold_at_end(db, false);
    if (!check_log(db) || !database_inspect(db, schema, &empty, &version) ||
        !database_begin(db, schema, empty, version))
        return false;
    fold_at_end(db, true);
    if (path != NULL)
        tool_check_secret(path);
    return true;
}

struct db *db_open(const char *path, const struct db_schema *schema, char why[DB_WHY_MAX])
{
    struct db *db = calloc(1, sizeof(*db));

    if (db != NULL)
        db->path = strdup(path != NULL ? path : "state in memory");
    if (db == NULL || db->path == NULL)
        snprintf(why, DB_WHY_MAX, "out of memory");
    else if (!open_checked(db, path, schema))
        snprintf(why, DB_WHY_MAX, "%s", db->error);
    else
        return db;
    db_close(db);
    return NULL;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    database_statements_free(&db->statements);
    sqlite3_close(db->handle);
    free(db->path);
    free(db);
}

/* --- Transactions --------------------------------------------------------------------------------------- */

static bool run_kept(struct db *db, const char *sql)
{
    sqlite3_stmt *stmt = database_statement_take(&db->statements, db->handle, sql);
    bool done = stmt != NULL && sqlite3_step(stmt) == SQLITE_DONE;

    database_statement_give_back(&db->statements, stmt);
    return done;
}

void db_begin(struct db *db)
{
    if (db->depth++ > 0)
        return;
    db->failed = false;
    if (!begin_log(db))
        database_report(db);
    else if (!run_kept(db, "BEGIN IMMEDIATE"))
        statement_failed(db, "BEGIN");
}

bool db_commit(struct db *db)
{
    if (--db->depth > 0)
        return !db->failed;
    if (!db->failed && run_kept(db, "COMMIT"))
        return true;
    if (!db->failed)
        statement_failed(db, "COMMIT");
    run_plain(db, "ROLLBACK");
    return false;
}

bool db_failed(const struct db *db)
{
    return is_lost(db);
}

void db_fail(struct db *db, const char *reason)
{
    if (is_lost(db))
        return;
    keep_error(db, "", reason);
    database_report(db);
}

/* --- Statements ----------------------------------------------------------------------------------------- */

static bool bind_one(sqlite3_stmt *stmt, int index, const struct db_value *value)
{
    const char *text = value->text;

    switch (value->kind) {
    case DB_KIND_INT:
        return sqlite3_bind_int64(stmt, index, value->number) == SQLITE_OK;
    case DB_KIND_BLOB:
        return sqlite3_bind_blob64(stmt, index, value->octets.data, value->octets.size, SQLITE_TRANSIENT) ==
               SQLITE_OK;
    default:
        if (value->kind == DB_KIND_SOME_TEXT && text != NULL && text[0] == '\0')
            text = NULL;
        return sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT) == SQLITE_OK;
    }
}

/* False after a line. */
static bool database_bind(struct db *db, sqlite3_stmt *stmt, const char *sql, struct db_values values)
{
    if ((size_t)sqlite3_bind_parameter_count(stmt) != values.count) {
        keep_error(db, sql, "a value too many or too few");
        database_report(db);
        return false;
    }
    for (size_t i = 0; i < values.count; i++)
        if (!bind_one(stmt, (int)i + 1, &values.value[i])) {
            statement_failed(db, sql);
            return false;
        }
    if (db->depth == 0 && !sqlite3_stmt_readonly(stmt) && !begin_log(db)) {
        database_report(db);
        return false;
    }
    return true;
}

/* NULL, after its line, when it fails; without one in a transaction that has failed. */
static sqlite3_stmt *database_prepare(struct db *db, const char *sql, struct db_values values)
{
    sqlite3_stmt *stmt;

    if (is_lost(db))
        return NULL;
    stmt = database_statement_take(&db->statements, db->handle, sql);
    if (stmt == NULL) {
        statement_failed(db, sql);
        return NULL;
    }
    if (database_bind(db, stmt, sql, values))
        return stmt;
    database_statement_give_back(&db->statements, stmt);
    return NULL;
}

struct db_rows db_query(struct db *db, const char *sql, struct db_values values)
{
    struct db_rows rows = {.db = db, .stmt = database_prepare(db, sql, values)};

    rows.failed = rows.stmt == NULL;
    return rows;
}

bool db_run(struct db *db, const char *sql, struct db_values values)
{
    struct db_rows rows = db_query(db, sql, values);

    while (db_next(&rows))
        ;
    return !rows.failed;
}

int64_t db_number(struct db *db, int64_t otherwise, const char *sql, struct db_values values)
{
    struct db_rows rows = db_query(db, sql, values);
    int64_t number = otherwise;

    if (db_next(&rows))
        number = db_int(&rows, 0);
    db_end(&rows);
    return number;
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

/* --- Rows ----------------------------------------------------------------------------------------------- */

bool db_next(struct db_rows *rows)
{
    int status;

    if (rows->stmt == NULL)
        return false;
    status = sqlite3_step(rows->stmt);
    if (status == SQLITE_ROW)
        return true;
    if (status != SQLITE_DONE) {
        rows->failed = true;
        statement_failed(rows->db, sqlite3_sql(rows->stmt));
    }
    db_end(rows);
    return false;
}

void db_end(struct db_rows *rows)
{
    if (rows->stmt != NULL)
        database_statement_give_back(&rows->db->statements, rows->stmt);
    rows->stmt = NULL;
}

bool db_is_null(const struct db_rows *rows, int column)
{
    return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL;
}

int64_t db_int(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->stmt, column);
}

const char *db_string(const struct db_rows *rows, int column)
{
    return (const char *)sqlite3_column_text(rows->stmt, column);
}

struct span db_blob(const struct db_rows *rows, int column)
{
    const void *octets = sqlite3_column_blob(rows->stmt, column);

    return octets != NULL ? SPAN(octets, (size_t)sqlite3_column_bytes(rows->stmt, column)) : SPAN_NONE;
}

void db_text(const struct db_rows *rows, int column, char *out, size_t size)
{
    const char *text = db_string(rows, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

bool db_octets(const struct db_rows *rows, int column, uint8_t *out, size_t size)
{
    struct span octets = db_blob(rows, column);

    if (octets.data == NULL || octets.size != size)
        return false;
    memcpy(out, octets.data, size);
    return true;
}
