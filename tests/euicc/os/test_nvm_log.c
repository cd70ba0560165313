/* Whether a log belongs to its file: every file of some cards' lives with every log of them, foldings cut
 * short anywhere, files that are put back, and logs from before there was such a thing. */
#include "euicc/os/nvm_log.h"

#include "euicc/os/nvm.h"
#include "euicc/os/nvm_schema.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR   512
#define SESSIONS 4 /* of each card, each ended by a kill */
#define CARDS    2

static char paths[4][256];

/* test_path keeps one path at a time. */
static const char *in(unsigned place, const char *name)
{
    snprintf(paths[place], sizeof(paths[place]), "%s", test_path(name));
    return paths[place];
}

static void write_octets(const char *path, struct span octets)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(octets.data, 1, octets.size, file), octets.size);
    ck_assert_int_eq(fclose(file), 0);
}

static void bump(struct nvm *nvm)
{
    ck_assert(nvm_change_row(nvm, "UPDATE card SET last_notification = last_notification + 1", NVM_NONE));
    ck_assert(nvm_commit(nvm));
}

static void make(const char *path, const char *eid)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct nvm *nvm = nvm_open(path, NULL, true, &error);

    ck_assert_msg(nvm != NULL, "%s", error.message);
    ck_assert(nvm_change(nvm,
                         "INSERT INTO card (one, eid, personality, created_at, nvm_size)"
                         " VALUES (1, ?1, 'hybrid', 'now', 1000)",
                         NVM_VALUES(NVM_STRING(eid))));
    ck_assert(nvm_commit(nvm));
    nvm_close(nvm);
}

/* The count in a card that is opened and closed; -1: it is refused. */
static int64_t count_in(const char *path, struct softeuicc_error *error)
{
    struct nvm *nvm = nvm_open(path, NULL, false, error);
    int64_t count = nvm != NULL ? nvm_figure(nvm, "SELECT last_notification FROM card", NVM_NONE) : -1;

    nvm_close(nvm);
    return count;
}

/* A process that opens the card, does what it is told, and is killed. `folds`: somebody else folds the log
 * before the last change. */
static void live_and_die(const char *path, unsigned changes, bool folds)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct nvm *nvm = nvm_open(path, NULL, false, NULL);
        sqlite3 *person = NULL;
        bool good = nvm != NULL;

        for (unsigned i = 0; good && i < changes; i++) {
            if (folds && i + 1 == changes)
                good = sqlite3_open(path, &person) == SQLITE_OK &&
                       sqlite3_exec(person, "PRAGMA wal_checkpoint", NULL, NULL, NULL) == SQLITE_OK;
            bump(nvm);
        }
        _exit(good ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

/* A session: the file as it was when the process was killed, its log, the file after that was folded. */
struct session {
    struct span file, log, folded;
    int64_t count;
};

static void live_a_life(const char *name, const char *eid, struct session sessions[SESSIONS])
{
    char log[64];

    make(in(0, name), eid);
    snprintf(log, sizeof(log), "%s-wal", name);
    for (unsigned i = 0; i < SESSIONS; i++) {
        live_and_die(in(0, name), 2 + i, false);
        sessions[i].file = test_read_file(in(1, name));
        sessions[i].log = test_read_file(in(1, log));
        sessions[i].count = count_in(in(0, name), NULL);
        ck_assert_int_gt(sessions[i].count, 0);
        sessions[i].folded = test_read_file(in(1, name));
    }
}

/* What becomes of this file and this log beside it, both new here. */
static int64_t meet(struct span file, struct span log)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    int64_t count;

    (void)unlink(in(0, "met.db-shm"));
    write_octets(in(0, "met.db"), file);
    write_octets(in(1, "met.db-wal"), log);
    count = count_in(in(0, "met.db"), &error);
    if (count >= 0)
        return count;
    ck_assert_int_eq(error.status, SOFTEUICC_STORAGE);
    ck_assert_msg(strstr(error.message, "is not the log of") != NULL, "%s", error.message);
    ck_assert_span(test_read_file(in(0, "met.db")), file);
    ck_assert_span(test_read_file(in(1, "met.db-wal")), log);
    return -1;
}

START_TEST(a_log_meets_every_file)
{
    static struct session lives[CARDS][SESSIONS];

    live_a_life("one.db", "89049032123451234512345678901235", lives[0]);
    live_a_life("two.db", "89049032000000000000000000000064", lives[1]);
    for (unsigned file = 0; file < CARDS * SESSIONS; file++)
        for (unsigned log = 0; log < CARDS * SESSIONS; log++) {
            const struct session *whose = &lives[log / SESSIONS][log % SESSIONS];
            const struct session *met = &lives[file / SESSIONS][file % SESSIONS];

            /* The next session begins with the file that this one's log was folded into. */
            bool belongs = file / SESSIONS == log / SESSIONS && (file == log || file == log + 1);

            ck_assert_msg(meet(met->file, whose->log) == (belongs ? whose->count : -1), "file %u and log %u",
                          file, log);
        }
}
END_TEST

/* Some sectors of one, the others of the other, as a power cut leaves a folding. */
static struct span mixed(struct span before, struct span after, unsigned seed)
{
    struct buf *mixture = test_buf();

    for (size_t at = 0; at < after.size; at += SECTOR) {
        const bool new = (seed = seed * 1664525u + 1013904223u) >> 31 != 0;

        buf_append(mixture,
                   new || at >= before.size ? SPAN(after.data + at, SECTOR) : SPAN(before.data + at, SECTOR));
    }
    return buf_span(mixture);
}

START_TEST(a_folding_may_end_anywhere)
{
    struct session sessions[SESSIONS];

    live_a_life("folding.db", "89049032123451234512345678901235", sessions);
    for (unsigned i = 0; i < 60; i++) {
        const struct session *session = &sessions[i % SESSIONS];
        struct span mixture = mixed(session->file, session->folded, i);
        struct buf *wrong = test_buf();

        ck_assert_msg(meet(mixture, session->log) == session->count, "mixture %u", i);
        buf_append(wrong, mixture);
        wrong->data[NVM_HEADER_SIZE + (i * 7919u) % (wrong->size - NVM_HEADER_SIZE)] ^= 1;
        ck_assert_msg(meet(buf_span(wrong), session->log) == -1, "mixture %u with a wrong bit", i);
    }
    ck_assert_int_eq(meet(SPAN(sessions[1].file.data, sessions[1].file.size - 4096), sessions[1].log), -1);
}
END_TEST

/* What is not a log, or a log cut off, says nothing that is not whole. */
START_TEST(a_log_may_end_anywhere)
{
    struct session sessions[SESSIONS];
    struct buf *noise = test_buf();
    size_t frame = 24 + 4096;
    int64_t last = 0;

    live_a_life("ending.db", "89049032123451234512345678901235", sessions);
    for (size_t size = 0; size < sessions[2].log.size; size += frame / 3) {
        int64_t count = meet(sessions[2].file, SPAN(sessions[2].log.data, size));

        ck_assert_int_ge(count, last);
        last = count;
    }
    for (size_t i = 0; i < 3 * frame; i++)
        buf_append_octet(noise, (uint8_t)(i * 2654435761u >> 13));
    ck_assert_int_eq(meet(sessions[2].file, buf_span(noise)), sessions[1].count);
    ck_assert_int_eq(meet(sessions[3].file, SPAN(sessions[2].log.data, 20)), sessions[2].count);
}
END_TEST

static void assert_refused(const char *path, const char *part)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct span before = test_read_file(path);

    ck_assert_int_eq(count_in(path, &error), -1);
    ck_assert_msg(strstr(error.message, part) != NULL, "%s", error.message);
    ck_assert_span(test_read_file(path), before);
}

START_TEST(what_was_put_back_is_not_gone_on_from)
{
    const char *path = in(2, "put.db");
    const char *log = in(3, "put.db-wal");
    struct span before, kept;

    make(path, "89049032123451234512345678901235");
    before = test_read_file(path);
    live_and_die(path, 3, false);
    kept = test_read_file(log);
    usleep(20000);              /* some file systems count time in ticks */
    write_octets(path, before); /* cp */
    assert_refused(path, "is a copy from before");
    write_octets(in(0, "copy.db"), before); /* mv */
    ck_assert_int_eq(rename(in(0, "copy.db"), path), 0);
    assert_refused(path, "is a copy from before");
    /* Both are copies: a card that was copied whole. */
    write_octets(in(0, "new"), kept);
    ck_assert_int_eq(rename(in(0, "new"), log), 0);
    ck_assert_int_eq(count_in(path, NULL), 3);
    /* Nothing happened to this one. */
    live_and_die(path, 2, false);
    ck_assert_int_eq(count_in(path, NULL), 5);
    live_and_die(path, 2, false);
    write_octets(path, before);
    ck_assert_int_eq(unlink(log), 0);
    ck_assert_int_eq(count_in(path, NULL), 0);
}
END_TEST

START_TEST(a_log_that_others_began_is_marked)
{
    const char *path = in(2, "person.db");

    make(path, "89049032123451234512345678901235");
    for (unsigned changes = 1; changes < 5; changes++) {
        int64_t before = count_in(path, NULL);

        live_and_die(path, changes, true);
        ck_assert_int_eq(count_in(path, NULL), before + changes);
    }
}
END_TEST

/* A card of the schema before, killed with a log. */
static void make_old(const char *path, bool log)
{
    static const char change[] = "UPDATE card SET last_notification = 7";
    sqlite3 *db = NULL;

    make(path, "89049032123451234512345678901235");
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_exec(db,
                     "DROP TABLE log; DROP TABLE marked; DROP TABLE ipae; DROP TABLE ipae_session;"
                     "DROP TABLE ipae_setting; DROP TABLE ipae_eim; DROP TABLE ipae_count;"
                     "ALTER TABLE iot ADD COLUMN ipae_active INTEGER NOT NULL DEFAULT 0;"
                     "PRAGMA user_version = 5; PRAGMA wal_checkpoint(TRUNCATE)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
    ck_assert_int_eq(log ? sqlite3_exec(db, change, NULL, NULL, NULL) : SQLITE_OK, SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(a_log_from_before_is_taken)
{
    const char *path = in(2, "old.db");
    struct span log;

    make_old(path, true);
    log = test_read_file(in(0, "old.db-wal"));
    ck_assert_uint_gt(log.size, 4096);
    ck_assert_int_eq(count_in(path, NULL), 7);
    /* The card is new now: a log without a mark is not its own. */
    write_octets(in(0, "old.db-wal"), log);
    assert_refused(path, "is not the log of");
    ck_assert_int_eq(unlink(in(0, "old.db-wal")), 0);
    ck_assert_int_eq(count_in(path, NULL), 7);
    /* What the migration adds to such a log marks it. */
    ck_assert_int_eq(unlink(path), 0);
    make_old(path, true);
    live_and_die(path, 1, false);
    ck_assert_int_eq(count_in(path, NULL), 8);
}
END_TEST

TEST_MAIN("nvm_log", a_log_meets_every_file, a_folding_may_end_anywhere, a_log_may_end_anywhere,
          what_was_put_back_is_not_gone_on_from, a_log_that_others_began_is_marked,
          a_log_from_before_is_taken)
