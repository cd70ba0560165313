/*
 * ES9+ and ES11 between their two bindings (SGP.22 6.5, 6.6): an IPA's procedures speak ASN.1, public servers
 * only JSON.
 */
#ifndef SOFTEUICC_DEVICE_ES9P_ASN1_H
#define SOFTEUICC_DEVICE_ES9P_ASN1_H

#include "device/bearer.h"

/* Carries a request to its SM-DP+ or SM-DS and replaces `answer` by what comes back; empty for an
 * answer without a body. `cacert`: a PEM file of trusted roots, NULL for the system's. False with one
 * line in `why`. */
bool es9p_carry(const struct ipa_message *message, const char *cacert, struct buf *answer,
                char why[BEARER_WHY_SIZE]);

#endif
