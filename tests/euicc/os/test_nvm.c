/* Non-volatile memory: transactions, sticky errors, what a commit costs, and who may open a card file. */
#include "euicc/os/nvm.h"

#include "euicc/os/nvm_schema.h"
#include "tests/support/cut_vfs.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSERT_CARD                                                                                          \
    "INSERT INTO card (one, eid, personality, created_at, nvm_size) VALUES (1, ?1, 'hybrid', 'now', 1000)"

static void insert_card(struct nvm *nvm)
{
    ck_assert(nvm_change(nvm, INSERT_CARD, NVM_VALUES(NVM_STRING("89049032123451234512345678901235"))));
}

/* A fresh card; on this machine's files in place of what an earlier test left there. */
static struct nvm *made(const char *path, const char *vfs)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct nvm *nvm;

    if (vfs == NULL)
        (void)unlink(path);
    nvm = nvm_open(path, vfs, true, &error);
    ck_assert_msg(nvm != NULL, "%s", error.message);
    insert_card(nvm);
    ck_assert(nvm_commit(nvm));
    return nvm;
}

static struct nvm *opened(const char *path, const char *vfs)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct nvm *nvm = nvm_open(path, vfs, false, &error);

    ck_assert_msg(nvm != NULL, "%s", error.message);
    return nvm;
}

static void assert_refused(const char *path, bool create, enum softeuicc_status status, const char *part)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};

    ck_assert_ptr_null(nvm_open(path, NULL, create, &error));
    ck_assert_msg(error.status == status && strstr(error.message, part) != NULL, "%s: %d %s", path,
                  error.status, error.message);
}

static void bump(struct nvm *nvm)
{
    ck_assert(nvm_change_row(nvm, "UPDATE card SET last_notification = last_notification + 1", NVM_NONE));
}

static int64_t counter(struct nvm *nvm)
{
    sqlite3_stmt *stmt = nvm_select(nvm, "SELECT last_notification FROM card", NVM_NONE);
    int64_t value;

    ck_assert(nvm_row(nvm, stmt));
    value = nvm_int(stmt, 0);
    nvm_done(stmt);
    return value;
}

START_TEST(a_commit_lasts_and_a_rollback_does_not)
{
    struct nvm *nvm = made(test_path("card.db"), NULL);

    ck_assert(!nvm_in_transaction(nvm));
    bump(nvm);
    ck_assert(nvm_in_transaction(nvm));
    ck_assert(nvm_commit(nvm));
    bump(nvm);
    bump(nvm);
    ck_assert_int_eq(counter(nvm), 3);
    nvm_rollback(nvm);
    ck_assert(!nvm_in_transaction(nvm));
    ck_assert_int_eq(counter(nvm), 1);
    nvm_close(nvm);

    nvm = opened(test_path("card.db"), NULL);
    ck_assert_int_eq(counter(nvm), 1);
    nvm_close(nvm);
}
END_TEST

START_TEST(a_commit_costs_one_sync_and_a_read_none)
{
    struct cut_disk *disk = cut_disk_new();
    struct nvm *nvm = made("card.db", cut_disk_name(disk));
    uint64_t before;

    bump(nvm);
    ck_assert(nvm_commit(nvm));
    for (int i = 0; i < 20; i++) {
        before = cut_disk_syncs(disk);
        bump(nvm);
        bump(nvm);
        ck_assert_uint_eq(cut_disk_syncs(disk), before);
        ck_assert(nvm_commit(nvm));
        ck_assert_uint_eq(cut_disk_syncs(disk), before + 1);
        (void)counter(nvm);
        ck_assert(nvm_commit(nvm));
        ck_assert_uint_eq(cut_disk_syncs(disk), before + 1);
    }
    nvm_close(nvm);
    cut_disk_free(disk);
}
END_TEST

/* Fills the log with `pages` pages and more. */
static void fill_log(struct nvm *nvm, int pages)
{
    for (int i = 0; i <= pages; i++) {
        bump(nvm);
        ck_assert(nvm_commit(nvm));
    }
}

START_TEST(the_log_is_folded_between_commands_only)
{
    struct cut_disk *disk = cut_disk_new();
    struct nvm *nvm = made("card.db", cut_disk_name(disk));
    uint64_t before;
    size_t size;

    fill_log(nvm, NVM_LOG_FOLD);
    before = cut_disk_syncs(disk);
    nvm_idle(nvm);
    ck_assert_uint_gt(cut_disk_syncs(disk), before);
    /* The log begins again, and the next commit pays for itself alone. */
    before = cut_disk_syncs(disk);
    bump(nvm);
    ck_assert(nvm_commit(nvm));
    ck_assert_uint_eq(cut_disk_syncs(disk), before + 1);
    ck_assert_ptr_nonnull(cut_disk_file(disk, "card.db-wal", &size));
    ck_assert_uint_lt(size, (size_t)(NVM_LOG_FOLD + 40) * 4200);
    /* A short log is left alone. */
    before = cut_disk_changes(disk);
    nvm_idle(nvm);
    ck_assert_uint_eq(cut_disk_changes(disk), before);
    nvm_close(nvm);
    cut_disk_free(disk);
}
END_TEST

START_TEST(a_card_that_is_never_reset_bounds_its_log)
{
    struct cut_disk *disk = cut_disk_new();
    struct nvm *nvm = made("card.db", cut_disk_name(disk));
    size_t size;

    fill_log(nvm, 2 * NVM_LOG_LIMIT);
    ck_assert_ptr_nonnull(cut_disk_file(disk, "card.db-wal", &size));
    ck_assert_uint_lt(size, (size_t)(NVM_LOG_LIMIT + 20) * 4200);
    ck_assert_int_eq(counter(nvm), 2 * NVM_LOG_LIMIT + 1);
    nvm_close(nvm);
    cut_disk_free(disk);
}
END_TEST

START_TEST(an_error_sticks_until_the_command_ends)
{
    struct nvm *nvm = made(":memory:", NULL);

    bump(nvm);
    ck_assert(!nvm_change_row(nvm, "UPDATE card SET last_isdp = 99 WHERE eid = ''", NVM_NONE));
    ck_assert(!nvm_failed(nvm));
    ck_assert(!nvm_change(nvm, "INSERT INTO card (one) VALUES (2)", NVM_NONE));
    ck_assert(nvm_failed(nvm));
    ck_assert_ptr_nonnull(strstr(nvm_message(nvm), "constraint"));
    ck_assert(!nvm_change(nvm, "UPDATE card SET last_isdp = 99", NVM_NONE));
    ck_assert(!nvm_commit(nvm));
    ck_assert(!nvm_failed(nvm));
    ck_assert_int_eq(counter(nvm), 0);

    ck_assert_ptr_null(nvm_select(nvm, "SELECT nothing FROM nowhere", NVM_NONE));
    ck_assert(nvm_failed(nvm));
    ck_assert(!nvm_commit(nvm));
    ck_assert(nvm_commit(nvm));
    /* Nothing of this needs a statement. */
    nvm_done(NULL);
    ck_assert(!nvm_row(nvm, NULL));
    ck_assert(!nvm_failed(nvm));
    (void)nvm_select(nvm, "SELECT ?1", NVM_VALUES(NVM_INT(1), NVM_INT(2)));
    ck_assert(nvm_failed(nvm));
    nvm_rollback(nvm);
    nvm_close(nvm);
}
END_TEST

START_TEST(values_come_back_as_they_went)
{
    struct nvm *nvm = made(":memory:", NULL);
    sqlite3_stmt *stmt =
        nvm_select(nvm, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9",
                   NVM_VALUES(NVM_BLOB(SPAN("\0\1", 2)), NVM_BLOB(SPAN("", 0)), NVM_BLOB(SPAN_NONE),
                              NVM_STRING("text"), NVM_STRING(NULL), NVM_INT(INT64_MIN),
                              NVM_TEXT(SPAN("texts", 4)), NVM_TEXT(SPAN_NONE), NVM_NULL));

    ck_assert(nvm_row(nvm, stmt));
    ck_assert_hex(nvm_blob(stmt, 0), "0001");
    ck_assert_ptr_nonnull(nvm_blob(stmt, 1).data);
    ck_assert_uint_eq(nvm_blob(stmt, 1).size, 0);
    ck_assert_ptr_null(nvm_blob(stmt, 2).data);
    ck_assert_str_eq(nvm_text(stmt, 3), "text");
    ck_assert_ptr_null(nvm_text(stmt, 4));
    ck_assert_int_eq(nvm_int(stmt, 4), 0);
    ck_assert(nvm_int(stmt, 5) == INT64_MIN);
    ck_assert_str_eq(nvm_text(stmt, 6), "text");
    ck_assert_str_eq(nvm_text(stmt, 7), "");
    ck_assert_ptr_null(nvm_text(stmt, 8));
    ck_assert(!nvm_row(nvm, stmt));
    ck_assert(!nvm_failed(nvm));
    nvm_close(nvm);
}
END_TEST

START_TEST(octets_are_bound_in_hexadecimal)
{
    struct nvm *nvm = made(test_path("card.db"), NULL);
    const uint8_t many[1000] = {[999] = 0xAB};
    sqlite3_stmt *stmt = nvm_select(nvm, "SELECT ?1, ?2, ?3, length(?4), substr(?4, -4)",
                                    NVM_VALUES(NVM_HEX(SPAN_NONE), NVM_HEX(SPAN_STRING("")),
                                               NVM_HEX(hex("00FF1A")), NVM_HEX(SPAN_ARRAY(many))));

    ck_assert(nvm_row(nvm, stmt));
    ck_assert_ptr_null(nvm_text(stmt, 0));
    ck_assert_str_eq(nvm_text(stmt, 1), "");
    ck_assert_str_eq(nvm_text(stmt, 2), "00FF1A");
    ck_assert_int_eq(nvm_int(stmt, 3), 2000);
    ck_assert_str_eq(nvm_text(stmt, 4), "00AB");
    nvm_done(stmt);
    nvm_close(nvm);
}
END_TEST

START_TEST(a_figure_is_zero_where_there_is_none)
{
    struct nvm *nvm = made(test_path("card.db"), NULL);

    ck_assert_int_eq(nvm_figure(nvm, "SELECT 42", NVM_NONE), 42);
    ck_assert_int_eq(nvm_figure(nvm, "SELECT NULL", NVM_NONE), 0);
    ck_assert_int_eq(nvm_figure(nvm, "SELECT 42 WHERE 0", NVM_NONE), 0);
    ck_assert(!nvm_failed(nvm));
    ck_assert_int_eq(nvm_figure(nvm, "SELECT nothing", NVM_NONE), 0);
    ck_assert(nvm_failed(nvm));
    nvm_close(nvm);
}
END_TEST

START_TEST(a_version_holds_until_something_may_be_different)
{
    struct nvm *nvm = made(":memory:", NULL);
    int64_t versions[5];

    versions[0] = nvm_version(nvm);
    counter(nvm);
    ck_assert(nvm_commit(nvm) && nvm_part_begin(nvm));
    nvm_rollback(nvm);
    nvm_rollback(nvm); /* of nothing */
    ck_assert(nvm_commit(nvm));
    versions[1] = nvm_version(nvm);
    bump(nvm);
    versions[2] = nvm_version(nvm);
    ck_assert(nvm_part_begin(nvm));
    bump(nvm);
    versions[3] = nvm_version(nvm);
    ck_assert(nvm_part_undo(nvm));
    versions[4] = nvm_version(nvm);
    for (size_t i = 1; i < sizeof(versions) / sizeof(versions[0]); i++)
        ck_assert_int_gt(versions[i], versions[i - 1]);
    nvm_rollback(nvm);
    ck_assert_int_gt(nvm_version(nvm), versions[4]);
    ck_assert_int_gt(versions[0], 0);
    versions[0] = nvm_version(nvm);
    counter(nvm);
    ck_assert(nvm_commit(nvm));
    ck_assert_int_eq(nvm_version(nvm), versions[0]);
    nvm_close(nvm);
}
END_TEST

START_TEST(one_text_can_be_walked_twice_at_once)
{
    static const char numbers[] = "WITH n (x) AS (VALUES (1), (2), (3)) SELECT x FROM n";
    struct nvm *nvm = made(":memory:", NULL);
    sqlite3_stmt *outer = nvm_select(nvm, numbers, NVM_NONE);
    int64_t sum = 0;

    while (nvm_row(nvm, outer)) {
        sqlite3_stmt *inner = nvm_select(nvm, numbers, NVM_NONE);

        ck_assert_ptr_ne(inner, outer);
        while (nvm_row(nvm, inner))
            sum += nvm_int(outer, 0) * nvm_int(inner, 0);
    }
    ck_assert_int_eq(sum, 36);
    ck_assert(!nvm_failed(nvm));
    nvm_close(nvm);
}
END_TEST

START_TEST(more_texts_than_places_still_work)
{
    static char texts[400][24];
    struct nvm *nvm = made(":memory:", NULL);

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 400; i++) {
            sqlite3_stmt *stmt;

            snprintf(texts[i], sizeof(texts[i]), "SELECT %d", i);
            stmt = nvm_select(nvm, texts[i], NVM_NONE);
            ck_assert(nvm_row(nvm, stmt));
            ck_assert_int_eq(nvm_int(stmt, 0), i);
            nvm_done(stmt);
        }
    }
    ck_assert(!nvm_failed(nvm));
    /* Walked all at once they are too many, which is an error and not a disaster. */
    for (int i = 0; i < 400; i++)
        (void)nvm_row(nvm, nvm_select(nvm, texts[i], NVM_NONE));
    ck_assert(nvm_failed(nvm));
    nvm_rollback(nvm);
    bump(nvm);
    ck_assert(nvm_commit(nvm));
    nvm_close(nvm);
}
END_TEST

START_TEST(a_card_is_open_in_one_place)
{
    char pid[32];
    struct nvm *nvm = made(test_path("card.db"), NULL);
    pid_t child;
    int status = 0;

    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_refused(test_path("card.db"), false, SOFTEUICC_BUSY, pid);
    assert_refused(test_path("card.db"), true, SOFTEUICC_EXISTS, "exists already");
    ck_assert_int_eq(symlink("card.db", test_path("card.db.link")), 0);
    assert_refused(test_path("card.db.link"), false, SOFTEUICC_BUSY, pid);
    child = fork();
    if (child == 0) {
        struct softeuicc_error error = {SOFTEUICC_OK, ""};

        nvm = nvm_open(test_path("card.db"), NULL, false, &error);
        _exit(nvm == NULL && error.status == SOFTEUICC_BUSY ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    /* The one that has it was not disturbed. */
    bump(nvm);
    ck_assert(nvm_commit(nvm));
    nvm_close(nvm);
    nvm = opened(test_path("card.db.link"), NULL);
    ck_assert_int_eq(counter(nvm), 1);
    nvm_close(nvm);
    ck_assert_int_ne(access(test_path("card.db-wal"), F_OK), 0);
    ck_assert_int_ne(access(test_path("card.db-shm"), F_OK), 0);
}
END_TEST

START_TEST(a_running_card_can_be_looked_at)
{
    struct nvm *nvm = made(test_path("card.db"), NULL);
    sqlite3 *person = NULL;
    sqlite3_stmt *look = NULL;

    bump(nvm);
    ck_assert(nvm_commit(nvm));
    ck_assert_int_eq(sqlite3_open_v2(test_path("card.db"), &person, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(person, "SELECT last_notification FROM card", -1, &look, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(look), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(look, 0), 1);
    /* The card goes on while somebody is looking, and folds its log later. */
    fill_log(nvm, NVM_LOG_FOLD);
    nvm_idle(nvm);
    bump(nvm);
    ck_assert(nvm_commit(nvm));
    ck_assert_int_eq(sqlite3_column_int(look, 0), 1);
    sqlite3_finalize(look);
    sqlite3_close(person);
    nvm_close(nvm);
}
END_TEST

START_TEST(the_file_belongs_to_its_owner_alone)
{
    struct stat status;
    struct nvm *nvm;

    umask(0);
    nvm = made(test_path("card.db"), NULL);
    bump(nvm);
    ck_assert(nvm_commit(nvm));
    ck_assert_int_eq(stat(test_path("card.db"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(test_path("card.db-wal"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    nvm_close(nvm);
    assert_refused(test_path("card.db"), true, SOFTEUICC_EXISTS, "exists already");
    ck_assert_int_eq(chmod(test_path("card.db"), 0644), 0);
    nvm_close(opened(test_path("card.db"), NULL));
    ck_assert_int_eq(stat(test_path("card.db"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

static void write_file(const char *path, const void *octets, size_t size)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(octets, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(what_is_not_a_card_is_refused_untouched)
{
    char text[8192];
    struct span before;

    assert_refused(test_path("none.db"), false, SOFTEUICC_STORAGE, "No such file");
    ck_assert_int_ne(access(test_path("none.db"), F_OK), 0);
    assert_refused(test_path("no/where.db"), true, SOFTEUICC_STORAGE, "No such file");
    ck_assert_int_eq(mkdir(test_path("directory"), 0700), 0);
    assert_refused(test_path("directory"), false, SOFTEUICC_STORAGE, "not a file");

    write_file(test_path("empty.db"), "", 0);
    assert_refused(test_path("empty.db"), false, SOFTEUICC_STORAGE, "not a card file");
    memset(text, 'x', sizeof(text));
    write_file(test_path("text.db"), text, sizeof(text));
    assert_refused(test_path("text.db"), false, SOFTEUICC_STORAGE, "not a card file");
    execute(test_path("other.db"), "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    before = test_read_file(test_path("other.db"));
    assert_refused(test_path("other.db"), false, SOFTEUICC_STORAGE, "not a card file");
    ck_assert_span(test_read_file(test_path("other.db")), before);
}
END_TEST

START_TEST(a_newer_schema_is_refused_untouched)
{
    struct span before;

    nvm_close(made(test_path("card.db"), NULL));
    execute(test_path("card.db"), "PRAGMA user_version = 4711");
    before = test_read_file(test_path("card.db"));
    assert_refused(test_path("card.db"), false, SOFTEUICC_VERSION, "newer softeuicc (schema 4711");
    ck_assert_span(test_read_file(test_path("card.db")), before);
}
END_TEST

START_TEST(a_card_is_made_whole_or_not_at_all)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct nvm *nvm = nvm_open(test_path("half.db"), NULL, true, &error);

    ck_assert_ptr_nonnull(nvm);
    ck_assert(nvm_in_transaction(nvm));
    insert_card(nvm);
    nvm_close(nvm);
    assert_refused(test_path("half.db"), false, SOFTEUICC_STORAGE, "not a card file");

    nvm = nvm_open(test_path("card2.db"), NULL, true, &error);
    ck_assert_ptr_nonnull(nvm);
    nvm_remove(nvm);
    nvm_remove(NULL);
    ck_assert_int_ne(access(test_path("card2.db"), F_OK), 0);
    ck_assert_int_ne(access(test_path("card2.db-wal"), F_OK), 0);
}
END_TEST

START_TEST(storage_by_another_name)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct cut_disk *disk = cut_disk_new();

    ck_assert_ptr_null(nvm_open("card.db", "no such VFS", true, &error));
    ck_assert_int_eq(error.status, SOFTEUICC_INVALID);
    nvm_close(made("card.db", cut_disk_name(disk)));
    ck_assert_ptr_null(nvm_open("card.db", cut_disk_name(disk), true, &error));
    ck_assert_int_eq(error.status, SOFTEUICC_EXISTS);
    nvm_close(opened("card.db", cut_disk_name(disk)));
    ck_assert_int_ne(access("card.db", F_OK), 0);
    cut_disk_free(disk);
}
END_TEST

START_TEST(a_full_disk_ends_the_command_not_the_card)
{
    struct cut_disk *disk = cut_disk_new();
    struct nvm *nvm = made("card.db", cut_disk_name(disk));

    bump(nvm);
    ck_assert(nvm_commit(nvm));
    bump(nvm);
    cut_disk_arm(disk, 1, CUT_LOST);
    ck_assert(!nvm_commit(nvm));
    ck_assert(!nvm_in_transaction(nvm));
    nvm_close(nvm);
    cut_disk_power_on(disk);
    nvm = opened("card.db", cut_disk_name(disk));
    ck_assert_int_eq(counter(nvm), 1);
    nvm_close(nvm);
    cut_disk_free(disk);
}
END_TEST

START_TEST(rows_go_with_their_profile)
{
    struct nvm *nvm = made(":memory:", NULL);

    ck_assert(!nvm_change(nvm, "INSERT INTO notification_address VALUES (77, 0, 1, 'x')", NVM_NONE));
    nvm_rollback(nvm);
    ck_assert(nvm_change(nvm,
                         "INSERT INTO profile (id, isdp_aid, iccid, state, class, origin, "
                         "metadata, memory, installed_at) VALUES (77, 'A0', '89', 'disabled', "
                         "'test', 'downloaded', x'BF2500', 1, 'now')",
                         NVM_NONE));
    ck_assert_int_eq(nvm_last_row(nvm), 77);
    ck_assert(nvm_change(nvm, "INSERT INTO notification_address VALUES (77, 0, 1, 'x')", NVM_NONE));
    ck_assert(nvm_change(nvm, "DELETE FROM profile", NVM_NONE));
    ck_assert(!nvm_row(nvm, nvm_select(nvm, "SELECT 1 FROM notification_address", NVM_NONE)));
    ck_assert(nvm_commit(nvm));
    nvm_close(nvm);
}
END_TEST

TEST_MAIN("nvm", a_commit_lasts_and_a_rollback_does_not, a_commit_costs_one_sync_and_a_read_none,
          the_log_is_folded_between_commands_only, a_card_that_is_never_reset_bounds_its_log,
          an_error_sticks_until_the_command_ends, values_come_back_as_they_went,
          octets_are_bound_in_hexadecimal, a_figure_is_zero_where_there_is_none,
          a_version_holds_until_something_may_be_different, one_text_can_be_walked_twice_at_once,
          more_texts_than_places_still_work, a_card_is_open_in_one_place, a_running_card_can_be_looked_at,
          the_file_belongs_to_its_owner_alone, what_is_not_a_card_is_refused_untouched,
          a_newer_schema_is_refused_untouched, a_card_is_made_whole_or_not_at_all, storage_by_another_name,
          a_full_disk_ends_the_command_not_the_card, rows_go_with_their_profile)
