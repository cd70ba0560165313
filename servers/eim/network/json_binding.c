/* ESipa in JSON over HTTPS. See json_binding.h. */
#include "servers/eim/network/json_binding.h"

#include "common/log.h"
#include "protocol/esipa_json.h"
#include "servers/eim/network/esipa.h"
#include "servers/rsp/binding.h"

#include <string.h>

#define PREFIX ESIPA_JSON_PATH "/"

bool json_binding_has(const char *path)
{
    return strncmp(path, PREFIX, strlen(PREFIX)) == 0;
}

static const struct esipa_function *function_of(struct https_request *request)
{
    return esipa_by_name(https_request(request)->path + strlen(PREFIX));
}

static void answer_and_free(struct https_request *request, struct http_answer *answer)
{
    rsp_finish(answer);
    https_answer(request, answer);
    buf_free(&answer->body);
}

static void refuse_with(struct https_request *request, int code, enum refusal refusal, const char *why)
{
    struct http_answer answer = {0};

    answer_refusal(&answer, code, refusal, why);
    answer_and_free(request, &answer);
}

/* The function is in the request's path: nothing else needs to be kept while an SM-DP+ is asked. */
static void on_answered(void *context, enum esipa_outcome outcome, struct span message)
{
    struct https_request *request = context;
    struct http_answer answer = {.code = 204};

    switch (outcome) {
    case ESIPA_ANSWERED:
        answer_json(&answer, 200, esipa_json_answer(function_of(request), message));
        answer_and_free(request, &answer);
        break;
    case ESIPA_EMPTY:
        answer_and_free(request, &answer);
        break;
    case ESIPA_UNSUPPORTED:
        refuse_with(request, 501, REFUSAL_INPUT_INVALID, "inject mode is not supported");
        break;
    case ESIPA_MALFORMED:
        /* Reading (6.3): a function without an answer that failed is an HTTP error, which no IPA takes for
         * done. */
        refuse_with(request, 400, REFUSAL_INPUT_INVALID, "the message is not well-formed or cannot be taken");
        break;
    }
}

void json_binding_take(struct eim *eim, struct relay *relay, struct https_request *request)
{
    const struct esipa_function *function = function_of(request);
    struct refusal_status status = {.refusal = REFUSAL_NONE};
    struct http_answer answer = {0};
    struct buf message = {0};
    json_t *object;

    if (function == NULL) {
        refuse_with(request, 404, REFUSAL_INPUT_INVALID, "no such ESipa function");
        return;
    }
    object = rsp_json_body(https_request(request), &answer);
    if (object == NULL) {
        answer_and_free(request, &answer);
        return;
    }
    if (esipa_json_take_request(function, object, &message, &status)) {
        esipa_message(eim, relay, buf_span(&message), on_answered, request);
    } else {
        log_line(LOG_LEVEL_INFO, "ESipa %s: %s: %s", function->name, refusal_codes(status.refusal)->message,
                 status.detail);
        answer_json(&answer, 200, json_with_status(&status));
        answer_and_free(request, &answer);
    }
    json_decref(object);
    buf_free(&message);
}
