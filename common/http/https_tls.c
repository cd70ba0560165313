/* TLS of an HTTPS server. See https_tls.h. */
#include "common/http/https_tls.h"

#include "common/http/tls_files.h"
#include "common/log.h"
#include "common/tool.h"

#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#define CLIENT_CA_MAX (4 * 1024 * 1024) /* octets */
#define PEER_MAX      64                /* octets of an address as text */

struct https_tls {
    SSL_CTX *context;
};

/* --- Clients -------------------------------------------------------------------------------------------- */

static void peer_name(const SSL *ssl, char out[PEER_MAX])
{
    struct sockaddr_storage at;
    socklen_t size = sizeof(at);

    if (getpeername(SSL_get_fd(ssl), (struct sockaddr *)&at, &size) != 0 ||
        getnameinfo((struct sockaddr *)&at, size, out, PEER_MAX, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, PEER_MAX, "?");
}

/* The alert that refuses a client: the handshake ends with it, and no request ever comes that could be
 * logged.
 */
static void on_client_refused(const SSL *ssl, int where, int what)
{
    long verify = SSL_get_verify_result(ssl);
    char peer[PEER_MAX];

    if ((where & SSL_CB_ALERT) == 0 || (where & SSL_CB_WRITE) == 0 || what >> 8 != SSL3_AL_FATAL)
        return;
    peer_name(ssl, peer);
    log_line(LOG_LEVEL_INFO, "client %s is refused in the TLS handshake: %s", peer,
             verify != X509_V_OK ? X509_verify_cert_error_string(verify)
             : SSL_get0_peer_certificate(ssl) == NULL &&
                     ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
                 ? "it shows no certificate"
                 : SSL_alert_desc_string_long(what));
}

/* Each certificate in the file is trusted as it is, whether it is a root or not: an operator's own may be
 * named alone. */
static bool add_client_cas(SSL_CTX *context, struct span file)
{
    BIO *pem = BIO_new_mem_buf(file.data, (int)file.size);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    bool any = false;
    X509 *cert;

    while (pem != NULL && (cert = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        any = X509_STORE_add_cert(store, cert) == 1 && SSL_CTX_add_client_CA(context, cert) == 1;
        X509_free(cert);
        if (!any)
            break;
    }
    BIO_free(pem);
    ERR_clear_error();
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return any;
}

static bool ask_clients(SSL_CTX *context, const char *path)
{
    struct buf file = {0};
    bool ok = tool_read_file(path, CLIENT_CA_MAX, &file);

    if (ok && !add_client_cas(context, buf_span(&file)))
        ok = tool_error("there is no certificate (PEM) in %s", path) == EXIT_OK;
    buf_free(&file);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_info_callback(context, on_client_refused);
    /* Each connection shows its certificate anew: a session that is resumed would outlive it. */
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    return ok;
}

void https_tls_client(struct bufferevent *connection, struct buf *der)
{
    const SSL *ssl = bufferevent_openssl_get_ssl(connection);
    X509 *cert = ssl != NULL ? SSL_get0_peer_certificate(ssl) : NULL;
    uint8_t *octets = NULL;
    int size = cert != NULL ? i2d_X509(cert, &octets) : 0;

    if (size > 0)
        buf_append(der, SPAN(octets, (size_t)size));
    OPENSSL_free(octets);
}

/* --- The server ----------------------------------------------------------------------------------------- */

static SSL_CTX *make_context(const struct https_options *options)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(context);
        tool_error("cannot set up TLS");
        return NULL;
    }
    /* LPAs hang up without a closure alert; an HTTP message has its own length. */
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    if (!tls_files_use(context, options->cert, options->key) ||
        (options->client_ca != NULL && !ask_clients(context, options->client_ca))) {
        SSL_CTX_free(context);
        context = NULL;
    }
    return context;
}

struct https_tls *https_tls_open(const struct https_options *options)
{
    struct https_tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    tls->context = make_context(options);
    if (tls->context != NULL)
        return tls;
    free(tls);
    return NULL;
}

void https_tls_close(struct https_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

struct bufferevent *https_tls_connection(struct event_base *base, void *tls_)
{
    const struct https_tls *tls = tls_;
    SSL *ssl = SSL_new(tls->context);
    struct bufferevent *connection;

    if (ssl == NULL)
        return NULL;
    connection =
        bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (connection != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
    return connection;
}
