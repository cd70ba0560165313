/* Certificates: what is issued here, what OpenSSL reads of it, what is refused. */
#include "tests/support/test.h"

#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "tests/support/pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EID        "89049032123451234512345678901235"
#define NOT_BEFORE 1577836800 /* 2020-01-01 */
#define NOT_AFTER  1609459200 /* 2021-01-01: long past */

/* --- A small PKI of this test's own --- */

struct pair {
    struct ec_key *key;
    struct cert *cert;
};

static struct cert_request request_for(enum cert_role role)
{
    struct cert_request request = {.role = role,
                                   .organization = "Test Organization",
                                   .common_name = "Test",
                                   .not_before = NOT_BEFORE,
                                   .not_after = NOT_AFTER};

    if (role == CERT_ROLE_DP_AUTH || role == CERT_ROLE_DP_PB || role == CERT_ROLE_DS_AUTH ||
        role > CERT_ROLE_LAST)
        request.oid = "2.999.10";
    if (role == CERT_ROLE_EUM || role == CERT_ROLE_EUM_V3)
        request.eid_prefix = "89049032";
    if (role == CERT_ROLE_EUICC)
        request.serial_number = EID;
    return request;
}

static struct buf issue_der(const struct cert_request *request, const struct ec_key *subject,
                            const struct cert *issuer, const struct ec_key *issuer_key)
{
    struct buf der = {0};

    ck_assert(cert_issue(request, subject, issuer, issuer_key, &der));
    return der;
}

static struct pair issue_with(const struct cert_request *request, enum ec_curve curve,
                              const struct pair *issuer)
{
    struct pair pair = {ec_key_generate(curve, NULL), NULL};
    struct buf der = issue_der(request, pair.key, issuer != NULL ? issuer->cert : NULL,
                               issuer != NULL ? issuer->key : pair.key);
    enum cert_status status;

    pair.cert = cert_parse(buf_span(&der), &status);
    ck_assert_msg(pair.cert != NULL, "%s", cert_status_name(status));
    ck_assert_span(cert_der(pair.cert), buf_span(&der));
    buf_free(&der);
    return pair;
}

static struct pair issue(enum cert_role role, enum ec_curve curve, const struct pair *issuer)
{
    struct cert_request request = request_for(role);

    return issue_with(&request, curve, issuer);
}

static void drop(struct pair *pair)
{
    ec_key_free(pair->key);
    cert_free(pair->cert);
}

static enum cert_status check(const struct pair *pair, enum cert_role role, const struct pair *issuer)
{
    return cert_check(pair->cert, role, cert_key(issuer->cert), cert_subject_key_id(issuer->cert));
}

/* --- What is issued --- */

START_TEST(chains_of_every_role)
{
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct pair ci = issue(CERT_ROLE_CI, curve, NULL);
        struct pair other = issue(CERT_ROLE_CI, curve, NULL);
        struct pair eum = issue(CERT_ROLE_EUM, curve, &ci);
        struct pair euicc = issue(CERT_ROLE_EUICC, curve, &eum);

        ck_assert_int_eq(check(&ci, CERT_ROLE_CI, &ci), CERT_OK);
        ck_assert_int_eq(check(&eum, CERT_ROLE_EUM, &ci), CERT_OK);
        ck_assert_int_eq(check(&euicc, CERT_ROLE_EUICC, &eum), CERT_OK);
        ck_assert_int_eq(cert_check_eid_permitted(eum.cert, euicc.cert), CERT_OK);
        ck_assert(cert_issued_by_name(euicc.cert, eum.cert));
        ck_assert(cert_issued_by_name(eum.cert, ci.cert));
        ck_assert_int_eq(check(&euicc, CERT_ROLE_EUICC, &ci), CERT_WRONG_ISSUER);
        for (enum cert_role role = CERT_ROLE_DP_TLS; role <= CERT_ROLE_LAST; role++) {
            struct pair leaf = issue(role, curve, &ci);

            for (enum cert_role as = CERT_ROLE_NONE; as <= CERT_ROLE_LAST; as++)
                ck_assert_int_eq(check(&leaf, as, &ci), as == role ? CERT_OK : CERT_WRONG_ROLE);
            ck_assert_int_eq(cert_role(leaf.cert), role);
            ck_assert_int_eq(check(&leaf, role, &other), CERT_WRONG_ISSUER);
            ck_assert_int_eq(cert_check(leaf.cert, role, other.key, SPAN_NONE), CERT_BAD_SIGNATURE);
            ck_assert_int_eq(cert_check(leaf.cert, role, leaf.key, cert_subject_key_id(ci.cert)),
                             CERT_BAD_SIGNATURE);
            drop(&leaf);
        }
        ck_assert_int_eq(cert_check(eum.cert, (enum cert_role)8, ci.key, SPAN_NONE), CERT_WRONG_ROLE);
        ck_assert_int_eq(cert_check(eum.cert, (enum cert_role) - 2, ci.key, SPAN_NONE), CERT_WRONG_ROLE);
        drop(&ci);
        drop(&other);
        drop(&eum);
        drop(&euicc);
    }
}
END_TEST

/* Version 3's policies are roles of their own: none of version 2. */
START_TEST(roles_of_version_3)
{
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);

    for (enum cert_role role = CERT_ROLE_LAST + 1; role <= CERT_ROLE_V3_LAST; role++) {
        struct pair pair = issue(role, EC_CURVE_P256, &ci);

        ck_assert_int_eq(cert_role(pair.cert), CERT_ROLE_NONE);
        ck_assert_int_eq(cert_role_v3(pair.cert), role);
        ck_assert_str_ne(cert_role_name(role), "none");
        for (enum cert_role as = CERT_ROLE_CI; as <= CERT_ROLE_V3_LAST; as++) {
            enum cert_status expected = as == role ? CERT_OK : CERT_WRONG_ROLE;

            if (role == CERT_ROLE_EUM_V3 && as != role) /* which EIDs it may certify is for who knows */
                expected = CERT_UNKNOWN_CRITICAL;
            ck_assert_int_eq(check(&pair, as, &ci), expected);
        }
        if (role == CERT_ROLE_EUM_V3)
            ck_assert_span(cert_eid_prefix(pair.cert), SPAN_STRING("89049032"));
        drop(&pair);
    }
    drop(&ci);
}
END_TEST

START_TEST(what_a_certificate_says)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "rsp.example.com", "::1", NULL};
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct pair eum = issue(CERT_ROLE_EUM, EC_CURVE_P256, &ci);
    struct pair euicc = issue(CERT_ROLE_EUICC, EC_CURVE_P256, &eum);
    struct pair auth = issue(CERT_ROLE_DP_AUTH, EC_CURVE_P256, &ci);
    struct cert_request request = request_for(CERT_ROLE_DP_TLS);
    struct pair tls;
    struct span name;
    uint8_t identifier[EC_IDENTIFIER_SIZE];

    ec_key_identifier(ci.key, identifier);
    ck_assert_span(cert_subject_key_id(ci.cert), SPAN_ARRAY(identifier));
    ck_assert_ptr_null(cert_authority_key_id(ci.cert).data);
    ck_assert_span(cert_authority_key_id(eum.cert), SPAN_ARRAY(identifier));
    ck_assert(ec_key_equal(cert_key(eum.cert), eum.key));
    ck_assert(!ec_key_has_private(cert_key(eum.cert)));
    ck_assert_str_eq(cert_subject_serial_number(euicc.cert), EID);
    ck_assert_str_eq(cert_subject_serial_number(eum.cert), "");
    ck_assert_str_eq(cert_subject_organization(euicc.cert), "Test Organization");
    ck_assert_str_eq(cert_subject_line(euicc.cert), "O=Test Organization, serialNumber=" EID ", CN=Test");
    ck_assert_hex(cert_oid(auth.cert), "88370a");
    ck_assert_ptr_null(cert_oid(euicc.cert).data);
    ck_assert_span(cert_eid_prefix(eum.cert), SPAN_STRING("89049032"));
    ck_assert_ptr_null(cert_eid_prefix(ci.cert).data);
    ck_assert_int_eq(cert_not_before(ci.cert), NOT_BEFORE);
    ck_assert_int_eq(cert_not_after(ci.cert), NOT_AFTER);
    ck_assert_uint_eq(cert_serial(ci.cert).size, 16);
    ck_assert(!span_equal(cert_serial(ci.cert), cert_serial(eum.cert)));

    request.dns_names = hosts;
    request.crl_url = "http://ci.example.com/crl";
    tls = issue_with(&request, EC_CURVE_P256, &ci);
    ck_assert(cert_is_tls_server(tls.cert));
    ck_assert(!cert_is_tls_server(auth.cert));
    ck_assert(test_dns_name(tls.cert, 0, &name));
    ck_assert_span(name, SPAN_STRING("localhost"));
    ck_assert(test_dns_name(tls.cert, 1, &name));
    ck_assert_span(name, SPAN_STRING("rsp.example.com"));
    ck_assert(!test_dns_name(tls.cert, 2, &name));
    ck_assert(!test_dns_name(auth.cert, 0, &name));
    drop(&tls);
    drop(&auth);
    drop(&euicc);
    drop(&eum);
    drop(&ci);
    cert_free(NULL);
}
END_TEST

/* OpenSSL reads the same out of what was issued, and accepts the TLS chain. */
START_TEST(openssl_agrees)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", NULL};
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct cert_request request = request_for(CERT_ROLE_DP_TLS);
    struct pair tls;
    const unsigned char *at = cert_der(ci.cert).data;
    X509 *root = d2i_X509(NULL, &at, (long)cert_der(ci.cert).size);
    X509 *leaf;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();

    request.dns_names = hosts;
    tls = issue_with(&request, EC_CURVE_P256, &ci);
    at = cert_der(tls.cert).data;
    leaf = d2i_X509(NULL, &at, (long)cert_der(tls.cert).size);
    ck_assert_int_eq(X509_get_version(leaf), X509_VERSION_3);
    ck_assert_int_eq(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    ck_assert_int_eq(X509_check_host(leaf, "example.com", 0, 0, NULL), 0);
    ck_assert_uint_eq(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    ck_assert_uint_eq(X509_get_key_usage(root), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    ck_assert_int_ne(X509_check_ca(root), 0);
    ck_assert_int_eq(X509_STORE_add_cert(store, root), 1);
    ck_assert_int_eq(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
    ck_assert_int_eq(X509_STORE_CTX_set_default(context, "ssl_server"), 1);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), NOT_BEFORE + 1000);
    ck_assert_msg(X509_verify_cert(context) == 1, "%s",
                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(leaf);
    drop(&tls);
    drop(&ci);
}
END_TEST

START_TEST(requests_that_cannot_be_met)
{
    static const char *const empty_host[] = {"", NULL};
    char long_name[CERT_DNS_NAME_MAX + 2];
    const char *const long_host[] = {long_name, NULL};
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct cert_request request = request_for(CERT_ROLE_DP_AUTH);
    struct buf der = {0};

    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ck_assert(!cert_issue(&request, ci.key, ci.cert, cert_key(ci.cert), &der)); /* no private key */
    request.oid = "not an oid";
    ck_assert(!cert_issue(&request, ci.key, ci.cert, ci.key, &der));
    request = request_for(CERT_ROLE_DP_TLS);
    request.dns_names = empty_host;
    ck_assert(!cert_issue(&request, ci.key, ci.cert, ci.key, &der));
    request.dns_names = long_host;
    ck_assert(!cert_issue(&request, ci.key, ci.cert, ci.key, &der));
    request = request_for(CERT_ROLE_DP_AUTH);
    request.common_name = long_name;
    ck_assert(!cert_issue(&request, ci.key, ci.cert, ci.key, &der));
    ck_assert_uint_eq(der.size, 0);
    {
        struct pair other = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);

        request = request_for(CERT_ROLE_DP_AUTH);
        ck_assert(!cert_issue(&request, ci.key, ci.cert, other.key, &der)); /* not the issuer's key */
        drop(&other);
    }
    buf_free(&der);
    drop(&ci);
}
END_TEST

/* --- What is refused --- */

static enum cert_status parse_status(struct span der)
{
    enum cert_status status;
    struct cert *cert = cert_parse(der, &status);

    ck_assert((cert != NULL) == (status == CERT_OK));
    cert_free(cert);
    return status;
}

START_TEST(truncated_and_longer)
{
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct pair eum = issue(CERT_ROLE_EUM, EC_CURVE_P256, &ci);
    struct span whole = cert_der(eum.cert);
    struct buf longer = {0};

    for (size_t size = 0; size < whole.size; size++) {
        /* A copy of exactly this size, so that a sanitizer sees a read past the end. */
        uint8_t *copy = malloc(size > 0 ? size : 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, whole.data, size);
        ck_assert_msg(parse_status(SPAN(copy, size)) == CERT_MALFORMED, "cut at %zu", size);
        free(copy);
    }
    buf_append(&longer, whole);
    buf_append_octet(&longer, 0);
    ck_assert_int_eq(parse_status(buf_span(&longer)), CERT_MALFORMED);
    ck_assert_int_eq(parse_status(SPAN_NONE), CERT_MALFORMED);
    ck_assert_ptr_null(cert_parse(SPAN_NONE, NULL));
    buf_free(&longer);
    drop(&eum);
    drop(&ci);
}
END_TEST

/* Any changed octet: not parsed, or not of the role, or not signed. Never accepted, never a crash. */
START_TEST(every_changed_octet_is_refused)
{
    static const uint8_t changes[] = {0x01, 0x80, 0xFF};
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct pair auth = issue(CERT_ROLE_DP_AUTH, EC_CURVE_P256, &ci);
    struct span whole = cert_der(auth.cert);
    struct buf copy = {0};

    for (size_t i = 0; i < whole.size; i++) {
        for (size_t c = 0; c < sizeof(changes); c++) {
            struct cert *cert;

            buf_clear(&copy);
            buf_append(&copy, whole);
            copy.data[i] ^= changes[c];
            cert = cert_parse(buf_span(&copy), NULL);
            if (cert != NULL)
                ck_assert_msg(cert_check(cert, CERT_ROLE_DP_AUTH, ci.key, cert_subject_key_id(ci.cert)) !=
                                  CERT_OK,
                              "octet %zu ^ %02X is accepted", i, changes[c]);
            cert_free(cert);
        }
    }
    buf_free(&copy);
    drop(&auth);
    drop(&ci);
}
END_TEST

/* Takes the certificate apart with the TLV reader, changes it, signs it again. */
struct edit {
    bool without_version;
    uint8_t version;             /* 0: keep */
    const char *extra_extension; /* appended to the list: hexadecimal of one Extension */
    uint32_t drop_extension;     /* 2.5.29.x to leave out, 0 for none */
    const char *append_to_tbs;
    bool other_inner_algorithm;
    const char *subject; /* instead of the subject: hexadecimal of a Name */
};

static void put_extensions(struct buf *out, struct span list, const struct edit *edit)
{
    struct tlv_reader reader = tlv_reader(list);
    size_t tagged = tlv_open(out, 0xA3);
    size_t sequence = tlv_open(out, 0x30);
    struct tlv extension;

    while (tlv_next(&reader, &extension) == TLV_OK)
        if (edit->drop_extension == 0 || extension.value.data[4] != edit->drop_extension)
            buf_append(out, extension.whole);
    if (edit->extra_extension != NULL)
        buf_append(out, hex(edit->extra_extension));
    tlv_close(out, sequence);
    tlv_close(out, tagged);
}

static void put_tbs(struct buf *out, struct span tbs, const struct edit *edit)
{
    struct tlv_reader reader = tlv_reader(tbs);
    size_t at = tlv_open(out, 0x30);
    struct tlv object;

    for (size_t field = 0; tlv_next(&reader, &object) == TLV_OK; field++) {
        struct span list;

        if (object.tag == 0xA0 && edit->without_version)
            continue;
        if (object.tag == 0xA0 && edit->version != 0) {
            uint8_t version[] = {0xA0, 0x03, 0x02, 0x01, edit->version};

            buf_append(out, SPAN_ARRAY(version));
        } else if (field == 2 && edit->other_inner_algorithm) {
            buf_append(out, hex("300a06082a8648ce3d040303"));
        } else if (field == 5 && edit->subject != NULL) {
            buf_append(out, hex(edit->subject));
        } else if (object.tag == 0xA3) {
            ck_assert_int_eq(tlv_single(object.value, 0x30, &list), TLV_OK);
            put_extensions(out, list, edit);
        } else {
            buf_append(out, object.whole);
        }
    }
    if (edit->append_to_tbs != NULL)
        buf_append(out, hex(edit->append_to_tbs));
    tlv_close(out, at);
}

/* Signs the content `tbs` into a certificate. */
static void sign_again(struct buf *out, struct span tbs, const struct ec_key *key)
{
    size_t certificate = tlv_open(out, 0x30);
    uint8_t signature[EC_SIGNATURE_SIZE];
    struct buf bits = {0};
    size_t sequence;

    do
        ck_assert(ec_sign(key, &tbs, 1, signature));
    while (signature[0] == 0 || signature[32] == 0);
    buf_append(out, tbs);
    buf_append(out, hex("300a06082a8648ce3d040302"));
    buf_append_octet(&bits, 0);
    sequence = tlv_open(&bits, 0x30);
    for (size_t i = 0; i < EC_SIGNATURE_SIZE; i += EC_SCALAR_SIZE) {
        uint8_t number[EC_SCALAR_SIZE + 1] = {0};

        memcpy(number + 1, signature + i, EC_SCALAR_SIZE);
        tlv_put(&bits, 0x02, number[1] >= 0x80 ? SPAN(number, 33) : SPAN(number + 1, 32));
    }
    tlv_close(&bits, sequence);
    tlv_put(out, 0x03, buf_span(&bits));
    tlv_close(out, certificate);
    buf_free(&bits);
}

/* What becomes of a good DPauth certificate after this edit: parsed and checked. */
static enum cert_status after(const struct edit *edit)
{
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct pair auth = issue(CERT_ROLE_DP_AUTH, EC_CURVE_P256, &ci);
    struct span whole;
    struct span tbs;
    struct tlv_reader reader;
    struct buf edited_tbs = {0};
    struct buf edited = {0};
    enum cert_status status;
    struct cert *cert;

    ck_assert_int_eq(tlv_single(cert_der(auth.cert), 0x30, &whole), TLV_OK);
    reader = tlv_reader(whole);
    ck_assert(tlv_require(&reader, 0x30, &tbs));
    put_tbs(&edited_tbs, tbs, edit);
    sign_again(&edited, buf_span(&edited_tbs), ci.key);
    cert = cert_parse(buf_span(&edited), &status);
    if (cert != NULL)
        status = cert_check(cert, CERT_ROLE_DP_AUTH, ci.key, cert_subject_key_id(ci.cert));
    cert_free(cert);
    buf_free(&edited_tbs);
    buf_free(&edited);
    drop(&auth);
    drop(&ci);
    return status;
}

START_TEST(forms_that_are_refused)
{
    static const struct {
        const char *what;
        struct edit edit;
        enum cert_status status;
    } cases[] = {
        {"nothing changed", {0}, CERT_OK},
        {"version 1", {.without_version = true}, CERT_MALFORMED},
        {"version 2", {.version = 1}, CERT_MALFORMED},
        {"version 4", {.version = 3}, CERT_MALFORMED},
        {"an unknown critical extension",
         {.extra_extension = "300e0603551d4f0101ff040405000500"},
         CERT_UNKNOWN_CRITICAL},
        {"an unknown extension, not critical", {.extra_extension = "300b0603551d4f040405000500"}, CERT_OK},
        {"critical FALSE written out",
         {.extra_extension = "300e0603551d4f010100040405000500"},
         CERT_MALFORMED},
        {"critical as BER's TRUE", {.extra_extension = "300e0603551d4f010101040405000500"}, CERT_MALFORMED},
        {"permitted EINs of version 3",
         {.extra_extension = "301a060767811201020200"
                             "0101ff"
                             "040c300a13083839303439303332"},
         CERT_UNKNOWN_CRITICAL},
        {"permitted EINs, not critical",
         {.extra_extension = "3017060767811201020200"
                             "040c300a13083839303439303332"},
         CERT_OK},
        {"a second key usage", {.extra_extension = "300e0603551d0f0101ff040403020780"}, CERT_MALFORMED},
        {"an extension with something behind",
         {.extra_extension = "300d0603551d4f0404050005000500"},
         CERT_MALFORMED},
        {"basic constraints of a CA", {.extra_extension = "300c0603551d13040530030101ff"}, CERT_WRONG_ROLE},
        {"basic constraints of none", {.extra_extension = "30090603551d1304023000"}, CERT_OK},
        {"CA FALSE written out", {.extra_extension = "300c0603551d1304053003010100"}, CERT_MALFORMED},
        {"no key usage", {.drop_extension = 15}, CERT_WRONG_ROLE},
        {"no policies", {.drop_extension = 32}, CERT_WRONG_ROLE},
        {"no alternative name", {.drop_extension = 17}, CERT_MALFORMED},
        {"no authority key identifier", {.drop_extension = 35}, CERT_MALFORMED},
        {"no subject key identifier", {.drop_extension = 14}, CERT_OK},
        {"something behind the extensions", {.append_to_tbs = "0500"}, CERT_MALFORMED},
        {"another algorithm inside", {.other_inner_algorithm = true}, CERT_MALFORMED},
        {"an empty subject", {.subject = "3000"}, CERT_OK},
        {"a subject in UTF-8", {.subject = "300d310b3009060355040a0c02c3a9"}, CERT_OK},
        {"a subject of other octets", {.subject = "300d310b3009060355040a0c02c328"}, CERT_MALFORMED},
        {"UTF-8 that ends early", {.subject = "300c310a3008060355040a0c01c3"}, CERT_MALFORMED},
        {"a subject that is no text", {.subject = "300c310a3008060355040a020141"}, CERT_MALFORMED},
        {"an empty set in the subject", {.subject = "30023100"}, CERT_MALFORMED},
        {"a set too deep", {.subject = "300f310d310b3009060355040a0c024142"}, CERT_MALFORMED},
        {"an attribute without a value", {.subject = "300931073005060355040a"}, CERT_MALFORMED},
        {"an attribute with two", {.subject = "3011310f300d060355040a0c0241420c024142"}, CERT_MALFORMED},
        {"an OID with a needless octet", {.subject = "300e310c300a06045580040a0c024142"}, CERT_MALFORMED},
        {"an empty OID", {.subject = "300a3108300606000c024142"}, CERT_MALFORMED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum cert_status status = after(&cases[i].edit);

        ck_assert_msg(status == cases[i].status, "%s: %s", cases[i].what, cert_status_name(status));
    }
}
END_TEST

static struct buf issue_with_openssl(EVP_PKEY *key, const EVP_MD *digest)
{
    X509 *x509 = X509_new();
    X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "digitalSignature");
    struct buf der = {0};
    unsigned char *encoded = NULL;
    int size;

    X509_set_version(x509, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 1000);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_set_pubkey(x509, key);
    X509_add_ext(x509, usage, -1);
    X509_EXTENSION_free(usage);
    ck_assert_int_gt(X509_sign(x509, key, digest), 0);
    size = i2d_X509(x509, &encoded);
    ck_assert_int_gt(size, 0);
    buf_append(&der, SPAN(encoded, (size_t)size));
    OPENSSL_free(encoded);
    X509_free(x509);
    return der;
}

START_TEST(other_keys_and_algorithms)
{
    static const struct {
        const char *group;
        const char *digest;
        enum cert_status status;
    } cases[] = {
        {"P-256", "SHA256", CERT_OK},
        {"P-384", "SHA256", CERT_UNSUPPORTED_CURVE},
        {"secp256k1", "SHA256", CERT_UNSUPPORTED_CURVE},
        {"P-256", "SHA384", CERT_BAD_SIGNATURE},
        {"P-256", "SHA1", CERT_BAD_SIGNATURE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EVP_PKEY *key = EVP_EC_gen(cases[i].group);
        struct buf der = issue_with_openssl(key, EVP_get_digestbyname(cases[i].digest));

        ck_assert_msg(parse_status(buf_span(&der)) == cases[i].status, "%s %s", cases[i].group,
                      cases[i].digest);
        buf_free(&der);
        EVP_PKEY_free(key);
    }
    {
        EVP_PKEY *key = EVP_RSA_gen(2048);
        struct buf der = issue_with_openssl(key, EVP_sha256());

        ck_assert_int_eq(parse_status(buf_span(&der)), CERT_BAD_SIGNATURE);
        buf_free(&der);
        EVP_PKEY_free(key);
    }
}
END_TEST

START_TEST(issuer_on_the_other_curve)
{
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    struct pair brainpool = issue(CERT_ROLE_CI, EC_CURVE_BRAINPOOL_P256R1, NULL);
    struct pair auth = issue(CERT_ROLE_DP_AUTH, EC_CURVE_P256, &ci);

    ck_assert_int_eq(check(&auth, CERT_ROLE_DP_AUTH, &brainpool), CERT_WRONG_ISSUER);
    ck_assert_int_eq(cert_check(auth.cert, CERT_ROLE_DP_AUTH, brainpool.key, SPAN_NONE), CERT_BAD_SIGNATURE);
    drop(&auth);
    drop(&brainpool);
    drop(&ci);
}
END_TEST

/* --- EIDs --- */

START_TEST(name_constraints)
{
    static const struct {
        const char *prefix;
        const char *eum_organization;
        const char *euicc_organization;
        const char *eid;
        enum cert_status status;
    } cases[] = {
        {"89049032", "EUM", "EUM", EID, CERT_OK},
        {EID, "EUM", "EUM", EID, CERT_OK},
        {"8", "EUM", "EUM", EID, CERT_OK},
        {"89049032", NULL, "EUM", EID, CERT_OK},
        {"89049033", "EUM", "EUM", EID, CERT_NAME_CONSTRAINTS},
        {EID "0", "EUM", "EUM", EID, CERT_NAME_CONSTRAINTS},
        {"89049032", "EUM", "MUE", EID, CERT_NAME_CONSTRAINTS},
        {"89049032", "EUM", "EUM1", EID, CERT_NAME_CONSTRAINTS},
        {"89049032", "EUM", NULL, EID, CERT_NAME_CONSTRAINTS},
        {"89049032", "EUM", "EUM", NULL, CERT_NAME_CONSTRAINTS},
        {NULL, "EUM", "EUM", EID, CERT_NAME_CONSTRAINTS},
        {"", "EUM", "EUM", EID, CERT_NAME_CONSTRAINTS},
    };
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cert_request of_eum = request_for(CERT_ROLE_EUM);
        struct cert_request of_euicc = request_for(CERT_ROLE_EUICC);
        struct pair eum;
        struct pair euicc;

        of_eum.organization = cases[i].eum_organization;
        of_eum.eid_prefix = cases[i].prefix;
        of_euicc.organization = cases[i].euicc_organization;
        of_euicc.serial_number = cases[i].eid;
        eum = issue_with(&of_eum, EC_CURVE_P256, &ci);
        euicc = issue_with(&of_euicc, EC_CURVE_P256, &eum);
        ck_assert_msg(cert_check_eid_permitted(eum.cert, euicc.cert) == cases[i].status, "case %zu", i);
        drop(&eum);
        drop(&euicc);
    }
    drop(&ci);
}
END_TEST

START_TEST(pem)
{
    struct pair ci = issue(CERT_ROLE_CI, EC_CURVE_P256, NULL);
    const unsigned char *at = cert_der(ci.cert).data;
    X509 *x509 = d2i_X509(NULL, &at, (long)cert_der(ci.cert).size);
    BIO *bio = BIO_new(BIO_s_mem());
    struct cert *again;
    enum cert_status status;
    char *text;
    long size;

    ck_assert_int_eq(PEM_write_bio_X509(bio, x509), 1);
    size = BIO_get_mem_data(bio, &text);
    again = cert_parse_der_or_pem(SPAN(text, (size_t)size), &status);
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(status, CERT_OK);
    ck_assert_span(cert_der(again), cert_der(ci.cert));
    cert_free(again);
    again = cert_parse_der_or_pem(cert_der(ci.cert), NULL);
    ck_assert_ptr_nonnull(again);
    cert_free(again);
    ck_assert_ptr_null(cert_parse_der_or_pem(SPAN(text, (size_t)size - 30), &status));
    ck_assert_int_eq(status, CERT_MALFORMED);
    ck_assert_ptr_null(cert_parse_der_or_pem(SPAN_STRING("no certificate\n"), &status));
    ck_assert_int_eq(status, CERT_MALFORMED);
    ck_assert_ptr_null(cert_parse_der_or_pem(SPAN_NONE, &status));
    ck_assert_int_eq(status, CERT_MALFORMED);
    BIO_free(bio);
    X509_free(x509);
    drop(&ci);
}
END_TEST

START_TEST(status_names)
{
    for (enum cert_status status = CERT_OK; status <= CERT_NO_MEMORY; status++)
        ck_assert_str_ne(cert_status_name(status), "");
    ck_assert_str_eq(cert_status_name((enum cert_status)99), "unknown status");
}
END_TEST

TEST_MAIN("cert", chains_of_every_role, roles_of_version_3, what_a_certificate_says, openssl_agrees,
          requests_that_cannot_be_met, truncated_and_longer, every_changed_octet_is_refused,
          forms_that_are_refused, other_keys_and_algorithms, issuer_on_the_other_curve, name_constraints, pem,
          status_names)
