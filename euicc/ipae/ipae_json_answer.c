/* What the JSON of an eIM means: see ipae_json.h. */
#include "euicc/ipae/ipae_json.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "crypto/printable.h"
#include "protocol/tags.h"

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
    struct buf octets;         /* what its text stands for */
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

static bool take_base64(struct ipae_json_reading *reading)
{
    struct span text = buf_span(&reading->member.text);

    return base64_decode((const char *)text.data, text.size, &reading->octets);
}

/* Upper or lower case; nothing between the digits. */
static bool take_hex(struct ipae_json_reading *reading)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    struct buf *text = &reading->member.text;

    buf_append_octet(text, 0);
    return !text->failed && strspn((const char *)text->data, digits) == text->size - 1 &&
           buf_append_hex(&reading->octets, (const char *)text->data, NULL);
}

/* Appends the object that a text stands for. */
static bool answer_put_text(struct ipae_json_reading *reading, const struct esipa_member *member,
                            struct buf *message)
{
    uint32_t own = member->kind == ESIPA_OBJECT ? member->tag : member->own;
    struct tlv tlv;

    buf_clear(&reading->octets);
    if (reading->member.found != JSON_FOUND_TEXT)
        return malformed_member(reading, member->name, "is no string");
    if (member->kind == ESIPA_TEXT) {
        tlv_put(message, member->tag, buf_span(&reading->member.text));
        return true;
    }
    if (member->kind == ESIPA_ID) {
        if (!take_hex(reading) || reading->octets.size < member->min ||
            (member->max != 0 && reading->octets.size > member->max))
            return malformed_member(reading, member->name, "is no identifier in hexadecimal");
        tlv_put(message, member->tag, buf_span(&reading->octets));
        return true;
    }
    if (!take_base64(reading))
        return malformed_member(reading, member->name, "is not base64");
    if (tlv_only(buf_span(&reading->octets), &tlv) != TLV_OK || (own != 0 && tlv.tag != own))
        return malformed_member(reading, member->name, "is not the object that it should be");
    if (member->kind == ESIPA_UNDER)
        tlv_put(message, member->tag, tlv.whole);
    else
        buf_append(message, tlv.whole);
    return true;
}

/* eimPackageError, which is the only number in an answer. */
static bool answer_put_number(struct ipae_json_reading *reading, const struct esipa_member *member,
                              struct buf *message)
{
    if (reading->member.found != JSON_FOUND_INTEGER || reading->member.number < 0 ||
        reading->member.number > ESIPA_ERROR_UNDEFINED)
        return malformed_member(reading, member->name, "is no number from 0 to 127");
    tlv_put_unsigned(message, member->tag,
                     reading->member.number == ESIPA_JSON_NO_PACKAGE ? ESIPA_DER_NO_PACKAGE
                                                                     : (uint64_t)reading->member.number);
    return true;
}

/* *count: how many there are. */
static bool answer_put_members(struct ipae_json_reading *reading, const struct esipa_form *form,
                               struct buf *message, unsigned *count)
{
    size_t mark = form->tag != 0 ? tlv_open(message, form->tag) : 0;

    *count = 0;
    for (const struct esipa_member *member = form->members; member->name != NULL; member++) {
        if (!answer_find(reading, reading->json, member->name))
            return false;
        if (reading->member.found == JSON_FOUND_NONE) {
            if (!member->optional && !form->is_choice)
                return malformed_member(reading, member->name, "is missing");
            continue;
        }
        ++*count;
        if (!(member->kind == ESIPA_ERROR ? answer_put_number(reading, member, message)
                                          : answer_put_text(reading, member, message)))
            return false;
    }
    if (form->tag != 0)
        tlv_close(message, mark);
    return true;
}

static bool choose_form(struct ipae_json_reading *reading, const struct esipa_form **form)
{
    const struct esipa_form *other = &reading->function->out[1];
    const struct esipa_member *last = other->members;

    *form = &reading->function->out[0];
    if (last->name == NULL)
        return true;
    while (last[1].name != NULL)
        last++;
    if (!answer_find(reading, reading->json, last->name))
        return false;
    if (reading->member.found != JSON_FOUND_NONE)
        *form = other;
    return true;
}

static bool answer_executed(struct ipae_json_reading *reading, const struct ipae_json_status *status,
                            struct buf *message)
{
    const struct esipa_form *form;
    unsigned count;
    size_t mark;

    if (!reading->function->has_answer)
        return !status->is_absent || malformed_member(reading, "header", "is missing");
    if (!choose_form(reading, &form))
        return false;
    mark = tlv_open(message, reading->function->tag);
    if (!answer_put_members(reading, form, message, &count))
        return false;
    tlv_close(message, mark);
    if (status->is_absent && count == 0)
        return malformed_member(reading, "header", "is missing");
    if (form->is_choice && count != 1)
        return answer_wrong(reading, "%s: the answer has %s", reading->function->name,
                            count == 0 ? "nothing of what it may have" : "more than one of what it may have");
    return !message->failed || answer_wrong(reading, "out of memory");
}

/* --- what was refused --------------------------------------------------------------------------------- */

/* Reading: a result that the eIM does not want is refused by a number in ASN.1, also with codes that are for
 * something else: the eIM was reached, and no profile is rolled back. Elsewhere such codes are told as they
 * came. */
static bool answer_failed(struct ipae_json_reading *reading, const struct ipae_json_status *status,
                          struct buf *message)
{
    const struct esipa_function *function = reading->function;
    unsigned number = esipa_error_number(function, status->subject, status->reason);
    bool has_number = number != ESIPA_ERROR_UNDEFINED || function->tag == TAG_PROVIDE_EIM_RESULT;
    size_t mark;

    if (!function->has_answer || !has_number)
        return answer_wrong(reading, "%s: the eIM refused: %s-%s%s%s", function->name, status->subject,
                            status->reason, status->message[0] != '\0' ? " " : "", status->message);
    mark = tlv_open(message, function->tag);
    tlv_put_unsigned(message, function->error_tag != 0 ? function->error_tag : TAG_INTEGER, number);
    tlv_close(message, mark);
    return !message->failed || answer_wrong(reading, "out of memory");
}

static bool answer_read(struct ipae_json_reading *reading, struct buf *message)
{
    struct ipae_json_status status = {.is_absent = false};
    struct buf object = {0};
    bool is_read;

    if (!json_reader_takes(reading->reader, reading->json))
        return answer_wrong(reading, "%s: the answer is no object in JSON", reading->function->name);
    is_read = status_read(reading, &object, &status);
    buf_free(&object);
    if (!is_read)
        return false;
    return status.is_executed || status.is_absent ? answer_executed(reading, &status, message)
                                                  : answer_failed(reading, &status, message);
}

bool ipae_json_answer(struct json_reader *reader, const struct esipa_function *function, struct span json,
                      struct buf *message, char why[IPAE_JSON_WHY_MAX])
{
    struct ipae_json_reading reading = {.reader = reader, .function = function, .json = json, .why = why};
    bool is_read = json.size == 0 || answer_read(&reading, message);

    buf_free(&reading.member.text);
    buf_free(&reading.octets);
    return is_read;
}
