/*
 * HTTPS server on libevent's HTTP and OpenSSL, TLS 1.2 or later: bounded bodies and headers, bounded
 * connections, slow and idle ones closed. Each request is handed to a function of the caller, who answers at
 * once or later; nothing here knows what the paths mean. One thread, the event loop's.
 */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_H

#include "common/http/http.h"
#include "common/loop.h"

#define HTTPS_IDLE_TIMEOUT 30 /* seconds without progress, then a connection is closed */
#define HTTPS_REQUEST_TIME 60 /* seconds in which a request must be whole, handshake included */

struct https;
/* A request that has not been answered. */
struct https_request;

/*
 * Takes a request. It must be answered exactly once with https_answer, here or later from the event loop;
 * until then the handle and everything https_request gives stay valid, even when the client has hung up (the
 * answer then goes nowhere). Only https_close ends it without an answer.
 */
typedef void https_function(void *context, struct https_request *request);

/* Another certificate of the server, in files as `cert` and `key` below. A client gets the first whose
 * subjectAltName has the name it asks for (SNI) and on whose curve it can verify; else the first of that
 * name; and a client that asks for no name that is known, the first of all on whose curve it can verify. */
struct https_identity {
    const char *cert, *key;
};

struct https_options {
    const char *address;   /* "127.0.0.1", "::1", or a name: all that it stands for */
    uint16_t port;         /* 0: any free one */
    const char *cert;      /* file, PEM with its chain, or DER; NULL: plain HTTP, for a loopback interface */
    const char *key;       /* file, PEM or DER; NULL with plain HTTP */
    const char *client_ca; /* file, PEM: a client must show a certificate for TLS clients that is one of these
                              or under one of them, else it is refused in the handshake, with a line in the
                              log; NULL: none is asked */
    const struct https_identity *others; /* who the server is beside `cert`: see https_identity */
    size_t others_count;
    const char *const *names; /* HOST or HOST:PORT: what clients call it beside `address`, "localhost",
                                 numbers and the names in its certificates; requests for others are refused */
    size_t names_count;
    unsigned connections_max;   /* 0: as many as the process may have, less what else it needs */
    unsigned request_time;      /* seconds; 0: HTTPS_REQUEST_TIME */
    size_t body_max;            /* octets; larger ones are answered with 413 */
    const char *admin_protocol; /* X-Admin-Protocol of every answer; NULL: none */
    const char *allow;          /* the methods, for the Allow header of a 405: "GET, POST" */
    https_function *answer;
    void *context;
};

/* Binds and listens. The texts of `options` must outlive the server, but for names of files. On failure
 * prints the line and returns NULL. */
struct https *https_open(struct loop *loop, const struct https_options *options);

/* How many connections a process may have in all its servers together; for `connections_max` of several. */
unsigned https_connections_max(void);

/* The port that is bound. */
uint16_t https_port(const struct https *https);

/* What was asked. */
const struct http_request *https_request(const struct https_request *request);

/* Sends the answer, which stays the caller's; the request is gone afterwards. */
void https_answer(struct https_request *request, const struct http_answer *answer);

/* Closes all connections. Requests that wait for their answer are gone: whoever holds handles drops them
 * before. NULL is nothing to close. */
void https_close(struct https *https);

#endif
