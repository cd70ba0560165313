/* A bearer to a server in memory. See wire.h. */
#include "tests/euicc/network/wire.h"

#include <stdio.h>

#define CHANNEL 5

static unsigned wire_begin(void *context, enum bearer_transport transport, const char *host, uint16_t port)
{
    struct wire *wire = context;

    ck_assert(!wire->is_there);
    wire->opened++;
    wire->transport = transport;
    wire->port = port;
    snprintf(wire->host, sizeof(wire->host), "%s", host);
    if (wire->refuses)
        return BEARER_NO_CHANNEL;
    wire->is_there = true;
    wire->ended = NULL;
    buf_clear(&wire->incoming);
    if (wire->server != NULL)
        https_peer_begin(&wire->peer, wire->server);
    return CHANNEL;
}

static enum bearer_state wire_state(void *context, unsigned channel, const char **why)
{
    struct wire *wire = context;

    ck_assert(wire->is_there && channel == CHANNEL);
    if (wire->ended != NULL)
        *why = wire->ended;
    if (wire->ended != NULL)
        return BEARER_ENDED;
    return wire->stays_opening ? BEARER_OPENING : BEARER_OPEN;
}

static bool wire_send(void *context, unsigned channel, struct span octets)
{
    struct wire *wire = context;

    ck_assert(wire->is_there && channel == CHANNEL && octets.size > 0);
    if (wire->takes_nothing || wire->ended != NULL)
        return false;
    if (wire->peer.ssl != NULL) {
        https_peer_feed(&wire->peer, octets);
        wire_flush(wire);
    }
    return true;
}

static bool wire_receive(void *context, unsigned channel, struct buf *out)
{
    struct wire *wire = context;
    size_t most = wire->piece != 0 ? wire->piece : BEARER_PIECE_MAX;
    size_t size = most < wire->incoming.size ? most : wire->incoming.size;
    struct buf rest = {0};

    ck_assert(wire->is_there && channel == CHANNEL);
    if (size == 0)
        return false;
    buf_append(out, SPAN(wire->incoming.data, size));
    buf_append(&rest, SPAN(wire->incoming.data + size, wire->incoming.size - size));
    buf_free(&wire->incoming);
    wire->incoming = rest;
    return true;
}

static void wire_done(void *context, unsigned channel)
{
    struct wire *wire = context;

    ck_assert(wire->is_there && channel == CHANNEL);
    wire->is_there = false;
    wire->closed++;
}

void wire_open(struct wire *wire, SSL_CTX *server)
{
    *wire = (struct wire){.server = server};
    wire->bearer = (struct bearer){.context = wire,
                                   .takes_names = true,
                                   .open = wire_begin,
                                   .state = wire_state,
                                   .send = wire_send,
                                   .receive = wire_receive,
                                   .close = wire_done};
}

void wire_end(struct wire *wire)
{
    ck_assert(!wire->is_there);
    https_peer_end(&wire->peer);
    buf_free(&wire->incoming);
    SSL_CTX_free(wire->server);
}

void wire_flush(struct wire *wire)
{
    https_peer_take(&wire->peer, &wire->incoming);
}

void wire_answer(struct wire *wire, struct span octets)
{
    https_peer_write(&wire->peer, octets);
    wire_flush(wire);
}

void wire_close(struct wire *wire)
{
    https_peer_close(&wire->peer);
    wire_flush(wire);
}

void wire_cut(struct wire *wire, const char *why)
{
    wire->ended = why;
}

struct connection_server wire_server(const struct bench_identity *identity)
{
    return (struct connection_server){BENCH_HOST, 443, {TLS_TRUST_CERTIFICATE, &identity->der, 1}};
}
