/*
 * Sockets of this machine behind a channel: nothing waits. While what happens on one is awaited (a
 * connection, an answer), a virtual clock is held, though not for longer than SOCKET_PATIENCE_MS of real
 * time: a peer that is silent is silent in virtual time too.
 */
#ifndef SOFTEUICC_DEVICE_AIR_SOCKETS_H
#define SOFTEUICC_DEVICE_AIR_SOCKETS_H

#include "common/net/addresses.h"
#include "device/air/air.h"

#define SOCKET_PATIENCE_MS 3000
/* An answer may come in pieces (TLS session tickets before it, for one), with the server's work between them:
 * so long, in real time, after one of them the next is still awaited, or as long as it is since the answer
 * was expected, if that is more. Who has it whole sends or closes. */
#define SOCKET_LINGER_MS 300
/* What may be answered, but need not, has so long for it. */
#define SOCKET_GLANCE_MS 10
/* What was sent before a close has so long, in real time, to be taken by the peer. */
#define SOCKET_DRAIN_MS 2000

struct air_socket;

/* Out of the event loop; the socket may be closed inside. */
struct air_socket_events {
    void *context;
    void (*connected)(void *context);
    void (*received)(void *context, struct span octets);
    void (*ended)(void *context, const char *why); /* no more events; one line */
};

/* The sockets of one network. */
struct air_sockets {
    struct event_base *base;
    struct device_clock *clock;
    struct air_socket *first;
};

/* Ends all, those too that are closed and still deliver. */
void air_sockets_drop(struct air_sockets *sockets);

/* What cannot be connected is told by `ended`. NULL without memory. */
struct air_socket *air_socket_open(struct air_sockets *sockets, enum air_transport transport,
                                   const struct address *peer, const struct air_socket_events *events);
/* At most `size` octets of a stream are received at once. */
void air_socket_limit(struct air_socket *socket, size_t size);
/* A stream keeps what the peer does not take yet; false: it is broken, as `ended` says. */
bool air_socket_send(struct air_socket *socket, struct span octets);
/* An answer is awaited from now on; or only more of one; or one is possible; or nothing is awaited. */
void air_socket_expect(struct air_socket *socket);
void air_socket_linger(struct air_socket *socket);
void air_socket_glance(struct air_socket *socket);
void air_socket_relax(struct air_socket *socket);
/* Whoever receives has no room, or has again. */
void air_socket_pause(struct air_socket *socket, bool is_paused);
/* A stream still delivers what was sent. NULL is fine. */
void air_socket_close(struct air_socket *socket);
/* Nothing more. NULL is fine. */
void air_socket_drop(struct air_socket *socket);

#endif
