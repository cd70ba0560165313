/*
 * Statements of a database that are kept prepared, for who asks again with the same text: SQLite takes longer
 * to understand most than to carry them out.
 */
#ifndef SOFTEUICC_COMMON_DATABASE_DATABASE_STATEMENTS_H
#define SOFTEUICC_COMMON_DATABASE_DATABASE_STATEMENTS_H

#include <sqlite3.h>
#include <stdbool.h>

#define DATABASE_STATEMENTS 128

/* By their text; one that finds its few places full replaces another. All zeros: none yet. */
struct database_statements {
    struct database_statement {
        sqlite3_stmt *stmt; /* NULL: free */
        bool is_taken;
    } places[DATABASE_STATEMENTS];
};

/* One with nothing bound, for the caller alone until it is given back; another one when that of this text is
 * taken. NULL: it is none, as sqlite3_errmsg says. */
sqlite3_stmt *database_statement_take(struct database_statements *statements, sqlite3 *handle,
                                      const char *sql);
/* Ends it; an error of its last step stays that of the handle. NULL is nothing to give back. */
void database_statement_give_back(struct database_statements *statements, sqlite3_stmt *stmt);
/* Before the handle is closed. */
void database_statements_free(struct database_statements *statements);

#endif
