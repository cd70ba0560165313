/*
 * The parts of X.509 that certificates and CRLs have in common (RFC 5280), read strictly and in place.
 * OpenSSL's own parser is not used on the card: it accepts BER, and decoding one P-256 certificate with
 * OpenSSL 3.0 costs three times the verification of its signature.
 */
#include "crypto/cert_internal.h"

#include <string.h>

/* X.509 nests about ten deep (a dirName inside nameConstraints is in an OCTET STRING of its own). */
#define DER_DEPTH_MAX 16

static const uint8_t oid_ecdsa_with_sha256[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};

const uint8_t x509_oid_serial_number[3] = {0x55, 0x04, 0x05};
const uint8_t x509_oid_organization[3] = {0x55, 0x04, 0x0A};

static bool integer_is_shortest(struct span value)
{
    if (value.size == 0)
        return false;
    return value.size == 1 || !((value.data[0] == 0x00 && value.data[1] < 0x80) ||
                                (value.data[0] == 0xFF && value.data[1] >= 0x80));
}

static bool oid_is_shortest(struct span value)
{
    if (value.size == 0 || (value.data[value.size - 1] & 0x80) != 0)
        return false;
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] == 0x80 && (i == 0 || (value.data[i - 1] & 0x80) == 0))
            return false;
    return true;
}

static bool bit_string_is_good(struct span value)
{
    if (value.size == 0 || value.data[0] > 7 || (value.size == 1 && value.data[0] != 0))
        return false;
    /* DER: the unused bits are zero. */
    return (value.data[value.size - 1] & ((1u << value.data[0]) - 1)) == 0 || value.size == 1;
}

static bool primitive_is_strict(uint32_t tag, struct span value)
{
    switch (tag) {
    case DER_BOOLEAN:
        return value.size == 1 && (value.data[0] == 0x00 || value.data[0] == 0xFF);
    case DER_INTEGER:
        return integer_is_shortest(value);
    case DER_OID:
        return oid_is_shortest(value);
    case DER_BIT_STRING:
        return bit_string_is_good(value);
    case DER_SEQUENCE & 0x1F:
    case DER_SET & 0x1F:
        return false;
    default:
        return true;
    }
}

static bool strict_to_depth(struct span in, unsigned depth)
{
    struct tlv_reader reader = tlv_reader(in);
    struct tlv object;

    while (tlv_next(&reader, &object) == TLV_OK) {
        bool universal = object.tag <= 0xFF && (object.tag & 0xC0) == 0;

        if (!tlv_is_constructed(object.tag)) {
            if (!primitive_is_strict(object.tag, object.value))
                return false;
        } else if (universal && object.tag != DER_SEQUENCE && object.tag != DER_SET) {
            return false;
        } else if (depth == 0 || !strict_to_depth(object.value, depth - 1)) {
            return false;
        }
    }
    return tlv_good(&reader);
}

bool der_is_strict(struct span in)
{
    return strict_to_depth(in, DER_DEPTH_MAX);
}

enum cert_status x509_signed_parse(struct span der, struct x509_signed *out)
{
    struct tlv_reader reader;
    struct tlv_reader algorithm;
    struct span bits;
    struct span oid;

    if (der.data == NULL || !tlv_enter(der, DER_SEQUENCE, &reader) || !der_is_strict(der))
        return CERT_MALFORMED;
    tlv_require_whole(&reader, DER_SEQUENCE, &out->tbs, &out->tbs_whole);
    tlv_require(&reader, DER_SEQUENCE, &out->algorithm);
    tlv_require_sized(&reader, DER_BIT_STRING, 2, SIZE_MAX, &bits);
    if (!tlv_finish(&reader) || bits.data[0] != 0)
        return CERT_MALFORMED;
    out->signature = SPAN(bits.data + 1, bits.size - 1);
    algorithm = tlv_reader(out->algorithm);
    if (!tlv_require(&algorithm, DER_OID, &oid))
        return CERT_MALFORMED;
    /* RFC 5758 3.2: no parameters. */
    return span_equal(oid, SPAN_ARRAY(oid_ecdsa_with_sha256)) && tlv_finish(&algorithm) ? CERT_OK
                                                                                        : CERT_BAD_SIGNATURE;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t past = year - 1;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[month - 1] + day - 1 +
           (leap && month > 2 ? 1 : 0);
}

/* The decimal number in two digits; -1 when they are none. */
static int two_digits(const uint8_t *at)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + (at[1] - '0');
}

bool x509_time(struct tlv_reader *reader, int64_t *seconds)
{
    /* Month, day, hour, minute, second. */
    static const int lowest[] = {1, 1, 0, 0, 0};
    static const int highest[] = {12, 31, 23, 59, 59};
    int field[5];
    int64_t year;
    struct tlv time;
    size_t year_size;

    if (tlv_next(reader, &time) != TLV_OK)
        return false;
    if (time.tag != DER_UTC_TIME && time.tag != DER_GENERALIZED_TIME)
        return tlv_fail(reader, TLV_UNEXPECTED);
    year_size = time.tag == DER_UTC_TIME ? 2 : 4;
    if (time.value.size != year_size + 11 || time.value.data[year_size + 10] != 'Z')
        return tlv_fail(reader, TLV_BAD_VALUE);
    year = two_digits(time.value.data);
    if (year_size == 4) {
        int low = two_digits(time.value.data + 2);

        year = year < 0 || low < 0 ? -1 : year * 100 + low;
    } else if (year >= 0) {
        year += year < 50 ? 2000 : 1900; /* RFC 5280 4.1.2.5.1 */
    }
    if (year < 1)
        return tlv_fail(reader, TLV_BAD_VALUE);
    for (size_t i = 0; i < 5; i++) {
        field[i] = two_digits(time.value.data + year_size + 2 * i);
        if (field[i] < lowest[i] || field[i] > highest[i])
            return tlv_fail(reader, TLV_BAD_VALUE);
    }
    *seconds = ((days_to(year, field[0], field[1]) * 24 + field[2]) * 60 + field[3]) * 60 + field[4];
    return true;
}

bool x509_extension_next(struct tlv_reader *reader, struct x509_extension *extension)
{
    struct tlv_reader inner;
    struct span content;
    struct span critical;

    if (!tlv_good(reader) || reader->offset == reader->in.size ||
        !tlv_require(reader, DER_SEQUENCE, &content))
        return false;
    inner = tlv_reader(content);
    tlv_require(&inner, DER_OID, &extension->oid);
    extension->critical = tlv_optional(&inner, DER_BOOLEAN, &critical);
    /* DER: a value equal to the default (FALSE) is not encoded. */
    if (extension->critical && (critical.size != 1 || critical.data[0] != 0xFF))
        return tlv_fail(reader, TLV_BAD_VALUE);
    tlv_require(&inner, DER_OCTET_STRING, &extension->value);
    return tlv_finish(&inner) || tlv_fail(reader, TLV_BAD_VALUE);
}

unsigned x509_extension_number(struct span oid)
{
    return oid.size == 3 && oid.data[0] == 0x55 && oid.data[1] == 0x1D ? oid.data[2] : 0;
}

bool x509_authority_key_id(struct span value, struct span *key_id)
{
    struct tlv_reader reader;
    struct span ignored;

    if (!tlv_enter(value, DER_SEQUENCE, &reader))
        return false;
    tlv_optional(&reader, 0x80, key_id);
    tlv_optional(&reader, 0xA1, &ignored); /* authorityCertIssuer */
    tlv_optional(&reader, 0x82, &ignored); /* authorityCertSerialNumber */
    return tlv_finish(&reader);
}

bool x509_name_attribute(struct span name, struct span oid, struct span *value)
{
    struct tlv_reader sets = tlv_reader(name);
    struct span set;

    while (tlv_require(&sets, DER_SET, &set)) {
        struct tlv_reader attributes = tlv_reader(set);
        struct span attribute;

        while (tlv_require(&attributes, DER_SEQUENCE, &attribute)) {
            struct tlv_reader reader = tlv_reader(attribute);
            struct tlv object;
            struct span type;

            if (tlv_require(&reader, DER_OID, &type) && span_equal(type, oid) &&
                tlv_next(&reader, &object) == TLV_OK) {
                *value = object.value;
                return true;
            }
        }
    }
    return false;
}
