/* A terminal's channels as a bearer, seen from the network stack: see bip_bearer.h. */
#include "euicc/network/bip_internal.h"

#include "apdu/tlv.h"

#include <stdio.h>
#include <stdlib.h>

void bip_fail(struct bip_bearer *bearer, struct bip_channel *channel, const char *why)
{
    if (!channel->has_failed)
        snprintf(channel->why, sizeof(channel->why), "%s", why);
    channel->has_failed = true;
    bearer->has_news = true;
}

void bip_forget(struct bip_channel *channel)
{
    if (channel->is_owned || channel->at_terminal == TERMINAL_HAS_IT ||
        channel->at_terminal == TERMINAL_OPENS)
        return;
    pieces_free(&channel->out);
    pieces_free(&channel->in);
    buf_free(&channel->datagram);
    *channel = (struct bip_channel){.at_terminal = TERMINAL_HAS_NONE};
}

/* --- what the network stack asks ---------------------------------------------------------------------- */

static struct bip_channel *owned_channel(void *context, unsigned channel)
{
    struct bip_bearer *bearer = context;

    return channel >= 1 && channel <= PROACTIVE_CHANNELS_MAX && bearer->channels[channel].is_owned
               ? &bearer->channels[channel]
               : NULL;
}

static unsigned bip_open(void *context, enum bearer_transport transport, const char *host, uint16_t port)
{
    struct bip_bearer *bearer = context;
    struct ip_address address;
    unsigned channel = 1;

    while (channel <= PROACTIVE_CHANNELS_MAX &&
           (bearer->channels[channel].is_owned || bearer->channels[channel].at_terminal != TERMINAL_HAS_NONE))
        channel++;
    if (channel > PROACTIVE_CHANNELS_MAX || !host_address(host, &address))
        return BEARER_NO_CHANNEL;
    bearer->channels[channel] = (struct bip_channel){
        .is_owned = true, .is_quiet = true, .transport = transport, .address = address, .port = port};
    return channel;
}

static enum bearer_state bip_state(void *context, unsigned channel, const char **why)
{
    const struct bip_channel *found = owned_channel(context, channel);

    if (found == NULL) {
        *why = "there is no such channel";
        return BEARER_ENDED;
    }
    *why = found->why;
    if (found->has_failed)
        return BEARER_ENDED;
    return found->at_terminal == TERMINAL_HAS_IT ? BEARER_OPEN : BEARER_OPENING;
}

static bool bip_send(void *context, unsigned channel, struct span octets)
{
    struct bip_channel *found = owned_channel(context, channel);

    if (found == NULL || found->has_failed || found->at_terminal != TERMINAL_HAS_IT)
        return false;
    if (found->transport == BEARER_TCP)
        pieces_extend(&found->out, octets);
    else if (octets.size <= found->buffer)
        pieces_put(&found->out, octets);
    else
        return false;
    if (found->out.octets.failed)
        bip_fail(context, found, "out of memory");
    return !found->out.octets.failed;
}

static bool bip_receive(void *context, unsigned channel, struct buf *out)
{
    struct bip_channel *found = owned_channel(context, channel);
    struct span first;

    if (found == NULL || !pieces_first(&found->in, &first))
        return false;
    buf_append(out, first);
    pieces_take(&found->in, first.size);
    return true;
}

static void bip_close(void *context, unsigned channel)
{
    struct bip_channel *found = owned_channel(context, channel);

    if (found == NULL)
        return;
    found->is_owned = false;
    found->pauses = false;
    if (found->at_terminal == TERMINAL_HAS_NONE)
        found->at_terminal = TERMINAL_IS_DONE;
    bip_forget(found);
}

static size_t bip_datagram_max(void *context, unsigned channel)
{
    const struct bip_channel *found = owned_channel(context, channel);

    return found != NULL ? found->buffer : 0;
}

static size_t bip_servers(void *context, struct ip_address *servers, size_t max)
{
    const struct bip_bearer *bearer = context;

    if (bearer->dns_server.size == 0)
        return bearer->is_server_told ? BEARER_SERVERS_LATER : 0;
    if (max > 0)
        servers[0] = bearer->dns_server;
    return max > 0;
}

/* --- its life ------------------------------------------------------------------------------------------ */

struct bip_bearer *bip_bearer_new(void)
{
    struct bip_bearer *bearer = calloc(1, sizeof(*bearer));

    if (bearer == NULL)
        return NULL;
    bearer->bearer = (struct bearer){.context = bearer,
                                     .is_slow = true,
                                     .open = bip_open,
                                     .state = bip_state,
                                     .send = bip_send,
                                     .receive = bip_receive,
                                     .close = bip_close,
                                     .datagram_max = bip_datagram_max,
                                     .servers = bip_servers};
    return bearer;
}

void bip_bearer_free(struct bip_bearer *bearer)
{
    if (bearer == NULL)
        return;
    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++) {
        pieces_free(&bearer->channels[i].out);
        pieces_free(&bearer->channels[i].in);
        buf_free(&bearer->channels[i].datagram);
    }
    buf_free(&bearer->bearer_description);
    buf_free(&bearer->access);
    buf_free(&bearer->login);
    buf_free(&bearer->objects);
    free(bearer);
}

const struct bearer *bip_bearer_bearer(const struct bip_bearer *bearer)
{
    return &bearer->bearer;
}

void bip_bearer_reset(struct bip_bearer *bearer)
{
    bearer->asked = bearer->chosen = NULL;
    bearer->dns_server = (struct ip_address){.size = 0};
    bearer->is_server_told = bearer->is_mute = false;
    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++) {
        struct bip_channel *channel = &bearer->channels[i];

        if (channel->is_owned)
            bip_fail(bearer, channel, "the terminal has begun anew");
        channel->at_terminal = TERMINAL_IS_DONE;
        bip_forget(channel);
    }
}

bool bip_bearer_set_access(struct bip_bearer *bearer, const struct bip_access *access)
{
    buf_clear(&bearer->bearer_description);
    buf_clear(&bearer->access);
    buf_clear(&bearer->login);
    buf_append(&bearer->bearer_description, access->bearer);
    if (access->apn.data != NULL)
        tlv_put(&bearer->access, PROACTIVE_NETWORK_ACCESS_NAME & ~COMPREHENSION_REQUIRED, access->apn);
    if (access->user.data != NULL && access->password.data != NULL) {
        tlv_put(&bearer->login, PROACTIVE_USER_NAME & ~COMPREHENSION_REQUIRED, access->user);
        tlv_put(&bearer->login, PROACTIVE_USER_NAME & ~COMPREHENSION_REQUIRED, access->password);
    }
    return !bearer->bearer_description.failed && !bearer->access.failed && !bearer->login.failed;
}

bool bip_bearer_has_news(const struct bip_bearer *bearer)
{
    return bearer->has_news;
}

void bip_bearer_saw_news(struct bip_bearer *bearer)
{
    bearer->has_news = false;
}

bool bip_bearer_waits(const struct bip_bearer *bearer)
{
    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++)
        if (bearer->channels[i].is_owned && !bearer->channels[i].has_failed)
            return true;
    return false;
}

bool bip_bearer_is_mute(const struct bip_bearer *bearer)
{
    return bearer->is_mute;
}

void bip_bearer_expect_server(struct bip_bearer *bearer)
{
    bearer->is_server_told = true;
}

void bip_bearer_tick(struct bip_bearer *bearer, int64_t now)
{
    uint64_t passed = now > bearer->ticked ? (uint64_t)(now - bearer->ticked) : 0;

    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++) {
        const struct bip_channel *channel = &bearer->channels[i];

        if (channel->is_timed &&
            (channel->at_terminal == TERMINAL_OPENS || channel->at_terminal == TERMINAL_HAS_IT))
            bearer->figures.channel_ms += passed;
    }
    bearer->ticked = now;
}

const struct bearer_figures *bip_bearer_figures(const struct bip_bearer *bearer)
{
    return &bearer->figures;
}
