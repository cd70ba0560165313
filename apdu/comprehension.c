/* COMPREHENSION-TLV data objects: see comprehension.h. */
#include "apdu/comprehension.h"

enum { LONG_TAG = 0x7F, LONG_TAG_REST = 2, LENGTH_OF_ONE = 0x81, LENGTH_OF_TWO = 0x82 };

/* 00 and FF are none, nor is 80, which would be 00 without its upper bit. */
static bool take_tag(struct span *in, struct comprehension_object *object)
{
    struct span tag;

    if (!span_take(in, 1, &tag) || (tag.data[0] & ~COMPREHENSION_REQUIRED) == 0 || tag.data[0] == 0xFF)
        return false;
    object->tag = tag.data[0] | COMPREHENSION_REQUIRED;
    object->is_required = (tag.data[0] & COMPREHENSION_REQUIRED) != 0;
    if (tag.data[0] != LONG_TAG)
        return true;
    if (!span_take(in, LONG_TAG_REST, &tag))
        return false;
    object->is_required = (tag.data[0] & COMPREHENSION_REQUIRED) != 0;
    object->tag = (uint32_t)(span_number(tag) | COMPREHENSION_REQUIRED << 8);
    return true;
}

/* In its shortest form. */
static bool take_length(struct span *in, size_t *length)
{
    struct span octets;

    if (!span_take(in, 1, &octets))
        return false;
    *length = octets.data[0];
    if (*length < 0x80)
        return true;
    if ((*length != LENGTH_OF_ONE && *length != LENGTH_OF_TWO) || !span_take(in, *length - 0x80, &octets))
        return false;
    *length = (size_t)span_number(octets);
    return *length >= (octets.size == 1 ? 0x80u : 0x100u);
}

bool comprehension_next(struct span *in, struct comprehension_object *object)
{
    struct span rest = *in;
    size_t length;

    if (!take_tag(&rest, object) || !take_length(&rest, &length) || !span_take(&rest, length, &object->value))
        return false;
    *in = rest;
    return true;
}

bool comprehension_take(struct span *in, uint32_t tag, struct span *value)
{
    struct comprehension_object object;
    struct span rest = *in;

    *value = SPAN_NONE;
    if (!comprehension_next(&rest, &object) || object.tag != tag)
        return false;
    *value = object.value;
    *in = rest;
    return true;
}

bool comprehension_find(struct span in, uint32_t tag, struct span *value)
{
    struct comprehension_object object;

    while (comprehension_next(&in, &object)) {
        *value = object.value;
        if (object.tag == tag)
            return true;
    }
    *value = SPAN_NONE;
    return false;
}

bool comprehension_is_sequence(struct span in)
{
    struct comprehension_object object;

    while (in.size > 0)
        if (!comprehension_next(&in, &object))
            return false;
    return true;
}
