/* Statements that are kept prepared. See database_statements.h. */
#include "common/database/database_statements.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define REACH 8 /* places that a text may take */

/* FNV-1a. */
static uint32_t hash_of(const char *sql)
{
    uint32_t hash = 2166136261U;

    for (; *sql != '\0'; sql++)
        hash = (hash ^ (uint8_t)*sql) * 16777619U;
    return hash;
}

/* The place where `sql` is, or else a free one, or else one that another statement makes room in; NULL: all
 * are taken. */
static struct database_statement *place_of(struct database_statements *statements, const char *sql)
{
    const uint32_t hash = hash_of(sql);
    struct database_statement *found = NULL;

    for (uint32_t i = 0; i < REACH; i++) {
        struct database_statement *place = &statements->places[(hash + i) % DATABASE_STATEMENTS];

        if (place->is_taken)
            continue;
        if (place->stmt != NULL && strcmp(sqlite3_sql(place->stmt), sql) == 0)
            return place;
        if (found == NULL || (place->stmt == NULL && found->stmt != NULL))
            found = place;
    }
    return found;
}

/* Some do what they are for while they are prepared, and nothing when they run once more. */
static bool may_be_kept(const char *sql)
{
    return sqlite3_strnicmp(sql, "PRAGMA", strlen("PRAGMA")) != 0;
}

sqlite3_stmt *database_statement_take(struct database_statements *statements, sqlite3 *handle,
                                      const char *sql)
{
    struct database_statement *place = may_be_kept(sql) ? place_of(statements, sql) : NULL;
    sqlite3_stmt *stmt = NULL;

    if (place != NULL && place->stmt != NULL && strcmp(sqlite3_sql(place->stmt), sql) == 0) {
        place->is_taken = true;
        return place->stmt;
    }
    if (sqlite3_prepare_v3(handle, sql, -1, place != NULL ? SQLITE_PREPARE_PERSISTENT : 0, &stmt, NULL) !=
        SQLITE_OK)
        return NULL;
    if (place != NULL && stmt != NULL) {
        sqlite3_finalize(place->stmt);
        *place = (struct database_statement){stmt, true};
    }
    return stmt;
}

void database_statement_give_back(struct database_statements *statements, sqlite3_stmt *stmt)
{
    if (stmt == NULL)
        return;
    for (size_t i = 0; i < DATABASE_STATEMENTS; i++)
        if (statements->places[i].stmt == stmt) {
            statements->places[i].is_taken = false;
            sqlite3_clear_bindings(stmt);
            sqlite3_reset(stmt);
            return;
        }
    sqlite3_finalize(stmt);
}

void database_statements_free(struct database_statements *statements)
{
    for (size_t i = 0; i < DATABASE_STATEMENTS; i++)
        sqlite3_finalize(statements->places[i].stmt);
    memset(statements, 0, sizeof(*statements));
}
