/* What a terminal is asked for the network stack, one command at a time: see bip_bearer.h. */
#include "euicc/network/bip_internal.h"

#include "apdu/tlv.h"

enum {
    SEND_MAX = 240,    /* octets of SEND DATA, all its lengths written with two octets */
    RECEIVE_MAX = 237, /* octets that a TERMINAL RESPONSE to RECEIVE DATA has room for */
    WAITING_MAX = 262144,
};

/* Without comprehension bits, as 3GPP TS 31.124 has this command. */
static void put_opening(struct bip_bearer *bearer, const struct bip_channel *channel)
{
    static const uint8_t by_default = BEARER_DESCRIPTION_DEFAULT;
    struct buf *out = &bearer->objects;
    struct span description =
        bearer->bearer_description.size > 0 ? buf_span(&bearer->bearer_description) : SPAN(&by_default, 1);
    size_t open;

    tlv_put(out, PROACTIVE_BEARER_DESCRIPTION & ~COMPREHENSION_REQUIRED, description);
    open = tlv_open(out, PROACTIVE_BUFFER_SIZE & ~COMPREHENSION_REQUIRED);
    buf_append_number(out, 2, BIP_BUFFER_WANTED);
    tlv_close(out, open);
    buf_append(out, buf_span(&bearer->access));
    buf_append(out, buf_span(&bearer->login));
    open = tlv_open(out, PROACTIVE_TRANSPORT_LEVEL & ~COMPREHENSION_REQUIRED);
    buf_append_octet(out, channel->transport == BEARER_TCP ? TRANSPORT_TCP_REMOTE : TRANSPORT_UDP_REMOTE);
    buf_append_number(out, 2, channel->port);
    tlv_close(out, open);
    open = tlv_open(out, PROACTIVE_OTHER_ADDRESS & ~COMPREHENSION_REQUIRED);
    buf_append_octet(out, channel->address.size == IPV4_SIZE ? OTHER_ADDRESS_IPV4 : OTHER_ADDRESS_IPV6);
    buf_append(out, SPAN(channel->address.octets, channel->address.size));
    tlv_close(out, open);
}

/* As much as one command takes and the terminal's buffer; the last of a datagram, or a full buffer, is what
 * it sends. */
static void put_sending(struct bip_bearer *bearer, const struct bip_channel *channel, struct span first)
{
    size_t room = channel->buffer - channel->stored;
    size_t size = first.size < SEND_MAX ? first.size : SEND_MAX;

    if (size > room)
        size = room;
    bearer->chosen_size = size;
    bearer->qualifier = size == first.size || size == room ? PROACTIVE_SEND_NOW : PROACTIVE_SEND_STORES;
    tlv_put(&bearer->objects, PROACTIVE_CHANNEL_DATA, SPAN(first.data, size));
}

static void put_receiving(struct bip_bearer *bearer, const struct bip_channel *channel)
{
    bool is_known = channel->available > 0 && channel->available < RECEIVE_MAX;

    bearer->chosen_size = is_known ? channel->available : RECEIVE_MAX;
    tlv_put_octet(&bearer->objects, PROACTIVE_CHANNEL_DATA_LENGTH & ~COMPREHENSION_REQUIRED,
                  (uint8_t)bearer->chosen_size);
}

static bool wants_close(const struct bip_channel *channel)
{
    return channel->at_terminal == TERMINAL_HAS_IT &&
           (channel->has_failed || (!channel->is_owned && pieces_size(&channel->out) == 0));
}

static bool wants_send(const struct bip_channel *channel)
{
    return channel->at_terminal == TERMINAL_HAS_IT && pieces_size(&channel->out) > 0 && !channel->pauses;
}

static bool wants_receive(const struct bip_channel *channel)
{
    return channel->at_terminal == TERMINAL_HAS_IT && channel->is_owned && !channel->pauses &&
           (channel->available > 0 || channel->looks) && pieces_size(&channel->in) < WAITING_MAX;
}

/* When nothing came of a channel that was looked at. */
static bool wants_status(const struct bip_channel *channel)
{
    return channel->at_terminal == TERMINAL_HAS_IT && channel->is_owned && channel->is_doubted;
}

static bool wants_open(const struct bip_channel *channel)
{
    return channel->is_owned && channel->at_terminal == TERMINAL_HAS_NONE && !channel->pauses;
}

/* What ends comes first, so that a terminal with one channel has it free for the next. */
static const struct wish {
    uint8_t type;
    bool (*is_there)(const struct bip_channel *channel);
} wishes[] = {
    {PROACTIVE_CLOSE_CHANNEL, wants_close},  {PROACTIVE_SEND_DATA, wants_send},
    {PROACTIVE_RECEIVE_DATA, wants_receive}, {PROACTIVE_GET_CHANNEL_STATUS, wants_status},
    {PROACTIVE_OPEN_CHANNEL, wants_open},
};

static bool choose(struct bip_bearer *bearer)
{
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
        for (unsigned channel = 1; channel <= PROACTIVE_CHANNELS_MAX; channel++)
            if (wishes[i].is_there(&bearer->channels[channel])) {
                bearer->type = wishes[i].type;
                bearer->chosen = &bearer->channels[channel];
                return true;
            }
    return false;
}

/* The terminal, of what is not about one channel, or that one. */
static uint8_t bip_destination(const struct bip_bearer *bearer)
{
    if (bearer->type == PROACTIVE_OPEN_CHANNEL || bearer->type == PROACTIVE_GET_CHANNEL_STATUS)
        return PROACTIVE_TERMINAL;
    return (uint8_t)(PROACTIVE_CHANNEL + bearer->chosen->number);
}

bool bip_bearer_next(struct bip_bearer *bearer, struct proactive_command *command)
{
    struct span first;

    buf_clear(&bearer->objects);
    if (bearer->asked != NULL || !choose(bearer))
        return false;
    bearer->qualifier = 0;
    if (bearer->type == PROACTIVE_OPEN_CHANNEL) {
        bearer->qualifier = PROACTIVE_OPEN_IMMEDIATELY | PROACTIVE_OPEN_ASKS_FOR_DNS;
        put_opening(bearer, bearer->chosen);
    } else if (bearer->type == PROACTIVE_SEND_DATA && pieces_first(&bearer->chosen->out, &first)) {
        put_sending(bearer, bearer->chosen, first);
    } else if (bearer->type == PROACTIVE_RECEIVE_DATA) {
        put_receiving(bearer, bearer->chosen);
    }
    *command = (struct proactive_command){.type = bearer->type,
                                          .qualifier = bearer->qualifier,
                                          .destination = bip_destination(bearer),
                                          .objects = buf_span(&bearer->objects)};
    return !bearer->objects.failed;
}

void bip_bearer_asked(struct bip_bearer *bearer)
{
    bearer->asked = bearer->chosen;
    if (bearer->type == PROACTIVE_OPEN_CHANNEL) {
        bearer->chosen->at_terminal = TERMINAL_OPENS;
        bearer->chosen->is_timed = false;
    }
    bearer->chosen->is_doubted = false;
    if (bearer->type == PROACTIVE_RECEIVE_DATA)
        bearer->chosen->looks = false;
}

void bip_bearer_fetched(struct bip_bearer *bearer)
{
    if (bearer->asked != NULL)
        bearer->asked->is_timed = true;
}
