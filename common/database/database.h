/*
 * What a server keeps, in one SQLite file: opened and checked, statements with typed values, rows, nested
 * transactions. What fails is one line in the log with the file, what was being done, and the reason:
 * "eim.db: INSERT INTO profile (eid, …: database or disk is full". Nothing here knows what is kept.
 */
#ifndef SOFTEUICC_COMMON_DATABASE_DATABASE_H
#define SOFTEUICC_COMMON_DATABASE_DATABASE_H

#include "apdu/bytes.h"

struct db;

#define DB_WHY_MAX 512 /* octets of a line that says what failed, with its end */

/* What a file holds. */
struct db_schema {
    const char *name;   /* "an eIM's state": what a file is told that it is not */
    const char *tables; /* statements that make the tables of a new file */
    const char *known;  /* the table by which a file of this kind is known */
    int version;        /* of the tables */
    /* What turns the tables of version i + 1 into those of i + 2, up to `version`; a released one is never
     * edited. NULL: files of an older version are refused. */
    const char *const *upgrades;
};

/*
 * Opens a file, or makes it with mode 0600 and the schema's tables; NULL is a database in memory. A file of
 * an older version is brought to this one, whole or not at all. A file that is none of this schema, or of
 * another version, or cannot be written, is refused and stays as it is; so is what is no file. NULL with a
 * line in `why` that names the file. Every commit is on the disk when it returns: what a server has answered
 * does not go with the power.
 */
struct db *db_open(const char *path, const struct db_schema *schema, char why[DB_WHY_MAX]);
/* NULL is nothing to close. */
void db_close(struct db *db);

/* How much has failed so far: who has read several things compares, and so knows whether to believe that
 * there was nothing. */
uint64_t db_failures(const struct db *db);
/* The reason of what failed last, "" when nothing has: "database or disk is full". */
const char *db_reason(const struct db *db);

/* --- Transactions --------------------------------------------------------------------------------------- */

/*
 * Transactions nest; the outermost one counts. Once something in it has failed (its beginning too), every
 * further statement fails unseen, and db_commit is false: then nothing of it happened.
 */
void db_begin(struct db *db);
bool db_commit(struct db *db);
/* Whether something has failed in the transaction that is open. */
bool db_failed(const struct db *db);
/* Makes it fail for a reason of the caller's. */
void db_fail(struct db *db, const char *reason);

/* --- Statements ----------------------------------------------------------------------------------------- */

enum db_kind { DB_KIND_INT, DB_KIND_TEXT, DB_KIND_SOME_TEXT, DB_KIND_BLOB };

/* What stands for a '?'. */
struct db_value {
    enum db_kind kind;
    int64_t number;
    const char *text;
    struct span octets;
};
struct db_values {
    const struct db_value *value;
    size_t count;
};

#define DB_INT(x)       ((struct db_value){.kind = DB_KIND_INT, .number = (x)})
#define DB_TEXT(x)      ((struct db_value){.kind = DB_KIND_TEXT, .text = (x)})      /* NULL is NULL */
#define DB_SOME_TEXT(x) ((struct db_value){.kind = DB_KIND_SOME_TEXT, .text = (x)}) /* and so is "" */
#define DB_BLOB(x)      ((struct db_value){.kind = DB_KIND_BLOB, .octets = (x)})    /* SPAN_NONE is NULL */

/* The values of a statement in the order of its parameters; and that it has none. */
#define DB_VALUES(...)                                                                                       \
    ((struct db_values){(const struct db_value[]){__VA_ARGS__},                                              \
                        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)})
#define DB_NONE ((struct db_values){NULL, 0})

/* Runs a statement without rows. */
bool db_run(struct db *db, const char *sql, struct db_values values);
/* The number in the first column of the first row; `otherwise` without a row, and when it fails. */
int64_t db_number(struct db *db, int64_t otherwise, const char *sql, struct db_values values);
/* The id of the row that was inserted last. */
int64_t db_last_id(const struct db *db);

/* --- Rows ----------------------------------------------------------------------------------------------- */

/* The rows of a query, on the caller's stack; one that failed has none. */
struct db_rows {
    struct db *db;
    struct sqlite3_stmt *stmt; /* NULL at the end */
    bool failed;               /* the query did, or a step: rows are missing */
};

struct db_rows db_query(struct db *db, const char *sql, struct db_values values);
/* True with the next row (the first one at first); false at the end, when there is nothing to db_end. */
bool db_next(struct db_rows *rows);
/* Ends a query before its end. */
void db_end(struct db_rows *rows);

/* Columns of the row, from 0. */
bool db_is_null(const struct db_rows *rows, int column);
int64_t db_int(const struct db_rows *rows, int column);
/* In place, until the next step; NULL or SPAN_NONE for NULL. */
const char *db_string(const struct db_rows *rows, int column);
struct span db_blob(const struct db_rows *rows, int column);
/* Copies what fits; "" for NULL. */
void db_text(const struct db_rows *rows, int column, char *out, size_t size);
/* Copies exactly `size` octets; false, and nothing copied, when there are not as many. */
bool db_octets(const struct db_rows *rows, int column, uint8_t *out, size_t size);

#endif
