/*
 * What helps when a connection over TLS or DTLS does not come about: told from what the handshake met, not
 * from the words of a library. The libraries' own line says what happened; this is the half sentence behind
 * it.
 */
#ifndef SOFTEUICC_COMMON_HTTP_TLS_HINT_H
#define SOFTEUICC_COMMON_HTTP_TLS_HINT_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define TLS_NAMES_MAX 200
#define TLS_HINT_MAX  400

/* How a handshake went. All-zero: nothing is known. */
struct tls_facts {
    long verify;               /* X509_V_ERR_… of the server's chain; 0: none */
    bool is_proven;            /* the client has sent what shows its keys (Finished) */
    int alert;                 /* that ended it, from either side (RFC 8446 6); 0: none */
    bool wants_certificate;    /* the server asked for one of the client */
    bool not_tls;              /* what answers speaks something else */
    bool closed;               /* the connection ended in the handshake, without a word */
    bool other_key;            /* the server has another key than the one that is trusted */
    bool other_name;           /* its certificate is trusted, but not for this name */
    char names[TLS_NAMES_MAX]; /* whom its certificate is for; "": not known */
};

/* How it is told whom to trust. */
struct tls_trust {
    const char *option; /* that names CAs: "--cacert"; NULL: an eIM's configuration on the card does */
    const char *file;   /* that it named; NULL: none */
};

/* " (…)" for what is known, else "". */
const char *tls_hint(const struct tls_facts *facts, const struct tls_trust *trust, char out[TLS_HINT_MAX]);

/* The names and addresses in a certificate, as "a.example, 127.0.0.1"; "" without any. */
void tls_names(X509 *cert, char out[TLS_NAMES_MAX]);

#endif
