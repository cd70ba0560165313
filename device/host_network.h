/*
 * This machine's network, lent to a card (struct softeuicc_bearer of softeuicc.h): channels are sockets, on
 * an event loop, and names are resolved beside it.
 */
#ifndef SOFTEUICC_DEVICE_HOST_NETWORK_H
#define SOFTEUICC_DEVICE_HOST_NETWORK_H

#include "euicc/softeuicc.h"

#include <event2/event.h>

struct host_network;

/* `told` is called whenever the card was told something: it is due then. NULL without memory. */
struct host_network *host_network_new(struct event_base *base, void (*told)(void *context), void *context);
/* Closes what is open; NULL is fine. The card is closed already, or has no power. */
void host_network_free(struct host_network *network);

/* For the hooks that the card is opened with. */
struct softeuicc_bearer host_network_bearer(struct host_network *network);
/* The card that they were for; NULL: there is none any more. */
void host_network_serve(struct host_network *network, struct softeuicc *card);

#endif
