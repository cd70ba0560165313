/*
 * The carrier of a card: ESipa and ES9+ over HTTPS or CoAP, in the ASN.1 binding (SGP.32 6.1, SGP.22 6.6), or
 * ESipa over HTTPS in the JSON binding (ipae_json.h), with TLS in the card; over the network that the host
 * lends, or over the terminal's channels.
 */
#ifndef SOFTEUICC_EUICC_IPAE_NETWORK_H
#define SOFTEUICC_EUICC_IPAE_NETWORK_H

#include "euicc/ipae/carrier.h"
#include "euicc/ipae/host_bearer.h"
#include "euicc/ipae/ipae_terminal.h"

struct ipae_network;

/* `host`: what the host lends; NULL: the terminal's channels are used. `terminal` is the IPAe's, borrowed: it
 * tells where the device is in any case. NULL without memory. */
struct ipae_network *ipae_network_new(struct softeuicc *card, const struct softeuicc_bearer *host,
                                      struct ipae_terminal *terminal);
void ipae_network_free(struct ipae_network *network); /* NULL is fine */
/* The DNS server that is asked besides the one that the terminal names, from the next name on; NULL: none.
 * The host finds names by itself. */
void ipae_network_set_dns_server(struct ipae_network *network, const struct ip_address *server);
/* How often something has come from it: what is compared with what it was before. */
uint64_t ipae_network_heard(const struct ipae_network *network);
/* What has gone over it, until now. To be asked before something changes as well (bip_bearer_tick). */
const struct bearer_figures *ipae_network_figures(struct ipae_network *network);
/* Milliseconds that the network's time is ahead of the card's, as far as is known. */
int64_t ipae_network_clock_ahead(const struct ipae_network *network);
/* The terminal has said that it is on none now. */
bool ipae_network_lacks_service(const struct ipae_network *network);
const struct ipae_carrier *ipae_network_carrier(const struct ipae_network *network);
/* NULL: it is the terminal's. */
struct host_bearer *ipae_network_host(struct ipae_network *network);

#endif
