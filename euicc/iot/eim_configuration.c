/* EimConfigurationData, read strictly and in place: see eim_configuration.h. */
#include "euicc/iot/eim_configuration.h"

#include "apdu/tlv.h"
#include "euicc/os/spec_version.h"
#include "euicc/os/text.h"
#include "euicc/profile/profile_metadata.h"

/* CHOICE { SubjectPublicKeyInfo, Certificate } in eimPublicKeyData and trustedPublicKeyDataTls: AUTOMATIC
 * TAGS makes both implicit, so what stands in them is the content of the SEQUENCE. */
#define TAG_KEY_INFO    0xA0
#define TAG_CERTIFICATE 0xA1

enum { DER_SEQUENCE = 0x30, DER_BIT_STRING = 0x03 };

#define EIM_ID_TYPE_LAST 3 /* eimIdTypeProprietary */

/* --- what a member's value must be --------------------------------------------------------------- */

/* Reading: SIZE (1..128) is counted in octets, which is the same for the OIDs and names that eIMs are called
 * by. */
static bool is_id(struct span value)
{
    return value.size >= 1 && value.size <= EIM_ID_MAX && text_is_utf8(value, NULL);
}

/* Reading: a port may stand behind the name, as eIMs that do not listen on 443 configure it. */
static bool is_fqdn(struct span value)
{
    return value.size >= 1 && value.size <= EIM_FQDN_MAX && text_is_address(value);
}

static bool is_id_type(struct span value)
{
    uint64_t type;

    return tlv_unsigned(value, &type) && type >= 1 && type <= EIM_ID_TYPE_LAST;
}

/* Counter and token: a number that is too long to be read is a number still, and answered as one. */
static bool is_number(struct span value)
{
    int64_t number;

    return value.size > sizeof(number) || tlv_signed(value, &number);
}

/* Reading: the card's IPAe may not be the one who uses it, so what TLS trusts may be of any algorithm: only
 * its form is checked. */
static bool is_tls_key(struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct tlv_reader inner;
    struct span unused;
    struct tlv choice;

    if (tlv_next(&reader, &choice) != TLV_OK || !tlv_finish(&reader))
        return false;
    inner = tlv_reader(choice.value);
    if (choice.tag != TAG_KEY_INFO && choice.tag != TAG_CERTIFICATE)
        return false;
    if (choice.tag == TAG_CERTIFICATE && !tlv_require(&inner, DER_SEQUENCE, &unused))
        return false;
    return tlv_require(&inner, DER_SEQUENCE, &unused) &&
           tlv_require_sized(&inner, DER_BIT_STRING, 2, SIZE_MAX, &unused) && tlv_finish(&inner);
}

static bool is_empty(struct span value)
{
    return value.size == 0;
}

static bool is_anything(struct span value)
{
    (void)value;
    return true;
}

static const struct member_rule {
    uint32_t tag;
    bool (*good)(struct span value);
} rules[EIM_MEMBERS] = {
    [EIM_MEMBER_ID] = {0x80, is_id},
    [EIM_MEMBER_FQDN] = {0x81, is_fqdn},
    [EIM_MEMBER_ID_TYPE] = {0x82, is_id_type},
    [EIM_MEMBER_COUNTER] = {0x83, is_number}, /* its range has a result of its own */
    [EIM_MEMBER_TOKEN] = {0x84, is_number},
    [EIM_MEMBER_KEY] = {0xA5, tlv_is_sequence}, /* read_key says more */
    [EIM_MEMBER_TLS_KEY] = {0xA6, is_tls_key},
    [EIM_MEMBER_PROTOCOL] = {0x87, bit_string_valid},
    [EIM_MEMBER_CI_KEY_ID] = {0x88,
                              is_anything}, /* one that the card does not have has a result of its own */
    [EIM_MEMBER_INDIRECT_DOWNLOAD] = {0x89, is_empty},
    [EIM_MEMBER_PROPRIETARY] = {0xAA, tlv_is_sequence},
};

/* --- members ------------------------------------------------------------------------------------- */

/* Which member this tag is; EIM_MEMBERS for one that this version does not know. */
static size_t member_of(uint32_t tag)
{
    size_t member = 0;

    while (member < EIM_MEMBERS && rules[member].tag != tag)
        member++;
    return member;
}

bool eim_members_parse(struct span content, struct eim_members *members)
{
    struct tlv_reader reader = tlv_reader(content);
    size_t expected = 0;
    struct tlv object;

    *members = (struct eim_members){.values = {SPAN_NONE}};
    while (tlv_next(&reader, &object) == TLV_OK) {
        size_t member = member_of(object.tag);

        if (member == EIM_MEMBERS) {
            expected = EIM_MEMBERS; /* nothing known stands behind what is not known */
            continue;
        }
        if (member < expected)
            return false;
        members->values[member] = object.value;
        expected = member + 1;
    }
    return tlv_good(&reader);
}

void eim_members_put(struct buf *out, uint32_t tag, const struct eim_members *members)
{
    size_t at = tlv_open(out, tag);

    for (size_t i = 0; i < EIM_MEMBERS; i++)
        if (members->values[i].data != NULL)
            tlv_put(out, rules[i].tag, members->values[i]);
    tlv_close(out, at);
}

/* --- the whole ----------------------------------------------------------------------------------- */

static struct ec_key *key_of_certificate(struct span content, const struct ec_key *model)
{
    struct ec_key *key = NULL;
    struct buf der = {0};
    struct cert *cert;
    uint8_t point[EC_POINT_SIZE];

    tlv_put(&der, DER_SEQUENCE, content);
    cert = der.failed ? NULL : cert_parse_like(buf_span(&der), model, NULL);
    if (cert != NULL) {
        ec_key_point(cert_key(cert), point);
        key = ec_key_from_point_like(ec_key_curve(cert_key(cert)), SPAN_ARRAY(point), model);
    }
    cert_free(cert);
    buf_free(&der);
    return key;
}

/* eimPublicKeyData. Reading: a certificate is a wrapping of the key; nobody's signature on it is verified,
 * because whoever may configure an eIM vouches for it. */
static struct ec_key *read_key(struct span value, const struct ec_key *model)
{
    enum cert_status status;
    struct tlv choice;

    if (tlv_only(value, &choice) != TLV_OK)
        return NULL;
    switch (choice.tag) {
    case TAG_KEY_INFO:
        return cert_key_from_info(choice.value, model, &status);
    case TAG_CERTIFICATE:
        return key_of_certificate(choice.value, model);
    default:
        return NULL;
    }
}

static bool values_are_good(const struct eim_members *members)
{
    for (size_t i = 0; i < EIM_MEMBERS; i++)
        if (members->values[i].data != NULL && !rules[i].good(members->values[i]))
            return false;
    return true;
}

bool eim_configuration_parse(const struct softeuicc *card, struct span content,
                             struct eim_configuration *configuration)
{
    const struct ec_key *model = card->credentials_count > 0 ? card->credentials[0].ci_key : NULL;
    const struct span *values = configuration->members.values;
    int64_t counter = 0;

    *configuration = (struct eim_configuration){.key = NULL};
    if (!eim_members_parse(content, &configuration->members) || values[EIM_MEMBER_ID].data == NULL)
        return false;
    /* Of SGP.32 v1.3: before, one of the members that are passed over. */
    if (!card_speaks_sgp32(card, 1, 3))
        configuration->members.values[EIM_MEMBER_PROPRIETARY] = SPAN_NONE;
    if (!values_are_good(&configuration->members))
        return false;
    configuration->counter_in_range =
        tlv_signed(values[EIM_MEMBER_COUNTER], &counter) && counter >= 0 && counter <= EIM_COUNTER_MAX;
    configuration->counter = configuration->counter_in_range ? (uint32_t)counter : 0;
    (void)tlv_signed(values[EIM_MEMBER_TOKEN], &configuration->token);
    if (values[EIM_MEMBER_KEY].data == NULL)
        return true;
    configuration->key = read_key(values[EIM_MEMBER_KEY], model);
    return configuration->key != NULL;
}

void eim_configuration_clear(struct eim_configuration *configuration)
{
    ec_key_free(configuration->key);
    configuration->key = NULL;
}
