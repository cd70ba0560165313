/*
 * The header of a profile package (ProfileHeader) against what this card can do (saip_capability.c): version,
 * services, templates, applications that must be there.
 */
#include "profiles/saip/saip_internal.h"

#include <string.h>

/* The number of a member of ServicesList by its context tag, which takes a second octet from 31 on; -1 for
 * other tags. */
static int service_number(uint32_t tag)
{
    if (tag >= 0x80 && tag < 0x9F)
        return (int)(tag - 0x80);
    if (tag >= 0x9F1F && tag < 0x9F40)
        return (int)(tag - 0x9F00);
    return -1;
}

static bool check_services(struct saip_walk *walk, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    int last = -1;
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        int number = service_number(tlv.tag);
        const struct saip_service *service = saip_service_by_member(number);

        if (number <= last || tlv.value.size > 0)
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, tlv.whole.data,
                             "eUICC-Mandatory-services: member %X is malformed or out of order",
                             (unsigned)tlv.tag);
        last = number;
        if (service == NULL || service->support == SAIP_REFUSED)
            return saip_fail(walk, service != NULL ? service->refusal : SAIP_FEATURE_NOT_SUPPORTED,
                             tlv.whole.data, "mandatory service %s (%d) is not supported",
                             service != NULL ? service->name : "unknown", number);
        walk->building->services |= (uint64_t)1 << number;
    }
    return true;
}

static bool check_templates(struct saip_walk *walk, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        const struct saip_template *template = saip_template_find(tlv.value);
        char oid[65];

        if (template == NULL || !saip_takes_template(template))
            return saip_fail(walk, SAIP_TEMPLATE_NOT_SUPPORTED, tlv.whole.data,
                             "eUICC-Mandatory-GFSTEList: template with OID %s (DER) is not supported",
                             hex_from_span(tlv.value, oid, sizeof(oid)));
        walk->building->template_count++;
    }
    return true;
}

/* Here the digits are in reading order. */
static bool check_iccid(struct saip_walk *walk, struct span iccid)
{
    char digits[ICCID_DIGITS_MAX + 1];

    iccid_turn(iccid.data, walk->building->iccid);
    return iccid_to_digits(SPAN_ARRAY(walk->building->iccid), digits) ||
           saip_fail(walk, SAIP_BAD_VALUES, iccid.data, "iccid is not " ICCID_FORM);
}

static bool check_version(struct saip_walk *walk, struct span major, struct span minor)
{
    uint64_t number = 0;

    tlv_unsigned(major, &number);
    walk->building->major_version = (uint8_t)number;
    if (!saip_takes_version((unsigned)number))
        return saip_fail(walk, SAIP_UNSUPPORTED_PROFILE_VERSION, major.data,
                         "major-version %u is not %u or %u", (unsigned)number, saip_version_at(0)[0],
                         saip_version_at(1)[0]);
    tlv_unsigned(minor, &number);
    walk->building->minor_version = (uint8_t)number;
    return true;
}

bool saip_check_header(struct saip_walk *walk)
{
    static const uint8_t rid[] = {0xA0, 0x00, 0x00, 0x00, 0x87}; /* 3GPP, TS 101 220 annex D */
    struct saip_package *package = walk->building;
    struct tlv_reader reader = tlv_reader(walk->element->value);
    struct span major, minor, type, iccid, list, templates, aids, iot, pix;

    if (!tlv_require(&reader, 0x80, &major) || !tlv_require(&reader, 0x81, &minor) ||
        !check_version(walk, major, minor))
        return false;
    if (tlv_optional(&reader, 0x82, &type))
        memcpy(package->profile_type, type.data, type.size);
    if (!tlv_require(&reader, 0x83, &iccid) || !check_iccid(walk, iccid))
        return false;
    tlv_optional(&reader, 0x84, &package->pol);
    if (!tlv_require(&reader, 0xA5, &list) || !check_services(walk, list))
        return false;
    if (!tlv_require(&reader, 0xA6, &templates) || !check_templates(walk, templates))
        return false;
    tlv_optional(&reader, 0x87, &package->connectivity_parameters);
    if (tlv_optional(&reader, 0xA8, &aids) && aids.size > 0)
        return saip_fail(walk, SAIP_LIB_NOT_SUPPORTED, aids.data,
                         "eUICC-Mandatory-AIDs: no such application on this card");
    if (tlv_optional(&reader, 0xA9, &iot) && tlv_find(iot, 0x80, &pix)) {
        memcpy(package->iot_aid, rid, sizeof(rid));
        memcpy(package->iot_aid + sizeof(rid), pix.data, pix.size);
        package->iot_aid_size = sizeof(rid) + pix.size;
    }
    return true;
}
