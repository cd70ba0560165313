/*
 * The card's credentials: those it has, and how they get there at creation. See credentials.h. The chain is
 * CI -> EUM -> eUICC; validity dates are shown to people by other tools and never refused, as on the card
 * itself.
 */
#include "euicc/os/credentials.h"

#include "euicc/os/error.h"
#include "euicc/os/host.h"

#include <openssl/crypto.h>
#include <string.h>

/* Certificates of eUICCs do not expire in practice (SGP.22 4.5.2.1.0.2): RFC 5280 4.1.2.5, 9999-12-31
 * 23:59:59 UTC. */
#define NEVER INT64_C(253402300799)

/* What is put together for the row. */
struct parts {
    struct cert *ci, *eum, *euicc;
    struct ec_key *euicc_key;
};

static void parts_free(struct parts *parts)
{
    cert_free(parts->ci);
    cert_free(parts->eum);
    cert_free(parts->euicc);
    ec_key_free(parts->euicc_key);
}

static enum softeuicc_status credentials_refuse(struct softeuicc_error *error, size_t position,
                                                const char *what, const char *why)
{
    return error_set(error, SOFTEUICC_CRYPTO, "CI %zu: %s: %s", position + 1, what, why);
}

static struct cert *credentials_parse(const uint8_t *der, size_t size, size_t position, const char *what,
                                      struct softeuicc_error *error)
{
    enum cert_status status = CERT_MALFORMED;
    struct cert *cert = der != NULL ? cert_parse(SPAN(der, size), &status) : NULL;

    if (cert == NULL)
        credentials_refuse(error, position, what, der != NULL ? cert_status_name(status) : "is missing");
    return cert;
}

static enum softeuicc_status credentials_check(const struct cert *cert, enum cert_role role,
                                               const struct cert *issuer, size_t position, const char *what,
                                               struct softeuicc_error *error)
{
    enum cert_status status = cert_check(cert, role, cert_key(issuer), cert_subject_key_id(issuer));

    return status == CERT_OK ? SOFTEUICC_OK
                             : credentials_refuse(error, position, what, cert_status_name(status));
}

/* Seconds by which servers' clocks may be behind: time(2) alone is, by a tick of this machine's own. */
#define CLOCK_SKEW 3600

/* The EUM signs a certificate for a key pair made here. */
static enum softeuicc_status credentials_issue(struct softeuicc *card, const char *eid, size_t position,
                                               const struct softeuicc_credentials *given, struct parts *parts,
                                               struct softeuicc_error *error)
{
    struct ec_random random = card_ec_random(card);
    struct ec_key *eum_key = ec_key_from_private_der_or_pem(SPAN(given->eum_key, given->eum_key_size));
    struct cert_request request = {
        .role = CERT_ROLE_EUICC,
        .organization = cert_subject_organization(parts->eum),
        .common_name = "softeuicc",
        .serial_number = eid,
        .not_before = card_now(card) / 1000 - CLOCK_SKEW,
        .not_after = NEVER,
    };
    enum softeuicc_status status = SOFTEUICC_OK;
    struct buf der = {0};
    enum cert_status ignored;

    if (eum_key == NULL)
        status = credentials_refuse(error, position, "EUM key",
                                    "is not a private key on P-256 or brainpoolP256r1");
    else if (!ec_key_equal(eum_key, cert_key(parts->eum)))
        status = credentials_refuse(error, position, "EUM key", "does not belong to the EUM certificate");
    if (status == SOFTEUICC_OK) {
        parts->euicc_key = ec_key_generate(ec_key_curve(eum_key), &random);
        if (parts->euicc_key != NULL && cert_issue(&request, parts->euicc_key, parts->eum, eum_key, &der))
            parts->euicc = cert_parse(buf_span(&der), &ignored);
        if (parts->euicc == NULL)
            status = credentials_refuse(error, position, "eUICC certificate", "cannot be issued");
    }
    ec_key_free(eum_key);
    buf_free(&der);
    return status;
}

static enum softeuicc_status credentials_take(size_t position, const struct softeuicc_credentials *given,
                                              struct parts *parts, struct softeuicc_error *error)
{
    parts->euicc =
        credentials_parse(given->euicc_cert, given->euicc_cert_size, position, "eUICC certificate", error);
    if (parts->euicc == NULL)
        return SOFTEUICC_CRYPTO;
    if (given->euicc_key != NULL)
        parts->euicc_key = ec_key_from_private_der_or_pem(SPAN(given->euicc_key, given->euicc_key_size));
    if (parts->euicc_key == NULL)
        return credentials_refuse(error, position, "eUICC key",
                                  "is not a private key on P-256 or brainpoolP256r1");
    if (!ec_key_equal(parts->euicc_key, cert_key(parts->euicc)))
        return credentials_refuse(error, position, "eUICC key", "does not belong to the eUICC certificate");
    return SOFTEUICC_OK;
}

static enum softeuicc_status check_euicc(const char *eid, size_t position, const struct parts *parts,
                                         struct softeuicc_error *error)
{
    enum softeuicc_status status =
        credentials_check(parts->euicc, CERT_ROLE_EUICC, parts->eum, position, "eUICC certificate", error);

    if (status != SOFTEUICC_OK)
        return status;
    if (strcmp(cert_subject_serial_number(parts->euicc), eid) != 0)
        return error_set(error, SOFTEUICC_CRYPTO, "CI %zu: eUICC certificate: is for the EID %s, not %s",
                         position + 1, cert_subject_serial_number(parts->euicc), eid);
    if (cert_check_eid_permitted(parts->eum, parts->euicc) != CERT_OK)
        return error_set(error, SOFTEUICC_CRYPTO, "CI %zu: EUM certificate: does not permit the EID %s",
                         position + 1, eid);
    return SOFTEUICC_OK;
}

static enum softeuicc_status assemble(struct softeuicc *card, const char *eid, size_t position,
                                      const struct softeuicc_credentials *given, struct parts *parts,
                                      struct softeuicc_error *error)
{
    enum softeuicc_status status;

    parts->ci = credentials_parse(given->ci_cert, given->ci_cert_size, position, "CI certificate", error);
    if (parts->ci == NULL)
        return SOFTEUICC_CRYPTO;
    if (cert_subject_key_id(parts->ci).size != sizeof(card->credentials[0].ci_key_id))
        return credentials_refuse(error, position, "CI certificate",
                                  "has no subject key identifier of 20 octets");
    parts->eum = credentials_parse(given->eum_cert, given->eum_cert_size, position, "EUM certificate", error);
    if (parts->eum == NULL)
        return SOFTEUICC_CRYPTO;
    status = credentials_check(parts->ci, CERT_ROLE_CI, parts->ci, position, "CI certificate", error);
    if (status == SOFTEUICC_OK)
        status = credentials_check(parts->eum, CERT_ROLE_EUM, parts->ci, position, "EUM certificate", error);
    if (status == SOFTEUICC_OK)
        status = given->eum_key != NULL ? credentials_issue(card, eid, position, given, parts, error)
                                        : credentials_take(position, given, parts, error);
    return status == SOFTEUICC_OK ? check_euicc(eid, position, parts, error) : status;
}

/* False when the CI is on the card already. */
static bool credentials_insert_row(struct softeuicc *card, size_t position, const struct parts *parts)
{
    uint8_t scalar[EC_SCALAR_SIZE];

    ec_key_scalar(parts->euicc_key, scalar);
    (void)nvm_change(
        card->nvm,
        "INSERT INTO credentials (ci_key_id, curve, priority, ci_cert, eum_cert, euicc_cert, euicc_key)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        NVM_VALUES(NVM_HEX(cert_subject_key_id(parts->ci)),
                   NVM_STRING(ec_curve_name(ec_key_curve(cert_key(parts->ci)))), NVM_INT(position),
                   NVM_BLOB(cert_der(parts->ci)), NVM_BLOB(cert_der(parts->eum)),
                   NVM_BLOB(cert_der(parts->euicc)), NVM_BLOB(SPAN_ARRAY(scalar))));
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return nvm_failed(card->nvm) || nvm_changes(card->nvm) == 1;
}

enum softeuicc_status credentials_insert(struct softeuicc *card, const char *eid, size_t position,
                                         const struct softeuicc_credentials *given,
                                         struct softeuicc_error *error)
{
    struct parts parts = {0};
    enum softeuicc_status status = assemble(card, eid, position, given, &parts, error);

    if (status == SOFTEUICC_OK && !credentials_insert_row(card, position, &parts))
        status =
            error_set(error, SOFTEUICC_INVALID, "CI %zu: is the same CI as an earlier one", position + 1);
    parts_free(&parts);
    return status;
}

const struct card_credentials *credentials_find(const struct softeuicc *card, struct span ci_key_id)
{
    for (size_t i = 0; i < card->credentials_count; i++)
        if (span_equal(SPAN_ARRAY(card->credentials[i].ci_key_id), ci_key_id))
            return &card->credentials[i];
    return NULL;
}

const struct card_credentials *credentials_find_beginning(const struct softeuicc *card, struct span beginning)
{
    for (size_t i = 0; i < card->credentials_count; i++)
        if (span_begins_with(SPAN_ARRAY(card->credentials[i].ci_key_id), beginning))
            return &card->credentials[i];
    return NULL;
}
