/*
 * The header of a profile package (ProfileHeader) against what this card offers: version, services,
 * templates, applications that must be there; and UICCCapability, the same offer as EUICCInfo2 shows it to
 * servers.
 */
#include "profiles/saip/saip_internal.h"

#include <string.h>

/* Versions of the format: 2.x and 3.x share the ASN.1 (TCA 3.3, clause 3). */
enum { MAJOR_VERSION_MIN = 2, MAJOR_VERSION_MAX = 3 };

/*
 * ServicesList by number, UICCCapability by bit. Contactless, CAVE, MBMS, EAP, run-time environments, CAT-TP,
 * the SUCI calculator's Java API, DNS resolution by applications, SCP11 and S16 mode need parts that this
 * card does not have.
 *
 * Reading: a package that asks for javacard is taken: packages ask for it that bring no applet (TS.48 version
 * 1), and an applet is stored and listed. Since its code is not run the service is not offered to servers.
 */
static const struct saip_service services[] = {
    {"contactless", 0, 0, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"usim", 1, 1, true, SAIP_OK},
    {"isim", 2, 2, true, SAIP_OK},
    {"csim", 3, 3, true, SAIP_OK},
    {"milenage", 4, 4, true, SAIP_OK},
    {"tuak128", 5, 6, true, SAIP_OK},
    {"cave", 6, 5, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"gba-usim", 7, 10, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"gba-isim", 8, 11, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"mbms", 9, 12, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"eap", 10, 13, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"javacard", 11, 14, false, SAIP_OK},
    {"multos", 12, 15, false, SAIP_RUNTIME_NOT_SUPPORTED},
    {"multiple-usim", 13, 16, true, SAIP_OK},
    {"multiple-isim", 14, 17, true, SAIP_OK},
    {"multiple-csim", 15, 18, true, SAIP_OK},
    {"tuak256", 16, 7, true, SAIP_OK},
    {"usim-test-algorithm", 17, 8, true, SAIP_OK},
    {"ber-tlv", 18, 19, true, SAIP_OK},
    {"dfLink", 19, 20, true, SAIP_OK},
    {"cat-tp", 20, 21, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"get-identity", 21, 22, true, SAIP_OK},
    {"profile-a-x25519", 22, 23, true, SAIP_OK},
    {"profile-b-p256", 23, 24, true, SAIP_OK},
    {"suciCalculatorApi", 24, 25, false, SAIP_LIB_NOT_SUPPORTED},
    {"dns-resolution", 25, 26, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"scp11ac", 26, 27, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"scp11c-authorization-mechanism", 27, 28, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"s16mode", 28, 29, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"eaka", 29, 30, false, SAIP_FEATURE_NOT_SUPPORTED},
    {"iotminimal", -1, 31, true, SAIP_OK},
};
enum { SERVICES = sizeof(services) / sizeof(services[0]) };

const struct saip_service *saip_service_at(size_t index)
{
    return index < SERVICES ? &services[index] : NULL;
}

void saip_put_uicc_capability(struct buf *out, uint32_t tag)
{
    uint8_t bits[4] = {0};

    for (size_t i = 0; i < SERVICES; i++) {
        if (services[i].supported)
            bits[services[i].capability / 8] |= (uint8_t)(0x80 >> services[i].capability % 8);
    }
    tlv_put_bits(out, tag, bits, 8 * sizeof(bits));
}

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
        const struct saip_service *service = NULL;

        if (number <= last || tlv.value.size > 0)
            return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, tlv.whole.data,
                             "eUICC-Mandatory-services: member %X is malformed or out of order",
                             (unsigned)tlv.tag);
        last = number;
        for (size_t i = 0; i < SERVICES; i++) {
            if (services[i].member == number)
                service = &services[i];
        }
        if (service == NULL || (!service->supported && service->refusal != SAIP_OK))
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
        char oid[65];

        if (saip_template_find(tlv.value) == NULL)
            return saip_fail(walk, SAIP_TEMPLATE_NOT_SUPPORTED, tlv.whole.data,
                             "eUICC-Mandatory-GFSTEList: template with OID %s (DER) is unknown",
                             hex_from_span(tlv.value, oid, sizeof(oid)));
        walk->building->template_count++;
    }
    return true;
}

/* Digits in reading order; F may fill the end of an ICCID shorter than 20 digits (ITU-T E.118). The card has
 * the nibbles swapped (EF ICCID, TS 102 221 13.2). */
static bool check_iccid(struct saip_walk *walk, struct span iccid)
{
    enum { DIGITS_MIN = 18 };
    bool ended = false;

    for (size_t i = 0; i < 2 * iccid.size; i++) {
        uint8_t digit = i % 2 == 0 ? iccid.data[i / 2] >> 4 : iccid.data[i / 2] & 0x0F;

        if ((digit > 9 && (digit != 0x0F || i < DIGITS_MIN)) || (ended && digit <= 9))
            return saip_fail(walk, SAIP_BAD_VALUES, iccid.data + i / 2,
                             "iccid is not 18 to 20 decimal digits");
        ended = digit == 0x0F;
    }
    for (size_t i = 0; i < iccid.size; i++)
        walk->building->iccid[i] = (uint8_t)(iccid.data[i] << 4 | iccid.data[i] >> 4);
    return true;
}

static bool check_version(struct saip_walk *walk, struct span major, struct span minor)
{
    uint64_t number = 0;

    tlv_unsigned(major, &number);
    walk->building->major_version = (uint8_t)number;
    if (number < MAJOR_VERSION_MIN || number > MAJOR_VERSION_MAX)
        return saip_fail(walk, SAIP_UNSUPPORTED_PROFILE_VERSION, major.data,
                         "major-version %u is not %d or %d", (unsigned)number, MAJOR_VERSION_MIN,
                         MAJOR_VERSION_MAX);
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
