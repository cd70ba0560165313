/* Statements by format, nested transactions. See database.h. */
#include "common/database.h"

#include <stdarg.h>
#include <stdio.h>

static int user_version(sqlite3 *handle)
{
    sqlite3_stmt *stmt;
    int version = -1;

    if (sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static bool run_plain(sqlite3 *handle, const char *sql)
{
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool prepare_schema(struct db *db, const char *schema, int version, const char **why)
{
    char sql[64];
    int found = user_version(db->handle);

    if (found == version)
        return true;
    if (found != 0) {
        *why = found < 0 ? "not an SQLite file" : "made by another version of softeuicc";
        return false;
    }
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; COMMIT", version);
    if (run_plain(db->handle, "BEGIN IMMEDIATE") && run_plain(db->handle, schema) &&
        run_plain(db->handle, sql))
        return true;
    *why = "cannot write its tables";
    return false;
}

bool db_open(struct db *db, const char *path, const char *schema, int version, const char **why)
{
    *db = (struct db){0};
    *why = "cannot open or create it";
    if (sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(db->handle, 1000);
        if (user_version(db->handle) < 0)
            *why = "not an SQLite file";
        else if (run_plain(db->handle, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                       "PRAGMA foreign_keys = ON") &&
                 prepare_schema(db, schema, version, why))
            return true;
    }
    db_close(db);
    return false;
}

void db_close(struct db *db)
{
    sqlite3_close(db->handle);
    db->handle = NULL;
}

void db_begin(struct db *db)
{
    if (db->depth++ > 0)
        return;
    db->failed = !run_plain(db->handle, "BEGIN IMMEDIATE");
}

bool db_commit(struct db *db)
{
    if (--db->depth > 0)
        return !db->failed;
    if (!db->failed && run_plain(db->handle, "COMMIT"))
        return true;
    run_plain(db->handle, "ROLLBACK");
    return false;
}

/* --- Statements ----------------------------------------------------------------------------------------- */

static bool bind_one(sqlite3_stmt *stmt, int index, char kind, va_list *arguments)
{
    const char *text;
    struct span octets;

    switch (kind) {
    case 'i':
        return sqlite3_bind_int64(stmt, index, va_arg(*arguments, int64_t)) == SQLITE_OK;
    case 's':
        text = va_arg(*arguments, const char *);
        if (text == NULL || text[0] == '\0')
            return sqlite3_bind_null(stmt, index) == SQLITE_OK;
        return sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT) == SQLITE_OK;
    case 'b':
        octets = va_arg(*arguments, struct span);
        if (octets.data == NULL)
            return sqlite3_bind_null(stmt, index) == SQLITE_OK;
        return sqlite3_bind_blob64(stmt, index, octets.data, octets.size, SQLITE_TRANSIENT) == SQLITE_OK;
    default:
        return false;
    }
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, const char *format, va_list *arguments)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) == SQLITE_OK;

    for (int i = 0; ok && format[i] != '\0'; i++)
        ok = bind_one(stmt, i + 1, format[i], arguments);
    if (ok)
        return stmt;
    sqlite3_finalize(stmt);
    db->failed = true;
    return NULL;
}

bool db_run(struct db *db, const char *sql, const char *format, ...)
{
    sqlite3_stmt *stmt;
    va_list arguments;
    bool ok;

    va_start(arguments, format);
    stmt = prepare(db, sql, format, &arguments);
    va_end(arguments);
    ok = stmt != NULL && sqlite3_step(stmt) == SQLITE_DONE;
    sqlite3_finalize(stmt);
    if (!ok)
        db->failed = true;
    return ok;
}

int64_t db_number(struct db *db, int64_t otherwise, const char *sql, const char *format, ...)
{
    sqlite3_stmt *stmt;
    va_list arguments;
    int64_t number = otherwise;

    va_start(arguments, format);
    stmt = prepare(db, sql, format, &arguments);
    va_end(arguments);
    if (db_row(db, &stmt))
        number = db_int(stmt, 0);
    db_end(&stmt);
    return number;
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const char *format, ...)
{
    sqlite3_stmt *stmt;
    va_list arguments;

    va_start(arguments, format);
    stmt = prepare(db, sql, format, &arguments);
    va_end(arguments);
    return stmt;
}

bool db_row(struct db *db, sqlite3_stmt **stmt)
{
    int status;

    if (*stmt == NULL)
        return false;
    status = sqlite3_step(*stmt);
    if (status == SQLITE_ROW)
        return true;
    if (status != SQLITE_DONE)
        db->failed = true;
    db_end(stmt);
    return false;
}

void db_end(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
    *stmt = NULL;
}

int64_t db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_int(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

const char *db_string(sqlite3_stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt, column);
}

void db_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const char *text = db_string(stmt, column);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

struct span db_blob(sqlite3_stmt *stmt, int column)
{
    const void *octets = sqlite3_column_blob(stmt, column);

    return octets != NULL ? SPAN(octets, (size_t)sqlite3_column_bytes(stmt, column)) : SPAN_NONE;
}
