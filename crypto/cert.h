/*
 * Certificates and CRLs the eSIM way (SGP.22 4.5, SGP.14). A card has no trusted clock, so validity dates are
 * shown but never refuse; trust ends at a CI *public key*; roles are certificate policies. Read in place over
 * the octets as received, which are also what signatures are checked over; made by OpenSSL.
 */
#ifndef SOFTEUICC_CRYPTO_CERT_H
#define SOFTEUICC_CRYPTO_CERT_H

#include "crypto/ec.h"

/* Roles by certificate policy id-rspRole 2.23.146.1.2.1.x, values are x (SGP.22 4.5.2.1.0.2, v2); behind them
 * those of version 3's policies, of which the functions of version 2 know nothing. */
enum cert_role {
    CERT_ROLE_NONE = -1,
    CERT_ROLE_CI = 0,
    CERT_ROLE_EUICC = 1,
    CERT_ROLE_EUM = 2,
    CERT_ROLE_DP_TLS = 3,
    CERT_ROLE_DP_AUTH = 4,
    CERT_ROLE_DP_PB = 5,
    CERT_ROLE_DS_TLS = 6,
    CERT_ROLE_DS_AUTH = 7,
    CERT_ROLE_LAST = CERT_ROLE_DS_AUTH,
    CERT_ROLE_CI_SUBCA,
    CERT_ROLE_EUM_V3,
    CERT_ROLE_EUM_SUBCA,
    CERT_ROLE_EUICC_V3,
    CERT_ROLE_DP_SUBCA,
    CERT_ROLE_DP_TLS_V3,
    CERT_ROLE_DP_AUTH_V3,
    CERT_ROLE_DP_PB_V3,
    CERT_ROLE_DS_SUBCA,
    CERT_ROLE_DS_TLS_V3,
    CERT_ROLE_DS_AUTH_V3,
    CERT_ROLE_V3_LAST = CERT_ROLE_DS_AUTH_V3
};

enum cert_status {
    CERT_OK = 0,
    CERT_MALFORMED, /* not one DER certificate, or a required extension is missing */
    CERT_UNSUPPORTED_CURVE,
    CERT_BAD_SIGNATURE,    /* not signed by the issuer's key */
    CERT_WRONG_ISSUER,     /* authority key identifier or issuer name do not match */
    CERT_WRONG_ROLE,       /* policy, key usage or basic constraints do not fit the role */
    CERT_NAME_CONSTRAINTS, /* EUM nameConstraints do not permit the eUICC's EID */
    CERT_UNKNOWN_CRITICAL, /* a critical extension that is not understood */
    CERT_REVOKED,
    CERT_NO_MEMORY
};

const char *cert_status_name(enum cert_status status);
/* "CI", "EUM", "eUICC", "SM-DP+ auth", … ; "none" for CERT_ROLE_NONE. */
const char *cert_role_name(enum cert_role role);

struct cert;

/* Parses one X.509 v3 certificate in DER (not merely BER) that fills `der`; the octets are copied. On failure
 * NULL and *status (which may be NULL): CERT_MALFORMED, CERT_UNSUPPORTED_CURVE, CERT_BAD_SIGNATURE for an
 * algorithm other than ECDSA with SHA-256, CERT_NO_MEMORY. Nothing is verified. */
struct cert *cert_parse(struct span der, enum cert_status *status);
/* The same; `model` as in ec_key_from_point_like: a public key that may well be on the same curve. */
struct cert *cert_parse_like(struct span der, const struct ec_key *model, enum cert_status *status);
/* The same, for DER or the first certificate of a PEM text. */
struct cert *cert_parse_der_or_pem(struct span encoded, enum cert_status *status);
void cert_free(struct cert *cert);

/* The key in a SubjectPublicKeyInfo (RFC 5280 4.1.2.7), of which `info` is the content; `model` as above.
 * NULL and CERT_MALFORMED or CERT_UNSUPPORTED_CURVE when there is none that the card can use. */
struct ec_key *cert_key_from_info(struct span info, const struct ec_key *model, enum cert_status *status);

struct span cert_der(const struct cert *cert);
const struct ec_key *cert_key(const struct cert *cert);
/* By a policy of version 2; CERT_ROLE_NONE when there is none. */
enum cert_role cert_role(const struct cert *cert);
/* By a policy of version 3: CERT_ROLE_CI_SUBCA and those behind it, or CERT_ROLE_NONE. */
enum cert_role cert_role_v3(const struct cert *cert);
struct span cert_subject_key_id(const struct cert *cert);   /* SPAN_NONE when absent */
struct span cert_authority_key_id(const struct cert *cert); /* SPAN_NONE when absent */
struct span cert_serial(const struct cert *cert);           /* content octets of the INTEGER */
/* The content octets of the registeredID in the subjectAltName (the SM-DP+ or EUM OID); SPAN_NONE when
 * absent. */
struct span cert_oid(const struct cert *cert);
/* The subject's serialNumber attribute (eUICC: the EID, 32 digits; EUM: may be absent); "" when absent. */
const char *cert_subject_serial_number(const struct cert *cert);
const char *cert_subject_organization(const struct cert *cert);
/* One line for people: "CN=…, O=…". */
const char *cert_subject_line(const struct cert *cert);

/* EUM: the digits that the nameConstraints' first permitted subtree, or in version 3 the first permitted EIN,
 * demands of an EID; SPAN_NONE when there is none. */
struct span cert_eid_prefix(const struct cert *cert);
bool cert_is_tls_server(const struct cert *cert); /* extended key usage serverAuth */
int64_t cert_not_before(const struct cert *cert); /* seconds since 1970 */
int64_t cert_not_after(const struct cert *cert);

/*
 * Checks `cert` against who should have issued it: no unknown critical extension; of `role`, with the key
 * usage, basic constraints and extensions that SGP.22 4.5.2.1.0 demands of it (CERT_ROLE_NONE: an eIM's
 * certificate, which has no policy of version 2); authority key identifier equal to issuer_key_id (unless
 * that is SPAN_NONE); signed by `issuer_key`. The checks are made in this order. Dates are not looked at.
 */
enum cert_status cert_check(const struct cert *cert, enum cert_role role, const struct ec_key *issuer_key,
                            struct span issuer_key_id);
/* True when the issuer's name in `cert` is, octet for octet, the subject of `issuer`. */
bool cert_issued_by_name(const struct cert *cert, const struct cert *issuer);
/* An eUICC certificate against its EUM's nameConstraints (SGP.22 4.5.2.1.0.4): one permitted subtree holds a
 * prefix of the EID and, if it names one, the same organization. CERT_OK or CERT_NAME_CONSTRAINTS. */
enum cert_status cert_check_eid_permitted(const struct cert *eum, const struct cert *euicc);

/* A certificate revocation list, version 2 (RFC 5280 5, SGP.22 4.6). */
struct crl;
/* What it says of itself. */
struct crl_facts {
    struct span authority_key_id; /* SPAN_NONE when absent */
    uint64_t number;              /* 0 when absent; larger than 64 bits does not parse */
    bool is_delta;
    uint64_t base;                    /* of a delta: the number of the list it adds to, below its own */
    uint64_t part, part_count;        /* which part of how many (SGP.22 4.6), 1 of 1 by default */
    int64_t this_update, next_update; /* seconds since 1970; the next one is 0 when absent */
};
/* One DER CertificateList that fills `der`; the octets are copied. Failures as cert_parse. Nothing is
 * verified. */
struct crl *crl_parse(struct span der, enum cert_status *status);
void crl_free(struct crl *crl);
const struct crl_facts *crl_facts(const struct crl *crl);
/* No unknown critical extension, the authority key identifier present and equal to issuer_key_id (unless that
 * is SPAN_NONE), signed by `issuer_key`. Dates are not looked at. */
enum cert_status crl_check(const struct crl *crl, const struct ec_key *issuer_key, struct span issuer_key_id);
/* True when the list names the serial number of `cert` and is of the same issuer (by name). */
bool crl_revokes(const struct crl *crl, const struct cert *cert);
/* Walks the revoked serial numbers (content octets of the INTEGERs); *offset starts at 0.
 * False at the end. */
bool crl_next_entry(const struct crl *crl, size_t *offset, struct span *serial);

/* --- Making certificates: PKI tool, card creation --- */

#define CERT_DNS_NAME_MAX 253 /* RFC 1035 */

struct cert_request {
    enum cert_role role;       /* decides policy, key usage, basic constraints */
    const char *organization;  /* may be NULL */
    const char *common_name;   /* at most 64 characters, as organization (X.520) */
    const char *serial_number; /* subject serialNumber: the EID; NULL otherwise */
    const char *oid;           /* dotted registeredID for the subjectAltName; NULL for none */
    /* NULL-terminated or NULL: TLS certificates; addresses in digits become iPAddress. */
    const char *const *dns_names;
    /* EUM: digits that EIDs begin with, for nameConstraints, or permitted EINs in version 3; NULL otherwise
     */
    const char *eid_prefix;
    bool has_sub_ca;               /* EUM of version 3: it issues a sub-CA's certificate */
    const char *crl_url;           /* may be NULL */
    int64_t not_before, not_after; /* seconds since 1970 */
};

/* Issues a certificate for `subject`; issuer == NULL with issuer_key == subject makes a self-signed one.
 * Appends DER to `der`. Further roles (eIM signing, eIM TLS) are CERT_ROLE_NONE with dns_names deciding TLS
 * server use. False when issuer_key is not the issuer's, for a text that does not fit its field, or for lack
 * of memory. */
bool cert_issue(const struct cert_request *request, const struct ec_key *subject, const struct cert *issuer,
                const struct ec_key *issuer_key, struct buf *der);

/* Issues a CRL that revokes `count` serial numbers (content octets of INTEGERs), numbered `number`. */
bool crl_issue(const struct cert *issuer, const struct ec_key *issuer_key, const struct span *serials,
               size_t count, uint64_t number, int64_t this_update, int64_t next_update, struct buf *der);

#endif
