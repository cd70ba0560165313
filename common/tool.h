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
/* What a program that reads is told of the line just printed beside its text: codes, by names in snake_case.
 * A text that is empty or NULL says nothing. */
void tool_error_text(const char *name, const char *text);
void tool_error_number(const char *name, int64_t number);
/* A whole answer in JSON is on standard output, or will be. */
void tool_answered(void);
/* What a command that was asked for JSON and failed prints in place of an answer, unless there was one: the
 * first line and its codes, {"error":{"message":"…","subject_code":"8.2.6"}}, in one line. */
void tool_print_error(void);
/* Forgets all that, for the next command. */
void tool_begin(void);

/* One line on stderr that is no error: how something goes on. */
void tool_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Replaces what cannot be seen and what is not UTF-8 (crypto/printable.h), so that what comes from outside
 * stays on one line and commands no terminal. The lines above, of common/log.h and of common/print/print.h
 * are such without it. */
void tool_one_line(char *text);
/* The names for these lines: "eim order". */
void tool_set_name(const char *name);

/* Before and after what has to be closed in order (a card's channel, a session): from tool_watch on the
 * signals that end a program are noted (common/ending.h); false with the line printed when that cannot be.
 * tool_finish ends it when all is closed: by the signal that came, so that who started it sees that one (128
 * and its number in a shell), behind a line that says so and what became of what was under way (`note`, or
 * NULL); by SIGPIPE without a word when nobody reads what is printed. Without either it gives `status` back.
 */
bool tool_watch(void);
int tool_finish(int status, const char *note);

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
