/* The eUICC's certificate chain as a server sees it: unlike a card, a server knows the date. See
 * dp_session.h. */
#include "servers/smdpp/model/dp_session.h"

#include <string.h>
#include <time.h>

static bool is_current(const struct cert *cert)
{
    int64_t now = (int64_t)time(NULL);

    return cert_not_before(cert) <= now && now <= cert_not_after(cert);
}

static bool check_eum(const struct dp_server *server, const struct cert *ci, const struct cert *eum,
                      struct dp_status *status)
{
    enum cert_status result;
    struct span issuer = cert_authority_key_id(eum);

    if (issuer.data != NULL && !span_equal(issuer, cert_subject_key_id(ci)))
        return dp_refuse(status, DP_CI_UNKNOWN, NULL);
    result = cert_check(eum, CERT_ROLE_EUM, cert_key(ci), cert_subject_key_id(ci));
    if (result != CERT_OK)
        return dp_refuse(status, DP_EUM_INVALID, "%s", cert_status_name(result));
    if (!server->ignore_expiry && !is_current(eum))
        return dp_refuse(status, DP_EUM_EXPIRED, NULL);
    return true;
}

static bool check_euicc(const struct dp_server *server, const struct cert *eum, const struct cert *euicc,
                        struct dp_status *status)
{
    enum cert_status result = cert_check(euicc, CERT_ROLE_EUICC, cert_key(eum), cert_subject_key_id(eum));
    const char *eid = cert_subject_serial_number(euicc);

    if (result == CERT_OK)
        result = cert_check_eid_permitted(eum, euicc);
    if (result != CERT_OK)
        return dp_refuse(status, DP_EUICC_INVALID, "%s", cert_status_name(result));
    if (strlen(eid) != 32 || strspn(eid, "0123456789") != 32)
        return dp_refuse(status, DP_EUICC_INVALID, "its subject serialNumber is not an EID");
    if (!server->ignore_expiry && !is_current(euicc))
        return dp_refuse(status, DP_EUICC_EXPIRED, NULL);
    return true;
}

bool dp_check_euicc_chain(const struct dp_server *server, const struct cert *ci, struct span euicc_der,
                          struct span eum_der, struct cert **euicc, struct dp_status *status)
{
    enum cert_status eum_status;
    enum cert_status euicc_status = CERT_OK;
    struct cert *eum = cert_parse(eum_der, &eum_status);
    bool ok = false;

    *euicc = cert_parse(euicc_der, &euicc_status);
    if (eum == NULL)
        dp_refuse(status, DP_EUM_INVALID, "%s", cert_status_name(eum_status));
    else if (*euicc == NULL)
        dp_refuse(status, DP_EUICC_INVALID, "%s", cert_status_name(euicc_status));
    else
        ok = check_eum(server, ci, eum, status) && check_euicc(server, eum, *euicc, status);
    cert_free(eum);
    if (!ok) {
        cert_free(*euicc);
        *euicc = NULL;
    }
    return ok;
}
