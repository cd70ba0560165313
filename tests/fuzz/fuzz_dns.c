/*
 * Any octets as an answer of a name server to the card, and as what its resolver remembered. Input: one octet
 * (0: an answer to a question for IPv4 addresses, 1: for IPv6, 2: a cache), then that.
 */
#include "euicc/network/resolver_cache.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define NAME "eim.example"
#define ID   0x1234
#define NOW  50000 /* ms; caches of the corpus end in its neighbourhood */

static void check_answer(struct span message, enum dns_type type)
{
    struct dns_answer answer;
    enum dns_result result = dns_read_answer(message, ID, NAME, type, &answer);
    bool empty = result == DNS_NO_NAME || result == DNS_NO_DATA;

    fuzz_check((result == DNS_FOUND) == (answer.count > 0));
    fuzz_check(answer.count <= DNS_ADDRESSES_MAX && answer.ttl <= INT32_MAX);
    fuzz_check(result == DNS_FOUND || empty || answer.ttl == 0);
    for (size_t i = 0; i < answer.count; i++)
        fuzz_check(answer.addresses[i].size == (type == DNS_A ? IPV4_SIZE : IPV6_SIZE));
    fuzz_trace(span_of_string(dns_result_text(result)));
    fuzz_trace(SPAN(answer.addresses, sizeof(answer.addresses)));
}

/* What a resolver makes of the same: done by what is an answer, unmoved by what is none. */
static void check_resolver(struct span message, enum dns_type type)
{
    struct resolver_settings settings = {.server_count = 1,
                                         .families = type == DNS_A ? RESOLVER_IPV4 : RESOLVER_IPV6};
    static struct resolver resolver;
    static struct resolver_cache cache;
    struct ip_address server;
    struct resolved resolved;
    struct dns_answer answer;
    struct buf question = {0};

    fuzz_check(host_address("192.0.2.53", &settings.servers[0]));
    resolver_begin(&resolver, NAME, &settings, ID, NOW);
    fuzz_check(resolver_send(&resolver, NOW, &question, &server));
    resolver_receive(&resolver, &server, message, NOW);
    fuzz_check(resolver_is_done(&resolver, &resolved) ==
               (dns_read_answer(message, ID, NAME, type, &answer) != DNS_FOREIGN));
    if (resolver_is_done(&resolver, &resolved)) {
        fuzz_check((resolved.count > 0) == (resolved.why == NULL));
        memset(&cache, 0, sizeof(cache));
        resolver_cache_put(&cache, NAME, settings.families, NOW, &resolved);
        fuzz_check(resolver_cache_find(&cache, NAME, settings.families, NOW, &resolved) ==
                   (resolved.count > 0 || resolved.final));
    }
    buf_free(&question);
}

/* A cache has one form: what is read is written so. */
static void check_cache(struct span octets)
{
    static struct resolver_cache cache;
    struct buf again = {0};
    bool is_one = resolver_cache_read(octets, &cache);

    resolver_cache_write(&cache, &again);
    fuzz_check(!again.failed);
    fuzz_check(is_one ? span_equal(buf_span(&again), octets) : again.size == 2);
    for (size_t i = 0; i < RESOLVER_CACHE_MAX; i++) {
        const struct resolver_entry *entry = &cache.entries[i];
        struct resolved resolved;

        fuzz_check(entry->count <= RESOLVER_ADDRESSES_MAX);
        if (resolver_cache_find(&cache, entry->name, entry->families, NOW, &resolved))
            fuzz_check(resolved.count == entry->count && resolved.ttl <= RESOLVER_TTL_MAX);
    }
    fuzz_trace(buf_span(&again));
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    enum dns_type type = DNS_A;

    switch (fuzz_octet(&in) % 3) {
    case 2:
        check_cache(in);
        return 0;
    case 1:
        type = DNS_AAAA;
        break;
    default:
        break;
    }
    check_answer(in, type);
    check_resolver(in, type);
    return 0;
}
