/* What an eUICC asks of a profile's metadata. See metadata_check.h. */
#include "protocol/metadata_check.h"

#include "apdu/iccid.h"
#include "apdu/tlv.h"
#include "crypto/printable.h"
#include "protocol/tags.h"

#define CLASS_OPERATIONAL 2
#define ICON_TYPE_PNG     1
#define BITS_SIZE_MAX     5 /* of a BIT STRING, with its count of unused bits */
/* PprIds. */
#define RULE_PPR1          1
#define RULE_PPR2          2
#define RULE_FIRST_UNKNOWN 3

static bool has_fault(struct metadata_fault *fault, const char *member, const char *reason)
{
    *fault = (struct metadata_fault){member, reason};
    return false;
}

bool metadata_is_text(struct span octets, size_t *characters)
{
    *characters = 0;
    for (size_t i = 0, size; i < octets.size; i += size, ++*characters) {
        uint32_t character;

        size = printable_character((const char *)octets.data + i, octets.size - i, &character);
        if (size == 0 || character == 0)
            return false;
    }
    return true;
}

static bool check_iccid(struct tlv_reader *reader, struct metadata_fault *fault)
{
    char digits[ICCID_DIGITS_MAX + 1];
    struct span iccid;

    if (!tlv_require_sized(reader, TAG_ICCID, ICCID_SIZE, ICCID_SIZE, &iccid) ||
        !iccid_to_digits(iccid, digits))
        return has_fault(fault, "iccid", "it is no ICCID");
    return true;
}

static bool check_text(struct tlv_reader *reader, uint32_t tag, size_t max, const char *member,
                       struct metadata_fault *fault)
{
    struct span text;
    size_t characters;

    if (!tlv_require(reader, tag, &text))
        return has_fault(fault, member, "it is missing");
    if (!metadata_is_text(text, &characters))
        return has_fault(fault, member, "it is not UTF-8");
    return characters <= max || has_fault(fault, member, "it has too many characters");
}

static bool check_icon(struct tlv_reader *reader, struct metadata_fault *fault)
{
    struct span type, icon;
    uint64_t number;

    if (!tlv_optional(reader, 0x93, &type))
        return tlv_peek(reader) != 0x94 || has_fault(fault, "icon", "it has no iconType");
    if (!tlv_unsigned(type, &number) || number > ICON_TYPE_PNG)
        return has_fault(fault, "iconType", "it is neither jpg nor png");
    return !tlv_optional(reader, 0x94, &icon) || icon.size <= METADATA_ICON_MAX ||
           has_fault(fault, "icon", "it is too large");
}

static bool check_class(struct tlv_reader *reader, struct metadata_fault *fault)
{
    struct span class;
    uint64_t number;

    return !tlv_optional(reader, 0x95, &class) ||
           (tlv_unsigned(class, &number) && number <= CLASS_OPERATIONAL) ||
           has_fault(fault, "profileClass", "there is no such class");
}

/* The content of a BIT STRING of names. */
static bool are_bits(struct span bits)
{
    return bits.size >= 1 && bits.size <= BITS_SIZE_MAX && bits.data[0] <= 7 &&
           (bits.size > 1 || bits.data[0] == 0);
}

static bool check_notifications(struct tlv_reader *reader, struct metadata_fault *fault)
{
    struct span list, events, address;
    struct tlv_reader entries;
    size_t characters;

    if (!tlv_optional(reader, 0xB6, &list))
        return true;
    entries = tlv_reader(list);
    while (tlv_peek(&entries) != 0) {
        struct tlv_reader entry;
        struct span content;

        if (!tlv_require(&entries, 0x30, &content))
            break;
        entry = tlv_reader(content);
        if (!tlv_require(&entry, 0x80, &events) || !are_bits(events))
            return has_fault(fault, "notificationConfigurationInfo", "an entry has no events");
        if (!tlv_require_sized(&entry, 0x81, 1, METADATA_ADDRESS_MAX, &address) ||
            !metadata_is_text(address, &characters) || !tlv_skip_rest(&entry))
            return has_fault(fault, "notificationConfigurationInfo", "an entry has no address");
    }
    return (tlv_good(&entries) && tlv_finish(&entries)) ||
           has_fault(fault, "notificationConfigurationInfo", "it is no list of entries");
}

static bool check_owner(struct tlv_reader *reader, bool *present, struct metadata_fault *fault)
{
    struct span owner, ignored;
    struct tlv_reader members;

    *present = tlv_optional(reader, 0xB7, &owner);
    if (!*present)
        return true;
    members = tlv_reader(owner);
    if (!tlv_require_sized(&members, 0x80, 3, 3, &ignored))
        return has_fault(fault, "profileOwner", "it has no mccMnc");
    (void)tlv_optional(&members, 0x81, &ignored);
    (void)tlv_optional(&members, 0x82, &ignored);
    return tlv_skip_rest(&members) || has_fault(fault, "profileOwner", "it is malformed");
}

static bool check_rules(struct tlv_reader *reader, bool has_owner, struct metadata_fault *fault)
{
    struct span rules;

    if (!tlv_optional(reader, 0x99, &rules))
        return true;
    if (!are_bits(rules))
        return has_fault(fault, "profilePolicyRules", "it is malformed");
    for (unsigned bit = RULE_FIRST_UNKNOWN; bit < 8 * rules.size; bit++) {
        if (tlv_bit(rules, bit))
            return has_fault(fault, "profilePolicyRules", "it has a rule that there is not");
    }
    if (!has_owner && (tlv_bit(rules, RULE_PPR1) || tlv_bit(rules, RULE_PPR2)))
        return has_fault(fault, "profilePolicyRules",
                         "an eUICC allows rules to an owner, and profileOwner is missing");
    return true;
}

static bool check_later_members(struct tlv_reader *reader, struct metadata_fault *fault)
{
    struct tlv object;

    while (tlv_next(reader, &object) == TLV_OK) {
        if (object.tag == TAG_SERVICE_DATA && !tlv_is_sequence(object.value))
            return has_fault(fault, "serviceSpecificDataStoredInEuicc", "it is malformed");
        if ((object.tag == TAG_ECALL_INDICATION || object.tag == TAG_FALLBACK_ALLOWED) &&
            object.value.size != 1)
            return has_fault(fault,
                             object.tag == TAG_ECALL_INDICATION ? "ecallIndication" : "fallbackAllowed",
                             "it is neither true nor false");
    }
    return tlv_good(reader) || has_fault(fault, "StoreMetadataRequest", "it is malformed");
}

bool metadata_check(struct span octets, struct metadata_fault *fault)
{
    struct tlv_reader reader;
    struct span content;
    bool has_owner;

    if (tlv_single(octets, TAG_STORE_METADATA, &content) != TLV_OK)
        return has_fault(fault, "StoreMetadataRequest", "it is malformed");
    reader = tlv_reader(content);
    if (!check_iccid(&reader, fault) ||
        !check_text(&reader, 0x91, METADATA_PROVIDER_MAX, "serviceProviderName", fault) ||
        !check_text(&reader, 0x92, METADATA_NAME_MAX, "profileName", fault) || !check_icon(&reader, fault) ||
        !check_class(&reader, fault) || !check_notifications(&reader, fault) ||
        !check_owner(&reader, &has_owner, fault) || !check_rules(&reader, has_owner, fault))
        return false;
    return check_later_members(&reader, fault);
}
