/* The files of a profile directory. See profile_files.h. */
#include "servers/smdpp/model/profile_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CLOCK_GRAIN 2 /* seconds, of the times of files: the coarsest there are */

/* --- One file ------------------------------------------------------------------------------------------- */

struct file_mark file_mark_of(const char *directory, const char *name, const char *suffix, bool *links)
{
    struct file_mark mark = {.size = -1};
    struct stat status;
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
    if (lstat(path, &status) != 0)
        return mark;
    if (S_ISLNK(status.st_mode)) {
        *links = true;
        if (stat(path, &status) != 0)
            return mark;
    }
    if (S_ISREG(status.st_mode)) {
        *links |= status.st_nlink > 1;
        mark.modified = status.st_mtim;
        mark.changed = status.st_ctim;
        mark.size = status.st_size;
    }
    mark.inode = status.st_ino;
    return mark;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_mark_is_same(const struct file_mark *now, const struct file_mark *then, time_t read)
{
    return now->size == then->size && now->inode == then->inode &&
           (now->size < 0 ||
            (same_time(&now->modified, &then->modified) && same_time(&now->changed, &then->changed) &&
             now->changed.tv_sec + CLOCK_GRAIN <= read));
}

/* --- Names ---------------------------------------------------------------------------------------------- */

bool profile_file_name(const char *file, const char *ending, char name[PROFILE_NAME_MAX + 1])
{
    size_t size = strlen(file), end = strlen(ending);

    if (file[0] == '.' || size <= end || size - end > PROFILE_NAME_MAX ||
        strcmp(file + size - end, ending) != 0)
        return false;
    memcpy(name, file, size - end);
    name[size - end] = '\0';
    return true;
}

static bool names_add(struct profile_names *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room > 0 ? 2 * names->room : 256;
        void *grown = realloc(names->name, room * sizeof(names->name[0]));

        if (grown == NULL)
            return false;
        names->name = grown;
        names->room = room;
    }
    strcpy(names->name[names->count++], name);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

int profile_names_read(struct profile_names *names, const char *path)
{
    DIR *directory = opendir(path);
    char name[PROFILE_NAME_MAX + 1];
    struct dirent *file;
    int error;

    if (directory == NULL)
        return errno;
    while ((errno = 0, file = readdir(directory)) != NULL) {
        if (profile_file_name(file->d_name, ".der", name) && !names_add(names, name)) {
            errno = ENOMEM;
            break;
        }
    }
    error = errno;
    closedir(directory);
    if (names->count > 0)
        qsort(names->name, names->count, sizeof(names->name[0]), compare_names);
    return error;
}
