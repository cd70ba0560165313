/* Sockets that do not wait, and hold a virtual clock. See sockets.h. */
#include "device/air/sockets.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE_MAX   16384
#define DATAGRAM    65536
#define BACKLOG_MAX ((size_t)1024 * 1024) /* octets that a peer has not taken */

struct air_socket {
    struct air_sockets *sockets;
    struct air_socket *next, **link;
    struct air_socket_events events;
    enum air_transport transport;
    int fd; /* -1: there was none to be had */
    bool is_connected, is_closing;
    int error; /* to be told; 0: none */
    size_t limit;
    struct event *readable, *writable;
    struct event *soon;     /* what became of it without any wait, told out of the loop */
    struct event *patience; /* real time: the end of a hold, or of draining */
    bool is_holding;
    int64_t expected_at; /* ms of real time: an answer was awaited from then on */
    struct evbuffer *backlog;
};

/* --- holding a virtual clock ---------------------------------------------------------------------------- */

static void start_patience(struct air_socket *socket, int ms)
{
    const struct timeval wait = {ms / 1000, ms % 1000 * 1000};

    evtimer_add(socket->patience, &wait);
}

static int64_t real_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void hold_for(struct air_socket *socket, int ms)
{
    if (!device_clock_is_virtual(socket->sockets->clock))
        return;
    start_patience(socket, ms);
    if (!socket->is_holding)
        device_clock_hold(socket->sockets->clock);
    socket->is_holding = true;
}

void air_socket_expect(struct air_socket *socket)
{
    if (socket->is_closing || socket->fd < 0)
        return;
    socket->expected_at = real_ms();
    hold_for(socket, SOCKET_PATIENCE_MS);
}

/* A peer that is slow to begin is slow to go on: what a jump would tear apart is one answer. Who has what it
 * waits for closes the channel or sends, which ends the hold. */
static void hold_for_more(struct air_socket *socket)
{
    /* What comes without having been expected has taken no time. */
    const int64_t taken = socket->expected_at != 0 ? real_ms() - socket->expected_at : 0;

    hold_for(socket, taken < SOCKET_LINGER_MS     ? SOCKET_LINGER_MS
                     : taken < SOCKET_PATIENCE_MS ? (int)taken
                                                  : SOCKET_PATIENCE_MS);
}

void air_socket_linger(struct air_socket *socket)
{
    if (!socket->is_closing && socket->fd >= 0)
        hold_for_more(socket);
}

void air_socket_glance(struct air_socket *socket)
{
    if (!socket->is_closing && socket->fd >= 0)
        hold_for(socket, SOCKET_GLANCE_MS);
}

void air_socket_relax(struct air_socket *socket)
{
    if (!socket->is_holding)
        return;
    socket->is_holding = false;
    evtimer_del(socket->patience);
    device_clock_release(socket->sockets->clock);
}

static void on_patience(evutil_socket_t fd, short events, void *context)
{
    struct air_socket *socket = context;

    (void)fd;
    (void)events;
    if (socket->is_closing)
        air_socket_drop(socket);
    else
        air_socket_relax(socket);
}

/* --- its end -------------------------------------------------------------------------------------------- */

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void air_socket_drop(struct air_socket *socket)
{
    if (socket == NULL)
        return;
    if (socket->is_holding)
        device_clock_release(socket->sockets->clock);
    free_event(socket->readable);
    free_event(socket->writable);
    free_event(socket->soon);
    free_event(socket->patience);
    if (socket->fd >= 0)
        close(socket->fd);
    if (socket->backlog != NULL)
        evbuffer_free(socket->backlog);
    *socket->link = socket->next;
    if (socket->next != NULL)
        socket->next->link = socket->link;
    free(socket);
}

void air_sockets_drop(struct air_sockets *sockets)
{
    while (sockets->first != NULL)
        air_socket_drop(sockets->first);
}

/* Tells it, as the last thing. */
static void end_socket(struct air_socket *socket, const char *why)
{
    air_socket_relax(socket);
    event_del(socket->readable);
    event_del(socket->writable);
    if (socket->is_closing)
        air_socket_drop(socket);
    else
        socket->events.ended(socket->events.context, why);
}

/* Out of the loop, which this may not be. */
static void end_soon(struct air_socket *socket, int error)
{
    socket->error = error;
    event_del(socket->readable);
    event_del(socket->writable);
    event_active(socket->soon, EV_TIMEOUT, 0);
}

void air_socket_close(struct air_socket *socket)
{
    if (socket == NULL)
        return;
    air_socket_relax(socket);
    if (socket->transport == AIR_UDP || !socket->is_connected || socket->error != 0) {
        air_socket_drop(socket);
        return;
    }
    socket->is_closing = true;
    start_patience(socket, SOCKET_DRAIN_MS);
    /* What the peer still sends is taken and forgotten: a socket that is closed with octets unread resets
     * the connection, and what was sent may be lost with it. */
    event_add(socket->readable, NULL);
    if (evbuffer_get_length(socket->backlog) == 0)
        shutdown(socket->fd, SHUT_WR);
}

/* --- sending -------------------------------------------------------------------------------------------- */

static void flush_backlog(struct air_socket *socket)
{
    struct evbuffer_iovec piece;

    while (evbuffer_peek(socket->backlog, -1, NULL, &piece, 1) > 0) {
        const ssize_t sent = send(socket->fd, piece.iov_base, piece.iov_len, MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (sent < 0) {
            end_socket(socket, strerror(errno));
            return;
        }
        evbuffer_drain(socket->backlog, (size_t)sent);
    }
    event_del(socket->writable);
    if (socket->is_closing)
        shutdown(socket->fd, SHUT_WR);
}

bool air_socket_send(struct air_socket *socket, struct span octets)
{
    ssize_t sent = 0;

    if (socket->fd < 0 || !socket->is_connected || socket->error != 0)
        return false;
    if (socket->transport == AIR_UDP) {
        if (send(socket->fd, octets.data, octets.size, MSG_NOSIGNAL) < 0) {
            /* What the system does not take is lost, as datagrams may be. */
        }
        return true;
    }
    if (evbuffer_get_length(socket->backlog) == 0)
        sent = send(socket->fd, octets.data, octets.size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        end_soon(socket, errno);
        return false;
    }
    if (sent < 0)
        sent = 0;
    if ((size_t)sent == octets.size)
        return true;
    if (evbuffer_get_length(socket->backlog) + octets.size > BACKLOG_MAX ||
        evbuffer_add(socket->backlog, octets.data + sent, octets.size - (size_t)sent) != 0) {
        end_soon(socket, ENOBUFS);
        return false;
    }
    event_add(socket->writable, NULL);
    return true;
}

/* --- what happens on it --------------------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short events, void *context)
{
    struct air_socket *socket = context;
    uint8_t octets[DATAGRAM];
    const ssize_t size = recv(fd, octets, socket->limit, 0);
    const int error = errno;

    (void)events;
    if (size < 0 && (error == EAGAIN || error == EINTR))
        return;
    if (socket->transport == AIR_UDP) {
        /* Nobody is there: a radio does not tell. No answer will come. */
        if (size < 0) {
            air_socket_relax(socket);
            return;
        }
    } else if (size <= 0) {
        end_socket(socket, size == 0 ? "closed by the other end" : strerror(error));
        return;
    }
    if (socket->is_closing)
        return;
    if (socket->is_holding)
        hold_for_more(socket);
    socket->events.received(socket->events.context, SPAN(octets, (size_t)size));
}

static void tell_connected(struct air_socket *socket)
{
    socket->is_connected = true;
    air_socket_relax(socket);
    event_add(socket->readable, NULL);
    socket->events.connected(socket->events.context);
}

static void on_writable(evutil_socket_t fd, short events, void *context)
{
    struct air_socket *socket = context;
    socklen_t size = sizeof(int);
    int error = 0;

    (void)events;
    if (socket->is_connected) {
        flush_backlog(socket);
        return;
    }
    event_del(socket->writable);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        end_socket(socket, strerror(error));
    else
        tell_connected(socket);
}

static void on_soon(evutil_socket_t fd, short events, void *context)
{
    struct air_socket *socket = context;

    (void)fd;
    (void)events;
    if (socket->error != 0)
        end_socket(socket, strerror(socket->error));
    else
        tell_connected(socket);
}

/* --- its beginning -------------------------------------------------------------------------------------- */

/* Datagrams are for anywhere: where this machine has no way to, they are lost. */
static void socket_connect(struct air_socket *socket, const struct address *peer)
{
    if (socket->fd < 0) {
        end_soon(socket, errno);
    } else if (connect(socket->fd, &peer->at.any, peer->size) == 0 || socket->transport == AIR_UDP) {
        event_active(socket->soon, EV_TIMEOUT, 0);
    } else if (errno == EINPROGRESS) {
        event_add(socket->writable, NULL);
        air_socket_expect(socket);
    } else {
        end_soon(socket, errno);
    }
}

struct air_socket *air_socket_open(struct air_sockets *sockets, enum air_transport transport,
                                   const struct address *peer, const struct air_socket_events *events)
{
    struct air_socket *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->sockets = sockets;
    made->events = *events;
    made->transport = transport;
    made->limit = transport == AIR_TCP ? PIECE_MAX : DATAGRAM;
    made->next = sockets->first;
    made->link = &sockets->first;
    if (made->next != NULL)
        made->next->link = &made->next;
    sockets->first = made;
    made->fd = socket(peer->at.any.sa_family,
                      (transport == AIR_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    made->backlog = evbuffer_new();
    made->readable = event_new(sockets->base, made->fd, EV_READ | EV_PERSIST, on_readable, made);
    made->writable = event_new(sockets->base, made->fd, EV_WRITE | EV_PERSIST, on_writable, made);
    made->soon = evtimer_new(sockets->base, on_soon, made);
    made->patience = evtimer_new(sockets->base, on_patience, made);
    if (made->backlog == NULL || made->readable == NULL || made->writable == NULL || made->soon == NULL ||
        made->patience == NULL) {
        air_socket_drop(made);
        return NULL;
    }
    socket_connect(made, peer);
    return made;
}

void air_socket_limit(struct air_socket *socket, size_t size)
{
    if (socket->transport == AIR_TCP && size < socket->limit)
        socket->limit = size;
}

void air_socket_pause(struct air_socket *socket, bool is_paused)
{
    if (is_paused)
        event_del(socket->readable);
    else if (socket->is_connected && socket->error == 0)
        event_add(socket->readable, NULL);
}
