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
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* OpenSSL's own, and brainpool behind them: an LPA may know nothing else (SGP.22 2.6.7). */
#define GROUPS        "X25519:P-256:X448:P-521:P-384:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1"
#define CLIENT_CA_MAX (4 * 1024 * 1024) /* octets */
#define PEER_MAX      64                /* octets of an address as text */

struct https_tls {
    size_t count;
    SSL_CTX *contexts[]; /* one for each identity, the default first */
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

/* --- Who the server is -------------------------------------------------------------------------------- */

/* What a client says of itself that a certificate is chosen by. */
struct hello {
    char name[TLSEXT_MAXLEN_host_name + 1]; /* "": none */
    const uint8_t *groups;                  /* RFC 8422 5.1.1, two octets each; NULL: any */
    size_t groups_size;
};

/* The list in an extension that is nothing but one, with a length of two octets. */
static const uint8_t *hello_list(SSL *ssl, unsigned type, size_t *size)
{
    const uint8_t *octets;

    if (SSL_client_hello_get0_ext(ssl, type, &octets, size) != 1 || *size < 2 ||
        ((size_t)octets[0] << 8 | octets[1]) != *size - 2) {
        *size = 0;
        return NULL;
    }
    *size -= 2;
    return octets + 2;
}

static void hello_read(SSL *ssl, struct hello *out)
{
    enum { NAME_AT = 3 }; /* behind the name's type and length, RFC 6066 3 */
    size_t size;
    const uint8_t *names = hello_list(ssl, TLSEXT_TYPE_server_name, &size);

    *out = (struct hello){.name = ""};
    if (names != NULL && size > NAME_AT && names[0] == TLSEXT_NAMETYPE_host_name &&
        size - NAME_AT <= TLSEXT_MAXLEN_host_name && memchr(names + NAME_AT, '\0', size - NAME_AT) == NULL)
        memcpy(out->name, names + NAME_AT, size - NAME_AT);
    out->groups = hello_list(ssl, TLSEXT_TYPE_supported_groups, &out->groups_size);
}

static bool hello_lists(const uint8_t *list, size_t size, unsigned value)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        if (((unsigned)list[i] << 8 | list[i + 1]) == value)
            return true;
    }
    return false;
}

/* Whether a client can verify with this key: it names the curve. TLS 1.3 has the curve in the scheme of the
 * signature instead (RFC 8446 4.2.3), but who knows one for P-256 exchanges keys on it as well. Other keys
 * than those of these curves are for everybody. */
static bool hello_knows(const struct hello *hello, SSL_CTX *context)
{
    static const struct {
        const char *curve;
        unsigned group;
    } curves[] = {{SN_X9_62_prime256v1, 23}, {SN_secp384r1, 24},       {SN_secp521r1, 25},
                  {SN_brainpoolP256r1, 26},  {SN_brainpoolP384r1, 27}, {SN_brainpoolP512r1, 28}};
    char curve[80];

    if (hello->groups == NULL ||
        EVP_PKEY_get_group_name(SSL_CTX_get0_privatekey(context), curve, sizeof(curve), NULL) != 1)
        return true;
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(curves[i].curve, curve) == 0)
            return hello_lists(hello->groups, hello->groups_size, curves[i].group);
    }
    return true;
}

static bool context_is_called(SSL_CTX *context, const char *name)
{
    X509 *cert = SSL_CTX_get0_certificate(context);

    return name[0] != '\0' && X509_check_host(cert, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

bool https_tls_is_called(const struct https_tls *tls, const char *name)
{
    size_t i = 0;

    while (i < tls->count && !context_is_called(tls->contexts[i], name))
        i++;
    return i < tls->count;
}

static SSL_CTX *choose_context(const struct https_tls *tls, const struct hello *hello)
{
    SSL_CTX *called = NULL, *known = NULL;

    for (size_t i = 0; i < tls->count; i++) {
        bool can = hello_knows(hello, tls->contexts[i]);

        if (context_is_called(tls->contexts[i], hello->name)) {
            if (can)
                return tls->contexts[i];
            called = called != NULL ? called : tls->contexts[i];
        }
        known = known == NULL && can ? tls->contexts[i] : known;
    }
    return called != NULL ? called : known != NULL ? known : tls->contexts[0];
}

static int on_client_hello(SSL *ssl, int *alert, void *tls)
{
    struct hello hello;

    hello_read(ssl, &hello);
    if (SSL_set_SSL_CTX(ssl, choose_context(tls, &hello)) != NULL)
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

/* --- The server ----------------------------------------------------------------------------------------- */

enum {
    SESSIONS_MAX = 1 << 17,            /* the oldest goes: of that many clients each finds its last one */
    SESSION_SECONDS = 7 * 24 * 60 * 60 /* RFC 8446 4.6.1 allows no more */
};

/*
 * A session is kept here, and its ticket is but its name (32 octets): a ticket with the session in it costs
 * 160 octets more in either direction, each time, and devices on narrow networks pay for them. Cards and LPAs
 * keep one; a second is octets as well. What another process or a restart does not know is a full handshake.
 */
static void keep_sessions(SSL_CTX *context)
{
    static const unsigned char name[] = "softeuicc";

    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context, SESSIONS_MAX);
    SSL_CTX_set_timeout(context, SESSION_SECONDS);
    SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1);
}

static SSL_CTX *make_context(const struct https_options *options, const struct https_identity *identity)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char groups[] = GROUPS; /* OpenSSL's macro casts a const away */

    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(context, groups) != 1) {
        SSL_CTX_free(context);
        tool_error("cannot set up TLS");
        return NULL;
    }
    /* LPAs hang up without a closure alert; an HTTP message has its own length. */
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    keep_sessions(context);
    if (!tls_files_use(context, identity->cert, identity->key) ||
        (options->client_ca != NULL && !ask_clients(context, options->client_ca))) {
        SSL_CTX_free(context);
        context = NULL;
    }
    return context;
}

struct https_tls *https_tls_open(const struct https_options *options)
{
    const struct https_identity first = {options->cert, options->key};
    struct https_tls *tls = calloc(1, sizeof(*tls) + (1 + options->others_count) * sizeof(tls->contexts[0]));

    if (tls == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    for (size_t i = 0; i <= options->others_count; i++) {
        tls->contexts[i] = make_context(options, i == 0 ? &first : &options->others[i - 1]);
        if (tls->contexts[i] == NULL) {
            https_tls_close(tls);
            return NULL;
        }
        tls->count++;
    }
    /* With one there is nothing to choose, and OpenSSL knows by itself which versions its curve allows. */
    if (tls->count > 1)
        SSL_CTX_set_client_hello_cb(tls->contexts[0], on_client_hello, tls);
    return tls;
}

void https_tls_close(struct https_tls *tls)
{
    if (tls == NULL)
        return;
    for (size_t i = 0; i < tls->count; i++)
        SSL_CTX_free(tls->contexts[i]);
    free(tls);
}

struct bufferevent *https_tls_connection(struct event_base *base, const struct https_tls *tls)
{
    SSL *ssl = SSL_new(tls->contexts[0]);
    struct bufferevent *connection;

    if (ssl == NULL)
        return NULL;
    connection =
        bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (connection != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(connection, 1);
    return connection;
}

/* Without it OpenSSL takes the session for a bad one, and forgets it. A fatal alert has done so already. */
void https_tls_ended(struct bufferevent *connection)
{
    SSL *ssl = bufferevent_openssl_get_ssl(connection);

    if (ssl != NULL && SSL_is_init_finished(ssl))
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}
