/*
 * Channels that the card has opened through the modem: the Bearer Independent Protocol (ETSI TS 102 223
 * 6.4.27 to 6.4.31). TCP and UDP as a client; a datagram is handed over by itself.
 */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_CHANNELS_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_CHANNELS_H

#include "device/modem/modem_internal.h"

/* Handlers of proactive commands. */
void channels_open(struct modem *modem);
void channels_close(struct modem *modem);
void channels_receive(struct modem *modem);
void channels_send(struct modem *modem);
void channels_status(struct modem *modem);

/* Answers the command under way if the link that it waits for is there, has dropped, or takes too long. */
void channels_continue(struct modem *modem);

/* The next event of a channel that the card has asked for: its number (8.25), and appends its own data
 * objects. 0: there is none. */
uint8_t channels_take_event(struct modem *modem, struct buf *objects);

/* All of them end, as with the network or the card's power. */
void channels_end_all(struct modem *modem);
bool channels_any(const struct modem *modem);

#endif
