/* Where the modem is, for a program: 3GPP TS 27.007 7.2, 7.3, 8.2, 8.5, 10.1. */
#ifndef SOFTEUICC_DEVICE_AT_AT_NETWORK_H
#define SOFTEUICC_DEVICE_AT_AT_NETWORK_H

#include "device/at/at_internal.h"

/* Tells of another registration those who asked for it. */
void at_network_changed(struct at *at);
/* The radio or the card was switched off, or the subscriber is another: tells those who were told that it is
 * registered. It may be so again at once. */
void at_network_left(struct at *at);

#endif
