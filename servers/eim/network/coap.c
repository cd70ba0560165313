/* ESipa over CoAP and DTLS on libcoap. See coap.h. */
#include "servers/eim/network/coap.h"

#include "common/log.h"
#include "common/net/coap_address.h"
#include "common/tool.h"
#include "protocol/admin_protocol.h"
#include "servers/eim/network/coap_keys.h"
#include "servers/eim/network/coap_psk.h"
#include "servers/eim/network/esipa.h"

#include <coap3/coap.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define RESOURCE   (&ASN1_BINDING_PATH[1]) /* libcoap writes paths without the first slash */
#define MAX_AGE    (-1)                    /* no Max-Age option */
#define TO_LIBCOAP COAP_IO_NO_WAIT

/* Reading (6.2.2): application/x-gsma-rsp-asn1 has no CoAP content format number. Answers are octets (libcoap
 * from 4.3.2 on puts a format into all of them, and 0 is text); that of a request is not looked at. */
#define FORMAT COAP_MEDIATYPE_APPLICATION_OCTET_STREAM

/* How long an answer may take to go out with the acknowledgement. A client sends its request again after two
 * seconds (RFC 7252 4.8). libcoap 4.3.1 as a client cannot take a block-wise answer that comes separately, so
 * that waiting is more than saving a message. */
static const struct timeval acknowledge_after = {.tv_sec = 1};

/* A client's session. */
struct peer {
    LIST_ENTRY(peer) link;
    struct coap_server *server;
    struct buf body;      /* block-wise: what has come of the request */
    bool has_last;        /* the request that came last: */
    coap_mid_t last;      /*   its message id, */
    bool is_acknowledged; /* it has been acknowledged without an answer, */
    bool is_answered;     /*   and when it has been answered, */
    uint8_t last_code;    /*   this is the answer, for a repetition of the request (RFC 7252 4.5) */
    struct buf answer;
};

/* A request as libcoap hands it over. */
struct request {
    coap_resource_t *resource;
    coap_session_t *session;
    const coap_pdu_t *pdu;
    const coap_string_t *query; /* may be NULL */
    coap_block_t block;         /* Block1 of its last block */
    bool has_block;
};

/* A request on its way through esipa.c. */
struct pending {
    LIST_ENTRY(pending) link;
    struct request request; /* its session is referenced, and so is its peer */
    struct peer *peer;
    bool in_handler;      /* libcoap's handler is still running: it will answer */
    bool is_answered;     /* meanwhile, that is */
    coap_pdu_t *pdu;      /* a copy for the later answer; NULL without memory */
    coap_string_t *query; /* the same; may be NULL */
    struct event *acknowledge;
};

struct coap_server {
    struct coap_server_options options;
    struct event_base *base;
    coap_context_t *context;
    struct coap_keys keys; /* that the context points at, */
    struct coap_psk psk;   /*   and so are these */
    struct event *readable;
    LIST_HEAD(, peer) peers;
    LIST_HEAD(, pending) pending;
    uint16_t port;
};

/* --- Answers -------------------------------------------------------------------------------------------- */

static void release(coap_session_t *session, void *octets)
{
    (void)session;
    free(octets);
}

/* Fills a response PDU with what the peer keeps as the answer. */
static void fill(const struct request *request, const struct peer *peer, coap_pdu_t *response)
{
    const coap_block_t *block = &request->block;
    uint8_t option[4];
    size_t size = peer->answer.size;
    uint8_t *octets;

    coap_pdu_set_code(response, peer->last_code);
    if (request->has_block)
        coap_add_option(response, COAP_OPTION_BLOCK1,
                        coap_encode_var_safe(option, sizeof(option), block->num << 4 | block->szx), option);
    if (size == 0)
        return;
    octets = malloc(size); /* libcoap keeps it until the last block has gone */
    if (octets == NULL) {
        coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
        return;
    }
    memcpy(octets, peer->answer.data, size);
    coap_add_data_large_response(request->resource, request->session, request->pdu, response, request->query,
                                 FORMAT, MAX_AGE, 0, size, octets, release, octets);
}

static void pending_free(struct pending *pending)
{
    LIST_REMOVE(pending, link);
    if (pending->pdu != NULL)
        coap_delete_pdu(pending->pdu);
    if (pending->query != NULL)
        coap_delete_string(pending->query);
    if (pending->acknowledge != NULL)
        event_free(pending->acknowledge);
    coap_session_release(pending->request.session);
    free(pending);
}

/* With the acknowledgement, or separately when that has gone already. */
static void send_later(struct pending *pending)
{
    coap_session_t *session = pending->request.session;
    bool confirmable = coap_pdu_get_type(pending->pdu) == COAP_MESSAGE_CON;
    bool separate = !confirmable || pending->peer->is_acknowledged;
    coap_bin_const_t token = coap_pdu_get_token(pending->pdu);
    coap_pdu_t *response = coap_pdu_init(
        !confirmable ? COAP_MESSAGE_NON : (separate ? COAP_MESSAGE_CON : COAP_MESSAGE_ACK),
        COAP_RESPONSE_CODE_CHANGED, separate ? coap_new_message_id(session) : coap_pdu_get_mid(pending->pdu),
        coap_session_max_pdu_size(session));

    if (response == NULL || coap_add_token(response, token.length, token.s) == 0) {
        coap_delete_pdu(response);
        return;
    }
    fill(&pending->request, pending->peer, response);
    coap_send(session, response);
}

static void on_acknowledge(evutil_socket_t fd, short events, void *context)
{
    struct pending *pending = context;

    (void)fd;
    (void)events;
    pending->peer->is_acknowledged = true;
    coap_send_ack(pending->request.session, pending->pdu);
}

static void on_answered(void *context, enum esipa_outcome outcome, struct span answer)
{
    static const uint8_t codes[] = {
        [ESIPA_ANSWERED] = COAP_RESPONSE_CODE_CHANGED,
        [ESIPA_EMPTY] = COAP_RESPONSE_CODE_CHANGED,
        [ESIPA_MALFORMED] = COAP_RESPONSE_CODE_BAD_REQUEST,
        [ESIPA_UNSUPPORTED] = COAP_RESPONSE_CODE_NOT_IMPLEMENTED,
    };
    struct pending *pending = context;
    struct peer *peer = pending->peer;

    pending->is_answered = true;
    peer->last_code = codes[outcome];
    peer->is_answered = true;
    buf_clear(&peer->answer);
    buf_append(&peer->answer, answer);
    if (peer->answer.failed) {
        buf_free(&peer->answer);
        peer->last_code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
    }
    log_line(LOG_LEVEL_DEBUG, "CoAP answer %u.%02u, %zu octets", peer->last_code >> 5, peer->last_code & 31u,
             answer.size);
    if (pending->in_handler)
        return;
    if (pending->pdu != NULL)
        send_later(pending);
    pending_free(pending);
}

/* --- Requests ------------------------------------------------------------------------------------------- */

static struct peer *peer_of(struct coap_server *server, coap_session_t *session)
{
    struct peer *peer = coap_session_get_app_data(session);

    if (peer != NULL)
        return peer;
    peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        return NULL;
    peer->server = server;
    LIST_INSERT_HEAD(&server->peers, peer, link);
    coap_session_set_app_data(session, peer);
    return peer;
}

static void peer_free(struct peer *peer)
{
    LIST_REMOVE(peer, link);
    buf_free(&peer->body);
    buf_free(&peer->answer);
    free(peer);
}

static int on_event(coap_session_t *session, const coap_event_t event)
{
    struct peer *peer = coap_session_get_app_data(session);

    if (event == COAP_EVENT_SERVER_SESSION_DEL && peer != NULL) {
        coap_session_set_app_data(session, NULL);
        peer_free(peer);
    }
    return 0;
}

/* Joins the blocks of a request here rather than in libcoap, which would believe any size that a client
 * announces. Zero when the body is complete, else the response code. */
static coap_pdu_code_t coap_collect(struct peer *peer, const coap_block_t *block, struct span data)
{
    size_t offset = (size_t)block->num << (block->szx + 4);

    if (offset == 0)
        buf_clear(&peer->body);
    if (offset + data.size > ESIPA_MESSAGE_MAX) {
        buf_free(&peer->body);
        return COAP_RESPONSE_CODE_REQUEST_TOO_LARGE;
    }
    if (offset + data.size != peer->body.size || data.size == 0) { /* else: a block comes once more */
        if (offset != peer->body.size)
            return COAP_RESPONSE_CODE_INCOMPLETE;
        buf_append(&peer->body, data);
    }
    if (peer->body.failed) {
        buf_free(&peer->body);
        return COAP_RESPONSE_CODE_INTERNAL_ERROR;
    }
    return block->m != 0 ? COAP_RESPONSE_CODE_CONTINUE : 0;
}

static struct pending *pending_new(struct peer *peer, const struct request *request)
{
    struct pending *pending = calloc(1, sizeof(*pending));

    if (pending == NULL)
        return NULL;
    pending->request = *request;
    coap_session_reference(request->session);
    pending->peer = peer;
    pending->in_handler = true;
    LIST_INSERT_HEAD(&peer->server->pending, pending, link);
    return pending;
}

/* Keeps what the later answer needs. False without memory. */
static bool coap_keep(struct pending *pending)
{
    const coap_pdu_t *pdu = pending->request.pdu;
    const coap_string_t *query = pending->request.query;
    coap_bin_const_t token = coap_pdu_get_token(pdu);

    if (query != NULL) {
        pending->query = coap_new_string(query->length);
        if (pending->query == NULL)
            return false;
        memcpy(pending->query->s, query->s, query->length);
    }
    pending->pdu = coap_pdu_duplicate(pdu, pending->request.session, token.length, token.s, NULL);
    if (pending->pdu == NULL)
        return false;
    coap_pdu_set_type(pending->pdu, coap_pdu_get_type(pdu));
    coap_pdu_set_mid(pending->pdu, coap_pdu_get_mid(pdu));
    pending->request.pdu = pending->pdu;
    pending->request.query = pending->query;
    if (coap_pdu_get_type(pending->pdu) != COAP_MESSAGE_CON)
        return true;
    pending->acknowledge = evtimer_new(pending->peer->server->base, on_acknowledge, pending);
    return pending->acknowledge != NULL && evtimer_add(pending->acknowledge, &acknowledge_after) == 0;
}

/* An empty message of type NON is what libcoap does not send. */
static void say_nothing(coap_pdu_t *response)
{
    coap_pdu_set_type(response, COAP_MESSAGE_NON);
}

/* A complete message. */
static void coap_take(struct peer *peer, const struct request *request, struct span message,
                      coap_pdu_t *response)
{
    const struct coap_server_options *options = &peer->server->options;
    struct pending *pending = pending_new(peer, request);

    if (pending == NULL) {
        coap_pdu_set_code(response, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
        return;
    }
    peer->has_last = true;
    peer->last = coap_pdu_get_mid(request->pdu);
    peer->is_acknowledged = false;
    peer->is_answered = false;
    esipa_message(options->eim, options->relay, message, on_answered, pending);
    if (pending->is_answered) {
        fill(request, peer, response);
        pending_free(pending);
    } else {
        pending->in_handler = false;
        if (coap_keep(pending))
            say_nothing(response);
        else
            coap_pdu_set_code(response, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
    }
}

static void on_post(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *pdu,
                    const coap_string_t *query, coap_pdu_t *response)
{
    struct request request = {.resource = resource, .session = session, .pdu = pdu, .query = query};
    struct peer *peer = peer_of(coap_resource_get_userdata(resource), session);
    const uint8_t *octets = NULL;
    size_t size = 0;
    struct span message;
    coap_pdu_code_t code = 0;

    request.has_block = coap_get_block(pdu, COAP_OPTION_BLOCK1, &request.block) != 0;
    coap_get_data(pdu, &size, &octets);
    if (peer == NULL) {
        coap_pdu_set_code(response, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
    } else if (peer->has_last && peer->last == coap_pdu_get_mid(pdu)) {
        if (peer->is_answered)
            fill(&request, peer, response);
        else if (!peer->is_acknowledged)
            say_nothing(response); /* else it is acknowledged once more */
    } else {
        if (request.has_block)
            code = coap_collect(peer, &request.block, SPAN(octets, size));
        if (code != 0) {
            coap_pdu_set_code(response, code);
            return;
        }
        message = request.has_block ? buf_span(&peer->body) : SPAN(octets, size);
        log_line(LOG_LEVEL_DEBUG, "CoAP request, %zu octets", message.size);
        if (coap_psk_allows(session, message))
            coap_take(peer, &request, message, response);
        else
            coap_pdu_set_code(response, COAP_RESPONSE_CODE_FORBIDDEN);
        buf_free(&peer->body);
    }
}

/* --- The server ----------------------------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short events, void *context)
{
    struct coap_server *server = context;

    (void)fd;
    (void)events;
    coap_io_process(server->context, TO_LIBCOAP);
}

static void on_log(coap_log_t level, const char *line)
{
    char text[400];
    size_t size = strcspn(line, "\r\n");

    (void)level; /* what clients do wrong is no error of ours */
    if (size >= sizeof(text))
        size = sizeof(text) - 1;
    memcpy(text, line, size);
    text[size] = '\0';
    log_line(LOG_LEVEL_DEBUG, "libcoap: %s", text);
}

static bool add_resource(struct coap_server *server)
{
    coap_str_const_t *path = coap_new_str_const((const uint8_t *)RESOURCE, sizeof(ASN1_BINDING_PATH) - 2);
    coap_resource_t *resource =
        path != NULL ? coap_resource_init(path, COAP_RESOURCE_FLAGS_RELEASE_URI) : NULL;

    if (resource == NULL)
        return false;
    coap_resource_set_userdata(resource, server);
    coap_register_request_handler(resource, COAP_REQUEST_POST, on_post);
    coap_add_resource(server->context, resource);
    return true;
}

/* libcoap opens its own sockets, lets two servers share a port, of which one gets nothing, and does not say
 * which port it was given: ours find that out, and make room. */
static bool listen_everywhere(struct coap_server *server)
{
    const struct coap_server_options *options = &server->options;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];
    struct addresses found;

    server->port = options->port;
    if (!addresses_listen(options->address, &server->port, SOCK_DGRAM, &found, fds, why)) {
        tool_error("cannot listen on %s port %u for CoAP: %s", options->address, options->port, why);
        return false;
    }
    for (size_t i = 0; i < found.count; i++)
        close(fds[i]);
    for (size_t i = 0; i < found.count; i++) {
        coap_address_t address;

        coap_address_from(&found.list[i], &address);
        if (coap_new_endpoint(server->context, &address, COAP_PROTO_DTLS) == NULL) {
            tool_error("cannot listen on %s port %u for CoAP", options->address, server->port);
            return false;
        }
    }
    return true;
}

static bool coap_start(struct coap_server *server)
{
    const struct coap_server_options *options = &server->options;
    int fd;

    server->context = coap_new_context(NULL);
    if (server->context == NULL)
        return tool_error("cannot set up CoAP: out of memory") == EXIT_OK;
    /* Before the certificate: with that one libcoap makes the connection that the first client gets. */
    if ((options->psk != NULL && !coap_psk_use(&server->psk, options->psk, server->context)) ||
        !coap_keys_use(&server->keys, options->cert, options->key, server->context))
        return false;
    if (!add_resource(server))
        return tool_error("cannot set up CoAP: out of memory") == EXIT_OK;
    coap_context_set_block_mode(server->context, COAP_BLOCK_USE_LIBCOAP);
    coap_context_set_max_idle_sessions(server->context, COAP_SESSIONS_MAX);
    coap_context_set_max_handshake_sessions(server->context, COAP_HANDSHAKES_MAX);
    coap_context_set_session_timeout(server->context, COAP_SESSION_TIMEOUT);
    coap_register_event_handler(server->context, on_event);
    if (!listen_everywhere(server))
        return false;
    /* An epoll descriptor with libcoap's sockets and its timer in it. */
    fd = coap_context_get_coap_fd(server->context);
    server->readable =
        fd >= 0 ? event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, server) : NULL;
    if (server->readable != NULL && event_add(server->readable, NULL) == 0)
        return true;
    tool_error("cannot set up CoAP: out of memory");
    return false;
}

struct coap_server *coap_server_open(struct loop *loop, const struct coap_server_options *options)
{
    struct coap_server *server = calloc(1, sizeof(*server));

    if (server == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    server->options = *options;
    server->base = loop_base(loop);
    coap_startup();
    coap_set_log_handler(on_log);
    if (coap_start(server))
        return server;
    coap_server_close(server);
    return NULL;
}

uint16_t coap_server_port(const struct coap_server *server)
{
    return server->port;
}

void coap_server_close(struct coap_server *server)
{
    if (server == NULL)
        return;
    while (!LIST_EMPTY(&server->pending))
        pending_free(LIST_FIRST(&server->pending));
    if (server->readable != NULL)
        event_free(server->readable);
    if (server->context != NULL) {
        coap_register_event_handler(server->context, NULL);
        coap_free_context(server->context);
    }
    coap_keys_free(&server->keys);
    coap_psk_free(&server->psk);
    while (!LIST_EMPTY(&server->peers))
        peer_free(LIST_FIRST(&server->peers));
    coap_cleanup();
    free(server);
}
