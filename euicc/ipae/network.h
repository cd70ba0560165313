/*
 * The carrier that a card has where the host lends it a network: ESipa and ES9+ over HTTPS, in the ASN.1
 * binding (SGP.32 6.1, SGP.22 6.6), with TLS in the card.
 */
#ifndef SOFTEUICC_EUICC_IPAE_NETWORK_H
#define SOFTEUICC_EUICC_IPAE_NETWORK_H

#include "euicc/ipae/carrier.h"
#include "euicc/ipae/host_bearer.h"
#include "euicc/os/card.h"

struct ipae_network;

/* NULL without memory. */
struct ipae_network *ipae_network_new(struct softeuicc *card, const struct softeuicc_bearer *host);
void ipae_network_free(struct ipae_network *network); /* NULL is fine */
const struct ipae_carrier *ipae_network_carrier(const struct ipae_network *network);
struct host_bearer *ipae_network_bearer(struct ipae_network *network);

#endif
