/*
 * ES9+ and ES11 between their two bindings (SGP.22 6.5, 6.6): an IPA's procedures speak ASN.1, public servers
 * only JSON.
 */
#ifndef SOFTEUICC_DEVICE_ES9P_ASN1_H
#define SOFTEUICC_DEVICE_ES9P_ASN1_H

#include "device/bearer.h"

/* The way to all SM-DP+s and SM-DSs: each message goes to its own address. `cacert`: a PEM file of trusted
 * roots, NULL for the system's. NULL with one line in `why`. */
struct bearer *es9p_asn1_open(struct loop *loop, const char *cacert, char why[BEARER_WHY_SIZE]);

#endif
