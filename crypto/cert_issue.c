/*
 * Certificates and CRLs, made: with the extensions that SGP.22 4.5.2.1 gives each role. OpenSSL builds and
 * signs; the contents of extensions are written here. Serial numbers are random.
 */
#include "crypto/cert.h"

#include "crypto/cert_internal.h"
#include "crypto/ec_internal.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string.h>

#define SERIAL_SIZE 16

/* Adds an extension whose content is in `der`, and empties that. */
static bool add_extension_object(X509 *x509, const ASN1_OBJECT *type, bool critical, struct buf *der)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    bool ok = value != NULL && !der->failed && ASN1_OCTET_STRING_set(value, der->data, (int)der->size) == 1;

    if (ok)
        extension = X509_EXTENSION_create_by_OBJ(NULL, type, critical, value);
    ok = extension != NULL && X509_add_ext(x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    buf_clear(der);
    return ok;
}

static bool add_extension(X509 *x509, int nid, bool critical, struct buf *der)
{
    return add_extension_object(x509, OBJ_nid2obj(nid), critical, der);
}

static bool put_oid(struct buf *der, uint32_t tag, const char *dotted)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);

    if (object == NULL)
        return false;
    tlv_put(der, tag, SPAN(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    return true;
}

static bool add_key_ids(X509 *x509, const struct ec_key *subject, const struct cert *issuer, struct buf *der)
{
    uint8_t identifier[EC_IDENTIFIER_SIZE];
    size_t at;

    if (issuer != NULL && cert_subject_key_id(issuer).data != NULL) {
        at = tlv_open(der, DER_SEQUENCE);
        tlv_put(der, 0x80, cert_subject_key_id(issuer));
        tlv_close(der, at);
        if (!add_extension(x509, NID_authority_key_identifier, false, der))
            return false;
    }
    ec_key_identifier(subject, identifier);
    tlv_put(der, DER_OCTET_STRING, SPAN_ARRAY(identifier));
    return add_extension(x509, NID_subject_key_identifier, false, der);
}

static bool add_usage(X509 *x509, const struct cert_request *request, struct buf *der)
{
    const struct cert_role_facts *facts = cert_role_facts(request->role);
    uint8_t bits = 0x80; /* digitalSignature */
    size_t at;

    if (facts->ca) {
        bits = facts->crl_sign ? 0x06 : 0x04; /* keyCertSign, cRLSign */
        at = tlv_open(der, DER_SEQUENCE);
        tlv_put(der, DER_BOOLEAN, SPAN_STRING("\xFF"));
        if (facts->path_length != CERT_PATH_ANY)
            tlv_put_unsigned(der, DER_INTEGER, (uint64_t)facts->path_length + request->has_sub_ca);
        tlv_close(der, at);
        if (!add_extension(x509, NID_basic_constraints, true, der))
            return false;
    }
    tlv_put_bits(der, DER_BIT_STRING, &bits, 8);
    return add_extension(x509, NID_key_usage, true, der);
}

static bool add_policy(X509 *x509, enum cert_role role, struct buf *der)
{
    size_t list = tlv_open(der, DER_SEQUENCE);
    size_t information = tlv_open(der, DER_SEQUENCE);

    cert_put_policy(der, role);
    tlv_close(der, information);
    tlv_close(der, list);
    return add_extension(x509, NID_certificate_policies, cert_role_facts(role)->critical, der);
}

/* A name of a host, or its address in digits. */
static bool put_host(struct buf *der, const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

    if (address != NULL)
        tlv_put(der, 0x87, SPAN(ASN1_STRING_get0_data(address), (size_t)ASN1_STRING_length(address)));
    else
        tlv_put_string(der, CERT_TAG_DNS_NAME, host);
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return host[0] != '\0' && strlen(host) <= CERT_DNS_NAME_MAX;
}

static bool add_alt_names(X509 *x509, const struct cert_request *request, struct buf *der)
{
    size_t at = tlv_open(der, DER_SEQUENCE);

    for (const char *const *name = request->dns_names; name != NULL && *name != NULL; name++)
        if (!put_host(der, *name))
            return false;
    if (request->oid != NULL && !put_oid(der, CERT_TAG_REGISTERED_ID, request->oid))
        return false;
    tlv_close(der, at);
    return add_extension(x509, NID_subject_alt_name, false, der);
}

static bool add_tls_usage(X509 *x509, struct buf *der)
{
    size_t at = tlv_open(der, DER_SEQUENCE);

    if (!put_oid(der, DER_OID, "1.3.6.1.5.5.7.3.1") || !put_oid(der, DER_OID, "1.3.6.1.5.5.7.3.2"))
        return false;
    tlv_close(der, at);
    return add_extension(x509, NID_ext_key_usage, true, der);
}

static void put_attribute(struct buf *der, struct span type, uint32_t string_tag, const char *text)
{
    size_t set = tlv_open(der, DER_SET);
    size_t attribute = tlv_open(der, DER_SEQUENCE);

    tlv_put(der, DER_OID, type);
    tlv_put_string(der, string_tag, text);
    tlv_close(der, attribute);
    tlv_close(der, set);
}

/* SGP.22 4.5.2.1.0.3: one permitted directoryName with the EUM's organization and the digits its EIDs begin
 * with. */
static bool add_name_constraints(X509 *x509, const struct cert_request *request, struct buf *der)
{
    size_t at[5];

    at[0] = tlv_open(der, DER_SEQUENCE);
    at[1] = tlv_open(der, 0xA0);
    at[2] = tlv_open(der, DER_SEQUENCE);
    at[3] = tlv_open(der, CERT_TAG_DIRECTORY_NAME);
    at[4] = tlv_open(der, DER_SEQUENCE);
    if (request->organization != NULL)
        put_attribute(der, SPAN_ARRAY(x509_oid_organization), DER_UTF8_STRING, request->organization);
    put_attribute(der, SPAN_ARRAY(x509_oid_serial_number), DER_PRINTABLE_STRING, request->eid_prefix);
    for (size_t i = 5; i-- > 0;)
        tlv_close(der, at[i]);
    return add_extension(x509, NID_name_constraints, true, der);
}

/* Version 3: PermittedEins, which takes the place of nameConstraints that generic X.509 code reads otherwise.
 * Reading: critical, as the nameConstraints are. */
static bool add_permitted_eins(X509 *x509, const char *ein, struct buf *der)
{
    ASN1_OBJECT *type = OBJ_txt2obj("2.23.146.1.2.2.0", 1);
    size_t at = tlv_open(der, DER_SEQUENCE);
    bool ok;

    tlv_put_string(der, DER_PRINTABLE_STRING, ein);
    tlv_close(der, at);
    ok = type != NULL && add_extension_object(x509, type, true, der);
    ASN1_OBJECT_free(type);
    return ok;
}

static bool add_eid_prefix(X509 *x509, const struct cert_request *request, struct buf *der)
{
    return request->role > CERT_ROLE_LAST ? add_permitted_eins(x509, request->eid_prefix, der)
                                          : add_name_constraints(x509, request, der);
}

static bool add_crl_url(X509 *x509, const char *url, struct buf *der)
{
    size_t at[4];

    at[0] = tlv_open(der, DER_SEQUENCE); /* CRLDistributionPoints */
    at[1] = tlv_open(der, DER_SEQUENCE); /* DistributionPoint */
    at[2] = tlv_open(der, 0xA0);         /* distributionPoint */
    at[3] = tlv_open(der, 0xA0);         /* fullName */
    tlv_put_string(der, 0x86, url);
    for (size_t i = 4; i-- > 0;)
        tlv_close(der, at[i]);
    return add_extension(x509, NID_crl_distribution_points, false, der);
}

static bool add_extensions(X509 *x509, const struct cert_request *request, const struct ec_key *subject,
                           const struct cert *issuer, struct buf *der)
{
    bool has_names = request->dns_names != NULL && request->dns_names[0] != NULL;

    return add_key_ids(x509, subject, issuer, der) && add_usage(x509, request, der) &&
           (request->role == CERT_ROLE_NONE || add_policy(x509, request->role, der)) &&
           ((request->oid == NULL && !has_names) || add_alt_names(x509, request, der)) &&
           (!has_names || add_tls_usage(x509, der)) &&
           (request->eid_prefix == NULL || add_eid_prefix(x509, request, der)) &&
           (request->crl_url == NULL || add_crl_url(x509, request->crl_url, der));
}

static bool add_name_entry(X509_NAME *name, int nid, const char *text)
{
    return text == NULL || X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)text,
                                                      (int)strlen(text), -1, 0) == 1;
}

static bool set_subject(X509 *x509, const struct cert_request *request)
{
    X509_NAME *name = X509_NAME_new();
    bool ok = name != NULL && add_name_entry(name, NID_organizationName, request->organization) &&
              add_name_entry(name, NID_serialNumber, request->serial_number) &&
              add_name_entry(name, NID_commonName, request->common_name) &&
              X509_set_subject_name(x509, name) == 1;

    X509_NAME_free(name);
    return ok;
}

static bool set_serial(X509 *x509)
{
    uint8_t octets[SERIAL_SIZE];
    BIGNUM *number = NULL;
    bool ok;

    if (RAND_bytes(octets, sizeof(octets)) != 1)
        return false;
    octets[0] = (uint8_t)((octets[0] & 0x7F) | 0x40); /* positive, and always of the same size */
    number = BN_bin2bn(octets, sizeof(octets), NULL);
    ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
    BN_free(number);
    return ok;
}

/* The certificate's issuer as OpenSSL's object, for its name; NULL for a self-signed one or when out of
 * memory. */
static X509 *x509_of(const struct cert *cert)
{
    const unsigned char *at = cert->der.data;

    return d2i_X509(NULL, &at, (long)cert->der.size);
}

static bool set_issuer(X509 *x509, const struct cert *issuer)
{
    X509 *from;
    bool ok;

    if (issuer == NULL)
        return X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1;
    from = x509_of(issuer);
    ok = from != NULL && X509_set_issuer_name(x509, X509_get_subject_name(from)) == 1;
    X509_free(from);
    return ok;
}

bool cert_issue(const struct cert_request *request, const struct ec_key *subject, const struct cert *issuer,
                const struct ec_key *issuer_key, struct buf *der)
{
    X509 *x509 = X509_new();
    struct buf extension = {0};
    unsigned char *encoded = NULL;
    int size = 0;
    bool ok =
        x509 != NULL && (issuer == NULL || ec_key_equal(cert_key(issuer), issuer_key)) &&
        X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) && set_subject(x509, request) &&
        set_issuer(x509, issuer) && ASN1_TIME_set(X509_getm_notBefore(x509), request->not_before) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(x509), request->not_after) != NULL &&
        X509_set_pubkey(x509, ec_key_pkey(subject)) == 1 &&
        add_extensions(x509, request, subject, issuer, &extension) &&
        X509_sign(x509, ec_key_pkey(issuer_key), EVP_sha256()) > 0 && (size = i2d_X509(x509, &encoded)) > 0;

    if (ok)
        buf_append(der, SPAN(encoded, (size_t)size));
    OPENSSL_free(encoded);
    buf_free(&extension);
    X509_free(x509);
    ERR_clear_error();
    return ok && !der->failed;
}

/* --- CRL --- */

static bool add_revoked(X509_CRL *crl, struct span serial, const ASN1_TIME *when)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
    ASN1_INTEGER *integer = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    /* The date is const for who reads it; OpenSSL copies it but takes it without const. */
    ASN1_TIME *date = ASN1_STRING_dup(when);
    bool ok = revoked != NULL && integer != NULL && date != NULL &&
              X509_REVOKED_set_serialNumber(revoked, integer) == 1 &&
              X509_REVOKED_set_revocationDate(revoked, date) == 1 && X509_CRL_add0_revoked(crl, revoked) == 1;

    if (!ok)
        X509_REVOKED_free(revoked);
    ASN1_TIME_free(date);
    ASN1_INTEGER_free(integer);
    BN_free(number);
    return ok;
}

static bool add_crl_extensions(X509_CRL *crl, const struct cert *issuer, uint64_t number)
{
    ASN1_INTEGER *integer = ASN1_INTEGER_new();
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    struct span key_id = cert_subject_key_id(issuer);
    bool ok = integer != NULL && authority != NULL && key_id.data != NULL &&
              (authority->keyid = ASN1_OCTET_STRING_new()) != NULL &&
              ASN1_OCTET_STRING_set(authority->keyid, key_id.data, (int)key_id.size) == 1 &&
              ASN1_INTEGER_set_uint64(integer, number) == 1 &&
              X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, authority, 0, 0) == 1 &&
              X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer, 0, 0) == 1;

    AUTHORITY_KEYID_free(authority);
    ASN1_INTEGER_free(integer);
    return ok;
}

static bool fill_crl(X509_CRL *crl, const struct cert *issuer, int64_t this_update, int64_t next_update)
{
    X509 *from = x509_of(issuer);
    ASN1_TIME *now = ASN1_TIME_set(NULL, this_update);
    ASN1_TIME *next = ASN1_TIME_set(NULL, next_update);
    bool ok = from != NULL && now != NULL && next != NULL &&
              X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(crl, X509_get_subject_name(from)) == 1 &&
              X509_CRL_set1_lastUpdate(crl, now) == 1 && X509_CRL_set1_nextUpdate(crl, next) == 1;

    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
    X509_free(from);
    return ok;
}

bool crl_issue(const struct cert *issuer, const struct ec_key *issuer_key, const struct span *serials,
               size_t count, uint64_t number, int64_t this_update, int64_t next_update, struct buf *der)
{
    X509_CRL *crl = X509_CRL_new();
    unsigned char *encoded = NULL;
    int size = 0;
    bool ok = crl != NULL && ec_key_equal(cert_key(issuer), issuer_key) &&
              fill_crl(crl, issuer, this_update, next_update) && add_crl_extensions(crl, issuer, number);

    for (size_t i = 0; ok && i < count; i++)
        ok = add_revoked(crl, serials[i], X509_CRL_get0_lastUpdate(crl));
    ok = ok && X509_CRL_sign(crl, ec_key_pkey(issuer_key), EVP_sha256()) > 0 &&
         (size = i2d_X509_CRL(crl, &encoded)) > 0;
    if (ok)
        buf_append(der, SPAN(encoded, (size_t)size));
    OPENSSL_free(encoded);
    X509_CRL_free(crl);
    ERR_clear_error();
    return ok && !der->failed;
}
