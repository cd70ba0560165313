/* StoreMetadataRequest and the identifiers in it, SGP.22 5.5.3: see profile_metadata.h. */
#include "euicc/profile/profile_metadata.h"

#include "apdu/tlv.h"
#include "euicc/os/text.h"
#include "protocol/tags.h"

#include <string.h>

/* NotificationEvent bits of the encoding, most significant first, as in enum notification_event. */
#define NOTIFICATION_EVENTS 4

bool bit_string_valid(struct span value)
{
    if (value.size < 1 || value.size > 5 || value.data[0] > 7)
        return false;
    return value.size > 1 || value.data[0] == 0;
}

/* A value that is none: the error stands at the object that began at `start`. */
static bool reject(struct tlv_reader *reader, size_t start)
{
    reader->offset = start;
    return tlv_fail(reader, TLV_BAD_VALUE);
}

static bool require_text(struct tlv_reader *reader, uint32_t tag, size_t max, struct span *text)
{
    size_t start = reader->offset;
    size_t characters = 0;

    if (!tlv_require(reader, tag, text))
        return false;
    return (text_is_utf8(*text, &characters) && characters <= max) || reject(reader, start);
}

/* iconType and icon: the icon only with its type, and the type is jpg(0) or png(1). */
static bool read_icon(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    struct span type;
    uint64_t number;

    if (tlv_optional(reader, 0x93, &type)) {
        if (!tlv_unsigned(type, &number) || number > 1)
            return reject(reader, start);
        metadata->icon_type = (unsigned)number;
        start = reader->offset;
        if (tlv_optional(reader, 0x94, &metadata->icon)) {
            if (metadata->icon.size > ICON_MAX)
                return reject(reader, start);
            metadata->has_icon = metadata->icon.size > 0;
        }
    }
    return tlv_good(reader);
}

static bool read_class(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    struct span value;
    uint64_t number;

    metadata->class = PROFILE_OPERATIONAL;
    if (!tlv_optional(reader, 0x95, &value))
        return tlv_good(reader);
    if (!tlv_unsigned(value, &number) || number > PROFILE_OPERATIONAL)
        return reject(reader, start);
    metadata->class = (enum profile_class)number;
    return true;
}

bool notification_events_read(struct span value, unsigned *events)
{
    if (!bit_string_valid(value))
        return false;
    *events = 0;
    for (unsigned bit = 0; bit < NOTIFICATION_EVENTS; bit++)
        if (tlv_bit(value, bit))
            *events |= 1u << bit;
    return true;
}

bool notification_configuration_next(struct span *list, struct notification_configuration *configuration)
{
    struct tlv_reader reader = tlv_reader(*list);
    struct tlv_reader inner;
    struct span content;
    struct span events;

    if (list->size == 0 || !tlv_require(&reader, 0x30, &content))
        return false;
    inner = tlv_reader(content);
    if (!tlv_require(&inner, 0x80, &events) ||
        !notification_events_read(events, &configuration->operations) ||
        !tlv_require_sized(&inner, 0x81, 1, ADDRESS_MAX, &configuration->address) ||
        !text_is_utf8(configuration->address, NULL) || !tlv_skip_rest(&inner))
        return false;
    *list = SPAN(list->data + reader.offset, list->size - reader.offset);
    return true;
}

static bool read_notification_configuration(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    struct notification_configuration configuration;
    struct span list;

    if (!tlv_optional(reader, 0xB6, &metadata->notification_configuration))
        return tlv_good(reader);
    list = metadata->notification_configuration;
    while (notification_configuration_next(&list, &configuration))
        continue;
    return list.size == 0 || reject(reader, start);
}

bool operator_id_parse(struct span content, struct operator_id *id)
{
    struct tlv_reader reader = tlv_reader(content);

    *id = (struct operator_id){.mcc_mnc = SPAN_NONE};
    if (!tlv_require_sized(&reader, 0x80, 3, 3, &id->mcc_mnc))
        return false;
    (void)tlv_optional(&reader, 0x81, &id->gid1);
    (void)tlv_optional(&reader, 0x82, &id->gid2);
    return tlv_skip_rest(&reader);
}

static bool read_owner(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    struct operator_id id;

    if (!tlv_optional(reader, 0xB7, &metadata->owner))
        return tlv_good(reader);
    return operator_id_parse(metadata->owner, &id) || reject(reader, start);
}

static bool read_policy_rules(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    struct span rules;

    if (!tlv_optional(reader, 0x99, &rules))
        return tlv_good(reader);
    if (!bit_string_valid(rules))
        return reject(reader, start);
    metadata->ppr_update_control = tlv_bit(rules, PPR_UPDATE_CONTROL_BIT);
    metadata->ppr1 = tlv_bit(rules, PPR1_BIT);
    metadata->ppr2 = tlv_bit(rules, PPR2_BIT);
    for (unsigned bit = PPR_FIRST_UNKNOWN_BIT; bit < 8 * rules.size; bit++)
        if (tlv_bit(rules, bit))
            metadata->ppr_unknown = true;
    return true;
}

/* What later versions and SGP.32 add stands behind members that this card passes over. A card that is made to
 * none of them reads it too, and keeps nothing of it (profile_install.c). */
static bool read_later_members(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    struct tlv object;

    for (; tlv_next(reader, &object) == TLV_OK; start = reader->offset) {
        bool *flag = object.tag == TAG_ECALL_INDICATION   ? &metadata->ecall
                     : object.tag == TAG_FALLBACK_ALLOWED ? &metadata->fallback_allowed
                                                          : NULL;

        if (object.tag == TAG_SERVICE_DATA) {
            if (!tlv_is_sequence(object.value))
                return reject(reader, start);
            metadata->service_data = object.value;
        }
        if (flag == NULL)
            continue;
        if (object.value.size != 1)
            return reject(reader, start);
        *flag = object.value.data[0] != 0;
    }
    return tlv_good(reader);
}

static bool read_members(struct tlv_reader *reader, struct profile_metadata *metadata)
{
    size_t start = reader->offset;
    char digits[21];

    if (!tlv_require_sized(reader, 0x5A, ICCID_SIZE, ICCID_SIZE, &metadata->iccid))
        return false;
    if (!iccid_to_digits(metadata->iccid, digits))
        return reject(reader, start);
    return require_text(reader, 0x91, SERVICE_PROVIDER_NAME_MAX, &metadata->service_provider) &&
           require_text(reader, 0x92, PROFILE_NAME_MAX, &metadata->name) && read_icon(reader, metadata) &&
           read_class(reader, metadata) && read_notification_configuration(reader, metadata) &&
           read_owner(reader, metadata) && read_policy_rules(reader, metadata) &&
           read_later_members(reader, metadata);
}

bool profile_metadata_parse(struct span octets, struct profile_metadata *metadata, size_t *offset)
{
    struct tlv_reader outer = tlv_reader(octets);
    struct tlv_reader reader;
    struct span content;

    *metadata = (struct profile_metadata){.whole = octets};
    *offset = 0;
    if (!tlv_require(&outer, TAG_STORE_METADATA, &content) || !tlv_finish(&outer)) {
        *offset = outer.error_offset;
        return false;
    }
    reader = tlv_reader(content);
    if (read_members(&reader, metadata))
        return true;
    *offset = (size_t)(content.data - octets.data) + reader.error_offset;
    return false;
}
