/*
 * A client's HTTPS requests, on libcurl: one after another over a connection that is kept. What it trusts and
 * what it calls itself is said once, when it is opened. For many at once see https_loop.h.
 */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_CLIENT_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_CLIENT_H

#include "apdu/bytes.h"

/* How requests are made; nothing of it is needed after opening, except where it says so. */
struct https_settings {
    const char *const *headers; /* lines, the last one NULL; NULL: none */
    const char *protocols;      /* that a URL may have, as "https,http"; NULL: https only */
    long timeout;               /* seconds for a request and its answer */
    long connect_timeout;       /* seconds; 0: libcurl's */
    size_t answer_max;          /* octets; a longer answer fails */
    /* Who is trusted: the system's CAs, unless one of these is there. */
    const char *cacert;    /* a PEM file; must stay while the client is open */
    const char *ca_option; /* what it is named by, for who reads why a server is not trusted: "--cacert";
                              static text. NULL: an eIM's configuration on the card says who is trusted. */
    struct span pem;       /* certificates in PEM */
    bool any_name;         /* with `pem`: whatever name the server's certificate has */
    const uint8_t
        *key_digest; /* SHA-256 (32 octets) of the server's SubjectPublicKeyInfo: nothing else counts */
    /* What the client is known by, to a server that asks: files, each PEM (the certificate with the rest of
     * its chain behind it) or DER; NULL: nothing. One that cannot be read is said by the first request. */
    const char *cert, *key;
};

struct https_client;

#define HTTPS_WHY_MAX 640 /* octets of the line that says why there is no answer */

/* NULL with a line that says why in *why (static text); libcurl that cannot be loaded has printed its own as
 * well. */
struct https_client *https_client_open(const struct https_settings *settings, const char **why);
/* NULL is nothing to close. */
void https_client_close(struct https_client *client);

struct https_call {
    const char *method; /* NULL: POST with a body, GET without one */
    const char *url;
    struct span body; /* .data NULL: none */
};

enum https_result {
    HTTPS_ANSWERED,     /* with any status */
    HTTPS_NO_SUCH_HOST, /* the URL is none, or its host is not known to the DNS */
    HTTPS_NOT_TRUSTED,  /* the server's certificate or key */
    HTTPS_FAILED        /* no connection, no TLS, no answer in time, or too long a one */
};

/* Appends the body of the answer. When not answered, https_client_why says in one line what happened and,
 * of TLS, what helps (common/http/tls_hint.h). A call
 * that is under way when a signal ends the program fails (common/ending.h, ending_due). */
enum https_result https_client_call(struct https_client *client, const struct https_call *request,
                                    long *status, struct buf *answer);
const char *https_client_why(const struct https_client *client);

#endif
