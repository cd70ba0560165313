/*
 * What changes in one directory, told by inotify: names of files that were written to their end, moved,
 * linked or removed. A path is watched, not what it leads to now: a directory that is removed, renamed or
 * mounted over and made again is watched from then on. Who asks first and reads the directory afterwards
 * misses nothing.
 */
#ifndef SOFTEUICC_COMMON_DIRECTORY_WATCH_H
#define SOFTEUICC_COMMON_DIRECTORY_WATCH_H

struct directory_watch;

enum directory_event {
    DIRECTORY_QUIET,   /* nothing more has happened */
    DIRECTORY_CHANGED, /* something happened to one file */
    DIRECTORY_UNKNOWN, /* anything may have changed: events were lost, or this is another directory now */
    DIRECTORY_BLIND,   /* it is not watched now, or is not there; every further question tries again */
};

/* NULL with a reason in *why when directories cannot be watched here at all. */
struct directory_watch *directory_watch_open(const char *path, const char **why);
void directory_watch_close(struct directory_watch *watch);

/* Becomes readable when there is something to ask for. */
int directory_watch_descriptor(const struct directory_watch *watch);

/* The next event; *name (of DIRECTORY_CHANGED) stays until the next call. The first is DIRECTORY_UNKNOWN. */
enum directory_event directory_watch_next(struct directory_watch *watch, const char **name);
/* Why it was DIRECTORY_BLIND. */
const char *directory_watch_why(const struct directory_watch *watch);

#endif
