/* `softeuicc create`: the card is what was asked for, and what is shown is what the card is. */
#include "config.h"

#include "tests/support/sgp26.h"
#include "tests/tools/create/create_bench.h"

#include "apdu/tlv.h"
#include "common/pki/pki_dir.h"
#include "common/tool.h"
#include "euicc/os/card.h"
#include "tests/support/edit.h"
#include "tests/support/profile.h"
#include "tools/create/inputs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_ci p256, brainpool;
static struct bench_set set;

static void make_credentials(void)
{
    test_ci_make(&p256, EC_CURVE_P256);
    bench_write_set(&set, &p256, "p256");
}

/* The rest of the line that begins with the label. */
static const char *value(const char *out, const char *label)
{
    static char line[512];
    const char *at = strstr(out, label);

    ck_assert_msg(at != NULL, "no %s in %s", label, out);
    at += strlen(label);
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
    return line;
}

static void assert_made(const struct captured *captured)
{
    ck_assert_str_eq(captured->err, "");
    ck_assert_int_eq(captured->status, EXIT_OK);
}

static struct softeuicc *opened(const char *path)
{
    struct softeuicc_error error;
    struct softeuicc *card = softeuicc_open(path, NULL, &error);

    ck_assert_msg(card != NULL, "%s", error.message);
    return card;
}

/* The card's credentials under a CI: its EUM is this one, and certified its key for its EID. */
static void assert_credentials(const struct softeuicc *card, size_t i, const struct cert *ci,
                               const struct cert *eum)
{
    const struct card_credentials *credentials = &card->credentials[i];

    ck_assert_uint_lt(i, card->credentials_count);
    ck_assert_span(SPAN_ARRAY(credentials->ci_key_id), cert_subject_key_id(ci));
    ck_assert(ec_key_equal(credentials->ci_key, cert_key(ci)));
    ck_assert_span(cert_der(credentials->eum_cert), cert_der(eum));
    ck_assert_int_eq(
        cert_check(credentials->euicc_cert, CERT_ROLE_EUICC, cert_key(eum), cert_subject_key_id(eum)),
        CERT_OK);
    sgp26_check("the card's", cert_der(credentials->euicc_cert), CERT_ROLE_EUICC, false);
    ck_assert_str_eq(cert_subject_serial_number(credentials->euicc_cert), softeuicc_eid(card));
    ck_assert(ec_key_equal(credentials->euicc_key, cert_key(credentials->euicc_cert)));
}

START_TEST(a_card_of_a_pki)
{
    static const enum ec_curve curves[] = {EC_CURVE_P256, EC_CURVE_BRAINPOOL_P256R1};
    const char *pki = bench_pki("pki");
    const char *path = bench_path("pki.db");
    struct captured captured = CREATE("--card", path, "--pki", pki);
    struct softeuicc *card;
    const char *facts;
    struct stat made;
    char lines[512];

    assert_made(&captured);
    ck_assert_int_eq(stat(path, &made), 0);
    ck_assert_uint_eq(made.st_mode & 07777, 0600);
    facts = bench_facts(path);
    HAS(facts, "personality=hybrid");
    HAS(facts, "memory.size=1048576");
    HAS(facts, "trusted_ci.0.curve=P-256");
    HAS(facts, "trusted_ci.1.curve=brainpoolP256r1");
    HAS(facts, "default_smdp=");
    HAS(facts, "root_smds=");
    ck_assert_ptr_null(strstr(facts, "profiles.0."));
    card = opened(path);
    snprintf(lines, sizeof(lines),
             "card         %s\nEID          %s\npersonality  hybrid\nSGP.22       2.2\nSGP.32       1.2\nCI  "
             "         ",
             path, softeuicc_eid(card));
    ck_assert_ptr_eq(strstr(captured.out, lines), captured.out);
    ck_assert_int_eq(memcmp(softeuicc_eid(card), "89049032", 8), 0); /* the EUM's prefix */
    ck_assert_uint_eq(card->credentials_count, 2);
    for (size_t i = 0; i < 2; i++) {
        struct pki_pair ci;
        struct pki_pair eum;
        char key_id[41];

        ck_assert(pki_load(pki, curves[i], PKI_CI, false, &ci) &&
                  pki_load(pki, curves[i], PKI_EUM, false, &eum));
        assert_credentials(card, i, ci.cert, eum.cert);
        hex_from_span(cert_subject_key_id(ci.cert), key_id, sizeof(key_id));
        snprintf(lines, sizeof(lines), "\nCI           %s  %s  %s\n", key_id, ec_curve_name(curves[i]),
                 cert_subject_line(ci.cert));
        ck_assert_ptr_nonnull(strstr(captured.out, lines));
        pki_pair_free(&ci);
        pki_pair_free(&eum);
    }
    softeuicc_close(card);
}
END_TEST

START_TEST(every_card_has_its_own_eid)
{
    char first[33];
    struct captured captured;

    make_credentials();
    captured = CREATE("--card", bench_path("one.db"), "--ci", set.ci, "--eum-cert", set.eum, "--eum-key",
                      set.eum_key);
    assert_made(&captured);
    snprintf(first, sizeof(first), "%s", value(captured.out, "\nEID          "));
    captured = CREATE("--card", bench_path("two.db"), "--ci", set.ci, "--eum-cert", set.eum, "--eum-key",
                      set.eum_key);
    assert_made(&captured);
    ck_assert_str_ne(value(captured.out, "\nEID          "), first);
    ck_assert_uint_eq(strspn(first, "0123456789"), 32);
}
END_TEST

START_TEST(everything_given)
{
    const char *path = bench_path("given.db");
    struct captured captured;
    struct softeuicc *card;
    const char *facts;

    make_credentials();
    captured = CREATE("--card", path, "--eid", "890490320010203040506070809010", "--personality", "iot",
                      "--sgp22", "2.4", "--sgp32", "1.3", "--free-nvm", "512k", "--default-smdp",
                      "smdp.example.com", "--root-smds", "smds.example.com", "--ci", set.ci, "--eum-cert",
                      set.eum, "--eum-key", set.eum_key);
    assert_made(&captured);
    facts = bench_facts(path);
    HAS(facts, "personality=iot");
    HAS(facts, "svn=2.4.0");
    HAS(facts, "sgp32=1.3.0");
    HAS(facts, "memory.size=524288");
    HAS(facts, "default_smdp=smdp.example.com");
    HAS(facts, "root_smds=smds.example.com");
    card = opened(path);
    ck_assert_int_eq(memcmp(softeuicc_eid(card), "890490320010203040506070809010", 30), 0);
    assert_credentials(card, 0, p256.ci.cert, p256.eum.cert);
    softeuicc_close(card);
    captured = CREATE("--card", bench_path("consumer.db"), "--personality", "consumer", "--eid", TEST_EID,
                      "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key);
    assert_made(&captured);
    ck_assert_str_eq(value(captured.out, "EID          "), TEST_EID);
    ck_assert_ptr_null(strstr(captured.out, "SGP.32"));
    HAS(bench_facts(bench_path("consumer.db")), "personality=consumer");
    HAS(bench_facts(bench_path("consumer.db")), "sgp32=");
}
END_TEST

/* PEM is taken as DER is. */
START_TEST(files_in_pem)
{
    const char *pki = bench_pki("pem");
    const char *path = bench_path("pem.db");
    char ci[PKI_PATH_MAX];
    char eum[PKI_PATH_MAX];
    char key[PKI_PATH_MAX];
    struct captured captured;

    ck_assert(pki_path(ci, pki, EC_CURVE_BRAINPOOL_P256R1, PKI_CI, PKI_CERT_PEM));
    ck_assert(pki_path(eum, pki, EC_CURVE_BRAINPOOL_P256R1, PKI_EUM, PKI_CERT_PEM));
    ck_assert(pki_path(key, pki, EC_CURVE_BRAINPOOL_P256R1, PKI_EUM, PKI_KEY_PEM));
    captured = CREATE("--card", path, "--ci", ci, "--eum-cert", eum, "--eum-key", key);
    assert_made(&captured);
    HAS(bench_facts(path), "trusted_ci.0.curve=brainpoolP256r1");
}
END_TEST

/* A certificate that the card has already says which EID it is for, whichever set it stands in. */
START_TEST(a_certificate_of_its_own)
{
    const char *path = bench_path("own.db");
    struct bench_set second;
    struct captured captured;
    struct softeuicc *card;

    make_credentials();
    captured = CREATE("--card", path, "--ci", set.ci, "--eum-cert", set.eum, "--euicc-cert", set.euicc,
                      "--euicc-key", set.euicc_key);
    assert_made(&captured);
    card = opened(path);
    ck_assert_str_eq(softeuicc_eid(card), TEST_EID);
    assert_credentials(card, 0, p256.ci.cert, p256.eum.cert);
    ck_assert_span(cert_der(card->credentials[0].euicc_cert), test_read_file(set.euicc));
    softeuicc_close(card);
    test_ci_make(&brainpool, EC_CURVE_BRAINPOOL_P256R1);
    bench_write_set(&second, &brainpool, "brainpool");
    path = bench_path("second.db");
    captured = CREATE("--card", path, "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key, "--ci",
                      second.ci, "--eum-cert", second.eum, "--euicc-cert", second.euicc, "--euicc-key",
                      second.euicc_key);
    assert_made(&captured);
    card = opened(path);
    ck_assert_str_eq(softeuicc_eid(card), TEST_EID);
    assert_credentials(card, 0, p256.ci.cert, p256.eum.cert);
    assert_credentials(card, 1, brainpool.ci.cert, brainpool.eum.cert);
    softeuicc_close(card);
}
END_TEST

START_TEST(sizes)
{
    static const struct {
        const char *value, *fact;
    } rows[] = {
        {"1", "memory.size=1"},
        {"4096", "memory.size=4096"},
        {"3k", "memory.size=3072"},
        {"3K", "memory.size=3072"},
        {"2m", "memory.size=2097152"},
        {"2M", "memory.size=2097152"},
        {"0064k", "memory.size=65536"},
        {"8796093022207M", "memory.size=9223372036853727232"},
        {"9223372036854775807", "memory.size=9223372036854775807"},
    };

    make_credentials();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = bench_path("size.db");
        struct captured captured = CREATE("--card", path, "--free-nvm", rows[i].value, "--ci", set.ci,
                                          "--eum-cert", set.eum, "--eum-key", set.eum_key);

        assert_made(&captured);
        HAS(bench_facts(path), rows[i].fact);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(profiles)
{
    const char *path = bench_path("profiles.db");
    const char *a = bench_file("a.der", test_profile("8949000000000000106"));
    const char *b = bench_file("b.der", test_profile_with_test_keys("8949000000000000205"));
    const char *c = bench_file("c.der", test_profile("8949000000000000304"));
    struct captured captured;
    const char *facts;
    char lines[512];

    make_credentials();
    captured = CREATE("--card", path, "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key,
                      "--profile", a, "--profile", b, "--class", "test", "--profile", c, "--class",
                      "provisioning", "--ecall", "--fallback-allowed");
    assert_made(&captured);
    snprintf(lines, sizeof(lines), "\nprofile      %s\nprofile      %s\nprofile      %s\n", a, b, c);
    ck_assert_ptr_nonnull(strstr(captured.out, lines));
    facts = bench_facts(path);
    HAS(facts, "profiles.0.iccid=8949000000000000106");
    HAS(facts, "profiles.0.class=operational");
    HAS(facts, "profiles.0.state=disabled");
    HAS(facts, "profiles.0.origin=preloaded");
    HAS(facts, "profiles.0.ecall=0");
    HAS(facts, "profiles.0.fallback_allowed=0");
    HAS(facts, "profiles.1.iccid=8949000000000000205");
    HAS(facts, "profiles.1.class=test");
    HAS(facts, "profiles.1.ecall=0");
    HAS(facts, "profiles.2.iccid=8949000000000000304");
    HAS(facts, "profiles.2.class=provisioning");
    HAS(facts, "profiles.2.ecall=1");
    HAS(facts, "profiles.2.fallback_allowed=1");
    path = bench_path("flags.db");
    captured =
        CREATE("--card", path, "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key, "--profile",
               a, "--fallback-allowed", "--profile", c, "--ecall", "--class", "operational");
    assert_made(&captured);
    facts = bench_facts(path);
    HAS(facts, "profiles.0.fallback_allowed=1");
    HAS(facts, "profiles.0.ecall=0");
    HAS(facts, "profiles.1.fallback_allowed=0");
    HAS(facts, "profiles.1.ecall=1");
    HAS(facts, "profiles.1.class=operational");
}
END_TEST

/* As many as may be given; one more is refused. */
START_TEST(eight_cis)
{
    const char *words[6 * (INPUT_SETS_MAX + 1) + 3] = {"--card", bench_path("many.db")};
    size_t count = 2;
    struct captured captured;
    struct test_ci ci;

    for (int i = 0; i <= INPUT_SETS_MAX; i++) {
        struct bench_set one;
        char name[16];

        snprintf(name, sizeof(name), "many%d", i);
        test_ci_make(&ci, EC_CURVE_P256);
        bench_write_set(&one, &ci, name);
        test_ci_free(&ci);
        words[count++] = "--ci";
        words[count++] = one.ci;
        words[count++] = "--eum-cert";
        words[count++] = one.eum;
        words[count++] = "--eum-key";
        words[count++] = one.eum_key;
    }
    bench_refused(__FILE__, __LINE__, EXIT_FAILED, "a card has at most 8 CIs", words + 2);
    words[count - 6] = NULL;
    captured = bench_create(words);
    assert_made(&captured);
    ck_assert_ptr_nonnull(strstr(bench_facts(words[1]), "\ntrusted_ci.7.curve=P-256\n"));
    /* A whole directory is too much, too. */
    words[count - 6] = "--pki";
    words[count - 5] = bench_pki("further");
    words[count - 4] = NULL;
    bench_refused(__FILE__, __LINE__, EXIT_FAILED, "a card has at most 8 CIs", words + 2);
}
END_TEST

START_TEST(sixty_four_profiles)
{
    const char *words[10 + 2 * (INPUT_PROFILES_MAX + 1) + 1] = {"--card", bench_path("full.db"), "--free-nvm",
                                                                "64M"};
    size_t count = 4;
    struct captured captured;
    const char *facts;

    make_credentials();
    words[count++] = "--ci";
    words[count++] = set.ci;
    words[count++] = "--eum-cert";
    words[count++] = set.eum;
    words[count++] = "--eum-key";
    words[count++] = set.eum_key;
    for (int i = 0; i <= INPUT_PROFILES_MAX; i++) {
        char iccid[20];
        char name[20];

        snprintf(iccid, sizeof(iccid), "894900000000000%04d", i);
        snprintf(name, sizeof(name), "full%d.der", i);
        words[count++] = "--profile";
        words[count++] = bench_file(name, test_profile(iccid));
    }
    bench_refused(__FILE__, __LINE__, EXIT_FAILED, "at most 64 profiles can be given", words + 2);
    words[count - 2] = NULL;
    captured = bench_create(words);
    assert_made(&captured);
    facts = bench_facts(words[1]);
    HAS(facts, "profiles.0.iccid=8949000000000000000");
    HAS(facts, "profiles.63.iccid=8949000000000000063");
}
END_TEST

/* What lies there is left alone, whatever it is. */
START_TEST(nothing_is_overwritten)
{
    const char *path = bench_file("there.db", SPAN_STRING("somebody's"));
    const char *link = bench_path("link.db");
    const char *elsewhere = bench_path("elsewhere.db");
    struct captured captured;

    make_credentials();
    captured = CREATE("--card", path, "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_str_eq(captured.out, "");
    ck_assert_ptr_nonnull(strstr(captured.err, "there.db exists already"));
    ck_assert_span(test_read_file(path), SPAN_STRING("somebody's"));
    ck_assert_int_eq(symlink(elsewhere, link), 0);
    captured = CREATE("--card", link, "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_int_ne(access(elsewhere, F_OK), 0);
    ck_assert_int_eq(unlink(link), 0);
    captured =
        CREATE("--card", bench_path(""), "--ci", set.ci, "--eum-cert", set.eum, "--eum-key", set.eum_key);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    captured = CREATE("--card", bench_path("no/such.db"), "--ci", set.ci, "--eum-cert", set.eum, "--eum-key",
                      set.eum_key);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_str_eq(captured.out, "");
}
END_TEST

/* A CI whose name is a T61String that is no UTF-8, as old ones have. */
static void make_old_ci(struct test_ci *ci, const char *organization)
{
    struct buf name = {0};
    uint8_t *at;

    buf_append_octet(&name, 0x0C);
    buf_append_octet(&name, (uint8_t)strlen(organization));
    buf_append(&name, span_of_string(organization));
    test_ci_make(ci, EC_CURVE_P256);
    at = ci->ci.der.data;
    for (int i = 0; i < 2; i++, at++) { /* of the issuer and the subject */
        at = memmem(at, ci->ci.der.size - (size_t)(at - ci->ci.der.data), name.data, name.size);
        ck_assert_ptr_nonnull(at);
        at[0] = 0x14;
        at[3] = 0xFC;
        at[4] = 0x9B;
    }
    buf_free(&name);
    test_entity_sign_with(&ci->ci, ci->ci.key);
    test_entity_free(&ci->eum);
    test_entity_issue(&ci->eum, ci, CERT_ROLE_EUM, "2.999.5", EC_CURVE_P256);
}

START_TEST(names_that_are_not_utf8)
{
    struct test_ci old;
    struct bench_set one;
    struct captured captured;

    make_old_ci(&old, "softeuicc tests");
    bench_write_set(&one, &old, "old");
    captured = CREATE("--card", bench_path("old.db"), "--ci", one.ci, "--eum-cert", one.eum, "--eum-key",
                      one.eum_key);
    assert_made(&captured);
    ck_assert_ptr_nonnull(strstr(captured.out, "O=s??teuicc tests"));
#ifdef HAVE_JANSSON
    captured = CREATE("--json", "--card", bench_path("old-\xFC.db"), "--ci", one.ci, "--eum-cert", one.eum,
                      "--eum-key", one.eum_key, "--profile",
                      bench_file("old-\xFC.der", test_profile("8949000000000000106")));
    assert_made(&captured);
    ck_assert_int_eq(access(bench_path("old-\xFC.db"), F_OK), 0);
    ck_assert_ptr_null(strstr(captured.out, "\"card\""));
    ck_assert_ptr_nonnull(strstr(captured.out, "O=s??teuicc tests"));
    ck_assert_ptr_nonnull(strstr(captured.out, "\"profiles\": []"));
#endif
    test_ci_free(&old);
}
END_TEST

START_TEST(shown_as_json)
{
    const char *path = bench_path("json.db");
    const char *profile = bench_file("json.der", test_profile("8949000000000000106"));
    struct captured captured;
#ifdef HAVE_JANSSON
    char key_id[41];
    char expected[1024];
#endif

    make_credentials();
    captured = CREATE("--json", "--card", path, "--eid", TEST_EID, "--personality", "iot", "--ci", set.ci,
                      "--eum-cert", set.eum, "--eum-key", set.eum_key, "--profile", profile);
#ifdef HAVE_JANSSON
    assert_made(&captured);
    hex_from_span(cert_subject_key_id(p256.ci.cert), key_id, sizeof(key_id));
    snprintf(expected, sizeof(expected),
             "{\n  \"card\": \"%s\",\n  \"eid\": \"" TEST_EID "\",\n  \"personality\": \"iot\",\n"
             "  \"sgp22\": \"2.2\",\n  \"sgp32\": \"1.2\",\n"
             "  \"cis\": [\n    {\n      \"key_id\": \"%s\",\n      \"curve\": \"P-256\",\n"
             "      \"subject\": \"%s\"\n    }\n  ],\n  \"profiles\": [\n    \"%s\"\n  ]\n}\n",
             path, key_id, cert_subject_line(p256.ci.cert), profile);
    ck_assert_str_eq(captured.out, expected);
#else
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(captured.err, "this build has no JSON"));
#endif
}
END_TEST

/* The words of --ipae-set, in the card. */
START_TEST(settings_of_the_ipae)
{
    const char *facts;
    struct captured captured;

    if (softeuicc_setting_at(0) == NULL)
        return; /* a build without the IPAe */
    make_credentials();
    captured =
        CREATE("--card", bench_path("set.db"), "--ci", set.ci, "--eum-cert", set.eum, "--eum-key",
               set.eum_key, "--ipae-set", "poll-interval=15s", "--ipae-set", "poll-interval@a=b@c=1h",
               "--ipae-set", "quiet-hours=", "--ipae-set", "v1=on", "--ipae-set", "v1=default", "--ipae");
    assert_made(&captured);
    facts = bench_facts(bench_path("set.db"));
    HAS(facts, "ipae.poll_interval=15");
    HAS(facts, "ipae.settings.0.name=poll-interval");
    HAS(facts, "ipae.settings.0.eim_id=");
    HAS(facts, "ipae.settings.0.value=15");
    HAS(facts, "ipae.settings.1.eim_id=a=b@c");
    HAS(facts, "ipae.settings.1.value=3600");
    HAS(facts, "ipae.settings.2.name=quiet-hours");
    HAS(facts, "ipae.settings.2.value=");
    ck_assert_ptr_null(strstr(facts, "ipae.settings.3"));
}
END_TEST

TEST_MAIN("create", a_card_of_a_pki, every_card_has_its_own_eid, everything_given, files_in_pem,
          a_certificate_of_its_own, sizes, profiles, eight_cis, sixty_four_profiles, nothing_is_overwritten,
          names_that_are_not_utf8, settings_of_the_ipae, shown_as_json)
