/* What a terminal answers and tells of its channels: see bip_bearer.h. */
#include "euicc/network/bip_internal.h"

#include <string.h>

enum {
    BUFFER_MIN = 64, /* octets; of a terminal whose buffer is smaller nothing can be had */
    TRIES_MAX = 3,   /* of a command that the terminal was too busy for */
};

/* --- what it answers ---------------------------------------------------------------------------------- */

/* TS 102 223 8.12.11 and 8.12, for a person. */
static const char *result_text(const struct proactive_response *response)
{
    static const struct {
        uint8_t cause;
        const char *text;
    } causes[] = {
        {BIP_NO_CHANNEL, "the terminal has no channel left"},
        {BIP_CHANNEL_CLOSED, "the terminal has closed the channel"},
        {BIP_CHANNEL_INVALID, "the terminal does not know the channel"},
        {BIP_NO_BUFFER, "the terminal has no buffer of that size"},
        {BIP_SECURITY, "the terminal reports a security error"},
        {BIP_NO_TRANSPORT, "the terminal does not have the transport"},
        {BIP_UNREACHABLE, "the terminal cannot reach the address"},
        {BIP_SERVICE, "the terminal reports an error of the service"},
        {BIP_PORT, "the terminal cannot use the port"},
    };

    if (response->result == PROACTIVE_TERMINAL_BUSY)
        return response->additional.size > 0 && response->additional.data[0] == BUSY_NO_SERVICE
                   ? "the terminal has no service"
                   : "the terminal is busy";
    if (response->result == PROACTIVE_NETWORK_BUSY)
        return "the network cannot do it at the moment";
    if (response->result != PROACTIVE_BIP_ERROR)
        return "the terminal refuses";
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (response->additional.size > 0 && response->additional.data[0] == causes[i].cause)
            return causes[i].text;
    return "the terminal reports an error of the bearer";
}

static void note_dns_server(struct bip_bearer *bearer, struct span objects)
{
    struct span value;

    if (!comprehension_find(objects, PROACTIVE_DNS_SERVER, &value) || value.size < 1)
        return;
    if ((value.data[0] == OTHER_ADDRESS_IPV4 && value.size == 1 + IPV4_SIZE) ||
        (value.data[0] == OTHER_ADDRESS_IPV6 && value.size == 1 + IPV6_SIZE)) {
        bearer->dns_server = (struct ip_address){.size = value.size - 1};
        memcpy(bearer->dns_server.octets, value.data + 1, value.size - 1);
    }
}

/* A channel status (8.56). False: there is none, or its channel's number is none. */
static bool read_status(struct span objects, unsigned *number, bool *is_up)
{
    struct span value;

    if (!comprehension_find(objects, PROACTIVE_CHANNEL_STATUS, &value) || value.size != 2)
        return false;
    *number = value.data[0] & CHANNEL_STATUS_NUMBER;
    *is_up = (value.data[0] & CHANNEL_STATUS_UP) != 0;
    return *number != 0;
}

/* "Done" without a channel status that says so is no channel: nobody would know its number. */
static void take_opened(struct bip_bearer *bearer, struct bip_channel *channel,
                        const struct proactive_response *response)
{
    struct span value;
    bool is_up;

    note_dns_server(bearer, response->objects);
    bearer->is_server_told = false;
    if (!read_status(response->objects, &channel->number, &is_up) || !is_up) {
        channel->at_terminal = TERMINAL_IS_DONE;
        bip_fail(bearer, channel, "the terminal says 'done' without an open channel");
        return;
    }
    bearer->figures.channels++;
    channel->at_terminal = TERMINAL_HAS_IT;
    channel->buffer = BIP_BUFFER_WANTED;
    if (comprehension_find(response->objects, PROACTIVE_BUFFER_SIZE, &value) && value.size == 2 &&
        span_number(value) < channel->buffer)
        channel->buffer = (size_t)span_number(value);
    if (channel->buffer < BUFFER_MIN)
        bip_fail(bearer, channel, "the terminal's buffer is too small");
}

static void take_sent(struct bip_bearer *bearer, struct bip_channel *channel)
{
    pieces_take(&channel->out, bearer->chosen_size);
    channel->stored += bearer->chosen_size;
    if (bearer->qualifier != PROACTIVE_SEND_NOW)
        return;
    bearer->figures.sent += channel->stored;
    channel->stored = 0;
}

/* Reading: a datagram is whole when nothing is left, of it or at all. */
static void take_received(struct bip_bearer *bearer, struct bip_channel *channel,
                          const struct proactive_response *response)
{
    struct span data, left;

    channel->available = 0;
    if (comprehension_find(response->objects, PROACTIVE_CHANNEL_DATA_LENGTH, &left) && left.size == 1)
        channel->available = left.data[0];
    if (!comprehension_find(response->objects, PROACTIVE_CHANNEL_DATA, &data) || data.size == 0) {
        channel->available = 0;
        return;
    }
    bearer->figures.received += data.size;
    bearer->is_mute = bearer->is_mute || channel->is_quiet;
    channel->is_quiet = false;
    if (channel->transport == BEARER_TCP) {
        pieces_put(&channel->in, data);
    } else {
        buf_append(&channel->datagram, data);
        if (channel->available == 0) {
            channel->looks = bearer->is_mute; /* of the next one nothing is told either */
            pieces_put(&channel->in, buf_span(&channel->datagram));
            buf_clear(&channel->datagram);
        }
    }
    if (channel->in.octets.failed || channel->datagram.failed)
        bip_fail(bearer, channel, "out of memory");
}

/* What came before the end is taken before it is told. */
static void see_drop(struct bip_bearer *bearer, struct bip_channel *channel)
{
    if (channel->is_dropped && channel->available == 0)
        bip_fail(bearer, channel, "the channel was closed by the network or the other end");
}

static bool is_busy(const struct proactive_response *response)
{
    return response->result == PROACTIVE_TERMINAL_BUSY || response->result == PROACTIVE_NETWORK_BUSY;
}

/* Of a channel that was looked at without need an error says that there is nothing; one that says that there
 * is no such channel counts. */
static bool says_nothing(const struct bip_bearer *bearer, const struct bip_channel *channel,
                         const struct proactive_response *response)
{
    return bearer->type == PROACTIVE_RECEIVE_DATA && channel->available == 0 &&
           (response->result != PROACTIVE_BIP_ERROR || response->additional.size < 1 ||
            (response->additional.data[0] != BIP_CHANNEL_CLOSED &&
             response->additional.data[0] != BIP_CHANNEL_INVALID));
}

static void take_failure(struct bip_bearer *bearer, struct bip_channel *channel,
                         const struct proactive_response *response)
{
    if (bearer->type == PROACTIVE_GET_CHANNEL_STATUS)
        return;
    if (says_nothing(bearer, channel, response)) {
        channel->is_doubted = true;
        return;
    }
    if (is_busy(response) && ++channel->tries < TRIES_MAX) {
        channel->pauses = true;
        if (bearer->type == PROACTIVE_OPEN_CHANNEL)
            channel->at_terminal = channel->is_owned ? TERMINAL_HAS_NONE : TERMINAL_IS_DONE;
        return;
    }
    if (bearer->type == PROACTIVE_OPEN_CHANNEL)
        channel->at_terminal = TERMINAL_IS_DONE;
    bip_fail(bearer, channel, result_text(response));
}

/* A channel that is not among those that are up, though others may be told (8.56), is none any more. */
static void take_status(struct bip_bearer *bearer, struct bip_channel *channel, struct span objects)
{
    struct comprehension_object object;
    bool is_up = false;

    while (comprehension_next(&objects, &object))
        if (object.tag == PROACTIVE_CHANNEL_STATUS && object.value.size == 2 &&
            (object.value.data[0] & CHANNEL_STATUS_NUMBER) == channel->number)
            is_up = (object.value.data[0] & CHANNEL_STATUS_UP) != 0;
    channel->is_dropped = !is_up;
    see_drop(bearer, channel);
}

static void take_success(struct bip_bearer *bearer, struct bip_channel *channel,
                         const struct proactive_response *response)
{
    channel->tries = 0;
    if (bearer->type == PROACTIVE_GET_CHANNEL_STATUS) {
        take_status(bearer, channel, response->objects);
        return;
    }
    if (bearer->type == PROACTIVE_OPEN_CHANNEL)
        take_opened(bearer, channel, response);
    else if (bearer->type == PROACTIVE_SEND_DATA)
        take_sent(bearer, channel);
    else
        take_received(bearer, channel, response);
    see_drop(bearer, channel);
}

void bip_bearer_answered(struct bip_bearer *bearer, const struct proactive_response *response)
{
    struct bip_channel *channel = bearer->asked;

    bearer->asked = NULL;
    if (channel == NULL)
        return;
    bearer->has_news = true;
    if (bearer->type == PROACTIVE_CLOSE_CHANNEL)
        channel->at_terminal = TERMINAL_IS_DONE; /* whatever it says: there is nothing else to be done */
    else if (response->result <= PROACTIVE_DONE_MAX)
        take_success(bearer, channel, response);
    else
        take_failure(bearer, channel, response);
    bip_forget(channel);
}

/* --- what it tells ------------------------------------------------------------------------------------ */

static struct bip_channel *numbered_channel(struct bip_bearer *bearer, unsigned number)
{
    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++)
        if (bearer->channels[i].at_terminal == TERMINAL_HAS_IT && bearer->channels[i].number == number)
            return &bearer->channels[i];
    return NULL;
}

/* Service has come: what the terminal was too busy for without it is asked again at once, and three times. */
static void take_service(struct bip_bearer *bearer, struct span objects)
{
    struct span status;

    if (!comprehension_find(objects, PROACTIVE_LOCATION_STATUS, &status) || status.size != 1 ||
        status.data[0] != LOCATION_NORMAL)
        return;
    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++) {
        struct bip_channel *channel = &bearer->channels[i];

        bearer->has_news = bearer->has_news || channel->pauses;
        channel->tries = channel->pauses ? 0 : channel->tries;
        channel->pauses = false;
    }
}

void bip_bearer_event(struct bip_bearer *bearer, uint8_t event, struct span objects)
{
    struct bip_channel *channel;
    struct span length;
    unsigned number;
    bool is_up;

    if (event == EVENT_LOCATION_STATUS)
        take_service(bearer, objects);
    if ((event != EVENT_DATA_AVAILABLE && event != EVENT_CHANNEL_STATUS) ||
        !read_status(objects, &number, &is_up) || (channel = numbered_channel(bearer, number)) == NULL)
        return;
    bearer->has_news = true;
    bearer->is_mute = channel->is_quiet = channel->pauses = false;
    channel->is_dropped = channel->is_dropped || (event == EVENT_CHANNEL_STATUS && !is_up);
    if (event == EVENT_DATA_AVAILABLE &&
        comprehension_find(objects, PROACTIVE_CHANNEL_DATA_LENGTH, &length) && length.size == 1)
        channel->available = length.data[0];
    see_drop(bearer, channel);
}

void bip_bearer_look(struct bip_bearer *bearer)
{
    for (unsigned i = 1; i <= PROACTIVE_CHANNELS_MAX; i++) {
        struct bip_channel *channel = &bearer->channels[i];

        channel->pauses = false;
        channel->looks = (channel->is_quiet || bearer->is_mute) && channel->at_terminal == TERMINAL_HAS_IT &&
                         channel->available == 0;
        channel->is_quiet = true;
    }
}
