/* What the subcommands share: error lines and whole files. See tool.h. */
#include "common/tool.h"

#include "common/ending.h"
#include "crypto/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char current[80]; /* "eim order" */

void tool_set_name(const char *name)
{
    snprintf(current, sizeof(current), "%s", name);
}

void tool_one_line(char *text)
{
    printable_text(text, strlen(text));
}

/* The line, after `size` characters of the name. */
__attribute__((format(printf, 2, 0))) static void print_line(size_t size, const char *format,
                                                             va_list arguments)
{
    char line[2048];

    vsnprintf(line, sizeof(line), format, arguments);
    tool_one_line(line);
    fprintf(stderr, "softeuicc%s%.*s: %s", size > 0 ? " " : "", (int)size, current, line);
}

int tool_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(strcspn(current, " "), format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return EXIT_FAILED;
}

int tool_usage(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line(strlen(current), format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see 'softeuicc%s%s --help')\n", current[0] != '\0' ? " " : "", current);
    return EXIT_USAGE;
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

bool tool_read_file(const char *path, size_t limit, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    uint8_t block[16384];
    size_t n;
    size_t total = 0;

    if (file == NULL) {
        tool_error("cannot open %s: %s", path, strerror(errno));
        return false;
    }
    while ((n = fread(block, 1, sizeof(block), file)) > 0) {
        total += n;
        if (total > limit) {
            tool_error("%s is larger than the %zu octets allowed", path, limit);
            fclose(file);
            return false;
        }
        buf_append(out, SPAN(block, n));
    }
    if (ferror(file) || out->failed) {
        tool_error("cannot read %s: %s", path, out->failed ? "out of memory" : strerror(errno));
        fclose(file);
        return false;
    }
    fclose(file);
    return true;
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
    char *temporary = malloc(size);
    bool ok = false;
    int fd = -1;
    sigset_t before;

    ending_hold(&before); /* no signal leaves the temporary behind */
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
