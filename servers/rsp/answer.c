/* JSON bodies of answers. See answer.h. */
#include "servers/rsp/answer.h"

#include "common/log.h"

#include <stdlib.h>

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
