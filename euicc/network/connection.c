/* A channel with TLS or DTLS over it: see connection.h. */
#include "euicc/network/connection.h"

#include "crypto/printable.h"
#include "euicc/network/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_PATIENCE   60000 /* ms until a channel is open and the handshake done: NB-IoT takes its time */
#define SLOW_FIRST_WAIT 9000  /* ms before a flight of DTLS is sent again, as RFC 7925 11 has it */
#define PORT_DIGITS     5
#define WHY_MAX         200

struct connection {
    const struct bearer *bearer;
    const struct tls_client_context *context;
    struct connection_server server;
    bool is_datagram;
    struct buf session;
    int64_t date, begun;
    unsigned channel;
    struct tls_client *tls; /* NULL: the channel is not open yet */
    struct buf piece;       /* on its way */
    bool hung_up, has_ended;
    char why[WHY_MAX];
};

/* --- who is meant ------------------------------------------------------------------------------------- */

static bool read_port(const char *text, uint16_t *port)
{
    unsigned long number = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > PORT_DIGITS || text[digits] != '\0')
        return false;
    number = strtoul(text, NULL, 10);
    *port = (uint16_t)number;
    return number > 0 && number <= UINT16_MAX;
}

bool connection_read_server(const char *text, uint16_t default_port, struct connection_server *server)
{
    struct ip_address address;
    bool bracketed = text[0] == '[';
    size_t size = bracketed ? strcspn(++text, "]") : strcspn(text, ":");
    const char *rest = text + size;

    if (bracketed && *rest++ != ']')
        return false;
    if (size == 0 || size > TLS_HOST_MAX)
        return false;
    memcpy(server->host, text, size);
    server->host[size] = '\0';
    server->port = default_port;
    if (*rest != '\0' && (*rest != ':' || !read_port(rest + 1, &server->port)))
        return false;
    if (host_address(server->host, &address))
        return (address.size == IPV6_SIZE) == bracketed;
    return !bracketed && host_is_name(server->host);
}

/* --- its life ----------------------------------------------------------------------------------------- */

static void connection_end(struct connection *connection, const char *why)
{
    connection->has_ended = true;
    snprintf(connection->why, sizeof(connection->why), "%s", why);
    printable_text(connection->why, strlen(connection->why)); /* it may be the host's */
}

struct connection *connection_new(const struct bearer *bearer, const struct tls_client_context *context,
                                  const struct connection_server *server, bool is_datagram,
                                  struct span session, int64_t date, int64_t now)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL)
        return NULL;
    connection->bearer = bearer;
    connection->context = context;
    connection->server = *server;
    connection->is_datagram = is_datagram;
    connection->date = date;
    connection->begun = now;
    buf_append(&connection->session, session);
    connection->channel = bearer->open(bearer->context, is_datagram ? BEARER_UDP : BEARER_TCP,
                                       connection->server.host, connection->server.port);
    if (connection->channel == BEARER_NO_CHANNEL)
        connection_end(connection, "no channel can be opened");
    return connection;
}

void connection_free(struct connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->tls != NULL && !connection->has_ended) {
        tls_client_end(connection->tls);
        buf_clear(&connection->piece);
        while (tls_client_take(connection->tls, &connection->piece)) {
            (void)connection->bearer->send(connection->bearer->context, connection->channel,
                                           buf_span(&connection->piece));
            buf_clear(&connection->piece);
        }
    }
    tls_client_free(connection->tls);
    if (connection->channel != BEARER_NO_CHANNEL)
        connection->bearer->close(connection->bearer->context, connection->channel);
    buf_free(&connection->session);
    buf_free(&connection->piece);
    free(connection);
}

static size_t connection_datagram_max(const struct connection *connection)
{
    const struct bearer *bearer = connection->bearer;
    size_t most = bearer->datagram_max != NULL ? bearer->datagram_max(bearer->context, connection->channel)
                                               : TLS_DATAGRAM_MAX;

    return most < TLS_DATAGRAM_MAX ? most : TLS_DATAGRAM_MAX;
}

static bool begin_tls(struct connection *connection, int64_t now)
{
    const struct tls_client_settings settings = {
        .is_datagram = connection->is_datagram,
        .datagram_max = connection_datagram_max(connection),
        .first_wait = connection->bearer->is_slow ? SLOW_FIRST_WAIT : 0,
        .host = connection->server.host,
        .trust = connection->server.trust,
        .date = connection->date,
        .clock = (uint64_t)now,
        .session = connection->session.size > 0 ? buf_span(&connection->session) : SPAN_NONE};

    connection->tls = tls_client_new(connection->context, &settings);
    buf_free(&connection->session);
    if (connection->tls == NULL)
        connection_end(connection, "out of memory");
    return connection->tls != NULL;
}

/* --- what it does ------------------------------------------------------------------------------------- */

/* What came of the server goes into TLS. */
static bool take_piece(struct connection *connection, int64_t now)
{
    buf_clear(&connection->piece);
    if (!connection->bearer->receive(connection->bearer->context, connection->channel, &connection->piece))
        return false;
    if (connection->piece.failed)
        connection_end(connection, "out of memory");
    else
        tls_client_feed(connection->tls, buf_span(&connection->piece), (uint64_t)now);
    return true;
}

static bool give_piece(struct connection *connection)
{
    buf_clear(&connection->piece);
    if (!tls_client_take(connection->tls, &connection->piece))
        return false;
    if (connection->piece.failed ||
        (!connection->bearer->send(connection->bearer->context, connection->channel,
                                   buf_span(&connection->piece)) &&
         !connection->is_datagram && tls_client_state(connection->tls) != TLS_FAILED))
        connection_end(connection,
                       connection->piece.failed ? "out of memory" : "the channel takes nothing any more");
    return true;
}

static const char *meaning_of_silence(const struct connection *connection)
{
    const char *meaning = connection->tls != NULL ? tls_client_silence(connection->tls) : NULL;

    return meaning != NULL ? meaning : "the server did not answer in time";
}

/* After all that came has gone into TLS. */
static bool see_end(struct connection *connection, enum bearer_state state, const char *why)
{
    switch (tls_client_state(connection->tls)) {
    case TLS_FAILED:
        connection_end(connection, tls_client_why(connection->tls));
        return true;
    case TLS_CLOSED:
        connection_end(connection, "");
        return true;
    default:
        break;
    }
    if (state != BEARER_ENDED)
        return false;
    if (!connection->hung_up) {
        connection->hung_up = true;
        tls_client_hang_up(connection->tls);
        return true;
    }
    connection_end(connection, why);
    return true;
}

bool connection_step(struct connection *connection, int64_t now)
{
    enum bearer_state state;
    const char *why = "";

    if (connection->has_ended)
        return false;
    state = connection->bearer->state(connection->bearer->context, connection->channel, &why);
    if (connection->tls == NULL && state == BEARER_ENDED) {
        connection_end(connection, why);
        return true;
    }
    if (connection_state(connection) == CONNECTION_OPENING && now - connection->begun >= OPEN_PATIENCE) {
        connection_end(connection, meaning_of_silence(connection));
        return true;
    }
    if (state == BEARER_OPENING)
        return false;
    if (connection->tls == NULL)
        return begin_tls(connection, now);
    if (take_piece(connection, now))
        return true;
    tls_client_tick(connection->tls, (uint64_t)now);
    return give_piece(connection) || see_end(connection, state, why);
}

enum connection_state connection_state(const struct connection *connection)
{
    if (connection->has_ended)
        return CONNECTION_ENDED;
    if (connection->tls == NULL || tls_client_state(connection->tls) == TLS_HANDSHAKING)
        return CONNECTION_OPENING;
    return CONNECTION_OPEN;
}

const char *connection_why(const struct connection *connection)
{
    return connection->why;
}

int64_t connection_due(const struct connection *connection)
{
    int64_t due = INT64_MAX;
    uint64_t clock;

    if (connection->has_ended)
        return due;
    if (connection_state(connection) == CONNECTION_OPENING)
        due = connection->begun + OPEN_PATIENCE;
    if (connection->tls != NULL && tls_client_due(connection->tls, &clock) && (int64_t)clock < due)
        due = (int64_t)clock;
    return due;
}

size_t connection_write(struct connection *connection, struct span octets)
{
    return connection->tls != NULL && !connection->has_ended ? tls_client_write(connection->tls, octets) : 0;
}

bool connection_read(struct connection *connection, struct buf *out)
{
    return connection->tls != NULL && tls_client_read(connection->tls, out);
}

bool connection_session(struct connection *connection, struct buf *out)
{
    return connection->tls != NULL && tls_client_session(connection->tls, out);
}

size_t connection_payload_max(const struct connection *connection)
{
    return connection->tls != NULL ? tls_client_payload_max(connection->tls) : 0;
}

bool connection_went_wrong_by_session(const struct connection *connection)
{
    return connection->tls != NULL && tls_client_went_wrong_by_session(connection->tls);
}

bool connection_is_resumed(const struct connection *connection)
{
    return connection->tls != NULL && tls_client_is_resumed(connection->tls);
}
