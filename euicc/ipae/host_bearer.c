/* The host's network as a bearer: see host_bearer.h. */
#include "euicc/ipae/host_bearer.h"

#include "euicc/network/pieces.h"

#include <stdio.h>
#include <stdlib.h>

#define WAITING_MAX 262144 /* octets that a channel keeps until the card takes them */
#define WHY_MAX     200

struct channel_of_host {
    bool is_used;
    enum softeuicc_transport transport;
    enum bearer_state state;
    struct pieces waiting;
    char why[WHY_MAX];
};

struct host_bearer {
    struct bearer bearer;
    struct softeuicc_bearer host;
    struct channel_of_host channels[SOFTEUICC_CHANNELS + 1]; /* by their names */
    uint64_t heard;
    bool has_news;
    struct bearer_figures figures;
    int64_t ticked; /* until when channels' time is counted */
};

static struct channel_of_host *host_bearer_find(struct host_bearer *bearer, unsigned channel)
{
    return channel >= 1 && channel <= SOFTEUICC_CHANNELS && bearer->channels[channel].is_used
               ? &bearer->channels[channel]
               : NULL;
}

/* --- what the network stack asks --------------------------------------------------------------------- */

static unsigned open_channel(void *context, enum bearer_transport transport, const char *host, uint16_t port)
{
    struct host_bearer *bearer = context;
    unsigned channel = 1;

    while (channel <= SOFTEUICC_CHANNELS && bearer->channels[channel].is_used)
        channel++;
    if (channel > SOFTEUICC_CHANNELS)
        return BEARER_NO_CHANNEL;
    bearer->channels[channel] = (struct channel_of_host){
        .is_used = true,
        .transport = transport == BEARER_TCP ? SOFTEUICC_TCP : SOFTEUICC_UDP,
        .state = BEARER_OPENING,
    };
    if (bearer->host.open(bearer->host.context, channel, bearer->channels[channel].transport, host, port))
        return channel;
    bearer->channels[channel].is_used = false;
    return BEARER_NO_CHANNEL;
}

static enum bearer_state channel_state(void *context, unsigned channel, const char **why)
{
    struct channel_of_host *found = host_bearer_find(context, channel);

    if (found == NULL) {
        *why = "there is no such channel";
        return BEARER_ENDED;
    }
    *why = found->why;
    return found->state;
}

static bool channel_send(void *context, unsigned channel, struct span octets)
{
    struct host_bearer *bearer = context;
    struct channel_of_host *found = host_bearer_find(bearer, channel);

    bool is_sent = found != NULL && found->state == BEARER_OPEN &&
                   bearer->host.send(bearer->host.context, channel, octets.data, octets.size);

    if (is_sent)
        bearer->figures.sent += octets.size;
    return is_sent;
}

static bool channel_receive(void *context, unsigned channel, struct buf *out)
{
    struct channel_of_host *found = host_bearer_find(context, channel);
    struct span first;

    if (found == NULL || !pieces_first(&found->waiting, &first))
        return false;
    if (found->transport == SOFTEUICC_TCP && first.size > BEARER_PIECE_MAX)
        first.size = BEARER_PIECE_MAX;
    buf_append(out, first);
    pieces_take(&found->waiting, first.size);
    return true;
}

static void close_channel(void *context, unsigned channel)
{
    struct host_bearer *bearer = context;
    struct channel_of_host *found = host_bearer_find(bearer, channel);

    if (found == NULL)
        return;
    pieces_free(&found->waiting);
    found->is_used = false;
    bearer->host.close(bearer->host.context, channel);
}

/* --- its life ---------------------------------------------------------------------------------------- */

struct host_bearer *host_bearer_new(const struct softeuicc_bearer *host)
{
    struct host_bearer *bearer = calloc(1, sizeof(*bearer));

    if (bearer == NULL)
        return NULL;
    bearer->host = *host;
    bearer->bearer = (struct bearer){.context = bearer,
                                     .takes_names = true,
                                     .open = open_channel,
                                     .state = channel_state,
                                     .send = channel_send,
                                     .receive = channel_receive,
                                     .close = close_channel};
    return bearer;
}

void host_bearer_free(struct host_bearer *bearer)
{
    if (bearer == NULL)
        return;
    for (unsigned channel = 1; channel <= SOFTEUICC_CHANNELS; channel++)
        close_channel(bearer, channel);
    free(bearer);
}

const struct bearer *host_bearer_bearer(const struct host_bearer *bearer)
{
    return &bearer->bearer;
}

/* --- what the host tells ----------------------------------------------------------------------------- */

void host_bearer_opened(struct host_bearer *bearer, unsigned channel)
{
    struct channel_of_host *found = host_bearer_find(bearer, channel);

    if (found == NULL || found->state != BEARER_OPENING)
        return;
    found->state = BEARER_OPEN;
    bearer->figures.channels++;
    bearer->heard += found->transport == SOFTEUICC_TCP; /* a server has answered */
    bearer->has_news = true;
}

/* A stream that is not taken ends: no octet of it may be missing. A datagram is lost, as datagrams may be. */
void host_bearer_received(struct host_bearer *bearer, unsigned channel, struct span octets)
{
    struct channel_of_host *found = host_bearer_find(bearer, channel);

    if (found == NULL || found->state != BEARER_OPEN || octets.size == 0)
        return;
    bearer->heard++;
    bearer->figures.received += octets.size;
    if (pieces_size(&found->waiting) + octets.size <= WAITING_MAX)
        pieces_put(&found->waiting, octets);
    else if (found->transport == SOFTEUICC_TCP)
        host_bearer_closed(bearer, channel, "more came than the card can keep");
    if (found->waiting.octets.failed) {
        pieces_free(&found->waiting);
        host_bearer_closed(bearer, channel, "out of memory");
    }
    bearer->has_news = true;
}

void host_bearer_closed(struct host_bearer *bearer, unsigned channel, const char *why)
{
    struct channel_of_host *found = host_bearer_find(bearer, channel);

    if (found == NULL || found->state == BEARER_ENDED)
        return;
    found->state = BEARER_ENDED;
    snprintf(found->why, sizeof(found->why), "%s", why != NULL ? why : "the server closed the connection");
    bearer->has_news = true;
}

uint64_t host_bearer_heard(const struct host_bearer *bearer)
{
    return bearer->heard;
}

bool host_bearer_has_news(const struct host_bearer *bearer)
{
    return bearer->has_news;
}

void host_bearer_saw_news(struct host_bearer *bearer)
{
    bearer->has_news = false;
}

void host_bearer_tick(struct host_bearer *bearer, int64_t now)
{
    uint64_t passed = now > bearer->ticked ? (uint64_t)(now - bearer->ticked) : 0;

    for (unsigned channel = 1; channel <= SOFTEUICC_CHANNELS; channel++)
        if (bearer->channels[channel].is_used)
            bearer->figures.channel_ms += passed;
    bearer->ticked = now;
}

const struct bearer_figures *host_bearer_figures(const struct host_bearer *bearer)
{
    return &bearer->figures;
}
