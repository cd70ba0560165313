/*
 * A connection to one server: a channel of a bearer with TLS or DTLS over it. It moves octets between the two
 * and knows nothing of what is said over it.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_CONNECTION_H
#define SOFTEUICC_EUICC_NETWORK_CONNECTION_H

#include "euicc/network/bearer.h"
#include "euicc/network/tls.h"

/* The server of a connection. Everything is copied but the trust's values, which live as long as it. */
struct connection_server {
    char host[TLS_HOST_MAX + 1]; /* a name, or an address without brackets */
    uint16_t port;
    struct tls_client_trust trust;
};

/*
 * Reads "host", "host:port" or "[address]:port", as eimFqdn and the addresses of SM-DP+ have it. False: it is
 * none.
 */
bool connection_read_server(const char *text, uint16_t default_port, struct connection_server *server);

enum connection_state { CONNECTION_OPENING, CONNECTION_OPEN, CONNECTION_ENDED };

struct connection;

/* Begins. `session` as of connection_session, or SPAN_NONE; `date` as in struct tls_client_settings. NULL
 * without memory. */
struct connection *connection_new(const struct bearer *bearer, const struct tls_client_context *context,
                                  const struct connection_server *server, bool is_datagram,
                                  struct span session, int64_t date, int64_t now);
/* Ends it in order, as far as that is possible at once, and closes the channel. NULL is fine. */
void connection_free(struct connection *connection);

/* Does one thing that can be done now: true, and there may be more. Read between two steps. */
bool connection_step(struct connection *connection, int64_t now);
enum connection_state connection_state(const struct connection *connection);
/* Of one that has ended: one line, harmless to print; "" when the server closed it in order. */
const char *connection_why(const struct connection *connection);
/* When there is something to do although nothing comes; INT64_MAX: never. */
int64_t connection_due(const struct connection *connection);

/* As tls_client_write, tls_client_read, tls_client_session and tls_client_payload_max. */
size_t connection_write(struct connection *connection, struct span octets);
bool connection_read(struct connection *connection, struct buf *out);
bool connection_session(struct connection *connection, struct buf *out);
size_t connection_payload_max(const struct connection *connection);
/* As tls_client_went_wrong_by_session. */
bool connection_went_wrong_by_session(const struct connection *connection);
bool connection_is_resumed(const struct connection *connection);

#endif
