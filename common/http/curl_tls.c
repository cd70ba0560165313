/* TLS inside libcurl. See curl_tls.h. */
#include "common/http/curl_tls.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#define ALERT_CLOSE_NOTIFY 0

/* Where OpenSSL keeps what we hang on a context; -1: it has no place for it. */
static const struct curl_library *watching;
static int place = -1;

struct curl_tls_watch {
    struct tls_facts *facts; /* NULL: nobody asks any more */
    unsigned holders;        /* who watches, and each context */
};

static void release_watch(struct curl_tls_watch *watch)
{
    if (watch != NULL && --watch->holders == 0)
        free(watch);
}

static void on_context_gone(void *context, void *watch, CRYPTO_EX_DATA *data, int index, long number,
                            void *argument)
{
    (void)context;
    (void)data;
    (void)index;
    (void)number;
    (void)argument;
    release_watch(watch);
}

static struct tls_facts *facts_of(const SSL *ssl)
{
    const struct curl_tls_watch *watch = watching->ssl_ctx_get_ex_data(watching->ssl_get_ssl_ctx(ssl), place);

    return watch->facts;
}

static void on_handshake(const SSL *ssl, int where, int what)
{
    struct tls_facts *facts = facts_of(ssl);
    int alert = what & 0xFF;
    X509 *cert;

    if (facts == NULL)
        return;
    if ((where & SSL_CB_ALERT) != 0 && alert != ALERT_CLOSE_NOTIFY && facts->alert == 0)
        facts->alert = alert;
    if ((where & SSL_CB_HANDSHAKE_DONE) == 0)
        return;
    cert = watching->ssl_get1_peer_certificate(ssl);
    if (cert != NULL)
        tls_names(cert, facts->names);
    X509_free(cert);
}

static int on_certificate_request(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
    struct tls_facts *facts = facts_of(ssl);

    (void)cert;
    (void)key;
    if (facts != NULL)
        facts->wants_certificate = true;
    return 0; /* there is none: OpenSSL asks only then */
}

static CURLcode on_context(CURL *curl, void *context, void *watch)
{
    (void)curl;
    if (watching->ssl_ctx_set_ex_data(context, place, watch) == 1) {
        ((struct curl_tls_watch *)watch)->holders++;
        watching->ssl_ctx_set_info_callback(context, on_handshake);
        watching->ssl_ctx_set_client_cert_cb(context, on_certificate_request);
    }
    return CURLE_OK;
}

struct curl_tls_watch *curl_tls_watch(const struct curl_library *library, CURL *curl, struct tls_facts *facts)
{
    struct curl_tls_watch *watch;

    if (!library->has_openssl)
        return NULL;
    watching = library;
    if (place < 0)
        place = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, NULL, NULL, on_context_gone);
    watch = place >= 0 ? malloc(sizeof(*watch)) : NULL;
    if (watch == NULL)
        return NULL;
    *watch = (struct curl_tls_watch){.facts = facts, .holders = 1};
    library->easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_context);
    library->easy_setopt(curl, CURLOPT_SSL_CTX_DATA, watch);
    return watch;
}

void curl_tls_forget(struct curl_tls_watch *watch)
{
    if (watch != NULL)
        watch->facts = NULL;
    release_watch(watch);
}

void curl_tls_end(const struct curl_library *library, CURL *curl, CURLcode code, const char *words,
                  struct tls_facts *facts)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        library->easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &facts->verify);
        if (facts->verify ==
            X509_V_ERR_UNSPECIFIED) /* libcurl has not asked: the chain held, the name did not */
            facts->verify = X509_V_OK;
        facts->other_name = facts->verify == X509_V_OK;
        break;
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        facts->other_key = true;
        break;
    case CURLE_SSL_CONNECT_ERROR:
        /* A record that is none has no alert of the server; its words have not changed since SSLeay. */
        facts->not_tls = strstr(words, "wrong version number") != NULL ||
                         strstr(words, "packet length too long") != NULL ||
                         strstr(words, "http request") != NULL;
        facts->closed = strstr(words, "SSL_ERROR_SYSCALL") != NULL ||
                        strstr(words, "unexpected eof") != NULL || strstr(words, "reset by peer") != NULL;
        break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        /* TLS 1.3 refuses who shows no certificate only when the client has begun to send; the alert is lost
         * when the connection is reset behind it. */
        if (facts->wants_certificate && facts->alert == 0) {
            facts->alert = SSL_AD_CERTIFICATE_REQUIRED;
            break;
        }
        __attribute__((fallthrough));
    default:
        if (facts->alert == 0)
            *facts = (struct tls_facts){.verify = 0}; /* the handshake was not the matter */
    }
}
