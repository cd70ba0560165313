/* A server as whoever talks to it keeps it: with a copy of all that it is trusted by. */
#ifndef SOFTEUICC_EUICC_NETWORK_SERVER_COPY_H
#define SOFTEUICC_EUICC_NETWORK_SERVER_COPY_H

#include "euicc/network/connection.h"

#define SERVER_TRUSTED_MAX 16 /* values of a trust */

/* All-zero: none. Not to be moved. */
struct server_copy {
    struct connection_server server;
    struct span values[SERVER_TRUSTED_MAX];
    struct buf octets[SERVER_TRUSTED_MAX];
};

/* Copies, in place of what was there. False without memory, or with more values than there is room for. */
bool server_copy_take(struct server_copy *copy, const struct connection_server *server);
/* Whether it is the same server, trusted by the same. */
bool server_copy_is(const struct server_copy *copy, const struct connection_server *server);
void server_copy_free(struct server_copy *copy);

#endif
