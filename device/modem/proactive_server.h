/* The proactive commands that the modem serves (ETSI TS 102 223 6.4), in one table, and FETCH. */
#ifndef SOFTEUICC_DEVICE_MODEM_PROACTIVE_SERVER_H
#define SOFTEUICC_DEVICE_MODEM_PROACTIVE_SERVER_H

#include "device/modem/modem_internal.h"

/* Fetches the command that the card has announced, and answers it or leaves it under way. */
void proactive_serve(struct modem *modem);

/* Other commands come between, as with a modem that has more to do. */
void proactive_dawdle(struct modem *modem);

#endif
