/* `softeuicc pki` as a whole: what init leaves in a directory, what the loader takes and refuses, and
 * revocation lists. */
#include "tests/support/test.h"

#include "common/pki/pki_dir.h"
#include "common/tool.h"
#include "tests/support/pki.h"
#include "tools/subcommands.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS_MAX   16
#define DIRECT_ENTITIES 9 /* without sub-CAs */

/* Runs `softeuicc pki …` with the words of `line`, its output going to a file of the test's own. */
static int pki(const char *line)
{
    static char output[256];
    char copy[2048];
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    int argc = 0;
    int out = dup(STDOUT_FILENO);
    int status;

    ck_assert_uint_lt((size_t)snprintf(copy, sizeof(copy), "pki %s", line), sizeof(copy));
    snprintf(output, sizeof(output), "%s", test_path("output"));
    for (char *word = strtok(copy, " "); word != NULL && argc < ARGUMENTS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    fflush(stdout);
    ck_assert_ptr_nonnull(freopen(output, "w", stdout));
    status = command_run(&subcommand_pki, argc, argv);
    fflush(stdout);
    ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
    close(out);
    return status;
}

static struct span output(void)
{
    return test_read_file(test_path("output"));
}

static unsigned lines(struct span text)
{
    unsigned count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

/* A directory name of the test's own that stays put while test_path is used again. */
static const char *place(const char *name)
{
    static char paths[4][256];
    static size_t next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s", test_path(name));
    return path;
}

/* The same, with `dir` wherever the line says DIR. */
static int pki_in(const char *format, const char *dir)
{
    struct buf line = {0};
    int status;

    for (const char *hole; (hole = strstr(format, "DIR")) != NULL; format = hole + 3) {
        buf_append(&line, SPAN(format, (size_t)(hole - format)));
        buf_append(&line, span_of_string(dir));
    }
    buf_append(&line, SPAN(format, strlen(format) + 1));
    ck_assert(!line.failed);
    status = pki((const char *)line.data);
    buf_free(&line);
    return status;
}

static unsigned files_in(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

START_TEST(init_makes_a_whole_pki)
{
    const char *dir = place("whole");
    char path[PKI_PATH_MAX];

    ck_assert_int_eq(pki_in("init --dir DIR/ --host rsp.example.com", dir), EXIT_OK);
    ck_assert_uint_eq(lines(output()), 1 + 2 * DIRECT_ENTITIES);
    ck_assert_uint_eq(files_in(dir), 4);
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct pki_pair ci;

        ck_assert(pki_has_curve(dir, curve));
        ck_assert(pki_load(dir, curve, PKI_CI, true, &ci));
        ck_assert(pki_top_path(path, dir, pki_curve_directory(curve)));
        ck_assert_uint_eq(files_in(path), 3 * DIRECT_ENTITIES);
        for (enum pki_entity entity = PKI_CI; entity < PKI_ENTITIES; entity++) {
            struct pki_pair pair;
            struct cert *pem;
            struct stat status;
            struct span name;

            if (!pki_variant_has(PKI_VARIANT_O, entity))
                continue;
            ck_assert(pki_load(dir, curve, entity, true, &pair));
            ck_assert_int_eq(cert_check(pair.cert, pki_entity_role(PKI_VARIANT_O, entity), ci.key,
                                        cert_subject_key_id(ci.cert)),
                             CERT_OK);
            ck_assert(pki_path(path, dir, curve, entity, PKI_KEY_PEM));
            ck_assert_int_eq(stat(path, &status), 0);
            ck_assert_uint_eq(status.st_mode & 0777, 0600);
            ck_assert(pki_path(path, dir, curve, entity, PKI_CERT_PEM));
            pem = pki_load_cert_file(path);
            ck_assert_span(cert_der(pem), cert_der(pair.cert));
            cert_free(pem);
            if (entity == PKI_DP_TLS || entity == PKI_DS_TLS || entity == PKI_EIM_TLS) {
                ck_assert(cert_is_tls_server(pair.cert));
                ck_assert_ptr_nonnull(strstr(cert_subject_line(pair.cert), "CN=rsp.example.com"));
                ck_assert(test_dns_name(pair.cert, 1, &name));
                ck_assert_span(name, SPAN_STRING("localhost"));
            }
            pki_pair_free(&pair);
        }
        pki_pair_free(&ci);
    }
}
END_TEST

START_TEST(init_touches_nothing_that_is_there)
{
    const char *dir = place("twice");
    char path[PKI_PATH_MAX];
    struct span before;
    struct buf copy = {0};

    ck_assert_int_eq(mkdir(dir, 0755), 0); /* an empty directory will do */
    ck_assert_int_eq(pki_in("init --dir DIR --curve p256", dir), EXIT_OK);
    ck_assert(!pki_has_curve(dir, EC_CURVE_BRAINPOOL_P256R1));
    ck_assert(pki_path(path, dir, EC_CURVE_P256, PKI_CI, PKI_KEY_PEM));
    before = test_read_file(path);
    buf_append(&copy, before);
    ck_assert_int_eq(pki_in("init --dir DIR", dir), EXIT_FAILED);
    ck_assert_span(test_read_file(path), buf_span(&copy));
    ck_assert(!pki_has_curve(dir, EC_CURVE_BRAINPOOL_P256R1));
    buf_free(&copy);
    /* A directory with something else in it; a file; a place that does not exist. */
    ck_assert_int_eq(pki_in("init --dir DIR/p256", dir), EXIT_FAILED);
    ck_assert_int_eq(pki_in("init --dir DIR/README.txt", dir), EXIT_FAILED);
    ck_assert_int_eq(pki_in("init --dir DIR/no/such", dir), EXIT_FAILED);
    ck_assert_uint_eq(files_in(dir), 3);
}
END_TEST

START_TEST(usage)
{
    static const char *const bad[] = {
        "",
        "nonsense",
        "init",
        "init --dir",
        "init --dir DIR --curve p384",
        "init --dir DIR --host a/b",
        "init --dir DIR --days 0",
        "init --dir DIR --days 1x",
        "init --dir DIR --days 36501",
        "init --dir DIR --variant D",
        "init --dir DIR --variant",
        "init --dir DIR --force",
        "init --dir DIR more",
        "show",
        "show --dir DIR file",
        "show --what",
        "show --dir",
        "crl --dir DIR",
        "crl --out DIR",
        "crl --dir DIR --out x --number -1",
        "crl --dir DIR --out x --number 9223372036854775808",
        "crl --dir DIR --out x --curve x",
        "crl --dir DIR --out x --days x",
        "crl --dir DIR --out x y",
        "crl --dir",
        "crl --bad",
    };
    const char *dir = place("never");

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int status = strstr(bad[i], "DIR") != NULL ? pki_in(bad[i], dir) : pki(bad[i]);

        ck_assert_msg(status == EXIT_USAGE, "%s", bad[i]);
        ck_assert_uint_eq(output().size, 0);
    }
    ck_assert_int_ne(access(dir, F_OK), 0);
    ck_assert_int_eq(pki("--help"), EXIT_OK);
    ck_assert_uint_gt(lines(output()), 5);
    ck_assert_int_eq(pki("crl --help"), EXIT_OK);
}
END_TEST

START_TEST(show)
{
    const char *dir = place("show");
    const char *name = "sgp26-nist/CERT_EUICC_ECDSA_NIST.der";

    ck_assert_int_eq(pki_in("show --dir DIR", dir), EXIT_FAILED);
    ck_assert_int_eq(pki_in("init --dir DIR --curve brainpool --json", dir), EXIT_OK);
    ck_assert_uint_eq(output().data[0], '[');
    ck_assert_int_eq(pki_in("show --dir DIR", dir), EXIT_OK);
    ck_assert_uint_eq(lines(output()), 1 + DIRECT_ENTITIES);
    ck_assert_int_eq(pki_in("show DIR/brainpool/eum.cert.der", dir), EXIT_OK);
    ck_assert_uint_eq(lines(output()), 2);
    ck_assert_int_eq(pki_in("show DIR/README.txt", dir), EXIT_FAILED);
    ck_assert_int_eq(pki_in("show DIR/nothing", dir), EXIT_FAILED);
    if (shared_data(name) != NULL) {
        char line[1024];

        snprintf(line, sizeof(line), "show %s", shared_data(name));
        ck_assert_int_eq(pki(line), EXIT_OK);
        ck_assert_ptr_nonnull(memmem(output().data, output().size, "89049032123451234512345678901235", 32));
    }
}
END_TEST

START_TEST(revocation)
{
    const char *dir = place("crl");
    char path[PKI_PATH_MAX];
    struct pki_pair ci;
    struct pki_pair auth;
    struct crl *crl;

    ck_assert_int_eq(pki_in("init --dir DIR", dir), EXIT_OK);
    ck_assert_int_eq(
        pki_in("crl --dir DIR --revoke DIR/p256/dp-auth.cert.pem --number 7 --out DIR/list.crl", dir),
        EXIT_OK);
    ck_assert(pki_top_path(path, dir, "list.crl"));
    crl = crl_parse(test_read_file(path), NULL);
    ck_assert_ptr_nonnull(crl);
    ck_assert(pki_load(dir, EC_CURVE_P256, PKI_CI, false, &ci));
    ck_assert(pki_load(dir, EC_CURVE_P256, PKI_DP_AUTH, false, &auth));
    ck_assert_int_eq(crl_check(crl, cert_key(ci.cert), cert_subject_key_id(ci.cert)), CERT_OK);
    ck_assert(crl_revokes(crl, auth.cert));
    ck_assert(!crl_revokes(crl, ci.cert));
    ck_assert_uint_eq(crl_facts(crl)->number, 7);
    crl_free(crl);
    pki_pair_free(&ci);
    pki_pair_free(&auth);
    ck_assert_int_eq(pki_in("crl --dir DIR --out DIR/list.crl", dir), EXIT_OK);
    /* Another curve's certificate, and one of another CI (the same name, another key). */
    ck_assert_int_eq(
        pki_in("crl --dir DIR --curve p256 --revoke DIR/brainpool/dp-auth.cert.pem --out DIR/none.crl", dir),
        EXIT_FAILED);
    ck_assert_int_eq(pki_in("init --dir DIR/other", dir), EXIT_OK);
    ck_assert_int_eq(pki_in("crl --dir DIR --revoke DIR/other/p256/dp-auth.cert.pem --out DIR/none.crl", dir),
                     EXIT_FAILED);
    ck_assert(pki_top_path(path, dir, "none.crl"));
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static void move(const char *dir, const char *from, const char *to)
{
    char a[PKI_PATH_MAX];
    char b[PKI_PATH_MAX];

    ck_assert(pki_top_path(a, dir, from));
    ck_assert(pki_top_path(b, dir, to));
    ck_assert_int_eq(rename(a, b), 0);
}

START_TEST(the_loader_is_not_fooled)
{
    const char *dir = place("mixed");
    struct pki_pair pair;

    ck_assert_int_eq(pki_in("init --dir DIR", dir), EXIT_OK);
    move(dir, "p256/dp-pb.key.pem", "p256/dp-auth.key.pem");
    ck_assert(!pki_load(dir, EC_CURVE_P256, PKI_DP_AUTH, true, &pair)); /* another key */
    pki_pair_free(&pair);
    ck_assert(pki_load(dir, EC_CURVE_P256, PKI_DP_AUTH, false, &pair));
    pki_pair_free(&pair);
    ck_assert(!pki_load(dir, EC_CURVE_P256, PKI_DP_PB, true, &pair)); /* no key */
    pki_pair_free(&pair);
    move(dir, "p256/dp-pb.cert.der", "p256/dp-auth.cert.der");
    ck_assert(!pki_load(dir, EC_CURVE_P256, PKI_DP_AUTH, false, &pair)); /* another role */
    pki_pair_free(&pair);
    move(dir, "brainpool/ds-auth.cert.der", "p256/ds-auth.cert.der");
    ck_assert(!pki_load(dir, EC_CURVE_P256, PKI_DS_AUTH, false, &pair)); /* another curve */
    pki_pair_free(&pair);
    ck_assert(!pki_load(dir, EC_CURVE_BRAINPOOL_P256R1, PKI_DS_AUTH, false, &pair)); /* none */
    pki_pair_free(&pair);
    ck_assert_int_eq(pki_in("show --dir DIR", dir), EXIT_FAILED);
    ck_assert_ptr_null(pki_load_key_file(test_path("mixed/README.txt")));
    ck_assert_int_eq(pki_curve_from_name("p384"), EC_CURVE_NONE);
}
END_TEST

/* Certificates in a PEM file. */
static unsigned certificates_in(const char *path)
{
    struct span text = test_read_file(path);
    unsigned count = 0;

    for (; text.size >= 10; text = SPAN(text.data + 1, text.size - 1))
        count += memcmp(text.data, "BEGIN CERT", 10) == 0;
    return count;
}

START_TEST(variants)
{
    static const struct {
        const char *word;
        unsigned entities, in_chain; /* certificates that an SM-DP+'s TLS server sends */
    } cases[] = {{"O", 9, 1}, {"A", 12, 2}, {"B", 10, 2}, {"C", 13, 3}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *dir = place(cases[i].word);
        char path[PKI_PATH_MAX], line[64];
        struct pki_pair pair;
        size_t oks = 0;

        snprintf(line, sizeof(line), "init --dir DIR --curve p256 --variant %s", cases[i].word);
        ck_assert_int_eq(pki_in(line, dir), EXIT_OK);
        ck_assert_uint_eq(lines(output()), 1 + cases[i].entities);
        for (struct span rest = output(); rest.size >= 3; rest = SPAN(rest.data + 1, rest.size - 1))
            oks += memcmp(rest.data, "ok\n", 3) == 0;
        ck_assert_uint_eq(oks, cases[i].entities);
        ck_assert_int_eq(pki_variant_of(dir, EC_CURVE_P256), (enum pki_variant)i);
        ck_assert(pki_path(path, dir, EC_CURVE_P256, PKI_DP_TLS, PKI_CERT_PEM));
        ck_assert_uint_eq(certificates_in(path), cases[i].in_chain);
        ck_assert(pki_path(path, dir, EC_CURVE_P256, PKI_DP_AUTH, PKI_CERT_PEM));
        ck_assert_uint_eq(certificates_in(path), 1);
        ck_assert(pki_path(path, dir, EC_CURVE_P256, PKI_EIM_TLS, PKI_CERT_PEM));
        ck_assert_uint_eq(certificates_in(path), 1);
        for (enum pki_entity entity = PKI_CI; entity < PKI_ENTITIES; entity++) {
            ck_assert(pki_load_any(dir, EC_CURVE_P256, entity, true, &pair) ==
                      pki_variant_has((enum pki_variant)i, entity));
            pki_pair_free(&pair);
        }
        ck_assert(pki_load(dir, EC_CURVE_P256, PKI_CI, false, &pair) == (i == 0));
        pki_pair_free(&pair);
        ck_assert_int_eq(pki_in("crl --dir DIR --out DIR/list.crl", dir), EXIT_OK);
    }
}
END_TEST

TEST_MAIN("pki", init_makes_a_whole_pki, init_touches_nothing_that_is_there, usage, show, revocation,
          the_loader_is_not_fooled, variants)
