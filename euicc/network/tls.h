/*
 * A client of TLS 1.2 and 1.3 (RFC 5246, RFC 8446) and of DTLS 1.2 (RFC 6347) that has no sockets and no
 * clock: octets from the network are fed to it, octets for the network are taken from it, and the time is
 * told. On OpenSSL, at its security level 2; ECDHE with AEAD only, no renegotiation, no compression, no
 * certificate of the client's own. No revocation list is asked. Or DTLS by a pre-shared key, without any
 * certificate (RFC 4279, RFC 7925 4.2).
 */
#ifndef SOFTEUICC_EUICC_NETWORK_TLS_H
#define SOFTEUICC_EUICC_NETWORK_TLS_H

#include "apdu/bytes.h"

/* What clients have in common: OpenSSL's settings, which are large. It outlives its clients; any number of
 * them share it. */
struct tls_client_context;
/* NULL: no memory, or an OpenSSL that lacks what is set. */
struct tls_client_context *tls_client_context_new(void);
void tls_client_context_free(struct tls_client_context *context); /* NULL is fine */

/* What a server is held against, as SGP.32 2.11.1.1.1 (trustedPublicKeyDataTls) and SGP.22 2.6.7 have it. */
enum tls_trust_kind {
    /* values[0] is a SubjectPublicKeyInfo (DER), which the server's certificate must have octet for octet.
     * Nothing else is asked of it: neither names nor dates. */
    TLS_TRUST_KEY,
    /* values[0] is a certificate (DER). Either it is the server's own, which is then trusted whatever it is
     * called, or it is a CA's, root or not, that the server's chain leads to; then the server's is for the
     * host. Dates are judged either way. */
    TLS_TRUST_CERTIFICATE,
    /* Each value is a CA's certificate (DER); one of them is what the chain leads to, and the server's is for
     * the host. */
    TLS_TRUST_CAS,
    /* values[0] is a pre-shared key as psk_read (crypto/psk.h) takes it, without a zero at its end. Who has
     * it is the server, and is told its identity; certificates and dates are not asked for. Of DTLS only. */
    TLS_TRUST_PSK
};

struct tls_client_trust {
    enum tls_trust_kind kind;
    const struct span *values;
    size_t count;
};

#define TLS_DATE_UNKNOWN     INT64_MIN
#define TLS_HOST_MAX         253   /* characters, RFC 1035 */
#define TLS_DATAGRAM_MIN     208   /* octets; OpenSSL makes no handshake out of smaller ones */
#define TLS_DATAGRAM_MAX     1500  /* octets */
#define TLS_UNREAD_MAX       65536 /* octets of the application's that wait to be read */
#define TLS_UNSENT_MAX       65536 /* octets that wait to be taken, from which on nothing is written */
#define TLS_CERTIFICATES_MAX 32768 /* octets of the chain that a server shows */

/* Everything is copied. */
struct tls_client_settings {
    bool is_datagram; /* DTLS */
    /* Octets that a datagram may have, TLS_DATAGRAM_MIN to TLS_DATAGRAM_MAX; of DTLS only. The client's hello
     * takes 200 to 300, and 200 more with a session; servers that ask for a cookie first may not take one in
     * pieces (RFC 6347 4.2.1). */
    size_t datagram_max;
    unsigned first_wait; /* ms before a flight of DTLS's handshake is sent again; 0: a second */
    /* Whom to ask for, and whom the certificate must be for: a name, or an address in digits without
     * brackets. */
    const char *host;
    struct tls_client_trust trust;
    /* Milliseconds since 1970, or TLS_DATE_UNKNOWN: then the dates of certificates are not judged. */
    int64_t date;
    uint64_t clock; /* milliseconds since whenever, as in the functions below; of DTLS only */
    /* Of tls_client_session, or SPAN_NONE. One of another host or another trust is not offered, nor is one
     * that does not parse. */
    struct span session;
};

struct tls_client;

enum tls_client_state {
    TLS_HANDSHAKING,
    TLS_OPEN,
    TLS_CLOSED, /* the server has said that nothing comes any more; what has come can be read */
    TLS_FAILED  /* see tls_client_why; what came before can be read, and an alert may wait to be taken */
};

/* Begins the handshake: there is something to be taken. NULL without memory; with settings that cannot be
 * used it has failed. */
struct tls_client *tls_client_new(const struct tls_client_context *context,
                                  const struct tls_client_settings *settings);
void tls_client_free(struct tls_client *client); /* NULL is fine */

enum tls_client_state tls_client_state(const struct tls_client *client);
/* One line for people, "" unless it failed. Harmless to print. */
const char *tls_client_why(const struct tls_client *client);
/* The description of the last alert that the server sent (RFC 8446 6), 0 for close_notify; -1: none. */
int tls_client_alert(const struct tls_client *client);
/* One line: what it would mean if nothing more came from the server; NULL: nothing in particular. One that
 * has another pre-shared key may drop what it cannot read (RFC 6347 4.1.2.7), and never say so. */
const char *tls_client_silence(const struct tls_client *client);
/* Whether the handshake, once done, went on with the session of the settings. */
bool tls_client_is_resumed(const struct tls_client *client);

/* Whether the server ended, by an alert or hanging up, a handshake that was to go on with the session of the
 * settings: without one it may go. */
bool tls_client_went_wrong_by_session(const struct tls_client *client);

/* Octets from the network: of a stream any piece, or one whole datagram. Who feeds a stream reads between
 * pieces: beyond TLS_UNREAD_MAX it fails. Datagrams that come while as much waits are lost. */
void tls_client_feed(struct tls_client *client, struct span octets, uint64_t clock);
/* The stream ended. A failure, unless it was closed before: what came may be cut off. */
void tls_client_hang_up(struct tls_client *client);
/* Appends what is for the network: of a stream all there is, else one datagram. False: there is nothing (or
 * no memory, which stands in `out`). */
bool tls_client_take(struct tls_client *client, struct buf *out);

/* Octets of the application for the server. Returns how many were taken: of a stream fewer than given, or
 * none, while too much waits to be taken; of datagrams all or none. Always 0 unless it is open and
 * tls_client_end was not called. */
size_t tls_client_write(struct tls_client *client, struct span octets);
/* The most octets that one datagram can carry for the application, once it is open; 0 before, and of a
 * stream. */
size_t tls_client_payload_max(const struct tls_client *client);
/* Appends octets of the application from the server: of a stream all that came, else those of one datagram.
 * False as tls_client_take. */
bool tls_client_read(struct tls_client *client, struct buf *out);
/* Says to the server that nothing is written any more (close_notify), if it is open or was closed by the
 * server. */
void tls_client_end(struct tls_client *client);

/* Appends what a later client resumes with, a secret of about a kilooctet, if there is one that was not
 * asked for yet: a TLS 1.3 server sends one, or several, any time after the handshake. False: there is
 * nothing new (or no memory). */
bool tls_client_session(struct tls_client *client, struct buf *out);

/* When, by the clock, the client of DTLS has something to send again or gives up. False: it waits for
 * nothing. */
bool tls_client_due(const struct tls_client *client, uint64_t *clock);
/* The time is now `clock`. */
void tls_client_tick(struct tls_client *client, uint64_t clock);

#endif
