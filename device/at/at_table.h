/* All commands of an AT session. */
#ifndef SOFTEUICC_DEVICE_AT_AT_TABLE_H
#define SOFTEUICC_DEVICE_AT_AT_TABLE_H

#include "device/at/at_internal.h"

/* Serves one command, whichever it is. */
enum at_result at_serve(struct at *at, const struct at_command *command);

#endif
