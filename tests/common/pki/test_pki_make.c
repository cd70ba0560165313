/* A test PKI in memory: that each certificate holds what SGP.26's hold, in every variant, and that verifiers
 * of TLS believe its chains. */
#include "tests/support/test.h"

#include "common/pki/pki_make.h"
#include "tests/support/sgp26.h"

#include <time.h>

#define CHAIN_MAX 6

static const char *const hosts[] = {"localhost", NULL};

static struct pki_options options_for(enum pki_variant variant)
{
    return (struct pki_options){
        .hosts = hosts, .not_before = time(NULL) - 3600, .not_after = 4000000000, .variant = variant};
}

static int row_of(enum pki_variant variant, enum pki_entity entity)
{
    if (entity == PKI_EIM_SIGN)
        return SGP26_EIM_SIGN;
    return entity == PKI_EIM_TLS ? SGP26_EIM_TLS : (int)pki_entity_role(variant, entity);
}

/* From this entity to the CI, behind what is in the chain already; how many there are then. */
static size_t add_chain(struct span *chain, size_t count, enum pki_variant variant, enum pki_entity entity,
                        const struct pki_pair *pairs)
{
    for (enum pki_entity at = entity;; at = pki_issuer(variant, at)) {
        enum pki_entity by = pki_issuer(variant, at);

        ck_assert_int_eq(cert_check(pairs[at].cert, pki_entity_role(variant, at), pairs[by].key,
                                    cert_subject_key_id(pairs[by].cert)),
                         CERT_OK);
        chain[count++] = cert_der(pairs[at].cert);
        if (at == PKI_CI)
            return count;
    }
}

static void check_chain(enum pki_variant variant, enum pki_entity entity, const struct pki_pair *pairs)
{
    struct span chain[CHAIN_MAX];
    size_t count = add_chain(chain, 0, variant, entity, pairs);

    sgp26_check_chain(pki_entity_name(entity), chain, count,
                      cert_is_tls_server(pairs[entity].cert) ? hosts[0] : NULL);
}

/* One that the EUM of a variant with sub-CAs, or its own sub-CA, would issue: the path is as long as may be.
 */
static void check_euicc(enum pki_variant variant, const struct pki_pair *pairs)
{
    enum pki_entity by = pki_variant_has(variant, PKI_EUM_SUBCA) ? PKI_EUM_SUBCA : PKI_EUM;
    const struct cert_request request = {
        .role = CERT_ROLE_EUICC_V3,
        .organization = "softeuicc Test EUM",
        .common_name = "softeuicc",
        .serial_number = "89049032123451234512345678901235",
        .not_before = time(NULL) - 3600,
        .not_after = 4000000000,
    };
    struct ec_key *key = ec_key_generate(EC_CURVE_P256, NULL);
    struct span chain[CHAIN_MAX];
    struct buf der = {0};

    ck_assert(cert_issue(&request, key, pairs[by].cert, pairs[by].key, &der));
    chain[0] = buf_span(&der);
    sgp26_check("an eUICC's", chain[0], CERT_ROLE_EUICC_V3, false);
    sgp26_check_chain("an eUICC's", chain, add_chain(chain, 1, variant, by, pairs), NULL);
    buf_free(&der);
    ec_key_free(key);
}

static void check_variant(enum pki_variant variant, enum ec_curve curve)
{
    struct pki_options options = options_for(variant);
    struct pki_pair pairs[PKI_ENTITIES];

    ck_assert(pki_make(curve, &options, pairs));
    for (enum pki_entity entity = PKI_CI; entity < PKI_ENTITIES; entity++) {
        ck_assert((pairs[entity].cert != NULL) == pki_variant_has(variant, entity));
        if (pairs[entity].cert == NULL)
            continue;
        sgp26_check(pki_entity_name(entity), cert_der(pairs[entity].cert), row_of(variant, entity), false);
        check_chain(variant, entity, pairs);
    }
    if (variant != PKI_VARIANT_O)
        check_euicc(variant, pairs);
    ck_assert_span(cert_eid_prefix(pairs[PKI_EUM].cert), SPAN_STRING(PKI_EID_PREFIX));
    ck_assert_span(cert_oid(pairs[PKI_DP_AUTH].cert), cert_oid(pairs[PKI_DP_PB].cert));
    ck_assert(!span_equal(cert_oid(pairs[PKI_DP_AUTH].cert), cert_oid(pairs[PKI_DS_AUTH].cert)));
    pki_free(pairs);
}

START_TEST(every_certificate)
{
    for (enum pki_variant variant = PKI_VARIANT_O; variant <= PKI_VARIANT_C; variant++) {
        check_variant(variant, EC_CURVE_P256);
        check_variant(variant, EC_CURVE_BRAINPOOL_P256R1);
    }
}
END_TEST

/* Who issues whom, as SGP.26 draws it. */
START_TEST(trees)
{
    static const struct {
        enum pki_entity entity, by[4]; /* in the variants */
    } rows[] = {
        {PKI_CI, {PKI_CI, PKI_CI, PKI_CI, PKI_CI}},
        {PKI_CI_SUBCA, {PKI_CI, PKI_CI, PKI_CI, PKI_CI}},
        {PKI_EUM, {PKI_CI, PKI_CI, PKI_CI_SUBCA, PKI_CI_SUBCA}},
        {PKI_EUM_SUBCA, {PKI_EUM, PKI_EUM, PKI_EUM, PKI_EUM}},
        {PKI_DP_SUBCA, {PKI_CI, PKI_CI, PKI_CI_SUBCA, PKI_CI_SUBCA}},
        {PKI_DP_AUTH, {PKI_CI, PKI_DP_SUBCA, PKI_CI_SUBCA, PKI_DP_SUBCA}},
        {PKI_DP_TLS, {PKI_CI, PKI_DP_SUBCA, PKI_CI_SUBCA, PKI_DP_SUBCA}},
        {PKI_DS_TLS, {PKI_CI, PKI_DS_SUBCA, PKI_CI_SUBCA, PKI_DS_SUBCA}},
        {PKI_EIM_SIGN, {PKI_CI, PKI_CI, PKI_CI, PKI_CI}},
        {PKI_EIM_TLS, {PKI_CI, PKI_CI, PKI_CI, PKI_CI}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (enum pki_variant variant = PKI_VARIANT_O; variant <= PKI_VARIANT_C; variant++)
            ck_assert_int_eq(pki_issuer(variant, rows[i].entity), rows[i].by[variant]);
}
END_TEST

START_TEST(a_host_that_is_none)
{
    static const char *const bad_hosts[] = {"", NULL};
    struct pki_options options = options_for(PKI_VARIANT_C);
    struct pki_pair pairs[PKI_ENTITIES];

    options.hosts = bad_hosts;
    ck_assert(!pki_make(EC_CURVE_P256, &options, pairs));
}
END_TEST

TEST_MAIN("pki_make", every_certificate, trees, a_host_that_is_none)
