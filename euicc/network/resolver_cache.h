/*
 * The addresses that names were found to have, for as long as the DNS lets one remember them: a plain value
 * that goes into octets and back, so that a card keeps it over a reset. Its clock must go on over resets too:
 * time since 1970.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_RESOLVER_CACHE_H
#define SOFTEUICC_EUICC_NETWORK_RESOLVER_CACHE_H

#include "euicc/network/resolver.h"

#define RESOLVER_CACHE_MAX   16             /* names; for another the one that ends first is forgotten */
#define RESOLVER_TTL_MIN     30             /* seconds that are remembered however little the DNS says */
#define RESOLVER_TTL_MAX     (24 * 60 * 60) /* and at most */
#define RESOLVER_TTL_NOTHING 60             /* at most, where there is no address or no name */

struct resolver_entry {
    char name[HOST_NAME_MAX + 1];    /* in lower case, without a dot at the end; empty: a free place */
    enum resolver_families families; /* that were asked for */
    struct ip_address addresses[RESOLVER_ADDRESSES_MAX];
    size_t count; /* 0: there is none */
    int64_t ends; /* ms */
};

/* All-zero is an empty one. */
struct resolver_cache {
    struct resolver_entry entries[RESOLVER_CACHE_MAX];
};

/* Finds what is remembered of a name and does not end before `now`. *resolved is as it was found, its ttl
 * what is left of it. An entry that ends later than anything can was written under another time, and is not
 * found. */
bool resolver_cache_find(const struct resolver_cache *cache, const char *name,
                         enum resolver_families families, int64_t now, struct resolved *resolved);

/* Remembers what came of a name: addresses, or that there are none. Passed over when it is no name or
 * `resolved` is a failure. */
void resolver_cache_put(struct resolver_cache *cache, const char *name, enum resolver_families families,
                        int64_t now, const struct resolved *resolved);

/* Remembers nothing of a name any more: its addresses lead nowhere. */
void resolver_cache_forget(struct resolver_cache *cache, const char *name, enum resolver_families families);

/* Appends the cache as one DER object. */
void resolver_cache_write(const struct resolver_cache *cache, struct buf *out);

/* Reads what resolver_cache_write wrote. Anything else: an empty cache, and false. */
bool resolver_cache_read(struct span octets, struct resolver_cache *cache);

#endif
