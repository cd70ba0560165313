/*
 * A bearer that finds the addresses of names by itself, over one that cannot: OPEN CHANNEL of a terminal
 * (ETSI TS 102 223 6.4.27) has no place for a name. Whoever opens a channel to a name sees it opening while
 * the DNS is asked, and until one of the addresses has let a channel be opened to it. Reading: every address
 * that the DNS gives is connected to, private ones as well, where eIMs of closed networks are; whom it
 * belongs to TLS finds out.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_NAMING_BEARER_H
#define SOFTEUICC_EUICC_NETWORK_NAMING_BEARER_H

#include "euicc/network/bearer.h"
#include "euicc/network/resolver_cache.h"

#define NAMING_CHANNELS 7 /* as many as a terminal has */

struct naming_settings {
    const struct bearer *bearer; /* below; it outlives this one */
    /* Fills octets with what nobody can guess. False: there is nothing of the kind. */
    bool (*random)(void *context, uint8_t *octets, size_t size);
    void *context;
    /* That the bearer below carries. */
    enum resolver_families families;
};

struct naming_bearer;

/* `now` here and below: ms since 1970, by a clock that may be set. NULL without memory. */
struct naming_bearer *naming_bearer_new(const struct naming_settings *settings, int64_t now);
void naming_bearer_free(struct naming_bearer *naming); /* closes its channels; NULL is fine */
const struct bearer *naming_bearer_bearer(const struct naming_bearer *naming);

/* The configured name servers, in the order in which they are asked; RESOLVER_SERVERS_MAX at most, more are
 * passed over. The one that the bearer below tells comes before them. For names that are asked for from now
 * on. */
void naming_bearer_set_servers(struct naming_bearer *naming, const struct ip_address *servers, size_t count);
void naming_bearer_set_families(struct naming_bearer *naming, enum resolver_families families);

/* Goes on as far as it can. To be called before a channel is opened and before its state is asked for, since
 * those have no clock. A clock that was set back counts as one that went on by seconds, so that nothing is
 * waited for longer than so many turns. */
void naming_bearer_go(struct naming_bearer *naming, int64_t now);
/* When naming_bearer_go has something to do although nothing comes; INT64_MAX: never. */
int64_t naming_bearer_due(const struct naming_bearer *naming);

/* Remembers what naming_bearer_cache gave before a reset, in place of what it remembers now. Other octets: it
 * remembers nothing. */
void naming_bearer_load_cache(struct naming_bearer *naming, struct span octets);
/* Appends what is to be loaded after a reset, if it has changed since this was asked last. False: it has not
 * (or no memory, which stands in `out`). */
bool naming_bearer_cache(struct naming_bearer *naming, struct buf *out);

#endif
