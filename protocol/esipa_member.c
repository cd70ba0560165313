/* Members of ESipa. See esipa_member.h. */
#include "protocol/esipa_member.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "protocol/tags.h"

#include <stdlib.h>
#include <string.h>

bool esipa_fault_note(struct esipa_fault *fault, const char *member, const char *what)
{
    *fault = (struct esipa_fault){.member = member, .what = what};
    return false;
}

/* --- What a member may be ------------------------------------------------------------------------------- */

/* Tag 0 is none (X.690 8.1.5). */
static bool is_object(uint32_t tag, struct span octets)
{
    struct tlv tlv;

    return tlv_only(octets, &tlv) == TLV_OK && (tag == 0 ? tlv.tag != 0 : tlv.tag == tag);
}

static bool is_result(struct span octets)
{
    struct tlv_reader reader;
    struct span list;

    if (!tlv_enter(octets, TAG_SEQUENCE, &reader) || !tlv_require(&reader, TAG_EUICC_PACKAGE, NULL))
        return false;
    tlv_optional(&reader, 0xA0, &list);
    return tlv_finish(&reader);
}

static bool are_digits(struct span octets)
{
    for (size_t i = 0; i < octets.size; i++) {
        if (octets.data[i] >> 4 > 9 || (octets.data[i] & 0x0F) > 9)
            return false;
    }
    return true;
}

static bool is_number(struct span octets)
{
    uint64_t number;

    return tlv_unsigned(octets, &number) && number <= INT32_MAX;
}

bool esipa_member_fits(const struct esipa_member *member, struct span octets, struct esipa_fault *fault)
{
    bool fits = true;
    const char *what = "is not an object with its tag";

    if (octets.size < member->min || (member->max != 0 && octets.size > member->max))
        return esipa_fault_note(fault, member->name, "does not have the right length");
    switch (member->kind) {
    case ESIPA_OBJECT:
        fits = is_object(member->tag, octets);
        break;
    case ESIPA_UNDER:
    case ESIPA_RETAGGED:
        fits = is_object(member->own, octets);
        break;
    case ESIPA_RESULT:
        fits = is_result(octets);
        break;
    case ESIPA_EID:
        fits = are_digits(octets);
        what = "is not 32 digits";
        break;
    case ESIPA_INTEGER:
    case ESIPA_ERROR:
        fits = is_number(octets);
        what = "is not a number from 0 to 2147483647";
        break;
    case ESIPA_FLAG:
        fits = octets.size == 0;
        what = "has a value";
        break;
    case ESIPA_TEXT:
        fits = octets.size == 0 || memchr(octets.data, '\0', octets.size) == NULL;
        what = "has a zero octet";
        break;
    case ESIPA_OCTETS:
    case ESIPA_ID:
        break;
    }
    return fits || esipa_fault_note(fault, member->name, what);
}

/* --- Out of JSON ---------------------------------------------------------------------------------------- */

/* The value of an INTEGER. */
static void append_integer(uint64_t number, struct buf *octets)
{
    struct buf object = {0};
    struct tlv tlv;

    tlv_put_unsigned(&object, TAG_INTEGER, number);
    if (tlv_only(buf_span(&object), &tlv) == TLV_OK)
        buf_append(octets, tlv.value);
    octets->failed = octets->failed || object.failed;
    buf_free(&object);
}

/* These say what is wrong, or NULL. */
static const char *take_number(const struct esipa_member *member, const struct esipa_value *value,
                               struct buf *octets)
{
    int64_t number = value->number;

    if (value->kind != ESIPA_VALUE_NUMBER || number < 0 || number > INT32_MAX)
        return "is not a number from 0 to 2147483647";
    if (member->kind == ESIPA_ERROR && number == ESIPA_JSON_NO_PACKAGE)
        number = ESIPA_DER_NO_PACKAGE;
    append_integer((uint64_t)number, octets);
    return NULL;
}

static int digit_of(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* Upper or lower case, nothing between the digits. */
static const char *take_hex(struct span text, struct buf *octets)
{
    for (size_t i = 0; i < text.size; i += 2) {
        int high = digit_of(text.data[i]);
        int low = i + 1 < text.size ? digit_of(text.data[i + 1]) : -1;

        if (high < 0 || low < 0)
            return "is not hexadecimal";
        buf_append_octet(octets, (uint8_t)(high << 4 | low));
    }
    return NULL;
}

static const char *take_text(const struct esipa_member *member, const struct esipa_value *value,
                             struct buf *octets)
{
    struct span text = value->text;

    if (value->kind != ESIPA_VALUE_TEXT)
        return "is not a string";
    switch (member->kind) {
    case ESIPA_TEXT:
        buf_append(octets, text);
        return NULL;
    case ESIPA_EID:
        return text.size == 32 && take_hex(text, octets) == NULL ? NULL : "is not 32 digits";
    case ESIPA_ID:
        return take_hex(text, octets);
    default:
        return base64_decode((const char *)text.data, text.size, octets) ? NULL : "is not base64";
    }
}

bool esipa_member_take(const struct esipa_member *member, const struct esipa_value *value, struct buf *octets,
                       struct esipa_fault *fault)
{
    const char *wrong;

    switch (member->kind) {
    case ESIPA_RESULT:
        wrong = "is not an object";
        break;
    case ESIPA_FLAG:
        wrong = value->kind == ESIPA_VALUE_TRUE ? NULL : "is not true or false";
        break;
    case ESIPA_INTEGER:
    case ESIPA_ERROR:
        wrong = take_number(member, value, octets);
        break;
    default:
        wrong = take_text(member, value, octets);
        break;
    }
    if (wrong != NULL)
        return esipa_fault_note(fault, member->name, wrong);
    if (octets->failed)
        return esipa_fault_note(fault, member->name, "cannot be kept: out of memory");
    return esipa_member_fits(member, buf_span(octets), fault);
}

/* --- Into JSON ------------------------------------------------------------------------------------------ */

static void append_hex(struct span octets, struct buf *text)
{
    char digits[3];

    for (size_t i = 0; i < octets.size; i++)
        buf_append(text, span_of_string(hex_from_span(SPAN(octets.data + i, 1), digits, sizeof(digits))));
}

static void append_base64(struct span octets, struct buf *text)
{
    char *encoded = base64_encode(octets);

    if (encoded != NULL)
        buf_append(text, span_of_string(encoded));
    else
        text->failed = true;
    free(encoded);
}

static int64_t number_given(const struct esipa_member *member, struct span octets)
{
    uint64_t number = 0;

    tlv_unsigned(octets, &number);
    if (member->kind == ESIPA_ERROR && number == ESIPA_DER_NO_PACKAGE)
        return ESIPA_JSON_NO_PACKAGE;
    return (int64_t)number;
}

bool esipa_member_give(const struct esipa_member *member, struct span octets, struct buf *text,
                       struct esipa_value *value)
{
    size_t before = text->size;

    *value = (struct esipa_value){.kind = ESIPA_VALUE_TEXT};
    switch (member->kind) {
    case ESIPA_FLAG:
        value->kind = ESIPA_VALUE_TRUE;
        return true;
    case ESIPA_INTEGER:
    case ESIPA_ERROR:
        value->kind = ESIPA_VALUE_NUMBER;
        value->number = number_given(member, octets);
        return true;
    case ESIPA_TEXT:
        value->text = octets;
        return true;
    case ESIPA_ID:
    case ESIPA_EID:
        append_hex(octets, text);
        break;
    default:
        append_base64(octets, text);
        break;
    }
    if (!text->failed)
        value->text = SPAN(text->data + before, text->size - before);
    return !text->failed;
}
