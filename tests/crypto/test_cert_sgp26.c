/* The industry's own test certificates (GSMA SGP.26), when they are there: every chain verifies, every wrong
 * pairing is refused. */
#include "tests/support/sgp26.h"
#include "tests/support/test.h"

#include "crypto/cert.h"

#include <stdio.h>

#define EID "89049032123451234512345678901235"

static struct cert *shared_cert(const char *name)
{
    const char *path = shared_data(name);
    enum cert_status status;
    struct cert *cert;

    if (path == NULL) {
        printf("skipped: ../shared/data/%s is not there\n", name);
        return NULL;
    }
    cert = cert_parse(test_read_file(path), &status);
    ck_assert_msg(cert != NULL, "%s: %s", name, cert_status_name(status));
    return cert;
}

static struct ec_key *shared_key(const char *name)
{
    const char *path = shared_data(name);
    struct ec_key *key = path != NULL ? ec_key_from_private_der_or_pem(test_read_file(path)) : NULL;

    ck_assert_msg(key != NULL, "%s", name);
    return key;
}

static const struct shared_leaf {
    const char *cert;
    const char *key;
    enum cert_role role;
    const char *oid;
} nist_leaves[] =
    {
        {"CERT_EUM_ECDSA_NIST", "SK_EUM_ECDSA_NIST", CERT_ROLE_EUM, "883705"},
        {"CERT_S_SM_DPauth_ECDSA_NIST", "SK_S_SM_DPauth_ECDSA_NIST", CERT_ROLE_DP_AUTH, "88370a"},
        {"CERT_S_SM_DPpb_ECDSA_NIST", "SK_S_SM_DPpb_ECDSA_NIST", CERT_ROLE_DP_PB, "88370a"},
        {"CERT_S_SM_DP2auth_ECDSA_NIST", "SK_S_SM_DP2auth_ECDSA_NIST", CERT_ROLE_DP_AUTH, "88370c"},
        {"CERT_S_SM_DP2pb_ECDSA_NIST", "SK_S_SM_DP2pb_ECDSA_NIST", CERT_ROLE_DP_PB, "88370c"},
        {"CERT_S_SM_DP_TLS_NIST", "SK_S_SM_DP_TLS_NIST", CERT_ROLE_DP_TLS, "88370a"},
        {"CERT_S_EIMsign_ECDSA_NIST", "SK_S_EIMsign_ECDSA_NIST", CERT_ROLE_NONE, NULL},
},
  brainpool_leaves[] = {
      {"CERT_S_SM_DPauth_ECDSA_BRP", "SK_S_SM_DPauth_ECDSA_BRP", CERT_ROLE_DP_AUTH, "88370a"},
      {"CERT_S_SM_DPpb_ECDSA_BRP", "SK_S_SM_DPpb_ECDSA_BRP", CERT_ROLE_DP_PB, "88370a"},
};

static void check_shared(const char *directory, const char *ci_name, const char *ci_key_id,
                         const char *other_ci_name, const struct shared_leaf *leaves, size_t count)
{
    char name[128];
    struct cert *ci;
    struct cert *other_ci;

    snprintf(name, sizeof(name), "%s/%s.der", directory, ci_name);
    ci = shared_cert(name);
    if (ci == NULL)
        return;
    other_ci = shared_cert(other_ci_name);
    ck_assert_ptr_nonnull(other_ci);
    ck_assert_hex(cert_subject_key_id(ci), ci_key_id);
    sgp26_check(ci_name, cert_der(ci), CERT_ROLE_CI, true);
    ck_assert_int_eq(cert_check(ci, CERT_ROLE_CI, cert_key(ci), cert_subject_key_id(ci)), CERT_OK);
    for (size_t i = 0; i < count; i++) {
        struct cert *cert;
        struct ec_key *key;

        snprintf(name, sizeof(name), "%s/%s.der", directory, leaves[i].cert);
        cert = shared_cert(name);
        snprintf(name, sizeof(name), "%s/%s.der", directory, leaves[i].key);
        key = shared_key(name);
        ck_assert(ec_key_equal(cert_key(cert), key));
        sgp26_check(name, cert_der(cert),
                    leaves[i].role != CERT_ROLE_NONE ? (int)leaves[i].role : SGP26_EIM_SIGN, true);
        for (enum cert_role role = CERT_ROLE_NONE; role <= CERT_ROLE_LAST; role++)
            ck_assert_msg((cert_check(cert, role, cert_key(ci), cert_subject_key_id(ci)) == CERT_OK) ==
                              (role == leaves[i].role),
                          "%s as %d", leaves[i].cert, role);
        ck_assert_int_eq(cert_check(cert, leaves[i].role, cert_key(other_ci), cert_subject_key_id(other_ci)),
                         CERT_WRONG_ISSUER);
        ck_assert_int_eq(cert_check(cert, leaves[i].role, cert_key(other_ci), SPAN_NONE), CERT_BAD_SIGNATURE);
        ck_assert_int_eq(cert_check(cert, leaves[i].role, key, SPAN_NONE), CERT_BAD_SIGNATURE);
        ck_assert(cert_issued_by_name(cert, ci));
        if (leaves[i].oid != NULL)
            ck_assert_hex(cert_oid(cert), leaves[i].oid);
        else
            ck_assert_ptr_null(cert_oid(cert).data);
        ec_key_free(key);
        cert_free(cert);
    }
    cert_free(ci);
    cert_free(other_ci);
}

START_TEST(sgp26_nist)
{
    check_shared("sgp26-nist", "CERT_CI_ECDSA_NIST", "F54172BDF98A95D65CBEB88A38A1C11D800A85C3",
                 "sgp26-brp/CERT_CI_ECDSA_BRP.der", nist_leaves,
                 sizeof(nist_leaves) / sizeof(nist_leaves[0]));
}
END_TEST

START_TEST(sgp26_brainpool)
{
    check_shared("sgp26-brp", "CERT_CI_ECDSA_BRP", "C0BC70BA36929D43B467FF57570530E57AB8FCD8",
                 "sgp26-nist/CERT_CI_ECDSA_NIST.der", brainpool_leaves,
                 sizeof(brainpool_leaves) / sizeof(brainpool_leaves[0]));
}
END_TEST

START_TEST(sgp26_euicc)
{
    struct cert *euicc = shared_cert("sgp26-nist/CERT_EUICC_ECDSA_NIST.der");
    struct cert *eum;
    struct cert *ci;
    struct ec_key *key;

    if (euicc == NULL)
        return;
    eum = shared_cert("sgp26-nist/CERT_EUM_ECDSA_NIST.der");
    ci = shared_cert("sgp26-nist/CERT_CI_ECDSA_NIST.der");
    key = shared_key("sgp26-nist/SK_EUICC_ECDSA_NIST.der");
    ck_assert(ec_key_equal(cert_key(euicc), key));
    sgp26_check("the eUICC's", cert_der(euicc), CERT_ROLE_EUICC, true);
    ck_assert_str_eq(cert_subject_serial_number(euicc), EID);
    ck_assert_str_eq(cert_subject_organization(euicc), "RSP Test EUM");
    ck_assert_span(cert_eid_prefix(eum), SPAN_STRING("89049032"));
    ck_assert_int_eq(cert_check(euicc, CERT_ROLE_EUICC, cert_key(eum), cert_subject_key_id(eum)), CERT_OK);
    ck_assert_int_eq(cert_check_eid_permitted(eum, euicc), CERT_OK);
    ck_assert_int_eq(cert_check(euicc, CERT_ROLE_EUICC, cert_key(ci), cert_subject_key_id(ci)),
                     CERT_WRONG_ISSUER);
    ck_assert_int_eq(cert_check(euicc, CERT_ROLE_EUM, cert_key(eum), cert_subject_key_id(eum)),
                     CERT_WRONG_ROLE);
    ck_assert_int_eq(cert_check_eid_permitted(ci, euicc), CERT_NAME_CONSTRAINTS);
    /* 7500-05-10 09:54:58 */
    ck_assert_int_eq(cert_not_after(euicc), 174521123698);
    ec_key_free(key);
    cert_free(euicc);
    cert_free(eum);
    cert_free(ci);
}
END_TEST

TEST_MAIN("cert_sgp26", sgp26_nist, sgp26_brainpool, sgp26_euicc)
