/* One POST at a time over TLS: see https_exchange.h. */
#include "euicc/network/https_exchange.h"

#include "euicc/network/http_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_PATIENCE 60000 /* ms without an octet of the answer */
#define TRUSTED_MAX     16
#define WHY_MAX         240

struct https_exchange {
    const struct bearer *bearer;
    const struct tls_client_context *tls;
    struct connection *connection; /* NULL: none */
    struct connection_server server;
    struct buf trusted[TRUSTED_MAX]; /* what server.trust.values point to */
    struct span values[TRUSTED_MAX];
    /* The post under way, or that was last. */
    enum https_state state;
    struct buf request;
    size_t written;      /* octets of it that TLS has taken */
    bool is_first;       /* nothing was sent over this connection before it */
    struct buf session;  /* for a connection that has to be made anew */
    int64_t date, heard; /* when the last octet came, or it began */
    struct http_reader *reader;
    struct http_limits limits;
    char why[WHY_MAX];
};

struct https_exchange *https_exchange_new(const struct bearer *bearer, const struct tls_client_context *tls)
{
    struct https_exchange *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->bearer = bearer;
    client->state = HTTPS_FAILED;
    client->tls = tls;
    return client;
}

static void forget_server(struct https_exchange *client)
{
    connection_free(client->connection);
    client->connection = NULL;
    for (size_t i = 0; i < TRUSTED_MAX; i++)
        buf_free(&client->trusted[i]);
}

void https_exchange_free(struct https_exchange *client)
{
    if (client == NULL)
        return;
    forget_server(client);
    http_reader_free(client->reader);
    buf_free(&client->request);
    buf_free(&client->session);
    free(client);
}

/* --- beginning -------------------------------------------------------------------------------------------
 */

static bool is_same_server(const struct https_exchange *client, const struct connection_server *server)
{
    if (strcmp(client->server.host, server->host) != 0 || client->server.port != server->port ||
        client->server.trust.kind != server->trust.kind || client->server.trust.count != server->trust.count)
        return false;
    for (size_t i = 0; i < server->trust.count; i++)
        if (!span_equal(client->values[i], server->trust.values[i]))
            return false;
    return true;
}

static bool copy_server(struct https_exchange *client, const struct connection_server *server)
{
    bool whole = server->trust.count <= TRUSTED_MAX;

    forget_server(client);
    client->server = *server;
    client->server.trust.values = client->values;
    for (size_t i = 0; whole && i < server->trust.count; i++) {
        buf_append(&client->trusted[i], server->trust.values[i]);
        client->values[i] = buf_span(&client->trusted[i]);
        whole = !client->trusted[i].failed;
    }
    return whole;
}

static bool write_request(struct https_exchange *client, const struct https_request *request)
{
    const struct http_post post = {.host = client->server.host,
                                   .port = client->server.port,
                                   .path = request->path,
                                   .fields = request->fields,
                                   .field_count = request->field_count,
                                   .body = request->body,
                                   .keep_alive = true};

    buf_clear(&client->request);
    return http_post_write(&post, &client->request);
}

/* A connection over which the request goes out from its beginning. */
static bool connect_anew(struct https_exchange *client, int64_t now)
{
    connection_free(client->connection);
    client->connection = connection_new(client->bearer, client->tls, &client->server, false,
                                        buf_span(&client->session), client->date, now);
    client->written = 0;
    client->is_first = true;
    client->heard = now;
    http_reader_free(client->reader);
    client->reader = http_reader_new(&client->limits);
    return client->connection != NULL && client->reader != NULL;
}

bool https_exchange_post(struct https_exchange *client, const struct connection_server *server,
                         const struct https_request *request, struct span session, int64_t date, int64_t now)
{
    bool kept =
        client->connection != NULL && client->state == HTTPS_ANSWERED && is_same_server(client, server);

    client->state = HTTPS_FAILED;
    if (!kept && !copy_server(client, server))
        return false;
    client->limits = (struct http_limits){request->answer_max, HTTP_HEAD_MAX};
    client->date = date;
    client->why[0] = '\0';
    http_reader_free(client->reader);
    client->reader = http_reader_new(&client->limits);
    buf_clear(&client->session);
    buf_append(&client->session, session);
    if (client->reader == NULL || client->session.failed || !write_request(client, request) ||
        (!kept && !connect_anew(client, now)))
        return false;
    client->written = 0;
    client->is_first = !kept;
    client->heard = now;
    client->state = HTTPS_RUNNING;
    return true;
}

/* --- going on ---------------------------------------------------------------------------------------------
 */

static bool https_fail(struct https_exchange *client, const char *why)
{
    connection_free(client->connection);
    client->connection = NULL;
    snprintf(client->why, sizeof(client->why), "%s", why);
    client->state = HTTPS_FAILED;
    return true;
}

/* True: the answer is whole, or none. */
static bool conclude_answer(struct https_exchange *client, enum http_progress progress)
{
    if (progress == HTTP_MORE)
        return false;
    if (progress == HTTP_MALFORMED)
        return https_fail(client, http_reader_facts(client->reader)->why);
    client->state = HTTPS_ANSWERED;
    if (!http_reader_facts(client->reader)->reusable) {
        connection_free(client->connection);
        client->connection = NULL;
    }
    return true;
}

static bool read_answer(struct https_exchange *client, int64_t now)
{
    struct buf piece = {0};
    bool over = false;

    if (connection_read(client->connection, &piece) && piece.size > 0) {
        client->heard = now;
        over = conclude_answer(client, http_reader_feed(client->reader, buf_span(&piece)));
    }
    buf_free(&piece);
    return over;
}

/* A server may have closed a connection that it kept while this request was on its way: that is asked again.
 */
static bool see_end(struct https_exchange *client, int64_t now)
{
    const char *why = connection_why(client->connection);
    bool in_order = why[0] == '\0';

    if (!client->is_first && http_reader_facts(client->reader)->status == 0) {
        if (connect_anew(client, now))
            return false;
        return https_fail(client, "out of memory");
    }
    if (in_order && http_reader_facts(client->reader)->status != 0 &&
        conclude_answer(client, http_reader_end(client->reader)))
        return true;
    return https_fail(client, in_order ? "the server closed the connection before it answered" : why);
}

enum https_state https_exchange_go(struct https_exchange *client, int64_t now)
{
    while (client->state == HTTPS_RUNNING) {
        bool moved = connection_step(client->connection, now);
        struct span rest =
            SPAN(client->request.data + client->written, client->request.size - client->written);

        if (read_answer(client, now))
            break;
        if (connection_state(client->connection) == CONNECTION_ENDED) {
            if (see_end(client, now))
                break;
            continue;
        }
        if (rest.size > 0 && connection_state(client->connection) == CONNECTION_OPEN) {
            size_t taken = connection_write(client->connection, rest);

            client->written += taken;
            moved = moved || taken > 0;
        }
        if (!moved && connection_state(client->connection) == CONNECTION_OPEN &&
            now - client->heard >= ANSWER_PATIENCE)
            https_fail(client, "the server did not answer in time");
        else if (!moved)
            break;
    }
    return client->state;
}

struct https_answer https_exchange_answer(const struct https_exchange *client)
{
    const struct http_facts *facts = http_reader_facts(client->reader);

    return (struct https_answer){facts->status, facts->reason, facts->content_type, facts->body};
}

const char *https_exchange_why(const struct https_exchange *client)
{
    return client->why;
}

int64_t https_exchange_due(const struct https_exchange *client)
{
    int64_t due;

    if (client->state != HTTPS_RUNNING)
        return INT64_MIN;
    due = connection_due(client->connection);
    if (connection_state(client->connection) == CONNECTION_OPEN && client->heard + ANSWER_PATIENCE < due)
        due = client->heard + ANSWER_PATIENCE;
    return due;
}

bool https_exchange_session(struct https_exchange *client, struct buf *out)
{
    return client->connection != NULL && connection_session(client->connection, out);
}
