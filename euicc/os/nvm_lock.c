/* One process per card file. See nvm_lock.h. Symbolic links are followed first, so that two names of one card
 * meet in one lock. */
#include "euicc/os/nvm_lock.h"

#include "euicc/os/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "FILE-lock" of the file that `path` leads to. NULL without memory. */
static char *lock_path(const char *path)
{
    static const char suffix[] = "-lock";
    char *resolved = realpath(path, NULL);
    const char *name = resolved != NULL ? resolved : path;
    size_t size = strlen(name) + sizeof(suffix);
    char *result = malloc(size);

    if (result != NULL)
        snprintf(result, size, "%s%s", name, suffix);
    free(resolved);
    return result;
}

/* The holder removes the file when it is done: a lock on a file that has lost its name protects nothing. */
static bool still_named(int fd, const char *path)
{
    struct stat mine;
    struct stat named;

    return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

static enum softeuicc_status busy(int fd, const char *path, struct softeuicc_error *error)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

    if (n <= 0)
        return error_set(error, SOFTEUICC_BUSY, "%s is in use by another process", path);
    pid[strcspn(pid, "\n")] = '\0';
    return error_set(error, SOFTEUICC_BUSY, "%s is in use by process %s", path, pid);
}

enum softeuicc_status nvm_lock_take(struct nvm_lock *lock, const char *path, struct softeuicc_error *error)
{
    enum softeuicc_status status;

    lock->fd = -1;
    lock->path = lock_path(path);
    if (lock->path == NULL)
        return error_set(error, SOFTEUICC_MEMORY, "out of memory");
    for (;;) {
        int fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0) {
            status = error_set(error, SOFTEUICC_STORAGE, "cannot make %s: %s", lock->path, strerror(errno));
            break;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            status = busy(fd, path, error);
            close(fd);
            break;
        }
        if (still_named(fd, lock->path)) {
            if (ftruncate(fd, 0) == 0)
                dprintf(fd, "%ld\n", (long)getpid());
            lock->fd = fd;
            return SOFTEUICC_OK;
        }
        close(fd);
    }
    free(lock->path);
    lock->path = NULL;
    return status;
}

void nvm_lock_release(struct nvm_lock *lock)
{
    if (lock->fd >= 0) {
        unlink(lock->path);
        close(lock->fd);
    }
    free(lock->path);
    lock->path = NULL;
    lock->fd = -1;
}
