/* What OPEN CHANNEL asks for (ETSI TS 102 223 6.6.27). */
#ifndef SOFTEUICC_DEVICE_MODEM_CHANNEL_OPEN_H
#define SOFTEUICC_DEVICE_MODEM_CHANNEL_OPEN_H

#include "device/modem/modem_internal.h"

struct channel_request {
    struct span bearer; /* bearer description, as it came */
    size_t buffer;      /* octets that the card would like */
    struct air_target target;
    char apn[101]; /* "" for the default one */
};

/* Reads the objects of an OPEN CHANNEL for packet data. 0, or the general result to answer, for
 * PROACTIVE_BIP_ERROR with its cause. */
uint8_t channel_read_request(struct span objects, struct channel_request *request, uint8_t *cause);

#endif
