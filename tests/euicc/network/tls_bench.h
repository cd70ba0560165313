/*
 * Peers and certificates for tests of the TLS client: OpenSSL as a server in memory, and certificates made on
 * the spot, good ones and others.
 */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_TLS_BENCH_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_TLS_BENCH_H

#include "euicc/network/tls.h"
#include "tests/support/test.h"

#include <openssl/ssl.h>

#define BENCH_HOST "eim.example.com"
#define BENCH_NOW  INT64_C(1800000000) /* seconds since 1970: in 2027 */
#define BENCH_YEAR (365 * INT64_C(86400))

/* A key with its certificate. */
struct bench_identity {
    EVP_PKEY *key;
    X509 *cert;
    struct span der, info; /* the certificate, and its SubjectPublicKeyInfo */
};

/* All-zero but for a name: a server's certificate on P-256, signed by itself, valid around BENCH_NOW. */
struct bench_request {
    const char *name;                      /* common name */
    const char *alt_names;                 /* as OpenSSL writes them: "DNS:a,IP:127.0.0.1"; NULL: none */
    const char *curve;                     /* NULL: P-256 */
    unsigned rsa_bits;                     /* not 0: an RSA key instead */
    const struct bench_identity *issuer;   /* NULL: itself */
    const struct bench_identity *same_key; /* NULL: a new one */
    bool is_ca;
    bool has_no_key_ids;
    bool has_odd_extension;        /* a critical one that nobody knows */
    const char *usage;             /* extended key usage; NULL: none */
    int64_t not_before, not_after; /* seconds; 0: a year before and after BENCH_NOW */
};
struct bench_identity bench_identity(const struct bench_request *request);
/* The same out of a certificate (DER) and a private key (PKCS#8 or SEC1 DER, or PEM). */
struct bench_identity bench_identity_from(struct span der, struct span key);
void bench_identity_free(struct bench_identity *identity);

/* A server's settings, with the certificate and what stands between it and a root (NULL: nothing). The caller
 * frees it. Seconds of its timer do not pass but in milliseconds. */
SSL_CTX *bench_server(bool is_datagram, const struct bench_identity *identity,
                      const struct bench_identity *intermediate);

/* A client and a server, and the network between them. */
struct bench {
    struct tls_client_context *context;
    struct tls_client_context *shared; /* the caller's; NULL: it has one of its own */
    SSL_CTX *server_context;           /* the caller's */
    struct tls_client *client;
    SSL *server;
    uint64_t clock;
    bool is_datagram;
    size_t piece;                  /* of a stream, octets that are fed at once; 0: all */
    size_t datagram_max;           /* the largest the client sent so far */
    unsigned sent, came;           /* datagrams of the client, and of the server */
    unsigned lose_sent, lose_came; /* bits: of these which are lost */
};

/* A client that trusts `trust`; `settings` may be NULL or hold what is not in it. */
void bench_begin(struct bench *bench, SSL_CTX *server, const struct tls_client_settings *settings);
void bench_end(struct bench *bench);
/* Carries what there is to and fro until both are silent. */
void bench_carry(struct bench *bench);
/* The server's side: writes, and reads what is there (one record). */
void bench_server_write(struct bench *bench, struct span octets);
struct span bench_server_read(struct bench *bench);
/* What is there for the client's application. */
struct span bench_client_read(struct bench *bench);

/* Settings for this host and trust, the date known. */
struct tls_client_settings bench_settings(enum tls_trust_kind kind, const struct span *trusted, size_t count);

/* The same where it matters little whom the client trusts: a server with its own certificate, over a stream,
 * of this version (OpenSSL's number; 0: any). */
const struct bench_identity *bench_own(void);
SSL_CTX *bench_own_server(int version);
void bench_begin_own(struct bench *bench, int version);
void bench_begin_open(struct bench *bench, int version); /* and the handshake is done */
void bench_end_own(struct bench *bench);

#endif
