/*
 * A card with an IPAe on a network in memory, and the eIM at its other end: OpenSSL on P-256, and the octets
 * that `softeuicc eim` answers when it has no package. What is the card's is told from what is the server's:
 * octets, processor time and memory.
 */
#ifndef SOFTEUICC_TESTS_BENCH_IPAE_WORLD_H
#define SOFTEUICC_TESTS_BENCH_IPAE_WORLD_H

#include "euicc/ipae/carrier.h"
#include "tests/euicc/network/tls_bench.h"
#include "tests/support/package.h"

#define WORLD_FLIGHT_MAX 8192 /* octets */

/* How the server goes on with sessions. */
enum world_sessions {
    WORLD_IDS_12,     /* TLS 1.2, and it keeps them */
    WORLD_TICKETS_12, /* TLS 1.2, and the card keeps them */
    WORLD_IDS_13,     /* TLS 1.3, likewise */
    WORLD_TICKETS_13,
    WORLD_NONE_12, /* every handshake is a full one */
    WORLD_NONE_13,
};

/* What the bearer carried. */
struct world_traffic {
    size_t sent, received; /* octets, of the card and for it */
    unsigned sends, receipts;
};

struct world {
    struct test_ci ci;
    struct test_eim eim;
    struct bench_identity identity; /* of the eIM's server */
    struct softeuicc *card;
    struct ipae_carrier carrier; /* instead of the network, when a benchmark lends it */
    int64_t now;                 /* milliseconds since 1970 */
    SSL_CTX *server_context;
    SSL *server; /* NULL: there is no channel */
    bool is_opening, is_closed;
    bool weighs; /* memory is looked at, which takes time */
    /* Octets of the whole card as it was opened, and what of it came with its IPAe. */
    double card_memory, ipae_memory;
    uint8_t flight[WORLD_FLIGHT_MAX]; /* on its way to the server */
    size_t flight_size;
    uint8_t request[WORLD_FLIGHT_MAX]; /* as far as it came */
    size_t request_size;
    /* Since world_count. */
    struct world_traffic traffic;
    unsigned answered, resumed; /* requests, handshakes */
    double card_seconds;        /* of the processor, inside the card's calls */
    double memory, memory_peak; /* octets that these calls have added; the most there was after one */
};

/* The settings of a server with this certificate. The caller frees them. */
SSL_CTX *world_server(const struct bench_identity *identity, enum world_sessions sessions);

/* A card that was just powered on, whose terminal sends nothing. */
void world_open(struct world *world, enum world_sessions sessions);
/* The same without any network: the eIM's answer is there at once. */
void world_open_without_tls(struct world *world);
void world_close(struct world *world);

/* Counts from here on. */
void world_count(struct world *world);
/* One poll, of which something must come. */
void world_poll(struct world *world);

/* Octets that this process has allocated. */
double world_allocated(void);

#endif
