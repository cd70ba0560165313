/* Revocation lists: issued here, read back, read by OpenSSL, and refused in every bad form. */
#include "tests/support/test.h"

#include "crypto/cert.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

#define THIS_UPDATE 1700000000
#define NEXT_UPDATE 1800000000

struct ci {
    struct ec_key *key;
    struct cert *cert;
};

static struct cert *issue(enum cert_role role, const char *name, const struct ec_key *key,
                          const struct ci *ci)
{
    struct cert_request request = {
        .role = role, .common_name = name, .not_before = THIS_UPDATE, .not_after = NEXT_UPDATE};
    struct buf der = {0};
    struct cert *cert;

    ck_assert(cert_issue(&request, key, ci != NULL ? ci->cert : NULL, ci != NULL ? ci->key : key, &der));
    cert = cert_parse(buf_span(&der), NULL);
    ck_assert_ptr_nonnull(cert);
    buf_free(&der);
    return cert;
}

static struct ci make_ci(const char *name, enum ec_curve curve)
{
    struct ci ci = {ec_key_generate(curve, NULL), NULL};

    ci.cert = issue(CERT_ROLE_CI, name, ci.key, NULL);
    return ci;
}

static void drop(struct ci *ci)
{
    ec_key_free(ci->key);
    cert_free(ci->cert);
}

static struct buf list(const struct ci *ci, const struct span *serials, size_t count, uint64_t number)
{
    struct buf der = {0};

    ck_assert(crl_issue(ci->cert, ci->key, serials, count, number, THIS_UPDATE, NEXT_UPDATE, &der));
    return der;
}

START_TEST(what_a_list_says)
{
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct ci ci = make_ci("CI", curve);
        struct cert *bad = issue(CERT_ROLE_DP_TLS, "bad", ci.key, &ci);
        struct cert *good = issue(CERT_ROLE_DP_TLS, "good", ci.key, &ci);
        struct span serials[] = {SPAN_STRING("\x01"), cert_serial(bad)};
        struct buf der = list(&ci, serials, 2, 0x1122334455667788);
        enum cert_status status;
        struct crl *crl = crl_parse(buf_span(&der), &status);
        struct span serial;
        size_t offset = 0;
        const struct crl_facts *facts;

        ck_assert_msg(crl != NULL, "%s", cert_status_name(status));
        ck_assert_int_eq(crl_check(crl, ci.key, cert_subject_key_id(ci.cert)), CERT_OK);
        ck_assert_int_eq(crl_check(crl, ci.key, SPAN_NONE), CERT_OK);
        facts = crl_facts(crl);
        ck_assert(facts->number == 0x1122334455667788);
        ck_assert_int_eq(facts->this_update, THIS_UPDATE);
        ck_assert_int_eq(facts->next_update, NEXT_UPDATE);
        ck_assert(!facts->is_delta);
        ck_assert_uint_eq(facts->part, 1);
        ck_assert_uint_eq(facts->part_count, 1);
        ck_assert_span(facts->authority_key_id, cert_subject_key_id(ci.cert));
        ck_assert(crl_revokes(crl, bad));
        ck_assert(!crl_revokes(crl, good));
        ck_assert(crl_next_entry(crl, &offset, &serial));
        ck_assert_hex(serial, "01");
        ck_assert(crl_next_entry(crl, &offset, &serial));
        ck_assert_span(serial, cert_serial(bad));
        ck_assert(!crl_next_entry(crl, &offset, &serial));
        crl_free(crl);
        buf_free(&der);
        cert_free(bad);
        cert_free(good);
        drop(&ci);
    }
    crl_free(NULL);
}
END_TEST

START_TEST(an_empty_list)
{
    struct ci ci = make_ci("CI", EC_CURVE_P256);
    struct buf der = list(&ci, NULL, 0, 1);
    struct crl *crl = crl_parse(buf_span(&der), NULL);
    struct span serial;
    size_t offset = 0;

    ck_assert_ptr_nonnull(crl);
    ck_assert_int_eq(crl_check(crl, ci.key, cert_subject_key_id(ci.cert)), CERT_OK);
    ck_assert(!crl_next_entry(crl, &offset, &serial));
    ck_assert(!crl_revokes(crl, ci.cert));
    crl_free(crl);
    buf_free(&der);
    drop(&ci);
}
END_TEST

START_TEST(another_issuer)
{
    struct ci ci = make_ci("CI", EC_CURVE_P256);
    struct ci other = make_ci("Other", EC_CURVE_P256);
    struct cert *cert = issue(CERT_ROLE_DP_TLS, "leaf", ci.key, &ci);
    struct span serials[] = {cert_serial(cert)};
    struct buf der = list(&other, serials, 1, 1);
    struct crl *crl = crl_parse(buf_span(&der), NULL);
    struct buf nothing = {0};

    ck_assert_int_eq(crl_check(crl, ci.key, cert_subject_key_id(ci.cert)), CERT_WRONG_ISSUER);
    ck_assert_int_eq(crl_check(crl, ci.key, SPAN_NONE), CERT_BAD_SIGNATURE);
    ck_assert_msg(!crl_revokes(crl, cert), "a list of another issuer revokes by serial number");
    ck_assert(!crl_issue(ci.cert, other.key, serials, 1, 1, THIS_UPDATE, NEXT_UPDATE, &nothing));
    ck_assert_uint_eq(nothing.size, 0);
    crl_free(crl);
    buf_free(&der);
    cert_free(cert);
    drop(&ci);
    drop(&other);
}
END_TEST

START_TEST(truncated_longer_changed)
{
    struct ci ci = make_ci("CI", EC_CURVE_P256);
    struct span serials[] = {SPAN_STRING("\x01\x02"), SPAN_STRING("\x03")};
    struct buf der = list(&ci, serials, 2, 5);
    enum cert_status status;

    for (size_t size = 0; size < der.size; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, der.data, size);
        ck_assert_ptr_null(crl_parse(SPAN(copy, size), &status));
        ck_assert_int_eq(status, CERT_MALFORMED);
        free(copy);
    }
    for (size_t i = 0; i < der.size; i++) {
        for (unsigned change = 1; change < 256; change <<= 1) {
            struct crl *crl;

            der.data[i] ^= (uint8_t)change;
            crl = crl_parse(buf_span(&der), NULL);
            if (crl != NULL)
                ck_assert_msg(crl_check(crl, ci.key, cert_subject_key_id(ci.cert)) != CERT_OK, "octet %zu",
                              i);
            crl_free(crl);
            der.data[i] ^= (uint8_t)change;
        }
    }
    buf_append_octet(&der, 0);
    ck_assert_ptr_null(crl_parse(buf_span(&der), NULL));
    ck_assert_ptr_null(crl_parse(SPAN_NONE, NULL));
    buf_free(&der);
    drop(&ci);
}
END_TEST

/* Re-made by OpenSSL with one thing more (or less): how a list with this extension is judged. */
static enum cert_status with_extension(const struct ci *ci, int nid, const char *value, bool in_entry,
                                       bool keep_key_id, long version)
{
    struct span serials[] = {SPAN_STRING("\x01\x02")};
    struct buf der = list(ci, serials, 1, 5);
    const unsigned char *at = der.data;
    X509_CRL *openssl = d2i_X509_CRL(NULL, &at, (long)der.size);
    struct buf scalar = {0};
    EVP_PKEY *pkey;
    unsigned char *encoded = NULL;
    enum cert_status status;
    struct crl *crl;
    int size;

    ck_assert_ptr_nonnull(openssl);
    ck_assert(ec_key_to_pkcs8(ci->key, &scalar));
    at = scalar.data;
    pkey = d2i_AutoPrivateKey(NULL, &at, (long)scalar.size);
    X509_CRL_set_version(openssl, version);
    if (!keep_key_id)
        X509_EXTENSION_free(
            X509_CRL_delete_ext(openssl, X509_CRL_get_ext_by_NID(openssl, NID_authority_key_identifier, -1)));
    if (value != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

        ck_assert_ptr_nonnull(extension);
        if (in_entry)
            ck_assert_int_eq(
                X509_REVOKED_add_ext(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(openssl), 0), extension, -1),
                1);
        else
            ck_assert_int_eq(X509_CRL_add_ext(openssl, extension, -1), 1);
        X509_EXTENSION_free(extension);
    }
    ck_assert_int_gt(X509_CRL_sign(openssl, pkey, EVP_sha256()), 0);
    size = i2d_X509_CRL(openssl, &encoded);
    ck_assert_int_gt(size, 0);
    crl = crl_parse(SPAN(encoded, (size_t)size), &status);
    if (crl != NULL)
        status = crl_check(crl, ci->key, cert_subject_key_id(ci->cert));
    crl_free(crl);
    OPENSSL_free(encoded);
    EVP_PKEY_free(pkey);
    X509_CRL_free(openssl);
    buf_free(&scalar);
    buf_free(&der);
    return status;
}

START_TEST(extensions)
{
    static const struct {
        const char *what;
        int nid;
        const char *value;
        bool in_entry;
        enum cert_status status;
    } cases[] = {
        {"nothing", 0, NULL, false, CERT_OK},
        {"where it is distributed", NID_issuing_distribution_point, "critical,DER:300aa008a0068604613a2f2f",
         false, CERT_OK},
        {"user certificates only", NID_issuing_distribution_point, "critical,DER:30038101ff", false, CERT_OK},
        {"an indirect list", NID_issuing_distribution_point, "critical,DER:30038401ff", false,
         CERT_MALFORMED},
        {"a delta to 4", NID_delta_crl, "critical,DER:020104", false, CERT_OK},
        {"a delta to itself", NID_delta_crl, "critical,DER:020105", false, CERT_MALFORMED},
        {"a second number", NID_crl_number, "DER:020107", false, CERT_MALFORMED},
        {"an unknown critical one", NID_freshest_crl, "critical,DER:3000", false, CERT_UNKNOWN_CRITICAL},
        {"an unknown one", NID_freshest_crl, "DER:3000", false, CERT_OK},
        {"a reason", NID_crl_reason, "DER:0a0101", true, CERT_OK},
        {"a critical reason", NID_crl_reason, "critical,DER:0a0101", true, CERT_OK},
        {"an entry of another issuer", NID_certificate_issuer, "critical,DER:300482026161", true,
         CERT_UNKNOWN_CRITICAL},
    };
    struct ci ci = make_ci("CI", EC_CURVE_P256);
    /* SGP.22 4.6: a list in parts. */
    int part_count = OBJ_create("2.23.146.1.2.0.2", "totalPartialCrlNumber", "totalPartialCrlNumber");
    int part = OBJ_create("2.23.146.1.2.0.3", "partialCrlNumber", "partialCrlNumber");

    ck_assert_int_eq(with_extension(&ci, part_count, "critical,DER:020103", false, true, X509_CRL_VERSION_2),
                     CERT_OK);
    ck_assert_int_eq(with_extension(&ci, part, "critical,DER:020101", false, true, X509_CRL_VERSION_2),
                     CERT_OK);
    ck_assert_int_eq(with_extension(&ci, part, "critical,DER:020102", false, true, X509_CRL_VERSION_2),
                     CERT_MALFORMED); /* the second part of one */
    ck_assert_int_eq(with_extension(&ci, part, "critical,DER:020100", false, true, X509_CRL_VERSION_2),
                     CERT_MALFORMED);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum cert_status status =
            with_extension(&ci, cases[i].nid, cases[i].value, cases[i].in_entry, true, X509_CRL_VERSION_2);

        ck_assert_msg(status == cases[i].status, "%s: %s", cases[i].what, cert_status_name(status));
    }
    ck_assert_int_eq(with_extension(&ci, 0, NULL, false, false, X509_CRL_VERSION_2), CERT_MALFORMED);
    ck_assert_int_eq(with_extension(&ci, 0, NULL, false, true, X509_CRL_VERSION_1), CERT_MALFORMED);
    drop(&ci);
}
END_TEST

START_TEST(openssl_agrees)
{
    struct ci ci = make_ci("CI", EC_CURVE_P256);
    struct cert *leaf = issue(CERT_ROLE_DP_TLS, "leaf", ci.key, &ci);
    struct span serials[] = {cert_serial(leaf)};
    struct buf der = list(&ci, serials, 1, 7);
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
    X509 *root;
    X509 *x509;
    X509_REVOKED *revoked = NULL;

    ck_assert_ptr_nonnull(crl);
    at = cert_der(ci.cert).data;
    root = d2i_X509(NULL, &at, (long)cert_der(ci.cert).size);
    at = cert_der(leaf).data;
    x509 = d2i_X509(NULL, &at, (long)cert_der(leaf).size);
    ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(root)), 1);
    ck_assert_int_eq(X509_CRL_get0_by_cert(crl, &revoked, x509), 1);
    ck_assert_int_eq(X509_CRL_get0_by_cert(crl, &revoked, root), 0);
    X509_free(root);
    X509_free(x509);
    X509_CRL_free(crl);
    buf_free(&der);
    cert_free(leaf);
    drop(&ci);
}
END_TEST

TEST_MAIN("crl", what_a_list_says, an_empty_list, another_issuer, truncated_longer_changed, extensions,
          openssl_agrees)
