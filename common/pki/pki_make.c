/* A complete test PKI in memory. See pki_make.h. OIDs are of the example arc 2.999. */
#include "common/pki/pki_make.h"

#include <stdio.h>

#define CRL_URL_MAX 64

/*
 * Reading: the eIM's signing certificate says no place of a revocation list, as SGP.26's does not; for its
 * TLS certificate, of which there is none among SGP.26's files of version 1, that of the SM-DP+ stands model.
 * All are valid equally long, TLS certificates too, which SGP.26 makes new each year: a test PKI that dies of
 * itself after one serves nobody.
 */
static const struct {
    const char *organization;
    const char *common_name; /* NULL: the first host, as TLS certificates do */
    const char *oid;
} subjects[PKI_ENTITIES] = {
    [PKI_CI] = {"softeuicc", "softeuicc Test CI", "2.999.1"},
    [PKI_CI_SUBCA] = {"softeuicc", "softeuicc Test CI sub-CA", "2.999.1"},
    [PKI_EUM] = {"softeuicc Test EUM", "softeuicc Test EUM", "2.999.5"},
    [PKI_EUM_SUBCA] = {"softeuicc Test EUM", "softeuicc Test EUM sub-CA", "2.999.5"},
    [PKI_DP_SUBCA] = {"softeuicc", "softeuicc Test SM-DP+ sub-CA", "2.999.10"},
    [PKI_DP_AUTH] = {"softeuicc", "softeuicc Test SM-DP+ auth", "2.999.10"},
    [PKI_DP_PB] = {"softeuicc", "softeuicc Test SM-DP+ pb", "2.999.10"},
    [PKI_DP_TLS] = {"softeuicc Test SM-DP+", NULL, "2.999.10"},
    [PKI_DS_SUBCA] = {"softeuicc", "softeuicc Test SM-DS sub-CA", "2.999.15"},
    [PKI_DS_AUTH] = {"softeuicc", "softeuicc Test SM-DS auth", "2.999.15"},
    [PKI_DS_TLS] = {"softeuicc Test SM-DS", NULL, "2.999.15"},
    [PKI_EIM_SIGN] = {"softeuicc", "softeuicc Test eIM", "2.999.20"},
    [PKI_EIM_TLS] = {"softeuicc Test eIM", NULL, "2.999.20"},
};

void pki_free(struct pki_pair pairs[PKI_ENTITIES])
{
    for (size_t i = 0; i < PKI_ENTITIES; i++)
        pki_pair_free(&pairs[i]);
}

/* Where the issuer's list would be: in .example, which nobody can have (RFC 2606). */
static void name_crl(char url[CRL_URL_MAX], enum pki_entity issuer, enum ec_curve curve)
{
    snprintf(url, CRL_URL_MAX, "http://%s.softeuicc.example/%s.crl", pki_entity_name(issuer),
             pki_curve_directory(curve));
}

static bool make_one(enum ec_curve curve, const struct pki_options *options, enum pki_entity entity,
                     struct pki_pair pairs[PKI_ENTITIES])
{
    bool is_tls = subjects[entity].common_name == NULL;
    enum pki_entity by = pki_issuer(options->variant, entity);
    char crl_url[CRL_URL_MAX];
    struct cert_request request = {
        .role = pki_entity_role(options->variant, entity),
        .organization = subjects[entity].organization,
        .common_name = is_tls ? options->hosts[0] : subjects[entity].common_name,
        .oid = subjects[entity].oid,
        .dns_names = is_tls ? options->hosts : NULL,
        .eid_prefix = entity == PKI_EUM ? PKI_EID_PREFIX : NULL,
        .has_sub_ca = entity == PKI_EUM && pki_variant_has(options->variant, PKI_EUM_SUBCA),
        .crl_url = entity == PKI_EIM_SIGN ? NULL : crl_url,
        .not_before = options->not_before,
        .not_after = options->not_after,
    };
    struct pki_pair *pair = &pairs[entity];
    struct buf der = {0};

    name_crl(crl_url, by, curve);
    pair->key = ec_key_generate(curve, NULL);
    if (pair->key != NULL &&
        cert_issue(&request, pair->key, entity == PKI_CI ? NULL : pairs[by].cert, pairs[by].key, &der))
        pair->cert = cert_parse(buf_span(&der), NULL);
    buf_free(&der);
    return pair->cert != NULL;
}

bool pki_make(enum ec_curve curve, const struct pki_options *options, struct pki_pair pairs[PKI_ENTITIES])
{
    for (size_t i = 0; i < PKI_ENTITIES; i++)
        pairs[i] = (struct pki_pair){0};
    for (size_t i = 0; i < PKI_ENTITIES; i++) {
        if (pki_variant_has(options->variant, (enum pki_entity)i) &&
            !make_one(curve, options, (enum pki_entity)i, pairs)) {
            pki_free(pairs);
            return false;
        }
    }
    return true;
}
