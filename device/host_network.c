/* Channels of a card as sockets of this machine: see host_network.h. */
#include "device/host_network.h"

#include "common/net/lookup.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATAGRAM_MAX    65536
#define PIECE_MAX       16384
#define CONNECT_SECONDS 10 /* for each address of a name */
#define DRAIN_SECONDS   5  /* for what was sent last on a channel that is closed */

struct socket_channel;

/* Of the addresses of a name, one for each until one has answered. */
struct datagram_socket {
    struct socket_channel *channel;
    evutil_socket_t fd; /* -1: there is none any more */
    struct event *readable;
};

struct socket_channel {
    struct host_network *network;
    unsigned number;
    bool is_used;
    enum softeuicc_transport transport;
    struct lookup *lookup; /* the addresses are being found */
    struct addresses addresses;
    size_t tried; /* of them, by a stream */
    struct bufferevent *stream;
    bool is_connected;
    struct datagram_socket sockets[ADDRESSES_MAX];
    bool has_answered; /* one of them is left */
};

struct host_network {
    struct event_base *base;
    struct softeuicc *card;
    void (*told)(void *context);
    void *context;
    struct socket_channel channels[SOFTEUICC_CHANNELS + 1]; /* by their names */
};

/* --- what the card is told --------------------------------------------------------------------------- */

static void tell_opened(struct socket_channel *channel)
{
    struct host_network *network = channel->network;

    if (network->card != NULL)
        softeuicc_bearer_opened(network->card, channel->number);
    network->told(network->context);
}

static void tell_received(struct socket_channel *channel, const uint8_t *octets, size_t size)
{
    struct host_network *network = channel->network;

    if (network->card != NULL)
        softeuicc_bearer_received(network->card, channel->number, octets, size);
    network->told(network->context);
}

static void tell_closed(struct socket_channel *channel, const char *why)
{
    struct host_network *network = channel->network;

    if (network->card != NULL)
        softeuicc_bearer_closed(network->card, channel->number, why);
    network->told(network->context);
}

/* --- streams ----------------------------------------------------------------------------------------- */

static void on_stream_read(struct bufferevent *stream, void *context)
{
    struct socket_channel *channel = context;
    uint8_t octets[PIECE_MAX];
    size_t size;

    while ((size = bufferevent_read(stream, octets, sizeof(octets))) > 0)
        tell_received(channel, octets, size);
}

static void try_next(struct socket_channel *channel, const char *why);

static void on_stream_event(struct bufferevent *stream, short what, void *context)
{
    struct socket_channel *channel = context;
    const char *why = (what & BEV_EVENT_TIMEOUT) != 0 ? "nobody answers"
                                                      : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());

    if ((what & BEV_EVENT_CONNECTED) != 0) {
        channel->is_connected = true;
        bufferevent_set_timeouts(stream, NULL, NULL);
        tell_opened(channel);
    } else if (channel->is_connected) {
        tell_closed(channel, (what & BEV_EVENT_EOF) != 0 ? NULL : why);
    } else {
        bufferevent_free(stream);
        channel->stream = NULL;
        try_next(channel, why);
    }
}

static bool connect_stream(struct socket_channel *channel, const struct address *address)
{
    const struct timeval patience = {CONNECT_SECONDS, 0};

    channel->stream =
        bufferevent_socket_new(channel->network->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (channel->stream == NULL)
        return false;
    bufferevent_setcb(channel->stream, on_stream_read, NULL, on_stream_event, channel);
    bufferevent_set_timeouts(channel->stream, &patience, &patience);
    if (bufferevent_enable(channel->stream, EV_READ | EV_WRITE) == 0 &&
        bufferevent_socket_connect(channel->stream, &address->at.any, (int)address->size) == 0)
        return true;
    bufferevent_free(channel->stream);
    channel->stream = NULL;
    return false;
}

/* Of the addresses that a name has, which of them answers depends on the other side. */
static void try_next(struct socket_channel *channel, const char *why)
{
    while (channel->tried < channel->addresses.count)
        if (connect_stream(channel, &channel->addresses.list[channel->tried++]))
            return;
    tell_closed(channel, why);
}

static void on_drained(struct bufferevent *stream, void *context)
{
    (void)context;
    bufferevent_free(stream);
}

static void on_drain_event(struct bufferevent *stream, short what, void *context)
{
    (void)what;
    (void)context;
    bufferevent_free(stream);
}

static void close_stream(struct bufferevent *stream)
{
    const struct timeval patience = {DRAIN_SECONDS, 0};

    if (evbuffer_get_length(bufferevent_get_output(stream)) == 0) {
        bufferevent_free(stream);
        return;
    }
    bufferevent_setcb(stream, NULL, on_drained, on_drain_event, NULL);
    bufferevent_disable(stream, EV_READ);
    bufferevent_set_timeouts(stream, NULL, &patience);
}

/* --- datagrams ---------------------------------------------------------------------------------------- */

static void drop_socket(struct datagram_socket *dropped)
{
    if (dropped->readable != NULL)
        event_free(dropped->readable);
    if (dropped->fd >= 0)
        evutil_closesocket(dropped->fd);
    dropped->readable = NULL;
    dropped->fd = -1;
}

/* False: none is left. */
static bool has_socket(const struct socket_channel *channel)
{
    for (size_t i = 0; i < channel->addresses.count; i++)
        if (channel->sockets[i].fd >= 0)
            return true;
    return false;
}

/* Who answers first is the server; the other addresses are heard no more. */
static void settle_on(struct datagram_socket *first)
{
    struct socket_channel *channel = first->channel;

    for (size_t i = 0; i < channel->addresses.count && !channel->has_answered; i++)
        if (&channel->sockets[i] != first)
            drop_socket(&channel->sockets[i]);
    channel->has_answered = true;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct datagram_socket *readable = context;
    struct socket_channel *channel = readable->channel;
    uint8_t octets[DATAGRAM_MAX];
    ssize_t size = recv(fd, octets, sizeof(octets), 0);
    int error = errno;

    (void)what;
    if (size >= 0) {
        settle_on(readable);
        tell_received(channel, octets, (size_t)size);
    } else if (error != EAGAIN && error != EINTR) {
        drop_socket(readable);
        if (!has_socket(channel))
            tell_closed(channel, strerror(error));
    }
}

static bool connect_datagrams(struct datagram_socket *opened, const struct address *address)
{
    opened->fd = socket(address->at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened->fd >= 0 && connect(opened->fd, &address->at.any, address->size) == 0)
        opened->readable =
            event_new(opened->channel->network->base, opened->fd, EV_READ | EV_PERSIST, on_readable, opened);
    if (opened->readable != NULL && event_add(opened->readable, NULL) == 0)
        return true;
    drop_socket(opened);
    return false;
}

static void open_datagrams(struct socket_channel *channel)
{
    int error = 0;

    for (size_t i = 0; i < channel->addresses.count; i++) {
        channel->sockets[i].channel = channel;
        if (!connect_datagrams(&channel->sockets[i], &channel->addresses.list[i]))
            error = errno;
    }
    if (has_socket(channel))
        tell_opened(channel);
    else
        tell_closed(channel, strerror(error));
}

/* To every address that is left; what one of them does not take is lost, as datagrams may be. */
static bool send_datagram(struct socket_channel *channel, const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < channel->addresses.count; i++)
        if (channel->sockets[i].fd >= 0 && send(channel->sockets[i].fd, octets, size, 0) < 0 &&
            errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            drop_socket(&channel->sockets[i]);
    return has_socket(channel);
}

/* --- what the card asks --------------------------------------------------------------------------------- */

static void on_found(void *context, const struct addresses *found, const char *why)
{
    struct socket_channel *channel = context;

    channel->lookup = NULL;
    if (found == NULL) {
        tell_closed(channel, why);
        return;
    }
    channel->addresses = *found;
    if (channel->transport == SOFTEUICC_TCP)
        try_next(channel, "no address can be connected to");
    else
        open_datagrams(channel);
}

static bool host_network_open(void *context, unsigned number, enum softeuicc_transport transport,
                              const char *host, uint16_t port)
{
    struct host_network *network = context;
    struct socket_channel *channel = &network->channels[number];

    *channel = (struct socket_channel){.network = network, .number = number, .transport = transport};
    for (size_t i = 0; i < ADDRESSES_MAX; i++)
        channel->sockets[i].fd = -1;
    channel->lookup = lookup_begin(network->base, host, port,
                                   transport == SOFTEUICC_TCP ? SOCK_STREAM : SOCK_DGRAM, on_found, channel);
    channel->is_used = channel->lookup != NULL;
    return channel->is_used;
}

static bool host_network_send(void *context, unsigned number, const uint8_t *octets, size_t size)
{
    struct socket_channel *channel = &((struct host_network *)context)->channels[number];

    if (channel->transport == SOFTEUICC_TCP)
        return channel->stream != NULL && bufferevent_write(channel->stream, octets, size) == 0;
    return send_datagram(channel, octets, size);
}

static void host_network_close(void *context, unsigned number)
{
    struct socket_channel *channel = &((struct host_network *)context)->channels[number];

    if (!channel->is_used)
        return;
    channel->is_used = false;
    lookup_cancel(channel->lookup);
    channel->lookup = NULL;
    if (channel->stream != NULL)
        close_stream(channel->stream);
    channel->stream = NULL;
    for (size_t i = 0; i < channel->addresses.count; i++)
        drop_socket(&channel->sockets[i]);
}

/* --- its life ---------------------------------------------------------------------------------------- */

struct host_network *host_network_new(struct event_base *base, void (*told)(void *context), void *context)
{
    struct host_network *network = calloc(1, sizeof(*network));

    if (network == NULL)
        return NULL;
    network->base = base;
    network->told = told;
    network->context = context;
    return network;
}

void host_network_free(struct host_network *network)
{
    if (network == NULL)
        return;
    for (unsigned number = 1; number <= SOFTEUICC_CHANNELS; number++)
        host_network_close(network, number);
    free(network);
}

struct softeuicc_bearer host_network_bearer(struct host_network *network)
{
    return (struct softeuicc_bearer){network, host_network_open, host_network_send, host_network_close};
}

void host_network_serve(struct host_network *network, struct softeuicc *card)
{
    network->card = card;
}
