/*
 * What carries octets between the card and a network: channels to an address and port, as a terminal opens
 * them (BIP, ETSI TS 102 223 6.4.27 to 6.4.31) or the host that runs the card. Nothing waits: a channel is
 * asked how it stands, and what has come is taken.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_BEARER_H
#define SOFTEUICC_EUICC_NETWORK_BEARER_H

#include "euicc/network/host.h"

enum bearer_transport { BEARER_TCP, BEARER_UDP };

enum bearer_state {
    BEARER_OPENING,
    BEARER_OPEN,
    BEARER_ENDED, /* by the other end, by the network, or it could not be opened; what came can be taken */
};

#define BEARER_NO_CHANNEL 0
#define BEARER_PIECE_MAX  16384 /* octets of a stream that are received at once */

/* What has gone over a bearer since it was made. A channel's time is from its opening on, whatever comes of
 * that, until it is closed. */
struct bearer_figures {
    uint64_t sent, received; /* octets, inside TCP and UDP */
    uint64_t channels;       /* that were opened */
    uint64_t channel_ms;     /* of all channels, added up; until bip_bearer_tick, host_bearer_tick */
};

#define BEARER_SERVERS_LATER SIZE_MAX /* see `servers` */

struct bearer {
    void *context;
    /* Finds the addresses of names by itself; else `open` is given literal addresses only. */
    bool takes_names;
    /* Answers may take ten seconds and more, as over NB-IoT: nothing is sent again before. */
    bool is_slow;
    /* Begins to open a channel; BEARER_NO_CHANNEL: there is none. */
    unsigned (*open)(void *context, enum bearer_transport transport, const char *host, uint16_t port);
    /* `why`, one line, is set for BEARER_ENDED; it lives until the channel is closed. */
    enum bearer_state (*state)(void *context, unsigned channel, const char **why);
    /* Octets of a stream, or one datagram. False: without memory, or the channel is not open. */
    bool (*send)(void *context, unsigned channel, struct span octets);
    /* Appends a piece of the stream that came, BEARER_PIECE_MAX octets at most, or one datagram. False: there
     * is nothing. */
    bool (*receive)(void *context, unsigned channel, struct buf *out);
    void (*close)(void *context, unsigned channel);
    /* Octets that a datagram may have on this channel, which is open. NULL: as many as anybody sends. */
    size_t (*datagram_max)(void *context, unsigned channel);
    /* NULL: the network tells nothing. Else writes the name servers that it has told, `max` at most, and
     * returns how many; BEARER_SERVERS_LATER: it tells them when a channel is opened, and none was yet (a
     * terminal in its response to OPEN CHANNEL, ETSI TS 102 223 8.12). */
    size_t (*servers)(void *context, struct ip_address *servers, size_t max);
};

#endif
