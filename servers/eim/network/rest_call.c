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
