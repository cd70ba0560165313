/* Members of ESipa in JSON. See esipa_json_member.h. */
#include "protocol/esipa_json_member.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "protocol/tags.h"

#include <stdlib.h>
#include <string.h>

/* --- Reading -------------------------------------------------------------------------------------------- */

/* The value of an INTEGER. */
static void append_integer(uint64_t number, struct buf *out)
{
    struct buf object = {0};
    struct tlv tlv;

    tlv_put_unsigned(&object, TAG_INTEGER, number);
    if (tlv_only(buf_span(&object), &tlv) == TLV_OK)
        buf_append(out, tlv.value);
    buf_free(&object);
}

static const char *take_number(const struct esipa_member *member, const json_t *value, struct buf *out)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value))
        return "is not a number";
    if (number < 0 || number > INT32_MAX)
        return "is not a number from 0 to 2147483647";
    if (member->kind == ESIPA_ERROR && number == ESIPA_JSON_NO_PACKAGE)
        number = ESIPA_DER_NO_PACKAGE;
    append_integer((uint64_t)number, out);
    return NULL;
}

static const char *take_hex(const char *text, size_t size, struct buf *out)
{
    return strspn(text, "0123456789ABCDEFabcdef") == size && buf_append_hex(out, text, NULL)
               ? NULL
               : "is not hexadecimal";
}

static const char *take_string(const struct esipa_member *member, const json_t *value, struct buf *out)
{
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);

    if (text == NULL)
        return "is not a string";
    switch (member->kind) {
    case ESIPA_TEXT:
        buf_append(out, SPAN(text, size));
        return NULL;
    case ESIPA_ID:
        return take_hex(text, size, out);
    case ESIPA_EID:
        return size == 32 && strspn(text, "0123456789") == size && buf_append_hex(out, text, NULL)
                   ? NULL
                   : "is not 32 digits";
    default:
        return base64_decode(text, size, out) ? NULL : "is not base64";
    }
}

static bool take_result(const struct esipa_member *member, const json_t *value, struct buf *out,
                        struct esipa_fault *fault)
{
    size_t at = tlv_open(out, member->tag);

    if (!json_is_object(value))
        return esipa_fault_note(fault, member->name, "is not an object");
    for (size_t i = 0; esipa_result_members[i].name != NULL; i++) {
        const struct esipa_member *inner = &esipa_result_members[i];
        const json_t *part = json_object_get(value, inner->name);
        struct buf octets = {0};
        bool ok;

        if (part == NULL && inner->optional)
            continue;
        if (part == NULL)
            return esipa_fault_note(fault, inner->name, "is missing");
        ok = esipa_member_from_json(inner, part, &octets, fault);
        buf_append(out, buf_span(&octets));
        buf_free(&octets);
        if (!ok)
            return false;
    }
    tlv_close(out, at);
    return true;
}

bool esipa_member_from_json(const struct esipa_member *member, const json_t *value, struct buf *out,
                            struct esipa_fault *fault)
{
    const char *wrong;

    switch (member->kind) {
    case ESIPA_RESULT:
        if (!take_result(member, value, out, fault))
            return false;
        wrong = NULL;
        break;
    case ESIPA_FLAG:
        wrong = json_is_true(value) ? NULL : "is not true or false";
        break;
    case ESIPA_INTEGER:
    case ESIPA_ERROR:
        wrong = take_number(member, value, out);
        break;
    default:
        wrong = take_string(member, value, out);
        break;
    }
    if (wrong != NULL)
        return esipa_fault_note(fault, member->name, wrong);
    if (out->failed)
        return esipa_fault_note(fault, member->name, "is too long");
    return esipa_member_fits(member, buf_span(out), fault);
}

/* --- Writing -------------------------------------------------------------------------------------------- */

static json_t *encode_octets(const struct esipa_member *member, struct span octets)
{
    bool is_hex = member->kind == ESIPA_ID || member->kind == ESIPA_EID;
    char *text = is_hex ? malloc(2 * octets.size + 1) : base64_encode(octets);
    json_t *string;

    if (text != NULL && is_hex)
        hex_from_span(octets, text, 2 * octets.size + 1);
    string = text != NULL ? json_string(text) : NULL;
    free(text);
    return string;
}

static json_t *number_of(const struct esipa_member *member, struct span octets)
{
    uint64_t number = 0;

    tlv_unsigned(octets, &number);
    if (member->kind == ESIPA_ERROR && number == ESIPA_DER_NO_PACKAGE)
        number = ESIPA_JSON_NO_PACKAGE;
    return json_integer((json_int_t)number);
}

static json_t *result_of(struct span octets)
{
    json_t *object = json_object();
    struct tlv_reader reader;
    struct tlv tlv;

    if (!tlv_enter(octets, TAG_SEQUENCE, &reader))
        return object;
    for (size_t i = 0; tlv_next(&reader, &tlv) == TLV_OK && esipa_result_members[i].name != NULL; i++)
        json_object_set_new(object, esipa_result_members[i].name,
                            encode_octets(&esipa_result_members[i], tlv.whole));
    return object;
}

json_t *esipa_member_to_json(const struct esipa_member *member, struct span octets)
{
    switch (member->kind) {
    case ESIPA_RESULT:
        return result_of(octets);
    case ESIPA_FLAG:
        return json_true();
    case ESIPA_INTEGER:
    case ESIPA_ERROR:
        return number_of(member, octets);
    case ESIPA_TEXT:
        return json_stringn(octets.size > 0 ? (const char *)octets.data : "", octets.size);
    default:
        return encode_octets(member, octets);
    }
}
