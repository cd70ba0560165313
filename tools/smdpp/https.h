/*
 * The SM-DP+'s HTTPS server: libevent's HTTP over TLS 1.2 or later, bounded bodies and headers, idle
 * connections closed. Which answer a request gets is decided in http_api.h.
 */
#ifndef SOFTEUICC_TOOLS_SMDPP_HTTPS_H
#define SOFTEUICC_TOOLS_SMDPP_HTTPS_H

#include "tools/smdpp/server.h"

#define HTTPS_IDLE_TIMEOUT 30 /* seconds without progress, then a connection is closed */

struct https;

/* Binds ADDRESS:PORT ("127.0.0.1", 8443; port 0: any free one) with the server certificate and key in two
 * files (PEM, the certificate with its chain, or DER). On failure prints the line and returns NULL. */
struct https *https_open(struct smdpp *smdpp, const char *address, uint16_t port, const char *cert_path,
                         const char *key_path);

/* The port that is bound. */
uint16_t https_port(const struct https *https);

/* Serves until SIGTERM or SIGINT; requests that have begun are answered. False when the event loop failed. */
bool https_run(struct https *https);

void https_close(struct https *https);

#endif
