/* What the subcommands share: error lines and whole files. See tool.h. */
#include "common/tool.h"

#include "common/ending.h"
#include "common/input.h"
#include "crypto/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE  2048 /* octets of a line on stderr, with the end */
#define CODES_SIZE 512

static char current[80]; /* "eim order" */

/* For tool_print_error: the first line, since what follows it comes of it (a session that cannot be cancelled
 * where the server was out of reach). */
static struct {
    char message[LINE_SIZE];
    char codes[CODES_SIZE]; /* the members of the object behind "message", as they are printed */
    bool is_newest;         /* no other line came after it: codes are its */
    bool is_answered;
} cause;

void tool_set_name(const char *name)
{
    snprintf(current, sizeof(current), "%s", name);
}

void tool_one_line(char *text)
{
    printable_text(text, strlen(text));
}

/* The line, after `size` characters of the name. */
__attribute__((format(printf, 2, 0))) static void print_error(size_t size, const char *format,
                                                              va_list arguments)
{
    char line[LINE_SIZE];

    vsnprintf(line, sizeof(line), format, arguments);
    tool_one_line(line);
    fprintf(stderr, "softeuicc%s%.*s: %s", size > 0 ? " " : "", (int)size, current, line);
    cause.is_newest = cause.message[0] == '\0';
    if (cause.is_newest)
        memcpy(cause.message, line, sizeof(line));
}

int tool_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_error(strcspn(current, " "), format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return EXIT_FAILED;
}

int tool_usage(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_error(strlen(current), format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see 'softeuicc%s%s --help')\n", current[0] != '\0' ? " " : "", current);
    return EXIT_USAGE;
}

void tool_note(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    tool_one_line(line);
    fprintf(stderr, "%s\n", line);
}

bool tool_watch(void)
{
    if (ending_watch())
        return true;
    tool_error("cannot watch for signals");
    return false;
}

/* What is printed finds nobody: a pipe has no other end any more. */
static bool nobody_reads(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    return (fflush(stdout) != 0 || ferror(stdout) != 0) && poll(&out, 1, 0) == 1 &&
           (out.revents & POLLERR) != 0;
}

int tool_finish(int status, const char *note)
{
    int number = ending_signal();

    if (number == 0 && nobody_reads())
        number = SIGPIPE;
    if (number == 0)
        return status;
    fflush(stdout);
    if (number != SIGPIPE)
        tool_error("ended by %s%s%s", ending_name(number), note != NULL ? ": " : "",
                   note != NULL ? note : "");
    signal(number, SIG_DFL);
    raise(number);
    return 128 + number; /* the signal is blocked */
}

/* A text that tool_one_line has seen, as JSON. False when it does not fit; nothing of it is there then. */
static bool put_json(char *out, size_t size, const char *text)
{
    size_t n = 0;

    for (; *text != '\0' && n + 2 < size; text++) {
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[*text == '\0' && n < size ? n : 0] = '\0';
    return *text == '\0' && n < size;
}

/* `value` is JSON. One that has no room is left out. */
static void add_code(const char *name, const char *value)
{
    size_t used = strlen(cause.codes);
    int size;

    if (!cause.is_newest)
        return;
    size = snprintf(cause.codes + used, sizeof(cause.codes) - used, ",\"%s\":%s", name, value);

    if (size < 0 || (size_t)size >= sizeof(cause.codes) - used)
        cause.codes[used] = '\0';
}

void tool_error_text(const char *name, const char *text)
{
    char line[128];
    char value[2 * sizeof(line) + 3] = "\"";

    if (text == NULL || text[0] == '\0')
        return;
    snprintf(line, sizeof(line), "%s", text);
    tool_one_line(line);
    if (put_json(value + 1, sizeof(value) - 2, line))
        add_code(name, strcat(value, "\""));
}

void tool_error_number(const char *name, int64_t number)
{
    char value[24];

    snprintf(value, sizeof(value), "%" PRId64, number);
    add_code(name, value);
}

void tool_answered(void)
{
    cause.is_answered = true;
}

void tool_print_error(void)
{
    char message[2 * LINE_SIZE];

    if (cause.is_answered)
        return;
    put_json(message, sizeof(message), cause.message[0] != '\0' ? cause.message : "it failed");
    printf("{\"error\":{\"message\":\"%s\"%s}}\n", message, cause.codes);
}

void tool_begin(void)
{
    cause.message[0] = cause.codes[0] = '\0';
    cause.is_newest = cause.is_answered = false;
}

bool tool_read_file(const char *path, size_t limit, struct buf *out)
{
    char why[INPUT_WHY_MAX];

    return input_read(path, path, limit, out, why) || tool_error("%s", why) == EXIT_OK;
}

bool tool_read_secret(const char *path, size_t limit, struct buf *out)
{
    char why[INPUT_WHY_MAX];
    bool ok = input_read_secret(path, path, limit, out, why);

    if (why[0] != '\0')
        tool_error("%s", why);
    return ok;
}

void tool_check_secret(const char *path)
{
    char why[INPUT_WHY_MAX];

    if (input_is_exposed(path, why))
        tool_error("%s", why);
}

static bool write_all(int fd, struct span octets)
{
    while (octets.size > 0) {
        ssize_t n = write(fd, octets.data, octets.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        octets = SPAN(octets.data + n, octets.size - (size_t)n);
    }
    return true;
}

bool tool_write_file(const char *path, struct span octets, unsigned mode)
{
    size_t size = strlen(path) + sizeof(".XXXXXX");
    const char *kind = input_other_kind(path);
    char *temporary;
    bool ok = false;
    int fd = -1;
    sigset_t before;

    /* The rename would put a file in the place of a device, /dev/null too. */
    if (kind != NULL)
        return tool_error("cannot write %s: it is %s, not a file", path, kind) == EXIT_OK;
    ending_hold(&before); /* no signal leaves the temporary behind */
    temporary = malloc(size);
    if (temporary != NULL) {
        snprintf(temporary, size, "%s.XXXXXX", path);
        fd = mkstemp(temporary);
    }
    if (fd >= 0) {
        ok = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, octets) && fsync(fd) == 0;
        ok = close(fd) == 0 && ok;
        ok = ok && rename(temporary, path) == 0;
    }
    if (!ok) {
        tool_error("cannot write %s: %s", path, strerror(errno));
        if (fd >= 0)
            unlink(temporary);
    }
    ending_release(&before);
    free(temporary);
    return ok;
}

bool tool_write_pid_file(const char *path)
{
    char line[24];

    snprintf(line, sizeof(line), "%ld\n", (long)getpid());
    return path == NULL || tool_write_file(path, span_of_string(line), 0644);
}
