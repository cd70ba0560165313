/*
 * Finds the addresses of a name beside the event loop: the system's resolver (getaddrinfo) waits for as long
 * as its servers keep it waiting, and so it does that in a thread of its own.
 */
#ifndef SOFTEUICC_COMMON_NET_LOOKUP_H
#define SOFTEUICC_COMMON_NET_LOOKUP_H

#include "common/net/addresses.h"

struct event_base;
struct lookup;

/* What came of it; NULL with the reason in `why` when there is no address. Both are gone afterwards. */
typedef void lookup_done(void *context, const struct addresses *found, const char *why);

/* Begins one, with what addresses_find takes. `done` is called once, from the event loop, and the lookup is
 * gone then. NULL without memory or a thread. */
struct lookup *lookup_begin(struct event_base *base, const char *host, uint16_t port, int type,
                            lookup_done *done, void *context);
/* Forgets one that is under way, without waiting for it. NULL is nothing to forget. */
void lookup_cancel(struct lookup *lookup);

#endif
