/* How a device stands on its network, in words. */
#ifndef SOFTEUICC_DEVICE_AIR_AIR_TEXT_H
#define SOFTEUICC_DEVICE_AIR_AIR_TEXT_H

#include "device/air/air.h"

/* "registered", "searching", "limited service", "no service" */
const char *air_service_name(enum air_service service);
/* Whether the state names a network: that it is on, or was rejected by last. */
bool air_has_plmn(const struct air_state *state);

#define AIR_TEXT_SIZE 100
/* "registered on 262-01 (NB-IoT), roaming". Returns `text`. */
const char *air_state_text(const struct air_state *state, char text[AIR_TEXT_SIZE]);

#endif
