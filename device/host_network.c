/* Channels of a card as sockets of this machine: see host_network.h. */
#include "device/host_network.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATAGRAM_MAX  65536
#define PIECE_MAX     16384
#define DRAIN_SECONDS 5 /* for what was sent last on a channel that is closed */
#define PORT_SIZE     sizeof("65535")

struct socket_channel {
    struct host_network *network;
    unsigned number;
    bool is_used;
    struct bufferevent *stream;
    /* Of datagrams. */
    struct evdns_getaddrinfo_request *request;
    bool is_resolving;
    evutil_socket_t socket; /* -1: none yet */
    struct event *readable;
};

struct host_network {
    struct event_base *base;
    struct evdns_base *dns;
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

static void on_stream_event(struct bufferevent *stream, short what, void *context)
{
    struct socket_channel *channel = context;
    int error = bufferevent_socket_get_dns_error(stream);

    if ((what & BEV_EVENT_CONNECTED) != 0)
        tell_opened(channel);
    else if ((what & BEV_EVENT_EOF) != 0)
        tell_closed(channel, NULL);
    else if (error != 0)
        tell_closed(channel, evutil_gai_strerror(error));
    else
        tell_closed(channel, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

static bool open_stream(struct socket_channel *channel, const char *host, uint16_t port)
{
    struct host_network *network = channel->network;

    channel->stream =
        bufferevent_socket_new(network->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (channel->stream == NULL)
        return false;
    bufferevent_setcb(channel->stream, on_stream_read, NULL, on_stream_event, channel);
    if (bufferevent_enable(channel->stream, EV_READ | EV_WRITE) == 0 &&
        bufferevent_socket_connect_hostname(channel->stream, network->dns, AF_UNSPEC, host, port) == 0)
        return true;
    bufferevent_free(channel->stream);
    channel->stream = NULL;
    return false;
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

/* --- datagrams --------------------------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct socket_channel *channel = context;
    uint8_t octets[DATAGRAM_MAX];
    ssize_t size = recv(fd, octets, sizeof(octets), 0);

    (void)what;
    if (size > 0)
        tell_received(channel, octets, (size_t)size);
    else if (size < 0 && errno != EAGAIN && errno != EINTR)
        tell_closed(channel, strerror(errno));
}

static bool connect_datagrams(struct socket_channel *channel, const struct evutil_addrinfo *address)
{
    channel->socket = socket(address->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (channel->socket < 0 || connect(channel->socket, address->ai_addr, address->ai_addrlen) != 0)
        return false;
    channel->readable =
        event_new(channel->network->base, channel->socket, EV_READ | EV_PERSIST, on_readable, channel);
    return channel->readable != NULL && event_add(channel->readable, NULL) == 0;
}

static void on_resolved(int error, struct evutil_addrinfo *addresses, void *context)
{
    struct socket_channel *channel = context;

    channel->request = NULL;
    channel->is_resolving = false;
    if (error == EVUTIL_EAI_CANCEL)
        return;
    if (error != 0)
        tell_closed(channel, evutil_gai_strerror(error));
    else if (connect_datagrams(channel, addresses))
        tell_opened(channel);
    else
        tell_closed(channel, strerror(errno));
    if (addresses != NULL)
        evutil_freeaddrinfo(addresses);
}

static bool open_datagrams(struct socket_channel *channel, const char *host, uint16_t port)
{
    const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct evdns_getaddrinfo_request *request;
    char service[PORT_SIZE];

    snprintf(service, sizeof(service), "%u", (unsigned)port);
    channel->is_resolving = true;
    request = evdns_getaddrinfo(channel->network->dns, host, service, &hints, on_resolved, channel);
    if (channel->is_resolving)
        channel->request = request;
    return true;
}

/* --- what the card asks ------------------------------------------------------------------------------ */

static bool host_network_open(void *context, unsigned number, enum softeuicc_transport transport,
                              const char *host, uint16_t port)
{
    struct host_network *network = context;
    struct socket_channel *channel = &network->channels[number];

    *channel = (struct socket_channel){.network = network, .number = number, .is_used = true, .socket = -1};
    channel->is_used =
        transport == SOFTEUICC_TCP ? open_stream(channel, host, port) : open_datagrams(channel, host, port);
    return channel->is_used;
}

static bool host_network_send(void *context, unsigned number, const uint8_t *octets, size_t size)
{
    struct socket_channel *channel = &((struct host_network *)context)->channels[number];

    if (channel->stream != NULL)
        return bufferevent_write(channel->stream, octets, size) == 0;
    return channel->socket >= 0 && send(channel->socket, octets, size, 0) == (ssize_t)size;
}

static void host_network_close(void *context, unsigned number)
{
    struct socket_channel *channel = &((struct host_network *)context)->channels[number];

    if (!channel->is_used)
        return;
    channel->is_used = false;
    if (channel->stream != NULL)
        close_stream(channel->stream);
    if (channel->request != NULL)
        evdns_getaddrinfo_cancel(channel->request);
    if (channel->readable != NULL)
        event_free(channel->readable);
    if (channel->socket >= 0)
        evutil_closesocket(channel->socket);
    channel->stream = NULL;
    channel->request = NULL;
    channel->readable = NULL;
    channel->socket = -1;
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
    /* Without a name server that can be found, addresses still work. */
    network->dns = evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (network->dns == NULL)
        network->dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (network->dns == NULL) {
        free(network);
        return NULL;
    }
    return network;
}

void host_network_free(struct host_network *network)
{
    if (network == NULL)
        return;
    for (unsigned number = 1; number <= SOFTEUICC_CHANNELS; number++)
        host_network_close(network, number);
    evdns_base_free(network->dns, 0);
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
