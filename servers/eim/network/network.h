/*
 * The eIM's network side: ESipa over HTTPS and over CoAP with DTLS (SGP.32 6.1-6.2), REST on the same HTTPS
 * port, and the relay to SM-DP+. All on one event loop; nothing waits for anything else.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_NETWORK_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_NETWORK_H

#include "common/http/https_identities.h"
#include "common/loop.h"
#include "servers/eim/model/eim.h"

struct eim_network_options {
    const char *address;      /* HTTPS, "127.0.0.1" */
    uint16_t port;            /* 0: any free one */
    const char *const *names; /* what IPAs and others call it beside that: HOST or HOST:PORT */
    size_t names_count;
    const char *token_file;   /* of the REST API (rest_token.h); NULL: a temporary one */
    bool plain;               /* HTTP without TLS: for v1.0 IPAs that are run so, on a loopback interface */
    const char *coap_address; /* CoAP over DTLS; NULL: none */
    uint16_t coap_port;       /* 0: any free one */
    const char *coap_psk;     /* file of keys that CoAP takes as well; NULL: none */
    const struct https_identities *tls; /* CoAP has the first alone */
    const char *const *relay_to;        /* servers that every device is relayed to: see relay_allow */
    size_t relay_to_count;
    const char *smdp_ca; /* PEM file of the roots that SM-DP+ are trusted by; NULL: the system's */
};

struct eim_network;

/* Listens. `options` need not outlive the call. On failure prints the line and returns NULL. */
struct eim_network *eim_network_open(struct loop *loop, struct eim *eim,
                                     const struct eim_network_options *options);
uint16_t eim_network_port(const struct eim_network *network);
uint16_t eim_network_coap_port(const struct eim_network *network); /* 0 without CoAP */
/* Before the loop and the eIM. NULL is nothing to close. */
void eim_network_close(struct eim_network *network);

#endif
