/* One POST at a time over TLS: see https_exchange.h. */
#include "euicc/network/https_exchange.h"

#include "euicc/network/http_reader.h"
#include "euicc/network/server_copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_PATIENCE 60000  /* ms without an octet of the answer */
#define ALL_PATIENCE    900000 /* ms for all of a post: the longest answer at 10 kbit/s */
#define WHY_MAX         240

struct https_exchange {
    const struct bearer *bearer;
    const struct tls_client_context *tls;
    struct connection *connection; /* NULL: none */
    struct server_copy server;
    /* The post under way, or that was last. */
    enum https_state state;
    struct buf request;
    size_t written;     /* octets of it that TLS has taken */
    bool is_first;      /* nothing was sent over this connection before it */
    bool has_begun;     /* something of the answer came */
    struct buf session; /* for a connection that has to be made anew */
    int64_t date, begun;
    int64_t heard; /* when the last octet came, or went */
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

void https_exchange_free(struct https_exchange *client)
{
    if (client == NULL)
        return;
    connection_free(client->connection);
    server_copy_free(&client->server);
    http_reader_free(client->reader);
    buf_free(&client->request);
    buf_free(&client->session);
    free(client);
}

/* --- beginning ---------------------------------------------------------------------------------------- */

static bool write_request(struct https_exchange *client, const struct https_request *request)
{
    const struct http_post post = {.host = client->server.server.host,
                                   .port = client->server.server.port,
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
    client->connection = connection_new(client->bearer, client->tls, &client->server.server, false,
                                        buf_span(&client->session), client->date, now);
    client->written = 0;
    client->is_first = true;
    client->heard = now;
    http_reader_free(client->reader);
    client->reader = http_reader_new(&client->limits);
    return client->connection != NULL && client->reader != NULL;
}

/* An answer that came without a question would be taken for that to the next one. */
static bool is_quiet(struct https_exchange *client, int64_t now)
{
    struct buf unasked = {0};
    bool moved, quiet;

    do {
        moved = connection_step(client->connection, now);
        quiet = connection_state(client->connection) == CONNECTION_OPEN &&
                !connection_read(client->connection, &unasked) && !unasked.failed;
    } while (moved && quiet);
    buf_free(&unasked);
    return quiet;
}

static bool can_go_on(struct https_exchange *client, const struct connection_server *server, int64_t now)
{
    return client->connection != NULL && client->state == HTTPS_ANSWERED &&
           server_copy_is(&client->server, server) && is_quiet(client, now);
}

bool https_exchange_post(struct https_exchange *client, const struct connection_server *server,
                         const struct https_request *request, struct span session, int64_t date, int64_t now)
{
    bool kept = can_go_on(client, server, now);

    client->state = HTTPS_FAILED;
    if (!kept) {
        connection_free(client->connection);
        client->connection = NULL;
        if (!server_copy_take(&client->server, server))
            return false;
    }
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
    client->has_begun = false;
    client->begun = client->heard = now;
    client->state = HTTPS_RUNNING;
    return true;
}

/* --- going on ----------------------------------------------------------------------------------------- */

/* `why` may be the connection's. */
static bool https_fail(struct https_exchange *client, const char *why)
{
    snprintf(client->why, sizeof(client->why), "%s", why);
    connection_free(client->connection);
    client->connection = NULL;
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
        client->has_begun = true;
        over = conclude_answer(client, http_reader_feed(client->reader, buf_span(&piece)));
    }
    buf_free(&piece);
    return over;
}

/* A server may have closed a connection that it kept while this request was on its way: then it has not seen
 * it, and is asked again. So is one that takes no session. */
static bool see_end(struct https_exchange *client, int64_t now)
{
    const char *why = connection_why(client->connection);
    bool in_order = why[0] == '\0';
    bool has_bad_session = connection_went_wrong_by_session(client->connection);

    if (has_bad_session)
        buf_clear(&client->session);
    if (has_bad_session || (!client->is_first && !client->has_begun)) {
        if (connect_anew(client, now))
            return false;
        return https_fail(client, "out of memory");
    }
    if (in_order && http_reader_facts(client->reader)->status != 0 &&
        conclude_answer(client, http_reader_end(client->reader)))
        return true;
    return https_fail(client, in_order ? "the server closed the connection before it answered" : why);
}

/* When patience with the server is over. */
static int64_t deadline(const struct https_exchange *client)
{
    int64_t all = client->begun + ALL_PATIENCE;
    int64_t silence = connection_state(client->connection) == CONNECTION_OPEN
                          ? client->heard + ANSWER_PATIENCE
                          : connection_due(client->connection);

    return silence < all ? silence : all;
}

/* What of the request has not been taken goes to TLS. True: some of it went. */
static bool give_request(struct https_exchange *client, int64_t now)
{
    size_t taken = connection_write(client->connection, SPAN(client->request.data + client->written,
                                                             client->request.size - client->written));

    client->written += taken;
    if (taken > 0)
        client->heard = now;
    return taken > 0;
}

enum https_state https_exchange_go(struct https_exchange *client, int64_t now)
{
    while (client->state == HTTPS_RUNNING) {
        bool moved = connection_step(client->connection, now);

        if (read_answer(client, now))
            break;
        if (connection_state(client->connection) == CONNECTION_ENDED) {
            if (see_end(client, now))
                break;
            continue;
        }
        if (give_request(client, now) || moved)
            continue;
        if (now < deadline(client))
            break;
        https_fail(client, "the server did not answer in time");
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
    return client->state == HTTPS_RUNNING ? deadline(client) : INT64_MIN;
}

bool https_exchange_session(struct https_exchange *client, struct buf *out)
{
    return client->connection != NULL && connection_session(client->connection, out);
}
