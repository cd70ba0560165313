/* What the answers of all bindings share. */
#ifndef SOFTEUICC_SERVERS_RSP_ANSWER_H
#define SOFTEUICC_SERVERS_RSP_ANSWER_H

#include "common/http/http.h"
#include "protocol/rsp_json.h"

#define CONTENT_TYPE_JSON "application/json;charset=UTF-8"

/* Writes `json` (and releases it) as the body. NULL gives a 500. */
void answer_json(struct http_answer *answer, int code, json_t *json);
/* A refusal outside of any function, as JSON. */
void answer_refusal(struct http_answer *answer, int code, enum refusal refusal, const char *detail);

#endif
