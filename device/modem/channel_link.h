/* One channel's link to its host, and what came by it. */
#ifndef SOFTEUICC_DEVICE_MODEM_CHANNEL_LINK_H
#define SOFTEUICC_DEVICE_MODEM_CHANNEL_LINK_H

#include "device/modem/modem_internal.h"

/* Octets that can be fetched now: of the stream, or of the datagram at hand, at most a buffer full. */
size_t channel_available(const struct modem_channel *channel);
/* Appends so many of them to `out`. */
void channel_take(struct modem_channel *channel, size_t size, struct buf *out);
/* Octets that SEND DATA may bring. */
size_t channel_room(const struct modem_channel *channel);

/* Begins to make the link: is_up or is_dropped comes later, with a turn, and as an event unless the command
 * under way waits for it. False: there is no service. */
bool channel_begin(struct modem_channel *channel);
/* Sends what is stored. False: the link does not take it. */
bool channel_flush(struct modem_channel *channel);
/* The channel is free again. */
void channel_end(struct modem_channel *channel);

/* Gives the link up; the channel stays. */
void channel_unlink(struct modem_channel *channel);

/* The value of the data object "channel status" (8.56). */
enum { CHANNEL_STATUS_SIZE = 2 };
void channel_status(const struct modem_channel *channel, uint8_t status[CHANNEL_STATUS_SIZE]);

#endif
