/* The JSON binding of ES9+ (SGP.22 6.5). See http_api.h. */
#include "protocol/es9p_json.h"
#include "servers/smdpp/network/http_api.h"

#include "common/log.h"

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

void es9p_json_answer(struct smdpp *smdpp, const char *name, const json_t *json, struct http_answer *answer)
{
    const struct es9p_function *function = es9p_by_name(name);
    struct es9p_message request = {0}, result = {0};
    struct refusal_status status = {0};

    if (function == NULL) {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such ES9+ function");
        return;
    }
    if (read_request(function, json, &request, &status))
        es9p_run(smdpp, function, &request, &result, &status);
    else
        log_line(LOG_LEVEL_INFO, "ES9+ %s: %s: %s", name, refusal_codes(status.refusal)->message,
                 status.detail);
    write_answer(function, &result, &status, answer);
    es9p_message_clear(&result);
    es9p_message_clear(&request);
}
