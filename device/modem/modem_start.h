/* What a modem does with a card that has just been powered, or whose files have changed: it reads the files
 * of ETSI TS 102 221 and 3GPP TS 31.102 that modems read, and says what it can do. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_START_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_START_H

#include "device/modem/modem_internal.h"

/* After a reset. */
void start_card(struct modem *modem);
/* Without one: after REFRESH. True: the subscriber is another. */
bool start_read_again(struct modem *modem);

/* The first USIM of EF DIR, on the basic channel. False: there is none, or it cannot be selected. */
bool start_select_usim(struct modem *modem);

#endif
