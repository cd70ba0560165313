/* STATUS that the modem sends by itself, so that the card can announce something (ETSI TS 102 223 6.4.6,
 * 6.4.14). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_POLLING_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_POLLING_H

#include "device/modem/modem_internal.h"

/* Handlers of POLL INTERVAL and POLLING OFF. */
void polling_set(struct modem *modem);
void polling_stop(struct modem *modem);

/* As the settings have it. */
void polling_begin(struct modem *modem);
/* Sends one, and says when the next is due. */
void polling_send(struct modem *modem);

#endif
