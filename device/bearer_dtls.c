/* Trust and facts of a DTLS connection, on OpenSSL. See bearer_dtls.h. */
#include "config.h"

#include "device/bearer_dtls.h"

#ifdef HAVE_COAP

#include "common/input.h"
#include "device/trust.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* --- Whom to trust ------------------------------------------------------------------------------------ */

bool dtls_is_address(const char *host)
{
    uint8_t address[16];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* What has to be found at the end of the server's chain. */
static bool fill_store(X509_STORE *store, const struct bearer_target *target)
{
    const unsigned char *at = target->trusted.data;
    X509 *anchor;
    bool ok;

    if (target->trust != IPA_TRUST_CERTIFICATE)
        return target->cacert != NULL
                   ? input_other_kind(target->cacert) == NULL && /* OpenSSL would wait for a FIFO */
                         X509_STORE_load_file(store, target->cacert) == 1
                   : X509_STORE_set_default_paths(store) == 1;
    anchor = d2i_X509(NULL, &at, (long)target->trusted.size);
    ok = anchor != NULL && X509_STORE_add_cert(store, anchor) == 1;
    X509_free(anchor);
    return ok;
}

static bool chain_is_trusted(const struct bearer_target *target, X509 *cert, STACK_OF(X509) * chain,
                             struct tls_facts *facts, const char **why)
{
    /* Reading: as over HTTPS, a certificate of the server's own is trusted whatever it is called. */
    bool by_name = target->trust != IPA_TRUST_CERTIFICATE || trust_is_ca(target->trusted);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ok = store != NULL && context != NULL && fill_store(store, target) &&
              X509_STORE_CTX_init(context, store, cert, chain) == 1;

    *why = "the trusted certificate cannot be used";
    if (ok) {
        X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);

        X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
        X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
        if (by_name && dtls_is_address(target->host))
            X509_VERIFY_PARAM_set1_ip_asc(parameters, target->host);
        else if (by_name)
            X509_VERIFY_PARAM_set1_host(parameters, target->host, 0);
        ok = X509_verify_cert(context) == 1;
        facts->verify = X509_STORE_CTX_get_error(context);
        tls_names(cert, facts->names);
        *why = X509_verify_cert_error_string(facts->verify);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return ok;
}

static bool has_key(const struct bearer_target *target, X509 *cert, struct tls_facts *facts, const char **why)
{
    unsigned char *der = NULL;
    int size = i2d_X509(cert, &der);
    bool ok = size > 0 && trust_has_key(SPAN(der, (size_t)size), target->trusted);

    OPENSSL_free(der);
    *why = "the server's key is another one";
    facts->other_key = !ok;
    return ok;
}

bool dtls_is_trusted(const SSL *ssl, const struct bearer_target *target, struct tls_facts *facts,
                     const char **why)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    bool ok;

    *why = "the server showed no certificate";
    if (cert == NULL)
        return false;
    ok = target->trust == IPA_TRUST_KEY
             ? has_key(target, cert, facts, why)
             : chain_is_trusted(target, cert, SSL_get_peer_cert_chain(ssl), facts, why);
    X509_free(cert);
    return ok;
}

bool dtls_is_by_psk(const SSL *ssl)
{
    return SSL_get_psk_identity(ssl) != NULL;
}

/* --- What a handshake meets --------------------------------------------------------------------------- */

/* Where OpenSSL keeps the facts of a connection; -1: it has no place for them. */
static int facts_place(void)
{
    static int place = -1;

    if (place < 0)
        place = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return place;
}

static void on_handshake(const SSL *ssl, int where, int what)
{
    struct tls_facts *facts = SSL_get_ex_data(ssl, facts_place());

    if ((where & SSL_CB_ALERT) != 0 && facts->alert == 0)
        facts->alert = what & 0xFF; /* closing is 0 */
    if (SSL_get_state(ssl) == TLS_ST_CR_CERT_REQ)
        facts->wants_certificate = true;
    if (SSL_get_state(ssl) == TLS_ST_CW_FINISHED)
        facts->is_proven = true;
}

void dtls_watch(SSL *ssl, struct tls_facts *facts)
{
    if (SSL_set_ex_data(ssl, facts_place(), facts) == 1)
        SSL_set_info_callback(ssl, on_handshake);
}

const char *dtls_psk_hint(const struct tls_facts *facts, const struct psk *psk, char out[TLS_HINT_MAX])
{
    const char *what = NULL;

    switch (facts->alert) {
    case 0: /* what does not decrypt is dropped without a word (RFC 6347 4.1.2.7) */
        what = facts->is_proven ? "seems to have another key" : NULL;
        break;
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_DECRYPT_ERROR:
        what = "has another key";
        break;
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
        what = "has no key";
        break;
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
        return " (the server takes no pre-shared keys, or has no suite for them that we have)";
    default:
        break;
    }
    if (what == NULL)
        return "";
    snprintf(out, TLS_HINT_MAX, " (the server %s for the identity '%s')", what, psk->identity);
    return out;
}

#endif
