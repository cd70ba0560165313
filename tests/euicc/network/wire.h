/*
 * A bearer with one channel at a time, behind which a server of HTTPS in memory stands, and what a test lets
 * happen on the way. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_WIRE_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_WIRE_H

#include "euicc/network/connection.h"
#include "tests/euicc/network/https_peer.h"

#define WIRE_NOW (BENCH_NOW * 1000) /* milliseconds: within the certificates' time */

struct wire {
    struct bearer bearer;
    SSL_CTX *server; /* the caller's; NULL: octets are lost */
    struct https_peer peer;
    struct buf incoming; /* for the client */
    bool is_there;       /* the channel */
    /* What the test has happen. */
    bool refuses; /* to open channels */
    bool stays_opening;
    bool takes_nothing; /* of what is sent */
    const char *ended;  /* why the channel is over for the network, once all that came was taken; NULL: not */
    size_t piece;       /* octets that are received at once; 0: all */
    /* What the client did. */
    unsigned opened, closed;
    enum bearer_transport transport;
    char host[TLS_HOST_MAX + 1];
    uint16_t port;
};

void wire_open(struct wire *wire, SSL_CTX *server);
void wire_end(struct wire *wire);

/* What the server wrote comes to the client. */
void wire_flush(struct wire *wire);
/* The server writes, and it comes. */
void wire_answer(struct wire *wire, struct span octets);
/* The server ends TLS in order, or (`why`) the network ends the channel. */
void wire_close(struct wire *wire);
void wire_cut(struct wire *wire, const char *why);

/* A server on the host of tls_bench that is known by its certificate. */
struct connection_server wire_server(const struct bench_identity *identity);

#endif
