/* What each certificate of eSIM has to hold. See sgp26.h. The rows of version 2 were read off SGP.26's files.
 */
#include "tests/support/sgp26.h"

#include "tests/support/test.h"

#include <openssl/x509v3.h>

#include <string.h>

/* An extension: its OID; whether critical; what OpenSSL prints of it begins so ("" for any). */
struct extension {
    const char *oid;
    bool critical;
    const char *value;
    bool ours_only;
};

#define SUBJECT_KEY_ID     .oid = "2.5.29.14", .critical = false, .value = ""
#define AUTHORITY_KEY_ID   .oid = "2.5.29.35", .critical = false, .value = ""
#define CRL_PLACE          .oid = "2.5.29.31", .critical = false, .value = "Full Name:\n  URI:http://"
#define REGISTERED_ID      .oid = "2.5.29.17", .critical = false, .value = "Registered ID:2.999."
#define HOSTS              .oid = "2.5.29.17", .critical = false, .value = "DNS:"
#define SIGNS              .oid = "2.5.29.15", .critical = true, .value = "Digital Signature"
#define ISSUES             .oid = "2.5.29.15", .critical = true, .value = "Certificate Sign"
#define ISSUES_WITH_LIST   .oid = "2.5.29.15", .critical = true, .value = "Certificate Sign, CRL Sign"
#define CA(path)           .oid = "2.5.29.19", .critical = true, .value = "CA:TRUE" path
#define POLICY(arcs)       .oid = "2.5.29.32", .critical = true, .value = "Policy: 2.23.146.1.2.1." arcs "\n"
#define PLAIN_POLICY(arcs) .oid = "2.5.29.32", .critical = false, .value = "Policy: 2.23.146.1.2.1." arcs "\n"
#define TLS_BOTH                                                                                             \
    .oid = "2.5.29.37", .critical = true,                                                                    \
    .value = "TLS Web Server Authentication, TLS Web Client Authentication"
#define EID_PREFIX .oid = "2.5.29.30", .critical = true, .value = "Permitted:\n  DirName:"
#define EINS       .oid = "2.23.146.1.2.2.0", .critical = true, .value = ""

#define SERVER(policy)                                                                                       \
    {                                                                                                        \
        {AUTHORITY_KEY_ID}, {SUBJECT_KEY_ID}, {REGISTERED_ID}, {SIGNS}, {policy},                            \
        {                                                                                                    \
            CRL_PLACE                                                                                        \
        }                                                                                                    \
    }
#define TLS_SERVER(policy)                                                                                   \
    {                                                                                                        \
        {AUTHORITY_KEY_ID}, {SUBJECT_KEY_ID}, {HOSTS}, {SIGNS}, {TLS_BOTH}, {policy},                        \
        {                                                                                                    \
            CRL_PLACE                                                                                        \
        }                                                                                                    \
    }
#define SUB_CA(path, policy)                                                                                 \
    {                                                                                                        \
        {AUTHORITY_KEY_ID}, {SUBJECT_KEY_ID}, {REGISTERED_ID}, {ISSUES_WITH_LIST}, {CA(path)}, {policy},     \
        {                                                                                                    \
            CRL_PLACE                                                                                        \
        }                                                                                                    \
    }

/*
 * Reading: SGP.26 has no row for the eIM's TLS certificate in its files of version 1: the SM-DP+'s, without a
 * policy. Its signing certificate has two extensions only; ours says its key identifier and OID too.
 */
static const struct row {
    const char *subject; /* attributes that it has: O, CN, serialNumber */
    struct extension extensions[9];
} rows[SGP26_ROWS] = {
    [CERT_ROLE_CI] =
        {"O CN",
         {{SUBJECT_KEY_ID}, {CA("")}, {POLICY("0")}, {ISSUES_WITH_LIST}, {REGISTERED_ID}, {CRL_PLACE}}},
    [CERT_ROLE_EUM] = {"O CN",
                       {{AUTHORITY_KEY_ID},
                        {SUBJECT_KEY_ID},
                        {ISSUES},
                        {POLICY("2")},
                        {REGISTERED_ID},
                        {CA(", pathlen:0")},
                        {CRL_PLACE},
                        {EID_PREFIX}}},
    [CERT_ROLE_EUICC] = {"O CN serialNumber", {{AUTHORITY_KEY_ID}, {SUBJECT_KEY_ID}, {SIGNS}, {POLICY("1")}}},
    [CERT_ROLE_DP_TLS] = {"O CN", TLS_SERVER(PLAIN_POLICY("3"))},
    [CERT_ROLE_DP_AUTH] = {"O CN", SERVER(POLICY("4"))},
    [CERT_ROLE_DP_PB] = {"O CN", SERVER(POLICY("5"))},
    [CERT_ROLE_DS_TLS] = {"O CN", TLS_SERVER(PLAIN_POLICY("6"))},
    [CERT_ROLE_DS_AUTH] = {"O CN", SERVER(POLICY("7"))},
    [CERT_ROLE_CI_SUBCA] = {"O CN", SUB_CA("", PLAIN_POLICY("0.0"))},
    [CERT_ROLE_EUM_V3] = {"O CN",
                          {{AUTHORITY_KEY_ID},
                           {SUBJECT_KEY_ID},
                           {ISSUES_WITH_LIST},
                           {POLICY("0.0.0")},
                           {REGISTERED_ID},
                           {CA(", pathlen:")},
                           {CRL_PLACE},
                           {EINS}}},
    [CERT_ROLE_EUM_SUBCA] = {"O CN", SUB_CA(", pathlen:0", POLICY("0.0.0.0"))},
    [CERT_ROLE_EUICC_V3] = {"O CN serialNumber",
                            {{AUTHORITY_KEY_ID}, {SUBJECT_KEY_ID}, {SIGNS}, {POLICY("0.0.0.0.0")}}},
    [CERT_ROLE_DP_SUBCA] = {"O CN", SUB_CA(", pathlen:0", PLAIN_POLICY("0.0.1"))},
    [CERT_ROLE_DP_TLS_V3] = {"O CN", TLS_SERVER(PLAIN_POLICY("0.0.1.0"))},
    [CERT_ROLE_DP_AUTH_V3] = {"O CN", SERVER(POLICY("0.0.1.1"))},
    [CERT_ROLE_DP_PB_V3] = {"O CN", SERVER(POLICY("0.0.1.2"))},
    [CERT_ROLE_DS_SUBCA] = {"O CN", SUB_CA(", pathlen:0", PLAIN_POLICY("0.0.2"))},
    [CERT_ROLE_DS_TLS_V3] = {"O CN", TLS_SERVER(PLAIN_POLICY("0.0.2.0"))},
    [CERT_ROLE_DS_AUTH_V3] = {"O CN", SERVER(POLICY("0.0.2.1"))},
    [SGP26_EIM_SIGN] = {"CN",
                        {{AUTHORITY_KEY_ID},
                         {SIGNS},
                         {SUBJECT_KEY_ID, .ours_only = true},
                         {REGISTERED_ID, .ours_only = true}}},
    [SGP26_EIM_TLS] = {"O CN",
                       {{AUTHORITY_KEY_ID}, {SUBJECT_KEY_ID}, {HOSTS}, {SIGNS}, {TLS_BOTH}, {CRL_PLACE}}},
};

static X509 *x509_of(struct span der)
{
    const unsigned char *at = der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.size);

    ck_assert_ptr_nonnull(x509);
    return x509;
}

static void check_subject(const char *name, X509 *x509, const char *attributes)
{
    X509_NAME *subject = X509_get_subject_name(x509);

    ck_assert_msg(X509_NAME_get_index_by_NID(subject, NID_commonName, -1) >= 0, "%s", name);
    ck_assert_msg(strstr(attributes, "O ") == NULL ||
                      X509_NAME_get_index_by_NID(subject, NID_organizationName, -1) >= 0,
                  "%s", name);
    ck_assert_msg((strstr(attributes, "serialNumber") != NULL) ==
                      (X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1) >= 0),
                  "%s", name);
}

/* Whether this extension is as the row says. */
static void check_extension(const char *name, X509_EXTENSION *extension, const struct extension *want)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    size_t size;

    ck_assert_msg((X509_EXTENSION_get_critical(extension) != 0) == want->critical, "%s: %s is %scritical",
                  name, want->oid, want->critical ? "not " : "");
    X509V3_EXT_print(bio, extension, X509V3_EXT_PARSE_UNKNOWN, 0);
    BIO_write(bio, "\n", 1);
    size = (size_t)BIO_get_mem_data(bio, &text);
    ck_assert_msg(size >= strlen(want->value) && memcmp(text, want->value, strlen(want->value)) == 0,
                  "%s: %s is %.*s", name, want->oid, (int)size, text);
    BIO_free(bio);
}

static X509_EXTENSION *find(X509 *x509, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(x509, object, -1);

    ASN1_OBJECT_free(object);
    return at >= 0 ? X509_get_ext(x509, at) : NULL;
}

void sgp26_check(const char *name, struct span der, int row, bool theirs)
{
    X509 *x509 = x509_of(der);
    int known = 0;

    check_subject(name, x509, rows[row].subject);
    for (const struct extension *want = rows[row].extensions; want->oid != NULL; want++) {
        X509_EXTENSION *extension = find(x509, want->oid);

        if (extension == NULL && theirs && want->ours_only)
            continue;
        ck_assert_msg(extension != NULL, "%s has no %s", name, want->oid);
        check_extension(name, extension, want);
        known++;
    }
    ck_assert_msg(X509_get_ext_count(x509) == known, "%s has %d extensions, not %d", name,
                  X509_get_ext_count(x509), known);
    X509_free(x509);
}

void sgp26_check_chain(const char *name, const struct span *der, size_t count, const char *host)
{
    X509 *leaf = x509_of(der[0]);
    X509 *root = x509_of(der[count - 1]);
    STACK_OF(X509) *between = sk_X509_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;

    for (size_t i = 1; i + 1 < count; i++)
        ck_assert_int_ne(sk_X509_push(between, x509_of(der[i])), 0);
    ck_assert_int_eq(X509_STORE_add_cert(store, root), 1);
    ck_assert_int_eq(X509_STORE_CTX_init(context, store, leaf, between), 1);
    param = X509_STORE_CTX_get0_param(context);
    if (host != NULL) {
        ck_assert_int_eq(X509_STORE_CTX_set_default(context, "ssl_server"), 1);
        ck_assert_int_eq(X509_VERIFY_PARAM_set1_host(param, host, 0), 1);
    } else {
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_IGNORE_CRITICAL); /* the permitted EINs */
    }
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    ck_assert_msg(X509_verify_cert(context) == 1, "%s: %s", name,
                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_pop_free(between, X509_free);
    X509_free(root);
    X509_free(leaf);
}
