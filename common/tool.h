/*
 * What the subcommands of `softeuicc` share: error lines, exit statuses, whole files.
 */
#ifndef SOFTEUICC_COMMON_TOOL_H
#define SOFTEUICC_COMMON_TOOL_H

#include "apdu/bytes.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* One clear line on stderr: "softeuicc SUBCOMMAND: …". tool_error returns EXIT_FAILED; tool_usage, which
 * names the command as well and points to --help, EXIT_USAGE. */
int tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
int tool_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on stderr that is no error: how something goes on. */
void tool_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Replaces what cannot be seen and what is not UTF-8 (crypto/printable.h), so that what comes from outside
 * stays on one line and commands no terminal. The lines above, of common/log.h and of common/print.h are such
 * without it. */
void tool_one_line(char *text);
/* The names for these lines: "eim order". */
void tool_set_name(const char *name);

/* Reads a whole file (at most `limit` octets) into `out`; on failure prints the line and returns false. What
 * is no regular file is refused (common/input.h). */
bool tool_read_file(const char *path, size_t limit, struct buf *out);
/* The same for what nobody else should read, with a warning when others may. */
bool tool_read_secret(const char *path, size_t limit, struct buf *out);
/* That warning alone, for a file that something else reads. */
void tool_check_secret(const char *path);
/* Writes a file through a temporary beside it and a rename, with `mode`; on failure prints the line and
 * returns false. What is there and is no file stays. */
bool tool_write_file(const char *path, struct span octets, unsigned mode);
/* Writes this process's id to a file for who wants to end it; NULL writes none. As tool_write_file on
 * failure. */
bool tool_write_pid_file(const char *path);

#endif
