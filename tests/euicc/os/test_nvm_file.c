/* The file of a card: what it must be, whose it is, and what becomes of a card whose file goes away. */
#include "euicc/os/nvm_file.h"

#include "euicc/os/nvm.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char paths[4][256];

/* test_path keeps one path at a time. */
static const char *in(unsigned place, const char *name)
{
    snprintf(paths[place], sizeof(paths[place]), "%s", test_path(name));
    return paths[place];
}

static struct nvm *made(const char *path)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct nvm *nvm;

    (void)unlink(path);
    nvm = nvm_open(path, NULL, true, &error);
    ck_assert_msg(nvm != NULL, "%s", error.message);
    ck_assert(nvm_change(nvm,
                         "INSERT INTO card (one, eid, personality, created_at, nvm_size)"
                         " VALUES (1, '89049032123451234512345678901235', 'hybrid', 'now', 1000)",
                         NVM_NONE));
    ck_assert(nvm_commit(nvm));
    return nvm;
}

static bool bump(struct nvm *nvm)
{
    return nvm_change_row(nvm, "UPDATE card SET last_notification = last_notification + 1", NVM_NONE) &&
           nvm_commit(nvm);
}

static int64_t count_in(const char *path)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct nvm *nvm = nvm_open(path, NULL, false, &error);
    int64_t count;

    ck_assert_msg(nvm != NULL, "%s", error.message);
    count = nvm_figure(nvm, "SELECT last_notification FROM card", NVM_NONE);
    nvm_close(nvm);
    return count;
}

static void assert_refused(const char *path, bool create, enum softeuicc_status status, const char *part)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};

    ck_assert_ptr_null(nvm_open(path, NULL, create, &error));
    ck_assert_msg(error.status == status && strstr(error.message, part) != NULL, "%s: %d %s", path,
                  error.status, error.message);
}

static void assert_alone(const char *path)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    char beside[300];

    for (size_t i = 0; i < 3; i++) {
        snprintf(beside, sizeof(beside), "%s%s", path, suffixes[i]);
        ck_assert_msg(access(beside, F_OK) != 0, "%s is left", beside);
    }
}

/* --- what it must be ----------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_lt(strlen(path), sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

/* Nothing here waits, and nothing is touched. */
START_TEST(only_a_file_can_be_a_card)
{
    static const char *const kinds[] = {"pipe.db", "directory.db", "socket.db", "link.db"};
    struct stat before, after;

    ck_assert_int_eq(mkfifo(in(0, "pipe.db"), 0644), 0);
    ck_assert_int_eq(mkdir(in(0, "directory.db"), 0755), 0);
    make_socket(in(0, "socket.db"));
    ck_assert_int_eq(symlink("pipe.db", in(0, "link.db")), 0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ck_assert_int_eq(stat(in(0, kinds[i]), &before), 0);
        assert_refused(in(0, kinds[i]), false, SOFTEUICC_STORAGE, "is not a file");
        assert_refused(in(0, kinds[i]), true, SOFTEUICC_EXISTS, "exists already");
        ck_assert_int_eq(stat(in(0, kinds[i]), &after), 0);
        ck_assert_uint_eq(after.st_mode, before.st_mode);
    }
    assert_refused("/dev/null", false, SOFTEUICC_STORAGE, "is not a file");
    assert_refused("/", false, SOFTEUICC_STORAGE, "is not a file");
    assert_refused("/", true, SOFTEUICC_EXISTS, "exists already");
    assert_refused("", false, SOFTEUICC_STORAGE, "No such file");
    assert_refused(in(0, "none/card.db"), true, SOFTEUICC_STORAGE, "No such file");
}
END_TEST

START_TEST(only_a_card_is_touched)
{
    static const char *const texts[] = {"", "a text", "SQLite format 3"};
    struct stat status;
    sqlite3 *db = NULL;

    for (size_t i = 0; i < 3; i++) {
        write_text(in(0, "text.db"), texts[i]);
        ck_assert_int_eq(chmod(in(0, "text.db"), 0664), 0);
        assert_refused(in(0, "text.db"), false, SOFTEUICC_STORAGE, "is not a card file");
        ck_assert_int_eq(stat(in(0, "text.db"), &status), 0);
        ck_assert_uint_eq(status.st_mode & 0777, 0664);
        assert_alone(in(0, "text.db"));
    }
    /* Another database with a log: opening and closing it would fold the log. */
    ck_assert_int_eq(sqlite3_open(in(0, "other.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)", NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
    sqlite3_close(db);
    ck_assert_int_eq(chmod(in(0, "other.db"), 0664), 0);
    ck_assert_int_eq(stat(in(0, "other.db-wal"), &status), 0);
    ck_assert_int_gt(status.st_size, 0);
    assert_refused(in(0, "other.db"), false, SOFTEUICC_STORAGE, "is not a card file");
    ck_assert_int_eq(stat(in(0, "other.db-wal"), &status), 0);
    ck_assert_int_gt(status.st_size, 0);
    ck_assert_int_eq(stat(in(0, "other.db"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0664);
}
END_TEST

START_TEST(what_lies_beside_is_looked_at)
{
    static const char *const logs[] = {"card.db-wal", "card.db-shm", "card.db-journal"};
    struct stat status;

    nvm_close(made(in(2, "card.db")));
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(mkfifo(in(0, logs[i]), 0600), 0);
        assert_refused(in(2, "card.db"), false, SOFTEUICC_STORAGE, "is not a file");
        assert_refused(in(2, "card.db"), true, SOFTEUICC_EXISTS, "exists already");
        ck_assert_int_eq(unlink(in(0, logs[i])), 0);
        ck_assert_int_eq(symlink("elsewhere", in(0, logs[i])), 0);
        assert_refused(in(2, "card.db"), false, SOFTEUICC_STORAGE, "is not a file");
        ck_assert_int_eq(unlink(in(0, logs[i])), 0);
    }
    /* A log without its card is not deleted by a new one of that name. */
    write_text(in(0, "new.db-wal"), "of another card");
    assert_refused(in(2, "new.db"), true, SOFTEUICC_EXISTS,
                   "new.db-wal is the log of a card that had this name");
    ck_assert_int_ne(access(in(2, "new.db"), F_OK), 0);
    ck_assert_int_eq(stat(in(0, "new.db-wal"), &status), 0);
    ck_assert_int_eq(status.st_size, 15);
}
END_TEST

/* --- whose it is --------------------------------------------------------------------------------- */

/* What a child of ours finds there: true when it is refused because this process has the card. */
static bool others_are_refused(const char *path)
{
    char mine[32];
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct softeuicc_error error = {SOFTEUICC_OK, ""};

        snprintf(mine, sizeof(mine), "process %ld", (long)getppid());
        _exit(nvm_open(path, NULL, false, &error) == NULL && error.status == SOFTEUICC_BUSY &&
                      strstr(error.message, mine) != NULL
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status == 0;
}

/* Whether another process meets the lock by which SQLite shows that it has the file open. */
static bool sqlite_has_its_lock(const char *path)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
        int fd = open(path, O_RDWR);

        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid == getppid()
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status == 0;
}

START_TEST(a_card_is_its_inode)
{
    const char *path = in(2, "card.db");
    struct nvm *nvm = made(path);

    ck_assert(bump(nvm));
    ck_assert_int_eq(link(path, in(0, "hard.db")), 0);
    ck_assert_int_eq(symlink("hard.db", in(1, "soft.db")), 0);
    for (unsigned i = 0; i < 3; i++) {
        const char *name = i == 0 ? path : paths[i - 1];

        ck_assert(others_are_refused(name));
        /* This process is refused before it opens the file, or SQLite's locks would be gone. */
        assert_refused(name, false, SOFTEUICC_BUSY, "is in use by process");
        ck_assert(sqlite_has_its_lock(path));
    }
    ck_assert(bump(nvm));
    nvm_close(nvm);
    assert_alone(path);
    ck_assert_int_eq(count_in(paths[1]), 2);
    ck_assert_int_eq(unlink(paths[0]), 0);
}
END_TEST

START_TEST(a_log_is_its_process_s)
{
    const char *path = in(2, "card.db");
    struct nvm *old = made(path);

    ck_assert(bump(old));
    nvm_close(made(in(3, "next.db")));
    ck_assert_int_eq(rename(paths[3], path), 0);
    /* The file is nobody's, but its name still has the log of a card that is open. */
    ck_assert(others_are_refused(path));
    assert_refused(path, false, SOFTEUICC_BUSY, "card.db-wal is in use by process");
    nvm_close(old);
    assert_alone(path);
    ck_assert_int_eq(count_in(path), 0);
}
END_TEST

/* --- where it is --------------------------------------------------------------------------------- */

enum loss { DELETED, REPLACED, MOVED, LINKED, UNLOGGED, MOVED_DIRECTORY, LOSSES };

static void lose(enum loss loss, const char *path, const char *elsewhere)
{
    char beside[300];

    switch (loss) {
    case DELETED:
        ck_assert_int_eq(unlink(path), 0);
        break;
    case REPLACED:
        write_text(elsewhere, "another file");
        ck_assert_int_eq(rename(elsewhere, path), 0);
        break;
    case MOVED:
        ck_assert_int_eq(rename(path, elsewhere), 0);
        break;
    case LINKED:
        ck_assert_int_eq(link(path, elsewhere), 0);
        ck_assert_int_eq(unlink(path), 0);
        write_text(path, "another file");
        break;
    case UNLOGGED:
        snprintf(beside, sizeof(beside), "%s-wal", path);
        ck_assert_int_eq(unlink(beside), 0);
        break;
    default:
        ck_assert_int_eq(rename(in(0, "directory"), in(1, "moved")), 0);
        break;
    }
}

START_TEST(a_card_that_is_gone_takes_nothing)
{
    static const struct {
        const char *says, *then; /* NULL: the card is no more */
    } expected[LOSSES] = {
        [DELETED] = {"was deleted while", NULL},
        [REPLACED] = {"was deleted or replaced by another file while", NULL},
        [MOVED] = {"was moved away while it was open: the card is now ", "elsewhere.db"},
        [LINKED] = {"was moved away while it was open", "elsewhere.db"},
        [UNLOGGED] = {"card.db-wal was taken away", "directory/card.db"},
        [MOVED_DIRECTORY] = {"was moved away while it was open: the card is now ", "moved/card.db"},
    };

    for (enum loss loss = 0; loss < LOSSES; loss++) {
        struct softeuicc_error error = {SOFTEUICC_OK, ""};
        const char *path, *elsewhere = in(3, "elsewhere.db");
        struct nvm *nvm;

        ck_assert_int_eq(mkdir(in(0, "directory"), 0700), 0);
        nvm = made(path = in(2, "directory/card.db"));
        ck_assert(bump(nvm) && nvm_is_there(nvm, &error));
        ck_assert(bump(nvm));
        lose(loss, path, elsewhere);
        ck_assert(!nvm_is_there(nvm, NULL) && !nvm_is_there(nvm, &error));
        ck_assert_msg(strstr(error.message, expected[loss].says) != NULL, "%s", error.message);
        ck_assert_msg(!bump(nvm), "%d", loss);
        ck_assert_ptr_nonnull(strstr(nvm_message(nvm), expected[loss].says));
        ck_assert(!nvm_commit(nvm)); /* what was only read is no better */
        nvm_close(nvm);
        assert_alone(path);
        if (expected[loss].then != NULL) {
            assert_alone(in(0, expected[loss].then));
            ck_assert_int_eq(count_in(in(0, expected[loss].then)), 2);
            ck_assert_int_eq(unlink(in(0, expected[loss].then)), 0);
        }
        (void)unlink(path);
        (void)rmdir(in(0, "moved"));
        (void)rmdir(in(0, "directory"));
    }
}
END_TEST

/* Somebody reads while it goes: the log stays until nobody does. */
START_TEST(a_card_that_moved_keeps_what_it_was_told)
{
    const char *path = in(2, "card.db");
    struct nvm *nvm = made(path);

    for (unsigned i = 0; i < 50; i++)
        ck_assert(bump(nvm));
    ck_assert_int_eq(rename(path, in(3, "moved.db")), 0);
    nvm_close(nvm);
    assert_alone(path);
    assert_alone(paths[3]);
    ck_assert_int_eq(count_in(paths[3]), 50);
}
END_TEST

TEST_MAIN("nvm_file", only_a_file_can_be_a_card, only_a_card_is_touched, what_lies_beside_is_looked_at,
          a_card_is_its_inode, a_log_is_its_process_s, a_card_that_is_gone_takes_nothing,
          a_card_that_moved_keeps_what_it_was_told)
