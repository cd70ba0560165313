/*
 * What crypto/ costs beside the bare primitives under it (a goal of 1.15 times for signing and verifying,
 * which is where a download spends its time), and what certificates and SCP03t blocks cost.
 */
#include "crypto/cert.h"
#include "crypto/ec.h"
#include "crypto/scp03t.h"
#include "tests/bench/bench.h"
#include "tests/bench/primitives.h"

#include <stdio.h>
#include <string.h>

#define RATIO_GOAL 1.15

struct ours {
    struct ec_key *key;
    struct ec_key *peer;
    struct cert *ci;
    uint8_t message[400]; /* a signed object of ES10 is of about this size */
    uint8_t signature[EC_SIGNATURE_SIZE];
    uint8_t point[EC_POINT_SIZE];
    struct scp03t *session;
    struct buf block;
};

static void check(bool ok)
{
    if (!ok)
        bench_fail("crypto/ refuses what it should do");
}

static void run_sign(void *context)
{
    struct ours *ours = context;
    const struct span parts[] = {SPAN_ARRAY(ours->message)};

    check(ec_sign(ours->key, parts, 1, ours->signature));
}

static void run_verify(void *context)
{
    struct ours *ours = context;
    const struct span parts[] = {SPAN_ARRAY(ours->message)};

    check(ec_verify(ours->key, parts, 1, SPAN_ARRAY(ours->signature)));
}

static void run_keygen(void *context)
{
    struct ours *ours = context;
    struct ec_key *key = ec_key_generate_like(ours->peer);

    check(key != NULL);
    ec_key_free(key);
}

static void run_ecdh(void *context)
{
    struct ours *ours = context;
    uint8_t secret[EC_SCALAR_SIZE];

    check(ec_shared_secret(ours->key, ours->peer, secret));
}

static void run_point(void *context)
{
    struct ours *ours = context;
    struct ec_key *key =
        ec_key_from_point_like(ec_key_curve(ours->key), SPAN_ARRAY(ours->point), cert_key(ours->ci));

    check(key != NULL);
    ec_key_free(key);
}

static void run_cert_parse(void *context)
{
    struct ours *ours = context;
    struct cert *cert = cert_parse_like(cert_der(ours->ci), cert_key(ours->ci), NULL);

    check(cert != NULL);
    cert_free(cert);
}

static void run_cert_check(void *context)
{
    struct ours *ours = context;

    check(cert_check(ours->ci, CERT_ROLE_CI, ours->key, SPAN_NONE) == CERT_OK);
}

static void run_seal(void *context)
{
    static const uint8_t plain[1007];
    struct ours *ours = context;

    buf_clear(&ours->block);
    check(scp03t_seal(ours->session, SCP03T_TAG_ENCRYPTED, SPAN_ARRAY(plain), &ours->block) == SCP03T_OK);
}

static struct cert *issue_ci(const struct ec_key *key)
{
    const struct cert_request request = {
        .role = CERT_ROLE_CI, .common_name = "CI", .organization = "Bench", .not_after = 4000000000};
    struct buf der = {0};
    struct cert *cert;

    check(cert_issue(&request, key, NULL, key, &der));
    cert = cert_parse(buf_span(&der), NULL);
    check(cert != NULL);
    buf_free(&der);
    return cert;
}

/* Something of ours, and the primitive under it that it is measured against. */
static const struct {
    const char *what;
    void (*run)(void *context);
    void (*bare)(void *context);
    double goal; /* of the ratio; 0 for none */
} figures[] = {
    {"sign", run_sign, bench_bare_sign, RATIO_GOAL},
    {"verify", run_verify, bench_bare_verify, RATIO_GOAL},
    {"keygen", run_keygen, bench_bare_keygen, 0},
    {"ecdh", run_ecdh, bench_bare_ecdh, 0},
    {"cert_check", run_cert_check, bench_bare_verify, RATIO_GOAL},
    {"cert_parse", run_cert_parse, NULL, 0},
    {"point_import", run_point, NULL, 0},
    {"scp03t_block", run_seal, NULL, 0},
};

static void print(size_t i, struct ours *ours, struct bench_bare *bare, enum ec_curve curve,
                  const char *label)
{
    struct bench_run runs[] = {{figures[i].run, ours, 0}, {figures[i].bare, bare, 0}};
    char name[64];

    bench_cpu_us_beside(runs, figures[i].bare != NULL ? 2 : 1);
    snprintf(name, sizeof(name), "%s_%s", figures[i].what, label);
    bench_figure(name, runs[0].us, "us");
    if (figures[i].bare == NULL)
        return;
    snprintf(name, sizeof(name), "%s_%s_bare", figures[i].what, label);
    bench_figure(name, runs[1].us, "us");
    snprintf(name, sizeof(name), "%s_%s_ratio", figures[i].what, label);
    /* The figures of OpenSSL's generic curve code differ by up to a fifth from one run of the same program to
     * the next: no goal there. */
    if (figures[i].goal != 0 && curve == EC_CURVE_P256)
        bench_figure_goal(name, runs[0].us / runs[1].us, "ratio", figures[i].goal);
    else
        bench_figure(name, runs[0].us / runs[1].us, "ratio");
}

static void measure(enum ec_curve curve, const char *label)
{
    static const struct scp03t_keys keys = {{0}, {1}, {2}};
    struct ours ours = {.key = ec_key_generate(curve, NULL),
                        .peer = ec_key_generate(curve, NULL),
                        .session = scp03t_new(&keys)};
    struct bench_bare *bare = bench_bare_new(curve);

    check(ours.key != NULL && ours.peer != NULL && ours.session != NULL);
    ours.ci = issue_ci(ours.key);
    ec_key_point(ours.peer, ours.point);
    run_sign(&ours);
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        print(i, &ours, bare, curve, label);
    bench_bare_free(bare);
    cert_free(ours.ci);
    scp03t_free(ours.session);
    buf_free(&ours.block);
    ec_key_free(ours.key);
    ec_key_free(ours.peer);
}

int main(void)
{
    measure(EC_CURVE_P256, "p256");
    measure(EC_CURVE_BRAINPOOL_P256R1, "brainpool");
    return 0;
}
