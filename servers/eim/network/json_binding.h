/*
 * ESipa's JSON binding over HTTPS (SGP.32 6.1.2, 6.4): each function at a path of its own, turned into the
 * message that esipa.h takes, and its answer turned back.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_JSON_BINDING_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_JSON_BINDING_H

#include "common/http/https.h"
#include "servers/eim/network/relay.h"

/* Whether this path is one of the binding's, whatever function it names. */
bool json_binding_has(const char *path);
/* Answers a request for such a path, now or later. */
void json_binding_take(struct eim *eim, struct relay *relay, struct https_request *request);

#endif
