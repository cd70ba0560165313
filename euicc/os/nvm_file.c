/* The file of a card on this machine. See nvm_file.h. */
#include "euicc/os/nvm_file.h"

#include "euicc/os/error.h"
#include "euicc/os/nvm_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char log_suffix[] = "-wal";
/* What SQLite may keep beside a database. */
static const char *const suffixes[] = {log_suffix, "-shm", "-journal"};

/* Of a card's log: https://www.sqlite.org/fileformat2.html 4.1 */
#define PAGE        4096
#define FRAME       (24 + PAGE)
#define FIRST_FRAME (32 + 24)

#define SUFFIXES  (sizeof(suffixes) / sizeof(suffixes[0]))
#define NAME_SIZE (NAME_MAX + sizeof("-journal"))

/* The name of what lies beside the card. */
static const char *name_beside(const struct nvm_file *file, const char *suffix, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s%s", file->name, suffix);
    return name;
}

/* --- what this process holds --------------------------------------------------------------------- */

/*
 * The one thing that is of the process and not of a card: POSIX locks are of the process too, which is why
 * SQLite keeps such a list. A child that was forked has none of its parent's locks, and counts none.
 */
struct held {
    struct held *next;
    dev_t device;
    ino_t inode;
    pid_t process;
};

static pthread_mutex_t held_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct held *held_first;

static struct held **held_find(dev_t device, ino_t inode)
{
    struct held **at = &held_first;

    while (*at != NULL && ((*at)->device != device || (*at)->inode != inode || (*at)->process != getpid()))
        at = &(*at)->next;
    return at;
}

static enum softeuicc_status held_add(const struct stat *status, const char *path,
                                      struct softeuicc_error *error)
{
    struct held *mine = malloc(sizeof(*mine));
    bool free_to_take;

    if (mine == NULL)
        return error_set(error, SOFTEUICC_MEMORY, "out of memory");
    *mine = (struct held){NULL, status->st_dev, status->st_ino, getpid()};
    pthread_mutex_lock(&held_mutex);
    free_to_take = *held_find(status->st_dev, status->st_ino) == NULL;
    if (free_to_take) {
        mine->next = held_first;
        held_first = mine;
    }
    pthread_mutex_unlock(&held_mutex);
    if (free_to_take)
        return SOFTEUICC_OK;
    free(mine);
    return error_set(error, SOFTEUICC_BUSY, "%s is in use by process %ld", path, (long)getpid());
}

static void held_remove(dev_t device, ino_t inode)
{
    struct held **at;
    struct held *mine;

    pthread_mutex_lock(&held_mutex);
    at = held_find(device, inode);
    mine = *at;
    if (mine != NULL)
        *at = mine->next;
    pthread_mutex_unlock(&held_mutex);
    free(mine);
}

/* --- what others hold ---------------------------------------------------------------------------- */

/*
 * Locks of an open file description, which no other descriptor that is closed takes away, on an octet far
 * from those that SQLite locks; flock would meet SQLite's locks on NFS. The system does not say whose such a
 * lock is, so a POSIX lock on the next octet does (nvm_file_sign); what takes that one away takes nothing but
 * the name.
 */
#define HELD_OCTET  0x50000000
#define NAMED_OCTET 0x50000001

static int lock_octet(int fd, int command, off_t octet, pid_t *process)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = octet, .l_len = 1};
    int result = fcntl(fd, command, &lock);

    if (process != NULL)
        *process = result == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
    return result;
}

static enum softeuicc_status hold(int fd, const char *path, const char *what, struct softeuicc_error *error)
{
    pid_t holder;

    if (lock_octet(fd, F_OFD_SETLK, HELD_OCTET, NULL) == 0)
        return SOFTEUICC_OK;
    if (errno != EAGAIN && errno != EACCES)
        return error_set(error, SOFTEUICC_STORAGE, "cannot lock %s%s: %s", path, what, strerror(errno));
    (void)lock_octet(fd, F_OFD_GETLK, NAMED_OCTET, &holder);
    if (holder <= 0) /* of another machine, or not to be seen from here */
        return error_set(error, SOFTEUICC_BUSY, "%s%s is in use by another process", path, what);
    return error_set(error, SOFTEUICC_BUSY, "%s%s is in use by process %ld", path, what, (long)holder);
}

/* --- looking before touching --------------------------------------------------------------------- */

static bool same_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* What lies beside the card under the names of its log. SQLite would wait for a pipe. */
static enum softeuicc_status look_beside(const struct nvm_file *file, bool create,
                                         struct softeuicc_error *error)
{
    char name[NAME_SIZE];
    struct stat status;

    for (size_t i = 0; i < SUFFIXES; i++) {
        if (fstatat(file->directory, name_beside(file, suffixes[i], name), &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (!S_ISREG(status.st_mode))
            return error_set(error, SOFTEUICC_STORAGE, "%s%s is not a file", file->path, suffixes[i]);
        /* It may be all that is left of a card that was moved away, and SQLite would delete it. */
        if (create && suffixes[i] == log_suffix && status.st_size > 0)
            return error_set(
                error, SOFTEUICC_EXISTS,
                "%s%s is the log of a card that had this name: put it beside its card, or delete it",
                file->path, suffixes[i]);
    }
    return SOFTEUICC_OK;
}

/* Whether these are the first octets of a card (https://www.sqlite.org/fileformat2.html 1.3). */
static bool is_card_header(const uint8_t header[NVM_HEADER_SIZE])
{
    const uint8_t *id = header + NVM_HEADER_APPLICATION;

    return memcmp(header, "SQLite format 3", 16) == 0 &&
           ((uint32_t)id[0] << 24 | id[1] << 16 | id[2] << 8 | id[3]) == NVM_APPLICATION_ID;
}

static int open_log(const struct nvm_file *file)
{
    char name[NAME_SIZE];

    return openat(file->directory, name_beside(file, log_suffix, name),
                  O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
}

/* A card that was made before its number stood in the file from the beginning, and whose power went before
 * its first log was folded, has it in the log's first page alone. */
static bool begins_in_log(const struct nvm_file *file)
{
    uint8_t header[NVM_HEADER_SIZE];
    int fd = open_log(file);
    bool found = false;

    for (off_t at = FIRST_FRAME; fd >= 0 && !found; at += FRAME) {
        if (pread(fd, header, sizeof(header), at) != (ssize_t)sizeof(header))
            break;
        found = is_card_header(header);
    }
    if (fd >= 0)
        close(fd);
    return found;
}

static bool begins_as_card(const struct nvm_file *file, const struct stat *status)
{
    uint8_t header[NVM_HEADER_SIZE];

    return pread(file->card, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
           (is_card_header(header) || (status->st_size == PAGE && begins_in_log(file)));
}

static enum softeuicc_status nvm_close_to_others(int fd, const char *path, const char *what,
                                                 struct softeuicc_error *error)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && ((status.st_mode & 077) == 0 || fchmod(fd, 0600) == 0))
        return SOFTEUICC_OK;
    return error_set(error, SOFTEUICC_STORAGE,
                     "others can read the keys in %s%s, and its mode cannot be changed: %s", path, what,
                     strerror(errno));
}

/* --- taking -------------------------------------------------------------------------------------- */

/* Where `path` leads to; of a file that is to be made, its directory has to be there. */
static char *resolve_path(const char *path, bool create)
{
    const char *slash = strrchr(path, '/');
    char *directory, *real, *result;
    size_t size;

    if (!create)
        return realpath(path, NULL);
    directory = slash != NULL ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    real = directory != NULL ? realpath(directory, NULL) : NULL;
    size = real != NULL ? strlen(real) + strlen(path) + 2 : 0;
    result = real != NULL ? malloc(size) : NULL;
    if (result != NULL)
        snprintf(result, size, "%s/%s", strcmp(real, "/") != 0 ? real : "", slash != NULL ? slash + 1 : path);
    free(directory);
    free(real);
    return result;
}

static enum softeuicc_status find_directory(struct nvm_file *file, const char *path, bool create,
                                            struct softeuicc_error *error)
{
    char *slash;

    file->path = resolve_path(path, create);
    slash = file->path != NULL ? strrchr(file->path, '/') : NULL;
    if (slash != NULL) {
        *slash = '\0';
        file->directory = open(slash == file->path ? "/" : file->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        *slash = '/';
        file->name = slash[1] != '\0' ? slash + 1 : ".";
    }
    if (file->directory >= 0)
        return SOFTEUICC_OK;
    return error_set(error, SOFTEUICC_STORAGE, "cannot %s %s: %s", create ? "make" : "open", path,
                     strerror(errno));
}

static enum softeuicc_status make_card(struct nvm_file *file, const char *path, struct softeuicc_error *error)
{
    struct stat status;
    enum softeuicc_status beside;

    if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return error_set(error, SOFTEUICC_EXISTS, "%s exists already", path);
    beside = look_beside(file, true, error);
    if (beside != SOFTEUICC_OK)
        return beside;
    file->card = openat(file->directory, file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->card >= 0 && fstat(file->card, &status) == 0) {
        beside = held_add(&status, path, error);
        if (beside == SOFTEUICC_OK) {
            file->device = status.st_dev;
            file->inode = status.st_ino;
            return hold(file->card, path, "", error);
        }
        return beside;
    }
    if (errno == EEXIST)
        return error_set(error, SOFTEUICC_EXISTS, "%s exists already", path);
    return error_set(error, SOFTEUICC_STORAGE, "cannot make %s: %s", path, strerror(errno));
}

/*
 * Opens the file that was looked at, and no other: between the look and the opening it may have been
 * replaced. What then was opened may be a card of this process, of which no descriptor may be closed: so it
 * stays open.
 */
static enum softeuicc_status open_card(struct nvm_file *file, const char *path, const struct stat *looked_at,
                                       struct softeuicc_error *error)
{
    int fd = openat(file->directory, file->name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return error_set(error, SOFTEUICC_STORAGE, "cannot open %s: %s", path, strerror(errno));
    if (fstat(fd, &status) != 0 || !same_file(&status, looked_at))
        return error_set(error, SOFTEUICC_STORAGE, "cannot open %s: it was replaced just now", path);
    file->card = fd;
    return SOFTEUICC_OK;
}

enum softeuicc_status nvm_file_take_log(struct nvm_file *file, struct softeuicc_error *error)
{
    enum softeuicc_status result;

    if (file->path == NULL || file->log >= 0)
        return SOFTEUICC_OK;
    file->log = open_log(file);
    if (file->log < 0 && errno == ENOENT)
        return SOFTEUICC_OK;
    if (file->log < 0)
        return error_set(error, SOFTEUICC_STORAGE, "cannot open %s%s: %s", file->path, log_suffix,
                         strerror(errno));
    result = hold(file->log, file->path, log_suffix, error);
    return result == SOFTEUICC_OK ? nvm_close_to_others(file->log, file->path, log_suffix, error) : result;
}

static enum softeuicc_status take_card(struct nvm_file *file, const char *path, struct softeuicc_error *error)
{
    enum softeuicc_status result;
    struct stat status;

    if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return error_set(error, SOFTEUICC_STORAGE, "cannot open %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, SOFTEUICC_STORAGE, "%s is not a file", path);
    result = held_add(&status, path, error);
    if (result != SOFTEUICC_OK)
        return result;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    result = open_card(file, path, &status, error);
    if (result == SOFTEUICC_OK)
        result = hold(file->card, path, "", error);
    if (result == SOFTEUICC_OK && !begins_as_card(file, &status))
        result = error_set(error, SOFTEUICC_STORAGE, "%s is not a card file", path);
    if (result == SOFTEUICC_OK)
        result = look_beside(file, false, error);
    if (result == SOFTEUICC_OK)
        result = nvm_close_to_others(file->card, path, "", error);
    return result == SOFTEUICC_OK ? nvm_file_take_log(file, error) : result;
}

enum softeuicc_status nvm_file_take(struct nvm_file *file, const char *path, bool create,
                                    struct softeuicc_error *error)
{
    enum softeuicc_status result;

    *file = NVM_FILE_NONE;
    result = find_directory(file, path, create, error);
    if (result == SOFTEUICC_OK)
        result = create ? make_card(file, path, error) : take_card(file, path, error);
    if (result == SOFTEUICC_OK)
        return SOFTEUICC_OK;
    if (create && file->card >= 0)
        unlinkat(file->directory, file->name, 0);
    nvm_file_release(file);
    return result;
}

void nvm_file_sign(const struct nvm_file *file)
{
    if (file->card >= 0)
        (void)lock_octet(file->card, F_SETLK, NAMED_OCTET, NULL);
    if (file->log >= 0)
        (void)lock_octet(file->log, F_SETLK, NAMED_OCTET, NULL);
}

static void release_descriptor(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void nvm_file_release(struct nvm_file *file)
{
    release_descriptor(&file->log);
    release_descriptor(&file->card);
    release_descriptor(&file->directory);
    if (file->inode != 0)
        held_remove(file->device, file->inode);
    free(file->path);
    *file = NVM_FILE_NONE;
}

/* --- afterwards ---------------------------------------------------------------------------------- */

static bool log_is_there(const struct nvm_file *file)
{
    char name[NAME_SIZE];
    struct stat mine, named;

    return file->log < 0 ||
           (fstat(file->log, &mine) == 0 &&
            fstatat(file->directory, name_beside(file, log_suffix, name), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
            same_file(&mine, &named));
}

enum nvm_place nvm_file_place(const struct nvm_file *file)
{
    struct stat status;

    if (file->path == NULL)
        return NVM_THERE;
    if (lstat(file->path, &status) == 0 && status.st_dev == file->device && status.st_ino == file->inode)
        return log_is_there(file) ? NVM_THERE : NVM_WITHOUT_LOG;
    return fstat(file->card, &status) == 0 && status.st_nlink > 0 ? NVM_MOVED : NVM_REMOVED;
}

/* Where the file is now; "": the system does not tell. */
static void find_again(const struct nvm_file *file, char *path, size_t size)
{
    char link[40];
    struct stat status;
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file->card);
    length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    if (lstat(path, &status) != 0 || status.st_dev != file->device || status.st_ino != file->inode)
        path[0] = '\0';
}

void nvm_file_tell(const struct nvm_file *file, struct softeuicc_error *error)
{
    char now[PATH_MAX];

    switch (nvm_file_place(file)) {
    case NVM_THERE:
        break;
    case NVM_WITHOUT_LOG:
        error_set(error, SOFTEUICC_STORAGE, "%s%s was taken away from under the card", file->path,
                  log_suffix);
        break;
    case NVM_REMOVED:
        error_set(error, SOFTEUICC_STORAGE, "%s was deleted%s while it was open: the card is gone",
                  file->path, access(file->path, F_OK) == 0 ? " or replaced by another file" : "");
        break;
    case NVM_MOVED:
        find_again(file, now, sizeof(now));
        error_set(error, SOFTEUICC_STORAGE, "%s was moved away while it was open%s%s", file->path,
                  now[0] != '\0' ? ": the card is now " : "", now);
        break;
    }
}

static bool is_later(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec > other->tv_sec || (one->tv_sec == other->tv_sec && one->tv_nsec > other->tv_nsec);
}

struct nvm_identity nvm_file_identity(const struct nvm_file *file)
{
    struct nvm_identity identity = {0};
    struct stat card, log;

    if (file->card < 0 || file->log < 0 || fstat(file->card, &card) != 0 || fstat(file->log, &log) != 0)
        return identity;
    identity.card_later = is_later(&card.st_ctim, &log.st_mtim);
    identity.card_inode = (int64_t)card.st_ino;
    identity.card_changed = (int64_t)card.st_mtim.tv_sec * 1000000000 + card.st_mtim.tv_nsec;
    identity.log = (int64_t)(log.st_ino ^ (uint64_t)log.st_dev << 32);
    return identity;
}

void nvm_file_remove_log(const struct nvm_file *file)
{
    char name[NAME_SIZE];

    if (file->path == NULL || !log_is_there(file))
        return;
    for (size_t i = 0; i < SUFFIXES; i++) {
        unlinkat(file->directory, name_beside(file, suffixes[i], name), 0);
    }
}
