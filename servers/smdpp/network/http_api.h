/*
 * What the SM-DP+ says to an HTTP request (SGP.22 6.2-6.6): which function a path names, in which binding,
 * and how refusals look. It takes and gives octets; the sockets are in common/https.h.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_HTTP_API_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_HTTP_API_H

#include "common/http.h"
#include "servers/smdpp/model/es9p.h"

#include <jansson.h>

#define ADMIN_PROTOCOL    "gsma/rsp/v2.2.2" /* X-Admin-Protocol of every answer */
#define CONTENT_TYPE_JSON "application/json;charset=UTF-8"
#define CONTENT_TYPE_ASN1 "application/x-gsma-rsp-asn1"
#define REQUEST_BODY_LIMIT                                                                                   \
    (256 * 1024) /* octets; the largest request is a notification with two certificates */

/* Answers any request. The caller frees answer->body. */
void http_api_answer(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer);

/* The bindings. `answer` is empty on entry; each fills it completely. */
void es9p_json_answer(struct smdpp *smdpp, const char *function, const json_t *request,
                      struct http_answer *answer);
void es9p_asn1_answer(struct smdpp *smdpp, struct span body, struct http_answer *answer);
void es2p_answer(struct smdpp *smdpp, const char *function, const json_t *request,
                 struct http_answer *answer);
/* GET / and the lists; not SGP.22. */
void status_answer(struct smdpp *smdpp, const char *path, struct http_answer *answer);

/* A JSON object with the header of 6.5.1.4: Executed-Success, or Failed with the codes. NULL without memory.
 */
json_t *json_with_status(const struct dp_status *status);
/* Writes `json` (and releases it) as the body. NULL gives a 500. */
void answer_json(struct http_answer *answer, int code, json_t *json);
/* A refusal outside of any function, as JSON. */
void answer_refusal(struct http_answer *answer, int code, enum dp_refusal refusal, const char *detail);

#endif
