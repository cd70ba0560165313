/* A Unix socket that is for one user: see local_socket.h. */
#include "common/net/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG   8
#define NAME_SIZE 256

/* A path as its open directory and the name in it. */
struct place {
    int directory;
    char name[NAME_SIZE];
};

__attribute__((format(printf, 2, 3))) static bool fail(struct local_socket_error *error, const char *format,
                                                       ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return false;
}

static bool place_open(struct place *place, const char *path)
{
    char *directory = strdup(path);
    char *base = strdup(path);
    size_t length = 0;
    bool ok = false;

    place->directory = -1;
    if (directory != NULL && base != NULL) {
        length = strlen(basename(base));
        place->directory = open(dirname(directory), O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (length < NAME_SIZE)
            ok = place->directory >= 0;
        else
            errno = ENAMETOOLONG;
    }
    if (ok) {
        strcpy(base, path);
        memcpy(place->name, basename(base), length + 1);
    } else if (place->directory >= 0) {
        close(place->directory);
    }
    free(directory);
    free(base);
    return ok;
}

/* The address by way of the open directory, which is short whatever its path is. */
static bool put_address(struct sockaddr_un *address, const struct place *place, const char *name)
{
    int length;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    length =
        snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", place->directory, name);
    if (length > 0 && (size_t)length < sizeof(address->sun_path))
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static int connect_to(const struct place *place, int flags)
{
    struct sockaddr_un address;
    int fd = -1;
    int why;

    if (put_address(&address, place, place->name))
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

int local_socket_connect(const char *path)
{
    struct place place;
    int fd;
    int why;

    if (!place_open(&place, path))
        return -1;
    fd = connect_to(&place, 0);
    why = errno;
    close(place.directory);
    errno = why;
    return fd;
}

/* True when the name is free, or that of a socket nobody listens on any more. */
static bool may_take(const struct place *place, const char *path, struct local_socket_error *error)
{
    struct stat there;
    int fd;

    if (fstatat(place->directory, place->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || fail(error, "cannot look at %s: %s", path, strerror(errno));
    if (!S_ISSOCK(there.st_mode))
        return fail(error, "%s is there and is not a socket", path);
    fd = connect_to(place, SOCK_NONBLOCK);
    if (fd < 0 && errno == ECONNREFUSED)
        return true;
    if (fd >= 0)
        close(fd);
    return fail(error, "%s is another process's: it answers", path);
}

/* Binds to a name nobody knows, and gives it the known one when all is ready: whoever sees the socket sees it
 * listening, and closed to others. */
static bool bind_and_name(struct local_socket *socket, const struct place *place)
{
    struct sockaddr_un address;
    char name[32];
    uint64_t number = 0;
    struct stat made;
    mode_t mask;
    bool ok;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return false;
    snprintf(name, sizeof(name), ".ctl-%016llx", (unsigned long long)number);
    if (!put_address(&address, place, name))
        return false;
    mask = umask(0177);
    ok = bind(socket->fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    umask(mask);
    if (!ok)
        return false;
    ok = fstatat(place->directory, name, &made, AT_SYMLINK_NOFOLLOW) == 0 &&
         listen(socket->fd, BACKLOG) == 0 &&
         renameat(place->directory, name, place->directory, place->name) == 0;
    if (!ok) {
        int why = errno;

        unlinkat(place->directory, name, 0);
        errno = why;
        return false;
    }
    socket->device = made.st_dev;
    socket->inode = made.st_ino;
    return true;
}

bool local_socket_listen(struct local_socket *own, const char *path, struct local_socket_error *error)
{
    struct sockaddr_un address;
    struct place place;
    bool ok;

    *own = (struct local_socket){.fd = -1};
    if (!place_open(&place, path))
        return fail(error, "cannot make the socket %s: %s", path, strerror(errno));
    if (!put_address(&address, &place, place.name)) {
        close(place.directory);
        return fail(error, "cannot make the socket %s: its name is too long", path);
    }
    ok = may_take(&place, path, error);
    if (ok) {
        own->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        own->path = strdup(path);
        ok = own->fd >= 0 && own->path != NULL && bind_and_name(own, &place);
        if (!ok)
            fail(error, "cannot make the socket %s: %s", path, strerror(errno));
    }
    close(place.directory);
    if (!ok) {
        if (own->fd >= 0)
            close(own->fd);
        free(own->path);
        *own = (struct local_socket){.fd = -1};
    }
    return ok;
}

void local_socket_close(struct local_socket *own)
{
    struct stat named;

    if (own->fd < 0)
        return;
    if (lstat(own->path, &named) == 0 && named.st_dev == own->device && named.st_ino == own->inode)
        unlink(own->path);
    close(own->fd);
    free(own->path);
    *own = (struct local_socket){.fd = -1};
}

bool local_socket_peer_is_ours(int fd, uid_t *uid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    *uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    *uid = peer.uid;
    return peer.uid == geteuid() || peer.uid == 0;
}

char *local_socket_of_card(const char *card)
{
    static const char suffix[] = "-ctl";
    char *resolved = realpath(card, NULL);
    const char *name = resolved != NULL ? resolved : card;
    size_t size = strlen(name) + sizeof(suffix);
    char *path = malloc(size);

    if (path != NULL)
        snprintf(path, size, "%s%s", name, suffix);
    free(resolved);
    return path;
}
