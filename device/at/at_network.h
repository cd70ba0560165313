/* Where the modem is, for a program: 3GPP TS 27.007 7.2, 7.3, 8.2, 8.5, 10.1. */
#ifndef SOFTEUICC_DEVICE_AT_AT_NETWORK_H
#define SOFTEUICC_DEVICE_AT_AT_NETWORK_H

#include "device/at/at_internal.h"

/* Tells of another registration those who asked for it. */
void at_network_changed(struct at *at);
/* The modem has done so itself: only another status is told, for nobody tells of that. */
void at_network_left(struct at *at);
/* The subscriber is another: who was told that it is registered hears that it searches, and then again. */
void at_network_leaves(struct at *at);

#endif
