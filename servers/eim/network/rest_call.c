/* How the REST API answers: JSON, and errors that name the field. See rest_call.h. */
#include "servers/eim/network/rest_call.h"

#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CONTENT_TYPE_JSON "application/json;charset=UTF-8"

void rest_json(struct rest_call *call, int code, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

    call->answer->code = text != NULL ? code : 500;
    call->answer->content_type = CONTENT_TYPE_JSON;
    buf_clear(&call->answer->body);
    buf_append(&call->answer->body, span_of_string(text != NULL ? text : "{}"));
    free(text);
    json_decref(json);
}

void rest_error(struct rest_call *call, int code, const char *field, const char *format, ...)
{
    char message[400];
    va_list arguments;
    json_t *error;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    /* What a client sent may be in it, cut in the middle of a character. */
    error = json_pack("{s:s}", "message", message);
    if (error == NULL)
        error = json_pack("{s:s}", "message", "the request is not UTF-8");
    if (field[0] != '\0' && json_object_set_new(error, "field", json_string(field)) != 0)
        json_object_set_new(error, "field", json_string("?"));
    log_line(LOG_LEVEL_INFO, "request refused with %d: %s%s%s", code, field, field[0] != '\0' ? " " : "",
             message);
    rest_json(call, code, json_pack("{s:o}", "error", error));
}

void rest_list(struct rest_call *call, json_t *list, bool failed)
{
    if (!failed) {
        rest_json(call, 200, list);
        return;
    }
    json_decref(list);
    rest_error(call, 500, "", "the state cannot be read: %s", db_reason(call->eim->db));
}

void rest_cannot_store(struct rest_call *call, const char *what)
{
    rest_error(call, 500, "", "the %s cannot be stored: %s", what, db_reason(call->eim->db));
}

bool rest_euicc_is_there(struct rest_call *call, const char *eid)
{
    if (eim_euicc_number(call->eim, eid, "count(*)", 0) > 0)
        return true;
    rest_error(call, 404, "eid", "this eUICC is not known");
    return false;
}
