/* Channels through the air: what a radio link does to the octets of a socket. See air.h. */
#include "device/air/air_internal.h"
#include "device/air/parcels.h"

#include <stdlib.h>
#include <string.h>

#define PORT_DNS  53
#define ROOM_UP   ((size_t)1024 * 1024) /* octets on their way: more break the channel */
#define ROOM_DOWN ((size_t)65536)       /* … wait in the socket */

enum channel_stage { CHANNEL_OPENING, CHANNEL_OPEN, CHANNEL_ENDED, CHANNEL_DRAINING };

struct air_channel {
    struct air *air;
    struct air_channel *next, **link;
    struct air_channel_events events;
    enum air_transport transport;
    enum channel_stage stage;
    bool is_v6;
    bool is_to_names; /* of the network's own DNS server */
    struct address peer;
    struct air_socket *socket; /* NULL: not yet, or no more */
    int64_t ready_at;          /* the handshake takes until then */
    struct parcels up, down;
    struct alarm *up_alarm, *down_alarm;
};

/* --- to the owner -------------------------------------------------------------------------------------- */

/* Each calls the owner, who may close the channel then, as its last act. */
static void tell(struct air_channel *channel, enum parcel_kind kind, struct span octets)
{
    switch (kind) {
    case PARCEL_OPENED:
        channel->stage = CHANNEL_OPEN;
        channel->events.opened(channel->events.context);
        break;
    case PARCEL_OCTETS:
        channel->air->figures.received += octets.size;
        channel->events.received(channel->events.context, octets);
        break;
    case PARCEL_CLOSED:
        channel->stage = CHANNEL_ENDED;
        channel->events.closed(channel->events.context, (const char *)octets.data);
        break;
    }
}

static void on_down(void *context)
{
    struct air_channel *channel = context;
    struct parcel *parcel = parcels_take(&channel->down);

    if (parcel == NULL)
        return;
    if (channel->socket != NULL) {
        if (channel->down.size < ROOM_DOWN)
            air_socket_pause(channel->socket, false);
        /* A DNS server's answer is one datagram. */
        if (parcel->kind == PARCEL_OCTETS && parcels_is_empty(&channel->down) && !channel->is_to_names)
            air_socket_linger(channel->socket);
    }
    tell(channel, parcel->kind, SPAN(parcel->octets, parcel->size));
    free(parcel);
}

/* Out of the loop: at once if nothing is before it. */
static void arrive(struct air_channel *channel, enum parcel_kind kind, int64_t at, struct span octets)
{
    if (at <= device_clock_now(channel->air->clock) && parcels_is_empty(&channel->down))
        tell(channel, kind, octets);
    else
        parcels_put(&channel->down, kind, at, octets);
}

static void fall_silent(struct air_channel *channel)
{
    air_socket_drop(channel->socket);
    channel->socket = NULL;
    parcels_drop(&channel->up);
}

/* One that is over tells it from the loop, behind what has arrived before. */
static void end_channel(struct air_channel *channel, const char *why, int64_t at)
{
    fall_silent(channel);
    parcels_put(&channel->down, PARCEL_CLOSED, at, SPAN(why, strlen(why) + 1));
}

/* --- from the socket ----------------------------------------------------------------------------------- */

static void on_connected(void *context)
{
    struct air_channel *channel = context;

    if (channel->ready_at == RADIO_LOST)
        end_channel(channel, "the network has lost it", device_clock_now(channel->air->clock));
    else
        arrive(channel, PARCEL_OPENED, channel->ready_at, SPAN_NONE);
}

static void datagram_came(struct air_channel *channel, struct span octets)
{
    struct air *air = channel->air;
    int64_t at = RADIO_LOST;

    if (octets.size <= radio_datagram_max(&air->radio, channel->is_v6))
        at = radio_datagram(&air->radio, AIR_DOWN, octets.size, device_clock_now(air->clock));
    if (at == RADIO_LOST) {
        air->figures.datagrams_lost++;
        return;
    }
    arrive(channel, PARCEL_OCTETS, at, octets);
}

static void spoilt_came(struct air_channel *channel, struct span octets)
{
    struct buf copy = {0};

    buf_append(&copy, octets);
    if (copy.failed) {
        buf_free(&copy);
        return;
    }
    name_server_spoil(channel->air->names, copy.data, copy.size);
    datagram_came(channel, buf_span(&copy));
    buf_free(&copy);
}

static void segment_came(struct air_channel *channel, struct span octets)
{
    struct air *air = channel->air;
    const int64_t at = radio_segment(&air->radio, AIR_DOWN, octets.size, device_clock_now(air->clock));

    if (at == RADIO_LOST) {
        end_channel(channel, "the network has lost it", device_clock_now(air->clock));
        return;
    }
    if (channel->down.size + octets.size >= ROOM_DOWN)
        air_socket_pause(channel->socket, true);
    arrive(channel, PARCEL_OCTETS, at, octets);
}

static void on_received(void *context, struct span octets)
{
    struct air_channel *channel = context;

    /* What is on its way down needs the time that a hold would keep from it. */
    if (!radio_is_instant(&channel->air->radio))
        air_socket_relax(channel->socket);
    if (channel->transport == AIR_TCP)
        segment_came(channel, octets);
    else if (channel->is_to_names)
        spoilt_came(channel, octets);
    else
        datagram_came(channel, octets);
}

static void channel_free(struct air_channel *channel);

static void on_ended(void *context, const char *why)
{
    struct air_channel *channel = context;
    struct air *air = channel->air;
    int64_t at = device_clock_now(air->clock);

    if (channel->stage == CHANNEL_DRAINING) {
        channel_free(channel);
        return;
    }
    fall_silent(channel);
    if (channel->stage == CHANNEL_OPENING && channel->ready_at != RADIO_LOST)
        at = channel->ready_at;
    else if (channel->stage == CHANNEL_OPEN)
        at = radio_segment(&air->radio, AIR_DOWN, 0, at);
    if (at == RADIO_LOST)
        at = device_clock_now(air->clock);
    arrive(channel, PARCEL_CLOSED, at, SPAN(why, strlen(why) + 1));
}

/* --- its life ------------------------------------------------------------------------------------------ */

static void channel_free(struct air_channel *channel)
{
    air_socket_drop(channel->socket);
    if (channel->up_alarm != NULL)
        parcels_drop(&channel->up);
    if (channel->down_alarm != NULL)
        parcels_drop(&channel->down);
    alarm_free(channel->up_alarm);
    alarm_free(channel->down_alarm);
    *channel->link = channel->next;
    if (channel->next != NULL)
        channel->next->link = channel->link;
    free(channel);
}

/* Of the octets that have gone to the socket. */
static void expect_answer(struct air_channel *channel)
{
    if (!channel->is_to_names || name_server_fault(channel->air->names) != DNS_FAULT_SILENT)
        air_socket_expect(channel->socket);
}

/* The other end hears of it. False without memory. */
static bool connect_channel(struct air_channel *channel)
{
    const struct air_socket_events events = {
        .context = channel, .connected = on_connected, .received = on_received, .ended = on_ended};
    struct air *air = channel->air;

    channel->socket = air_socket_open(&air->sockets, channel->transport, &channel->peer, &events);
    if (channel->socket == NULL)
        return false;
    if (!radio_is_instant(&air->radio))
        air_socket_limit(channel->socket, radio_segment_max(&air->radio, channel->is_v6));
    return true;
}

/* A closed one whose last octets have left. */
static void finish_draining(struct air_channel *channel)
{
    air_socket_close(channel->socket);
    channel->socket = NULL;
    channel_free(channel);
}

static void on_up(void *context)
{
    struct air_channel *channel = context;
    struct parcel *parcel = parcels_take(&channel->up);

    if (parcel == NULL)
        return;
    if (parcel->kind == PARCEL_OPENED) {
        free(parcel);
        if (!connect_channel(channel))
            end_channel(channel, "out of memory", device_clock_now(channel->air->clock));
        return;
    }
    air_socket_send(channel->socket, SPAN(parcel->octets, parcel->size));
    free(parcel);
    if (channel->stage == CHANNEL_DRAINING) {
        if (parcels_is_empty(&channel->up))
            finish_draining(channel);
    } else if (parcels_is_empty(&channel->up) || channel->is_to_names) {
        expect_answer(channel);
    } else if (channel->transport == AIR_UDP) {
        /* It may be answered all the same: the one behind it may be the same once more. */
        air_socket_glance(channel->socket);
    }
}

static struct air_channel *channel_new(struct air *air, const struct air_channel_events *events)
{
    struct air_channel *channel = calloc(1, sizeof(*channel));

    if (channel == NULL)
        return NULL;
    channel->air = air;
    channel->events = *events;
    channel->next = air->channels;
    channel->link = &air->channels;
    if (channel->next != NULL)
        channel->next->link = &channel->next;
    air->channels = channel;
    channel->up_alarm = alarm_new(air->clock, on_up, channel);
    channel->down_alarm = alarm_new(air->clock, on_down, channel);
    if (channel->up_alarm == NULL || channel->down_alarm == NULL) {
        channel_free(channel);
        return NULL;
    }
    parcels_init(&channel->up, channel->up_alarm);
    parcels_init(&channel->down, channel->down_alarm);
    return channel;
}

void channels_end(struct air *air, const char *why)
{
    struct air_channel *next;

    for (struct air_channel *channel = air->channels; channel != NULL; channel = next) {
        next = channel->next;
        if (channel->stage == CHANNEL_DRAINING) {
            channel_free(channel);
        } else if (channel->stage != CHANNEL_ENDED) {
            channel->stage = CHANNEL_ENDED;
            parcels_drop(&channel->down);
            if (why != NULL)
                end_channel(channel, why, device_clock_now(air->clock));
            else
                fall_silent(channel);
        }
    }
}

void channels_free(struct air *air)
{
    while (air->channels != NULL)
        channel_free(air->channels);
    air_sockets_drop(&air->sockets);
}

/* --- where it leads ------------------------------------------------------------------------------------ */

static in_port_t *port_at(struct address *address)
{
    return address->at.any.sa_family == AF_INET6 ? &address->at.v6.sin6_port : &address->at.v4.sin_port;
}

static bool is_same_host(const struct address *a, const struct address *b)
{
    if (a->at.any.sa_family != b->at.any.sa_family)
        return false;
    if (a->at.any.sa_family == AF_INET6)
        return memcmp(&a->at.v6.sin6_addr, &b->at.v6.sin6_addr, sizeof(a->at.v6.sin6_addr)) == 0;
    return a->at.v4.sin_addr.s_addr == b->at.v4.sin_addr.s_addr;
}

static struct address address_of(const struct air_target *target)
{
    struct address address;

    memset(&address, 0, sizeof(address));
    if (target->address_size == sizeof(address.at.v4.sin_addr)) {
        address.size = sizeof(address.at.v4);
        address.at.v4.sin_family = AF_INET;
        memcpy(&address.at.v4.sin_addr, target->address, sizeof(address.at.v4.sin_addr));
    } else {
        address.size = sizeof(address.at.v6);
        address.at.v6.sin6_family = AF_INET6;
        memcpy(&address.at.v6.sin6_addr, target->address, sizeof(address.at.v6.sin6_addr));
    }
    *port_at(&address) = htons(target->port);
    return address;
}

/* By the first route that fits, or where it says. */
static struct address routed(const struct network_script *script, struct address address)
{
    for (size_t i = 0; i < script->route_count; i++) {
        struct script_route route = script->routes[i];
        const in_port_t port = *port_at(&route.from);

        if (!is_same_host(&route.from, &address) || (port != 0 && port != *port_at(&address)))
            continue;
        if (*port_at(&route.to) == 0)
            *port_at(&route.to) = *port_at(&address);
        return route.to;
    }
    return address;
}

static bool is_name_server(const struct air *air, enum air_transport transport, struct address address)
{
    return air->names != NULL && transport == AIR_UDP && *port_at(&address) == htons(PORT_DNS) &&
           is_same_host(&air->script->resolver, &address);
}

/* --- what the owner asks ------------------------------------------------------------------------------- */

/* A connection's first segment leaves, and the socket is there when it arrives: a server's patience with a
 * client begins no sooner. False without memory. */
static bool channel_begin(struct air_channel *channel)
{
    struct air *air = channel->air;
    const int64_t now = device_clock_now(air->clock);
    int64_t asked = now;

    channel->ready_at = now;
    if (channel->transport == AIR_TCP)
        channel->ready_at = radio_handshake(&air->radio, now, &asked);
    if (asked == RADIO_LOST) {
        end_channel(channel, "the network has lost it", now);
        return true;
    }
    return asked <= now ? connect_channel(channel)
                        : parcels_put(&channel->up, PARCEL_OPENED, asked, SPAN_NONE);
}

struct air_channel *air_channel_open(struct air *air, const struct air_target *target,
                                     const struct air_channel_events *events)
{
    struct air_channel *channel;
    struct address peer;

    if (air->state.service != AIR_NORMAL || (target->address_size != 4 && target->address_size != 16))
        return NULL;
    channel = channel_new(air, events);
    if (channel == NULL)
        return NULL;
    peer = address_of(target);
    channel->transport = target->transport;
    channel->is_v6 = peer.at.any.sa_family == AF_INET6;
    channel->is_to_names = is_name_server(air, target->transport, peer);
    channel->peer = channel->is_to_names ? *name_server_address(air->names) : routed(air->script, peer);
    if (channel_begin(channel))
        return channel;
    channel_free(channel);
    return NULL;
}

static bool lose_datagram(struct air *air)
{
    air->figures.datagrams_lost++;
    return true;
}

bool air_channel_send(struct air_channel *channel, struct span octets)
{
    struct air *air = channel->air;
    const int64_t now = device_clock_now(air->clock);
    int64_t at;

    if (channel->stage != CHANNEL_OPEN || channel->socket == NULL)
        return false;
    air->figures.sent += octets.size;
    if (channel->transport == AIR_UDP && octets.size > radio_datagram_max(&air->radio, channel->is_v6))
        return lose_datagram(air);
    if (radio_is_instant(&air->radio)) {
        expect_answer(channel);
        return air_socket_send(channel->socket, octets);
    }
    at = channel->transport == AIR_UDP ? radio_datagram(&air->radio, AIR_UP, octets.size, now)
                                       : radio_segment(&air->radio, AIR_UP, octets.size, now);
    if (at == RADIO_LOST && channel->transport == AIR_UDP)
        return lose_datagram(air);
    if (at == RADIO_LOST || channel->up.size + octets.size > ROOM_UP) {
        end_channel(channel, at == RADIO_LOST ? "the network has lost it" : "more than the network takes",
                    now);
        return false;
    }
    /* It needs the time that a hold would keep from it. */
    air_socket_relax(channel->socket);
    return parcels_put(&channel->up, PARCEL_OCTETS, at, octets);
}

bool air_channel_has_ended(const struct air_channel *channel)
{
    return channel->stage == CHANNEL_ENDED;
}

void air_channel_close(struct air_channel *channel)
{
    if (channel == NULL)
        return;
    if (channel->stage != CHANNEL_OPEN || channel->socket == NULL) {
        channel_free(channel);
        return;
    }
    channel->stage = CHANNEL_DRAINING;
    parcels_drop(&channel->down);
    air_socket_relax(channel->socket);
    air_socket_pause(channel->socket, true);
    if (parcels_is_empty(&channel->up))
        finish_draining(channel);
}

size_t air_resolver(const struct air *air, uint8_t address[16])
{
    const struct address *resolver = &air->script->resolver;

    if (resolver->size == 0)
        return 0;
    if (resolver->at.any.sa_family == AF_INET6)
        memcpy(address, &resolver->at.v6.sin6_addr, 16);
    else
        memcpy(address, &resolver->at.v4.sin_addr, 4);
    return resolver->at.any.sa_family == AF_INET6 ? 16 : 4;
}

const struct air_figures *air_figures(const struct air *air)
{
    return &air->figures;
}
