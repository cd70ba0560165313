/* One channel's link: see channel_link.h. */
#include "device/modem/channel_link.h"

#include "device/modem/modem_tell.h"

#include <string.h>

enum {
    BACKLOG_MAX = 1 << 20, /* octets that wait for a card that does not fetch them */
    LENGTH_SIZE = 2,       /* before a datagram */
    COMPACT_FROM = 4096,
};

static bool is_stream(const struct modem_channel *channel)
{
    return channel->target.transport == AIR_TCP;
}

static struct span untaken(const struct modem_channel *channel)
{
    if (channel->taken == channel->incoming.size)
        return SPAN("", 0);
    return SPAN(channel->incoming.data + channel->taken, channel->incoming.size - channel->taken);
}

/* The next datagram that waits is at hand. An empty one is passed over: there is nothing to fetch of it. */
static void next_datagram(struct modem_channel *channel)
{
    struct span rest, length;

    while (channel->left == 0 && channel->taken < channel->incoming.size) {
        rest = untaken(channel);
        if (!span_take(&rest, LENGTH_SIZE, &length))
            return;
        channel->taken += LENGTH_SIZE;
        channel->left = (size_t)span_number(length);
    }
}

size_t channel_available(const struct modem_channel *channel)
{
    size_t all = is_stream(channel) ? untaken(channel).size : channel->left;

    return all < channel->buffer ? all : channel->buffer;
}

static void compact(struct modem_channel *channel)
{
    struct buf *incoming = &channel->incoming;

    if (channel->taken < incoming->size && channel->taken < COMPACT_FROM)
        return;
    if (channel->taken < incoming->size)
        memmove(incoming->data, incoming->data + channel->taken, incoming->size - channel->taken);
    incoming->size -= channel->taken;
    channel->taken = 0;
}

/* What comes into the buffer when it is empty, whether it was there or not, is told of. */
void channel_take(struct modem_channel *channel, size_t size, struct buf *out)
{
    bool is_emptied = size == channel_available(channel);

    buf_append(out, SPAN(channel->incoming.data + channel->taken, size));
    channel->taken += size;
    if (!is_stream(channel)) {
        channel->left -= size;
        next_datagram(channel);
    }
    if (is_emptied)
        channel->data_due = channel_available(channel) > 0;
    compact(channel);
}

size_t channel_room(const struct modem_channel *channel)
{
    return channel->buffer - channel->stored.size;
}

void channel_unlink(struct modem_channel *channel)
{
    air_channel_close(channel->air);
    channel->air = NULL;
}

/* --- what the network tells ------------------------------------------------------------------------ */

static void link_opened(void *context)
{
    struct modem_channel *channel = context;

    channel->is_up = true;
    modem_tell(channel->modem, MODEM_EVENT_CHANNEL, channel->number, "open", SPAN_NONE, SPAN_NONE);
    modem_is_active(channel->modem);
    channel->status_due = channel->modem->waiting != channel->number;
    modem_wake(channel->modem);
}

static void channel_drop(struct modem_channel *channel, const char *why)
{
    channel->is_dropped = true;
    channel->is_up = false;
    modem_tell(channel->modem, MODEM_EVENT_CHANNEL, channel->number, why, SPAN_NONE, SPAN_NONE);
    channel->status_due = channel->modem->waiting != channel->number;
    modem_wake(channel->modem);
}

static void link_closed(void *context, const char *why)
{
    struct modem_channel *channel = context;

    channel_unlink(channel);
    channel_drop(channel, why);
}

static void keep_datagram(struct modem_channel *channel, struct span octets)
{
    if (octets.size > channel->buffer) {
        modem_trouble(channel->modem, "channel %u: a datagram of %zu octets is lost, the buffer has %zu",
                      channel->number, octets.size, channel->buffer);
        return;
    }
    if (octets.size == 0 || channel->incoming.size - channel->taken > BACKLOG_MAX)
        return;
    buf_append_number(&channel->incoming, LENGTH_SIZE, octets.size);
    buf_append(&channel->incoming, octets);
    if (channel->left > 0)
        return;
    next_datagram(channel);
    channel->data_due = channel->left > 0;
}

static void keep_stream(struct modem_channel *channel, struct span octets)
{
    bool was_empty = untaken(channel).size == 0;

    buf_append(&channel->incoming, octets);
    if (was_empty && octets.size > 0)
        channel->data_due = true;
}

static void link_received(void *context, struct span octets)
{
    struct modem_channel *channel = context;

    modem_is_active(channel->modem);
    if (!is_stream(channel))
        keep_datagram(channel, octets);
    else if (untaken(channel).size + octets.size <= BACKLOG_MAX)
        keep_stream(channel, octets);
    else
        link_closed(channel, "the card does not fetch what comes");
    modem_wake(channel->modem);
}

/* --- its life -------------------------------------------------------------------------------------- */

bool channel_begin(struct modem_channel *channel)
{
    const struct air_channel_events events = {channel, link_opened, link_received, link_closed};

    channel->air = air_channel_open(channel->modem->air, &channel->target, &events);
    return channel->air != NULL;
}

bool channel_flush(struct modem_channel *channel)
{
    bool is_sent = channel->is_up && !channel->stored.failed &&
                   air_channel_send(channel->air, buf_span(&channel->stored));

    if (is_sent) {
        channel->modem->figures.sent += channel->stored.size;
        modem_tell(channel->modem, MODEM_EVENT_SENT, channel->number, NULL, buf_span(&channel->stored),
                   SPAN_NONE);
    }
    buf_clear(&channel->stored);
    return is_sent;
}

void channel_end(struct modem_channel *channel)
{
    struct modem *modem = channel->modem;
    unsigned number = channel->number;

    if (!channel->is_used)
        return;
    channel_unlink(channel);
    modem->figures.channel_ms += modem_now(modem) - channel->opened;
    if (!channel->is_dropped)
        modem_tell(modem, MODEM_EVENT_CHANNEL, number, "closed", SPAN_NONE, SPAN_NONE);
    buf_free(&channel->incoming);
    buf_free(&channel->stored);
    *channel = (struct modem_channel){.modem = modem, .number = number};
}

/* --- what the card is told ------------------------------------------------------------------------- */

void channel_status(const struct modem_channel *channel, uint8_t status[CHANNEL_STATUS_SIZE])
{
    status[0] = (uint8_t)(channel->number | (channel->is_up ? CHANNEL_STATUS_UP : 0));
    status[1] = channel->is_dropped ? CHANNEL_STATUS_DROPPED : 0x00;
}
