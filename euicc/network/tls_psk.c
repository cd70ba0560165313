/*
 * DTLS by a key that both ends were given beforehand (RFC 4279, the profile of RFC 7925 4.2): which suites
 * are offered, what the client says of itself, and what a server that does not agree means.
 */
#include "euicc/network/tls_internal.h"

#include <stdio.h>
#include <string.h>

/* The one that everybody must have first; it costs the fewest octets. Who wants forward secrecy lets the
 * server choose one of the last two. */
#define PSK_CIPHERS                                                                                          \
    "PSK-AES128-CCM8:PSK-AES128-CCM:PSK-AES128-GCM-SHA256:ECDHE-PSK-CHACHA20-POLY1305:"                      \
    "ECDHE-PSK-AES128-CBC-SHA256"
/* Nobody signs, but OpenSSL sends the list; the shortest that there is. */
#define PSK_SIGNATURES "ECDSA+SHA256"

/* From OpenSSL 3.2 on the tag of eight octets is no more than level 0 (RFC 7925 demands it). What else a
 * level forbids is not in the list above, and there is no certificate to be weak. */
#define PSK_SECURITY_LEVEL 0

/* RFC 5246 7.2, RFC 4279 2. */
enum {
    ALERT_BAD_RECORD_MAC = 20,
    ALERT_HANDSHAKE_FAILURE = 40,
    ALERT_DECRYPT_ERROR = 51,
    ALERT_INSUFFICIENT_SECURITY = 71,
    ALERT_UNKNOWN_PSK_IDENTITY = 115
};

bool tls_psk_use(struct tls_client *client, struct span written)
{
    char text[PSK_IDENTITY_MAX + 1 + 2 * PSK_KEY_MAX + 1] = "";
    const char *why = "is none";
    bool ok = written.size < sizeof(text) && memchr(written.data, '\0', written.size) == NULL;

    if (!client->is_datagram) {
        snprintf(client->why, sizeof(client->why), "a pre-shared key is for DTLS only");
        return false;
    }
    if (ok)
        memcpy(text, written.data, written.size);
    ok = ok && psk_read(text, &client->psk, &why);
    OPENSSL_cleanse(text, sizeof(text));
    if (!ok)
        snprintf(client->why, sizeof(client->why), "the pre-shared key %s", why);
    return ok;
}

/* The server asks, with a hint that may say anything (RFC 4279 5.2): the client has one identity. */
static unsigned int answer_with_psk(SSL *ssl, const char *hint, char *identity, unsigned int identity_room,
                                    unsigned char *key, unsigned int key_room)
{
    struct tls_client *client = SSL_get_app_data(ssl);
    const struct psk *psk = &client->psk;
    size_t size = strlen(psk->identity);

    (void)hint;
    if (size >= identity_room || psk->key_size > key_room)
        return 0;
    memcpy(identity, psk->identity, size + 1);
    memcpy(key, psk->key, psk->key_size);
    client->is_psk_used = true;
    return (unsigned int)psk->key_size;
}

bool tls_psk_set_up(struct tls_client *client)
{
    char signatures[] = PSK_SIGNATURES; /* OpenSSL's macro casts a const away */

    SSL_set_security_level(client->ssl, PSK_SECURITY_LEVEL);
    SSL_clear_options(client->ssl, SSL_OP_NO_ENCRYPT_THEN_MAC); /* the last suite has a MAC of its own */
    /* A ticket, twice in the hellos and once in the server's flight, takes more octets than all of a
     * handshake by a key: sessions go on by their ids. */
    SSL_set_options(client->ssl, SSL_OP_NO_TICKET);
    SSL_set_psk_client_callback(client->ssl, answer_with_psk);
    return SSL_set_cipher_list(client->ssl, PSK_CIPHERS) == 1 &&
           SSL_set1_sigalgs_list(client->ssl, signatures) == 1;
}

const char *tls_client_silence(const struct tls_client *client)
{
    return client->is_psk_used && client->state == TLS_HANDSHAKING
               ? "the server is silent since the pre-shared key is used: it may have another key"
               : NULL;
}

const char *tls_psk_meaning(const struct tls_client *client, int alert)
{
    if (client->verifier.kind != TLS_TRUST_PSK || client->state != TLS_HANDSHAKING)
        return NULL;
    switch (alert) {
    case ALERT_BAD_RECORD_MAC:
    case ALERT_DECRYPT_ERROR:
        return "the server has another key";
    case ALERT_UNKNOWN_PSK_IDENTITY:
        return "the server does not know the identity of the pre-shared key";
    case ALERT_HANDSHAKE_FAILURE:
    case ALERT_INSUFFICIENT_SECURITY:
        return "the server takes no pre-shared key";
    default:
        return NULL;
    }
}
