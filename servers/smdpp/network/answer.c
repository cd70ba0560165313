/* JSON bodies, and how refusals look in them (SGP.22 6.5.1.4). See answer.h. */
#include "servers/smdpp/network/answer.h"

#include "common/log.h"

#include <stdlib.h>

json_t *json_with_status(const struct refusal_status *status)
{
    const struct refusal_codes *codes = refusal_codes(status->refusal);
    bool detailed = status->detail[0] != '\0';
    json_t *detail;

    if (status->refusal == REFUSAL_NONE)
        return json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus", "status", "Executed-Success");
    /* What a client sent may be in the detail: not everything is UTF-8. */
    detail = json_sprintf("%s%s%s", codes->message, detailed ? ": " : "", status->detail);
    if (detail == NULL)
        detail = json_string(codes->message);
    return json_pack("{s:{s:{s:s,s:{s:s,s:s,s:o}}}}", "header", "functionExecutionStatus", "status", "Failed",
                     "statusCodeData", "subjectCode", codes->subject, "reasonCode", codes->reason, "message",
                     detail);
}

void answer_json(struct http_answer *answer, int code, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

    answer->code = text != NULL ? code : 500;
    answer->content_type = CONTENT_TYPE_JSON;
    buf_clear(&answer->body);
    buf_append(&answer->body, span_of_string(text != NULL ? text : "{}"));
    free(text);
    json_decref(json);
}

void answer_refusal(struct http_answer *answer, int code, enum refusal refusal, const char *detail)
{
    struct refusal_status status = {0};

    refusal_note(&status, refusal, "%s", detail);
    log_line(LOG_LEVEL_INFO, "request refused with %d: %s", code, detail);
    answer_json(answer, code, json_with_status(&status));
}
