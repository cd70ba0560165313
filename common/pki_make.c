/* A complete test PKI in memory. See pki_make.h. OIDs are of the example arc 2.999. */
#include "common/pki_make.h"

static const struct {
    const char *organization;
    const char *common_name; /* NULL: the first host, as TLS certificates do */
    const char *oid;
} subjects[PKI_ENTITIES] = {
    [PKI_CI] = {"softeuicc", "softeuicc Test CI", "2.999.1"},
    [PKI_EUM] = {"softeuicc Test EUM", "softeuicc Test EUM", "2.999.5"},
    [PKI_DP_AUTH] = {"softeuicc", "softeuicc Test SM-DP+ auth", "2.999.10"},
    [PKI_DP_PB] = {"softeuicc", "softeuicc Test SM-DP+ pb", "2.999.10"},
    [PKI_DP_TLS] = {"softeuicc Test SM-DP+", NULL, "2.999.10"},
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

static bool make_one(enum ec_curve curve, const struct pki_options *options, enum pki_entity entity,
                     const struct pki_pair *ci, struct pki_pair *pair)
{
    bool is_tls = subjects[entity].common_name == NULL;
    struct cert_request request = {
        .role = pki_entity_role(entity),
        .organization = subjects[entity].organization,
        .common_name = is_tls ? options->hosts[0] : subjects[entity].common_name,
        .oid = subjects[entity].oid,
        .dns_names = is_tls ? options->hosts : NULL,
        .eid_prefix = entity == PKI_EUM ? PKI_EID_PREFIX : NULL,
        .not_before = options->not_before,
        .not_after = options->not_after,
    };
    struct buf der = {0};

    pair->key = ec_key_generate(curve, NULL);
    if (pair->key != NULL && cert_issue(&request, pair->key, entity == PKI_CI ? NULL : ci->cert,
                                        entity == PKI_CI ? pair->key : ci->key, &der))
        pair->cert = cert_parse(buf_span(&der), NULL);
    buf_free(&der);
    return pair->cert != NULL;
}

bool pki_make(enum ec_curve curve, const struct pki_options *options, struct pki_pair pairs[PKI_ENTITIES])
{
    for (size_t i = 0; i < PKI_ENTITIES; i++)
        pairs[i] = (struct pki_pair){0};
    for (size_t i = 0; i < PKI_ENTITIES; i++) {
        if (!make_one(curve, options, (enum pki_entity)i, &pairs[PKI_CI], &pairs[i])) {
            pki_free(pairs);
            return false;
        }
    }
    return true;
}
