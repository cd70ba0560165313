/* The eUICC's certificate chain as a server sees it. See euicc_trust.h. */
#include "protocol/euicc_trust.h"

#include "apdu/digits.h"

#include <string.h>
#include <time.h>

bool euicc_trust_add(struct euicc_trust *trust, struct cert *ci, const char **why)
{
    enum cert_status status = CERT_MALFORMED;

    if (ci != NULL && cert_subject_key_id(ci).data != NULL)
        status = cert_check(ci, CERT_ROLE_CI, cert_key(ci), cert_subject_key_id(ci));
    if (status == CERT_OK && trust->ci_count < EUICC_TRUST_MAX) {
        trust->ci[trust->ci_count++] = ci;
        return true;
    }
    cert_free(ci);
    *why = status == CERT_OK ? "too many CI certificates" : cert_status_name(status);
    return false;
}

void euicc_trust_clear(struct euicc_trust *trust)
{
    for (size_t i = 0; i < trust->ci_count; i++)
        cert_free(trust->ci[i]);
    trust->ci_count = 0;
}

const struct cert *euicc_trust_find(const struct euicc_trust *trust, struct span key_id)
{
    for (size_t i = 0; i < trust->ci_count; i++) {
        if (key_id.data != NULL && span_equal(cert_subject_key_id(trust->ci[i]), key_id))
            return trust->ci[i];
    }
    return NULL;
}

/* --- The chain ---------------------------------------------------------------------------------------- */

static bool is_current(const struct cert *cert)
{
    int64_t now = (int64_t)time(NULL);

    return cert_not_before(cert) <= now && now <= cert_not_after(cert);
}

static bool check_eum(const struct euicc_trust *trust, const struct cert *ci, const struct cert *eum,
                      struct refusal_status *status)
{
    enum cert_status result;
    struct span issuer = cert_authority_key_id(eum);

    if (issuer.data != NULL && !span_equal(issuer, cert_subject_key_id(ci)))
        return refusal_note(status, REFUSAL_CI_UNKNOWN, NULL);
    result = cert_check(eum, CERT_ROLE_EUM, cert_key(ci), cert_subject_key_id(ci));
    if (result != CERT_OK)
        return refusal_note(status, REFUSAL_EUM_INVALID, "%s", cert_status_name(result));
    if (!trust->ignore_expiry && !is_current(eum))
        return refusal_note(status, REFUSAL_EUM_EXPIRED, NULL);
    return true;
}

static bool check_euicc(const struct euicc_trust *trust, const struct cert *eum, const struct cert *euicc,
                        struct refusal_status *status)
{
    enum cert_status result = cert_check(euicc, CERT_ROLE_EUICC, cert_key(eum), cert_subject_key_id(eum));
    const char *eid = cert_subject_serial_number(euicc);

    if (result == CERT_OK)
        result = cert_check_eid_permitted(eum, euicc);
    if (result != CERT_OK)
        return refusal_note(status, REFUSAL_EUICC_INVALID, "%s", cert_status_name(result));
    if (!digits_are(eid, 32, 32))
        return refusal_note(status, REFUSAL_EUICC_INVALID, "its subject serialNumber is not an EID");
    if (!trust->ignore_expiry && !is_current(euicc))
        return refusal_note(status, REFUSAL_EUICC_EXPIRED, NULL);
    return true;
}

bool euicc_trust_check(const struct euicc_trust *trust, const struct cert *ci, struct span euicc_der,
                       struct span eum_der, struct cert **euicc, struct refusal_status *status)
{
    enum cert_status eum_status;
    enum cert_status euicc_status = CERT_OK;
    struct cert *eum = cert_parse(eum_der, &eum_status);
    bool ok = false;

    *euicc = cert_parse(euicc_der, &euicc_status);
    if (eum == NULL)
        refusal_note(status, REFUSAL_EUM_INVALID, "%s", cert_status_name(eum_status));
    else if (*euicc == NULL)
        refusal_note(status, REFUSAL_EUICC_INVALID, "%s", cert_status_name(euicc_status));
    else
        ok = check_eum(trust, ci, eum, status) && check_euicc(trust, eum, *euicc, status);
    cert_free(eum);
    if (!ok) {
        cert_free(*euicc);
        *euicc = NULL;
    }
    return ok;
}
