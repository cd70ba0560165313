/* REFRESH (ETSI TS 102 223 6.4.7): the answer first, what it asks for in the turn after that. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_REFRESH_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_REFRESH_H

#include "device/modem/modem_internal.h"

/* The handler. */
void refresh_serve(struct modem *modem);

#endif
