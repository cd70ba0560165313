/* ESipa in ASN.1 as members. See esipa_message.h. */
#include "protocol/esipa_message.h"

#include "apdu/tlv.h"
#include "protocol/tags.h"

void esipa_message_clear(struct esipa_message *message)
{
    for (size_t i = 0; i < ESIPA_MEMBERS_MAX; i++)
        buf_free(&message->part[i]);
    *message = (struct esipa_message){.form = NULL};
}

static bool is_missing(struct esipa_fault *fault, const char *member)
{
    *fault = (struct esipa_fault){.member = member, .what = "is missing", .is_missing = true};
    return false;
}

bool esipa_message_is_whole(const struct esipa_message *message, struct esipa_fault *fault)
{
    const struct esipa_member *members = message->form->members;
    size_t count = 0;

    for (size_t i = 0; members[i].name != NULL; i++) {
        count += message->is_there[i];
        if (!message->is_there[i] && !members[i].optional && !message->form->is_choice)
            return is_missing(fault, members[i].name);
    }
    if (!message->form->is_choice || count == 1)
        return true;
    return count == 0 ? is_missing(fault, members[0].name)
                      : esipa_fault_note(fault, members[0].name, "is not the only one of a choice");
}

bool esipa_message_has_any(const struct esipa_message *message)
{
    for (size_t i = 0; i < ESIPA_MEMBERS_MAX; i++) {
        if (message->is_there[i])
            return true;
    }
    return false;
}

/* --- Reading -------------------------------------------------------------------------------------------- */

static bool has_tag_of(const struct esipa_member *member, uint32_t tag)
{
    return tag != 0 && (member->tag == tag || (member->kind == ESIPA_OBJECT && member->tag == 0));
}

static bool take_member(struct esipa_message *message, size_t i, const struct tlv *tlv,
                        struct esipa_fault *fault)
{
    const struct esipa_member *member = &message->form->members[i];
    struct buf *part = &message->part[i];

    if (member->kind == ESIPA_OBJECT || member->kind == ESIPA_RESULT)
        buf_append(part, tlv->whole);
    else if (member->kind == ESIPA_RETAGGED)
        tlv_put(part, member->own, tlv->value);
    else
        buf_append(part, tlv->value);
    message->is_there[i] = true;
    return !part->failed && esipa_member_fits(member, buf_span(part), fault);
}

static bool read_form(const struct esipa_form *form, struct span content, struct esipa_message *message,
                      struct esipa_fault *fault)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv tlv;

    message->form = form;
    for (size_t i = 0; form->members[i].name != NULL; i++) {
        if (!has_tag_of(&form->members[i], tlv_peek(&reader)))
            continue;
        if (tlv_next(&reader, &tlv) != TLV_OK)
            return esipa_fault_note(fault, form->members[i].name, "is not well-formed");
        if (!take_member(message, i, &tlv, fault))
            return false;
    }
    if (!esipa_message_is_whole(message, fault))
        return false;
    return tlv_finish(&reader) || esipa_fault_note(fault, "message", "has an object too many");
}

bool esipa_read_request(struct span der, const struct esipa_function **function,
                        struct esipa_message *message, struct esipa_fault *fault)
{
    struct tlv tlv;

    *function = NULL;
    if (tlv_only(der, &tlv) != TLV_OK)
        return esipa_fault_note(fault, "message", "is not well-formed");
    *function = esipa_by_tag(tlv.tag);
    if (*function == NULL)
        return esipa_fault_note(fault, "message", "is of no function");
    return read_form(&(*function)->in, tlv.value, message, fault);
}

/* `tag` { members }; or the members alone, whose absence is 30 { } or nothing. */
static bool read_out(const struct esipa_form *form, struct span content, struct esipa_message *message,
                     struct esipa_fault *fault)
{
    struct span inner;

    if (form->tag != 0)
        return tlv_single(content, form->tag, &inner) == TLV_OK
                   ? read_form(form, inner, message, fault)
                   : esipa_fault_note(fault, "message", "is not well-formed");
    if (!form->is_choice && tlv_single(content, TAG_SEQUENCE, &inner) == TLV_OK && inner.size == 0)
        content = inner;
    return read_form(form, content, message, fault);
}

bool esipa_read_answer(const struct esipa_function *function, struct span der, struct esipa_message *message,
                       struct esipa_fault *fault)
{
    size_t form = 0;
    struct span content, value;

    if (!function->has_answer || tlv_single(der, function->tag, &content) != TLV_OK)
        return esipa_fault_note(fault, "message", "is not well-formed");
    if (function->error_tag != 0 && tlv_single(content, function->error_tag, &value) == TLV_OK) {
        message->is_error = true;
        return tlv_unsigned(value, &message->error) ||
               esipa_fault_note(fault, "message", "has an error that is no number");
    }
    if (function->out[1].tag != 0 && tlv_single(content, function->out[1].tag, &value) == TLV_OK)
        form = 1;
    return read_out(&function->out[form], content, message, fault);
}

/* --- Writing -------------------------------------------------------------------------------------------- */

static void put_member(const struct esipa_member *member, struct span part, struct buf *out)
{
    struct span content = SPAN_NONE;

    if (member->kind == ESIPA_OBJECT || member->kind == ESIPA_RESULT) {
        buf_append(out, part);
    } else if (member->kind == ESIPA_RETAGGED) {
        tlv_single(part, member->own, &content);
        tlv_put(out, member->tag, content);
    } else {
        tlv_put(out, member->tag, part);
    }
}

static void put_members(const struct esipa_message *message, struct buf *out)
{
    for (size_t i = 0; message->form->members[i].name != NULL; i++) {
        if (message->is_there[i])
            put_member(&message->form->members[i], buf_span(&message->part[i]), out);
    }
}

void esipa_put_request(const struct esipa_function *function, const struct esipa_message *message,
                       struct buf *out)
{
    size_t outer = tlv_open(out, function->tag);

    put_members(message, out);
    tlv_close(out, outer);
}

void esipa_put_answer(const struct esipa_function *function, const struct esipa_message *message,
                      struct buf *out)
{
    const struct esipa_form *form = message->form;
    size_t outer = tlv_open(out, function->tag);
    size_t inner = form->tag != 0 ? tlv_open(out, form->tag) : 0;
    size_t before = out->size;

    put_members(message, out);
    if (form->tag != 0)
        tlv_close(out, inner);
    else if (out->size == before)
        tlv_put(out, TAG_SEQUENCE, SPAN("", 0));
    tlv_close(out, outer);
}

void esipa_put_error(const struct esipa_function *function, unsigned number, struct buf *out)
{
    size_t outer = tlv_open(out, function->tag);

    tlv_put_unsigned(out, function->error_tag != 0 ? function->error_tag : TAG_INTEGER, number);
    tlv_close(out, outer);
}
