/* The name server of a managed device's network. For tests only. */
#ifndef SOFTEUICC_TESTS_DEVICE_MODEM_MANAGED_NAMES_H
#define SOFTEUICC_TESTS_DEVICE_MODEM_MANAGED_NAMES_H

#include "device/air/air.h"
#include "tests/device/modem/managed_device.h"

/* Appends what comes back to a question. False: nothing. */
bool names_answer(enum dns_habit habit, struct span question, struct buf *answer);

/* Whether this is where the one name leads to. */
bool names_is_host(const struct air_target *target);

#endif
