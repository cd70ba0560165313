/* Whether a log belongs to its database. See database_log.h; the places of what is read below SQLite are in
 * https://www.sqlite.org/fileformat2.html 1.3 and 4. */
#include "common/database/database_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBERS          0x7FFFFFFE /* of a database: 1 to this */
#define HEADER_VERSIONS  18         /* two octets, each 2 where changes go to a write-ahead log */
#define HEADER_NUMBER    68
#define WAL_HEADER       32
#define WAL_SALTS        16 /* in its header */
#define WAL_MAGIC        0x377F0682
#define FRAME_SALTS      8 /* in a frame's */
#define FRAME_HEADER     24
#define SALTS            8
#define PATH_OF_LOG_SIZE 4096

static uint32_t number_at(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static int64_t number_after(int64_t number)
{
    return number % NUMBERS + 1;
}

/* --- Before it is opened -------------------------------------------------------------------------------- */

/* Octets of a file, 0 when there is none. */
static int64_t size_beside(const char *path, const char *ending)
{
    char beside[PATH_OF_LOG_SIZE];
    struct stat status;

    if (snprintf(beside, sizeof(beside), "%s%s", path, ending) >= (int)sizeof(beside) ||
        stat(beside, &status) != 0)
        return 0;
    return status.st_size;
}

static bool writes_ahead(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint8_t versions[2] = {0};
    bool is_read = fd >= 0 && pread(fd, versions, sizeof(versions), HEADER_VERSIONS) == sizeof(versions);

    if (fd >= 0)
        close(fd);
    return is_read && versions[0] == 2 && versions[1] == 2;
}

bool database_log_may_open(const char *path, char *why, size_t size)
{
    /* SQLite would delete the log, and with it the last changes of what was moved away. */
    if (size_beside(path, "") == 0 && size_beside(path, "-wal") > 0) {
        snprintf(why, size, "it is empty, and the log beside it (its name with -wal) is of another database");
        return false;
    }
    /* What does not write ahead and was interrupted is put back as it was; ours do. */
    if (size_beside(path, "-journal") > 0 && writes_ahead(path)) {
        snprintf(why, size, "the journal beside it (its name with -journal) is of another database");
        return false;
    }
    return true;
}

/* --- Numbers -------------------------------------------------------------------------------------------- */

/* NULL: it is not open. */
static sqlite3_file *opened(sqlite3 *handle, int which)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(handle, "main", which, &file) != SQLITE_OK || file == NULL ||
        file->pMethods == NULL)
        return NULL;
    return file;
}

/* What is beyond the end of the file is zeros. */
static bool read_at(sqlite3_file *file, uint8_t *out, size_t size, int64_t offset)
{
    int status = file->pMethods->xRead(file, out, (int)size, offset);

    return status == SQLITE_OK || status == SQLITE_IOERR_SHORT_READ;
}

/* As it is in the file itself. A database in memory has no file that could be another one. */
static bool number_in_file(sqlite3 *handle, int64_t seen, int64_t *number)
{
    const char *name = sqlite3_db_filename(handle, "main");
    sqlite3_file *file = opened(handle, SQLITE_FCNTL_FILE_POINTER);
    uint8_t octets[4];

    *number = seen;
    if (name == NULL || name[0] == '\0')
        return true;
    if (file == NULL || !read_at(file, octets, sizeof(octets), HEADER_NUMBER))
        return false;
    *number = (int32_t)number_at(octets);
    return true;
}

/* As it is with the log. */
static bool number_seen(sqlite3 *handle, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    bool good = sqlite3_prepare_v2(handle, "PRAGMA application_id", -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_ROW;

    if (good)
        *number = sqlite3_column_int(stmt, 0);
    return sqlite3_finalize(stmt) == SQLITE_OK && good;
}

static bool number_set(sqlite3 *handle, int64_t number)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", (int)number);
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Whether the log, if there is one, begins with the first page, which holds the number. */
static bool log_has_number(sqlite3 *handle, bool *has)
{
    sqlite3_file *log = opened(handle, SQLITE_FCNTL_JOURNAL_POINTER);
    uint8_t octets[WAL_HEADER + FRAME_HEADER];

    *has = true;
    if (log == NULL)
        return true;
    if (!read_at(log, octets, sizeof(octets), 0))
        return false;
    *has = (number_at(octets) | 1) != (WAL_MAGIC | 1) ||
           memcmp(octets + WAL_SALTS, octets + WAL_HEADER + FRAME_SALTS, SALTS) != 0 ||
           number_at(octets + WAL_HEADER) == 1;
    return true;
}

enum database_log_state database_log_check(sqlite3 *handle, int64_t *number)
{
    int64_t in_file;
    bool has;

    if (!number_seen(handle, number) || !number_in_file(handle, *number, &in_file))
        return DATABASE_LOG_UNREADABLE;
    if (in_file != *number)
        return in_file != 0 && *number == number_after(in_file) ? DATABASE_LOG_OWN : DATABASE_LOG_FOREIGN;
    /* Named leniency: a server that was killed under a softeuicc that gave no numbers is not lost. */
    if (*number == 0)
        return DATABASE_LOG_OWN;
    if (!log_has_number(handle, &has))
        return DATABASE_LOG_UNREADABLE;
    return has ? DATABASE_LOG_OWN : DATABASE_LOG_FOREIGN;
}

bool database_log_give_number(sqlite3 *handle, int64_t *number)
{
    uint32_t chance;

    sqlite3_randomness(sizeof(chance), &chance);
    *number = number_after(chance % NUMBERS);
    return number_set(handle, *number);
}

bool database_log_begin(sqlite3 *handle, int64_t *number)
{
    int64_t in_file;

    if (!number_in_file(handle, 0, &in_file))
        return false;
    if (in_file == 0 || *number == number_after(in_file))
        return true;
    if (!number_seen(handle, number))
        return false;
    if (in_file != *number)
        return true;
    if (!number_set(handle, number_after(in_file)))
        return false;
    *number = number_after(in_file);
    return true;
}
