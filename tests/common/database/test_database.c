/* common/database: what is opened and what is refused, values and rows, transactions, and that a failure says
 * its reason. */
#include "common/database/database.h"

#include "common/log.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct db_schema notes = {
    .name = "a file of notes",
    .tables = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, octets BLOB, number INTEGER);",
    .known = "note",
    .version = 3,
};

static struct db *open_as(const char *path, const struct db_schema *schema)
{
    char why[DB_WHY_MAX];
    struct db *db = db_open(path, schema, why);

    ck_assert_msg(db != NULL, "%s", why);
    return db;
}

static struct db *open_notes(const char *path)
{
    return open_as(path, &notes);
}

static int64_t count(struct db *db)
{
    return db_number(db, -1, "SELECT count(*) FROM note", DB_NONE);
}

static bool add(struct db *db, const char *text)
{
    return db_run(db, "INSERT INTO note (text) VALUES (?)", DB_VALUES(DB_TEXT(text)));
}

/* That `text` ends so. */
static void check_end(const char *text, const char *end)
{
    size_t size = strlen(text), wanted = strlen(end);

    ck_assert_msg(size >= wanted && strcmp(text + size - wanted, end) == 0, "\"%s\" does not end with \"%s\"",
                  text, end);
}

static void check_refused(const char *name, const char *end)
{
    char why[DB_WHY_MAX] = "";

    ck_assert_ptr_null(db_open(test_path(name), &notes, why));
    ck_assert_ptr_nonnull(strstr(why, name));
    check_end(why, end);
}

/* --- Opening -------------------------------------------------------------------------------------------- */

START_TEST(makes_a_file_for_its_owner)
{
    struct stat status;
    struct db *db;

    umask(0);
    db = open_notes(test_path("notes.db"));
    ck_assert(add(db, "kept"));
    ck_assert_int_eq(stat(test_path("notes.db"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(test_path("notes.db-wal"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_str_eq(db_reason(db), "");
    db_close(db);
    db = open_notes(test_path("notes.db"));
    ck_assert_int_eq(count(db), 1);
    ck_assert_int_eq(db_number(db, 0, "PRAGMA user_version", DB_NONE), 3);
    /* Every commit is on the disk when it returns (2: FULL). */
    ck_assert_int_eq(db_number(db, 0, "PRAGMA synchronous", DB_NONE), 2);
    db_close(db);
    db_close(NULL);
}
END_TEST

START_TEST(refuses_what_is_not_its_own)
{
    static const struct db_schema newer = {
        .name = "a file of notes", .tables = "CREATE TABLE note (id);", .known = "note", .version = 4};
    static const struct db_schema other = {
        .name = "a list of cards", .tables = "CREATE TABLE card (id);", .known = "card", .version = 3};
    static const struct db_schema unversioned = {
        .name = "a list", .tables = "CREATE TABLE list (id);", .known = "list", .version = 0};
    FILE *file = fopen(test_path("text"), "w");

    fputs("This is a text of more than a hundred octets, so that SQLite finds that it is no database. It "
          "goes on "
          "for another line.",
          file);
    fclose(file);
    check_refused("text", "text: not an SQLite file: file is not a database");
    check_refused("no/such/directory", ": cannot make it: No such file or directory");
    ck_assert_int_eq(mkdir(test_path("directory"), 0700), 0);
    check_refused("directory", "directory: cannot open it: it is a directory, not a file");
    ck_assert_int_eq(mkfifo(test_path("fifo"), 0600), 0);
    check_refused("fifo", "fifo: cannot open it: it is a FIFO, not a file");
    db_close(open_as(test_path("newer"), &newer));
    check_refused("newer", "newer: made by another version of softeuicc (tables 4, this one knows 3)");
    db_close(open_as(test_path("other"), &other));
    check_refused("other", "other: an SQLite file, but not a file of notes");
    /* Nothing was added to it: it is still what it was. */
    db_close(open_as(test_path("other"), &other));
    db_close(open_as(test_path("unversioned"), &unversioned));
    check_refused("unversioned", "unversioned: an SQLite file, but not a file of notes");
}
END_TEST

/* Statements lead from each version to the next: all of them, or the file stays what it was. */
START_TEST(brings_older_files_to_its_version)
{
    static const char *const broken[] = {
        "ALTER TABLE note ADD COLUMN two", "ALTER TABLE note ADD COLUMN three",
        "ALTER TABLE note ADD COLUMN four", "ALTER TABLE nothing ADD COLUMN five"};
    static const char *const good[] = {"ALTER TABLE note ADD COLUMN two", "ALTER TABLE note ADD COLUMN three",
                                       "ALTER TABLE note ADD COLUMN four",
                                       "ALTER TABLE note ADD COLUMN five"};
    struct db_schema later = {.name = "a file of notes",
                              .tables = "CREATE TABLE note (id, four, five);",
                              .known = "note",
                              .version = 5,
                              .upgrades = broken};
    char why[DB_WHY_MAX];
    struct db *db;

    db_close(open_as(test_path("older"), &notes));
    ck_assert_ptr_null(db_open(test_path("older"), &later, why));
    ck_assert_ptr_nonnull(strstr(why, "older: cannot bring its tables to this version: "));
    db = open_as(test_path("older"), &notes); /* still version 3 */
    ck_assert_int_eq(
        db_number(db, -1, "SELECT count(*) FROM pragma_table_info('note') WHERE name = 'four'", DB_NONE), 0);
    db_close(db);
    later.upgrades = good;
    db = open_as(test_path("older"), &later);
    ck_assert_int_eq(db_number(db, -1,
                               "SELECT count(*) FROM pragma_table_info('note')"
                               " WHERE name IN ('two', 'three', 'four', 'five')",
                               DB_NONE),
                     2);
    ck_assert_int_eq(db_number(db, 0, "PRAGMA user_version", DB_NONE), 5);
    db_close(db);
    db_close(open_as(test_path("older"), &later));
    check_refused("older", "older: made by another version of softeuicc (tables 5, this one knows 3)");
}
END_TEST

START_TEST(refuses_what_it_may_not_write)
{
    char directory[600];
    bool root = geteuid() == 0; /* who may write everything */

    db_close(open_notes(test_path("fixed")));
    ck_assert_int_eq(chmod(test_path("fixed"), 0444), 0);
    snprintf(directory, sizeof(directory), "%s", test_path(""));
    ck_assert_int_eq(chmod(directory, 0755), 0);
    ck_assert(!root || seteuid(65534) == 0);
    check_refused("fixed", "fixed: cannot open it: it may not be written");
    ck_assert(!root || seteuid(0) == 0);
}
END_TEST

START_TEST(says_that_a_file_is_locked)
{
    struct db *one, *two;

    one = open_notes(test_path("locked"));
    two = open_notes(test_path("locked"));
    db_begin(one);
    ck_assert(!add(two, "late"));
    ck_assert_str_eq(db_reason(two), "database is locked");
    /* A transaction that could not begin keeps nothing, even when the lock goes meanwhile. */
    db_begin(two);
    ck_assert(db_commit(one));
    ck_assert(!add(two, "stray"));
    ck_assert(!db_commit(two));
    ck_assert_str_eq(db_reason(two), "database is locked");
    ck_assert_int_eq(count(one), 0);
    ck_assert(add(two, "in time"));
    ck_assert_int_eq(count(one), 1);
    db_close(one);
    db_close(two);
}
END_TEST

/* --- Values --------------------------------------------------------------------------------------------- */

START_TEST(binds_and_reads_every_kind)
{
    static const uint8_t octets[] = {0, 1, 2, 0xFF};
    struct db *db = open_notes(NULL);
    struct db_rows rows;
    uint8_t copy[4];
    char text[4];

    ck_assert(db_run(db, "INSERT INTO note (text, octets, number) VALUES (?, ?, ?)",
                     DB_VALUES(DB_TEXT("a text"), DB_BLOB(SPAN_ARRAY(octets)), DB_INT(INT64_MIN))));
    ck_assert_int_eq(db_last_id(db), 1);
    ck_assert(db_run(db, "INSERT INTO note (text, octets, number) VALUES (?, ?, ?)",
                     DB_VALUES(DB_TEXT(""), DB_BLOB(SPAN_NONE), DB_INT(7))));
    ck_assert(db_run(db, "INSERT INTO note (text, octets) VALUES (?, ?)",
                     DB_VALUES(DB_SOME_TEXT(""), DB_BLOB(SPAN_STRING("")))));
    rows = db_query(db, "SELECT text, octets, number FROM note ORDER BY id", DB_NONE);
    ck_assert(db_next(&rows));
    ck_assert_str_eq(db_string(&rows, 0), "a text");
    db_text(&rows, 0, text, sizeof(text));
    ck_assert_str_eq(text, "a t");
    ck_assert_span(db_blob(&rows, 1), SPAN_ARRAY(octets));
    ck_assert(db_octets(&rows, 1, copy, sizeof(copy)));
    ck_assert_mem_eq(copy, octets, sizeof(copy));
    ck_assert(!db_octets(&rows, 1, copy, 3));
    ck_assert_int_eq(db_int(&rows, 2), INT64_MIN);
    ck_assert(db_next(&rows));
    ck_assert_str_eq(db_string(&rows, 0), "");
    ck_assert(db_is_null(&rows, 1) && !db_octets(&rows, 1, copy, 0));
    ck_assert(db_next(&rows));
    ck_assert_ptr_null(db_string(&rows, 0));
    db_text(&rows, 0, text, sizeof(text));
    ck_assert_str_eq(text, "");
    ck_assert(!db_is_null(&rows, 1) && db_is_null(&rows, 2));
    ck_assert(!db_next(&rows) && !db_next(&rows) && !rows.failed);
    ck_assert_int_eq(db_number(db, 5, "SELECT number FROM note WHERE id = ?", DB_VALUES(DB_INT(9))), 5);
    db_close(db);
}
END_TEST

START_TEST(refuses_statements_that_are_none)
{
    struct db *db = open_notes(NULL);
    struct db_rows rows = db_query(db, "SELECT what FROM note", DB_NONE);

    ck_assert(!db_next(&rows) && rows.failed);
    ck_assert_str_eq(db_reason(db), "no such column: what");
    ck_assert(!db_run(db, "INSERT INTO note (text, number) VALUES (?, ?)", DB_VALUES(DB_TEXT("one"))));
    ck_assert_str_eq(db_reason(db), "a value too many or too few");
    db_close(db);
}
END_TEST

/* The same text twice is two statements while the first one is under way, and one that knows nothing of its
 * last values and errors afterwards. */
START_TEST(asks_again_with_the_same_text)
{
    static const char ids[] = "SELECT id FROM note WHERE number IS NOT 0 ORDER BY id";
    struct db *db = open_notes(NULL);
    struct db_rows first, second, left;

    for (int i = 1; i <= 3; i++)
        ck_assert(db_run(db, "INSERT INTO note (id, text) VALUES (?, ?)",
                         DB_VALUES(DB_INT(i), DB_TEXT(i == 1 ? "one" : NULL))));
    ck_assert_int_eq(db_number(db, 0, "SELECT count(*) FROM note WHERE text IS NULL", DB_NONE), 2);
    first = db_query(db, ids, DB_NONE);
    second = db_query(db, ids, DB_NONE); /* before the other one begins */
    left = db_query(db, ids, DB_NONE);
    ck_assert(db_next(&left));
    db_end(&left);
    for (int i = 1; i <= 3; i++) {
        ck_assert(db_next(&first) && db_int(&first, 0) == i);
        ck_assert(db_next(&second) && db_int(&second, 0) == i);
    }
    ck_assert(!db_next(&first) && !db_next(&second) && !first.failed && !second.failed);
    for (int i = 0; i < 2; i++) {
        ck_assert(!db_run(db, "INSERT INTO note (id) VALUES (?)", DB_VALUES(DB_INT(2))));
        ck_assert_str_eq(db_reason(db), "UNIQUE constraint failed: note.id");
    }
    ck_assert(db_run(db, "INSERT INTO note (id) VALUES (?)", DB_VALUES(DB_INT(4))));
    ck_assert(db_run(db, "ALTER TABLE note ADD COLUMN more INTEGER DEFAULT 7", DB_NONE));
    ck_assert_int_eq(db_number(db, 0, "SELECT more FROM note WHERE id = ?", DB_VALUES(DB_INT(4))), 7);
    db_close(db);
}
END_TEST

/* More than are kept, with each of them under way; and texts that are made where the last one was. */
START_TEST(has_no_end_of_statements)
{
    enum { MANY = 500 };
    static struct db_rows rows[MANY];
    struct db *db = open_notes(NULL);
    char sql[40];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(sql, sizeof(sql), "SELECT %d UNION ALL SELECT -1", i);
            rows[i] = db_query(db, sql, DB_NONE);
            ck_assert(db_next(&rows[i]));
        }
        for (int i = 0; i < MANY; i++) {
            ck_assert_int_eq(db_int(&rows[i], 0), i);
            ck_assert(db_next(&rows[i]) && db_int(&rows[i], 0) == -1 && !db_next(&rows[i]));
        }
    }
    db_close(db);
}
END_TEST

/* --- Transactions --------------------------------------------------------------------------------------- */

START_TEST(nests_transactions)
{
    struct db *db = open_notes(NULL);

    db_begin(db);
    db_begin(db);
    add(db, "inside");
    ck_assert(db_commit(db));
    ck_assert(!db_failed(db));
    ck_assert(db_commit(db));
    ck_assert_int_eq(count(db), 1);
    db_begin(db);
    add(db, "gone");
    db_begin(db);
    db_fail(db, "out of patience");
    ck_assert(db_failed(db));
    ck_assert(!db_commit(db));
    /* What comes after it is not done, and says nothing that would hide the reason. */
    ck_assert(!add(db, "gone too"));
    ck_assert(!db_run(db, "nonsense", DB_NONE));
    db_fail(db, "another");
    ck_assert(!db_commit(db));
    ck_assert_str_eq(db_reason(db), "out of patience");
    ck_assert_int_eq(count(db), 1);
    ck_assert(!db_failed(db));
    db_close(db);
}
END_TEST

/* What a function writes to stderr. */
static const char *said_by(void (*run)(struct db *db), struct db *db)
{
    static char text[2000];
    int kept = dup(STDERR_FILENO);
    FILE *file = fopen(test_path("stderr"), "w+");
    size_t size;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
    run(db);
    ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
    close(kept);
    rewind(file);
    size = fread(text, 1, sizeof(text) - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

static void fill(struct db *db)
{
    static const uint8_t block[65536];

    db_begin(db);
    ck_assert(add(db, "small"));
    ck_assert(!db_run(db, "INSERT INTO note (octets) VALUES (?)", DB_VALUES(DB_BLOB(SPAN_ARRAY(block)))));
    ck_assert(!add(db, "small again"));
    ck_assert(!db_commit(db));
}

static void write_one(struct db *db)
{
    ck_assert(!add(db, "one"));
}

static void read_much(struct db *db)
{
    ck_assert_int_eq(
        db_number(db, 5, "SELECT count(*) FROM note AS first JOIN note AS second ON other = 1", DB_NONE), 5);
}

START_TEST(says_why_nothing_can_be_written)
{
    struct db *db = open_notes(test_path("full.db"));
    const char *said;

    log_set_level(LOG_LEVEL_ERROR);
    db_number(db, 0, "PRAGMA max_page_count = 4", DB_NONE);
    said = said_by(fill, db);
    check_end(said, "full.db: INSERT INTO note (octets) VALUES (?): database or disk is full\n");
    ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
    ck_assert_str_eq(db_reason(db), "database or disk is full");
    ck_assert_int_eq(count(db), 0);
    ck_assert(db_run(db, "PRAGMA query_only = ON", DB_NONE));
    said = said_by(write_one, db);
    check_end(said, "full.db: INSERT INTO note (text) VALUES (?): attempt to write a readonly database\n");
    said = said_by(read_much, db);
    check_end(
        said,
        "full.db: SELECT count(*) FROM note AS first JOIN note AS second ON ot...: no such column: other\n");
    log_set_level(LOG_LEVEL_OFF);
    db_close(db);
}
END_TEST

TEST_MAIN("database", asks_again_with_the_same_text, has_no_end_of_statements, makes_a_file_for_its_owner,
          refuses_what_is_not_its_own, brings_older_files_to_its_version, refuses_what_it_may_not_write,
          says_that_a_file_is_locked, binds_and_reads_every_kind, refuses_statements_that_are_none,
          nests_transactions, says_why_nothing_can_be_written)
