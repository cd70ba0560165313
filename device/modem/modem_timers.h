/* The card's eight timers (ETSI TS 102 223 6.4.21, 7.4). */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_TIMERS_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_TIMERS_H

#include "device/modem/modem_internal.h"

/* Handler of TIMER MANAGEMENT. */
void timers_manage(struct modem *modem);

/* The next one that has expired: appends the data objects of its envelope. False: there is none. */
bool timers_take_expired(struct modem *modem, struct buf *objects);
/* When the next one expires; ALARM_NEVER. */
int64_t timers_next(const struct modem *modem);
void timers_end_all(struct modem *modem);

#endif
