/* What the JSON of an eIM means: see ipae_json.h. */
#include "euicc/ipae/ipae_json.h"

#include "crypto/printable.h"
#include "protocol/esipa_message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STATUS_CODE_MAX    16  /* characters of "8.10.1", with the zero */
#define STATUS_MESSAGE_MAX 120 /* characters that are told */

/* One answer that is being read. */
struct ipae_json_reading {
    struct json_reader *reader;
    const struct esipa_function *function;
    struct span json;
    struct json_member member; /* the last one that was looked for */
    char *why;
};

/* One line, and false. */
__attribute__((format(printf, 2, 3))) static bool answer_wrong(struct ipae_json_reading *reading,
                                                               const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reading->why, IPAE_JSON_WHY_MAX, format, arguments);
    va_end(arguments);
    printable_text(reading->why, strlen(reading->why));
    return false;
}

static bool malformed_member(struct ipae_json_reading *reading, const char *name, const char *what)
{
    return answer_wrong(reading, "%s: the answer's %s %s", reading->function->name, name, what);
}

static bool answer_find(struct ipae_json_reading *reading, struct span object, const char *name)
{
    if (!json_reader_find(reading->reader, object, name, &reading->member))
        return answer_wrong(reading, "out of memory");
    return reading->member.found != JSON_FOUND_TWICE || malformed_member(reading, name, "is there twice");
}

/* --- its header (6.1.2; SGP.22 6.5.1.4) --------------------------------------------------------------- */

struct ipae_json_status {
    bool is_absent;
    bool is_executed;
    char subject[STATUS_CODE_MAX], reason[STATUS_CODE_MAX], message[STATUS_MESSAGE_MAX];
};

/* Moves the object on to the one that this member is; *object is empty when there is none. */
static bool answer_enter(struct ipae_json_reading *reading, struct buf *object, const char *name)
{
    if (object->size > 0 && !answer_find(reading, buf_span(object), name))
        return false;
    if (object->size > 0 && reading->member.found != JSON_FOUND_OBJECT &&
        reading->member.found != JSON_FOUND_NONE)
        return malformed_member(reading, name, "is no object");
    buf_clear(object);
    if (reading->member.found == JSON_FOUND_OBJECT)
        buf_append(object, buf_span(&reading->member.text));
    reading->member.found = JSON_FOUND_NONE;
    return !object->failed || answer_wrong(reading, "out of memory");
}

/* "" when it is absent; cut when it is longer. */
static bool status_text(struct ipae_json_reading *reading, const struct buf *object, const char *name,
                        char *text, size_t size)
{
    text[0] = '\0';
    if (object->size == 0)
        return true;
    if (!answer_find(reading, buf_span(object), name))
        return false;
    if (reading->member.found == JSON_FOUND_NONE)
        return true;
    if (reading->member.found != JSON_FOUND_TEXT)
        return malformed_member(reading, name, "is no string");
    snprintf(text, size, "%.*s", (int)reading->member.text.size, (const char *)reading->member.text.data);
    return true;
}

static bool status_read(struct ipae_json_reading *reading, struct buf *object,
                        struct ipae_json_status *status)
{
    char text[sizeof("Executed-WithWarning") + 1];

    buf_append(object, reading->json);
    if (object->failed)
        return answer_wrong(reading, "out of memory");
    if (!answer_enter(reading, object, "header") ||
        !answer_enter(reading, object, "functionExecutionStatus") ||
        !status_text(reading, object, "status", text, sizeof(text)))
        return false;
    status->is_absent = object->size == 0;
    status->is_executed = strcmp(text, "Executed-Success") == 0 || strcmp(text, "Executed-WithWarning") == 0;
    return answer_enter(reading, object, "statusCodeData") &&
           status_text(reading, object, "subjectCode", status->subject, sizeof(status->subject)) &&
           status_text(reading, object, "reasonCode", status->reason, sizeof(status->reason)) &&
           status_text(reading, object, "message", status->message, sizeof(status->message));
}

/* --- its members -------------------------------------------------------------------------------------- */

static struct esipa_value value_found(const struct json_member *member)
{
    struct esipa_value value = {.kind = ESIPA_VALUE_OTHER};

    if (member->found == JSON_FOUND_TEXT) {
        value.kind = ESIPA_VALUE_TEXT;
        value.text = buf_span(&member->text);
    } else if (member->found == JSON_FOUND_INTEGER) {
        value.kind = ESIPA_VALUE_NUMBER;
        value.number = member->number;
    } else if (member->found == JSON_FOUND_TRUE) {
        value.kind = ESIPA_VALUE_TRUE;
    }
    return value;
}

static bool malformed_message(struct ipae_json_reading *reading, const struct esipa_fault *fault)
{
    return malformed_member(reading, fault->member, fault->what);
}

static bool answer_take_members(struct ipae_json_reading *reading, const struct esipa_form *form,
                                struct esipa_message *answer)
{
    struct esipa_fault fault = {.member = NULL};

    answer->form = form;
    for (size_t i = 0; form->members[i].name != NULL; i++) {
        struct esipa_value value;

        if (!answer_find(reading, reading->json, form->members[i].name))
            return false;
        if (reading->member.found == JSON_FOUND_NONE)
            continue;
        value = value_found(&reading->member);
        if (!esipa_member_take(&form->members[i], &value, &answer->part[i], &fault))
            return malformed_message(reading, &fault);
        answer->is_there[i] = true;
    }
    return esipa_message_is_whole(answer, &fault) || malformed_message(reading, &fault);
}

static bool choose_form(struct ipae_json_reading *reading, const struct esipa_form **form)
{
    const char *second = esipa_second_form(reading->function);

    *form = &reading->function->out[0];
    if (second == NULL)
        return true;
    if (!answer_find(reading, reading->json, second))
        return false;
    *form += reading->member.found != JSON_FOUND_NONE;
    return true;
}

static bool answer_executed(struct ipae_json_reading *reading, const struct ipae_json_status *status,
                            struct buf *message)
{
    struct esipa_message answer = {.form = NULL};
    const struct esipa_form *form;
    bool ok = !reading->function->has_answer ||
              (choose_form(reading, &form) && answer_take_members(reading, form, &answer));

    if (ok && status->is_absent && !esipa_message_has_any(&answer))
        ok = malformed_member(reading, "header", "is missing");
    if (ok && reading->function->has_answer)
        esipa_put_answer(reading->function, &answer, message);
    esipa_message_clear(&answer);
    return ok && (!message->failed || answer_wrong(reading, "out of memory"));
}

/* --- what was refused --------------------------------------------------------------------------------- */

static enum ipae_json_result answer_failed(struct ipae_json_reading *reading,
                                           const struct ipae_json_status *status, struct buf *message)
{
    const struct esipa_function *function = reading->function;
    unsigned number;

    if (!function->has_answer || !esipa_error_number(function, status->subject, status->reason, &number)) {
        answer_wrong(reading, "%s: the eIM refused: %s-%s%s%s", function->name, status->subject,
                     status->reason, status->message[0] != '\0' ? " " : "", status->message);
        return IPAE_JSON_REFUSED;
    }
    esipa_put_error(function, number, message);
    if (!message->failed)
        return IPAE_JSON_ANSWERED;
    answer_wrong(reading, "out of memory");
    return IPAE_JSON_MALFORMED;
}

static enum ipae_json_result answer_read(struct ipae_json_reading *reading, struct buf *message)
{
    struct ipae_json_status status = {.is_absent = false};
    struct buf object = {0};
    bool is_read =
        json_reader_takes(reading->reader, reading->json)
            ? status_read(reading, &object, &status)
            : answer_wrong(reading, "%s: the answer is no object in JSON", reading->function->name);

    buf_free(&object);
    if (!is_read)
        return IPAE_JSON_MALFORMED;
    if (!status.is_executed && !status.is_absent)
        return answer_failed(reading, &status, message);
    return answer_executed(reading, &status, message) ? IPAE_JSON_ANSWERED : IPAE_JSON_MALFORMED;
}

enum ipae_json_result ipae_json_answer(struct json_reader *reader, const struct esipa_function *function,
                                       struct span json, struct buf *message, char why[IPAE_JSON_WHY_MAX])
{
    struct ipae_json_reading reading = {.reader = reader, .function = function, .json = json, .why = why};
    enum ipae_json_result result = json.size == 0 ? IPAE_JSON_ANSWERED : answer_read(&reading, message);

    buf_free(&reading.member.text);
    return result;
}
