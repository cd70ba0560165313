/* What the files of the TLS client share: its insides. Not for others. */
#ifndef SOFTEUICC_EUICC_NETWORK_TLS_INTERNAL_H
#define SOFTEUICC_EUICC_NETWORK_TLS_INTERNAL_H

#include "crypto/ec.h"
#include "crypto/psk.h"
#include "euicc/network/tls.h"

#include <openssl/ssl.h>

#define TLS_WHY_MAX 480

/* How often a flight of DTLS is sent again. */
#define DTLS_COPIES 6

/* A flight of handshake messages that waits for its answer. See dtls.c. */
struct dtls_flight {
    bool is_waiting;
    unsigned first_wait;            /* ms */
    bool is_new;                    /* sent since the clock was looked at */
    uint64_t due;                   /* by the clock */
    unsigned sent_again;            /* how often */
    unsigned copy_count;            /* of those that were made */
    bool is_copying;                /* what OpenSSL writes now is another copy */
    struct buf copies[DTLS_COPIES]; /* queues of datagrams, which have not been sent */
};

/* What verification needs. See tls_trust.c. */
struct tls_verifier {
    enum tls_trust_kind kind;
    struct buf key;    /* SubjectPublicKeyInfo, once it was read */
    X509 *pinned;      /* the certificate; NULL with another kind */
    X509_STORE *cas;   /* NULL with TLS_TRUST_KEY and TLS_TRUST_PSK */
    struct buf unread; /* certificates that are not in it yet, or that key, as octet strings */
    int64_t date;      /* as in the settings */
    bool is_address;   /* the host is */
};

/* The newest session, and the octets that it was given out as: who brings these again needs nobody to read
 * them, which takes OpenSSL longer than the handshake does. See tls_session.c. */
struct tls_newest {
    struct buf octets;
    SSL_SESSION *session; /* NULL: there was none yet */
};

struct tls_client_context {
    SSL_CTX *stream;
    SSL_CTX *datagram;
    BIO_METHOD *bio;
    struct tls_newest newest;
};

struct tls_client {
    SSL *ssl; /* NULL when the settings could not be used */
    enum tls_client_state state;
    bool is_datagram;
    size_t datagram_max;
    char host[TLS_HOST_MAX + 1];
    char why[TLS_WHY_MAX];
    int alert;
    bool is_ended;
    struct span incoming; /* what OpenSSL has not read of what is being fed: the caller's */
    struct buf outgoing;  /* octets, or a queue of datagrams */
    struct buf received;  /* the same */
    struct tls_verifier verifier;
    struct psk psk;                      /* of TLS_TRUST_PSK */
    bool is_psk_used;                    /* the server was told the identity; what follows needs the key */
    uint8_t binding[CRYPTO_SHA256_SIZE]; /* of its sessions */
    struct buf session;                  /* the newest one that was not asked for; empty: none */
    bool has_offered;                    /* one that was there before */
    bool is_hung_up;                     /* in the handshake */
    struct dtls_flight flight;
};

/* --- tls_bio.c: what OpenSSL reads and writes ----------------------------------------------------------- */

/* How OpenSSL reads what is fed to a client and writes what is taken from it; NULL without memory. */
BIO_METHOD *tls_bio_method(void);
/* A queue of datagrams in a buffer. Putting drops what no longer fits, as a network would; taking is false
 * without any. */
void datagram_put(struct buf *queue, size_t queue_max, struct span octets);
bool datagram_take(struct buf *queue, struct buf *out);

/* --- tls_trust.c ---------------------------------------------------------------------------------------- */

/* Takes the trust over from the settings. False with client->why, which says nothing without memory. */
bool tls_trust_use(struct tls_client *client, const struct tls_client_settings *settings);
/* Reads what is in it, which takes OpenSSL longer than the handshake of a session that goes on and
 * is needed by nobody there: before somebody is verified. Likewise; nothing to do the second time. */
bool tls_trust_read(struct tls_client *client);
void tls_trust_free(struct tls_verifier *verifier);
/* OpenSSL asks: is the chain a trusted one? 1, or 0 with client->why and the context's error. */
int tls_trust_verify(X509_STORE_CTX *chain, void *unused);

/* --- tls_psk.c ------------------------------------------------------------------------------------------ */

/* Takes the key over, as psk_read reads it. False with client->why. */
bool tls_psk_use(struct tls_client *client, struct span written);
/* Has OpenSSL's connection speak by it, and by nothing else. False: it cannot. */
bool tls_psk_set_up(struct tls_client *client);
/* What an alert in the handshake by a key means; NULL: what its name says. */
const char *tls_psk_meaning(const struct tls_client *client, int alert);

/* --- tls_session.c -------------------------------------------------------------------------------------- */

/* Ties sessions to host and trust: before the others. False without memory. */
bool tls_session_bind(struct tls_client *client, const struct tls_client_trust *trust);
/* Offers a session to the server, if it is one of the same host and trust. */
void tls_session_offer(struct tls_client *client, struct span octets);
/* OpenSSL has a new session. 0: it keeps it. */
int tls_session_keep(SSL *ssl, SSL_SESSION *session);
void tls_newest_free(struct tls_newest *newest);

/* --- dtls.c --------------------------------------------------------------------------------------------- */

/* OpenSSL asks how many microseconds to wait before it sends a flight again; `last`: the time before, 0 for a
 * new flight. */
unsigned int dtls_timer(SSL *ssl, unsigned int last);
/* Notes when a flight that was just sent is due. */
void dtls_flight_sent(struct dtls_flight *flight, uint64_t clock);
/* The flight is answered, or given up. */
void dtls_flight_end(struct dtls_flight *flight);
/* Sends it again if it is due. False: it was sent often enough. */
bool dtls_flight_tick(struct tls_client *client, uint64_t clock);

#endif
