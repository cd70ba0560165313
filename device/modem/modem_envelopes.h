/* ENVELOPE (ETSI TS 102 221 11.2.2): expired timers, events and short messages, one at a time. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_ENVELOPES_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_ENVELOPES_H

#include "device/modem/modem_internal.h"

/* Whether there is one to be sent, which it makes if need be. */
bool envelopes_wait(struct modem *modem);
/* Sends it. A card that is busy (9300) gets it again a little later, a few times. */
void envelopes_send(struct modem *modem);
/* What there is of them is not true any more. Short messages stay. */
void envelopes_drop(struct modem *modem);

#endif
