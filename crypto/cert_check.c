/*
 * Certificates, judged: signature, issuer, role, key usage (SGP.22 4.5.2.1), and an EUM's nameConstraints the
 * eSIM way. No dates, no generic path building: the chains of eSIM have a fixed shape and their caller walks
 * them.
 */
#include "crypto/cert.h"

#include "crypto/cert_internal.h"
#include "crypto/ec_internal.h"

/* What SGP.22 4.5.2.1.0 demands of each role beyond its policy. The eIM's certificates have none. */
static enum cert_status check_role(const struct cert *cert, enum cert_role role)
{
    const struct cert_role_facts *need = cert_role_facts(role);
    unsigned usage = need->ca ? KEY_USAGE_KEY_CERT_SIGN : KEY_USAGE_DIGITAL_SIGNATURE;
    enum cert_role has = role > CERT_ROLE_LAST ? cert->role_v3 : cert->role;

    if (has != role || cert->is_ca != need->ca || cert->key_usage.data == NULL ||
        !tlv_bit(cert->key_usage, usage))
        return CERT_WRONG_ROLE;
    if ((need->ca && cert->subject_key_id.data == NULL) || (need->oid && cert->oid.data == NULL))
        return CERT_MALFORMED;
    return CERT_OK;
}

enum cert_status cert_check(const struct cert *cert, enum cert_role role, const struct ec_key *issuer_key,
                            struct span issuer_key_id)
{
    bool rooted = role == CERT_ROLE_CI || role == CERT_ROLE_NONE;
    enum cert_status status;

    if (role < CERT_ROLE_NONE || role > CERT_ROLE_V3_LAST)
        return CERT_WRONG_ROLE;
    if (cert->unknown_critical || (cert->critical_eins && role != CERT_ROLE_EUM_V3))
        return CERT_UNKNOWN_CRITICAL;
    status = check_role(cert, role);
    if (status != CERT_OK)
        return status;
    if (cert->authority_key_id.data == NULL && !rooted)
        return CERT_MALFORMED;
    if (cert->authority_key_id.data != NULL && issuer_key_id.data != NULL &&
        !span_equal(cert->authority_key_id, issuer_key_id))
        return CERT_WRONG_ISSUER;
    return ec_verify_der(issuer_key, cert->parts.tbs_whole, cert->parts.signature) ? CERT_OK
                                                                                   : CERT_BAD_SIGNATURE;
}

bool cert_issued_by_name(const struct cert *cert, const struct cert *issuer)
{
    return span_equal(cert->issuer, issuer->subject);
}

/* The Name (content) of one GeneralSubtree; false when it is not a directoryName with minimum 0 and no
 * maximum. */
static bool subtree_name(struct span subtree, struct span *name)
{
    struct tlv_reader reader = tlv_reader(subtree);
    struct span directory_name;

    return tlv_require(&reader, CERT_TAG_DIRECTORY_NAME, &directory_name) && tlv_finish(&reader) &&
           tlv_single(directory_name, DER_SEQUENCE, name) == TLV_OK;
}

/*
 * Reading: a permitted subtree is a set of demands on the eUICC's subject, wherever they stand in it:
 * serialNumber is a prefix of the EID, every other attribute (the organization) is equal. Generic X.509
 * compares the Names RDN by RDN from the front and so refuses what the industry issues.
 */
static bool subtree_permits(struct span name, const struct cert *euicc)
{
    struct tlv_reader sets = tlv_reader(name);
    struct span set;
    bool has_prefix = false;

    while (sets.offset < name.size && tlv_require(&sets, DER_SET, &set)) {
        struct tlv_reader attributes = tlv_reader(set);
        struct span attribute;

        while (attributes.offset < set.size && tlv_require(&attributes, DER_SEQUENCE, &attribute)) {
            struct tlv_reader reader = tlv_reader(attribute);
            struct span type;
            struct span have;
            struct tlv want;
            bool is_eid;

            if (!tlv_require(&reader, DER_OID, &type) || tlv_next(&reader, &want) != TLV_OK ||
                !tlv_finish(&reader) || !x509_name_attribute(euicc->subject, type, &have))
                return false;
            is_eid = span_equal(type, SPAN_ARRAY(x509_oid_serial_number));
            if (is_eid ? want.value.size == 0 || !span_begins_with(have, want.value)
                       : !span_equal(have, want.value))
                return false;
            has_prefix |= is_eid;
        }
        if (!tlv_finish(&attributes))
            return false;
    }
    return tlv_finish(&sets) && has_prefix;
}

/* The permittedSubtrees (content); excluded ones are not part of the eSIM profile and make the whole
 * unusable. */
static bool permitted_subtrees(const struct cert *eum, struct span *subtrees)
{
    struct tlv_reader reader = tlv_reader(eum->name_constraints);

    return eum->name_constraints.data != NULL && tlv_require(&reader, 0xA0, subtrees) && tlv_finish(&reader);
}

enum cert_status cert_check_eid_permitted(const struct cert *eum, const struct cert *euicc)
{
    struct tlv_reader reader;
    struct span subtrees;
    struct span subtree;
    struct span name;

    if (!permitted_subtrees(eum, &subtrees))
        return CERT_NAME_CONSTRAINTS;
    reader = tlv_reader(subtrees);
    while (reader.offset < subtrees.size && tlv_require(&reader, DER_SEQUENCE, &subtree))
        if (subtree_name(subtree, &name) && subtree_permits(name, euicc))
            return CERT_OK;
    return CERT_NAME_CONSTRAINTS;
}

struct span cert_eid_prefix(const struct cert *cert)
{
    struct span subtrees;
    struct span subtree;
    struct span name;
    struct span prefix;

    if (tlv_find(cert->permitted_eins, DER_PRINTABLE_STRING, &prefix))
        return prefix;
    if (permitted_subtrees(cert, &subtrees) && tlv_find(subtrees, DER_SEQUENCE, &subtree) &&
        subtree_name(subtree, &name) &&
        x509_name_attribute(name, SPAN_ARRAY(x509_oid_serial_number), &prefix))
        return prefix;
    return SPAN_NONE;
}
