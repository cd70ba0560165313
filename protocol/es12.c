/* The table of ES12 and its messages. See es12.h. */
#include "protocol/es12.h"

#include "protocol/rsp_address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct es12_function es12_functions[ES12_FUNCTIONS] = {
    {ES12_REGISTER_EVENT, "registerEvent", true, "8.9.5", "3.3"}, /* Event Record, already in use */
    {ES12_DELETE_EVENT, "deleteEvent", false, "8.9.5", "3.9"},    /* Event Record, unknown */
};

const struct es12_function *es12_by_name(const char *name)
{
    for (size_t i = 0; i < ES12_FUNCTIONS; i++) {
        if (strcmp(es12_functions[i].name, name) == 0)
            return &es12_functions[i];
    }
    return NULL;
}

/* --- A server's side ---------------------------------------------------------------------------------- */

bool es12_read(const struct es12_function *function, const json_t *request, struct es12_event *event,
               struct refusal_status *status)
{
    *event = (struct es12_event){0};
    if (!rsp_check_header(request, status) || !rsp_take_eid(request, &event->eid, status) ||
        !rsp_require(event->eid, "eid", status) ||
        !rsp_take_text(request, "eventId", 1, ES12_EVENT_ID_MAX, NULL, &event->event_id, status) ||
        !rsp_require(event->event_id, "eventId", status))
        return false;
    if (!function->has_server)
        return true;
    return rsp_take_text(request, "rspServerAddress", 1, ES12_ADDRESS_MAX, RSP_ADDRESS_CHARS, &event->server,
                         status) &&
           rsp_require(event->server, "rspServerAddress", status) &&
           rsp_take_flag(request, "forwardingIndicator", &event->forwarding, status);
}

/* --- A client's side ---------------------------------------------------------------------------------- */

const char *const es12_header[] = {"Content-Type: application/json", "X-Admin-Protocol: gsma/rsp/v2.2.2",
                                   NULL};

char *es12_request_text(const struct es12_function *function, const struct es12_event *event,
                        const char *requester, const char *call)
{
    json_t *object = json_pack("{s:{s:s,s:s},s:s,s:s}", "header", "functionRequesterIdentifier", requester,
                               "functionCallIdentifier", call, "eid", event->eid, "eventId", event->event_id);
    char *text = NULL;

    if (object != NULL &&
        (!function->has_server ||
         (json_object_set_new(object, "rspServerAddress", json_string(event->server)) == 0 &&
          json_object_set_new(object, "forwardingIndicator", json_boolean(event->forwarding)) == 0)))
        text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

void es12_read_reply(const struct es12_function *function, long http_status, struct span body,
                     struct es12_reply *reply)
{
    const struct rsp_execution *execution = &reply->execution;
    json_error_t error;
    json_t *object;

    *reply = (struct es12_reply){.outcome = ES12_INACCESSIBLE};
    if (http_status != 200) {
        snprintf(reply->why, sizeof(reply->why), "HTTP status %ld", http_status);
        return;
    }
    object = json_loadb((const char *)body.data, body.size, 0, &error);
    rsp_read_execution(object, &reply->execution);
    if (object == NULL) {
        snprintf(reply->why, sizeof(reply->why), "the answer is not JSON: %s", error.text);
    } else if (!execution->known) {
        snprintf(reply->why, sizeof(reply->why), "the answer has no functionExecutionStatus");
    } else if (execution->executed) {
        reply->outcome = ES12_EXECUTED;
    } else {
        reply->outcome = ES12_REFUSED;
        reply->nothing_left = strcmp(execution->subject, function->done_subject) == 0 &&
                              strcmp(execution->reason, function->done_reason) == 0;
        snprintf(reply->why, sizeof(reply->why), "refused, subject %s reason %s%s%s", execution->subject,
                 execution->reason, execution->message[0] != '\0' ? ": " : "", execution->message);
    }
    json_decref(object);
}
