/* Whole files, and whose they are. See input.h. */
#include "common/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SHOWN   300 /* octets of a name in a line, at most */
#define SECRET_SHOWN 200 /* in the line that has it twice */
#define WARNED_MAX   32  /* files that were spoken of; what comes after is said each time */

static const char *kind_name(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISREG(mode)  ? NULL
                            : "a device";
}

const char *input_other_kind(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? kind_name(status.st_mode) : NULL;
}

/* --- Secrets ------------------------------------------------------------------------------------------ */

/* Whether a shell takes it as it is: the line may be copied into one. */
static bool is_plain_word(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@";
    size_t size = strlen(path);

    return size <= SECRET_SHOWN && path[0] != '-' && strspn(path, plain) == size;
}

static bool is_exposed(const char *path, const struct stat *status, char why[INPUT_WHY_MAX])
{
    static struct {
        dev_t device;
        ino_t number;
    } warned[WARNED_MAX];
    static size_t count;

    if (!S_ISREG(status->st_mode) || (status->st_mode & (S_IRGRP | S_IROTH)) == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (warned[i].device == status->st_dev && warned[i].number == status->st_ino)
            return false;
    }
    if (count < WARNED_MAX) {
        warned[count].device = status->st_dev;
        warned[count++].number = status->st_ino;
    }
    snprintf(why, INPUT_WHY_MAX, "warning: others may read the secret in %.*s (mode %04o): chmod 600 %.*s",
             SECRET_SHOWN, path, (unsigned)status->st_mode & 07777, SECRET_SHOWN,
             is_plain_word(path) ? path : "it");
    return true;
}

bool input_is_exposed(const char *path, char why[INPUT_WHY_MAX])
{
    struct stat status;

    return stat(path, &status) == 0 && is_exposed(path, &status, why);
}

/* --- Reading ------------------------------------------------------------------------------------------ */

/* What is read, and where the line goes that says why not. */
struct input {
    const char *path, *name;
    bool is_own;    /* is_own_descriptor */
    bool is_secret; /* others should not read it */
    char *why;
};

/* A descriptor that whoever runs the program has opened for it, by the names it has in a shell. A link to one
 * of these is none: it may lie in a directory of somebody else. */
static bool is_own_descriptor(const char *path)
{
    static const char *const beginnings[] = {"/dev/stdin", "/dev/fd/", "/proc/self/fd/"};

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(path, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}

static bool input_fail(const struct input *input, const char *verb, const char *reason)
{
    snprintf(input->why, INPUT_WHY_MAX, "cannot %s %.*s: %s", verb, NAME_SHOWN, input->name, reason);
    return false;
}

static bool read_all(const struct input *input, int fd, size_t limit, struct buf *out)
{
    uint8_t block[16384];
    size_t total = 0;

    for (;;) {
        ssize_t n = read(fd, block, sizeof(block));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return input_fail(input, "read", strerror(errno));
        if (n == 0)
            return true;
        total += (size_t)n;
        if (total > limit) {
            snprintf(input->why, INPUT_WHY_MAX, "%.*s is larger than the %zu octets allowed", NAME_SHOWN,
                     input->name, limit);
            return false;
        }
        buf_append(out, SPAN(block, (size_t)n));
        if (out->failed)
            return input_fail(input, "read", "out of memory");
    }
}

static bool is_acceptable(const struct input *input, int fd)
{
    struct stat status;
    const char *kind;

    if (fstat(fd, &status) != 0)
        return input_fail(input, "read", strerror(errno));
    kind = kind_name(status.st_mode);
    if (kind != NULL && !(input->is_own && S_ISFIFO(status.st_mode))) {
        snprintf(input->why, INPUT_WHY_MAX, "%.*s is %s, not a file", NAME_SHOWN, input->name, kind);
        return false;
    }
    if (!input->is_secret || !is_exposed(input->path, &status, input->why))
        input->why[0] = '\0';
    return true;
}

static bool read_input(const struct input *input, size_t limit, struct buf *out)
{
    /* Without O_NONBLOCK a FIFO is waited for before it can be seen that it is one. */
    int fd = open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (input->is_own ? 0 : O_NONBLOCK));
    bool ok;

    if (fd < 0 && errno == ENXIO)
        return input_fail(input, "open", "it is a socket or a device, not a file");
    if (fd < 0)
        return input_fail(input, "open", strerror(errno));
    ok = is_acceptable(input, fd) && read_all(input, fd, limit, out);
    close(fd);
    return ok;
}

bool input_read(const char *path, const char *name, size_t limit, struct buf *out, char why[INPUT_WHY_MAX])
{
    const struct input input = {.path = path, .name = name, .is_own = is_own_descriptor(path), .why = why};

    return read_input(&input, limit, out);
}

bool input_read_secret(const char *path, const char *name, size_t limit, struct buf *out,
                       char why[INPUT_WHY_MAX])
{
    const struct input input = {
        .path = path, .name = name, .is_own = is_own_descriptor(path), .is_secret = true, .why = why};

    return read_input(&input, limit, out);
}
