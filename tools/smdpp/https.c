/* HTTPS on libevent and OpenSSL. See https.h. */
#include "tools/smdpp/https.h"

#include "tools/smdpp/http_api.h"
#include "tools/smdpp/log.h"
#include "tools/tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADERS_LIMIT 16384 /* octets of request line and headers */

/* Every method is taken and answered: with 405 where it does not fit. */
#define ALL_METHODS                                                                                          \
    (EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |               \
     EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_PATCH)

struct https {
    struct smdpp *smdpp;
    struct event_base *base;
    struct evhttp *http;
    struct event *signals[2];
    SSL_CTX *tls;
    uint16_t port;
};

/* --- TLS ------------------------------------------------------------------------------------------------ */

static bool use_files(SSL_CTX *tls, const char *cert_path, const char *key_path)
{
    if (SSL_CTX_use_certificate_chain_file(tls, cert_path) != 1 &&
        SSL_CTX_use_certificate_file(tls, cert_path, SSL_FILETYPE_ASN1) != 1) {
        tool_error("%s is not a TLS server certificate, neither PEM nor DER", cert_path);
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) != 1 &&
        SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_ASN1) != 1) {
        tool_error("%s is not the private key of %s", key_path, cert_path);
        return false;
    }
    if (SSL_CTX_check_private_key(tls) != 1) {
        tool_error("the key in %s does not belong to the certificate in %s", key_path, cert_path);
        return false;
    }
    return true;
}

static SSL_CTX *make_tls(const char *cert_path, const char *key_path)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(tls);
        tool_error("cannot set up TLS");
        return NULL;
    }
    /* LPAs hang up without a closure alert; an HTTP message has its own length. */
    SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    if (!use_files(tls, cert_path, key_path)) {
        SSL_CTX_free(tls);
        tls = NULL;
    }
    ERR_clear_error();
    return tls;
}

static struct bufferevent *make_connection(struct event_base *base, void *context)
{
    SSL *ssl = SSL_new(context);
    struct bufferevent *connection;

    if (ssl == NULL)
        return NULL;
    connection =
        bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (connection != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
    return connection;
}

/* --- Requests ------------------------------------------------------------------------------------------- */

static const char *method_name(struct evhttp_request *request)
{
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    default:
        return "other";
    }
}

static const char *reason_phrase(int code)
{
    static const struct {
        int code;
        const char *phrase;
    } phrases[] = {{200, "OK"},
                   {204, "No Content"},
                   {400, "Bad Request"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {415, "Unsupported Media Type"},
                   {500, "Internal Server Error"}};

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].code == code)
            return phrases[i].phrase;
    }
    return "Unknown";
}

static void log_body(const char *what, struct span body, const char *content_type)
{
    bool json = content_type != NULL && strncmp(content_type, "application/json", 16) == 0;

    if (log_wants(LOG_LEVEL_DEBUG))
        log_line(LOG_LEVEL_DEBUG, "%s, %zu octets%s%.*s", what, body.size, json ? ": " : "",
                 json ? (int)(body.size < 1500 ? body.size : 1500) : 0, (const char *)body.data);
}

static void send_answer(struct evhttp_request *request, const struct http_answer *answer)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evhttp_request_get_output_buffer(request);

    evhttp_add_header(headers, "X-Admin-Protocol", ADMIN_PROTOCOL);
    if (answer->content_type != NULL)
        evhttp_add_header(headers, "Content-Type", answer->content_type);
    if (answer->code == 405)
        evhttp_add_header(headers, "Allow", "GET, POST");
    if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
        evbuffer_add(body, answer->body.data, answer->body.size);
    log_body("answer", buf_span(&answer->body), answer->content_type);
    evhttp_send_reply(request, answer->code, reason_phrase(answer->code), NULL);
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct https *https = context;
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
    size_t size = evbuffer_get_length(body);
    const uint8_t *octets = evbuffer_pullup(body, -1);
    struct http_request parsed = {
        .method = method_name(request),
        .path = path != NULL && path[0] != '\0' ? path : "/",
        .content_type = evhttp_find_header(headers, "Content-Type"),
        .admin_protocol = evhttp_find_header(headers, "X-Admin-Protocol"),
        .body = octets != NULL ? SPAN(octets, size) : SPAN("", 0),
    };
    struct http_answer answer;

    log_line(LOG_LEVEL_DEBUG, "%s %s", parsed.method, parsed.path);
    log_body("request", parsed.body, parsed.content_type);
    http_api_answer(https->smdpp, &parsed, &answer);
    send_answer(request, &answer);
    buf_free(&answer.body);
}

/* --- The server ----------------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t number, short events, void *context)
{
    struct https *https = context;

    (void)events;
    log_line(LOG_LEVEL_INFO, "stopping: signal %d", (int)number);
    event_base_loopexit(https->base, NULL);
}

static bool watch_signals(struct https *https)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    for (size_t i = 0; i < 2; i++) {
        https->signals[i] = evsignal_new(https->base, numbers[i], on_signal, https);
        if (https->signals[i] == NULL || event_add(https->signals[i], NULL) != 0)
            return false;
    }
    return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

static uint16_t bound_port(evutil_socket_t fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static bool start_http(struct https *https, const char *address, uint16_t port)
{
    struct evhttp_bound_socket *socket;
    evutil_socket_t fd;

    https->base = event_base_new();
    https->http = https->base != NULL ? evhttp_new(https->base) : NULL;
    if (https->http == NULL || !watch_signals(https)) {
        tool_error("cannot set up the event loop");
        return false;
    }
    evhttp_set_bevcb(https->http, make_connection, https->tls);
    evhttp_set_gencb(https->http, on_request, https);
    evhttp_set_allowed_methods(https->http, ALL_METHODS);
    evhttp_set_max_body_size(https->http, REQUEST_BODY_LIMIT);
    /* A body that is too large is read and dropped before the answer: closing with octets unread resets the
     * connection, and the 413 is lost on its way. */
    evhttp_set_flags(https->http, EVHTTP_SERVER_LINGERING_CLOSE);
    evhttp_set_max_headers_size(https->http, HEADERS_LIMIT);
    evhttp_set_timeout(https->http, HTTPS_IDLE_TIMEOUT);
    socket = evhttp_bind_socket_with_handle(https->http, address, port);
    if (socket == NULL) {
        tool_error("cannot listen on %s port %u: %s", address, port, strerror(errno));
        return false;
    }
    fd = evhttp_bound_socket_get_fd(socket);
    https->port = bound_port(fd);
    /* Connections inherit it. Headers and body leave in two writes, and the second would wait 40 ms for an
     * acknowledgement. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return true;
}

struct https *https_open(struct smdpp *smdpp, const char *address, uint16_t port, const char *cert_path,
                         const char *key_path)
{
    struct https *https = calloc(1, sizeof(*https));

    if (https == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    https->smdpp = smdpp;
    https->tls = make_tls(cert_path, key_path);
    if (https->tls != NULL && start_http(https, address, port))
        return https;
    https_close(https);
    return NULL;
}

uint16_t https_port(const struct https *https)
{
    return https->port;
}

bool https_run(struct https *https)
{
    return event_base_dispatch(https->base) == 0;
}

void https_close(struct https *https)
{
    if (https == NULL)
        return;
    if (https->http != NULL)
        evhttp_free(https->http);
    for (size_t i = 0; i < 2; i++) {
        if (https->signals[i] != NULL)
            event_free(https->signals[i]);
    }
    if (https->base != NULL)
        event_base_free(https->base);
    SSL_CTX_free(https->tls);
    free(https);
}
