/* What the answers of all bindings share. */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_ANSWER_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_ANSWER_H

#include "common/http/http.h"
#include "protocol/refusal.h"

#include <jansson.h>

#define CONTENT_TYPE_JSON "application/json;charset=UTF-8"

/* A JSON object with the header of 6.5.1.4: Executed-Success, or Failed with the codes. NULL: no memory. */
json_t *json_with_status(const struct refusal_status *status);
/* Writes `json` (and releases it) as the body. NULL gives a 500. */
void answer_json(struct http_answer *answer, int code, json_t *json);
/* A refusal outside of any function, as JSON. */
void answer_refusal(struct http_answer *answer, int code, enum refusal refusal, const char *detail);

#endif
