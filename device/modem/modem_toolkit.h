/* Proactive commands that a guest answers (modem_guest.h): those for a person. */
#ifndef SOFTEUICC_DEVICE_MODEM_MODEM_TOOLKIT_H
#define SOFTEUICC_DEVICE_MODEM_MODEM_TOOLKIT_H

#include "device/modem/modem_internal.h"

/* Gives the command under way to the guest. False: there is none. */
bool modem_toolkit_ask(struct modem *modem);
/* The guest has it, and its time may be over. */
void modem_toolkit_continue(struct modem *modem);

#endif
