/* euicc/network/tls_trust.c: whom a client trusts, whom not, and what it says then. */
#include "crypto/cert.h"
#include "tests/euicc/network/tls_bench.h"

#include <stdio.h>
#include <string.h>

#define OTHER_HOST "other.example.com"
#define DAY        INT64_C(86400)

/* A handshake with a server of this identity; how it ended. */
struct outcome {
    enum tls_client_state state;
    char why[400];
    bool was_told; /* the server got an alert */
};

static bool server_was_told;

static void watch_server(const SSL *ssl, int where, int what)
{
    (void)ssl;
    (void)what;
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        server_was_told = true;
}

static struct outcome try_server(const struct bench_identity *server,
                                 const struct bench_identity *intermediate,
                                 const struct tls_client_settings *settings)
{
    SSL_CTX *context = bench_server(settings->is_datagram, server, intermediate);
    struct bench bench = {.piece = 0};
    struct outcome out;

    server_was_told = false;
    SSL_CTX_set_info_callback(context, watch_server);
    bench_begin(&bench, context, settings);
    bench_carry(&bench);
    out = (struct outcome){.state = tls_client_state(bench.client), .was_told = server_was_told};
    snprintf(out.why, sizeof(out.why), "%s", tls_client_why(bench.client));
    bench_end(&bench);
    SSL_CTX_free(context);
    return out;
}

#define assert_open(server, intermediate, settings)                                                          \
    do {                                                                                                     \
        struct outcome o = try_server(server, intermediate, settings);                                       \
        ck_assert_str_eq(o.why, "");                                                                         \
        ck_assert_int_eq(o.state, TLS_OPEN);                                                                 \
    } while (0)

#define assert_refused(server, intermediate, settings, words)                                                \
    do {                                                                                                     \
        struct outcome o = try_server(server, intermediate, settings);                                       \
        ck_assert_str_eq(o.why, words);                                                                      \
        ck_assert_int_eq(o.state, TLS_FAILED);                                                               \
        ck_assert(o.was_told);                                                                               \
    } while (0)

START_TEST(a_pinned_key_is_all_that_counts)
{
    struct bench_identity server = bench_identity(&(struct bench_request){
        .name = OTHER_HOST, .not_before = BENCH_NOW - 20 * DAY, .not_after = BENCH_NOW - DAY});
    struct bench_identity other = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    struct bench_identity again =
        bench_identity(&(struct bench_request){.name = BENCH_HOST, .same_key = &server});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_KEY, &server.info, 1);

    for (int datagram = 0; datagram < 2; datagram++) {
        settings.is_datagram = datagram;
        assert_open(&server, NULL, &settings);
        assert_open(&again, NULL, &settings);
        assert_refused(&other, NULL, &settings, "the server has another key than the one configured");
        assert_refused(&other, &server, &settings, "the server has another key than the one configured");
    }
    bench_identity_free(&server);
    bench_identity_free(&other);
    bench_identity_free(&again);
}
END_TEST

START_TEST(a_pinned_certificate_may_be_the_servers_own)
{
    struct bench_identity server = bench_identity(&(struct bench_request){.name = OTHER_HOST});
    struct bench_identity ca = bench_identity(&(struct bench_request){.name = OTHER_HOST, .is_ca = true});
    struct bench_identity again = bench_identity(
        &(struct bench_request){.name = OTHER_HOST, .same_key = &server, .not_after = BENCH_NOW + DAY});
    struct bench_identity other = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &server.der, 1);
    struct tls_client_settings for_ca = bench_settings(TLS_TRUST_CERTIFICATE, &ca.der, 1);

    assert_open(&server, NULL, &settings);
    assert_open(&ca, NULL, &for_ca);
    assert_refused(&other, NULL, &settings,
                   "the server's certificate is not signed by CN = other.example.com");
    assert_refused(&again, NULL, &settings,
                   "the server's certificate is not signed by CN = other.example.com");
    bench_identity_free(&server);
    bench_identity_free(&ca);
    bench_identity_free(&again);
    bench_identity_free(&other);
}
END_TEST

START_TEST(a_pinned_certificate_has_dates)
{
    struct bench_identity server = bench_identity(&(struct bench_request){
        .name = BENCH_HOST, .not_before = BENCH_NOW - 20 * DAY, .not_after = BENCH_NOW - DAY});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &server.der, 1);

    assert_refused(&server, NULL, &settings, "the server's certificate expired on 2027-01-14");
    settings.date = (BENCH_NOW - 2 * DAY) * 1000;
    assert_open(&server, NULL, &settings);
    settings.date = (BENCH_NOW - 21 * DAY) * 1000;
    assert_refused(&server, NULL, &settings, "the server's certificate is not valid before 2026-12-26");
    settings.date = TLS_DATE_UNKNOWN;
    assert_open(&server, NULL, &settings);
    bench_identity_free(&server);
}
END_TEST

/* A root, a CA below it, and servers below that. */
struct chain {
    struct bench_identity root, ca, server;
};

static struct chain make_chain(const struct bench_request *of_server)
{
    struct bench_request request = *of_server;
    struct chain out;

    out.root = bench_identity(&(struct bench_request){.name = "Root", .is_ca = true});
    out.ca = bench_identity(&(struct bench_request){.name = "CA below", .is_ca = true, .issuer = &out.root});
    request.issuer = &out.ca;
    out.server = bench_identity(&request);
    return out;
}

static void free_chain(struct chain *chain)
{
    bench_identity_free(&chain->root);
    bench_identity_free(&chain->ca);
    bench_identity_free(&chain->server);
}

START_TEST(any_ca_of_the_chain_may_be_trusted)
{
    struct chain chain = make_chain(
        &(struct bench_request){.name = "x", .alt_names = "DNS:" BENCH_HOST, .usage = "serverAuth"});
    struct chain other = make_chain(&(struct bench_request){.name = BENCH_HOST});
    struct span both[2] = {other.root.der, chain.root.der};
    struct tls_client_settings root = bench_settings(TLS_TRUST_CERTIFICATE, &chain.root.der, 1);
    struct tls_client_settings ca = bench_settings(TLS_TRUST_CERTIFICATE, &chain.ca.der, 1);
    struct tls_client_settings leaf = bench_settings(TLS_TRUST_CERTIFICATE, &chain.server.der, 1);
    struct tls_client_settings list = bench_settings(TLS_TRUST_CAS, both, 2);
    struct tls_client_settings other_list = bench_settings(TLS_TRUST_CAS, both, 1);

    assert_open(&chain.server, &chain.ca, &root);
    assert_open(&chain.server, &chain.ca, &ca);
    assert_open(&chain.server, NULL, &ca);
    assert_open(&chain.server, NULL, &leaf);
    assert_open(&chain.server, &chain.ca, &list);
    assert_refused(&chain.server, NULL, &root, "the server's certificate is not signed by CN = Root");
    /* Other CAs with the same names and other keys. */
    assert_refused(&other.server, &other.ca, &root, "the server's certificate is not signed by CN = Root");
    assert_refused(&chain.server, &chain.ca, &other_list,
                   "the server's certificate is not signed by a trusted CA");
    free_chain(&chain);
    free_chain(&other);
}
END_TEST

START_TEST(a_name_alone_makes_no_issuer)
{
    struct bench_identity root =
        bench_identity(&(struct bench_request){.name = "Root", .is_ca = true, .has_no_key_ids = true});
    struct bench_identity other =
        bench_identity(&(struct bench_request){.name = "Root", .is_ca = true, .has_no_key_ids = true});
    struct bench_identity server =
        bench_identity(&(struct bench_request){.name = BENCH_HOST, .issuer = &root, .has_no_key_ids = true});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &root.der, 1);
    struct tls_client_settings of_other = bench_settings(TLS_TRUST_CERTIFICATE, &other.der, 1);

    assert_open(&server, NULL, &settings);
    assert_refused(&server, NULL, &of_other, "the server's certificate is not signed by CN = Root");
    bench_identity_free(&root);
    bench_identity_free(&other);
    bench_identity_free(&server);
}
END_TEST

START_TEST(below_a_ca_names_count)
{
    static const struct {
        const char *name, *alt_names, *host;
        const char *why; /* NULL: none */
    } rows[] = {
        {"x", "DNS:" BENCH_HOST, BENCH_HOST, NULL},
        {"x", "DNS:" BENCH_HOST, "EIM.example.COM", NULL},
        {"x", "DNS:*.example.com", BENCH_HOST, NULL},
        {"x", "DNS:e*.example.com", BENCH_HOST,
         "the server's certificate is for e*.example.com, not for eim.example.com"},
        {BENCH_HOST, NULL, BENCH_HOST, NULL},
        {BENCH_HOST, "DNS:a.example,DNS:b.example", BENCH_HOST,
         "the server's certificate is for a.example, b.example, not for eim.example.com"},
        {OTHER_HOST, NULL, BENCH_HOST,
         "the server's certificate is for other.example.com, not for eim.example.com"},
        {"x", "IP:127.0.0.1", "127.0.0.1", NULL},
        {"x", "IP:2001:db8::1", "2001:db8::1", NULL},
        {"x", "DNS:127.0.0.1,IP:10.0.0.1", "127.0.0.1",
         "the server's certificate is for 127.0.0.1, 10.0.0.1, not for 127.0.0.1"},
        {"127.0.0.1", NULL, "127.0.0.1", "the server's certificate is for 127.0.0.1, not for 127.0.0.1"},
        {"\xC2\x9B"
         "31mevil",
         NULL, BENCH_HOST, "the server's certificate is for ??31mevil, not for eim.example.com"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct chain chain =
            make_chain(&(struct bench_request){.name = rows[i].name, .alt_names = rows[i].alt_names});
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CAS, &chain.root.der, 1);

        settings.host = rows[i].host;
        if (rows[i].why == NULL)
            assert_open(&chain.server, &chain.ca, &settings);
        else
            assert_refused(&chain.server, &chain.ca, &settings, rows[i].why);
        free_chain(&chain);
    }
}
END_TEST

START_TEST(dates_count_along_the_chain)
{
    struct bench_identity root = bench_identity(&(struct bench_request){.name = "Root", .is_ca = true});
    struct bench_identity ca = bench_identity(&(struct bench_request){.name = "CA",
                                                                      .is_ca = true,
                                                                      .issuer = &root,
                                                                      .not_before = BENCH_NOW - 20 * DAY,
                                                                      .not_after = BENCH_NOW - DAY});
    struct bench_identity server = bench_identity(&(struct bench_request){.name = BENCH_HOST, .issuer = &ca});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CAS, &root.der, 1);

    assert_refused(&server, &ca, &settings, "a CA's certificate in the server's chain expired on 2027-01-14");
    settings.date = TLS_DATE_UNKNOWN;
    assert_open(&server, &ca, &settings);
    bench_identity_free(&root);
    bench_identity_free(&ca);
    bench_identity_free(&server);
}
END_TEST

START_TEST(who_is_no_ca_signs_nobody)
{
    struct bench_identity root = bench_identity(&(struct bench_request){.name = "Root", .is_ca = true});
    struct bench_identity no_ca = bench_identity(&(struct bench_request){.name = "No CA", .issuer = &root});
    struct bench_identity server =
        bench_identity(&(struct bench_request){.name = BENCH_HOST, .issuer = &no_ca});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CAS, &root.der, 1);
    struct tls_client_settings pinned = bench_settings(TLS_TRUST_CERTIFICATE, &no_ca.der, 1);

    ck_assert_int_eq(try_server(&server, &no_ca, &settings).state, TLS_FAILED);
    ck_assert_int_eq(try_server(&server, &no_ca, &pinned).state, TLS_FAILED);
    ck_assert_int_eq(try_server(&server, NULL, &pinned).state, TLS_FAILED);
    bench_identity_free(&root);
    bench_identity_free(&no_ca);
    bench_identity_free(&server);
}
END_TEST

START_TEST(kinds_of_keys)
{
    static const struct {
        struct bench_request request;
        const char *why; /* NULL: none */
    } rows[] = {
        {{.name = BENCH_HOST, .curve = "P-256"}, NULL},
        {{.name = BENCH_HOST, .curve = "P-384"}, NULL},
        {{.name = BENCH_HOST, .curve = "brainpoolP256r1"}, NULL},
        {{.name = BENCH_HOST, .rsa_bits = 2048}, NULL},
        {{.name = BENCH_HOST, .rsa_bits = 1024},
         "the server's certificate is refused: EE certificate key too weak"},
        {{.name = BENCH_HOST, .usage = "clientAuth"},
         "the server's certificate is refused: unsuitable certificate purpose"},
        {{.name = BENCH_HOST, .has_odd_extension = true},
         "the server's certificate is refused: unhandled critical extension"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct chain chain = make_chain(&rows[i].request);
        struct tls_client_settings settings = bench_settings(TLS_TRUST_CAS, &chain.root.der, 1);

        for (int datagram = 0; datagram < 2; datagram++) {
            settings.is_datagram = datagram;
            if (rows[i].why == NULL)
                assert_open(&chain.server, &chain.ca, &settings);
            else
                assert_refused(&chain.server, &chain.ca, &settings, rows[i].why);
        }
        free_chain(&chain);
    }
}
END_TEST

/* The client offers neither this curve nor a way to verify with it. */
START_TEST(another_curve_is_refused)
{
    struct bench_identity server =
        bench_identity(&(struct bench_request){.name = BENCH_HOST, .curve = "secp256k1"});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_KEY, &server.info, 1);
    struct outcome outcome = try_server(&server, NULL, &settings);

    ck_assert_int_eq(outcome.state, TLS_FAILED);
    ck_assert_str_eq(outcome.why, "the server ends TLS with the alert \"handshake failure\"");
    bench_identity_free(&server);
}
END_TEST

/* A certificate of this role with its key, below `issuer`. */
static struct bench_identity issue(enum cert_role role, enum ec_curve curve, const struct cert *issuer,
                                   const struct ec_key *issuer_key)
{
    static const char *const names[] = {BENCH_HOST, NULL};
    bool is_ca = role == CERT_ROLE_CI;
    struct ec_key *key = is_ca ? NULL : ec_key_generate(curve, NULL);
    struct cert_request request = {.role = role,
                                   .common_name = is_ca ? "CI" : BENCH_HOST,
                                   .oid = is_ca ? "2.999.1" : "2.999.10",
                                   .dns_names = is_ca ? NULL : names,
                                   .not_before = BENCH_NOW - DAY,
                                   .not_after = BENCH_NOW + DAY};
    struct buf der = {0}, pkcs8 = {0};
    struct bench_identity out;

    ck_assert(cert_issue(&request, is_ca ? issuer_key : key, issuer, issuer_key, &der));
    ck_assert(ec_key_to_pkcs8(is_ca ? issuer_key : key, &pkcs8));
    out = bench_identity_from(buf_span(&der), buf_span(&pkcs8));
    buf_free(&der);
    buf_free(&pkcs8);
    ec_key_free(key);
    return out;
}

START_TEST(certificates_of_esim_are_taken)
{
    static const enum cert_role roles[] = {CERT_ROLE_DP_TLS, CERT_ROLE_DS_TLS, CERT_ROLE_DP_TLS_V3,
                                           CERT_ROLE_NONE};

    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        struct ec_key *key = ec_key_generate(curve, NULL);
        struct bench_identity ci = issue(CERT_ROLE_CI, curve, NULL, key);
        struct cert *cert = cert_parse(ci.der, NULL);

        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
            struct bench_identity server = issue(roles[i], curve, cert, key);
            struct tls_client_settings settings = bench_settings(TLS_TRUST_CAS, &ci.der, 1);

            assert_open(&server, NULL, &settings);
            settings.is_datagram = true;
            assert_open(&server, NULL, &settings);
            bench_identity_free(&server);
        }
        bench_identity_free(&ci);
        cert_free(cert);
        ec_key_free(key);
    }
}
END_TEST

/* SGP.26's, of which the server's has expired at times. */
START_TEST(certificates_of_the_industry_are_taken)
{
    const char *path = shared_data("sgp26-nist/CERT_CI_ECDSA_NIST.der");
    struct bench_identity server;
    struct span ci;
    struct tls_client_settings settings;

    if (path == NULL) {
        printf("skipped: ../shared/data/sgp26-nist is not there\n");
        return;
    }
    ci = test_read_file(path);
    server = bench_identity_from(test_read_file(shared_data("sgp26-nist/CERT_S_SM_DP_TLS_NIST.der")),
                                 test_read_file(shared_data("sgp26-nist/SK_S_SM_DP_TLS_NIST.der")));
    settings = bench_settings(TLS_TRUST_CAS, &ci, 1);
    settings.host = "testsmdpplus1.example.com";
    settings.date = TLS_DATE_UNKNOWN;
    assert_open(&server, NULL, &settings);
    bench_identity_free(&server);
}
END_TEST

TEST_MAIN("tls_trust", a_pinned_key_is_all_that_counts, a_pinned_certificate_may_be_the_servers_own,
          a_pinned_certificate_has_dates, any_ca_of_the_chain_may_be_trusted, a_name_alone_makes_no_issuer,
          below_a_ca_names_count, dates_count_along_the_chain, who_is_no_ca_signs_nobody, kinds_of_keys,
          another_curve_is_refused, certificates_of_esim_are_taken, certificates_of_the_industry_are_taken)
