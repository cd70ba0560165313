/* What a resolver remembers: see resolver_cache.h. */
#include "euicc/network/resolver_cache.h"

#include "apdu/tlv.h"

#include <string.h>

#define MS 1000

/* As DER has a SEQUENCE of SEQUENCE { UTF8String, ENUMERATED, INTEGER, OCTET STRING … }. */
enum cache_tag {
    CACHE_LIST = 0x30,
    CACHE_ENTRY = 0x30,
    CACHE_NAME = 0x0C,
    CACHE_FAMILIES = 0x0A,
    CACHE_ENDS = 0x02,
    CACHE_ADDRESS = 0x04
};

/* Writes a name as entries have it. False when it is none. */
static bool plain_name(const char *name, char plain[HOST_NAME_MAX + 1])
{
    size_t size;

    if (!host_is_name(name))
        return false;
    size = strlen(name);
    if (name[size - 1] == '.')
        size--;
    for (size_t i = 0; i < size; i++)
        plain[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
    plain[size] = '\0';
    return true;
}

static bool is_alive(const struct resolver_entry *entry, int64_t now)
{
    return entry->name[0] != '\0' && entry->ends > now && entry->ends - now <= (int64_t)RESOLVER_TTL_MAX * MS;
}

static size_t find_entry(const struct resolver_cache *cache, const char *plain,
                         enum resolver_families families)
{
    size_t i = 0;

    while (i < RESOLVER_CACHE_MAX &&
           (cache->entries[i].families != families || strcmp(cache->entries[i].name, plain) != 0))
        i++;
    return i;
}

bool resolver_cache_find(const struct resolver_cache *cache, const char *name,
                         enum resolver_families families, int64_t now, struct resolved *resolved)
{
    char plain[HOST_NAME_MAX + 1];
    const struct resolver_entry *entry;
    size_t i;

    if (!plain_name(name, plain))
        return false;
    i = find_entry(cache, plain, families);
    if (i == RESOLVER_CACHE_MAX || !is_alive(&cache->entries[i], now))
        return false;
    entry = &cache->entries[i];
    *resolved = (struct resolved){.count = entry->count, .ttl = (uint32_t)((entry->ends - now) / MS)};
    memcpy(resolved->addresses, entry->addresses, sizeof(entry->addresses));
    if (entry->count == 0) {
        resolved->final = true;
        resolved->why = "the name had no address a moment ago";
    }
    return true;
}

/* Where a new entry goes: to one that is dead, else in place of the one that ends first. */
static struct resolver_entry *place_for_one(struct resolver_cache *cache, int64_t now)
{
    struct resolver_entry *first = &cache->entries[0];

    for (size_t i = 0; i < RESOLVER_CACHE_MAX; i++) {
        struct resolver_entry *entry = &cache->entries[i];

        if (!is_alive(entry, now))
            return entry;
        if (entry->ends < first->ends)
            first = entry;
    }
    return first;
}

static uint32_t clamped_ttl(const struct resolved *resolved)
{
    uint32_t most = resolved->count > 0 ? RESOLVER_TTL_MAX : RESOLVER_TTL_NOTHING;
    /* Without addresses 0 is a server that does not say. */
    uint32_t ttl = resolved->count == 0 && resolved->ttl == 0 ? most : resolved->ttl;

    if (ttl < RESOLVER_TTL_MIN)
        return RESOLVER_TTL_MIN;
    return ttl < most ? ttl : most;
}

void resolver_cache_put(struct resolver_cache *cache, const char *name, enum resolver_families families,
                        int64_t now, const struct resolved *resolved)
{
    struct resolver_entry entry = {.families = families, .count = resolved->count};
    size_t i;

    if ((resolved->count == 0 && !resolved->final) || !plain_name(name, entry.name))
        return;
    memcpy(entry.addresses, resolved->addresses, resolved->count * sizeof(entry.addresses[0]));
    entry.ends = now + (int64_t)clamped_ttl(resolved) * MS;
    i = find_entry(cache, entry.name, families);
    *(i < RESOLVER_CACHE_MAX ? &cache->entries[i] : place_for_one(cache, now)) = entry;
}

void resolver_cache_forget(struct resolver_cache *cache, const char *name, enum resolver_families families)
{
    char plain[HOST_NAME_MAX + 1];
    size_t i;

    if (!plain_name(name, plain))
        return;
    i = find_entry(cache, plain, families);
    if (i < RESOLVER_CACHE_MAX)
        cache->entries[i] = (struct resolver_entry){.count = 0};
}

void resolver_cache_write(const struct resolver_cache *cache, struct buf *out)
{
    size_t all = tlv_open(out, CACHE_LIST);

    for (size_t i = 0; i < RESOLVER_CACHE_MAX; i++) {
        const struct resolver_entry *entry = &cache->entries[i];
        size_t one;

        if (entry->name[0] == '\0')
            continue;
        one = tlv_open(out, CACHE_ENTRY);
        tlv_put_string(out, CACHE_NAME, entry->name);
        tlv_put_octet(out, CACHE_FAMILIES, (uint8_t)entry->families);
        tlv_put_signed(out, CACHE_ENDS, entry->ends);
        for (size_t j = 0; j < entry->count; j++)
            tlv_put(out, CACHE_ADDRESS, SPAN(entry->addresses[j].octets, entry->addresses[j].size));
        tlv_close(out, one);
    }
    tlv_close(out, all);
}

/* The address's family is one that was asked for. */
static bool read_address(struct span octets, struct resolver_entry *entry)
{
    bool wanted = octets.size == IPV4_SIZE ? entry->families != RESOLVER_IPV6
                                           : octets.size == IPV6_SIZE && entry->families != RESOLVER_IPV4;
    struct ip_address *address = &entry->addresses[entry->count];

    if (!wanted || entry->count == RESOLVER_ADDRESSES_MAX)
        return false;
    memcpy(address->octets, octets.data, octets.size);
    address->size = octets.size;
    entry->count++;
    return true;
}

static bool read_entry_name(struct span text, struct resolver_entry *entry)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(name, text.data, text.size);
    return plain_name(name, entry->name) && strcmp(name, entry->name) == 0;
}

static bool read_cache_entry(struct span octets, struct resolver_entry *entry)
{
    struct tlv_reader reader = tlv_reader(octets);
    struct span name;
    struct span families;
    struct span ends;
    struct span address;

    if (!tlv_require_sized(&reader, CACHE_NAME, 1, HOST_NAME_MAX, &name) || !read_entry_name(name, entry) ||
        !tlv_require_sized(&reader, CACHE_FAMILIES, 1, 1, &families) || families.data[0] > RESOLVER_BOTH ||
        !tlv_require(&reader, CACHE_ENDS, &ends) || !tlv_signed(ends, &entry->ends) || entry->ends < 0)
        return false;
    entry->families = (enum resolver_families)families.data[0];
    while (tlv_optional(&reader, CACHE_ADDRESS, &address))
        if (!read_address(address, entry))
            return false;
    return tlv_finish(&reader);
}

static bool read_entries(struct tlv_reader *reader, struct resolver_cache *cache)
{
    struct span octets;

    for (size_t i = 0; tlv_optional(reader, CACHE_ENTRY, &octets); i++) {
        struct resolver_entry entry = {.count = 0};

        if (i == RESOLVER_CACHE_MAX || !read_cache_entry(octets, &entry) ||
            find_entry(cache, entry.name, entry.families) < RESOLVER_CACHE_MAX)
            return false;
        cache->entries[i] = entry;
    }
    return tlv_finish(reader);
}

bool resolver_cache_read(struct span octets, struct resolver_cache *cache)
{
    struct tlv_reader reader;
    struct span value;

    *cache = (struct resolver_cache){0};
    if (tlv_single(octets, CACHE_LIST, &value) == TLV_OK) {
        reader = tlv_reader(value);
        if (read_entries(&reader, cache))
            return true;
    }
    *cache = (struct resolver_cache){0};
    return false;
}
