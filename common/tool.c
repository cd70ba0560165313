/* What the subcommands share: error lines and whole files. See tool.h. */
#include "common/tool.h"

#include "common/input.h"
#include "crypto/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 2048 /* octets of a line on stderr, with the end */

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
__attribute__((format(printf, 2, 0))) static void print_error(size_t size, const char *format,
                                                              va_list arguments)
{
    char line[LINE_SIZE];

    vsnprintf(line, sizeof(line), format, arguments);
    tool_one_line(line);
    fprintf(stderr, "softeuicc%s%.*s: %s", size > 0 ? " " : "", (int)size, current, line);
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

    /* The rename would put a file in the place of a device, /dev/null too. */
    if (kind != NULL)
        return tool_error("cannot write %s: it is %s, not a file", path, kind) == EXIT_OK;
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
    free(temporary);
    return ok;
}

bool tool_write_pid_file(const char *path)
{
    char line[24];

    snprintf(line, sizeof(line), "%ld\n", (long)getpid());
    return path == NULL || tool_write_file(path, span_of_string(line), 0644);
}
