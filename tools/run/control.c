/*
 * The control socket of a running card: see control.h. Every connection is a libevent buffer with limits on
 * both sides. A request is read when the answer to the one before it has left, and not in the same turn of
 * the event loop as that one: a reader that wants something of the card comes first (CONTROL_PRIORITY).
 */
#include "tools/run/control.h"

#include "tools/run/control_answer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 8
#define UNREAD_MAX      ((size_t)1 << 20) /* octets of answers or trace that wait for their reader */
#define IDLE_S          60                /* a connection that asks nothing is ended */
#define PATIENCE_S      5                 /* for a reader to notice that the card came or went */
#define REST_S          1                 /* before the next try when no connection can be taken */

struct connection {
    struct control *control;
    struct bufferevent *events;
    struct event *turn; /* the next request's, or the end of patience */
    enum control_wait wait;
    bool follows; /* the trace */
    bool ending;  /* ends when all is answered and sent */
    bool dead;    /* ends when its turn comes, whatever waits */
};

struct control {
    struct event_base *base;
    struct slot *slot;
    struct local_socket socket;
    struct event *accept, *rest;
    time_t since;
    struct connection *connections[CONNECTIONS_MAX];
};

static void watch(struct control *control);

static void connection_free(struct connection *connection)
{
    struct control *control = connection->control;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (control->connections[i] == connection)
            control->connections[i] = NULL;
    if (connection->events != NULL)
        bufferevent_free(connection->events);
    if (connection->turn != NULL)
        event_free(connection->turn);
    free(connection);
    watch(control);
}

/* --- sending ------------------------------------------------------------------------------------- */

static size_t unread(const struct connection *connection)
{
    return evbuffer_get_length(bufferevent_get_output(connection->events));
}

/* One line; takes `json` over. False: there is no memory, or the other end does not read. */
static bool send_line(struct connection *connection, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    bool ok = text != NULL && unread(connection) < UNREAD_MAX &&
              bufferevent_write(connection->events, text, strlen(text)) == 0 &&
              bufferevent_write(connection->events, "\n", 1) == 0;

    free(text);
    json_decref(json);
    return ok;
}

/* What has been answered is still sent, and nothing is heard any more. */
static void end_after_sending(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->events);

    connection->ending = true;
    bufferevent_disable(connection->events, EV_READ);
    evbuffer_drain(input, evbuffer_get_length(input));
    if (unread(connection) == 0 && connection->wait == CONTROL_WAIT_NOT)
        connection_free(connection);
}

/* --- requests ------------------------------------------------------------------------------------ */

static void start_turn(struct connection *connection, unsigned seconds)
{
    const struct timeval delay = {seconds, 0};

    event_add(connection->turn, &delay);
}

/* Follows the trace from now on: there is no limit on its silence. */
static void control_follow(struct connection *connection)
{
    connection->follows = true;
    bufferevent_set_timeouts(connection->events, NULL, NULL);
    watch(connection->control);
}

/* What was waited for has come. */
static void answer_at_last(struct connection *connection, json_t *answer)
{
    connection->wait = CONTROL_WAIT_NOT;
    connection->dead = !send_line(connection, answer);
    start_turn(connection, 0);
}

/* The request whose answer comes when the reader has noticed. The slot may tell so at once. */
static void wait_for(struct connection *connection, const struct control_request *request,
                     enum control_wait wait)
{
    struct slot *slot = connection->control->slot;

    connection->wait = wait;
    start_turn(connection, PATIENCE_S);
    if (request->command != CONTROL_INSERT)
        slot_remove(slot);
    if (request->command != CONTROL_REMOVE && !slot_insert(slot))
        answer_at_last(connection, control_error("the card cannot be opened; the daemon's log says why"));
}

static void control_serve(struct connection *connection, struct span line)
{
    struct control *control = connection->control;
    struct control_request request = {.command = CONTROL_SHOW};
    enum control_wait wait = CONTROL_WAIT_NOT;
    json_t *answer;
    char why[200];

    if (!control_request_parse(line, &request, why, sizeof(why)))
        answer = control_error("%s", why);
    else if ((answer = control_answer(control->slot, &request, control->since, &wait)) == NULL &&
             wait != CONTROL_WAIT_NOT) {
        wait_for(connection, &request, wait);
        return;
    }
    if (!send_line(connection, answer))
        connection_free(connection);
    else if (request.command == CONTROL_TRACE && request.trace == CONTROL_TRACE_FOLLOW)
        control_follow(connection);
}

/* Serves one line, if there is a whole one and its turn has come. */
static void take_turn(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->events);
    size_t length = 0;
    char *line;

    if (connection->wait != CONTROL_WAIT_NOT || unread(connection) > 0)
        return; /* on_written, or settle, comes back here */
    line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);
    if (line != NULL) {
        start_turn(connection, 0);
        if (length > 0 && line[length - 1] == '\r')
            length--;
        control_serve(connection, SPAN(line, length));
        free(line);
        return;
    }
    if (evbuffer_get_length(input) > CONTROL_LINE_MAX) {
        (void)send_line(connection, control_error("a request is no longer than %d octets", CONTROL_LINE_MAX));
        end_after_sending(connection);
    } else if (connection->ending) {
        end_after_sending(connection);
    } else {
        bufferevent_enable(connection->events, EV_READ);
    }
}

/* A turn that is due would be put off by adding it again. */
static void ask_for_turn(struct connection *connection)
{
    if (connection->wait == CONTROL_WAIT_NOT && !event_pending(connection->turn, EV_TIMEOUT, NULL))
        start_turn(connection, 0);
}

/* No more is read than can be a line, until that has been served. */
static void on_readable(struct bufferevent *events, void *context)
{
    if (evbuffer_get_length(bufferevent_get_input(events)) > CONTROL_LINE_MAX)
        bufferevent_disable(events, EV_READ);
    ask_for_turn(context);
}

static void on_written(struct bufferevent *events, void *context)
{
    (void)events;
    ask_for_turn(context);
}

/* The other end has said all it wants to, or is gone. */
static void on_event(struct bufferevent *events, short what, void *context)
{
    struct connection *connection = context;

    (void)events;
    if ((what & BEV_EVENT_EOF) == 0 || connection->follows) {
        connection_free(connection);
        return;
    }
    connection->ending = true;
    ask_for_turn(connection);
}

/* A turn that has come: the next request, or nobody noticed the card in time. */
static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;

    (void)fd;
    (void)what;
    if (connection->dead)
        connection_free(connection);
    else if (connection->wait != CONTROL_WAIT_NOT)
        answer_at_last(connection, control_settled(connection->control->slot, false));
    else
        take_turn(connection);
}

/* --- what the slot tells ------------------------------------------------------------------------- */

static bool ends_wait(enum control_wait wait, enum slot_event event)
{
    return (wait == CONTROL_WAIT_REMOVED && event == SLOT_REMOVED) ||
           (wait == CONTROL_WAIT_POWERED && (event == SLOT_POWERED || event == SLOT_NO_READER));
}

static void on_slot_event(void *context, enum slot_event event)
{
    struct control *control = context;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = control->connections[i];

        if (connection != NULL && ends_wait(connection->wait, event))
            answer_at_last(connection, control_settled(control->slot, event != SLOT_NO_READER));
    }
}

/* Called in the middle of a command: nobody is closed here but on a turn of his own. */
static void on_traced(void *context, const struct trace_entry *entry)
{
    struct control *control = context;
    json_t *json = trace_json(entry);

    for (size_t i = 0; json != NULL && i < CONNECTIONS_MAX; i++) {
        struct connection *connection = control->connections[i];

        if (connection == NULL || !connection->follows || connection->dead)
            continue;
        if (!send_line(connection, json_incref(json))) {
            connection->dead = true;
            start_turn(connection, 0);
        }
    }
    json_decref(json);
}

/* The trace is made only while somebody follows it. */
static void watch(struct control *control)
{
    bool followed = false;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        followed = followed || (control->connections[i] != NULL && control->connections[i]->follows);
    control->slot->watcher = (struct slot_watcher){control, on_slot_event, followed ? on_traced : NULL};
}

/* --- connections --------------------------------------------------------------------------------- */

static struct connection **free_place(struct control *control)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (control->connections[i] == NULL)
            return &control->connections[i];
    return NULL;
}

/* One line on a socket that is closed then. A peer that is not there to read it misses it. */
static void turn_away(int fd, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    if (text != NULL) {
        (void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)!send(fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    free(text);
    json_decref(json);
    close(fd);
}

static bool connection_begin(struct control *control, struct connection *connection, int fd)
{
    const struct timeval idle = {IDLE_S, 0};

    connection->control = control;
    connection->events = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (connection->events == NULL) {
        close(fd);
        return false;
    }
    connection->turn = event_new(control->base, -1, 0, on_turn, connection);
    if (connection->turn == NULL)
        return false;
    event_priority_set(connection->turn, CONTROL_PRIORITY);
    bufferevent_priority_set(connection->events, CONTROL_PRIORITY);
    bufferevent_setcb(connection->events, on_readable, on_written, on_event, connection);
    bufferevent_set_timeouts(connection->events, &idle, &idle);
    return bufferevent_enable(connection->events, EV_READ | EV_WRITE) == 0;
}

static void take_connection(struct control *control, int fd)
{
    struct connection **place = free_place(control);
    struct connection *connection;
    uid_t uid;

    if (!local_socket_peer_is_ours(fd, &uid)) {
        slot_log(control->slot, "user %ld was refused at %s", (long)uid, control->socket.path);
        turn_away(fd, control_error("this card is another user's"));
        return;
    }
    if (place == NULL) {
        turn_away(fd, control_error("there are %d connections already", CONNECTIONS_MAX));
        return;
    }
    connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        close(fd);
        return;
    }
    *place = connection;
    if (!connection_begin(control, connection, fd))
        connection_free(connection);
}

static void on_acceptable(evutil_socket_t fd, short what, void *context)
{
    const struct timeval rest = {REST_S, 0};
    struct control *control = context;
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)what;
    if (peer >= 0) {
        take_connection(control, peer);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        event_del(control->accept); /* no descriptors left: not again and again */
        event_add(control->rest, &rest);
    }
}

static void on_rested(evutil_socket_t fd, short what, void *context)
{
    struct control *control = context;

    (void)fd;
    (void)what;
    event_add(control->accept, NULL);
}

struct control *control_new(struct event_base *base, struct slot *slot, const char *path,
                            struct local_socket_error *error)
{
    struct control *control = calloc(1, sizeof(*control));
    struct timespec now;

    snprintf(error->message, sizeof(error->message), "out of memory");
    if (control == NULL)
        return NULL;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *control = (struct control){.base = base, .slot = slot, .socket = {.fd = -1}, .since = now.tv_sec};
    if (!local_socket_listen(&control->socket, path, error)) {
        control_free(control);
        return NULL;
    }
    control->accept = event_new(base, control->socket.fd, EV_READ | EV_PERSIST, on_acceptable, control);
    control->rest = event_new(base, -1, 0, on_rested, control);
    if (control->accept == NULL || control->rest == NULL ||
        event_priority_set(control->accept, CONTROL_PRIORITY) != 0 || event_add(control->accept, NULL) != 0) {
        control_free(control);
        return NULL;
    }
    watch(control);
    return control;
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (control->connections[i] != NULL)
            connection_free(control->connections[i]);
    if (control->accept != NULL)
        event_free(control->accept);
    if (control->rest != NULL)
        event_free(control->rest);
    local_socket_close(&control->socket);
    control->slot->watcher = (struct slot_watcher){NULL, NULL, NULL};
    free(control);
}
