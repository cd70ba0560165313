/* From an HTTP request to a function of the SM-DP+. See http_api.h. */
#include "servers/smdpp/network/http_api.h"

#include <string.h>

#define PREFIX_RSP  "/gsma/rsp2/"
#define PREFIX_ES9P "/gsma/rsp2/es9plus/"
#define PREFIX_ES2P "/gsma/rsp2/es2plus/"
#define PATH_ASN1   "/gsma/rsp2/asn1"
#define PROTOCOL_V2 "gsma/rsp/v2."

static void answer_json_function(struct smdpp *smdpp, const struct http_request *request,
                                 struct http_answer *answer)
{
    bool es9p = strncmp(request->path, PREFIX_ES9P, strlen(PREFIX_ES9P)) == 0;
    const char *function = request->path + (es9p ? strlen(PREFIX_ES9P) : strlen(PREFIX_ES2P));
    json_error_t where;
    json_t *json;

    if (!http_is_content_type(request->content_type, "application/json")) {
        answer_refusal(answer, 415, REFUSAL_INPUT_INVALID, "Content-Type must be application/json");
        return;
    }
    json = json_loadb((const char *)request->body.data, request->body.size, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(json))
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID,
                       json == NULL ? where.text : "the body is not a JSON object");
    else if (es9p)
        es9p_json_answer(smdpp, function, json, answer);
    else
        es2p_answer(smdpp, function, json, answer);
    json_decref(json);
}

static void answer_rsp(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer)
{
    const char *path = request->path;
    bool asn1 = strcmp(path, PATH_ASN1) == 0;

    if (!asn1 && strncmp(path, PREFIX_ES9P, strlen(PREFIX_ES9P)) != 0 &&
        strncmp(path, PREFIX_ES2P, strlen(PREFIX_ES2P)) != 0) {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such interface");
    } else if (strcmp(request->method, "POST") != 0) {
        answer_refusal(answer, 405, REFUSAL_INPUT_INVALID, "only POST");
    } else if (request->admin_protocol == NULL ||
               strncmp(request->admin_protocol, PROTOCOL_V2, strlen(PROTOCOL_V2)) != 0) {
        /* Reading (6.2): another major version is a bad request; the answer's own header says what is spoken
         * here. */
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, "X-Admin-Protocol must be gsma/rsp/v2.x.x");
    } else if (!asn1) {
        answer_json_function(smdpp, request, answer);
    } else if (!http_is_content_type(request->content_type, CONTENT_TYPE_ASN1)) {
        answer_refusal(answer, 415, REFUSAL_INPUT_INVALID, "Content-Type must be " CONTENT_TYPE_ASN1);
    } else {
        es9p_asn1_answer(smdpp, request->body, answer);
    }
}

void http_api_answer(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer)
{
    *answer = (struct http_answer){0};
    if (strncmp(request->path, PREFIX_RSP, strlen(PREFIX_RSP)) == 0)
        answer_rsp(smdpp, request, answer);
    else if (strcmp(request->method, "GET") != 0)
        answer_refusal(answer, 405, REFUSAL_INPUT_INVALID, "only GET");
    else
        status_answer(smdpp, request->path, request->query, answer);
    if (answer->body.failed) {
        answer->code = 500;
        answer->content_type = NULL;
        buf_free(&answer->body);
    }
}
