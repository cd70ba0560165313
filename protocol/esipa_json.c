/* ESipa in JSON. See esipa_json.h; members are esipa_json_member.c's. */
#include "protocol/esipa_json.h"

#include "apdu/tlv.h"
#include "protocol/esipa_json_member.h"
#include "protocol/names.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Members of a message ------------------------------------------------------------------------------- */

static bool take_members(const struct esipa_form *form, const json_t *object, struct esipa_message *message,
                         struct esipa_fault *fault)
{
    message->form = form;
    for (size_t i = 0; form->members[i].name != NULL; i++) {
        const struct esipa_member *member = &form->members[i];
        const json_t *value = json_object_get(object, member->name);

        if (value == NULL || json_is_null(value) || (member->kind == ESIPA_FLAG && json_is_false(value)))
            continue;
        if (!esipa_member_from_json(member, value, &message->part[i], fault))
            return false;
        message->is_there[i] = true;
    }
    return esipa_message_is_whole(message, fault);
}

static bool set_members(const struct esipa_message *message, json_t *object)
{
    for (size_t i = 0; message->form->members[i].name != NULL; i++) {
        const struct esipa_member *member = &message->form->members[i];

        if (message->is_there[i] &&
            json_object_set_new(object, member->name,
                                esipa_member_to_json(member, buf_span(&message->part[i]))) != 0)
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

/* Which of two forms an answer has: the second, when it has a member that only that one has. */
static const struct esipa_form *form_of(const struct esipa_function *function, const json_t *object)
{
    const struct esipa_member *first = function->out[0].members;
    const struct esipa_member *second = function->out[1].members;

    for (size_t i = 0; second[i].name != NULL; i++) {
        size_t k = 0;

        while (first[k].name != NULL && strcmp(first[k].name, second[i].name) != 0)
            k++;
        if (first[k].name == NULL && json_object_get(object, second[i].name) != NULL)
            return &function->out[1];
    }
    return &function->out[0];
}

static enum esipa_json_result take_failed(const struct esipa_function *function,
                                          const struct rsp_execution *execution, struct buf *der,
                                          char why[ESIPA_JSON_WHY_SIZE])
{
    snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: refused, subject %s reason %s%s%s", function->name,
             execution->subject, execution->reason, execution->message[0] != '\0' ? ": " : "",
             execution->message);
    if (!function->has_answer)
        return ESIPA_JSON_REFUSED;
    esipa_put_error(function, esipa_error_number(function, execution->subject, execution->reason), der);
    return ESIPA_JSON_ANSWERED;
}

static enum esipa_json_result take_executed(const struct esipa_function *function, const json_t *object,
                                            struct buf *der, char why[ESIPA_JSON_WHY_SIZE])
{
    struct esipa_message message = {.form = NULL};
    struct esipa_fault fault = {.member = NULL};
    enum esipa_json_result result = ESIPA_JSON_ANSWERED;

    if (!function->has_answer)
        return result;
    if (take_members(form_of(function, object), object, &message, &fault)) {
        esipa_put_answer(function, &message, der);
    } else {
        snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: in the answer, %s %s", function->name, fault.member,
                 fault.what);
        result = ESIPA_JSON_MALFORMED;
    }
    esipa_message_clear(&message);
    return result;
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
    else if (!execution.known)
        snprintf(why, ESIPA_JSON_WHY_SIZE, "%s: the answer has no functionExecutionStatus", function->name);
    else if (!execution.executed)
        result = take_failed(function, &execution, der, why);
    else
        result = take_executed(function, object, der, why);
    json_decref(object);
    return result;
}
