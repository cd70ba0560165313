/* A life of a server on a disk that fails: server_faults.h. */
#include "tests/powercut/server_faults.h"

#include "tests/support/cut_vfs.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE "state.db"

static size_t runs;

/* Whatever opens a database by its path opens it there. */
static void mount(const struct cut_disk *disk)
{
    ck_assert_int_eq(sqlite3_vfs_register(sqlite3_vfs_find(cut_disk_name(disk)), 1), SQLITE_OK);
}

/* A disk with an empty file, as a server makes it before SQLite opens it. */
static struct cut_disk *new_disk(void)
{
    struct cut_disk *disk = cut_disk_new();
    sqlite3 *handle;

    ck_assert_int_eq(
        sqlite3_open_v2(STATE, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, cut_disk_name(disk)),
        SQLITE_OK);
    sqlite3_close(handle);
    return disk;
}

static struct db *open_on(const struct server_life *life, const struct cut_disk *disk, const char *what)
{
    char why[DB_WHY_MAX];
    struct db *db;

    mount(disk);
    db = life->open(STATE, why);
    ck_assert_msg(db != NULL, "%s: %s", what, why);
    return db;
}

/* All that counts of a database, a line for each row. */
static void dump_db(const struct server_life *life, const struct server_step *step, struct db *db,
                    struct buf *out)
{
    struct db_rows rows = db_query(db, step != NULL && step->dump != NULL ? step->dump : life->dump, DB_NONE);

    buf_clear(out);
    while (db_next(&rows)) {
        buf_append(out, span_of_string(db_string(&rows, 0)));
        buf_append(out, SPAN_STRING("\n"));
    }
    ck_assert(!rows.failed && !out->failed);
}

/* As another process would find it if this one were killed now. */
static void dump_survivor(const struct server_life *life, const struct server_step *step,
                          const struct cut_disk *disk, const char *what, struct buf *out)
{
    struct cut_disk *copy = cut_disk_copy(disk);
    struct db *db = open_on(life, copy, what);

    dump_db(life, step, db, out);
    ck_assert_msg(db_number(db, 0, "SELECT integrity_check = 'ok' FROM pragma_integrity_check", DB_NONE) == 1,
                  "%s: damaged", what);
    db_close(db);
    cut_disk_free(copy);
    mount(disk);
}

static bool same_dump(const struct buf *a, const struct buf *b)
{
    return span_equal(buf_span(a), buf_span(b));
}

/* The dumps before and after an undisturbed step. */
struct dumps {
    struct buf before, after;
};

static void check_stored(const struct server_life *life, const struct server_step *step, struct db *db,
                         const struct cut_disk *disk, const struct dumps *dumps, bool done, const char *what)
{
    struct buf now = {0};

    for (unsigned look = 0; look < 2; look++) {
        if (look == 0)
            dump_db(life, step, db, &now);
        else
            dump_survivor(life, step, disk, what, &now);
        ck_assert_msg(same_dump(&now, &dumps->after) || (!done && same_dump(&now, &dumps->before)),
                      "%s, answered with %s, %s:\n%.*s--- before:\n%.*s--- after:\n%.*s", what,
                      done ? "success" : "failure", look == 0 ? "goes on with" : "is reopened with",
                      (int)now.size, (const char *)now.data, (int)dumps->before.size,
                      (const char *)dumps->before.data, (int)dumps->after.size,
                      (const char *)dumps->after.data);
    }
    buf_free(&now);
}

/* The same once more, when nothing of it has happened. */
static void check_goes_on(const struct server_life *life, const struct server_step *step, struct db *db,
                          const struct dumps *dumps, const char *what)
{
    struct buf now = {0};

    dump_db(life, step, db, &now);
    if (same_dump(&now, &dumps->before))
        ck_assert_msg(step->run() == SERVER_DONE, "%s: does not go on", what);
    buf_free(&now);
}

static void tell(char what[160], const char *step, uint64_t call, enum cut_fault fault,
                 const struct cut_disk *disk)
{
    snprintf(what, 160, "%s, call %" PRIu64 " (%s) on a %s disk", step, call, cut_disk_failed_call(disk),
             fault == CUT_FULL ? "full" : "bad");
}

/* False when the fault did not come any more. */
static bool fail_step(const struct server_life *life, const struct cut_disk *before,
                      const struct server_step *step, const struct dumps *dumps, uint64_t call,
                      enum cut_fault fault)
{
    struct cut_disk *disk = cut_disk_copy(before);
    struct db *db = open_on(life, disk, step->name);
    enum server_answer answer;
    char what[160];
    bool hit;

    life->use(db);
    if (step->prepare != NULL)
        step->prepare();
    cut_disk_fault(disk, call, fault);
    answer = step->run();
    hit = cut_disk_has_failed(disk);
    if (hit) {
        tell(what, step->name, call, fault, disk);
        cut_disk_heal(disk);
        ck_assert_msg(answer != SERVER_LIED, "%s: neither done nor a failure of the server", what);
        check_stored(life, step, db, disk, dumps, answer == SERVER_DONE, what);
        if (answer == SERVER_FAILED)
            check_goes_on(life, step, db, dumps, what);
        runs++;
    }
    life->use(NULL);
    db_close(db);
    cut_disk_free(disk);
    return hit;
}

/* Lives the step undisturbed, then with every call failing; leaves the disk as after it. */
static void fail_each_call(const struct server_life *life, struct cut_disk **disk,
                           const struct server_step *step)
{
    struct cut_disk *undisturbed = cut_disk_copy(*disk);
    struct db *db = open_on(life, undisturbed, step->name);
    struct dumps dumps = {0};
    uint64_t calls[CUT_FAULTS];

    life->use(db);
    if (step->prepare != NULL)
        step->prepare();
    dump_db(life, step, db, &dumps.before);
    ck_assert_msg(step->run() == SERVER_DONE, "%s", step->name);
    dump_db(life, step, db, &dumps.after);
    for (unsigned fault = 0; fault < CUT_FAULTS; fault++) {
        calls[fault] = 1;
        while (fail_step(life, *disk, step, &dumps, calls[fault], (enum cut_fault)fault))
            calls[fault]++;
    }
    printf("faults in %-28s %4" PRIu64 " calls, %3" PRIu64 " that need room\n", step->name,
           calls[CUT_BAD] - 1, calls[CUT_FULL] - 1);
    life->use(NULL);
    mount(undisturbed);
    db_close(db);
    buf_free(&dumps.before);
    buf_free(&dumps.after);
    cut_disk_free(*disk);
    *disk = undisturbed;
}

/* Opens what is on the disk while a call fails; what was there is there afterwards. */
static bool fail_opening(const struct server_life *life, const struct cut_disk *before,
                         const struct buf *expected, uint64_t call, enum cut_fault fault)
{
    struct cut_disk *disk = cut_disk_copy(before);
    struct buf now = {0};
    char what[160], why[DB_WHY_MAX] = "";
    struct db *db;
    bool hit;

    mount(disk);
    cut_disk_fault(disk, call, fault);
    db = life->open(STATE, why);
    hit = cut_disk_has_failed(disk);
    if (hit) {
        tell(what, "opening", call, fault, disk);
        cut_disk_heal(disk);
        ck_assert_msg(db != NULL || strstr(why, STATE ": ") == why, "%s: %s", what, why);
        ck_assert_msg(strstr(why, "not the state") == NULL && strstr(why, "not an") == NULL &&
                          strstr(why, "another") == NULL,
                      "%s: %s", what, why);
        db_close(db);
        db = open_on(life, disk, what);
        dump_db(life, NULL, db, &now);
        ck_assert_msg(same_dump(&now, expected), "%s: lost", what);
        runs++;
    }
    db_close(db);
    buf_free(&now);
    cut_disk_free(disk);
    return hit;
}

static void fail_openings(const struct server_life *life, const struct cut_disk *disk)
{
    struct buf expected = {0};

    dump_survivor(life, NULL, disk, "opening", &expected);
    for (unsigned fault = 0; fault < CUT_FAULTS; fault++)
        for (uint64_t call = 1; fail_opening(life, disk, &expected, call, (enum cut_fault)fault); call++)
            continue;
    buf_free(&expected);
}

void server_faults(const struct server_life *life)
{
    struct cut_disk *disk = new_disk(), *killed;
    struct db *db;

    fail_openings(life, disk);
    for (size_t i = 0; i < life->count; i++)
        fail_each_call(life, &disk, &life->steps[i]);
    /* With a log, as after a kill, and without one. */
    db = open_on(life, disk, "the end");
    ck_assert(db_run(db, "CREATE TABLE further (x)", DB_NONE) && db_run(db, "DROP TABLE further", DB_NONE));
    killed = cut_disk_copy(disk);
    db_close(db);
    fail_openings(life, killed);
    fail_openings(life, disk);
    printf("faults: %zu runs\n", runs);
    cut_disk_free(killed);
    cut_disk_free(disk);
}
