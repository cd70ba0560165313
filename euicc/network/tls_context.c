/* What TLS clients have in common: OpenSSL's settings for streams and for datagrams. */
#include "euicc/network/tls_internal.h"

#include <openssl/err.h>
#include <stdlib.h>

/* OpenSSL's macros cast a const away, so these are arrays on the stack.
 * SGP.22 2.6.6.2 and RFC 7925 4.4: what servers of eSIM and constrained ones have; any key that signs. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:ECDHE+AESCCM8"
#define CIPHERS_OF_13                                                                                        \
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256"
#define GROUPS "X25519:P-256:P-384:brainpoolP256r1"
/* Without DSA, SHA-224, Ed448 and keys that are for PSS alone, which OpenSSL would offer too: no server of
 * eSIM has them, and they would be in every hello. */
#define SIGNATURES                                                                                           \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"           \
    "RSA+SHA256:RSA+SHA384:RSA+SHA512"

/* In TLS 1.3 it has a number of its own (RFC 8734), which OpenSSL knows from 3.2 on; a server of that age
 * with such a key speaks TLS 1.3 and needs it, an older one goes down to TLS 1.2. */
#define SIGNATURE_OF_BRAINPOOL "ecdsa_brainpoolP256r1tls13_sha256"

#define SECURITY_LEVEL 2

static void note_alert(const SSL *ssl, int where, int what)
{
    struct tls_client *client = SSL_get_app_data(ssl);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        client->alert = what & 0xFF;
}

static bool set_signatures(SSL_CTX *context)
{
    char all[] = SIGNATURES ":" SIGNATURE_OF_BRAINPOOL;
    char older[] = SIGNATURES;

    return SSL_CTX_set1_sigalgs_list(context, all) == 1 || SSL_CTX_set1_sigalgs_list(context, older) == 1;
}

static SSL_CTX *make_context(struct tls_client_context *shared, const SSL_METHOD *method, int lowest)
{
    SSL_CTX *context = SSL_CTX_new(method);
    char groups[] = GROUPS;

    if (context == NULL)
        return NULL;
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                     SSL_OP_NO_ENCRYPT_THEN_MAC); /* no cipher here has a MAC of its own */
    /* A session id that means nothing, and a record in each direction (RFC 8446 D.4): 76 octets a handshake
     * for firewalls of offices, which networks of devices do not have. */
    SSL_CTX_clear_options(context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(context, TLS_CERTIFICATES_MAX);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, tls_session_keep);
    SSL_CTX_set_info_callback(context, note_alert);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, tls_trust_verify, NULL);
    if (SSL_CTX_set_app_data(context, shared) == 1 && SSL_CTX_set_min_proto_version(context, lowest) == 1 &&
        SSL_CTX_set_max_proto_version(context, 0) == 1 && SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
        SSL_CTX_set_ciphersuites(context, CIPHERS_OF_13) == 1 &&
        SSL_CTX_set1_groups_list(context, groups) == 1 && set_signatures(context))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

struct tls_client_context *tls_client_context_new(void)
{
    struct tls_client_context *context = calloc(1, sizeof(*context));

    if (context == NULL)
        return NULL;
    context->stream = make_context(context, TLS_client_method(), TLS1_2_VERSION);
    context->datagram = make_context(context, DTLS_client_method(), DTLS1_2_VERSION);
    context->bio = tls_bio_method();
    ERR_clear_error();
    if (context->stream != NULL && context->datagram != NULL && context->bio != NULL)
        return context;
    tls_client_context_free(context);
    return NULL;
}

void tls_client_context_free(struct tls_client_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->stream);
    SSL_CTX_free(context->datagram);
    BIO_meth_free(context->bio);
    tls_newest_free(&context->newest);
    free(context);
}
