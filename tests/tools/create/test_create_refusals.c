/* `softeuicc create`: what cannot be is refused in one line that names it, and leaves no file. */
#include "tests/tools/create/create_bench.h"

#include "common/pki/pki_dir.h"
#include "common/tool.h"
#include "tests/support/profile.h"

#include <openssl/ec.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_ci p256, brainpool;
static struct bench_set a, b; /* of p256, of brainpool */

/* A set that is whole. */
#define SET "--ci", a.ci, "--eum-cert", a.eum, "--eum-key", a.eum_key

static void make_credentials(void)
{
    test_ci_make(&p256, EC_CURVE_P256);
    bench_write_set(&a, &p256, "p256");
    test_ci_make(&brainpool, EC_CURVE_BRAINPOOL_P256R1);
    bench_write_set(&b, &brainpool, "brainpool");
}

/* A key on a curve that no eUICC uses. */
static const char *p384_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    const char *path = bench_path("p384.pem");
    FILE *file = fopen(path, "w");

    ck_assert(key != NULL && file != NULL);
    ck_assert_int_eq(PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0600), 0); /* else there is a warning too */
    EVP_PKEY_free(key);
    return path;
}

/* --- files --------------------------------------------------------------------------------------- */

/* Each kind of file: not there, empty, not a file, of another kind, too large. */
START_TEST(files)
{
    static const struct {
        const char *option;
        bool is_key;
    } kinds[] = {{"--ci", false},
                 {"--eum-cert", false},
                 {"--eum-key", true},
                 {"--euicc-cert", false},
                 {"--euicc-key", true}};
    const char *none = bench_path("none");
    const char *empty = bench_file("empty", SPAN_NONE);
    const char *text = bench_file("text", SPAN_STRING("-----BEGIN NOTHING-----\n"));
    const char *large = bench_path("large");
    const char *other_key;

    make_credentials();
    other_key = p384_key();
    ck_assert_int_eq(truncate(bench_file("large", SPAN_STRING("x")), 1024 * 1024 + 1), 0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *option = kinds[i].option;
        const char *wrong = kinds[i].is_key ? ": not a private key on P-256 or brainpoolP256r1"
                                            : ": not a certificate that can be used: ";
        /* In front of the first set's other files stands its CI. */
        const char *const words[][5] = {
            {"--ci", a.ci, option, none},
            {"--ci", a.ci, option, empty},
            {"--ci", a.ci, option, bench_path("")},
            {"--ci", a.ci, option, large},
            {"--ci", a.ci, option, text},
            {"--ci", a.ci, option, kinds[i].is_key ? a.ci : a.eum_key},
        };
        char part[400];

        snprintf(part, sizeof(part), "cannot open %s: No such file", none);
        bench_refused(__FILE__, __LINE__, EXIT_FAILED, part, words[0]);
        snprintf(part, sizeof(part), "%s%s", empty, wrong);
        bench_refused(__FILE__, __LINE__, EXIT_FAILED, part, words[1]);
        bench_refused(__FILE__, __LINE__, EXIT_FAILED, "is a directory, not a file", words[2]);
        snprintf(part, sizeof(part), "%s is larger than", large);
        bench_refused(__FILE__, __LINE__, EXIT_FAILED, part, words[3]);
        snprintf(part, sizeof(part), "%s%s", text, wrong);
        bench_refused(__FILE__, __LINE__, EXIT_FAILED, part, words[4]);
        snprintf(part, sizeof(part), "%s%s", words[5][3], wrong);
        bench_refused(__FILE__, __LINE__, EXIT_FAILED, part, words[5]);
        if (kinds[i].is_key)
            REFUSED(EXIT_FAILED, "p384.pem: not a private key on", "--ci", a.ci, option, other_key);
    }
}
END_TEST

START_TEST(profile_files)
{
    struct span good = test_profile("8949000000000000106");
    const char *profile = bench_file("good.der", good);
    const char *empty = bench_file("empty.der", SPAN_NONE);
    const char *cut = bench_file("cut.der", SPAN(good.data, good.size - 1));
    const char *large = bench_file("large.der", SPAN_STRING("x"));

    make_credentials();
    ck_assert_int_eq(truncate(large, 4 * 1024 * 1024 + 1), 0);
    REFUSED(EXIT_FAILED, "cannot open ", SET, "--profile", bench_path("none.der"));
    REFUSED(EXIT_FAILED, "is a directory, not a file", SET, "--profile", bench_path(""));
    REFUSED(EXIT_FAILED, "large.der is larger than the 4194304 octets allowed", SET, "--profile", large);
    REFUSED(EXIT_FAILED, "profile 1: ", SET, "--profile", empty);
    REFUSED(EXIT_FAILED, "profile 1: ", SET, "--profile", cut);
    REFUSED(EXIT_FAILED, "profile 2: ", SET, "--profile", profile, "--profile", a.ci);
    REFUSED(EXIT_FAILED, "profile 2: has the same ICCID as an earlier one", SET, "--profile", profile,
            "--profile", profile);
    REFUSED(EXIT_FAILED, "profile 1: needs more memory than the card has left", SET, "--profile", profile,
            "--free-nvm", "1k");
    REFUSED(EXIT_FAILED, "profile 1: a consumer card has no Emergency Profile", SET, "--profile", profile,
            "--ecall", "--personality", "consumer");
    REFUSED(EXIT_FAILED, "profile 1: a consumer card has no Emergency Profile and no fallback", SET,
            "--profile", profile, "--fallback-allowed", "--personality", "consumer");
}
END_TEST

/* --- sets ---------------------------------------------------------------------------------------- */

START_TEST(order_of_a_set)
{
    make_credentials();
    REFUSED(EXIT_FAILED, "eum.der: --ci comes first", "--eum-cert", a.eum);
    REFUSED(EXIT_FAILED, "eum.key: --ci comes first", "--eum-key", a.eum_key);
    REFUSED(EXIT_FAILED, "euicc.der: --ci comes first", "--euicc-cert", a.euicc);
    REFUSED(EXIT_FAILED, "euicc.key: --ci comes first", "--euicc-key", a.euicc_key);
    REFUSED(EXIT_FAILED, "eum.der: this CI has such a certificate already", "--ci", a.ci, "--eum-cert", a.eum,
            "--eum-cert", b.eum);
    REFUSED(EXIT_FAILED, "euicc.der: this CI has such a certificate already", "--ci", a.ci, "--euicc-cert",
            a.euicc, "--euicc-cert", a.euicc);
    REFUSED(EXIT_FAILED, "eum.key: this CI has such a key already", "--ci", a.ci, "--eum-key", a.eum_key,
            "--eum-key", a.eum_key);
    REFUSED(EXIT_FAILED, "euicc.key: this CI has such a key already", "--ci", a.ci, "--euicc-key",
            a.euicc_key, "--euicc-key", a.euicc_key);
    REFUSED(EXIT_FAILED, "eum.key: this CI has such a key already", "--pki", bench_pki("pki"), "--eum-key",
            a.eum_key);
}
END_TEST

START_TEST(incomplete_sets)
{
    static const char either[] = "either --eum-key is needed, or --euicc-cert and --euicc-key";

    make_credentials();
    bench_refused(__FILE__, __LINE__, EXIT_USAGE, "no CI is given: --pki or --ci is needed",
                  (const char *const[]){NULL});
    REFUSED(EXIT_USAGE, "CI 1: --eum-cert is missing", "--ci", a.ci);
    REFUSED(EXIT_USAGE, "CI 1: --eum-cert is missing", "--ci", a.ci, "--eum-key", a.eum_key);
    REFUSED(EXIT_USAGE, either, "--ci", a.ci, "--eum-cert", a.eum);
    REFUSED(EXIT_USAGE, either, "--ci", a.ci, "--eum-cert", a.eum, "--euicc-cert", a.euicc);
    REFUSED(EXIT_USAGE, either, "--ci", a.ci, "--eum-cert", a.eum, "--euicc-key", a.euicc_key);
    REFUSED(EXIT_USAGE, either, "--ci", a.ci, "--eum-cert", a.eum, "--eum-key", a.eum_key, "--euicc-cert",
            a.euicc);
    REFUSED(EXIT_USAGE, either, "--ci", a.ci, "--eum-cert", a.eum, "--eum-key", a.eum_key, "--euicc-key",
            a.euicc_key);
    REFUSED(EXIT_USAGE, either, "--ci", a.ci, "--eum-cert", a.eum, "--eum-key", a.eum_key, "--euicc-cert",
            a.euicc, "--euicc-key", a.euicc_key);
    REFUSED(EXIT_USAGE, "CI 2: --eum-cert is missing", SET, "--ci", b.ci);
}
END_TEST

START_TEST(what_does_not_fit_together)
{
    struct test_entity stranger;

    make_credentials();
    /* Keys of others, of the same curve and another. */
    REFUSED(EXIT_FAILED, "CI 1: EUM key: does not belong to the EUM certificate", "--ci", a.ci, "--eum-cert",
            a.eum, "--eum-key", a.euicc_key);
    REFUSED(EXIT_FAILED, "CI 1: EUM key: does not belong to the EUM certificate", "--ci", a.ci, "--eum-cert",
            a.eum, "--eum-key", b.eum_key);
    REFUSED(EXIT_FAILED, "CI 1: eUICC key: does not belong to the eUICC certificate", "--ci", a.ci,
            "--eum-cert", a.eum, "--euicc-cert", a.euicc, "--euicc-key", a.eum_key);
    /* Certificates of another CI, on another curve. */
    REFUSED(EXIT_FAILED, "CI 1: EUM certificate: ", "--ci", a.ci, "--eum-cert", b.eum, "--eum-key",
            b.eum_key);
    REFUSED(EXIT_FAILED, "CI 1: eUICC certificate: ", "--ci", a.ci, "--eum-cert", a.eum, "--euicc-cert",
            b.euicc, "--euicc-key", b.euicc_key);
    REFUSED(EXIT_FAILED, "CI 2: is the same CI as an earlier one", SET, SET);
    /* Certificates of another role. */
    REFUSED(EXIT_FAILED, "CI 1: CI certificate: ", "--ci", a.eum, "--eum-cert", a.eum, "--eum-key",
            a.eum_key);
    REFUSED(EXIT_FAILED, "CI 1: EUM certificate: ", "--ci", a.ci, "--eum-cert", a.ci, "--eum-key", a.eum_key);
    REFUSED(EXIT_FAILED, "CI 1: eUICC certificate: ", "--ci", a.ci, "--eum-cert", a.eum, "--euicc-cert",
            a.eum, "--euicc-key", a.eum_key);
    /* An EUM under the same curve's other CI. */
    test_entity_issue(&stranger, &p256, CERT_ROLE_EUM, "2.999.6", EC_CURVE_P256);
    test_entity_sign_with(&stranger, p256.eum.key);
    REFUSED(EXIT_FAILED, "CI 1: EUM certificate: ", "--ci", a.ci, "--eum-cert",
            bench_file("stranger.der", buf_span(&stranger.der)), "--eum-key",
            bench_write_key("stranger.key", stranger.key));
    test_entity_free(&stranger);
}
END_TEST

/* --- PKI directories ----------------------------------------------------------------------------- */

static const char *pki_file(const char *dir, enum ec_curve curve, enum pki_entity entity, enum pki_file file)
{
    static char paths[2][PKI_PATH_MAX];
    static size_t next;
    char *path = paths[next++ % 2];

    ck_assert(pki_path(path, dir, curve, entity, file));
    return path;
}

static void copy_file(const char *from, const char *to)
{
    ck_assert(tool_write_file(to, test_read_file(from), 0600));
}

START_TEST(pki_directories)
{
    const enum ec_curve one = EC_CURVE_P256;
    const enum ec_curve two = EC_CURVE_BRAINPOOL_P256R1;
    const char *dir = bench_pki("dir");
    const char *key = pki_file(dir, one, PKI_EUM, PKI_KEY_PEM);
    const char *good_key = bench_path("good.key");
    static char longest[PKI_PATH_MAX + 10];

    REFUSED(EXIT_FAILED, "no-dir holds no PKI (make one with 'softeuicc pki init --dir", "--pki",
            bench_path("no-dir"));
    REFUSED(EXIT_FAILED, "README.txt holds no PKI", "--pki", bench_path("dir/README.txt"));
    REFUSED(EXIT_FAILED, "p256 holds no PKI", "--pki", bench_path("dir/p256"));
    memset(longest, 'x', sizeof(longest) - 1);
    REFUSED(EXIT_FAILED, "xxx", "--pki", longest); /* the line is cut */
    ck_assert_int_eq(rename(key, good_key), 0);
    REFUSED(EXIT_FAILED, "eum.key.pem: No such file", "--pki", dir);
    copy_file(pki_file(dir, one, PKI_CI, PKI_KEY_PEM), key);
    REFUSED(EXIT_FAILED, "eum.key.pem: the key does not belong to the certificate beside it", "--pki", dir);
    ck_assert_int_eq(rename(good_key, key), 0);
    copy_file(pki_file(dir, two, PKI_EUM, PKI_CERT_DER), bench_path("good.der"));
    copy_file(pki_file(dir, one, PKI_EUM, PKI_CERT_DER), pki_file(dir, two, PKI_EUM, PKI_CERT_DER));
    REFUSED(EXIT_FAILED, "brainpool/eum.cert.der: the key is on P-256, expected brainpoolP256r1", "--pki",
            dir);
    copy_file(pki_file(dir, two, PKI_DP_AUTH, PKI_CERT_DER), pki_file(dir, two, PKI_EUM, PKI_CERT_DER));
    REFUSED(EXIT_FAILED, "brainpool/eum.cert.der: the certificate has the role of ", "--pki", dir);
    copy_file(bench_path("good.der"), pki_file(dir, two, PKI_EUM, PKI_CERT_DER));
    REFUSED(EXIT_FAILED, "CI 3: is the same CI as an earlier one", "--pki", dir, "--pki", dir);
    ck_assert_int_eq(truncate(pki_file(dir, one, PKI_CI, PKI_CERT_DER), 20), 0);
    REFUSED(EXIT_FAILED, "p256/ci.cert.der: not a certificate that can be used", "--pki", dir);
}
END_TEST

/* --- options ------------------------------------------------------------------------------------- */

START_TEST(option_values)
{
    static const struct {
        int status;
        const char *option, *value, *part;
    } rows[] = {
        {EXIT_USAGE, "--personality", "phone", "--personality is not hybrid, consumer or iot: phone"},
        {EXIT_USAGE, "--personality", "", "--personality is not hybrid, consumer or iot: "},
        {EXIT_USAGE, "--sgp22", "2.2.2", "--sgp22 is not 2.2, 2.3, 2.4 or 2.5: 2.2.2"},
        {EXIT_USAGE, "--sgp32", "1.1", "--sgp32 is not 1.2 or 1.3: 1.1"},
        {EXIT_USAGE, "--free-nvm", "", "--free-nvm is not a number of octets: "},
        {EXIT_USAGE, "--free-nvm", "0", "--free-nvm is not a number of octets: 0"},
        {EXIT_USAGE, "--free-nvm", "0M", "--free-nvm is not a number of octets: 0M"},
        {EXIT_USAGE, "--free-nvm", "-1", "--free-nvm is not a number of octets: -1"},
        {EXIT_USAGE, "--free-nvm", "k", "--free-nvm is not a number of octets: k"},
        {EXIT_USAGE, "--free-nvm", "1G", "--free-nvm is not a number of octets: 1G"},
        {EXIT_USAGE, "--free-nvm", "1kk", "--free-nvm is not a number of octets: 1kk"},
        {EXIT_USAGE, "--free-nvm", "1 k", "--free-nvm is not a number of octets: 1 k"},
        {EXIT_USAGE, "--free-nvm", "8796093022208M", "--free-nvm is not a number of octets: 8796093022208M"},
        {EXIT_USAGE, "--free-nvm", "9223372036854775808", "--free-nvm is not a number of octets: 92233"},
        {EXIT_USAGE, "--free-nvm", "100000000000000000000000", "--free-nvm is not a number of octets: 1000"},
        {EXIT_USAGE, "--class", "test", "what is said of a profile comes after its --profile"},
        {EXIT_USAGE, "--frob", "1", "there is no option '--frob'"},
        {EXIT_USAGE, "word", "", "'word' is one argument too many"},
        {EXIT_FAILED, "--eid", "", "the EID must have 32 digits, or 30"},
        {EXIT_FAILED, "--eid", "8904903212345123451234567890123", "the EID must have 32 digits, or 30"},
        {EXIT_FAILED, "--eid", "890490321234512345123456789012345", "the EID must have 32 digits, or 30"},
        {EXIT_FAILED, "--eid", "8904903212345123451234567890123x", "the EID must consist of decimal digits"},
        {EXIT_FAILED, "--eid", "89049032123451234512345678901236", "the check digits of the EID are wrong"},
        {EXIT_FAILED, "--eid", "890440321234512345123456789012",
         "CI 1: EUM certificate: does not permit the EID"},
        {EXIT_FAILED, "--default-smdp", "a b", "the default SM-DP+ address has a character"},
        {EXIT_FAILED, "--root-smds", "a\xC3\xBC", "the root SM-DS address has a character"},
    };

    make_credentials();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        REFUSED(rows[i].status, rows[i].part, SET, rows[i].option, rows[i].value);
}
END_TEST

START_TEST(what_is_said_of_profiles)
{
    const char *profile = bench_file("said.der", test_profile("8949000000000000106"));

    make_credentials();
    REFUSED(EXIT_USAGE, "--class is not operational, test or provisioning: other", SET, "--profile", profile,
            "--class", "other");
    REFUSED(EXIT_USAGE, "--class is not operational, test or provisioning: ", SET, "--profile", profile,
            "--class", "");
    REFUSED(EXIT_USAGE, "comes after its --profile", SET, "--ecall", "--profile", profile);
    REFUSED(EXIT_USAGE, "comes after its --profile", SET, "--fallback-allowed", "--profile", profile);
}
END_TEST

/* More than there may be. */
static void assert_many_settings_refused(void)
{
    const char *words[7 + 2 * 65 + 1] = {SET, "--ipae"};

    for (size_t i = 7; i + 1 < sizeof(words) / sizeof(words[0]); i += 2) {
        words[i] = "--ipae-set";
        words[i + 1] = "compact=on";
    }
    bench_refused(__FILE__, __LINE__, EXIT_USAGE, "no more than 64 times", words);
}

START_TEST(settings_of_the_ipae)
{
    make_credentials();
    assert_many_settings_refused();
    REFUSED(EXIT_USAGE, "--ipae-set is for a card that is made with --ipae", SET, "--ipae-set", "compact=on");
    REFUSED(EXIT_USAGE, "--ipae-set is NAME=VALUE or NAME@EIMID=VALUE, not: compact", SET, "--ipae",
            "--ipae-set", "compact");
    REFUSED(EXIT_USAGE, "not: compact@on", SET, "--ipae", "--ipae-set", "compact@on");
    REFUSED(EXIT_USAGE, "'--ipae-set' needs a value", SET, "--ipae", "--ipae-set");
    if (softeuicc_setting_at(0) == NULL)
        return; /* a build without the IPAe */
    REFUSED(EXIT_FAILED, "compact is on or off, not ''", SET, "--ipae", "--ipae-set", "compact=");
    REFUSED(EXIT_FAILED, "the IPAe has no setting 'poll'", SET, "--ipae", "--ipae-set", "poll=1h");
    REFUSED(EXIT_FAILED, "quiet-hours is the same for all eIMs", SET, "--ipae", "--ipae-set",
            "quiet-hours@e=");
    REFUSED(EXIT_FAILED, "poll-interval is 0 to 2678400 seconds (31d), not '500ms'", SET, "--ipae",
            "--ipae-set", "poll-interval=500ms");
    REFUSED(EXIT_FAILED, "an eimId is UTF-8", SET, "--ipae", "--ipae-set", "compact@\xFF=on");
}
END_TEST

START_TEST(no_file_is_named)
{
    struct captured captured;
    char here[256];

    make_credentials();
    captured = CREATE(SET);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "--card is missing"));
    captured = CREATE(SET, "--card", ":memory:");
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_str_eq(captured.out, "");
    ck_assert_ptr_nonnull(strstr(captured.err, "--card is not a file: :memory:"));
    captured = CREATE(SET, "--card", "");
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_str_eq(captured.out, "");
    snprintf(here, sizeof(here), "%s", test_path("file:x.db"));
    captured = CREATE(SET, "--card", here);
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_int_eq(access(here, F_OK), 0);
}
END_TEST

TEST_MAIN("create refusals", files, profile_files, order_of_a_set, incomplete_sets,
          what_does_not_fit_together, pki_directories, option_values, what_is_said_of_profiles,
          settings_of_the_ipae, no_file_is_named)
