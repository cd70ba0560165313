/* ESipa in JSON. See esipa_json.h. */
#include "protocol/esipa_json.h"

#include "apdu/tlv.h"
#include "protocol/names.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Members of a message ------------------------------------------------------------------------------- */

static struct esipa_value value_of(const json_t *json)
{
    struct esipa_value value = {.kind = ESIPA_VALUE_OTHER};

    if (json_is_string(json)) {
        value.kind = ESIPA_VALUE_TEXT;
        value.text = SPAN(json_string_value(json), json_string_length(json));
    } else if (json_is_integer(json)) {
        value.kind = ESIPA_VALUE_NUMBER;
        value.number = json_integer_value(json);
    } else if (json_is_true(json)) {
        value.kind = ESIPA_VALUE_TRUE;
    }
    return value;
}

static bool take_value(const struct esipa_member *member, const json_t *json, struct buf *octets,
                       struct esipa_fault *fault)
{
    struct esipa_value value = value_of(json);

    return esipa_member_take(member, &value, octets, fault);
}

/* An ESIPA_RESULT. */
static bool take_result(const struct esipa_member *member, const json_t *json, struct buf *octets,
                        struct esipa_fault *fault)
{
    size_t at = tlv_open(octets, member->tag);

    if (!json_is_object(json))
        return esipa_fault_note(fault, member->name, "is not an object");
    for (size_t i = 0; esipa_result_members[i].name != NULL; i++) {
        const struct esipa_member *inner = &esipa_result_members[i];
        const json_t *part = json_object_get(json, inner->name);
        struct buf own = {0};
        bool ok;

        if (part == NULL && inner->optional)
            continue;
        if (part == NULL)
            return esipa_fault_note(fault, inner->name, "is missing");
        ok = take_value(inner, part, &own, fault);
        buf_append(octets, buf_span(&own));
        buf_free(&own);
        if (!ok)
            return false;
    }
    tlv_close(octets, at);
    return esipa_member_fits(member, buf_span(octets), fault);
}

static bool take_members(const struct esipa_form *form, const json_t *object, struct esipa_message *message,
                         struct esipa_fault *fault)
{
    message->form = form;
    for (size_t i = 0; form->members[i].name != NULL; i++) {
        const struct esipa_member *member = &form->members[i];
        const json_t *json = json_object_get(object, member->name);

        if (json == NULL || json_is_null(json) || (member->kind == ESIPA_FLAG && json_is_false(json)))
            continue;
        if (!(member->kind == ESIPA_RESULT ? take_result : take_value)(member, json, &message->part[i],
                                                                       fault))
            return false;
        message->is_there[i] = true;
    }
    return esipa_message_is_whole(message, fault);
}

/* NULL: no memory, or a text that is not UTF-8. */
static json_t *json_of_member(const struct esipa_member *member, struct span octets)
{
    struct buf text = {0};
    struct esipa_value value;
    json_t *json = NULL;

    if (!esipa_member_give(member, octets, &text, &value))
        json = NULL;
    else if (value.kind == ESIPA_VALUE_NUMBER)
        json = json_integer(value.number);
    else if (value.kind == ESIPA_VALUE_TRUE)
        json = json_true();
    else
        json = json_stringn(value.text.size > 0 ? (const char *)value.text.data : "", value.text.size);
    buf_free(&text);
    return json;
}

/* Of an ESIPA_RESULT. */
static json_t *json_of_result(struct span octets)
{
    json_t *object = json_object();
    struct tlv_reader reader;
    struct tlv tlv;

    if (!tlv_enter(octets, TAG_SEQUENCE, &reader))
        return object;
    for (size_t i = 0; tlv_next(&reader, &tlv) == TLV_OK && esipa_result_members[i].name != NULL; i++)
        json_object_set_new(object, esipa_result_members[i].name,
                            json_of_member(&esipa_result_members[i], tlv.whole));
    return object;
}

static bool set_members(const struct esipa_message *message, json_t *object)
{
    for (size_t i = 0; message->form->members[i].name != NULL; i++) {
        const struct esipa_member *member = &message->form->members[i];
        struct span part = buf_span(&message->part[i]);

        if (message->is_there[i] &&
            json_object_set_new(object, member->name,
                                member->kind == ESIPA_RESULT ? json_of_result(part)
                                                             : json_of_member(member, part)) != 0)
            return false;
    }
    return true;
}

/* --- An eIM's side -------------------------------------------------------------------------------------- */

bool esipa_json_take_request(const struct esipa_function *function, const json_t *object, struct buf *der,
                             struct refusal_status *status)
{
    struct esipa_message message = {.form = NULL};
    struct esipa_fault fault = {.member = NULL};
    bool ok = take_members(&function->in, object, &message, &fault);

    if (ok)
        esipa_put_request(function, &message, der);
    else if (fault.is_missing)
        refusal_note(status, REFUSAL_INPUT_MISSING, "%s", fault.member);
    else
        refusal_note(status, REFUSAL_INPUT_INVALID, "%s %s", fault.member, fault.what);
    esipa_message_clear(&message);
    return ok && (!der->failed || refusal_note(status, REFUSAL_INTERNAL, "out of memory"));
}

/* "eidNotFound(2)". */
static const char *error_text(const struct esipa_function *function, uint64_t number, char *text, size_t size)
{
    static const struct {
        uint32_t tag;
        enum names names;
    } tables[] = {{TAG_INITIATE_AUTHENTICATION, NAMES_INITIATE},
                  {TAG_AUTHENTICATE_CLIENT, NAMES_AUTHENTICATE_CLIENT},
                  {TAG_GET_BOUND_PROFILE_PACKAGE, NAMES_BIND},
                  {TAG_GET_EIM_PACKAGE, NAMES_GET_PACKAGE},
                  {TAG_PROVIDE_EIM_RESULT, NAMES_PROVIDE_RESULT}};
    enum names names = NAMES_UNDEFINED;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (tables[i].tag == function->tag)
            names = tables[i].names;
    }
    return names_text(names, number, text, size);
}

static json_t *refused(const struct esipa_function *function, uint64_t number)
{
    const struct refusal_codes *internal = refusal_codes(REFUSAL_INTERNAL);
    const char *subject = internal->subject;
    const char *reason = internal->reason;
    char text[80];

    esipa_error_codes(function, number, &subject, &reason);
    return json_with_codes(subject, reason, error_text(function, number, text, sizeof(text)));
}

json_t *esipa_json_answer(const struct esipa_function *function, struct span der)
{
    struct esipa_message message = {.form = NULL};
    struct esipa_fault fault = {.member = NULL};
    json_t *object = NULL;

    if (esipa_read_answer(function, der, &message, &fault)) {
        object = message.is_error ? refused(function, message.error)
                                  : json_with_status(&(const struct refusal_status){REFUSAL_NONE, ""});
        if (!message.is_error && object != NULL && !set_members(&message, object)) {
            json_decref(object);
            object = NULL;
        }
    }
    esipa_message_clear(&message);
    return object;
}

/* --- An IPA's side -------------------------------------------------------------------------------------- */

char *esipa_json_request(struct span der, const struct esipa_function **function,
                         char why[ESIPA_JSON_WHY_SIZE])
{
    struct esipa_message message = {.form = NULL};
    struct esipa_fault fault = {.member = NULL};
    json_t *object = json_object();
    char *text = NULL;

    if (!esipa_read_request(der, function, &message, &fault))
        snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: %s %s", *function != NULL ? (*function)->name : "a request",
                 fault.member, fault.what);
    else if (object != NULL && set_members(&message, object) &&
             (text = json_dumps(object, JSON_COMPACT)) != NULL)
        why[0] = '\0';
    else
        snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: the request cannot be written in JSON", (*function)->name);
    json_decref(object);
    esipa_message_clear(&message);
    return text;
}

static enum esipa_json_result take_failed(const struct esipa_function *function,
                                          const struct rsp_execution *execution, struct buf *der,
                                          char why[ESIPA_JSON_WHY_SIZE])
{
    unsigned number;

    snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: refused, subject %s reason %s%s%s", function->name,
             execution->subject, execution->reason, execution->message[0] != '\0' ? ": " : "",
             execution->message);
    if (!function->has_answer ||
        !esipa_error_number(function, execution->subject, execution->reason, &number))
        return ESIPA_JSON_REFUSED;
    esipa_put_error(function, number, der);
    return ESIPA_JSON_ANSWERED;
}

static const struct esipa_form *form_of(const struct esipa_function *function, const json_t *object)
{
    const char *second = esipa_second_form(function);

    return &function->out[second != NULL && json_object_get(object, second) != NULL];
}

static enum esipa_json_result malformed_answer(const struct esipa_function *function,
                                               const struct esipa_fault *fault, char why[ESIPA_JSON_WHY_SIZE])
{
    snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: in the answer, %s %s", function->name, fault->member,
             fault->what);
    return ESIPA_JSON_MALFORMED;
}

static bool has_header(const json_t *object)
{
    return json_is_object(json_object_get(json_object_get(object, "header"), "functionExecutionStatus"));
}

static enum esipa_json_result take_executed(const struct esipa_function *function, const json_t *object,
                                            struct buf *der, char why[ESIPA_JSON_WHY_SIZE])
{
    struct esipa_message message = {.form = NULL};
    struct esipa_fault fault = {.member = NULL};
    bool ok = true;

    if (function->has_answer)
        ok = take_members(form_of(function, object), object, &message, &fault);
    if (ok && !has_header(object) && !esipa_message_has_any(&message))
        ok = esipa_fault_note(&fault, "header", "is missing");
    if (ok && function->has_answer)
        esipa_put_answer(function, &message, der);
    esipa_message_clear(&message);
    return ok ? ESIPA_JSON_ANSWERED : malformed_answer(function, &fault, why);
}

enum esipa_json_result esipa_json_take_answer(const struct esipa_function *function, struct span body,
                                              struct buf *der, char why[ESIPA_JSON_WHY_SIZE])
{
    struct rsp_execution execution;
    enum esipa_json_result result = ESIPA_JSON_MALFORMED;
    json_error_t error;
    json_t *object;

    why[0] = '\0';
    if (body.size == 0)
        return ESIPA_JSON_ANSWERED;
    object = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, &error);
    rsp_read_execution(object, &execution);
    if (object == NULL)
        snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: the answer is not JSON: %s", function->name, error.text);
    else if (has_header(object) && !execution.executed)
        result = take_failed(function, &execution, der, why);
    else
        result = take_executed(function, object, der, why);
    json_decref(object);
    return result;
}
