/* The events that the IPAe wants to be told by the terminal (ETSI TS 102 223 6.4.16). */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_EVENTS_H
#define SOFTEUICC_EUICC_IPAE_IPAE_EVENTS_H

#include "euicc/os/card.h"

/* Whether there are any; `carries`: those of channels as well. */
bool ipae_events_wanted(const struct softeuicc *card, bool carries);
/* Appends the event list of them. */
void ipae_events_put(const struct softeuicc *card, bool carries, struct buf *out);

#endif
