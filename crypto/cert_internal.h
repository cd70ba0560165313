/*
 * What the files of crypto/ that read certificates and CRLs share: strict DER, names, algorithms. Not for the
 * floors above.
 */
#ifndef SOFTEUICC_CRYPTO_CERT_INTERNAL_H
#define SOFTEUICC_CRYPTO_CERT_INTERNAL_H

#include "apdu/tlv.h"
#include "crypto/cert.h"

/* Universal tags of X.509. */
enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0C,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31
};

/* GeneralName (RFC 5280 4.2.1.6). */
enum { CERT_TAG_DNS_NAME = 0x82, CERT_TAG_DIRECTORY_NAME = 0xA4, CERT_TAG_REGISTERED_ID = 0x88 };

/* Key usage bits (RFC 5280 4.2.1.3). */
enum { KEY_USAGE_DIGITAL_SIGNATURE = 0, KEY_USAGE_KEY_CERT_SIGN = 5, KEY_USAGE_CRL_SIGN = 6 };

/* A signed object of X.509: SEQUENCE { to be signed, algorithm, BIT STRING }. */
struct x509_signed {
    struct span tbs_whole; /* what the signature is over */
    struct span tbs;       /* its content */
    struct span algorithm; /* content of the outer AlgorithmIdentifier */
    struct span signature; /* DER SEQUENCE { r, s } */
};

/* Takes `der` apart, after checking that it is DER to the last octet. CERT_BAD_SIGNATURE for another
 * algorithm. */
enum cert_status x509_signed_parse(struct span der, struct x509_signed *out);

/* True when `in` holds DER only: shortest lengths, no constructed strings, BOOLEANs of 00 or FF, shortest
 * INTEGERs and OIDs, nested not deeper than X.509 needs. What OCTET STRINGs and BIT STRINGs hold is not
 * looked at. */
bool der_is_strict(struct span in);

/* Reads a Time; false when it is not one. Seconds since 1970. */
bool x509_time(struct tlv_reader *reader, int64_t *seconds);

/* One extension (RFC 5280 4.2). False at the end or on an error, which stands in the reader. */
struct x509_extension {
    struct span oid;
    bool critical;
    struct span value;
};
bool x509_extension_next(struct tlv_reader *reader, struct x509_extension *extension);

/* The key identifier of an AuthorityKeyIdentifier; false when the form is bad, SPAN_NONE when it has none. */
bool x509_authority_key_id(struct span value, struct span *key_id);

/* Finds the first attribute of this type (content of the OID) in a Name's content;
 * false when there is none. */
bool x509_name_attribute(struct span name, struct span oid, struct span *value);

/* What is known of a role; all zero but for the name of CERT_ROLE_NONE. */
#define CERT_PATH_ANY (-1)
struct cert_role_facts {
    const char *name;
    uint8_t arcs[5]; /* of its policy, below id-rspRole */
    size_t arc_count;
    bool ca;         /* issues others: basic constraints, and a subjectKeyIdentifier */
    bool oid;        /* has a registeredID in the subjectAltName */
    bool crl_sign;   /* a CA that signs revocation lists too */
    bool critical;   /* its policy is */
    int path_length; /* of a CA: pathLenConstraint, or CERT_PATH_ANY */
};
const struct cert_role_facts *cert_role_facts(enum cert_role role);
/* The role that a policy (content of its OID) says; CERT_ROLE_NONE for another policy. */
enum cert_role cert_role_of_policy(struct span oid);
/* Appends a role's policy, an OID. */
void cert_put_policy(struct buf *der, enum cert_role role);

extern const uint8_t x509_oid_serial_number[3];
extern const uint8_t x509_oid_organization[3];

enum x509_known_extension {
    EXTENSION_SUBJECT_KEY_ID = 14,
    EXTENSION_KEY_USAGE = 15,
    EXTENSION_SUBJECT_ALT_NAME = 17,
    EXTENSION_BASIC_CONSTRAINTS = 19,
    EXTENSION_CRL_NUMBER = 20,
    EXTENSION_CRL_REASON = 21,
    EXTENSION_INVALIDITY_DATE = 24,
    EXTENSION_DELTA_CRL_INDICATOR = 27,
    EXTENSION_ISSUING_DISTRIBUTION_POINT = 28,
    EXTENSION_NAME_CONSTRAINTS = 30,
    EXTENSION_CRL_DISTRIBUTION_POINTS = 31,
    EXTENSION_CERTIFICATE_POLICIES = 32,
    EXTENSION_AUTHORITY_KEY_ID = 35,
    EXTENSION_EXTENDED_KEY_USAGE = 37
};

/* The last octet of an OID 2.5.29.x, 0 for another OID. */
unsigned x509_extension_number(struct span oid);

struct cert {
    struct buf der; /* what all spans below point into */
    struct x509_signed parts;
    struct ec_key *key;
    struct span serial;
    struct span issuer;  /* Name, content */
    struct span subject; /* Name, content */
    int64_t not_before;
    int64_t not_after;
    struct span subject_key_id;
    struct span authority_key_id;
    struct span oid;
    struct span alt_names;        /* GeneralNames, content */
    struct span name_constraints; /* NameConstraints, content */
    struct span key_usage;        /* BIT STRING, content */
    enum cert_role role;          /* by version 2's policies */
    enum cert_role role_v3;       /* by version 3's */
    struct span permitted_eins;   /* SEQUENCE OF PrintableString, content */
    bool critical_eins;
    bool is_ca;
    bool is_tls_server;
    bool unknown_critical;
    char *organization;
    char *serial_number;
    char *subject_line;
};

#endif
