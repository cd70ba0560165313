/* See directory.h. */
#include "common/directory.h"

#include <ftw.h>
#include <stdio.h>

enum { DESCRIPTORS = 16 /* that may be used for it */ };

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void directory_remove(const char *path)
{
    (void)nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
