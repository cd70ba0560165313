/* One POST at a time over DTLS: see coaps_exchange.h. */
#include "euicc/network/coaps_exchange.h"

#include "euicc/network/coap_exchange.h"
#include "euicc/network/server_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SZX    6  /* 1024 octets */
#define MESSAGE_ROOM 64 /* octets that a message has besides its block: header, token, path, blocks */
/* ms: a server that has restarted knows nothing of the association, and is silent. */
#define KEPT_PATIENCE      10000
#define KEPT_PATIENCE_SLOW 30000
#define ANSWER_PATIENCE    120000 /* ms without a datagram */
#define ALL_PATIENCE       900000 /* ms for all of a post: the longest answer at 10 kbit/s */
#define WHY_MAX            240
#define CODE_CREATED       0x40 /* 2.00: successes begin here, and end before 3.00 */
#define CODE_SUCCESSES     0x60

const bool coaps_is_built = true;

struct coaps_client {
    const struct bearer *bearer;
    const struct tls_client_context *tls;
    struct connection *connection; /* NULL: none */
    struct server_copy server;
    /* The post under way, or that was last. */
    enum coaps_state state;
    struct buf path, body;
    struct coap_request request;
    struct coap_exchange *exchange; /* NULL: it waits for the association */
    bool is_first;                  /* over this association */
    struct buf session;             /* for one that has to be made anew */
    int64_t date, begun;
    int64_t heard; /* when the last datagram came, or the request went out */
    bool was_refused;
    char why[WHY_MAX];
};

struct coaps_client *coaps_client_new(const struct bearer *bearer, const struct tls_client_context *tls)
{
    struct coaps_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->bearer = bearer;
    client->tls = tls;
    client->state = COAPS_FAILED;
    return client;
}

void coaps_client_free(struct coaps_client *client)
{
    if (client == NULL)
        return;
    coap_exchange_free(client->exchange);
    connection_free(client->connection);
    server_copy_free(&client->server);
    buf_free(&client->path);
    buf_free(&client->body);
    buf_free(&client->session);
    free(client);
}

/* --- beginning ---------------------------------------------------------------------------------------- */

static bool copy_request(struct coaps_client *client, const struct coaps_request *request)
{
    buf_clear(&client->path);
    buf_clear(&client->body);
    buf_append(&client->path, SPAN((const uint8_t *)request->path, strlen(request->path) + 1));
    buf_append(&client->body, request->body);
    if (client->path.failed || client->body.failed)
        return false;
    client->request = (struct coap_request){.path = (const char *)client->path.data,
                                            .content_format = -1,
                                            .payload = buf_span(&client->body),
                                            .szx = BLOCK_SZX,
                                            .is_slow = client->bearer->is_slow,
                                            .answer_max = request->answer_max,
                                            .message_id = (uint16_t)request->random,
                                            .token = (uint16_t)(request->random >> 16),
                                            .jitter = (uint16_t)(request->random >> 32)};
    return true;
}

static bool associate(struct coaps_client *client, int64_t now)
{
    coap_exchange_free(client->exchange);
    client->exchange = NULL;
    connection_free(client->connection);
    client->connection = connection_new(client->bearer, client->tls, &client->server.server, true,
                                        buf_span(&client->session), client->date, now);
    client->is_first = true;
    client->heard = now;
    return client->connection != NULL;
}

bool coaps_client_post(struct coaps_client *client, const struct connection_server *server,
                       const struct coaps_request *request, struct span session, int64_t date, int64_t now)
{
    bool kept = client->connection != NULL && client->state == COAPS_ANSWERED &&
                server_copy_is(&client->server, server);

    client->state = COAPS_FAILED;
    client->why[0] = '\0';
    client->was_refused = false;
    client->date = date;
    coap_exchange_free(client->exchange);
    client->exchange = NULL;
    buf_clear(&client->session);
    buf_append(&client->session, session);
    if (client->session.failed || !copy_request(client, request) ||
        (!kept && (!server_copy_take(&client->server, server) || !associate(client, now))))
        return false;
    client->is_first = !kept;
    client->begun = client->heard = now;
    client->state = COAPS_RUNNING;
    return true;
}

/* --- going on ----------------------------------------------------------------------------------------- */

static void coaps_fail(struct coaps_client *client, const char *why)
{
    snprintf(client->why, sizeof(client->why), "%s", why);
    client->state = COAPS_FAILED;
    connection_free(client->connection);
    client->connection = NULL;
}

/* True: it goes on over a new association, since the kept one turned out to be none any more, or the server
 * takes no session. */
static bool coaps_again(struct coaps_client *client, int64_t now)
{
    bool has_bad_session = connection_went_wrong_by_session(client->connection);

    if (has_bad_session)
        buf_clear(&client->session);
    return (has_bad_session || !client->is_first) && associate(client, now);
}

/* Datagrams from the association into the exchange, and the other way. True: something moved. */
static bool pass_datagrams(struct coaps_client *client, int64_t now)
{
    struct buf datagram = {0};
    struct span out;
    bool moved = false;

    while (connection_read(client->connection, &datagram)) {
        client->heard = now;
        client->is_first = true; /* somebody is there */
        coap_exchange_receive(client->exchange, buf_span(&datagram), now);
        buf_clear(&datagram);
        moved = true;
    }
    buf_free(&datagram);
    coap_exchange_tick(client->exchange, now);
    while (coap_exchange_next(client->exchange, &out)) {
        (void)connection_write(client->connection,
                               out); /* what does not go out is lost, as datagrams may be */
        moved = true;
    }
    return moved;
}

/* Blocks are as large as one datagram can carry. */
static bool begin_exchange(struct coaps_client *client, int64_t now)
{
    size_t room = connection_payload_max(client->connection);

    while (client->request.szx > 0 && COAP_BLOCK_SIZE(client->request.szx) + MESSAGE_ROOM > room)
        client->request.szx--;
    client->exchange = coap_exchange_new(&client->request, now);
    client->heard = now;
    return client->exchange != NULL;
}

static void coaps_conclude(struct coaps_client *client)
{
    const struct coap_answer *answer = coap_exchange_answer(client->exchange);

    if (coap_exchange_state(client->exchange) == COAP_FAILED) {
        client->was_refused = answer->code >= CODE_SUCCESSES;
        coaps_fail(client, coap_exchange_why(client->exchange));
    } else if (coap_exchange_state(client->exchange) == COAP_COMPLETE) {
        client->state =
            answer->code >= CODE_CREATED && answer->code < CODE_SUCCESSES ? COAPS_ANSWERED : COAPS_FAILED;
        snprintf(client->why, sizeof(client->why), "%s", coap_exchange_why(client->exchange));
    }
}

/* When patience with the server is over. */
static int64_t coaps_deadline(const struct coaps_client *client)
{
    int64_t kept = client->bearer->is_slow ? KEPT_PATIENCE_SLOW : KEPT_PATIENCE;
    int64_t silence = client->heard + (client->is_first ? ANSWER_PATIENCE : kept);

    return silence < client->begun + ALL_PATIENCE ? silence : client->begun + ALL_PATIENCE;
}

/* True: there may be more to do now. */
static bool coaps_step(struct coaps_client *client, int64_t now)
{
    bool moved = connection_step(client->connection, now);

    if (connection_state(client->connection) == CONNECTION_ENDED) {
        if (coaps_again(client, now))
            return true;
        coaps_fail(client, connection_why(client->connection)[0] != '\0'
                               ? connection_why(client->connection)
                               : "the server ended the association");
        return false;
    }
    if (connection_state(client->connection) == CONNECTION_OPENING)
        return moved;
    if (client->exchange == NULL && !begin_exchange(client, now)) {
        coaps_fail(client, "out of memory");
        return false;
    }
    moved = pass_datagrams(client, now) || moved;
    coaps_conclude(client);
    if (client->state != COAPS_RUNNING || now < coaps_deadline(client))
        return moved;
    if (coaps_again(client, now))
        return true;
    coaps_fail(client, "the server did not answer in time");
    return false;
}

enum coaps_state coaps_client_go(struct coaps_client *client, int64_t now)
{
    while (client->state == COAPS_RUNNING && coaps_step(client, now))
        continue;
    /* The last acknowledgements go out. */
    if (client->state == COAPS_ANSWERED)
        while (connection_step(client->connection, now))
            continue;
    return client->state;
}

struct span coaps_client_answer(const struct coaps_client *client)
{
    return buf_span(&coap_exchange_answer(client->exchange)->payload);
}

const char *coaps_client_why(const struct coaps_client *client, bool *was_refused)
{
    *was_refused = client->was_refused;
    return client->why;
}

int64_t coaps_client_due(const struct coaps_client *client)
{
    int64_t due;

    if (client->state != COAPS_RUNNING)
        return INT64_MIN;
    due = connection_due(client->connection);
    if (client->exchange != NULL && coap_exchange_due(client->exchange) < due)
        due = coap_exchange_due(client->exchange);
    if (connection_state(client->connection) == CONNECTION_OPEN && coaps_deadline(client) < due)
        due = coaps_deadline(client);
    return due;
}

bool coaps_client_session(struct coaps_client *client, struct buf *out)
{
    return client->connection != NULL && connection_session(client->connection, out);
}
