/*
 * Certificate revocation lists (RFC 5280 5, SGP.22 4.6): read strictly and in place, version 2 only. Delta
 * lists and lists in parts are told apart here; putting them together is for who keeps them. Indirect lists
 * are refused.
 */
#include "crypto/cert.h"

#include "crypto/cert_internal.h"
#include "crypto/ec_internal.h"

#include <stdlib.h>

struct crl {
    struct buf der;
    struct x509_signed parts;
    struct span issuer;  /* Name, content */
    struct span revoked; /* SEQUENCE OF entries, content; SPAN_NONE when nothing is revoked */
    struct crl_facts facts;
    bool unknown_critical;
};

static bool read_natural(struct span value, uint64_t *number)
{
    struct span content;

    return tlv_single(value, DER_INTEGER, &content) == TLV_OK && tlv_unsigned(content, number);
}

static bool read_number(struct crl *crl, struct span value)
{
    return read_natural(value, &crl->facts.number);
}

static bool read_base(struct crl *crl, struct span value)
{
    crl->facts.is_delta = true;
    return read_natural(value, &crl->facts.base);
}

static bool read_part(struct crl *crl, struct span value)
{
    return read_natural(value, &crl->facts.part);
}

static bool read_part_count(struct crl *crl, struct span value)
{
    return read_natural(value, &crl->facts.part_count);
}

static bool read_authority_key_id(struct crl *crl, struct span value)
{
    return x509_authority_key_id(value, &crl->facts.authority_key_id);
}

/* RFC 5280 5.2.5. Where a list was found and which certificates or reasons it is limited to (81, 82, 83, 85)
 * change nothing for a serial number that is in it. In an indirect list (84) the numbers may be another
 * issuer's. */
static bool read_distribution_point(struct crl *crl, struct span value)
{
    struct tlv_reader reader;
    struct tlv member;

    (void)crl;
    if (!tlv_enter(value, DER_SEQUENCE, &reader))
        return false;
    while (tlv_next(&reader, &member) == TLV_OK)
        if (member.tag == 0x84)
            return false;
    return tlv_good(&reader);
}

/* By the content of the OID. */
static const struct {
    uint8_t oid[7];
    uint8_t oid_size;
    bool (*read)(struct crl *crl, struct span value);
} extensions[] = {
    {{0x55, 0x1D, EXTENSION_CRL_NUMBER}, 3, read_number},
    {{0x55, 0x1D, EXTENSION_DELTA_CRL_INDICATOR}, 3, read_base},
    {{0x55, 0x1D, EXTENSION_ISSUING_DISTRIBUTION_POINT}, 3, read_distribution_point},
    {{0x55, 0x1D, EXTENSION_AUTHORITY_KEY_ID}, 3, read_authority_key_id},
    {{0x67, 0x81, 0x12, 0x01, 0x02, 0x00, 0x02}, 7, read_part_count}, /* id-rsp-totalPartialCrlNumber */
    {{0x67, 0x81, 0x12, 0x01, 0x02, 0x00, 0x03}, 7, read_part},       /* id-rsp-partialCrlNumber */
};

#define KNOWN_EXTENSIONS (sizeof(extensions) / sizeof(extensions[0]))

/* id-rsp-expDate: when an entry may be forgotten (SGP.22 4.6). */
static const uint8_t oid_expiry_date[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x00, 0x01};

static bool read_extensions(struct crl *crl, struct span content)
{
    struct tlv_reader reader;
    struct x509_extension extension;
    unsigned seen = 0;

    if (!tlv_enter(content, DER_SEQUENCE, &reader) || reader.in.size == 0)
        return false;
    while (x509_extension_next(&reader, &extension)) {
        size_t i = 0;

        while (i < KNOWN_EXTENSIONS &&
               !span_equal(extension.oid, SPAN(extensions[i].oid, extensions[i].oid_size)))
            i++;
        if (i == KNOWN_EXTENSIONS) {
            crl->unknown_critical |= extension.critical;
            continue;
        }
        if ((seen & (1u << i)) != 0 || !der_is_strict(extension.value) ||
            !extensions[i].read(crl, extension.value))
            return false;
        seen |= 1u << i;
    }
    return tlv_finish(&reader) && crl->facts.part >= 1 && crl->facts.part <= crl->facts.part_count &&
           (!crl->facts.is_delta || crl->facts.base < crl->facts.number);
}

/* Reads one entry; a critical entry extension other than the reason (certificateIssuer) is not understood. */
static bool read_entry(struct crl *crl, struct span entry, struct span *serial)
{
    struct tlv_reader reader = tlv_reader(entry);
    struct tlv_reader list;
    struct x509_extension extension;
    struct span content;
    int64_t when;

    if (!tlv_require_sized(&reader, DER_INTEGER, 1, SIZE_MAX, serial) || !x509_time(&reader, &when))
        return false;
    if (tlv_optional(&reader, DER_SEQUENCE, &content)) {
        list = tlv_reader(content);
        while (x509_extension_next(&list, &extension)) {
            unsigned number = x509_extension_number(extension.oid);

            if (extension.critical && number != EXTENSION_CRL_REASON && number != EXTENSION_INVALIDITY_DATE &&
                !span_equal(extension.oid, SPAN_ARRAY(oid_expiry_date)))
                crl->unknown_critical = true;
        }
        if (content.size == 0 || !tlv_finish(&list))
            return false;
    }
    return tlv_finish(&reader);
}

static bool read_revoked(struct crl *crl)
{
    struct tlv_reader reader = tlv_reader(crl->revoked);
    struct span entry;
    struct span serial;

    while (reader.offset < crl->revoked.size)
        if (!tlv_require(&reader, DER_SEQUENCE, &entry) || !read_entry(crl, entry, &serial))
            return false;
    return true;
}

static bool next_is_time(const struct tlv_reader *reader)
{
    uint32_t tag = tlv_peek(reader);

    return tag == DER_UTC_TIME || tag == DER_GENERALIZED_TIME;
}

static enum cert_status read_crl(struct crl *crl)
{
    enum cert_status status = x509_signed_parse(buf_span(&crl->der), &crl->parts);
    struct tlv_reader reader;
    struct span version;
    struct span algorithm;
    struct span extension_list;

    if (status != CERT_OK)
        return status;
    reader = tlv_reader(crl->parts.tbs);
    if (!tlv_require_sized(&reader, DER_INTEGER, 1, 1, &version) || version.data[0] != 1)
        return CERT_MALFORMED;
    tlv_require(&reader, DER_SEQUENCE, &algorithm);
    tlv_require(&reader, DER_SEQUENCE, &crl->issuer);
    if (!tlv_good(&reader) || !x509_time(&reader, &crl->facts.this_update) ||
        (next_is_time(&reader) && !x509_time(&reader, &crl->facts.next_update)))
        return CERT_MALFORMED;
    /* RFC 5280 5.1.2.6: absent when there are no revoked certificates. */
    if (tlv_optional(&reader, DER_SEQUENCE, &crl->revoked) && (crl->revoked.size == 0 || !read_revoked(crl)))
        return CERT_MALFORMED;
    tlv_require(&reader, 0xA0, &extension_list);
    return tlv_finish(&reader) && span_equal(algorithm, crl->parts.algorithm) &&
                   read_extensions(crl, extension_list)
               ? CERT_OK
               : CERT_MALFORMED;
}

struct crl *crl_parse(struct span der, enum cert_status *status)
{
    struct crl *crl = calloc(1, sizeof(*crl));
    enum cert_status result = CERT_NO_MEMORY;

    if (crl != NULL) {
        crl->facts.part = crl->facts.part_count = 1;
        buf_append(&crl->der, der);
        if (!crl->der.failed)
            result = read_crl(crl);
        if (result != CERT_OK) {
            crl_free(crl);
            crl = NULL;
        }
    }
    if (status != NULL)
        *status = result;
    return crl;
}

void crl_free(struct crl *crl)
{
    if (crl == NULL)
        return;
    buf_free(&crl->der);
    free(crl);
}

enum cert_status crl_check(const struct crl *crl, const struct ec_key *issuer_key, struct span issuer_key_id)
{
    if (crl->unknown_critical)
        return CERT_UNKNOWN_CRITICAL;
    if (crl->facts.authority_key_id.data == NULL)
        return CERT_MALFORMED;
    if (issuer_key_id.data != NULL && !span_equal(crl->facts.authority_key_id, issuer_key_id))
        return CERT_WRONG_ISSUER;
    return ec_verify_der(issuer_key, crl->parts.tbs_whole, crl->parts.signature) ? CERT_OK
                                                                                 : CERT_BAD_SIGNATURE;
}

const struct crl_facts *crl_facts(const struct crl *crl)
{
    return &crl->facts;
}

bool crl_next_entry(const struct crl *crl, size_t *offset, struct span *serial)
{
    struct tlv_reader reader = tlv_reader(crl->revoked);
    struct tlv_reader inner;
    struct span entry;

    reader.offset = *offset;
    if (*offset >= crl->revoked.size || !tlv_require(&reader, DER_SEQUENCE, &entry))
        return false;
    *offset = reader.offset;
    inner = tlv_reader(entry);
    return tlv_require(&inner, DER_INTEGER, serial);
}

bool crl_revokes(const struct crl *crl, const struct cert *cert)
{
    struct span serial;
    size_t offset = 0;

    if (!span_equal(crl->issuer, cert->issuer))
        return false;
    while (crl_next_entry(crl, &offset, &serial))
        if (span_equal(serial, cert->serial))
            return true;
    return false;
}
