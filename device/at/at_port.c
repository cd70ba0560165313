/* The pseudo terminal of an AT port: see at_port.h. */
#include "device/at/at_port.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define TERMINALS "/dev/pts/"

enum { READ_MAX = 4096, NAME_SIZE = 64, EVENTS_SIZE = 4096 };

struct at_port {
    struct at_port_events events;
    char *link;
    char name[NAME_SIZE]; /* of the terminal */
    int master, slave;    /* the latter is kept open, so that the terminal keeps its settings */
    int owner;            /* a socket whose name says that the link is taken */
    int watch;            /* inotify; -1: it cannot be seen who has the terminal open */
    int watch_terminal;   /* of its watches that of the terminal itself */
    unsigned users;
    bool has_left;           /* the last of them, and that was not acted on yet */
    struct termios settings; /* raw */
    bool has_link;
    struct event *readable, *writable, *watched;
    struct buf out;
};

/* --- who has opened it --------------------------------------------------------------------------------- */

/* False: there was nothing. What a program wrote before it closed can be on its way inside the kernel, where
 * only a read finds it for certain. */
static bool receive_waiting(struct at_port *port)
{
    uint8_t octets[READ_MAX];
    ssize_t size = read(port->master, octets, sizeof(octets));

    if (size > 0)
        port->events.received(port->events.context, SPAN(octets, (size_t)size));
    return size > 0;
}

static void count_user(struct at_port *port, uint32_t mask)
{
    if ((mask & IN_OPEN) != 0)
        port->users++;
    else if ((mask & IN_CLOSE) != 0 && port->users > 0)
        port->has_left = --port->users == 0 || port->has_left;
}

/* Who has come and gone since; `has_left` stays until that was acted on. */
static void see_users(struct at_port *port)
{
    _Alignas(struct inotify_event) char events[EVENTS_SIZE];
    const struct inotify_event *event;
    ssize_t size;

    if (port->watch < 0)
        return;
    while ((size = read(port->watch, events, sizeof(events))) > 0)
        for (const char *at = events; at < events + size; at += sizeof(*event) + event->len) {
            event = (const void *)at;
            if (event->wd == port->watch_terminal)
                count_user(port, event->mask);
        }
}

/* What a program can set of a terminal, and what keeps the next one out of it. */
static void restore_settings(const struct at_port *port)
{
    tcsetattr(port->slave, TCSANOW, &port->settings);
    tcflow(port->slave, TCOON);
    ioctl(port->slave, TIOCNXCL);
}

/* What one program has not read is not for the next, nor are its settings of the terminal. What it has sent
 * is done, unless another one is there already, whose commands may stand behind them. */
static void take_leave(struct at_port *port)
{
    port->has_left = false;
    buf_clear(&port->out);
    event_del(port->writable);
    event_add(port->readable, NULL);
    tcflush(port->slave, TCIFLUSH);
    while (port->users == 0 && receive_waiting(port))
        see_users(port);
    if (port->users == 0)
        restore_settings(port);
    port->events.closed(port->events.context);
}

static void on_watch(evutil_socket_t fd, short what, void *context)
{
    struct at_port *port = context;

    (void)fd, (void)what;
    see_users(port);
    if (port->has_left)
        take_leave(port);
}

/* Two events that are alike become one where nothing stands between them, and of two programs that open the
 * terminal only one would be counted: so the folder is watched as well, whose events come between.
 * Without inotify everything works, but for what one program leaves to the next. */
static bool watch_terminal(struct at_port *port, struct event_base *base)
{
    port->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (port->watch < 0)
        return true;
    port->watch_terminal = inotify_add_watch(port->watch, port->name, IN_OPEN | IN_CLOSE);
    if (port->watch_terminal < 0 || inotify_add_watch(port->watch, TERMINALS, IN_OPEN | IN_CLOSE) < 0) {
        close(port->watch);
        port->watch = -1;
        return true;
    }
    port->watched = event_new(base, port->watch, EV_READ | EV_PERSIST, on_watch, port);
    return port->watched != NULL && event_add(port->watched, NULL) == 0;
}

/* --- octets -------------------------------------------------------------------------------------------- */

static void send_waiting(struct at_port *port)
{
    size_t sent = 0;

    while (sent < port->out.size) {
        ssize_t written = write(port->master, port->out.data + sent, port->out.size - sent);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        sent += (size_t)written;
    }
    if (sent > 0)
        memmove(port->out.data, port->out.data + sent, port->out.size - sent);
    port->out.size -= sent;
    if (port->out.size > 0) {
        event_add(port->writable, NULL);
        event_del(port->readable);
    } else {
        event_add(port->readable, NULL);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    send_waiting(context);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct at_port *port = context;

    /* That it was opened is seen before what came then. */
    on_watch(fd, what, port);
    receive_waiting(port);
}

void at_port_send(struct at_port *port, struct span octets)
{
    /* A command can take long, and who sent it can have made room for another meanwhile. */
    see_users(port);
    if (port->has_left)
        event_active(port->watched, EV_READ, 0);
    if (octets.size == 0 || port->has_left || (port->watch >= 0 && port->users == 0))
        return;
    buf_append(&port->out, octets);
    if (port->out.failed)
        buf_free(&port->out);
    send_waiting(port);
}

size_t at_port_waiting(const struct at_port *port)
{
    return port->out.size;
}

/* --- the link ------------------------------------------------------------------------------------------ */

/* A name in the abstract namespace, which is gone with the process that has it: by the folder and the link's
 * name in it, however the path is written. */
static bool own_link(struct at_port *port, char why[AT_PORT_WHY_MAX])
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char folder_path[PATH_MAX], link_path[PATH_MAX];
    struct stat folder;
    int size;

    snprintf(folder_path, sizeof(folder_path), "%s", port->link);
    snprintf(link_path, sizeof(link_path), "%s", port->link);
    if (stat(dirname(folder_path), &folder) != 0) {
        snprintf(why, AT_PORT_WHY_MAX, "%s: %s", port->link, strerror(errno));
        return false;
    }
    size =
        snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "softeuicc-at-%llx-%llx-%.60s",
                 (unsigned long long)folder.st_dev, (unsigned long long)folder.st_ino, basename(link_path));
    port->owner = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (port->owner < 0 ||
        bind(port->owner, (struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size)) != 0) {
        snprintf(why, AT_PORT_WHY_MAX, "%s: %s", port->link,
                 errno == EADDRINUSE ? "another device has it" : strerror(errno));
        return false;
    }
    return true;
}

/* Where a link leads to; empty: it is none. */
static const char *target_of(const char *link, char target[NAME_SIZE])
{
    ssize_t size = readlink(link, target, NAME_SIZE - 1);

    target[size > 0 ? size : 0] = '\0';
    return target;
}

static bool make_link(struct at_port *port, char why[AT_PORT_WHY_MAX])
{
    char target[NAME_SIZE];

    if (!own_link(port, why))
        return false;
    if (strncmp(target_of(port->link, target), TERMINALS, strlen(TERMINALS)) == 0)
        unlink(port->link);
    if (symlink(port->name, port->link) != 0) {
        snprintf(why, AT_PORT_WHY_MAX, "%s: %s", port->link,
                 errno == EEXIST ? "it is there, and no link to a terminal" : strerror(errno));
        return false;
    }
    port->has_link = true;
    return true;
}

/* --- its life ------------------------------------------------------------------------------------------ */

static bool make_terminal(struct at_port *port, char why[AT_PORT_WHY_MAX])
{
    struct termios *settings = &port->settings;

    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->master < 0 || grantpt(port->master) != 0 || unlockpt(port->master) != 0 ||
        ptsname_r(port->master, port->name, sizeof(port->name)) != 0 ||
        (port->slave = open(port->name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
        tcgetattr(port->slave, settings) != 0) {
        snprintf(why, AT_PORT_WHY_MAX, "no pseudo terminal: %s", strerror(errno));
        return false;
    }
    cfmakeraw(settings);
    cfsetspeed(settings, B115200);
    tcsetattr(port->slave, TCSANOW, settings);
    return true;
}

static bool make_events(struct at_port *port, struct event_base *base, char why[AT_PORT_WHY_MAX])
{
    port->readable = event_new(base, port->master, EV_READ | EV_PERSIST, on_readable, port);
    port->writable = event_new(base, port->master, EV_WRITE, on_writable, port);
    if (port->readable != NULL && port->writable != NULL && event_add(port->readable, NULL) == 0 &&
        watch_terminal(port, base))
        return true;
    snprintf(why, AT_PORT_WHY_MAX, "out of memory");
    return false;
}

struct at_port *at_port_open(struct event_base *base, const char *link, const struct at_port_events *events,
                             char why[AT_PORT_WHY_MAX])
{
    struct at_port *port = calloc(1, sizeof(*port));

    snprintf(why, AT_PORT_WHY_MAX, "out of memory");
    if (port == NULL)
        return NULL;
    port->events = *events;
    port->master = port->slave = port->owner = port->watch = -1;
    port->link = strdup(link);
    if (port->link != NULL && make_terminal(port, why) && make_events(port, base, why) &&
        make_link(port, why))
        return port;
    at_port_close(port);
    return NULL;
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void at_port_close(struct at_port *port)
{
    char target[NAME_SIZE];

    if (port == NULL)
        return;
    if (port->has_link && strcmp(target_of(port->link, target), port->name) == 0)
        unlink(port->link);
    free_event(port->readable);
    free_event(port->writable);
    free_event(port->watched);
    close_descriptor(port->watch);
    close_descriptor(port->slave);
    close_descriptor(port->master);
    close_descriptor(port->owner);
    buf_free(&port->out);
    free(port->link);
    free(port);
}
