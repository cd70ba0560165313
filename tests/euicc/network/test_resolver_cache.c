/* euicc/network/resolver_cache.c: what is remembered, for how long, and what is read back. */
#include "euicc/network/resolver_cache.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1700000000000)

static struct resolver_cache cache;

static struct resolved found(uint32_t ttl)
{
    struct resolved resolved = {.count = 2, .ttl = ttl};

    ck_assert(host_address("192.0.2.1", &resolved.addresses[0]));
    ck_assert(host_address("2001:db8::1", &resolved.addresses[1]));
    return resolved;
}

static struct resolved nothing(uint32_t ttl)
{
    return (struct resolved){.why = "there is no such name", .final = true, .ttl = ttl};
}

static void put(const char *name, int64_t at, struct resolved resolved)
{
    resolver_cache_put(&cache, name, RESOLVER_BOTH, at, &resolved);
}

static bool has(const char *name, int64_t at)
{
    struct resolved resolved;

    return resolver_cache_find(&cache, name, RESOLVER_BOTH, at, &resolved);
}

START_TEST(remembers_addresses)
{
    struct resolved resolved = found(0);

    cache = (struct resolver_cache){0};
    ck_assert(!has("a.example", NOW));
    put("A.example.", NOW, found(100));
    ck_assert(resolver_cache_find(&cache, "a.EXAMPLE", RESOLVER_BOTH, NOW + 1000, &resolved));
    ck_assert_uint_eq(resolved.count, 2);
    ck_assert(host_same_address(&resolved.addresses[0], &found(1).addresses[0]));
    ck_assert(host_same_address(&resolved.addresses[1], &found(1).addresses[1]));
    ck_assert_uint_eq(resolved.ttl, 99);
    ck_assert_ptr_null(resolved.why);
    ck_assert(!resolver_cache_find(&cache, "a.example", RESOLVER_IPV4, NOW, &resolved));
    ck_assert(!has("b.example", NOW));
    ck_assert(!has("", NOW));
    ck_assert(!has("192.0.2.1", NOW));
    /* Another time it is another. */
    put("a.example", NOW, nothing(0));
    ck_assert(resolver_cache_find(&cache, "a.example", RESOLVER_BOTH, NOW, &resolved));
    ck_assert_uint_eq(resolved.count, 0);
    ck_assert(resolved.final);
    ck_assert_ptr_nonnull(resolved.why);
}
END_TEST

START_TEST(for_how_long)
{
    static const struct {
        bool is_there;
        uint32_t ttl;
        int64_t seconds;
    } cases[] = {{true, 0, 30},        {true, 29, 30},         {true, 31, 31},
                 {true, 86400, 86400}, {true, 86401, 86400},   {true, UINT32_MAX, 86400},
                 {false, 0, 60},       {false, 1, 30},         {false, 45, 45},
                 {false, 61, 60},      {false, UINT32_MAX, 60}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t end = NOW + cases[i].seconds * 1000;

        cache = (struct resolver_cache){0};
        put("a.example", NOW, cases[i].is_there ? found(cases[i].ttl) : nothing(cases[i].ttl));
        ck_assert(has("a.example", NOW));
        ck_assert(has("a.example", end - 1));
        ck_assert(!has("a.example", end));
    }
    /* The clock was set back by more than a day. */
    put("a.example", NOW, found(86400));
    ck_assert(has("a.example", NOW));
    ck_assert(!has("a.example", NOW - 1));
    ck_assert(!has("a.example", 0));
}
END_TEST

START_TEST(failures_are_not_remembered)
{
    cache = (struct resolver_cache){0};
    put("a.example", NOW, (struct resolved){.why = "no name server answered"});
    ck_assert(!has("a.example", NOW));
    put("not a name", NOW, found(100));
    put("2001:db8::1", NOW, found(100));
    ck_assert_uint_eq(cache.entries[0].name[0], '\0');
}
END_TEST

START_TEST(makes_place)
{
    char name[32];

    cache = (struct resolver_cache){0};
    for (unsigned i = 0; i < RESOLVER_CACHE_MAX; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        put(name, NOW, found(1000 + (i + 5) % RESOLVER_CACHE_MAX));
    }
    for (unsigned i = 0; i < RESOLVER_CACHE_MAX; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        ck_assert(has(name, NOW));
    }
    put("new.example", NOW, found(5000));
    ck_assert(has("new.example", NOW));
    ck_assert(!has("n11.example", NOW)); /* the one that ended first */
    ck_assert(has("n12.example", NOW));
    /* A dead one goes before one that ends soon. */
    put("newer.example", NOW + 1001000, found(30));
    put("newest.example", NOW + 1001000, found(5000));
    ck_assert(has("newer.example", NOW + 1001000));
    ck_assert(has("n14.example", NOW + 1001000));
}
END_TEST

/* What is written of it: there are octets in a structure that nobody writes. */
static struct span written(const struct resolver_cache *of)
{
    struct buf *octets = test_buf();

    resolver_cache_write(of, octets);
    ck_assert(!octets->failed);
    return buf_span(octets);
}

static void fill(void)
{
    struct resolved one = nothing(50);

    cache = (struct resolver_cache){0};
    put("a.example", NOW, found(100));
    put("b.example", NOW, nothing(50));
    resolver_cache_put(&cache, "a.example", RESOLVER_IPV4, NOW, &one);
}

START_TEST(is_written_and_read)
{
    static struct resolver_cache again;

    fill();
    ck_assert(resolver_cache_read(written(&cache), &again));
    ck_assert_span(written(&again), written(&cache));
    cache = again;
    ck_assert(has("a.example", NOW) && has("b.example", NOW) && !has("c.example", NOW));
    cache = (struct resolver_cache){0};
    ck_assert_hex(written(&cache), "3000");
    ck_assert(resolver_cache_read(hex("3000"), &again));
    ck_assert_hex(written(&again), "3000");
}
END_TEST

START_TEST(a_full_one_is_written_and_read)
{
    static struct resolver_cache again;

    cache = (struct resolver_cache){0};
    for (unsigned i = 0; i < RESOLVER_CACHE_MAX; i++) {
        struct resolved all = {.count = RESOLVER_ADDRESSES_MAX, .ttl = 100};
        char name[HOST_NAME_MAX + 1];

        for (size_t j = 0; j < RESOLVER_ADDRESSES_MAX; j++)
            all.addresses[j] = found(1).addresses[j % 2];
        memset(name, 'a' + (int)i, sizeof(name));
        name[63] = name[127] = name[191] = '.';
        name[HOST_NAME_MAX] = '\0';
        put(name, NOW, all);
    }
    ck_assert(resolver_cache_read(written(&cache), &again));
    ck_assert_span(written(&again), written(&cache));
}
END_TEST

static void expect_refused(struct span octets)
{
    static struct resolver_cache read;
    uint8_t *copy = malloc(octets.size > 0 ? octets.size : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, octets.data, octets.size);
    fill();
    read = cache;
    ck_assert(!resolver_cache_read(SPAN(copy, octets.size), &read));
    ck_assert_hex(written(&read), "3000");
    free(copy);
}

START_TEST(anything_else_is_an_empty_one)
{
    static const char *const bad[] = {
        "",
        "3000 00",
        "3100",
        "3002 0500",
        "3002 3000",
        "300C 300A 0C0161 0A0100 020101",                           /* longer than it is */
        "300D 300B 0C0161 0A0100 020101 0500",                      /* another object behind */
        "300A 3008 0C00 0A0100 020101",                             /* no name */
        "300B 3009 0C0141 0A0100 020101",                           /* in other letters */
        "300C 300A 0C02612E 0A0100 020101",                         /* with its dot */
        "300C 300A 0C026100 0A0100 020101",                         /* with its end */
        "300B 3009 0C0120 0A0100 020101",                           /* none */
        "300B 3009 0C0161 0A0103 020101",                           /* other families */
        "300B 3009 0C0161 0A0100 0201FF",                           /* before 1970 */
        "300A 3008 0C0161 0A0100 0200",                             /* no number */
        "3011 300F 0C0161 0A0101 020101 0404C0000201",              /* not of the family */
        "3010 300E 0C0161 0A0100 020101 0403C00002",                /* no address */
        "3016 3009 0C0161 0A0100 020101 3009 0C0161 0A0100 020102", /* twice */
    };

    struct span octets;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_refused(hex(bad[i]));
    /* The same that is none of these. */
    ck_assert(resolver_cache_read(hex("300B 3009 0C0161 0A0100 020101"), &cache));
    ck_assert_str_eq(cache.entries[0].name, "a");
    fill();
    octets = written(&cache);
    for (size_t size = 0; size < octets.size; size++)
        expect_refused(SPAN(octets.data, size));
}
END_TEST

/* An address or an entry more than there is room for. */
START_TEST(no_more_than_there_is_room_for)
{
    for (unsigned extra = 0; extra < 2; extra++) {
        struct buf *addresses = test_buf();
        struct buf *entries = test_buf();

        ck_assert(buf_append_hex(addresses, "3069 3067 0C0161 0A0100 020101", NULL));
        for (unsigned i = 0; i < RESOLVER_ADDRESSES_MAX + extra; i++)
            ck_assert(buf_append_hex(addresses, "0404C0000201", NULL));
        addresses->data[1] = (uint8_t)(addresses->size - 2);
        addresses->data[3] = (uint8_t)(addresses->size - 4);
        ck_assert(buf_append_hex(entries, "3081 00", NULL));
        for (unsigned i = 0; i < RESOLVER_CACHE_MAX + extra; i++) {
            ck_assert(buf_append_hex(entries, "3009 0C0161 0A0100 020101", NULL));
            entries->data[entries->size - 7] = (uint8_t)('a' + i);
        }
        entries->data[2] = (uint8_t)(entries->size - 3);
        if (extra == 0) {
            ck_assert(resolver_cache_read(buf_span(addresses), &cache));
            ck_assert(resolver_cache_read(buf_span(entries), &cache));
        } else {
            expect_refused(buf_span(addresses));
            expect_refused(buf_span(entries));
        }
    }
}
END_TEST

START_TEST(forgets)
{
    cache = (struct resolver_cache){0};
    put("a.example", NOW, found(100));
    put("b.example", NOW, found(100));
    resolver_cache_forget(&cache, "a.example", RESOLVER_IPV4);
    resolver_cache_forget(&cache, "c.example", RESOLVER_BOTH);
    resolver_cache_forget(&cache, "not a name", RESOLVER_BOTH);
    ck_assert(has("a.example", NOW) && has("b.example", NOW));
    resolver_cache_forget(&cache, "A.example.", RESOLVER_BOTH);
    ck_assert(!has("a.example", NOW) && has("b.example", NOW));
}
END_TEST

TEST_MAIN("resolver_cache", remembers_addresses, forgets, for_how_long, failures_are_not_remembered,
          makes_place, is_written_and_read, a_full_one_is_written_and_read, anything_else_is_an_empty_one,
          no_more_than_there_is_room_for)
