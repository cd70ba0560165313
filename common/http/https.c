/* HTTPS on libevent and OpenSSL. See https.h. */
#include "common/http/https.h"

#include "common/http/https_names.h"
#include "common/http/https_seats.h"
#include "common/http/https_tls.h"
#include "common/log.h"
#include "common/net/addresses.h"
#include "common/tool.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEADERS_LIMIT 16384 /* octets of request line and headers */

/* Every method is taken and answered: with 405 where it does not fit. */
#define ALL_METHODS                                                                                          \
    (EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |               \
     EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH)

struct https_request {
    struct https_request *next, **link; /* among those that wait for an answer */
    struct https *https;
    struct evhttp_request *evhttp;
    struct http_request http;
    struct buf client_cert; /* of `http` */
};

struct https {
    struct https_options options;
    struct evhttp *http;
    struct event_base *base;
    struct https_seats *seats;
    char *error_line;
    struct https_request *waiting;
    struct https_tls *tls; /* NULL: plain HTTP */
    struct https_names names;
    uint16_t port;
};

bool http_is_content_type(const char *value, const char *type)
{
    size_t size = strlen(type);

    return value != NULL && strncasecmp(value, type, size) == 0 &&
           (value[size] == '\0' || value[size] == ';' || value[size] == ' ');
}

/* --- Requests ------------------------------------------------------------------------------------------- */

static const char *method_name(struct evhttp_request *request)
{
    static const struct {
        enum evhttp_cmd_type command;
        const char *name;
    } methods[] = {{EVHTTP_REQ_GET, "GET"},       {EVHTTP_REQ_POST, "POST"},
                   {EVHTTP_REQ_HEAD, "HEAD"},     {EVHTTP_REQ_PUT, "PUT"},
                   {EVHTTP_REQ_DELETE, "DELETE"}, {EVHTTP_REQ_OPTIONS, "OPTIONS"},
                   {EVHTTP_REQ_TRACE, "TRACE"},   {EVHTTP_REQ_PATCH, "PATCH"}};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i].command == evhttp_request_get_command(request))
            return methods[i].name;
    }
    return "other";
}

static const char *reason_phrase(int code)
{
    static const struct {
        int code;
        const char *phrase;
    } phrases[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {409, "Conflict"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {421, "Misdirected Request"},
                   {422, "Unprocessable Content"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"}};

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].code == code)
            return phrases[i].phrase;
    }
    return "Unknown";
}

static void log_body(const char *what, struct span body, const char *content_type)
{
    bool json = http_is_content_type(content_type, "application/json");

    if (log_wants(LOG_LEVEL_DEBUG))
        log_line(LOG_LEVEL_DEBUG, "%s, %zu octets%s%.*s", what, body.size, json ? ": " : "",
                 json ? (int)(body.size < 1500 ? body.size : 1500) : 0, (const char *)body.data);
}

static void https_forget(struct https_request *request)
{
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    buf_free(&request->client_cert);
    free(request);
}

const struct http_request *https_request(const struct https_request *request)
{
    return &request->http;
}

static struct bufferevent *https_connection(struct evhttp_request *evhttp)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(evhttp);

    return connection != NULL ? evhttp_connection_get_bufferevent(connection) : NULL;
}

static void on_answered(struct evhttp_request *evhttp, void *https)
{
    https_seats_answered(((struct https *)https)->seats, https_connection(evhttp));
}

static void https_send(struct https *https, struct evhttp_request *evhttp, int code)
{
    https_seats_answers(https->seats, https_connection(evhttp));
    evhttp_request_set_on_complete_cb(evhttp, on_answered, https);
    evhttp_send_reply(evhttp, code, reason_phrase(code), NULL);
}

void https_answer(struct https_request *request, const struct http_answer *answer)
{
    struct evhttp_request *evhttp = request->evhttp;
    struct https *https = request->https;
    const struct https_options *options = &https->options;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(evhttp);

    if (options->admin_protocol != NULL)
        evhttp_add_header(headers, "X-Admin-Protocol", options->admin_protocol);
    if (answer->content_type != NULL)
        evhttp_add_header(headers, "Content-Type", answer->content_type);
    if (answer->code == 405)
        evhttp_add_header(headers, "Allow", options->allow);
    if (answer->code == 401)
        evhttp_add_header(headers, "WWW-Authenticate", "Bearer");
    if (evhttp_request_get_command(evhttp) != EVHTTP_REQ_HEAD)
        evbuffer_add(evhttp_request_get_output_buffer(evhttp), answer->body.data, answer->body.size);
    log_body("answer", buf_span(&answer->body), answer->content_type);
    https_forget(request);
    https_send(https, evhttp, answer->code);
}

/* Whether the client is on this machine, as far as its address says. */
static bool is_local(struct evhttp_request *evhttp)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(evhttp);
    char *address = NULL;
    ev_uint16_t port;

    if (connection != NULL)
        evhttp_connection_get_peer(connection, &address, &port);
    return address != NULL && addresses_is_loopback(address);
}

static void https_describe(struct evhttp_request *evhttp, struct http_request *out)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(evhttp);
    struct evbuffer *body = evhttp_request_get_input_buffer(evhttp);
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(evhttp);
    const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
    size_t size = evbuffer_get_length(body);
    const uint8_t *octets = evbuffer_pullup(body, -1);

    *out = (struct http_request){
        .method = method_name(evhttp),
        .path = path != NULL && path[0] != '\0' ? path : "/",
        .content_type = evhttp_find_header(headers, "Content-Type"),
        .admin_protocol = evhttp_find_header(headers, "X-Admin-Protocol"),
        .body = octets != NULL ? SPAN(octets, size) : SPAN("", 0),
        .query = uri != NULL ? evhttp_uri_get_query(uri) : NULL,
        .authorization = evhttp_find_header(headers, "Authorization"),
        .is_local = is_local(evhttp),
    };
}

/* Hands a request on, or refuses it when it is not meant for this server. */
static void https_pass(struct https *https, struct https_request *request)
{
    struct http_answer refused = {.content_type = "text/plain"};
    const char *why;

    refused.code = https_names_refuse(&https->names, request->evhttp, &why);
    if (refused.code == 0) {
        https->options.answer(https->options.context, request);
        return;
    }
    buf_append(&refused.body, span_of_string(why));
    https_answer(request, &refused);
    buf_free(&refused.body);
}

static void on_request(struct evhttp_request *evhttp, void *context)
{
    struct https *https = context;
    struct https_request *request = calloc(1, sizeof(*request));

    https_seats_asked(https->seats, https_connection(evhttp));
    if (request == NULL) {
        if (https->options.admin_protocol != NULL)
            evhttp_add_header(evhttp_request_get_output_headers(evhttp), "X-Admin-Protocol",
                              https->options.admin_protocol);
        https_send(https, evhttp, 503);
        return;
    }
    request->https = https;
    request->evhttp = evhttp;
    https_describe(evhttp, &request->http);
    if (https->options.client_ca != NULL) {
        https_tls_client(https_connection(evhttp), &request->client_cert);
        request->http.client_cert = buf_span(&request->client_cert);
    }
    request->next = https->waiting;
    request->link = &https->waiting;
    if (request->next != NULL)
        request->next->link = &request->next;
    https->waiting = request;
    log_line(LOG_LEVEL_DEBUG, "%s %s", request->http.method, request->http.path);
    log_body("request", request->http.body, request->http.content_type);
    https_pass(https, request);
}

/* --- The server ----------------------------------------------------------------------------------------- */

/* On every address of the name, so that a client may try whichever it likes. */
static bool listen_everywhere(struct https *https)
{
    const struct https_options *options = &https->options;
    uint16_t port = options->port;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];
    struct addresses found;
    bool ok = true;

    if (!addresses_listen(options->address, &port, SOCK_STREAM, &found, fds, why)) {
        tool_error("cannot listen on %s port %u: %s", options->address, options->port, why);
        return false;
    }
    https->port = port;
    for (size_t i = 0; i < found.count; i++) {
        /* Connections inherit it. Headers and body leave in two writes, and the second would wait 40 ms for
         * an acknowledgement. */
        setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (ok)
            ok = https_seats_listen(https->seats, fds[i]);
        else
            close(fds[i]);
    }
    if (!ok)
        tool_error("out of memory");
    return ok;
}

static bool make_seats(struct https *https)
{
    const struct https_options *options = &https->options;
    struct https_seats_options seats = {
        .max = options->connections_max > 0 ? options->connections_max : https_connections_max(),
        .request_time = options->request_time > 0 ? options->request_time : HTTPS_REQUEST_TIME,
    };

    if (options->admin_protocol != NULL) {
        if (asprintf(&https->error_line, "X-Admin-Protocol: %s\r\n", options->admin_protocol) < 0) {
            https->error_line = NULL;
            return false;
        }
        seats.error_line = https->error_line;
    }
    https->seats = https_seats_new(https->base, https->http, &seats);
    return https->seats != NULL;
}

/* Each connection, with its place. */
static struct bufferevent *make_connection(struct event_base *base, void *https_)
{
    struct https *https = https_;
    struct bufferevent *connection = https->tls != NULL
                                         ? https_tls_connection(base, https->tls)
                                         : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (connection != NULL && !https_seats_take(https->seats, connection)) {
        bufferevent_free(connection);
        connection = NULL;
    }
    return connection;
}

static bool start_http(struct https *https)
{
    const struct https_options *options = &https->options;

    https->http = evhttp_new(https->base);
    if (https->http == NULL || !make_seats(https)) {
        tool_error("cannot set up the HTTP server");
        return false;
    }
    evhttp_set_bevcb(https->http, make_connection, https);
    evhttp_set_gencb(https->http, on_request, https);
    evhttp_set_allowed_methods(https->http, ALL_METHODS);
    evhttp_set_max_body_size(https->http, (ev_ssize_t)options->body_max);
    /* A body that is too large is read and dropped before the answer: closing with octets unread resets the
     * connection, and the 413 is lost on its way. */
    evhttp_set_flags(https->http, EVHTTP_SERVER_LINGERING_CLOSE);
    evhttp_set_max_headers_size(https->http, HEADERS_LIMIT);
    evhttp_set_timeout(https->http, HTTPS_IDLE_TIMEOUT);
    return listen_everywhere(https);
}

struct https *https_open(struct loop *loop, const struct https_options *options)
{
    struct https *https = calloc(1, sizeof(*https));
    bool ok = true;

    if (https == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    https->options = *options;
    https->base = loop_base(loop);
    if (options->cert != NULL) {
        https->tls = https_tls_open(options);
        ok = https->tls != NULL;
    }
    if (ok && !https_names_open(&https->names, &https->options, https->tls))
        ok = tool_error("out of memory") == EXIT_OK;
    if (ok && start_http(https))
        return https;
    https_close(https);
    return NULL;
}

unsigned https_connections_max(void)
{
    return https_seats_in_process();
}

uint16_t https_port(const struct https *https)
{
    return https->port;
}

/* libevent frees the requests of a connection with it, but not those whose client has hung up. */
static void drop_waiting(struct https *https)
{
    while (https->waiting != NULL) {
        struct evhttp_request *evhttp = https->waiting->evhttp;

        if (evhttp_request_get_connection(evhttp) == NULL)
            evhttp_request_free(evhttp);
        https_forget(https->waiting);
    }
}

void https_close(struct https *https)
{
    if (https == NULL)
        return;
    drop_waiting(https);
    if (https->http != NULL)
        evhttp_free(https->http);
    https_seats_free(https->seats);
    free(https->error_line);
    https_names_close(&https->names);
    https_tls_close(https->tls);
    free(https);
}
