/* The card's toolkit with a program for a person: 3GPP TS 27.007 12. */
#ifndef SOFTEUICC_DEVICE_AT_AT_TOOLKIT_H
#define SOFTEUICC_DEVICE_AT_AT_TOOLKIT_H

#include "device/at/at_internal.h"

/* A program is there: a model that asks nobody gives it the commands for a person. */
void at_toolkit_begin(struct at *at);
/* It has gone, and with it what it has said of itself. */
void at_toolkit_end(struct at *at);
/* A command of the modem's: TERMINAL PROFILE is told to who wants to know. */
void at_toolkit_saw(struct at *at, struct span capdu);

#endif
