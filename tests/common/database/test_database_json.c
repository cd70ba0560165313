/* common/database_json: how columns become members. */
#include "common/database/database_json.h"

#include "tests/support/test.h"

#include <stdlib.h>

static const struct db_schema notes = {
    .name = "a file of notes",
    .tables = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, octets BLOB, number INTEGER);",
    .known = "note",
    .version = 1,
};

static struct db *open_notes(void)
{
    char why[DB_WHY_MAX];
    struct db *db = db_open(NULL, &notes, why);

    ck_assert_msg(db != NULL, "%s", why);
    ck_assert(db_run(db, "INSERT INTO note (text, octets, number) VALUES (?, ?, ?)",
                     DB_VALUES(DB_TEXT("[1]"), DB_BLOB(SPAN_STRING("\x0A\xBC")), DB_INT(-7))));
    ck_assert(db_run(db, "INSERT INTO note (text, octets) VALUES (?, x'')", DB_VALUES(DB_TEXT("\xFF"))));
    return db;
}

static void check(struct db *db, const char *sql, const char *expected)
{
    bool failed;
    json_t *list = db_json(db_query(db, sql, DB_NONE), &failed);
    char *text = json_dumps(list, JSON_COMPACT);

    ck_assert(!failed);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(list);
}

START_TEST(shows_every_kind)
{
    struct db *db = open_notes();

    check(db, "SELECT id, text AS aText, octets, number FROM note ORDER BY id",
          "[{\"id\":1,\"aText\":\"[1]\",\"octets\":\"0ABC\",\"number\":-7},{\"id\":2,\"aText\":\"?\"}]");
    check(db,
          "SELECT number AS is_flag, text AS list_json, zeroblob(65) AS octets_x, 0 AS no_flag, 1 AS _flag"
          " FROM note WHERE id = 1",
          "[{\"is\":true,\"list\":[1],\"octets_x\":\"00000000000000000000000000000000000000000000000000000000"
          "000000000000000000000000000000000000000000000000000000000000000000000000\",\"no\":false,"
          "\"_flag\":1}]");
    check(db, "SELECT number AS is_flag, NULL AS none_json, text AS bad_json FROM note WHERE id = 2",
          "[{\"is\":false,\"bad\":\"?\"}]");
    check(db, "SELECT id FROM note WHERE id = 3", "[]");
    db_close(db);
}
END_TEST

START_TEST(shows_only_one)
{
    struct db *db = open_notes();
    json_t *row = db_json_only(db_query(db, "SELECT id FROM note WHERE id = 2", DB_NONE));

    ck_assert_int_eq(json_integer_value(json_object_get(row, "id")), 2);
    json_decref(row);
    ck_assert_ptr_null(db_json_only(db_query(db, "SELECT id FROM note WHERE id = 3", DB_NONE)));
    db_close(db);
}
END_TEST

static const char overflows[] =
    "SELECT id, abs(-9223372036854775807 - (id = 2)) AS number FROM note ORDER BY id";

START_TEST(says_that_rows_are_missing)
{
    struct db *db = open_notes();
    bool failed;
    json_t *list = db_json(db_query(db, overflows, DB_NONE), &failed);

    ck_assert(failed); /* the second row's number does not fit */
    ck_assert_uint_eq(json_array_size(list), 1);
    json_decref(list);
    db_close(db);
}
END_TEST

TEST_MAIN("database_json", shows_every_kind, shows_only_one, says_that_rows_are_missing)
