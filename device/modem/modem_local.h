/* PROVIDE LOCAL INFORMATION (ETSI TS 102 223 6.4.15). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_LOCAL_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_LOCAL_H

#include "device/modem/modem_internal.h"

/* The handler. */
void local_provide(struct modem *modem);

#endif
