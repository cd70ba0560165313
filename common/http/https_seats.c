/* The connections of an HTTPS server. See https_seats.h. */
#include "common/http/https_seats.h"

#include "common/http/https_tls.h"
#include "common/log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAUSE            1   /* seconds until a new connection is tried again */
#define GRACE            2   /* seconds in which a connection that has not asked yet need not make room */
#define ANSWER_TIME      300 /* seconds in which a client must have read its answer */
#define DESCRIPTORS_ELSE 128 /* for the store, profiles, and the connections of https_loop.c, 64 */
#define SEATS_MIN        8
#define SEATS_MAX        4096 /* of some 50 kB each, with TLS */
#define COMPLAIN_EVERY   60   /* seconds between two lines that connections wait */

enum seat_state {
    SEAT_ARRIVES, /* evhttp has not made its connection yet */
    SEAT_ASKS,    /* handshake, or octets of a request; the clock runs */
    SEAT_WAITS,   /* the request is whole, for the server to answer */
    SEAT_READS,   /* the answer, for the client to read; the clock runs */
    SEAT_IDLE,    /* kept for the next request; evhttp's own timeout runs */
    SEAT_LEAVES   /* it is over, as soon as evhttp sees it or its error is sent */
};

struct seat {
    TAILQ_ENTRY(seat) order; /* the longest idle one is first */
    struct https_seats *seats;
    struct bufferevent *connection;
    struct event *clock;
    int fd;
    enum seat_state state;
    time_t since; /* in `state` */
};

TAILQ_HEAD(seat_list, seat);

struct https_seats {
    struct https_seats *next; /* of this process */
    struct https_seats_options options;
    struct event_base *base;
    struct evhttp *http;
    struct seat_list list;
    struct seat **of_fd; /* by descriptor */
    size_t of_fd_size;
    unsigned count;
    bool paused;
    struct event *resume;
    time_t complained; /* 0: never */
};

/* The error callback of a listener is given evhttp alone. */
static struct https_seats *seats_open;

/* --- Room ----------------------------------------------------------------------------------------------- */

static time_t seats_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void seat_enter(struct seat *seat, enum seat_state state, unsigned seconds)
{
    const struct timeval until = {seconds, 0};

    seat->state = state;
    seat->since = seats_now();
    if (seconds > 0)
        event_add(seat->clock, &until);
    else
        event_del(seat->clock);
}

/* evhttp reads the end of the connection, and frees it. */
static void seat_dismiss(struct seat *seat)
{
    seat_enter(seat, SEAT_LEAVES, 0);
    shutdown(seat->fd, SHUT_RDWR);
}

static void each_listener(struct evhttp_bound_socket *bound, void *enable)
{
    struct evconnlistener *listener = evhttp_bound_socket_get_listener(bound);

    if (*(const bool *)enable)
        evconnlistener_enable(listener);
    else
        evconnlistener_disable(listener);
}

static void seats_set_paused(struct https_seats *seats, bool paused)
{
    const struct timeval pause = {PAUSE, 0};
    bool enable = !paused;

    if (paused)
        event_add(seats->resume, &pause);
    else
        event_del(seats->resume);
    if (seats->paused == paused)
        return;
    seats->paused = paused;
    evhttp_foreach_bound_socket(seats->http, each_listener, &enable);
}

/* Whether somebody leaves who is of no use: the longest idle first, then who has been here a while and has
 * not asked for anything. */
static bool seats_make_room(struct https_seats *seats)
{
    time_t early = seats_now() - GRACE;
    struct seat *seat, *silent = NULL;

    TAILQ_FOREACH(seat, &seats->list, order)
    {
        if (seat->state == SEAT_LEAVES)
            return true;
        if (seat->state == SEAT_IDLE)
            break;
        if (silent == NULL && seat->state == SEAT_ASKS && seat->since <= early)
            silent = seat;
    }
    if (seat == NULL)
        seat = silent;
    if (seat != NULL)
        seat_dismiss(seat);
    return seat != NULL;
}

static void complain(struct https_seats *seats, const char *why)
{
    time_t now = seats_now();

    if (seats->complained != 0 && now - seats->complained < COMPLAIN_EVERY)
        return;
    seats->complained = now;
    log_line(LOG_LEVEL_INFO, "%u connections, and no more: %s; new ones wait", seats->count, why);
}

/* One place is kept free for who comes next. */
static void seats_look(struct https_seats *seats)
{
    bool full = seats->count >= seats->options.max;

    if (full && !seats_make_room(seats))
        complain(seats, "all are in use");
    seats_set_paused(seats, full);
}

static void on_resume(evutil_socket_t fd, short events, void *seats)
{
    (void)fd;
    (void)events;
    seats_look(seats);
}

/* Descriptors have run out: accepting again and again would only burn the processor. */
static void on_accept_error(struct evconnlistener *listener, void *http)
{
    int error = errno;
    struct https_seats *seats = seats_open;

    (void)listener;
    while (seats != NULL && seats->http != http)
        seats = seats->next;
    if (seats == NULL)
        return;
    seats_make_room(seats);
    complain(seats, strerror(error));
    seats_set_paused(seats, true);
}

/* --- Connections ---------------------------------------------------------------------------------------- */

static void seat_free(struct seat *seat)
{
    struct https_seats *seats = seat->seats;

    if (seat->fd >= 0)
        seats->of_fd[seat->fd] = NULL;
    if (seat->state == SEAT_ARRIVES)
        bufferevent_decref(seat->connection);
    TAILQ_REMOVE(&seats->list, seat, order);
    seats->count--;
    event_free(seat->clock);
    free(seat);
}

static void on_close(struct evhttp_connection *connection, void *seat_)
{
    struct seat *seat = seat_;
    struct https_seats *seats = seat->seats;

    https_tls_ended(evhttp_connection_get_bufferevent(connection));
    seat_free(seat);
    seats_look(seats);
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *seat_)
{
    struct seat *seat = seat_;

    (void)buffer;
    if (info->n_added > 0 && seat->state == SEAT_IDLE)
        seat_enter(seat, SEAT_ASKS, seat->seats->options.request_time);
}

/* What leaves while the request is not whole is evhttp's own: its answer to what is no request, whose first
 * line is added alone; or "100 Continue", which is not the answer yet. */
static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *seat_)
{
    static const char begin[] = "HTTP/1.";
    struct seat *seat = seat_;
    const char *line = seat->seats->options.error_line;
    struct evbuffer_iovec text = {NULL, 0};
    struct evbuffer_ptr at;

    if (info->n_added < sizeof("HTTP/1.1 100") || seat->state != SEAT_ASKS || line == NULL ||
        evbuffer_ptr_set(buffer, &at, info->orig_size, EVBUFFER_PTR_SET) != 0 ||
        evbuffer_peek(buffer, (ev_ssize_t)info->n_added, &at, &text, 1) < 1 ||
        text.iov_len < sizeof("HTTP/1.1 100") || memcmp(text.iov_base, begin, strlen(begin)) != 0 ||
        memcmp((const char *)text.iov_base + sizeof("HTTP/1.1"), "100", 3) == 0)
        return;
    seat->state = SEAT_LEAVES; /* its clock goes on */
    evbuffer_add(buffer, line, strlen(line));
}

static bool seat_find_room(struct https_seats *seats, size_t fd)
{
    size_t size = fd + 64;
    struct seat **longer;

    if (fd < seats->of_fd_size)
        return true;
    longer = realloc(seats->of_fd, size * sizeof(struct seat *));
    if (longer == NULL)
        return false;
    memset(longer + seats->of_fd_size, 0, (size - seats->of_fd_size) * sizeof(struct seat *));
    seats->of_fd = longer;
    seats->of_fd_size = size;
    return true;
}

/* evhttp gives what it calls a connection to the callbacks of the bufferevent, and tells it nowhere else
 * before a request is whole (until libevent 2.2). Without one it has failed, and what is left of the
 * bufferevent is ours. */
static void seat_arrive(struct seat *seat)
{
    bufferevent_data_cb on_read, on_write;
    bufferevent_event_cb on_event;
    void *connection = NULL;
    int fd = bufferevent_getfd(seat->connection);

    bufferevent_getcb(seat->connection, &on_read, &on_write, &on_event, &connection);
    if (connection == NULL || fd < 0 || !seat_find_room(seat->seats, (size_t)fd)) {
        if (fd >= 0)
            shutdown(fd, SHUT_RDWR);
        seat_free(seat);
        return;
    }
    seat->fd = fd;
    seat->seats->of_fd[fd] = seat;
    evhttp_connection_set_closecb(connection, on_close, seat);
    evbuffer_add_cb(bufferevent_get_input(seat->connection), on_input, seat);
    evbuffer_add_cb(bufferevent_get_output(seat->connection), on_output, seat);
    seat_enter(seat, SEAT_ASKS, seat->seats->options.request_time);
    bufferevent_decref(seat->connection);
}

static void on_clock(evutil_socket_t fd, short events, void *seat_)
{
    struct seat *seat = seat_;

    (void)fd;
    (void)events;
    if (seat->state == SEAT_ARRIVES) {
        seat_arrive(seat);
        return;
    }
    log_line(LOG_LEVEL_INFO, "a client is too slow: %s",
             seat->state == SEAT_ASKS ? "its request is not whole" : "its answer is not read");
    seat_dismiss(seat);
}

bool https_seats_take(struct https_seats *seats, struct bufferevent *connection)
{
    struct seat *seat = calloc(1, sizeof(*seat));

    if (seat == NULL)
        return false;
    seat->clock = evtimer_new(seats->base, on_clock, seat);
    if (seat->clock == NULL) {
        free(seat);
        return false;
    }
    seat->seats = seats;
    seat->connection = connection;
    seat->fd = -1;
    bufferevent_incref(connection);
    TAILQ_INSERT_TAIL(&seats->list, seat, order);
    seats->count++;
    event_active(seat->clock, EV_TIMEOUT, 0);
    seats_look(seats);
    return true;
}

static struct seat *seat_of(const struct https_seats *seats, struct bufferevent *connection)
{
    int fd = connection != NULL ? bufferevent_getfd(connection) : -1;

    return fd >= 0 && (size_t)fd < seats->of_fd_size ? seats->of_fd[fd] : NULL;
}

void https_seats_asked(struct https_seats *seats, struct bufferevent *connection)
{
    struct seat *seat = seat_of(seats, connection);

    if (seat != NULL)
        seat_enter(seat, SEAT_WAITS, 0);
}

void https_seats_answers(struct https_seats *seats, struct bufferevent *connection)
{
    struct seat *seat = seat_of(seats, connection);

    if (seat != NULL)
        seat_enter(seat, SEAT_READS, ANSWER_TIME);
}

void https_seats_answered(struct https_seats *seats, struct bufferevent *connection)
{
    struct seat *seat = seat_of(seats, connection);

    if (seat == NULL)
        return;
    TAILQ_REMOVE(&seats->list, seat, order);
    TAILQ_INSERT_TAIL(&seats->list, seat, order);
    if (evbuffer_get_length(bufferevent_get_input(connection)) > 0)
        seat_enter(seat, SEAT_ASKS, seats->options.request_time); /* the next request is here already */
    else
        seat_enter(seat, SEAT_IDLE, 0);
    seats_look(seats);
}

/* --- All of them ---------------------------------------------------------------------------------------- */

unsigned https_seats_in_process(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return SEATS_MIN;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
            return SEATS_MIN;
    }
    if (limit.rlim_cur < DESCRIPTORS_ELSE + SEATS_MIN)
        return SEATS_MIN;
    return limit.rlim_cur > DESCRIPTORS_ELSE + SEATS_MAX ? SEATS_MAX
                                                         : (unsigned)(limit.rlim_cur - DESCRIPTORS_ELSE);
}

struct https_seats *https_seats_new(struct event_base *base, struct evhttp *http,
                                    const struct https_seats_options *options)
{
    struct https_seats *seats = calloc(1, sizeof(*seats));

    if (seats == NULL)
        return NULL;
    seats->options = *options;
    seats->base = base;
    seats->http = http;
    TAILQ_INIT(&seats->list);
    seats->resume = evtimer_new(base, on_resume, seats);
    if (seats->resume == NULL) {
        free(seats);
        return NULL;
    }
    seats->next = seats_open;
    seats_open = seats;
    return seats;
}

void https_seats_free(struct https_seats *seats)
{
    struct https_seats **link = &seats_open;

    if (seats == NULL)
        return;
    while (*link != seats)
        link = &(*link)->next;
    *link = seats->next;
    while (!TAILQ_EMPTY(&seats->list))
        seat_free(TAILQ_FIRST(&seats->list));
    event_free(seats->resume);
    free(seats->of_fd);
    free(seats);
}

bool https_seats_listen(struct https_seats *seats, int fd)
{
    struct evconnlistener *listener = evconnlistener_new(
        seats->base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 0, fd);

    if (listener == NULL) {
        close(fd);
        return false;
    }
    evconnlistener_set_error_cb(listener, on_accept_error);
    if (evhttp_bind_listener(seats->http, listener) != NULL)
        return true;
    evconnlistener_free(listener); /* closes */
    return false;
}
