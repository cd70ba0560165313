/*
 * Certificates of RSP servers: see server_cert.h. SGP.22 v2 has no sub-CAs between CI and server; dates are
 * not looked at (no clock).
 */
#include "euicc/rsp/server_cert.h"

#include "euicc/os/credentials.h"
#include "euicc/rsp/crl_store.h"

#include <string.h>

#define OID_MAX 64 /* content octets; longer ones are refused */

bool server_oid_is_valid(struct span oid)
{
    bool begins = true; /* a subidentifier */

    if (oid.size == 0 || oid.size > OID_MAX)
        return false;
    for (size_t i = 0; i < oid.size; i++) {
        if (begins && oid.data[i] == 0x80) /* padding: not the shortest form */
            return false;
        begins = (oid.data[i] & 0x80) == 0;
    }
    return begins;
}

static enum cert_status server_cert_check_parsed(struct softeuicc *card, const struct cert *cert,
                                                 unsigned roles, const struct card_credentials **ci)
{
    enum cert_role role = cert_role(cert);
    enum cert_status status;

    if (cert_authority_key_id(cert).data == NULL)
        return CERT_MALFORMED; /* SGP.22 4.5.2.1.0.3 demands the extension */
    *ci = credentials_find(card, cert_authority_key_id(cert));
    if (*ci == NULL)
        return CERT_WRONG_ISSUER;
    if (role < 0 || (roles >> role & 1) == 0)
        return CERT_WRONG_ROLE;
    status = cert_check(cert, role, (*ci)->ci_key, SPAN_ARRAY((*ci)->ci_key_id));
    if (status == CERT_OK && crl_store_revokes(card, SPAN_ARRAY((*ci)->ci_key_id), cert))
        status = CERT_REVOKED;
    return status;
}

struct cert *server_cert_check(struct softeuicc *card, struct span der, unsigned roles,
                               const struct card_credentials **ci, enum cert_status *status)
{
    struct cert *cert = cert_parse_like(der, card->credentials[0].ci_key, status);

    if (cert == NULL)
        return NULL;
    *status = server_cert_check_parsed(card, cert, roles, ci);
    if (*status == CERT_OK)
        return cert;
    cert_free(cert);
    return NULL;
}
