/* A modem's turns, for who must not wait for the event loop. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_TURNS_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_TURNS_H

#include "device/modem/modem_internal.h"

/* The turn that is due, now. */
void modem_take_turn(struct modem *modem);
/* Goes on the network, as the subscriber that was read; without a radio it leaves it. */
void modem_attach(struct modem *modem);

#endif
