/*
 * What the SM-DS says to an HTTP request (SGP.22 6.2-6.6): ES11 to LPAs, ES12 and ES15 to those that register
 * events, and what it shows to people. It takes and gives octets; the sockets are in common/http/https.h.
 */
#ifndef SOFTEUICC_SERVERS_SMDS_NETWORK_HTTP_API_H
#define SOFTEUICC_SERVERS_SMDS_NETWORK_HTTP_API_H

#include "servers/rsp/binding.h"
#include "servers/smds/model/server.h"

/* What is to be had where a request came in. */
struct smds_door {
    bool es11; /* and the pages */
    bool es12;
    bool by_certificate; /* who calls ES12 is who its TLS certificate names; otherwise who it says it is */
};

/* Answers any request. The caller frees answer->body. */
void smds_answer(struct smds *smds, const struct smds_door *door, const struct http_request *request,
                 struct http_answer *answer);

/* GET / and /events, in pages (servers/rsp/page.h) in the order of their id. `query` may be NULL. */
void smds_show(struct smds *smds, const char *path, const char *query, struct http_answer *answer);

#endif
