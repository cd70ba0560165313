/* The JSON binding of ES9+ and ES11 (SGP.22 6.5). See binding.h. */
#include "servers/rsp/binding.h"

#include "common/http/admin_header.h"
#include "common/log.h"
#include "protocol/admin_protocol.h"
#include "protocol/es9p_json.h"

#include <stdio.h>
#include <string.h>

bool rsp_accepts(const struct http_request *request, const char *content_type, struct http_answer *answer)
{
    if (strcmp(request->method, "POST") != 0) {
        answer_refusal(answer, 405, REFUSAL_INPUT_INVALID, "only POST");
    } else if (!admin_protocol_is_taken(request->admin_protocol)) {
        admin_header_refused(request->admin_protocol);
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, "X-Admin-Protocol must be gsma/rsp/v2.x.x");
    } else if (!http_is_content_type(request->content_type, content_type)) {
        char why[80];

        snprintf(why, sizeof(why), "Content-Type must be %s", content_type);
        answer_refusal(answer, 415, REFUSAL_INPUT_INVALID, why);
    } else {
        return true;
    }
    return false;
}

json_t *rsp_json_body(const struct http_request *request, struct http_answer *answer)
{
    json_error_t where;
    json_t *json;

    if (!rsp_accepts(request, "application/json", answer))
        return NULL;
    json = json_loadb((const char *)request->body.data, request->body.size, JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(json))
        return json;
    answer_refusal(answer, 400, REFUSAL_INPUT_INVALID,
                   json == NULL ? where.text : "the body is not a JSON object");
    json_decref(json);
    return NULL;
}

static void write_answer(const struct es9p_function *function, const struct es9p_message *result,
                         const struct refusal_status *status, struct http_answer *answer)
{
    struct span values[ES9P_MEMBERS_MAX];
    json_t *json;

    if (status->refusal == REFUSAL_NONE && function->answer == 0) {
        answer->code = 204; /* 6.3 */
        return;
    }
    json = json_with_status(status);
    es9p_message_spans(result, values);
    if (status->refusal == REFUSAL_NONE && json != NULL && !es9p_set_json(function->out, values, json)) {
        json_decref(json);
        json = NULL;
    }
    /* Reading (6.3): a function without an answer that failed here is an HTTP error, which no LPA takes for
     * done. */
    answer_json(answer, function->answer == 0 && status->refusal == REFUSAL_INTERNAL ? 500 : 200, json);
}

static bool read_request(const struct es9p_function *function, const json_t *json,
                         struct es9p_message *request, struct refusal_status *status)
{
    const struct es9p_member *which;
    enum es9p_fault fault = es9p_read_json(function->in, json, request, &which);

    if (fault == ES9P_MISSING)
        return refusal_note(status, REFUSAL_INPUT_MISSING, "%s", which->name);
    return fault == ES9P_FINE ||
           refusal_note(status, REFUSAL_INPUT_INVALID, "%s %s", which->name, es9p_fault_text(fault));
}

void rsp_json_answer(const struct rsp_interface *interface, void *server, const char *name,
                     const json_t *json, struct http_answer *answer)
{
    const struct es9p_function *function = interface->by_name(name);
    struct es9p_message request = {0}, result = {0};
    struct refusal_status status = {0};

    if (function == NULL) {
        char why[48];

        snprintf(why, sizeof(why), "no such %s function", interface->name);
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, why);
        return;
    }
    if (read_request(function, json, &request, &status))
        interface->run(server, function, &request, &result, &status);
    else
        log_line(LOG_LEVEL_INFO, "%s %s: %s: %s", interface->name, name,
                 refusal_codes(status.refusal)->message, status.detail);
    write_answer(function, &result, &status, answer);
    es9p_message_clear(&result);
    es9p_message_clear(&request);
}

void rsp_finish(struct http_answer *answer)
{
    if (!answer->body.failed)
        return;
    answer->code = 500;
    answer->content_type = NULL;
    buf_free(&answer->body);
}
