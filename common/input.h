/*
 * Whole files that somebody names: the one reader of every tool and server. It takes regular files and waits
 * for nothing: a FIFO, a device or a directory in their place is refused.
 */
#ifndef SOFTEUICC_COMMON_INPUT_H
#define SOFTEUICC_COMMON_INPUT_H

#include "apdu/bytes.h"

#define INPUT_WHY_MAX 512 /* octets, with the end */

/*
 * Appends a file of at most `limit` octets to `out`. False with one line in `why`, in which the file is
 * called `name`: "cannot open NAME: No such file or directory", "NAME is a FIFO, not a file", "NAME is larger
 * than …". Reading: /dev/stdin, /dev/fd/N and /proc/self/fd/N may be pipes as well. They are what the caller
 * itself opened, as the shell's <(…) does for a key that should lie on no disk.
 */
bool input_read(const char *path, const char *name, size_t limit, struct buf *out, char why[INPUT_WHY_MAX]);

/* The same for what nobody else should read. It is read although others may, since containers mount their
 * secrets so: then there is a line in `why` that says it, once for each file, and how it is mended; else "".
 */
bool input_read_secret(const char *path, const char *name, size_t limit, struct buf *out,
                       char why[INPUT_WHY_MAX]);

/* That line for a file that is opened by others, as SQLite does; false when there is nothing to say. */
bool input_is_exposed(const char *path, char why[INPUT_WHY_MAX]);

/* What a path leads to when that is no regular file: "a FIFO"; NULL for a file, and for nothing at all. */
const char *input_other_kind(const char *path);

#endif
