/*
 * The roles of eSIM, as certificate policies say them: SGP.22 version 2 (4.5.2.1.0.2) gives each one arc, and
 * version 3 (annex H) an arc below that of who may issue it. What each role's certificate has beyond that, as
 * SGP.26's test certificates have it.
 */
#include "crypto/cert.h"

#include "crypto/cert_internal.h"

#include <string.h>

/* id-rspRole, 2.23.146.1.2.1. */
static const uint8_t rsp_role[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x01};

/*
 * The policies of TLS certificates are not critical, unlike all the others: TLS clients that do not know
 * policies (rustls among them) refuse a certificate whose they are. Reading: nor are those of the sub-CAs
 * that stand above TLS certificates, for the same reason. Reading: who issues others signs
 * their revocation list too, but for an EUM of version 2, whom SGP.26's certificate lets sign certificates
 * only.
 */
static const struct cert_role_facts roles[] = {
    [CERT_ROLE_CI] =
        {"CI", {0}, 1, .ca = true, .crl_sign = true, .critical = true, .path_length = CERT_PATH_ANY},
    [CERT_ROLE_EUICC] = {"eUICC", {1}, 1, .critical = true},
    [CERT_ROLE_EUM] = {"EUM", {2}, 1, .ca = true, .critical = true},
    [CERT_ROLE_DP_TLS] = {"SM-DP+ TLS", {3}, 1, .critical = false},
    [CERT_ROLE_DP_AUTH] = {"SM-DP+ auth", {4}, 1, .oid = true, .critical = true},
    [CERT_ROLE_DP_PB] = {"SM-DP+ pb", {5}, 1, .oid = true, .critical = true},
    [CERT_ROLE_DS_TLS] = {"SM-DS TLS", {6}, 1, .critical = false},
    [CERT_ROLE_DS_AUTH] = {"SM-DS auth", {7}, 1, .oid = true, .critical = true},
    [CERT_ROLE_CI_SUBCA] =
        {"CI sub-CA", {0, 0}, 2, .ca = true, .crl_sign = true, .path_length = CERT_PATH_ANY},
    [CERT_ROLE_EUM_V3] = {"EUM v3", {0, 0, 0}, 3, .ca = true, .crl_sign = true, .critical = true},
    [CERT_ROLE_EUM_SUBCA] = {"EUM sub-CA", {0, 0, 0, 0}, 4, .ca = true, .crl_sign = true, .critical = true},
    [CERT_ROLE_EUICC_V3] = {"eUICC v3", {0, 0, 0, 0, 0}, 5, .critical = true},
    [CERT_ROLE_DP_SUBCA] = {"SM-DP+ sub-CA", {0, 0, 1}, 3, .ca = true, .crl_sign = true},
    [CERT_ROLE_DP_TLS_V3] = {"SM-DP+ TLS v3", {0, 0, 1, 0}, 4, .critical = false},
    [CERT_ROLE_DP_AUTH_V3] = {"SM-DP+ auth v3", {0, 0, 1, 1}, 4, .oid = true, .critical = true},
    [CERT_ROLE_DP_PB_V3] = {"SM-DP+ pb v3", {0, 0, 1, 2}, 4, .oid = true, .critical = true},
    [CERT_ROLE_DS_SUBCA] = {"SM-DS sub-CA", {0, 0, 2}, 3, .ca = true, .crl_sign = true},
    [CERT_ROLE_DS_TLS_V3] = {"SM-DS TLS v3", {0, 0, 2, 0}, 4, .critical = false},
    [CERT_ROLE_DS_AUTH_V3] = {"SM-DS auth v3", {0, 0, 2, 1}, 4, .oid = true, .critical = true},
};

const struct cert_role_facts *cert_role_facts(enum cert_role role)
{
    static const struct cert_role_facts none = {.name = "none"};

    return role >= 0 && role <= CERT_ROLE_V3_LAST ? &roles[role] : &none;
}

const char *cert_role_name(enum cert_role role)
{
    return cert_role_facts(role)->name;
}

enum cert_role cert_role_of_policy(struct span oid)
{
    if (oid.size <= sizeof(rsp_role) || memcmp(oid.data, rsp_role, sizeof(rsp_role)) != 0)
        return CERT_ROLE_NONE;
    oid = SPAN(oid.data + sizeof(rsp_role), oid.size - sizeof(rsp_role));
    for (enum cert_role role = CERT_ROLE_CI; role <= CERT_ROLE_V3_LAST; role++)
        if (span_equal(oid, SPAN(roles[role].arcs, roles[role].arc_count)))
            return role;
    return CERT_ROLE_NONE;
}

void cert_put_policy(struct buf *der, enum cert_role role)
{
    size_t at = tlv_open(der, DER_OID);

    buf_append(der, SPAN_ARRAY(rsp_role));
    buf_append(der, SPAN(roles[role].arcs, roles[role].arc_count));
    tlv_close(der, at);
}
