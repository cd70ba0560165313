/* Where the modem is, as its card learns it: SET UP EVENT LIST, and events of the network (ETSI TS 102 223
 * 6.4.16, 7.5; 3GPP TS 31.111 7.5). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_EVENTS_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_EVENTS_H

#include "device/modem/modem_internal.h"

/* Handler of SET UP EVENT LIST. */
void events_set_up(struct modem *modem);

/* The air's state is another. */
void events_network_changed(struct modem *modem);

/* The card was just told where the modem is, in another way than by an event. */
void events_place_told(struct modem *modem);

/* As channels_take_event. */
uint8_t events_take(struct modem *modem, struct buf *objects);
/* None is asked for, none is due. */
void events_end_all(struct modem *modem);

/* The value of the data object "location information", 8.19; "access technology", 8.61. */
void events_put_location(const struct air_state *state, struct buf *out);
uint8_t events_access_technology(enum air_technology technology);

#endif
