/*
 * The files of a profile directory: which there are, and whether one is still what it was. Files are told
 * apart by what stat says of them; one that was written within the clock's grain of being read may have been
 * written once more without a trace, and counts as another one.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_FILES_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_FILES_H

#include "servers/smdpp/model/profile_load.h"

#include <sys/types.h>
#include <time.h>

/* What tells whether a file has changed. */
struct file_mark {
    struct timespec modified, changed;
    off_t size; /* -1: it is no file */
    ino_t inode;
};

/* The mark of NAME followed by `suffix`; sets *links when it has other names, too. */
struct file_mark file_mark_of(const char *directory, const char *name, const char *suffix, bool *links);
/* Whether a file is the one that was read at that time. */
bool file_mark_is_same(const struct file_mark *now, const struct file_mark *then, time_t read);

/* The name without its ending when that is this one and it can be one of ours, in `name`. */
bool profile_file_name(const char *file, const char *ending, char name[PROFILE_NAME_MAX + 1]);

/* Names of packages in a directory, sorted. The caller frees `name`. */
struct profile_names {
    char (*name)[PROFILE_NAME_MAX + 1];
    size_t count, room;
};

/* Adds those of the directory to none; 0, or the errno for which it cannot be read. */
int profile_names_read(struct profile_names *names, const char *path);

#endif
