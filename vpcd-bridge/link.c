/*
 * One connection to one slot of vpcd. Plain sockets under libevent's events rather than its buffers:
 * TCP_QUICKACK must be set before every read, since vpcd sends a message in two pieces without TCP_NODELAY
 * and the kernel would hold the acknowledgement of the first, and with it the second, back for 40 ms.
 */
#include "vpcd-bridge/link.h"

#include "vpcd-bridge/vpcd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 50
#define BACKOFF_LAST_MS  1000
#define READ_SIZE        8192
#define CONNECT_MS       5000 /* then the next address is tried */

/* pcscd's vpcd asks several times a second whether its card is there. A connection on which it has never said
 * a word by then waits in its backlog, behind another card's. */
#define SILENCE_MS 3000

/* pcscd asks every 400 ms whether the card is there. */
#define NOTICE_MS  2000 /* the longest wait for a reader to notice that the card has gone */
#define ABSENCE_MS 600  /* a card that is back earlier might be taken for one that was never away */

/* A reader that finds a card powers it at once. One that has asked for the ATR for so long and has not, took
 * this card for another one, which it had before. */
#define GREETING_MS 600

/* Our answers wait here only when the socket is full; a reader that sends commands without reading answers is
 * cut off. */
#define UNSENT_MAX ((size_t)4 * 65536)

enum link_state {
    LINK_WAITING,    /* for the timer, then the next try */
    LINK_CONNECTING, /* the timer ends it */
    LINK_SILENT,     /* connected, and vpcd has not said a word yet */
    LINK_SERVED,     /* connected */
    LINK_LEAVING,    /* taken out, and the reader has not noticed yet; the timer ends it */
    LINK_RESTING,    /* out, and has not been for ABSENCE_MS */
    LINK_OUT
};

struct vpcd_link {
    enum link_state state;
    struct event_base *base;
    struct vpcd_card card;
    const struct addrinfo *addresses;
    const struct addrinfo *next; /* the address to try */
    uint16_t port;
    int fd;         /* -1: waiting for the timer */
    bool announced; /* somebody was told that nobody listens: say so once, not every second */
    unsigned backoff_ms;
    bool powered; /* by this connection's reader */
    bool greeted; /* a reader has powered the card, or was shown once that it is a new one */
    bool serving; /* inside a call of the card's */
    bool returns; /* LEAVING, RESTING: is to be put in when that is over */
    struct event *readable, *writable, *timer;
    struct vpcd_parser parser;
    struct buf response; /* scratch: the answer to the message at hand */
    struct buf out;      /* frames not sent yet, from out_offset on */
    size_t out_offset;
};

static void try_to_connect(struct vpcd_link *link);

static bool is_connected(const struct vpcd_link *link)
{
    return link->state == LINK_SILENT || link->state == LINK_SERVED;
}

static bool is_out(const struct vpcd_link *link)
{
    return link->state >= LINK_LEAVING;
}

static void close_socket(struct vpcd_link *link)
{
    if (link->readable != NULL)
        event_free(link->readable);
    if (link->writable != NULL)
        event_free(link->writable);
    link->readable = link->writable = NULL;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    link->powered = false;
    vpcd_parser_reset(&link->parser);
    buf_clear(&link->out);
    link->out_offset = 0;
}

static void start_timer(struct vpcd_link *link, unsigned milliseconds)
{
    struct timeval delay = {milliseconds / 1000, (milliseconds % 1000) * 1000};

    event_add(link->timer, &delay);
}

static void wait_and_retry(struct vpcd_link *link)
{
    start_timer(link, link->backoff_ms);
    link->backoff_ms = link->backoff_ms * 2 < BACKOFF_LAST_MS ? link->backoff_ms * 2 : BACKOFF_LAST_MS;
}

/* The connection is gone, or could not be made. */
static void lose(struct vpcd_link *link, const char *why)
{
    bool was_connected = is_connected(link);

    close_socket(link);
    link->state = LINK_WAITING;
    if (was_connected) {
        link->card.power_off(link->card.context);
        link->backoff_ms = BACKOFF_FIRST_MS;
        link->next = link->addresses;
    } else if (link->next->ai_next != NULL) {
        link->next = link->next->ai_next;
        try_to_connect(link);
        return;
    }
    link->next = link->addresses;
    if (was_connected || !link->announced)
        link->card.disconnected(link->card.context, why);
    link->announced = true;
    wait_and_retry(link);
}

static void lose_by_errno(struct vpcd_link *link, const char *what)
{
    char why[160];

    snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
    lose(link, why);
}

/* Sends what waits, as far as the socket takes it. False when the connection was lost. */
static bool bridge_link_flush(struct vpcd_link *link)
{
    while (link->out_offset < link->out.size) {
        ssize_t n = send(link->fd, link->out.data + link->out_offset, link->out.size - link->out_offset,
                         MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (link->out.size - link->out_offset > UNSENT_MAX) {
                lose(link, "vpcd does not read the card's answers");
                return false;
            }
            event_add(link->writable, NULL);
            return true;
        }
        if (n < 0) {
            lose_by_errno(link, "cannot send to vpcd");
            return false;
        }
        link->out_offset += (size_t)n;
    }
    buf_clear(&link->out);
    link->out_offset = 0;
    return true;
}

/* --- taken out and put in ------------------------------------------------------------------------ */

/* The reader has noticed, or there is none. */
static void be_out(struct vpcd_link *link)
{
    close_socket(link);
    link->state = LINK_RESTING;
    start_timer(link, ABSENCE_MS);
    if (link->card.removed != NULL)
        link->card.removed(link->card.context);
}

/*
 * Ends our half of the connection only: a vpcd that closes the other half has found the slot empty. While it
 * waits for an answer it does so at once, otherwise when it next looks.
 */
static void bridge_link_leave(struct vpcd_link *link)
{
    link->state = LINK_LEAVING;
    event_del(link->timer);
    link->card.power_off(link->card.context);
    event_del(link->writable);
    (void)shutdown(link->fd, SHUT_WR);
    start_timer(link, NOTICE_MS);
}

static void come_back(struct vpcd_link *link)
{
    link->state = LINK_WAITING;
    link->returns = link->announced = false;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->next = link->addresses;
    try_to_connect(link);
}

void vpcd_link_remove(struct vpcd_link *link)
{
    const bool rested = link->returns && link->state != LINK_LEAVING; /* the reader has noticed already */

    link->returns = false;
    if (is_out(link)) {
        if (rested && link->card.removed != NULL)
            link->card.removed(link->card.context);
        return;
    }
    if (link->serving) {
        link->state = LINK_LEAVING; /* it leaves when the call is over */
    } else if (is_connected(link)) {
        bridge_link_leave(link);
    } else {
        event_del(link->timer);
        be_out(link);
    }
}

void vpcd_link_insert(struct vpcd_link *link)
{
    if (link->state == LINK_OUT)
        come_back(link);
    else if (is_out(link))
        link->returns = true;
}

/*
 * A reader that has not seen one card go and another come (its process was killed, and started again) takes
 * the new one for the old one: what that had selected and verified is gone, and this one has no power. It is
 * shown an empty slot, after which it begins as with any card.
 */
static void show_that_it_is_new(struct vpcd_link *link)
{
    link->greeted = true;
    link->returns = true;
    if (link->card.mistaken != NULL)
        link->card.mistaken(link->card.context);
    if (link->serving)
        link->state = LINK_LEAVING; /* it leaves when the messages are read */
    else
        bridge_link_leave(link);
}

/* What the reader still says to a card that is gone is not heard. */
static void read_to_the_end(struct vpcd_link *link)
{
    uint8_t octets[READ_SIZE];
    ssize_t n = recv(link->fd, octets, sizeof(octets), 0);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        be_out(link);
}

/* --- messages ------------------------------------------------------------------------------------ */

static void be_powered(struct vpcd_link *link, bool powered)
{
    link->powered = powered;
    if (!powered)
        return;
    link->greeted = true;
    event_del(link->timer);
}

static void take_message(struct vpcd_link *link, struct span message)
{
    const struct vpcd_card *card = &link->card;

    buf_clear(&link->response);
    if (message.size > 1 && !link->powered) {
        show_that_it_is_new(link);
        return;
    }
    if (message.size > 1) {
        card->transmit(card->context, message, &link->response);
    } else if (message.size == 1) {
        switch (message.data[0]) {
        case VPCD_POWER_OFF:
            be_powered(link, false);
            card->power_off(card->context);
            return;
        case VPCD_POWER_ON:
            be_powered(link, true);
            card->power_on(card->context);
            return;
        case VPCD_RESET:
            be_powered(link, true);
            card->reset(card->context);
            return;
        case VPCD_GET_ATR:
            card->atr(card->context, &link->response);
            break;
        default:
            return; /* a control code of a later vpcd: none but GET_ATR is answered */
        }
    } else {
        return; /* an empty message asks for nothing */
    }
    if (link->response.failed)
        link->out.failed = true;
    vpcd_put_frame(&link->out, buf_span(&link->response));
}

static void on_readable(evutil_socket_t fd, short events, void *context)
{
    struct vpcd_link *link = context;
    uint8_t octets[READ_SIZE];
    struct span message;
    ssize_t n;

    (void)events;
    if (is_out(link)) {
        read_to_the_end(link);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
    n = recv(fd, octets, sizeof(octets), 0);
    if (link->state == LINK_SILENT && n > 0) {
        link->state = LINK_SERVED;
        event_del(link->timer);
        if (!link->greeted)
            start_timer(link, GREETING_MS);
    }
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            lose_by_errno(link, "lost vpcd");
        return;
    }
    if (n == 0) {
        lose(link, "vpcd closed the connection");
        return;
    }
    if (!vpcd_parser_feed(&link->parser, SPAN(octets, (size_t)n))) {
        lose(link, "no memory for a message of vpcd");
        return;
    }
    link->serving = true;
    while (!is_out(link) && vpcd_parser_next(&link->parser, &message))
        take_message(link, message);
    link->serving = false;
    if (is_out(link))
        bridge_link_leave(link);
    else if (link->out.failed)
        lose(link, "an answer could not be made into a message");
    else if (link->out.size > link->out_offset)
        bridge_link_flush(link);
}

/* True when connect has come to its end well. */
static bool connection_is_made(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return false;
    errno = error;
    return error == 0;
}

static void on_writable(evutil_socket_t fd, short events, void *context)
{
    struct vpcd_link *link = context;

    (void)events;
    if (is_connected(link)) {
        bridge_link_flush(link);
        return;
    }
    if (!connection_is_made(fd)) {
        lose_by_errno(link, "vpcd does not listen");
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1},
               sizeof(int)); /* a vpcd on another machine may go silently */
    link->state = LINK_SILENT;
    start_timer(link, SILENCE_MS);
    link->announced = false;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->card.connected(link->card.context);
    event_add(link->readable, NULL);
}

static int begin_connection(const struct addrinfo *address, uint16_t port)
{
    struct sockaddr_storage to = {0};
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    memcpy(&to, address->ai_addr, address->ai_addrlen);
    if (address->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)&to)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&to)->sin_port = htons(port);
    if (connect(fd, (struct sockaddr *)&to, address->ai_addrlen) != 0 && errno != EINPROGRESS) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static void try_to_connect(struct vpcd_link *link)
{
    link->state = LINK_CONNECTING;
    link->fd = begin_connection(link->next, link->port);
    if (link->fd < 0) {
        lose_by_errno(link, "cannot connect to vpcd");
        return;
    }
    link->readable = event_new(link->base, link->fd, EV_READ | EV_PERSIST, on_readable, link);
    link->writable = event_new(link->base, link->fd, EV_WRITE, on_writable, link);
    if (link->readable == NULL || link->writable == NULL || event_add(link->writable, NULL) != 0)
        lose(link, "no memory for a connection to vpcd");
    else
        start_timer(link, CONNECT_MS);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct vpcd_link *link = context;

    (void)fd;
    (void)events;
    switch (link->state) {
    case LINK_WAITING:
        try_to_connect(link);
        break;
    case LINK_CONNECTING:
        errno = ETIMEDOUT;
        lose_by_errno(link, "cannot connect to vpcd");
        break;
    case LINK_SILENT:
        if (link->card.ignored != NULL)
            link->card.ignored(link->card.context);
        break;
    case LINK_LEAVING:
        be_out(link);
        break;
    case LINK_RESTING:
        link->state = LINK_OUT;
        if (link->returns)
            come_back(link);
        break;
    case LINK_SERVED:
        if (!link->powered)
            show_that_it_is_new(link);
        break;
    case LINK_OUT:
        break; /* no timer runs */
    }
}

struct vpcd_link *vpcd_link_new(struct event_base *base, const struct addrinfo *addresses, uint16_t port,
                                const struct vpcd_card *card)
{
    static const struct timeval at_once = {0, 0};
    struct vpcd_link *link = calloc(1, sizeof(*link));

    if (link == NULL)
        return NULL;
    *link = (struct vpcd_link){.base = base,
                               .card = *card,
                               .addresses = addresses,
                               .next = addresses,
                               .port = port,
                               .fd = -1,
                               .backoff_ms = BACKOFF_FIRST_MS};
    link->timer = event_new(base, -1, 0, on_timer, link);
    if (link->timer == NULL || event_add(link->timer, &at_once) != 0) {
        vpcd_link_free(link);
        return NULL;
    }
    return link;
}

void vpcd_link_free(struct vpcd_link *link)
{
    if (link == NULL)
        return;
    close_socket(link);
    if (is_connected(link))
        link->card.power_off(link->card.context);
    if (link->timer != NULL)
        event_free(link->timer);
    vpcd_parser_free(&link->parser);
    buf_free(&link->response);
    buf_free(&link->out);
    free(link);
}
