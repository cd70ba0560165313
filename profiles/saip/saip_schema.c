/*
 * The interpreter of the schema tables: checks a SEQUENCE of the profile package's ASN.1 (AUTOMATIC TAGS,
 * EXTENSIBILITY IMPLIED) member by member: tags, order, presence, sizes and ranges. What values mean is
 * checked elsewhere.
 *
 * The tables are finite, so is the depth; every octet is looked at once per level.
 */
#include "profiles/saip/saip_internal.h"

#include <stdarg.h>
#include <stdio.h>

bool saip_fail(struct saip_walk *walk, enum saip_result result, const uint8_t *at, const char *format, ...)
{
    struct saip_failure *failure = walk->failure;
    const struct saip_element *element = walk->element;
    va_list arguments;

    if (failure->result != SAIP_OK)
        return false;
    failure->result = result;
    failure->offset = (size_t)(at - walk->package->der.data);
    if (element != NULL) {
        failure->tag = element->tag;
        failure->has_identification = element->has_identification;
        failure->identification = element->identification;
        failure->element_offset = (size_t)(at - element->whole.data);
    }
    va_start(arguments, format);
    vsnprintf(failure->reason, sizeof(failure->reason), format, arguments);
    va_end(arguments);
    return false;
}

static bool check_field(struct saip_walk *walk, const struct saip_field *field, const struct tlv *tlv);

static const struct saip_field *find_field(const struct saip_field *members, uint32_t tag)
{
    for (; members->name != NULL; members++) {
        if (members->tag == tag)
            return members;
    }
    return NULL;
}

static bool next_object(struct saip_walk *walk, const char *what, struct tlv_reader *reader, struct tlv *tlv)
{
    if (tlv_next(reader, tlv) == TLV_OK)
        return true;
    return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, reader->in.data + reader->error_offset, "%s: %s",
                     what, tlv_status_name(reader->status));
}

/* One of the alternatives, as often as min and max allow. */
static bool check_alternatives(struct saip_walk *walk, const struct saip_field *field, struct span value,
                               size_t min, size_t max)
{
    struct tlv_reader reader = tlv_reader(value);
    size_t count = 0;

    while (reader.offset < value.size) {
        const uint8_t *at = value.data + reader.offset;
        const struct saip_field *member;
        struct tlv tlv;

        if (!next_object(walk, field->name, &reader, &tlv))
            return false;
        member = find_field(field->members, tlv.tag);
        if (member == NULL)
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, at, "%s: unexpected tag %X", field->name,
                             (unsigned)tlv.tag);
        if (!check_field(walk, member, &tlv))
            return false;
        count++;
    }
    if (count < min || count > max)
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, value.data, "%s has %zu members", field->name,
                         count);
    return true;
}

static bool check_integer(struct saip_walk *walk, const struct saip_field *field, const struct tlv *tlv)
{
    uint64_t number;

    if (!tlv_unsigned(tlv->value, &number))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, tlv->whole.data, "%s is not a number from 0 on",
                         field->name);
    if (number < field->min || number > field->max)
        return saip_fail(walk, SAIP_BAD_VALUES, tlv->whole.data, "%s is %llu, not %u to %u", field->name,
                         (unsigned long long)number, (unsigned)field->min, (unsigned)field->max);
    return true;
}

static bool check_size(struct saip_walk *walk, const struct saip_field *field, const struct tlv *tlv)
{
    if (tlv->value.size >= field->min && tlv->value.size <= field->max)
        return true;
    if (field->min == field->max)
        return saip_fail(walk, SAIP_BAD_VALUES, tlv->whole.data, "%s has %zu octets, not %u", field->name,
                         tlv->value.size, (unsigned)field->min);
    if (field->max == UINT32_MAX)
        return saip_fail(walk, SAIP_BAD_VALUES, tlv->whole.data, "%s has %zu octets, not %u or more",
                         field->name, tlv->value.size, (unsigned)field->min);
    return saip_fail(walk, SAIP_BAD_VALUES, tlv->whole.data, "%s has %zu octets, not %u to %u", field->name,
                     tlv->value.size, (unsigned)field->min, (unsigned)field->max);
}

static bool check_field(struct saip_walk *walk, const struct saip_field *field, const struct tlv *tlv)
{
    switch (field->type) {
    case SAIP_TYPE_NULL:
        if (tlv->value.size == 0)
            return true;
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, tlv->whole.data, "%s is not empty", field->name);
    case SAIP_TYPE_INTEGER:
        return check_integer(walk, field, tlv);
    case SAIP_TYPE_OCTETS:
        return check_size(walk, field, tlv);
    case SAIP_TYPE_SEQUENCE:
        return saip_check_sequence(walk, field->name, field->members, tlv->value);
    case SAIP_TYPE_CHOICE:
        return check_alternatives(walk, field, tlv->value, 1, 1);
    case SAIP_TYPE_SEQUENCE_OF:
        return check_alternatives(walk, field, tlv->value, field->min, field->max);
    }
    return false;
}

/* What follows the last known member may be of a later version of the specification: it must be well formed
 * and no member out of its place. */
static bool check_extensions(struct saip_walk *walk, const char *what, const struct saip_field *members,
                             struct tlv_reader *reader)
{
    while (reader->offset < reader->in.size) {
        const uint8_t *at = reader->in.data + reader->offset;
        const struct saip_field *member;
        struct tlv tlv;

        if (!next_object(walk, what, reader, &tlv))
            return false;
        member = find_field(members, tlv.tag);
        if (member != NULL)
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, at, "%s: %s twice or out of order", what,
                             member->name);
    }
    return true;
}

bool saip_check_sequence(struct saip_walk *walk, const char *what, const struct saip_field *members,
                         struct span value)
{
    struct tlv_reader reader = tlv_reader(value);

    for (const struct saip_field *member = members; member->name != NULL; member++) {
        const uint8_t *at = value.data + reader.offset;
        struct tlv tlv;

        if (tlv_peek(&reader) != member->tag) {
            if (member->optional)
                continue;
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, at, "%s: %s is missing", what, member->name);
        }
        if (!next_object(walk, what, &reader, &tlv) || !check_field(walk, member, &tlv))
            return false;
    }
    return check_extensions(walk, what, members, &reader);
}

bool saip_check_each(struct saip_walk *walk, struct span in, uint32_t list,
                     bool (*check)(struct saip_walk *walk, struct span value))
{
    struct tlv_reader reader;
    struct span objects;
    struct tlv tlv;
    bool good = true;

    tlv_find(in, list, &objects);
    reader = tlv_reader(objects);
    while (good && tlv_next(&reader, &tlv) == TLV_OK)
        good = check(walk, tlv.value);
    return good;
}
