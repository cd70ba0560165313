/*
 * Logs beside files: a server's database and its write-ahead log, as they were at many moments when the power
 * might have gone, put together in every way. What opens holds what its log last held; anything else is
 * refused, says so, and stays as it was.
 */
#include "common/database/database.h"

#include "tests/support/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASES 2
#define MOMENTS   7 /* of each, the last one after its end */
#define NOTES     40
#define NOTE_SIZE 60000
#define PAGE      4096

static const struct db_schema notes = {
    .name = "a file of notes",
    .tables = "CREATE TABLE note (id INTEGER PRIMARY KEY, owner INTEGER, octets BLOB);",
    .known = "note",
    .version = 1,
};

struct image {
    struct buf file, log;
    int64_t count;
};
static struct image images[DATABASES][MOMENTS];

static void read_octets(const char *path, struct buf *out)
{
    uint8_t part[4096];
    FILE *file = fopen(path, "rb");
    size_t size;

    buf_clear(out);
    if (file == NULL)
        return;
    while ((size = fread(part, 1, sizeof(part), file)) > 0)
        buf_append(out, SPAN(part, size));
    fclose(file);
    ck_assert(!out->failed);
}

static void write_octets(const char *path, struct span octets)
{
    FILE *file;

    unlink(path);
    if (octets.size == 0)
        return;
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(octets.data, 1, octets.size, file), octets.size);
    ck_assert_int_eq(fclose(file), 0);
}

static void put_beside(struct span file, struct span log)
{
    write_octets(test_path("beside.db"), file);
    write_octets(test_path("beside.db-wal"), log);
    unlink(test_path("beside.db-shm"));
}

static void add_notes(struct db *db, int64_t owner)
{
    static uint8_t octets[NOTE_SIZE];

    for (unsigned i = 0; i < NOTES; i++) {
        memset(octets, (int)(i + (unsigned)owner), sizeof(octets));
        ck_assert(db_run(db, "INSERT INTO note (owner, octets) VALUES (?, ?)",
                         DB_VALUES(DB_INT(owner), DB_BLOB(SPAN_ARRAY(octets)))));
    }
}

static void live(unsigned owner)
{
    char why[DB_WHY_MAX];
    struct db *db;

    unlink(test_path("lived.db"));
    db = db_open(test_path("lived.db"), &notes, why);
    ck_assert_msg(db != NULL, "%s", why);
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        if (moment == MOMENTS - 1)
            db_close(db);
        else if (moment > 0)
            add_notes(db, owner);
        read_octets(test_path("lived.db"), &images[owner][moment].file);
        read_octets(test_path("lived.db-wal"), &images[owner][moment].log);
        images[owner][moment].count = NOTES * (moment < MOMENTS - 1 ? moment : moment - 1);
    }
    ck_assert_uint_eq(images[owner][MOMENTS - 1].log.size, 0);
}

/* Whether what lies beside each other opens; then it is what `owner` has had at the moment of this count. */
static bool opens(unsigned owner, int64_t count, const char *what)
{
    char why[DB_WHY_MAX];
    struct db *db = db_open(test_path("beside.db"), &notes, why);

    if (db == NULL) {
        ck_assert_msg(strstr(why, "beside.db: cannot open it: the log beside it") != NULL, "%s: %s", what,
                      why);
        return false;
    }
    ck_assert_msg(
        db_number(db, -1, "SELECT count(*) FROM note WHERE owner = ?", DB_VALUES(DB_INT(owner))) == count &&
            db_number(db, -1, "SELECT count(*) FROM note WHERE owner <> ?", DB_VALUES(DB_INT(owner))) == 0 &&
            db_number(db, -1, "SELECT integrity_check = 'ok' FROM pragma_integrity_check", DB_NONE) == 1,
        "%s: mixed", what);
    db_close(db);
    return true;
}

/* What was refused is as it was. */
static void check_untouched(struct span file, struct span log, const char *what)
{
    struct buf now = {0};

    read_octets(test_path("beside.db"), &now);
    ck_assert_msg(span_equal(buf_span(&now), file), "%s: the file was changed", what);
    read_octets(test_path("beside.db-wal"), &now);
    ck_assert_msg(span_equal(buf_span(&now), log), "%s: the log was changed", what);
    buf_free(&now);
}

static bool is_same_file(const struct image *a, const struct image *b)
{
    return span_equal(buf_span(&a->file), buf_span(&b->file));
}

static void combine(unsigned owner, unsigned moment, unsigned log_owner, unsigned log_moment)
{
    const struct image *file = &images[owner][moment];
    const struct image *log = &images[log_owner][log_moment];
    bool own = owner == log_owner && is_same_file(file, log);
    char what[96];
    bool opened;

    snprintf(what, sizeof(what), "file %u at %u with log %u at %u", owner, moment, log_owner, log_moment);
    put_beside(buf_span(&file->file), buf_span(&log->log));
    opened = opens(log_owner, log->count, what);
    ck_assert_msg(!own || opened, "%s: refused", what);
    ck_assert_msg(owner == log_owner || !opened, "%s: taken", what);
    if (!opened)
        check_untouched(buf_span(&file->file), buf_span(&log->log), what);
}

static void live_both(void)
{
    unsigned generations = 0;

    for (unsigned owner = 0; owner < DATABASES; owner++)
        live(owner);
    for (unsigned moment = 1; moment < MOMENTS; moment++)
        generations += !is_same_file(&images[0][moment], &images[0][moment - 1]);
    ck_assert_uint_ge(generations, 3);
}

START_TEST(takes_no_other_log)
{
    live_both();
    for (unsigned i = 0; i < DATABASES * MOMENTS; i++) {
        for (unsigned k = 0; k < DATABASES * MOMENTS; k++) {
            if (images[k / MOMENTS][k % MOMENTS].log.size > 0)
                combine(i / MOMENTS, i % MOMENTS, k / MOMENTS, k % MOMENTS);
        }
    }
}
END_TEST

/* The folding of a log into its file is cut off after any of its pages. */
START_TEST(takes_its_own_while_it_is_folded)
{
    const struct image *image = &images[0][1];
    struct buf folded = {0}, part = {0};
    sqlite3 *raw;
    size_t pages;

    live_both();
    put_beside(buf_span(&image->file), buf_span(&image->log));
    ck_assert_int_eq(sqlite3_open(test_path("beside.db"), &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw, "PRAGMA wal_checkpoint(PASSIVE)", NULL, NULL, NULL), SQLITE_OK);
    read_octets(test_path("beside.db"), &folded);
    sqlite3_close(raw);
    pages = folded.size / PAGE;
    ck_assert_uint_gt(pages, 10);
    for (size_t page = 0; page <= pages; page += page < 5 ? 1 : 25) {
        buf_clear(&part);
        buf_append(&part, SPAN(folded.data, page * PAGE));
        if (image->file.size > page * PAGE)
            buf_append(&part, SPAN(image->file.data + page * PAGE, image->file.size - page * PAGE));
        put_beside(buf_span(&part), buf_span(&image->log));
        ck_assert(opens(0, image->count, "half folded"));
    }
    buf_free(&folded);
    buf_free(&part);
}
END_TEST

static void expect_refused(const char *why_end)
{
    char why[DB_WHY_MAX] = "";

    ck_assert_ptr_null(db_open(test_path("beside.db"), &notes, why));
    ck_assert_msg(strstr(why, why_end) != NULL, "%s", why);
}

/* A log that was left behind is somebody's last changes. */
START_TEST(starts_no_new_file_beside_a_log)
{
    struct span log;

    live_both();
    log = buf_span(&images[0][1].log);
    put_beside(SPAN_NONE, log);
    expect_refused("it is empty, and the log beside it");
    check_untouched(SPAN_NONE, log, "no file");
    ck_assert_int_ne(access(test_path("beside.db"), F_OK), 0);
    fclose(fopen(test_path("beside.db"), "wb"));
    expect_refused("it is empty, and the log beside it");
    check_untouched(SPAN_NONE, log, "an empty file");
}
END_TEST

/* SQLite would put the pages of another database into the file. */
START_TEST(takes_no_journal)
{
    struct buf journal = {0};
    sqlite3 *raw;

    live_both();
    unlink(test_path("raw.db"));
    ck_assert_int_eq(sqlite3_open(test_path("raw.db"), &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw,
                                  "CREATE TABLE a (b); PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;"
                                  "INSERT INTO a VALUES (zeroblob(100000)); UPDATE a SET b = zeroblob(90000)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    read_octets(test_path("raw.db-journal"), &journal);
    ck_assert_uint_gt(journal.size, 0);
    sqlite3_close(raw);
    put_beside(buf_span(&images[0][MOMENTS - 1].file), SPAN_NONE);
    write_octets(test_path("beside.db-journal"), buf_span(&journal));
    expect_refused("the journal beside it");
    check_untouched(buf_span(&images[0][MOMENTS - 1].file), SPAN_NONE, "a journal");
    unlink(test_path("beside.db-journal"));
    ck_assert(opens(0, images[0][MOMENTS - 1].count, "without it"));
    buf_free(&journal);
}
END_TEST

/* As softeuicc made it before logs had numbers, and was killed. */
START_TEST(takes_over_what_has_no_number)
{
    struct buf file = {0}, log = {0};
    char why[DB_WHY_MAX];
    struct db *db;
    sqlite3 *raw;
    int64_t number;

    unlink(test_path("raw.db"));
    ck_assert_int_eq(sqlite3_open(test_path("raw.db"), &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw, notes.tables, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_exec(raw, "PRAGMA user_version = 1; INSERT INTO note (owner) VALUES (0)", NULL, NULL, NULL),
        SQLITE_OK);
    read_octets(test_path("raw.db"), &file);
    read_octets(test_path("raw.db-wal"), &log);
    sqlite3_close(raw);
    put_beside(buf_span(&file), buf_span(&log));
    db = db_open(test_path("beside.db"), &notes, why);
    ck_assert_msg(db != NULL, "%s", why);
    ck_assert_int_eq(db_number(db, 0, "SELECT count(*) FROM note", DB_NONE), 1);
    number = db_number(db, 0, "PRAGMA application_id", DB_NONE);
    ck_assert_int_gt(number, 0);
    ck_assert(db_run(db, "INSERT INTO note (owner) VALUES (0)", DB_NONE));
    ck_assert_int_eq(db_number(db, 0, "PRAGMA application_id", DB_NONE), number % 0x7FFFFFFE + 1);
    db_close(db);
    /* From now on that log is another one's. */
    read_octets(test_path("beside.db"), &file);
    put_beside(buf_span(&file), buf_span(&log));
    expect_refused("the log beside it");
    buf_free(&file);
    buf_free(&log);
}
END_TEST

TEST_MAIN("database_log", takes_no_other_log, takes_its_own_while_it_is_folded,
          starts_no_new_file_beside_a_log, takes_no_journal, takes_over_what_has_no_number)
