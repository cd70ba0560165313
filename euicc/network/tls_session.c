/*
 * Sessions that are resumed later: OpenSSL's own serial form (which holds the secret, the server's
 * certificate and the ticket or session id) behind a digest of whom it was made with and how they were
 * trusted. Who resumes is not verified again, so a session must not reach another host nor pass under another
 * trust.
 */
#include "apdu/tlv.h"
#include "euicc/network/tls_internal.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

enum { TAG_SEQUENCE = 0x30, TAG_OCTETS = 0x04 };

bool tls_session_bind(struct tls_client *client, const struct tls_client_trust *trust)
{
    struct buf all = {0};
    struct span octets;
    bool ok;

    buf_append_octet(&all, client->is_datagram);
    buf_append_octet(&all, (uint8_t)trust->kind);
    for (const char *at = client->host; *at != '\0'; at++)
        buf_append_octet(&all, (uint8_t)tolower((unsigned char)*at));
    for (size_t i = 0; i < trust->count; i++) {
        buf_append_octet(&all, 0);
        buf_append_number(&all, 4, trust->values[i].size);
        buf_append(&all, trust->values[i]);
    }
    octets = buf_span(&all);
    ok = !all.failed && crypto_sha256(&octets, 1, client->binding);
    buf_free(&all);
    return ok;
}

/* Dates of the server's certificate are judged here once more: nobody shows it when a session is resumed. */
static bool is_in_time(const struct tls_verifier *verifier, SSL_SESSION *session)
{
    X509 *cert = SSL_SESSION_get0_peer(session);
    time_t date = (time_t)(verifier->date / 1000);

    return verifier->kind == TLS_TRUST_KEY || verifier->kind == TLS_TRUST_PSK ||
           verifier->date == TLS_DATE_UNKNOWN ||
           (cert != NULL && X509_cmp_time(X509_get0_notBefore(cert), &date) < 0 &&
            X509_cmp_time(X509_get0_notAfter(cert), &date) > 0);
}

/* Of octets that another process, or this one some time ago, has given out. NULL: they are none. */
static SSL_SESSION *read_session(struct span content)
{
    const unsigned char *at = content.data;
    SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, (long)content.size);

    if (session != NULL && at == content.data + content.size)
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

static const struct tls_newest *newest_of(const struct tls_client *client)
{
    const struct tls_client_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(client->ssl));

    return &context->newest;
}

#define CURVE_MAX 32 /* characters of its name, with the zero */

/* How the server has signed; and before TLS 1.3, which asks for the key's share at once and knows curves of
 * certificates by their signatures, the curve that its certificate is on. */
static void say_how_it_signed(SSL *ssl, SSL_SESSION *session)
{
    const X509 *cert = SSL_SESSION_get0_peer(session);
    EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
    bool is_13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION;
    char of_ec[] = "ECDSA+SHA256"; /* OpenSSL's macros cast a const away */
    char of_rsa[] = "RSA-PSS+SHA256:RSA+SHA256";
    char curve[CURVE_MAX] = "P-256";

    if (key == NULL)
        return;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) != 1 ||
            (is_13 && strcmp(curve, SN_X9_62_prime256v1) != 0))
            return;
        SSL_set1_sigalgs_list(ssl, of_ec);
        break;
    case EVP_PKEY_RSA:
        if (is_13)
            return;
        SSL_set1_sigalgs_list(ssl, of_rsa);
        break;
    default:
        return;
    }
    if (!is_13)
        SSL_set1_groups_list(ssl, curve);
}

/* A hello that goes on says what the session was made with and no more: the rest would be for a server that
 * no longer has it. One that agrees to nothing then is asked without a session
 * (tls_client_went_wrong_by_session). What OpenSSL does not want to be left out makes it longer. */
static void say_no_more(SSL *ssl, SSL_SESSION *session)
{
    const SSL_CIPHER *suite = SSL_SESSION_get0_cipher(session);
    int version = SSL_SESSION_get_protocol_version(session);
    const char *name = suite != NULL ? SSL_CIPHER_get_name(suite) : NULL;

    SSL_set_min_proto_version(ssl, version);
    SSL_set_max_proto_version(ssl, version);
    if (name != NULL && version == TLS1_3_VERSION)
        SSL_set_ciphersuites(ssl, name);
    else if (name != NULL)
        SSL_set_cipher_list(ssl, name);
    say_how_it_signed(ssl, session);
}

void tls_session_offer(struct tls_client *client, struct span octets)
{
    const struct tls_newest *newest = newest_of(client);
    struct tlv_reader reader;
    struct span binding;
    struct span content;
    SSL_SESSION *session;

    if (!tlv_enter(octets, TAG_SEQUENCE, &reader) ||
        !tlv_require_sized(&reader, TAG_OCTETS, CRYPTO_SHA256_SIZE, CRYPTO_SHA256_SIZE, &binding) ||
        !tlv_require(&reader, TAG_OCTETS, &content) || !tlv_finish(&reader) ||
        CRYPTO_memcmp(binding.data, client->binding, CRYPTO_SHA256_SIZE) != 0)
        return;
    if (newest->session != NULL && span_equal(octets, buf_span(&newest->octets)))
        session = SSL_SESSION_dup(newest->session);
    else
        session = read_session(content);
    if (session != NULL && is_in_time(&client->verifier, session))
        client->has_offered = SSL_set_session(client->ssl, session) == 1;
    if (client->has_offered)
        say_no_more(client->ssl, session);
    SSL_SESSION_free(session);
}

void tls_newest_free(struct tls_newest *newest)
{
    buf_free(&newest->octets);
    SSL_SESSION_free(newest->session);
    newest->session = NULL;
}

/* A copy: what becomes of the connection is the session's matter in OpenSSL. */
static void keep_newest(SSL *ssl, SSL_SESSION *session, struct span octets)
{
    struct tls_client_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct tls_newest *newest = &context->newest;

    tls_newest_free(newest);
    buf_append(&newest->octets, octets);
    if (!newest->octets.failed)
        newest->session = SSL_SESSION_dup(session);
}

int tls_session_keep(SSL *ssl, SSL_SESSION *session)
{
    struct tls_client *client = SSL_get_app_data(ssl);
    unsigned char *octets = NULL;
    int size = SSL_SESSION_is_resumable(session) == 1 ? i2d_SSL_SESSION(session, &octets) : 0;
    size_t at;

    if (size > 0) {
        buf_wipe(&client->session);
        at = tlv_open(&client->session, TAG_SEQUENCE);
        tlv_put(&client->session, TAG_OCTETS, SPAN_ARRAY(client->binding));
        tlv_put(&client->session, TAG_OCTETS, SPAN(octets, (size_t)size));
        tlv_close(&client->session, at);
        if (client->session.failed) /* a session less is no failure */
            buf_wipe(&client->session);
        else
            keep_newest(ssl, session, buf_span(&client->session));
        OPENSSL_clear_free(octets, (size_t)size);
    }
    return 0;
}
