/* What the card's PIN keeps from a program. */
#ifndef SOFTEUICC_DEVICE_AT_AT_PIN_H
#define SOFTEUICC_DEVICE_AT_AT_PIN_H

#include "device/at/at_internal.h"

/* AT_PIN_REQUIRED or AT_PUK_REQUIRED as the USIM stands; AT_OK: nothing is. Without USIM or card, that. */
enum at_result at_pin_wanted(struct at *at);

#endif
