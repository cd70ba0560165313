/* The network that the host lends (struct softeuicc_bearer) as the card's network stack knows one: see
 * euicc/network/bearer.h. What comes waits here until the IPAe has a turn. */
#ifndef SOFTEUICC_EUICC_IPAE_HOST_BEARER_H
#define SOFTEUICC_EUICC_IPAE_HOST_BEARER_H

#include "euicc/network/bearer.h"
#include "euicc/softeuicc.h"

struct host_bearer;

/* NULL without memory. */
struct host_bearer *host_bearer_new(const struct softeuicc_bearer *host);
void host_bearer_free(struct host_bearer *bearer); /* closes its channels; NULL is fine */
const struct bearer *host_bearer_bearer(const struct host_bearer *bearer);

void host_bearer_opened(struct host_bearer *bearer, unsigned channel);
void host_bearer_received(struct host_bearer *bearer, unsigned channel, struct span octets);
void host_bearer_closed(struct host_bearer *bearer, unsigned channel, const char *why);

/* How often a TCP connection was made, or octets came. */
uint64_t host_bearer_heard(const struct host_bearer *bearer);

/* As bip_bearer_tick. */
void host_bearer_tick(struct host_bearer *bearer, int64_t now);
const struct bearer_figures *host_bearer_figures(const struct host_bearer *bearer);

/* Whether anything was told since this was asked last. */
bool host_bearer_has_news(const struct host_bearer *bearer);
void host_bearer_saw_news(struct host_bearer *bearer);

#endif
