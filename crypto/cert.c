/*
 * Certificates, read: RFC 5280 4.1 and the extensions that SGP.22 4.5.2 uses, in place and strictly. Nothing
 * is verified here (see cert_check.c).
 */
#include "crypto/cert.h"

#include "crypto/cert_internal.h"
#include "crypto/printable.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5280 4.1.2.2: 20 octets; one more for a sign octet, which the industry's test CI uses. */
#define SERIAL_MAX 21
#define PEM_MAX    (1024 * 1024)

static const uint8_t oid_ec_public_key[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
static const uint8_t oid_server_auth[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};

static const struct {
    enum ec_curve curve;
    size_t size;
    uint8_t oid[9];
} curve_oids[] = {
    {EC_CURVE_P256, 8, {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}},
    {EC_CURVE_BRAINPOOL_P256R1, 9, {0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07}},
};

static const char *const status_names[] = {
    [CERT_OK] = "ok",
    [CERT_MALFORMED] = "malformed certificate",
    [CERT_UNSUPPORTED_CURVE] = "unsupported curve",
    [CERT_BAD_SIGNATURE] = "bad signature",
    [CERT_WRONG_ISSUER] = "wrong issuer",
    [CERT_WRONG_ROLE] = "wrong role",
    [CERT_NAME_CONSTRAINTS] = "name constraints do not permit the EID",
    [CERT_UNKNOWN_CRITICAL] = "unknown critical extension",
    [CERT_REVOKED] = "revoked",
    [CERT_NO_MEMORY] = "out of memory",
};

const char *cert_status_name(enum cert_status status)
{
    return (size_t)status < sizeof(status_names) / sizeof(status_names[0]) ? status_names[status]
                                                                           : "unknown status";
}

/* --- Names --- */

/* A C string of a value, with what cannot be shown (a zero among it) as '?': a T61String is no UTF-8. */
static char *text_of(struct span value)
{
    char *text = malloc(value.size + 1);

    if (text == NULL)
        return NULL;
    if (value.size > 0)
        memcpy(text, value.data, value.size);
    printable_text(text, value.size);
    text[value.size] = '\0';
    return text;
}

static const char *attribute_label(struct span type)
{
    static const struct {
        uint8_t last;
        const char *label;
    } labels[] = {{3, "CN"}, {5, "serialNumber"}, {6, "C"}, {7, "L"}, {8, "ST"}, {10, "O"}, {11, "OU"}};

    if (type.size == 3 && type.data[0] == 0x55 && type.data[1] == 0x04)
        for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
            if (labels[i].last == type.data[2])
                return labels[i].label;
    return "other";
}

/* Reading: the text of a Name is of the types that RFC 5280 4.1.2.4 lets issuers use, or the T61String that
 * older ones used; a UTF8String holds UTF-8. */
static bool is_text(const struct tlv *value)
{
    unsigned long character;
    int used;

    switch (value->tag) {
    case DER_UTF8_STRING:
        break;
    case DER_PRINTABLE_STRING:
    case DER_T61_STRING:
    case DER_IA5_STRING:
        return true;
    default:
        return false;
    }
    for (size_t at = 0; at < value->value.size; at += (size_t)used) {
        size_t left = value->value.size - at;

        used = UTF8_getc(value->value.data + at, left > INT_MAX ? INT_MAX : (int)left, &character);
        if (used <= 0)
            return false;
    }
    return true;
}

/* Checks a Name's form and writes it as one line. */
static bool name_line(struct span name, struct buf *line)
{
    struct tlv_reader sets = tlv_reader(name);
    struct tlv set;

    while (tlv_next(&sets, &set) == TLV_OK) {
        struct tlv_reader attributes = tlv_reader(set.value);
        struct tlv attribute;

        if (set.tag != DER_SET || set.value.size == 0)
            return false;
        while (tlv_next(&attributes, &attribute) == TLV_OK) {
            struct tlv_reader reader = tlv_reader(attribute.value);
            struct span type;
            struct tlv value;

            if (attribute.tag != DER_SEQUENCE || !tlv_require(&reader, DER_OID, &type) ||
                tlv_next(&reader, &value) != TLV_OK || !tlv_finish(&reader) || !is_text(&value))
                return false;
            if (line->size > 0)
                buf_append(line, SPAN_STRING(", "));
            buf_append(line, span_of_string(attribute_label(type)));
            buf_append_octet(line, '=');
            buf_append(line, value.value);
        }
        if (!tlv_good(&attributes))
            return false;
    }
    return tlv_good(&sets);
}

static char *attribute_text(struct span name, struct span oid)
{
    struct span value = SPAN_NONE;

    x509_name_attribute(name, oid, &value);
    return text_of(value);
}

static enum cert_status read_names(struct cert *cert)
{
    struct buf line = {0};
    enum cert_status status = CERT_MALFORMED;

    if (name_line(cert->issuer, &line)) {
        buf_clear(&line);
        if (name_line(cert->subject, &line)) {
            cert->subject_line = text_of(buf_span(&line));
            cert->organization = attribute_text(cert->subject, SPAN_ARRAY(x509_oid_organization));
            cert->serial_number = attribute_text(cert->subject, SPAN_ARRAY(x509_oid_serial_number));
            status = !line.failed && cert->subject_line != NULL && cert->organization != NULL &&
                             cert->serial_number != NULL
                         ? CERT_OK
                         : CERT_NO_MEMORY;
        }
    }
    buf_free(&line);
    return status;
}

/* --- Extensions --- */

static bool read_key_id(struct cert *cert, struct span value)
{
    return tlv_single(value, DER_OCTET_STRING, &cert->subject_key_id) == TLV_OK &&
           cert->subject_key_id.size > 0;
}

static bool read_authority_key_id(struct cert *cert, struct span value)
{
    return x509_authority_key_id(value, &cert->authority_key_id);
}

static bool read_key_usage(struct cert *cert, struct span value)
{
    return tlv_single(value, DER_BIT_STRING, &cert->key_usage) == TLV_OK;
}

static bool read_basic_constraints(struct cert *cert, struct span value)
{
    struct tlv_reader reader;
    struct span ca;
    struct span path_length;

    if (!tlv_enter(value, DER_SEQUENCE, &reader))
        return false;
    cert->is_ca = tlv_optional(&reader, DER_BOOLEAN, &ca);
    if (cert->is_ca && ca.data[0] != 0xFF)
        return false;
    /* The chains of eSIM have a fixed shape, given by the roles: the path length adds nothing. */
    tlv_optional(&reader, DER_INTEGER, &path_length);
    return tlv_finish(&reader);
}

/* Reading: at most one policy of a certificate is a role of version 2: two different ones are refused. What
 * version 3 says beside it is for others. */
static bool read_policies(struct cert *cert, struct span value)
{
    struct tlv_reader reader;
    struct span policy;

    if (!tlv_enter(value, DER_SEQUENCE, &reader) || reader.in.size == 0)
        return false;
    while (reader.offset < reader.in.size && tlv_require(&reader, DER_SEQUENCE, &policy)) {
        struct tlv_reader inner = tlv_reader(policy);
        enum cert_role role;
        struct span oid;

        if (!tlv_require(&inner, DER_OID, &oid) || !tlv_skip_rest(&inner))
            return false;
        role = cert_role_of_policy(oid);
        if (role > CERT_ROLE_LAST && cert->role_v3 == CERT_ROLE_NONE)
            cert->role_v3 = role;
        if (role == CERT_ROLE_NONE || role > CERT_ROLE_LAST)
            continue;
        if (cert->role != CERT_ROLE_NONE && cert->role != role)
            return false;
        cert->role = role;
    }
    return tlv_finish(&reader);
}

static bool read_alt_names(struct cert *cert, struct span value)
{
    struct tlv_reader reader;
    struct tlv name;

    if (tlv_single(value, DER_SEQUENCE, &cert->alt_names) != TLV_OK)
        return false;
    reader = tlv_reader(cert->alt_names);
    while (tlv_next(&reader, &name) == TLV_OK) {
        if (name.tag != CERT_TAG_REGISTERED_ID)
            continue;
        if (cert->oid.data != NULL || name.value.size == 0)
            return false;
        cert->oid = name.value;
    }
    return tlv_good(&reader);
}

static bool read_name_constraints(struct cert *cert, struct span value)
{
    return tlv_single(value, DER_SEQUENCE, &cert->name_constraints) == TLV_OK;
}

static bool read_extended_key_usage(struct cert *cert, struct span value)
{
    struct tlv_reader reader;
    struct span oid;

    if (!tlv_enter(value, DER_SEQUENCE, &reader))
        return false;
    while (reader.offset < reader.in.size && tlv_require(&reader, DER_OID, &oid))
        if (span_equal(oid, SPAN_ARRAY(oid_server_auth)))
            cert->is_tls_server = true;
    return tlv_finish(&reader);
}

/* id-rsp-permitted-eins of version 3, 2.23.146.1.2.2.0: read for people. A card of version 2 does not go by
 * it, and so refuses it when it is critical (cert_check). */
static const uint8_t oid_permitted_eins[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x02, 0x00};

static void read_other(struct cert *cert, const struct x509_extension *extension)
{
    if (!span_equal(extension->oid, SPAN_ARRAY(oid_permitted_eins))) {
        cert->unknown_critical |= extension->critical;
        return;
    }
    if (tlv_single(extension->value, DER_SEQUENCE, &cert->permitted_eins) != TLV_OK)
        cert->permitted_eins = SPAN_NONE;
    cert->critical_eins |= extension->critical;
}

/* The card fetches nothing: where CRLs are is for people and tools. */
static const struct {
    enum x509_known_extension number;
    bool (*read)(struct cert *cert, struct span value); /* NULL: it is known, and says nothing to the card */
} extensions[] = {
    {EXTENSION_SUBJECT_KEY_ID, read_key_id},
    {EXTENSION_KEY_USAGE, read_key_usage},
    {EXTENSION_SUBJECT_ALT_NAME, read_alt_names},
    {EXTENSION_BASIC_CONSTRAINTS, read_basic_constraints},
    {EXTENSION_NAME_CONSTRAINTS, read_name_constraints},
    {EXTENSION_CRL_DISTRIBUTION_POINTS, NULL},
    {EXTENSION_CERTIFICATE_POLICIES, read_policies},
    {EXTENSION_AUTHORITY_KEY_ID, read_authority_key_id},
    {EXTENSION_EXTENDED_KEY_USAGE, read_extended_key_usage},
};

static bool read_extensions(struct cert *cert, struct span content)
{
    struct tlv_reader reader;
    struct x509_extension extension;
    unsigned seen = 0;

    if (!tlv_enter(content, DER_SEQUENCE, &reader) || reader.in.size == 0)
        return false;
    while (x509_extension_next(&reader, &extension)) {
        unsigned number = x509_extension_number(extension.oid);
        size_t i = 0;

        while (i < sizeof(extensions) / sizeof(extensions[0]) && extensions[i].number != number)
            i++;
        if (i == sizeof(extensions) / sizeof(extensions[0])) {
            read_other(cert, &extension);
            continue;
        }
        /* RFC 5280 4.2: an extension appears once. */
        if ((seen & (1u << i)) != 0 || !der_is_strict(extension.value) ||
            (extensions[i].read != NULL && !extensions[i].read(cert, extension.value)))
            return false;
        seen |= 1u << i;
    }
    return tlv_finish(&reader);
}

/* --- The certificate --- */

struct ec_key *cert_key_from_info(struct span info, const struct ec_key *model, enum cert_status *status)
{
    struct tlv_reader reader = tlv_reader(info);
    struct tlv_reader algorithm;
    struct ec_key *key;
    struct span content;
    struct span bits;
    struct span type;
    struct span oid;

    *status = CERT_MALFORMED;
    tlv_require(&reader, DER_SEQUENCE, &content);
    tlv_require_sized(&reader, DER_BIT_STRING, 1, SIZE_MAX, &bits);
    if (!tlv_finish(&reader) || bits.data[0] != 0)
        return NULL;
    algorithm = tlv_reader(content);
    if (!tlv_require(&algorithm, DER_OID, &type))
        return NULL;
    *status = CERT_UNSUPPORTED_CURVE;
    if (!span_equal(type, SPAN_ARRAY(oid_ec_public_key)) || !tlv_require(&algorithm, DER_OID, &oid) ||
        !tlv_finish(&algorithm))
        return NULL;
    for (size_t i = 0; i < sizeof(curve_oids) / sizeof(curve_oids[0]); i++) {
        if (!span_equal(oid, SPAN(curve_oids[i].oid, curve_oids[i].size)))
            continue;
        key = ec_key_from_point_like(curve_oids[i].curve, SPAN(bits.data + 1, bits.size - 1), model);
        *status = key != NULL ? CERT_OK : CERT_MALFORMED;
        return key;
    }
    return NULL;
}

static bool read_validity(struct cert *cert, struct span validity)
{
    struct tlv_reader reader = tlv_reader(validity);

    return x509_time(&reader, &cert->not_before) && x509_time(&reader, &cert->not_after) &&
           tlv_finish(&reader);
}

static enum cert_status read_cert(struct cert *cert, const struct ec_key *model)
{
    static const uint8_t version_3[] = {0x02, 0x01, 0x02};
    enum cert_status status = x509_signed_parse(buf_span(&cert->der), &cert->parts);
    struct tlv_reader reader;
    struct span version;
    struct span algorithm;
    struct span validity;
    struct span public_key;
    struct span extension_list;

    if (status != CERT_OK)
        return status;
    reader = tlv_reader(cert->parts.tbs);
    if (!tlv_require(&reader, 0xA0, &version) || !span_equal(version, SPAN_ARRAY(version_3)))
        return CERT_MALFORMED;
    tlv_require_sized(&reader, DER_INTEGER, 1, SERIAL_MAX, &cert->serial);
    tlv_require(&reader, DER_SEQUENCE, &algorithm);
    tlv_require(&reader, DER_SEQUENCE, &cert->issuer);
    tlv_require(&reader, DER_SEQUENCE, &validity);
    tlv_require(&reader, DER_SEQUENCE, &cert->subject);
    tlv_require(&reader, DER_SEQUENCE, &public_key);
    tlv_require(&reader, 0xA3, &extension_list);
    if (!tlv_finish(&reader) || !span_equal(algorithm, cert->parts.algorithm) ||
        !read_validity(cert, validity) || !read_extensions(cert, extension_list))
        return CERT_MALFORMED;
    status = read_names(cert);
    if (status == CERT_OK)
        cert->key = cert_key_from_info(public_key, model, &status);
    return status;
}

struct cert *cert_parse_like(struct span der, const struct ec_key *model, enum cert_status *status)
{
    struct cert *cert = calloc(1, sizeof(*cert));
    enum cert_status result = CERT_NO_MEMORY;

    if (cert != NULL) {
        cert->role = CERT_ROLE_NONE;
        cert->role_v3 = CERT_ROLE_NONE;
        buf_append(&cert->der, der);
        if (!cert->der.failed)
            result = read_cert(cert, model);
        if (result != CERT_OK) {
            cert_free(cert);
            cert = NULL;
        }
    }
    if (status != NULL)
        *status = result;
    return cert;
}

struct cert *cert_parse(struct span der, enum cert_status *status)
{
    return cert_parse_like(der, NULL, status);
}

struct cert *cert_parse_der_or_pem(struct span encoded, enum cert_status *status)
{
    struct cert *cert = NULL;
    BIO *bio;
    unsigned char *der = NULL;
    long size = 0;

    if (encoded.size == 0 || encoded.data[0] == DER_SEQUENCE || encoded.size > PEM_MAX)
        return cert_parse(encoded, status);
    if (status != NULL)
        *status = CERT_MALFORMED;
    bio = BIO_new_mem_buf(encoded.data, (int)encoded.size);
    if (bio != NULL && PEM_bytes_read_bio(&der, &size, NULL, PEM_STRING_X509, bio, NULL, NULL) == 1)
        cert = cert_parse(SPAN(der, (size_t)size), status);
    OPENSSL_free(der);
    BIO_free(bio);
    ERR_clear_error();
    return cert;
}

void cert_free(struct cert *cert)
{
    if (cert == NULL)
        return;
    ec_key_free(cert->key);
    free(cert->organization);
    free(cert->serial_number);
    free(cert->subject_line);
    buf_free(&cert->der);
    free(cert);
}

struct span cert_der(const struct cert *cert)
{
    return buf_span(&cert->der);
}

const struct ec_key *cert_key(const struct cert *cert)
{
    return cert->key;
}

enum cert_role cert_role(const struct cert *cert)
{
    return cert->role;
}

enum cert_role cert_role_v3(const struct cert *cert)
{
    return cert->role_v3;
}

struct span cert_subject_key_id(const struct cert *cert)
{
    return cert->subject_key_id;
}

struct span cert_authority_key_id(const struct cert *cert)
{
    return cert->authority_key_id;
}

struct span cert_serial(const struct cert *cert)
{
    return cert->serial;
}

struct span cert_oid(const struct cert *cert)
{
    return cert->oid;
}

const char *cert_subject_serial_number(const struct cert *cert)
{
    return cert->serial_number;
}

const char *cert_subject_organization(const struct cert *cert)
{
    return cert->organization;
}

const char *cert_subject_line(const struct cert *cert)
{
    return cert->subject_line;
}

bool cert_is_tls_server(const struct cert *cert)
{
    return cert->is_tls_server;
}

int64_t cert_not_before(const struct cert *cert)
{
    return cert->not_before;
}

int64_t cert_not_after(const struct cert *cert)
{
    return cert->not_after;
}
