/*
 * What the SM-DP+ says to an HTTP request (SGP.22 6.2-6.6): which function a path names, and in which
 * binding. It takes and gives octets; the sockets are in common/http/https.h.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_HTTP_API_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_HTTP_API_H

#include "servers/rsp/binding.h"
#include "servers/smdpp/model/es9p.h"

/* Answers any request. The caller frees answer->body. */
void http_api_answer(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer);

/* ES2+; `answer` is empty on entry. */
void es2p_answer(struct smdpp *smdpp, const char *function, const json_t *request,
                 struct http_answer *answer);
/*
 * GET / and the lists; not SGP.22. A list is given in pages: limit=N rows (STATUS_ROWS_DEFAULT; at most
 * STATUS_ROWS_MAX) of those that come after=KEY, in the order of that key: the ICCID of an order, the name of
 * a profile, the id of a notification. A page that is full may have another one after its last row. `query`
 * may be NULL.
 */
#define STATUS_ROWS_DEFAULT 100
#define STATUS_ROWS_MAX     1000
void status_answer(struct smdpp *smdpp, const char *path, const char *query, struct http_answer *answer);

#endif
