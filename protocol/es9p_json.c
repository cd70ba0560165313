/* ES9+ in JSON: octets in base64, transaction identifiers in hexadecimal. See es9p_json.h. */
#include "protocol/es9p_json.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *es9p_fault_text(enum es9p_fault fault)
{
    static const char *const texts[] = {
        [ES9P_FINE] = "is fine",
        [ES9P_MISSING] = "is missing",
        [ES9P_NO_STRING] = "is not a string",
        [ES9P_NO_HEX] = "is not hexadecimal",
        [ES9P_NO_BASE64] = "is not base64",
    };

    return texts[fault];
}

/* --- Reading ------------------------------------------------------------------------------------------ */

static enum es9p_fault read_events(const json_t *events, struct buf *out)
{
    size_t index;
    const json_t *event;

    if (!json_is_array(events))
        return ES9P_NO_STRING;
    json_array_foreach(events, index, event)
    {
        const char *id = json_string_value(json_object_get(event, "eventId"));
        const char *address = json_string_value(json_object_get(event, "rspServerAddress"));
        size_t entry = tlv_open(out, 0x30);

        if (id == NULL || address == NULL)
            return ES9P_NO_STRING;
        tlv_put_string(out, 0x80, id);
        tlv_put_string(out, 0x81, address);
        tlv_close(out, entry);
    }
    return ES9P_FINE;
}

static enum es9p_fault read_string(const struct es9p_member *member, const json_t *value, struct buf *out)
{
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);

    if (text == NULL)
        return ES9P_NO_STRING;
    if (member->kind == ES9P_TEXT) {
        buf_append(out, SPAN(text, size));
        return ES9P_FINE;
    }
    if (member->kind == ES9P_ID)
        return strlen(text) == size && buf_append_hex(out, text, NULL) ? ES9P_FINE : ES9P_NO_HEX;
    return base64_decode(text, size, out) ? ES9P_FINE : ES9P_NO_BASE64;
}

static enum es9p_fault read_member(const struct es9p_member *member, const json_t *value, struct buf *out)
{
    if (value == NULL || json_is_null(value))
        return ES9P_MISSING;
    return member->kind == ES9P_EVENTS ? read_events(value, out) : read_string(member, value, out);
}

enum es9p_fault es9p_read_json(const struct es9p_member *members, const json_t *object,
                               struct es9p_message *message, const struct es9p_member **which)
{
    enum es9p_fault fault = ES9P_FINE;

    for (size_t i = 0; fault == ES9P_FINE && members[i].name != NULL; i++) {
        *which = &members[i];
        fault = read_member(&members[i], json_object_get(object, members[i].name), &message->part[i]);
        if (fault == ES9P_MISSING && members[i].optional)
            fault = ES9P_FINE;
    }
    return fault;
}

/* --- Writing ------------------------------------------------------------------------------------------ */

static json_t *text_of(struct span text)
{
    return json_stringn(text.size > 0 ? (const char *)text.data : "", text.size);
}

static json_t *events_of(struct span list)
{
    json_t *events = json_array();
    struct tlv_reader reader = tlv_reader(list);
    struct tlv entry;
    struct span id, address;

    while (tlv_next(&reader, &entry) == TLV_OK) {
        if (tlv_find(entry.value, 0x80, &id) && tlv_find(entry.value, 0x81, &address))
            json_array_append_new(
                events, json_pack("{s:o,s:o}", "eventId", text_of(id), "rspServerAddress", text_of(address)));
    }
    return events;
}

static json_t *encoded(enum es9p_kind kind, struct span octets)
{
    char *text = kind == ES9P_ID ? malloc(2 * octets.size + 1) : base64_encode(octets);
    json_t *string;

    if (text != NULL && kind == ES9P_ID)
        hex_from_span(octets, text, 2 * octets.size + 1);
    string = text != NULL ? json_string(text) : NULL;
    free(text);
    return string;
}

bool es9p_set_json(const struct es9p_member *members, const struct span *values, json_t *object)
{
    for (size_t i = 0; members[i].name != NULL; i++) {
        enum es9p_kind kind = members[i].kind;
        json_t *value;

        if (members[i].optional && values[i].size == 0)
            continue;
        value = kind == ES9P_TEXT     ? text_of(values[i])
                : kind == ES9P_EVENTS ? events_of(values[i])
                                      : encoded(kind, values[i]);

        if (json_object_set_new(object, members[i].name, value) != 0)
            return false;
    }
    return true;
}

/* --- A client's side ---------------------------------------------------------------------------------- */

const char *const es9p_header[] = {"Content-Type: application/json", "X-Admin-Protocol: gsma/rsp/v2.2.2",
                                   "User-Agent: gsma-rsp-lpad", NULL};

bool es9p_url(const struct es9p_function *function, const char *address, char url[ES9P_URL_SIZE])
{
    return rsp_url("es9plus", function->name, address, url);
}

char *es9p_request_text(const struct es9p_function *function, const struct span *values)
{
    json_t *object = json_object();
    char *text = NULL;

    if (object != NULL && es9p_set_json(function->in, values, object))
        text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

__attribute__((format(printf, 3, 4))) static void fail(struct es9p_reply *reply, enum es9p_outcome outcome,
                                                       const char *format, ...)
{
    va_list arguments;

    reply->outcome = outcome;
    va_start(arguments, format);
    vsnprintf(reply->why, sizeof(reply->why), format, arguments);
    va_end(arguments);
}

/* header.functionExecutionStatus, 6.5.1.4. */
static bool was_executed(const json_t *object, struct es9p_reply *reply)
{
    struct rsp_execution execution;

    rsp_read_execution(object, &execution);
    if (execution.executed)
        return true;
    if (!execution.known) {
        fail(reply, ES9P_UNREACHABLE, "the answer has no functionExecutionStatus");
        return false;
    }
    snprintf(reply->subject, sizeof(reply->subject), "%s", execution.subject);
    snprintf(reply->reason, sizeof(reply->reason), "%s", execution.reason);
    fail(reply, ES9P_REFUSED, "refused, subject %s reason %s%s%s", reply->subject, reply->reason,
         execution.message[0] != '\0' ? ": " : "", execution.message);
    return false;
}

/* Whether whole objects have the tags they must have. */
static bool objects_fit(const struct es9p_member *members, const struct es9p_message *message,
                        const struct es9p_member **which)
{
    struct span ignored;

    for (size_t i = 0; members[i].name != NULL; i++) {
        *which = &members[i];
        if (members[i].kind == ES9P_OBJECT && !(members[i].optional && message->part[i].size == 0) &&
            tlv_single(buf_span(&message->part[i]), members[i].tag, &ignored) != TLV_OK)
            return false;
    }
    return true;
}

void es9p_read_reply(const struct es9p_function *function, long http_status, struct span body,
                     struct es9p_reply *reply)
{
    const struct es9p_member *which = NULL;
    json_error_t error;
    json_t *object = NULL;

    *reply = (struct es9p_reply){.outcome = ES9P_EXECUTED, .is_answered = true};
    if (http_status == 204 && function->out[0].name == NULL)
        return;
    if (http_status != 200) {
        fail(reply, ES9P_UNREACHABLE, "HTTP status %ld", http_status);
        return;
    }
    object = json_loadb((const char *)body.data, body.size, 0, &error);
    if (object == NULL)
        fail(reply, ES9P_UNREACHABLE, "the answer is not JSON: %s", error.text);
    else if (was_executed(object, reply) &&
             (es9p_read_json(function->out, object, &reply->answer, &which) != ES9P_FINE ||
              !objects_fit(function->out, &reply->answer, &which)))
        fail(reply, ES9P_MALFORMED, "the answer has no well-formed '%s'", which->name);
    json_decref(object);
}
