/*
 * One SQLite file with statements that bind and read by a format, so that a table's code is its SQL and its
 * columns. A format is a letter per value: i (int64_t), s (text; NULL or "" is NULL), b (struct span;
 * SPAN_NONE is NULL).
 */
#ifndef SOFTEUICC_COMMON_DATABASE_H
#define SOFTEUICC_COMMON_DATABASE_H

#include "apdu/bytes.h"

#include <sqlite3.h>

struct db {
    sqlite3 *handle;
    unsigned depth; /* of db_begin */
    bool failed;    /* a statement inside the transaction failed */
};

/* `path` may be ":memory:". Makes the tables of `schema` in a new file; another `version` is refused. Every
 * commit is on the disk when it returns. False with a line in *why. */
bool db_open(struct db *db, const char *path, const char *schema, int version, const char **why);
void db_close(struct db *db);

/* Transactions nest; the outermost one counts. db_commit is false when anything since db_begin failed: then
 * nothing of it happened. */
void db_begin(struct db *db);
bool db_commit(struct db *db);

/* Runs a statement without rows. */
bool db_run(struct db *db, const char *sql, const char *format, ...);
/* The number in the first column of the first row; `otherwise` without a row. */
int64_t db_number(struct db *db, int64_t otherwise, const char *sql, const char *format, ...);
/* A statement to step with db_row; NULL on an error, which db_row takes. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const char *format, ...);
/* True with the next row; false at the end, when the statement is gone and *stmt is NULL. */
bool db_row(struct db *db, sqlite3_stmt **stmt);
/* Ends a statement before its end. */
void db_end(sqlite3_stmt **stmt);
int64_t db_last_id(struct db *db);

int64_t db_int(sqlite3_stmt *stmt, int column);
/* Copies what fits. */
void db_text(sqlite3_stmt *stmt, int column, char *out, size_t size);
/* In place, valid until the next step; SPAN_NONE for NULL. */
struct span db_blob(sqlite3_stmt *stmt, int column);
/* The same for text; NULL for NULL. */
const char *db_string(sqlite3_stmt *stmt, int column);

#endif
