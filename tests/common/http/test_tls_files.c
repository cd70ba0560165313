/* What is said of a TLS server's certificate when it is read (common/http/tls_files.c): each line, and none
 * for a good one. */
#include "common/http/tls_files.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DAY  (24L * 3600)
#define GOOD "DNS:server.example"

struct validity {
    long from, until; /* seconds from now */
};

static const struct validity always = {-DAY, DAY};

struct files {
    char cert[256], key[256];
};

/* A certificate for `key`; `names` may be NULL. */
static X509 *make(const char *common_name, struct validity validity, const char *names, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), validity.from);
    X509_gmtime_adj(X509_getm_notAfter(cert), validity.until);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)common_name, -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    if (names != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

        X509_add_ext(cert, extension, -1);
        X509_EXTENSION_free(extension);
    }
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    return cert;
}

static FILE *create(char path[256], const char *name)
{
    FILE *file;

    snprintf(path, 256, "%s", test_path(name));
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    return file;
}

static void write_key(struct files *files, EVP_PKEY *key)
{
    FILE *file = create(files->key, "key.pem");

    ck_assert(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0);
    ck_assert_int_eq(chmod(files->key, 0600), 0);
}

/* A server's files: its certificate, and behind it an issuer's with `issuer`'s dates. */
static void write_files(struct files *files, struct validity server, const char *names,
                        struct validity issuer, bool der)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make("server", server, names, key);
    X509 *above = make("above", issuer, NULL, key);
    FILE *file = create(files->cert, "cert.pem");

    ck_assert_int_eq(der ? i2d_X509_fp(file, cert) : PEM_write_X509(file, cert), 1);
    ck_assert(der || PEM_write_X509(file, above) == 1);
    ck_assert_int_eq(fclose(file), 0);
    write_key(files, key);
    X509_free(cert);
    X509_free(above);
    EVP_PKEY_free(key);
}

static int check(void *context)
{
    const struct files *files = context;

    return tls_files_check(files->cert, files->key) ? EXIT_OK : EXIT_FAILED;
}

/* "… PATH: the TLS certificate WHAT DATE: clients will refuse it", with the date so many seconds from `now`.
 */
static const char *line_of(const char *path, const char *what, time_t now, long seconds)
{
    static char line[600];
    char date[32];
    time_t when = now + seconds;
    struct tm parts;

    ck_assert_uint_gt(strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&when, &parts)), 0);
    snprintf(line, sizeof(line), "softeuicc: warning: %s: the TLS certificate%s %s: clients will refuse it\n",
             path, what, date);
    return line;
}

START_TEST(times)
{
    static const struct {
        struct validity server, issuer;
        const char *what; /* NULL: nothing is said */
        long date;
    } cases[] = {
        {{-DAY, DAY}, {-DAY, DAY}, NULL, 0},
        {{-2 * DAY, -60}, {-DAY, DAY}, " expired on", -60},
        {{60, DAY}, {-DAY, DAY}, " is not valid before", 60},
        {{-DAY, DAY}, {-2 * DAY, -DAY}, " of the issuer above expired on", -DAY},
        {{-DAY, DAY}, {DAY, 2 * DAY}, " of the issuer above is not valid before", DAY},
        {{-2 * DAY, -60}, {-2 * DAY, -DAY}, " expired on", -60}, /* one line */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct captured captured;
        struct files files;
        time_t now;

        do { /* all within one second */
            now = time(NULL);
            write_files(&files, cases[i].server, GOOD, cases[i].issuer, false);
        } while (time(NULL) != now);
        captured = capture(check, &files);
        ck_assert_captured(captured, EXIT_OK, "",
                           cases[i].what != NULL ? line_of(files.cert, cases[i].what, now, cases[i].date)
                                                 : "");
    }
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *names;
        bool good;
    } cases[] = {
        {"DNS:server.example", true},         {"IP:127.0.0.1", true}, {"RID:2.999.10", false},
        {"RID:2.999.10,DNS:localhost", true}, {NULL, false},          {"email:a@b.example", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct captured captured;
        struct files files;
        char line[600];

        write_files(&files, always, cases[i].names, always, true);
        captured = capture(check, &files);
        snprintf(line, sizeof(line),
                 "softeuicc: warning: %s: the TLS certificate has no host's name or address "
                 "(subjectAltName): clients will refuse "
                 "it\n",
                 files.cert);
        ck_assert_captured(captured, EXIT_OK, "", cases[i].good ? "" : line);
    }
}
END_TEST

START_TEST(another_key)
{
    static const char *const groups[] = {"P-256", "P-384"};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        EVP_PKEY *other = EVP_EC_gen(groups[i]);
        struct captured captured;
        struct files files;
        char tail[600];

        write_files(&files, always, GOOD, always, false);
        write_key(&files, other);
        captured = capture(check, &files);
        ck_assert_int_eq(captured.status, EXIT_FAILED);
        snprintf(tail, sizeof(tail), ": %s is not the private key of %s\n", files.key, files.cert);
        ck_assert_ptr_nonnull(strstr(captured.err, tail));
        ck_assert_ptr_eq(strchr(captured.err, '\n'), strrchr(captured.err, '\n')); /* one line */
        EVP_PKEY_free(other);
    }
}
END_TEST

/* As DER, whatever the files are. */
START_TEST(reads)
{
    static const struct validity now = {-DAY, DAY};
    struct buf *cert = test_buf(), *key = test_buf();
    const unsigned char *at;
    struct files files;
    EVP_PKEY *read_key;
    X509 *read_cert;
    int kind = 0;

    for (int der = 0; der <= 1; der++) {
        write_files(&files, now, GOOD, now, der == 1);
        buf_clear(cert);
        buf_clear(key);
        ck_assert(tls_files_read(files.cert, files.key, cert, key, &kind));
        ck_assert_int_eq(kind, EVP_PKEY_EC);
        at = cert->data;
        read_cert = d2i_X509(NULL, &at, (long)cert->size);
        ck_assert_ptr_eq(at, cert->data + cert->size);
        at = key->data;
        read_key = d2i_PrivateKey(kind, NULL, &at, (long)key->size);
        ck_assert_ptr_eq(at, key->data + key->size);
        ck_assert_int_eq(X509_check_private_key(read_cert, read_key), 1);
        X509_free(read_cert);
        EVP_PKEY_free(read_key);
    }
}
END_TEST

START_TEST(the_industrys_expired_certificate)
{
    const char *cert = shared_data("sgp26-nist/CERT_S_SM_DP_TLS_NIST.der");
    struct captured captured;
    struct files files;
    struct span key;
    char line[600];
    FILE *file;

    if (cert == NULL) {
        printf("skipped: ../shared/data/sgp26-nist is not there\n");
        return;
    }
    snprintf(files.cert, sizeof(files.cert), "%s", cert);
    key = test_read_file(shared_data("sgp26-nist/SK_S_SM_DP_TLS_NIST.der"));
    file = create(files.key, "key.der");
    ck_assert(fwrite(key.data, key.size, 1, file) == 1 && fclose(file) == 0);
    ck_assert_int_eq(chmod(files.key, 0600), 0);
    captured = capture(check, &files);
    snprintf(line, sizeof(line),
             "softeuicc: warning: %s: the TLS certificate expired on 2026-08-02 13:14:38 UTC: clients will "
             "refuse it\n",
             files.cert);
    ck_assert_captured(captured, EXIT_OK, "", line);
}
END_TEST

TEST_MAIN("tls_files", times, names, another_key, reads, the_industrys_expired_certificate)
