/*
 * ESipa over CoAP and DTLS 1.2 (SGP.32 6.2.2; RFC 7252, 7959): POST on /gsma/rsp2/asn1, block-wise both ways,
 * answers at once or as separate responses. On libcoap, inside the event loop. Clients show no certificate,
 * as over HTTPS; they may have a key that was given to both beforehand (coap_psk.h).
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_COAP_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_COAP_H

#include "common/loop.h"
#include "servers/eim/network/relay.h"

#define COAP_SESSIONS_MAX    1024 /* with a client that says nothing; the one silent for longest goes */
#define COAP_HANDSHAKES_MAX  256  /* at once */
#define COAP_SESSION_TIMEOUT 7200 /* seconds without a word, then a session ends; devices keep one */

struct coap_server;

struct coap_server_options {
    const char *address; /* "127.0.0.1", "::1", or a name: all that it stands for */
    uint16_t port;       /* 0: any free one; the standard's is 5684 */
    const char *cert;    /* PEM file */
    const char *key;     /* PEM file */
    const char *psk;     /* file of pre-shared keys that are taken as well (psk_file.h); NULL: none */
    struct eim *eim;
    struct relay *relay;
};

/* Listens. On failure prints the line and returns NULL. */
struct coap_server *coap_server_open(struct loop *loop, const struct coap_server_options *options);
uint16_t coap_server_port(const struct coap_server *server);
/* After the relay is closed. NULL is nothing to close. */
void coap_server_close(struct coap_server *server);

#endif
