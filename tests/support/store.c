/* States of earlier versions. See store.h. */
#include "tests/support/store.h"

#include "tests/support/test.h"

#include <stdio.h>

struct db *store_in(store_function *open, const char *name)
{
    char why[DB_WHY_MAX];
    struct db *db = open(name != NULL ? test_path(name) : NULL, why);

    ck_assert_msg(db != NULL, "%s", why);
    return db;
}

void store_go_back(struct db *db, const char *const *statements, int version)
{
    char pragma[40];

    for (; *statements != NULL; statements++)
        ck_assert_msg(db_run(db, *statements, DB_NONE), "%s: %s", *statements, db_reason(db));
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", version);
    ck_assert(db_run(db, pragma, DB_NONE));
    db_close(db);
}

/* A line for each column and index. */
static void shape(struct db *db, struct buf *out)
{
    struct db_rows rows =
        db_query(db,
                 "SELECT m.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' ||"
                 " coalesce(c.dflt_value, '-') || ' ' || c.pk, m.sql) FROM sqlite_master m"
                 " LEFT JOIN pragma_table_info(CASE m.type WHEN 'table' THEN m.name END) c"
                 " WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite%' ORDER BY 1",
                 DB_NONE);

    while (db_next(&rows)) {
        buf_append(out, span_of_string(db_string(&rows, 0)));
        buf_append_octet(out, '\n');
    }
    buf_append_octet(out, '\0');
    ck_assert(!out->failed && out->size > 100);
}

void store_check_shape(struct db *db, store_function *open)
{
    struct db *new = store_in(open, NULL);
    struct buf is = {0}, should_be = {0};

    shape(db, &is);
    shape(new, &should_be);
    ck_assert_str_eq((const char *)is.data, (const char *)should_be.data);
    ck_assert_int_eq(db_number(db, -1, "PRAGMA user_version", DB_NONE),
                     db_number(new, -2, "PRAGMA user_version", DB_NONE));
    buf_free(&is);
    buf_free(&should_be);
    db_close(new);
}
