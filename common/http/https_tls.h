/* The TLS of an HTTPS server: who it is, and whom it lets in. See https.h. */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_TLS_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_TLS_H

#include "common/http/https.h"

struct bufferevent;
struct event_base;
struct https_tls;

/* What `options` say of certificates. On failure prints the line and returns NULL. */
struct https_tls *https_tls_open(const struct https_options *options);
/* NULL is nothing to close. */
void https_tls_close(struct https_tls *tls);

/* Whether one of its certificates has this name. */
bool https_tls_is_called(const struct https_tls *tls, const char *name);

/* A connection that waits for its socket; NULL: no memory. */
struct bufferevent *https_tls_connection(struct event_base *base, const struct https_tls *tls);
/* The server is done with it. Reading: it has ended well although nobody said so, which HTTP clients often do
 * not: its session can be resumed. Of one without TLS nothing is to be done. */
void https_tls_ended(struct bufferevent *connection);
/* Appends the DER of the certificate that the client of such a connection has shown, if it has. */
void https_tls_client(struct bufferevent *connection, struct buf *der);

#endif
