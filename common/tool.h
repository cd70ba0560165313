/*
 * What the subcommands of `softeuicc` share: the table's row, error lines, exit statuses.
 */
#ifndef SOFTEUICC_COMMON_TOOL_H
#define SOFTEUICC_COMMON_TOOL_H

#include "apdu/bytes.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct tool {
    const char *name;
    const char *summary; /* one line for the list of subcommands */
    /* argv[0] is the subcommand's name; getopt_long may be used (optind is reset). Returns the exit status.
     */
    int (*run)(int argc, char **argv);
};

/* One clear line on stderr: "softeuicc NAME: …". tool_error returns EXIT_FAILED, tool_usage EXIT_USAGE (and
 * points to --help). */
int tool_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
int tool_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Replaces control characters, so that what comes from outside stays on one line and commands no terminal. */
void tool_one_line(char *text);
/* The subcommand's name for these lines; set by main. */
void tool_set_name(const char *name);

/* Reads a whole file (at most `limit` octets) into `out`; on failure prints the line and returns false. */
bool tool_read_file(const char *path, size_t limit, struct buf *out);
/* Writes a file through a temporary beside it and a rename, with `mode`; on failure prints the line and
 * returns false. */
bool tool_write_file(const char *path, struct span octets, unsigned mode);
/* Writes this process's id to a file for who wants to end it; NULL writes none. As tool_write_file on
 * failure. */
bool tool_write_pid_file(const char *path);

int tool_create(int argc, char **argv);
int tool_eim(int argc, char **argv);
int tool_ctl(int argc, char **argv);
int tool_ipa(int argc, char **argv);
int tool_lpa(int argc, char **argv);
int tool_pki(int argc, char **argv);
int tool_profile(int argc, char **argv);
int tool_run(int argc, char **argv);
int tool_smdpp(int argc, char **argv);

#endif
