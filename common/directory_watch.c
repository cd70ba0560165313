/* One directory, watched by inotify. See directory_watch.h. */
#include "common/directory_watch.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A file is told of when its writer has closed it. */
#define WATCHED                                                                                              \
    (IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |     \
     IN_MOVE_SELF | IN_ONLYDIR)

struct directory_watch {
    char *path;
    int fd;
    int number; /* of the watch; -1: none */
    dev_t device;
    ino_t inode;
    const char *why;
    size_t used, at; /* of `events` */
    _Alignas(struct inotify_event) char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
};

struct directory_watch *directory_watch_open(const char *path, const char **why)
{
    struct directory_watch *watch = calloc(1, sizeof(*watch));

    *why = "out of memory";
    if (watch == NULL)
        return NULL;
    watch->number = -1;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch->path = strdup(path);
    if (watch->fd >= 0 && watch->path != NULL)
        return watch;
    if (watch->fd < 0)
        *why = strerror(errno);
    directory_watch_close(watch);
    return NULL;
}

void directory_watch_close(struct directory_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->path);
    free(watch);
}

int directory_watch_descriptor(const struct directory_watch *watch)
{
    return watch->fd;
}

const char *directory_watch_why(const struct directory_watch *watch)
{
    return watch->why;
}

/* Whether others change its files without this machine's kernel being told. */
static bool is_shared(const char *path)
{
    static const uint32_t shared[] = {NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC,
                                      FUSE_SUPER_MAGIC, V9FS_MAGIC,       CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC,
                                      CODA_SUPER_MAGIC, OCFS2_SUPER_MAGIC};
    struct statfs system;

    if (statfs(path, &system) != 0)
        return false;
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        if ((uint32_t)system.f_type == shared[i])
            return true;
    }
    return false;
}

static void end_watch(struct directory_watch *watch)
{
    if (watch->number >= 0)
        inotify_rm_watch(watch->fd, watch->number);
    watch->number = -1;
    watch->used = watch->at = 0;
}

/* Whether the path leads to the directory that is watched. */
static bool is_same(const struct directory_watch *watch)
{
    struct stat status;

    return watch->number >= 0 && stat(watch->path, &status) == 0 && status.st_dev == watch->device &&
           status.st_ino == watch->inode;
}

static enum directory_event begin_watch(struct directory_watch *watch)
{
    struct stat status = {0};

    if (is_shared(watch->path)) {
        watch->why = "it is on a file system that others share";
        return DIRECTORY_BLIND;
    }
    if (stat(watch->path, &status) == 0)
        watch->number = inotify_add_watch(watch->fd, watch->path, WATCHED);
    watch->why = strerror(errno);
    watch->device = status.st_dev;
    watch->inode = status.st_ino;
    if (is_same(watch))
        return DIRECTORY_UNKNOWN;
    end_watch(watch);
    return DIRECTORY_BLIND;
}

/* A file that has just been made is told of again when it is closed; a link is never. */
static bool is_unfinished(const struct directory_watch *watch, const struct inotify_event *event)
{
    char path[PATH_MAX];
    struct stat status;

    if ((event->mask & IN_CREATE) == 0)
        return false;
    if (strlen(watch->path) + 1 + strlen(event->name) >= sizeof(path))
        return true;
    strcpy(path, watch->path);
    strcat(path, "/");
    strcat(path, event->name);
    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

enum directory_event directory_watch_next(struct directory_watch *watch, const char **name)
{
    for (;;) {
        const struct inotify_event *event;

        if (watch->at == watch->used) {
            ssize_t size = read(watch->fd, watch->events, sizeof(watch->events));

            if (size < 0 && errno == EINTR)
                continue;
            watch->at = 0;
            watch->used = size > 0 ? (size_t)size : 0;
            if (watch->used == 0)
                break;
        }
        event = (const struct inotify_event *)(const void *)(watch->events + watch->at);
        watch->at += sizeof(*event) + event->len;
        if ((event->mask & IN_Q_OVERFLOW) != 0)
            return DIRECTORY_UNKNOWN;
        if (event->wd != watch->number)
            continue; /* of an earlier watch */
        if ((event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_UNMOUNT)) != 0) {
            watch->number = -1;
        } else if (event->len > 0 && !is_unfinished(watch, event)) {
            *name = event->name;
            return DIRECTORY_CHANGED;
        }
    }
    if (is_same(watch))
        return DIRECTORY_QUIET;
    end_watch(watch);
    return begin_watch(watch);
}
