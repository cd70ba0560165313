/* Channels of the card: see modem_channels.h. */
#include "device/modem/modem_channels.h"

#include "apdu/tlv.h"
#include "device/modem/channel_link.h"
#include "device/modem/channel_open.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum {
    PATIENCE_MS = 60 * 1000, /* for a link that is to be made */
    LEFT_MAX = 0xFF,         /* "more than 255 octets" (8.54) is the same number */
    RECEIVE_MAX = 237,       /* octets of data that fit a TERMINAL RESPONSE */
    IPV4_SIZE = 4,
    DNS_PORT = 53,
};

static void refuse_bip(struct modem *modem, uint8_t cause)
{
    modem_respond_why(modem, PROACTIVE_BIP_ERROR, cause);
}

static void put_length(struct modem *modem, size_t length)
{
    const uint8_t octet = (uint8_t)(length < LEFT_MAX ? length : LEFT_MAX);

    modem_put_object(&modem->objects, PROACTIVE_CHANNEL_DATA_LENGTH, SPAN(&octet, 1));
}

static void put_status(struct modem *modem, const struct modem_channel *channel)
{
    uint8_t status[CHANNEL_STATUS_SIZE];

    channel_status(channel, status);
    modem_put_object(&modem->objects, PROACTIVE_CHANNEL_STATUS, SPAN_ARRAY(status));
}

/* --- OPEN CHANNEL ---------------------------------------------------------------------------------- */

static struct modem_channel *free_channel(struct modem *modem)
{
    for (unsigned i = 0; i < modem->settings.channels; i++)
        if (!modem->channels[i].is_used)
            return &modem->channels[i];
    return NULL;
}

static struct modem_channel *use_channel(struct modem *modem, const struct channel_request *request)
{
    struct modem_channel *channel = free_channel(modem);

    if (channel == NULL)
        return NULL;
    channel->is_used = true;
    channel->target = request->target;
    memcpy(channel->apn, request->apn, sizeof(channel->apn));
    channel->target.apn = channel->apn[0] != '\0' ? channel->apn : NULL;
    channel->buffer = request->buffer < modem->settings.buffer ? request->buffer : modem->settings.buffer;
    channel->opened = modem_now(modem);
    modem->figures.channels_opened++;
    return channel;
}

static void put_resolver(struct modem *modem)
{
    uint8_t server[1 + sizeof(((struct air_target *)NULL)->address)];
    size_t size = air_resolver(modem->air, server + 1);

    server[0] = size == IPV4_SIZE ? OTHER_ADDRESS_IPV4 : OTHER_ADDRESS_IPV6;
    if (size > 0 && (modem->command.qualifier & PROACTIVE_OPEN_ASKS_FOR_DNS) != 0)
        modem_put_object(&modem->objects, PROACTIVE_DNS_SERVER, SPAN(server, 1 + size));
}

/* The answer to OPEN CHANNEL, with or without a link yet. */
static void respond_open(struct modem *modem, const struct modem_channel *channel)
{
    struct channel_request request;
    uint8_t cause, size[2];
    bool is_changed;

    channel_read_request(modem->command.objects, &request, &cause);
    is_changed = channel->buffer != request.buffer;
    octets_put_number(size, sizeof(size), channel->buffer);
    if (!HAS_HABIT(modem, MODEM_HIDES_STATUS))
        put_status(modem, channel);
    modem_put_object(&modem->objects, PROACTIVE_BEARER_DESCRIPTION, request.bearer);
    modem_put_object(&modem->objects, PROACTIVE_BUFFER_SIZE, SPAN_ARRAY(size));
    put_resolver(modem);
    modem_respond(modem, is_changed ? PROACTIVE_DONE_MODIFIED : PROACTIVE_DONE);
}

static void wait_for(struct modem *modem, const struct modem_channel *channel)
{
    modem->waiting = channel->number;
    modem->patience = modem_now(modem) + PATIENCE_MS;
}

static bool has_service(const struct modem *modem)
{
    return air_state(modem->air)->service == AIR_NORMAL;
}

void channels_open(struct modem *modem)
{
    struct channel_request request;
    struct modem_channel *channel;
    uint8_t cause, result = channel_read_request(modem->command.objects, &request, &cause);
    bool is_immediate = (modem->command.qualifier & PROACTIVE_OPEN_IMMEDIATELY) != 0;

    if (result == PROACTIVE_BIP_ERROR) {
        refuse_bip(modem, cause);
    } else if (result != 0) {
        modem_respond(modem, result);
    } else if (!has_service(modem)) {
        modem_respond_why(modem, PROACTIVE_TERMINAL_BUSY, BUSY_NO_SERVICE);
    } else if ((channel = use_channel(modem, &request)) == NULL) {
        refuse_bip(modem, BIP_NO_CHANNEL);
    } else if (!is_immediate) {
        respond_open(modem, channel);
    } else if (!channel_begin(channel)) {
        channel_end(channel);
        refuse_bip(modem, BIP_UNREACHABLE);
    } else if ((modem->command.qualifier & PROACTIVE_OPEN_IN_BACKGROUND) != 0) {
        respond_open(modem, channel);
    } else {
        wait_for(modem, channel);
    }
}

/* --- the others ------------------------------------------------------------------------------------ */

static bool is_refused_by_habit(const struct modem *modem)
{
    return HAS_HABIT(modem, MODEM_FAILS_CHANNELS) && modem->refresh_seen;
}

/* The channel that the command is for, by its destination; NULL when that is answered. */
static struct modem_channel *addressed_channel(struct modem *modem)
{
    unsigned index = modem->command.destination - (unsigned)PROACTIVE_CHANNEL - 1;

    if (is_refused_by_habit(modem))
        refuse_bip(modem, BIP_CHANNEL_CLOSED);
    else if (index >= PROACTIVE_CHANNELS_MAX || !modem->channels[index].is_used)
        refuse_bip(modem, BIP_CHANNEL_INVALID);
    else
        return &modem->channels[index];
    return NULL;
}

void channels_close(struct modem *modem)
{
    struct modem_channel *channel = addressed_channel(modem);

    if (channel == NULL)
        return;
    channel_end(channel);
    modem_respond(modem, PROACTIVE_DONE);
}

static bool is_to_names(const struct modem_channel *channel)
{
    return channel->target.transport == AIR_UDP && channel->target.port == DNS_PORT;
}

static void hand_over(struct modem *modem, struct modem_channel *channel, size_t size, uint8_t result)
{
    size_t left = channel_available(channel) - size;
    struct buf octets = {0};

    channel_take(channel, size, &octets);
    modem->figures.received += size;
    if (!is_to_names(channel))
        modem->figures.from_servers += size;
    modem_tell(modem, MODEM_EVENT_RECEIVED, channel->number, NULL, buf_span(&octets), SPAN_NONE);
    modem_put_object(&modem->objects, PROACTIVE_CHANNEL_DATA, buf_span(&octets));
    put_length(modem, left);
    buf_free(&octets);
    modem_respond(modem, result);
}

/* Less than was asked for is what there is (reading of 6.4.29: "missing information"); nothing is an error.
 */
void channels_receive(struct modem *modem)
{
    struct modem_channel *channel = addressed_channel(modem);
    struct span value;
    size_t asked, size;

    if (channel == NULL)
        return;
    size = channel_available(channel);
    if (!comprehension_find(modem->command.objects, PROACTIVE_CHANNEL_DATA_LENGTH, &value)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
    } else if (value.size != 1) {
        modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
    } else if (size == 0) {
        refuse_bip(modem, channel->is_dropped ? BIP_CHANNEL_CLOSED : BIP_NO_SPECIFIC_CAUSE);
    } else {
        asked = value.data[0] < RECEIVE_MAX ? value.data[0] : RECEIVE_MAX;
        hand_over(modem, channel, size < asked ? size : asked,
                  size < asked ? PROACTIVE_DONE_INFORMATION_MISSING : PROACTIVE_DONE);
    }
}

/* The answer to SEND DATA that is to leave now, over a link that is up. */
static void send_now(struct modem *modem, struct modem_channel *channel)
{
    if (!channel_flush(channel)) {
        refuse_bip(modem, BIP_CHANNEL_CLOSED);
        return;
    }
    put_length(modem, channel_room(channel));
    modem_respond(modem, PROACTIVE_DONE);
}

void channels_send(struct modem *modem)
{
    struct modem_channel *channel = addressed_channel(modem);
    struct span octets;

    if (channel == NULL)
        return;
    if (!comprehension_find(modem->command.objects, PROACTIVE_CHANNEL_DATA, &octets)) {
        modem_respond(modem, PROACTIVE_VALUE_MISSING);
    } else if (channel->is_dropped) {
        refuse_bip(modem, BIP_CHANNEL_CLOSED);
    } else if (octets.size > channel_room(channel)) {
        refuse_bip(modem, BIP_NO_BUFFER);
    } else {
        buf_append(&channel->stored, octets);
        if ((modem->command.qualifier & PROACTIVE_SEND_NOW) == 0) {
            put_length(modem, channel_room(channel));
            modem_respond(modem, PROACTIVE_DONE);
        } else if (channel->is_up) {
            send_now(modem, channel);
        } else if (channel->air != NULL || channel_begin(channel)) {
            wait_for(modem, channel);
        } else {
            modem_respond_why(modem, PROACTIVE_TERMINAL_BUSY, BUSY_NO_SERVICE);
        }
    }
}

void channels_status(struct modem *modem)
{
    static const uint8_t none[] = {0x00, 0x00};
    bool any = false;

    for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++) {
        if (!modem->channels[i].is_used)
            continue;
        put_status(modem, &modem->channels[i]);
        any = true;
    }
    if (!any)
        modem_put_object(&modem->objects, PROACTIVE_CHANNEL_STATUS, SPAN_ARRAY(none));
    modem_respond(modem, PROACTIVE_DONE);
}

/* --- what comes later ------------------------------------------------------------------------------ */

void channels_continue(struct modem *modem)
{
    struct modem_channel *channel = &modem->channels[modem->waiting - 1];
    bool is_late = modem_now(modem) >= modem->patience;

    if (channel->is_up && modem->command.type == PROACTIVE_SEND_DATA) {
        send_now(modem, channel);
    } else if (channel->is_up) {
        respond_open(modem, channel);
    } else if (channel->is_dropped || is_late) {
        if (is_late)
            modem_tell(modem, MODEM_EVENT_CHANNEL, channel->number, "the host does not answer", SPAN_NONE,
                       SPAN_NONE);
        channel->is_dropped = true;
        channel_unlink(channel);
        if (modem->command.type == PROACTIVE_OPEN_CHANNEL)
            channel_end(channel);
        refuse_bip(modem, BIP_UNREACHABLE);
    }
}

static void put_event_status(const struct modem_channel *channel, struct buf *objects)
{
    uint8_t status[CHANNEL_STATUS_SIZE];

    channel_status(channel, status);
    tlv_put(objects, PROACTIVE_CHANNEL_STATUS, SPAN_ARRAY(status));
}

static bool has_asked(const struct modem *modem, unsigned event)
{
    return (modem->events & 1u << event) != 0;
}

static uint8_t take_event(struct modem *modem, struct modem_channel *channel, struct buf *objects)
{
    size_t size = channel_available(channel);
    bool has_data = channel->data_due && size > 0 && has_asked(modem, EVENT_DATA_AVAILABLE);
    bool has_status = channel->status_due && has_asked(modem, EVENT_CHANNEL_STATUS);

    if (has_data) {
        put_event_status(channel, objects);
        tlv_put_octet(objects, PROACTIVE_CHANNEL_DATA_LENGTH, (uint8_t)(size < LEFT_MAX ? size : LEFT_MAX));
        channel->data_due = false;
        return EVENT_DATA_AVAILABLE;
    }
    if (has_status)
        put_event_status(channel, objects);
    channel->data_due = channel->status_due = false;
    return has_status ? EVENT_CHANNEL_STATUS : 0;
}

uint8_t channels_take_event(struct modem *modem, struct buf *objects)
{
    for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++) {
        struct modem_channel *channel = &modem->channels[i];
        uint8_t event = channel->data_due || channel->status_due ? take_event(modem, channel, objects) : 0;

        if (event != 0)
            return event;
    }
    return 0;
}

void channels_end_all(struct modem *modem)
{
    for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++)
        channel_end(&modem->channels[i]);
}

bool channels_any(const struct modem *modem)
{
    for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++)
        if (modem->channels[i].is_used)
            return true;
    return false;
}
