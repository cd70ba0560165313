/* Power saving: the card is switched off, or suspended (ETSI TS 102 221 11.1.22), while nothing is to be
 * done. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_SLEEP_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_SLEEP_H

#include "device/modem/modem_internal.h"

/* When the card may be switched off if nothing happens until then; ALARM_NEVER. */
int64_t sleep_at(const struct modem *modem);
/* Switches it off; modem->wake_at says until when. */
void sleep_begin(struct modem *modem);
/* After the reset that ends it: true when the card was suspended and has taken its state up again. */
bool sleep_resume(struct modem *modem);

#endif
