/* How a session is at its start, and after Z or &F. */
#ifndef SOFTEUICC_DEVICE_AT_AT_DEFAULTS_H
#define SOFTEUICC_DEVICE_AT_AT_DEFAULTS_H

#include "device/at/at_internal.h"

void at_set_defaults(struct at *at);

#endif
