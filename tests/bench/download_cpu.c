/*
 * What a whole download costs the card's processor, against the cryptographic primitives it cannot do
 * without. Only the time inside softeuicc_transmit counts, from GetEUICCChallenge to the last segment. The
 * elliptic-curve primitives are counted and timed where the card calls them, in the same downloads (the
 * linker's --wrap puts the clock in between), so that both sides of the ratio meet the same machine; AES,
 * CMAC and SHA-256 are timed afterwards over as many octets as the package has. Usage: download_cpu
 * CARD-FILE, which must not exist.
 */
#include "tests/bench/bench.h"

#include "apdu/tlv.h"
#include "crypto/ec.h"
#include "crypto/ec_internal.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#define DOWNLOADS      60
#define WARM_UP        5
#define CLOCK_READINGS 20000
#define LOOPS          400
#define ICCID          "8988211000000000037"
/* Card time over primitives. */
#define GOAL 1.5

/* --- what the card does --- */

enum primitive { VERIFY, SIGN, GENERATE, AGREE, PRIMITIVES };

static bool counting;
static struct {
    double seconds;
    double primitive_seconds;
    unsigned count[PRIMITIVES];
    size_t segment_octets;
} work; /* of one download */

/* Seconds that reading the clock itself takes: it is a system call, and both sides of the ratio are small. */
static double clock_cost;

static void measure_clock(void)
{
    double since = bench_now(CLOCK_THREAD_CPUTIME_ID);

    for (unsigned i = 0; i < CLOCK_READINGS; i++)
        (void)bench_now(CLOCK_THREAD_CPUTIME_ID);
    clock_cost = (bench_now(CLOCK_THREAD_CPUTIME_ID) - since) / CLOCK_READINGS;
}

static double begin(void)
{
    return counting ? bench_now(CLOCK_THREAD_CPUTIME_ID) : 0;
}

static void end(enum primitive primitive, double since)
{
    if (!counting)
        return;
    work.primitive_seconds += bench_now(CLOCK_THREAD_CPUTIME_ID) - since - clock_cost;
    work.seconds -= 2 * clock_cost;
    work.count[primitive]++;
}

/* A function the linker puts in the place of NAME, and which calls it. */
#define WRAP(type, name, primitive, parameters, arguments)                                                   \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        double since = begin();                                                                              \
        type result = __real_##name arguments;                                                               \
                                                                                                             \
        end(primitive, since);                                                                               \
        return result;                                                                                       \
    }

WRAP(bool, ec_verify, VERIFY,
     (const struct ec_key *key, const struct span *parts, size_t count, struct span signature),
     (key, parts, count, signature))
WRAP(bool, ec_verify_der, VERIFY, (const struct ec_key *key, struct span message, struct span signature),
     (key, message, signature))
WRAP(bool, ec_sign, SIGN,
     (const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature),
     (key, parts, count, signature))
WRAP(struct ec_key *, ec_key_generate, GENERATE, (enum ec_curve curve, const struct ec_random *random),
     (curve, random))
WRAP(struct ec_key *, ec_key_generate_like, GENERATE, (const struct ec_key *model), (model))
WRAP(bool, ec_shared_secret, AGREE, (const struct ec_key *own, const struct ec_key *peer, uint8_t *secret),
     (own, peer, secret))

static void transmit(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size)
{
    double since;

    counting = true;
    since = begin();
    softeuicc_transmit(context, capdu, capdu_size, rapdu, rapdu_size);
    work.seconds += bench_now(CLOCK_THREAD_CPUTIME_ID) - since - clock_cost;
    counting = false;
}

/* One download; the profile is deleted afterwards, which does not count. */
static void download(struct softeuicc *card, const struct test_ci *ci, struct span package,
                     struct span metadata)
{
    struct terminal terminal = terminal_start(card, SOFTEUICC_COLD);
    struct server_outcome outcome = {0};
    struct server server;
    struct buf request = {0};
    struct buf response = {0};
    struct span iccid;
    size_t outer;

    terminal.transmit = transmit;
    terminal.context = card;
    memset(&work, 0, sizeof(work));
    server_init(&server, &terminal, ci, package, metadata);
    if (!server_download(&server, &outcome))
        bench_fail("the download failed: %d", outcome.code);
    for (size_t i = 0; i < server.segments_count; i++)
        work.segment_octets += server.segments[i].size;
    server_outcome_free(&outcome);
    server_free(&server);

    terminal.transmit = NULL;
    if (!tlv_find_path(metadata, (const uint32_t[]){0xBF25, 0x5A, 0}, &iccid))
        bench_fail("no ICCID");
    outer = tlv_open(&request, 0xBF33);
    tlv_put(&request, 0x5A, iccid);
    tlv_close(&request, outer);
    if (terminal_store_data(&terminal, buf_span(&request), &response) != 0x9000 ||
        !span_equal(buf_span(&response), SPAN_STRING("\xBF\x33\x03\x80\x01\x00")))
        bench_fail("the profile was not deleted");
    buf_free(&request);
    buf_free(&response);
}

/* --- the primitives that have no elliptic curve --- */

static struct buf package_octets;

static void digest(void)
{
    struct span part = buf_span(&package_octets);
    uint8_t out[32];

    if (!crypto_sha256(&part, 1, out))
        bench_fail("no digest");
}

static void decrypt(void)
{
    static EVP_CIPHER_CTX *context;
    static uint8_t out[65536];
    int done = 0;

    if (context == NULL) {
        context = EVP_CIPHER_CTX_new();
        EVP_DecryptInit_ex(context, EVP_aes_128_cbc(), NULL, package_octets.data, package_octets.data);
        EVP_CIPHER_CTX_set_padding(context, 0);
    }
    if (EVP_DecryptUpdate(context, out, &done, package_octets.data, (int)package_octets.size) != 1)
        bench_fail("no decryption");
}

static void mac(void)
{
    static EVP_MAC_CTX *context;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("cipher", (char[]){"AES-128-CBC"}, 0),
                           OSSL_PARAM_construct_end()};
    uint8_t out[16];
    size_t size;

    if (context == NULL) {
        EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);

        context = EVP_MAC_CTX_new(algorithm);
        EVP_MAC_free(algorithm);
    }
    if (EVP_MAC_init(context, package_octets.data, 16, params) != 1 ||
        EVP_MAC_update(context, package_octets.data, package_octets.size) != 1 ||
        EVP_MAC_final(context, out, &size, sizeof(out)) != 1)
        bench_fail("no MAC");
}

/* Seconds of one call. */
static double cost(void (*call)(void))
{
    double since;

    call();
    since = bench_now(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < LOOPS; i++)
        call();
    return (bench_now(CLOCK_THREAD_CPUTIME_ID) - since) / LOOPS;
}

/* Seconds of protection and digests of a package. */
static double symmetric(size_t octets)
{
    double seconds;

    while (package_octets.size < octets / 16 * 16)
        buf_append_octet(&package_octets, (uint8_t)package_octets.size);
    seconds = cost(decrypt) + cost(mac) + cost(digest);
    buf_free(&package_octets);
    return seconds;
}

static void report(const char *suffix, double *card_seconds, double *primitive_seconds, double *ratios)
{
    double ratio = bench_percentile(ratios, DOWNLOADS, 50);
    char name[64];

    if (suffix != NULL) {
        snprintf(name, sizeof(name), "download_cpu_ratio_%s", suffix);
        bench_figure(name, ratio, "ratio");
        return;
    }
    bench_figure("download_card_cpu", bench_percentile(card_seconds, DOWNLOADS, 50) * 1e6, "us");
    bench_figure("download_primitives_cpu", bench_percentile(primitive_seconds, DOWNLOADS, 50) * 1e6, "us");
    bench_figure("download_package", (double)work.segment_octets, "octets");
    bench_figure_goal("download_cpu_ratio", ratio, "ratio", GOAL);
}

int main(int argc, char **argv)
{
    struct span package = test_profile(ICCID);
    struct buf metadata = {0};
    double card_seconds[DOWNLOADS], primitive_seconds[DOWNLOADS], ratios[DOWNLOADS];
    struct softeuicc *card;
    struct test_ci ci;
    double rest;

    if (argc != 2 && argc != 3)
        bench_fail("usage: download_cpu CARD-FILE [SUFFIX]");
    measure_clock();
    test_ci_make(&ci, EC_CURVE_P256);
    card = test_card(argv[1], &ci, 1, 0);
    server_put_metadata(&metadata, ICCID, "operator", "profile", 2);
    for (unsigned i = 0; i < WARM_UP; i++)
        download(card, &ci, package, buf_span(&metadata));
    rest = symmetric(work.segment_octets);
    for (unsigned i = 0; i < DOWNLOADS; i++) {
        download(card, &ci, package, buf_span(&metadata));
        /* Fewer would mean that something was not checked. */
        if (work.count[VERIFY] != 5 || work.count[SIGN] < 3 || work.count[GENERATE] != 1 ||
            work.count[AGREE] != 1)
            bench_fail("a download had %u verifications, %u signatures, %u key pairs and %u key agreements",
                       work.count[VERIFY], work.count[SIGN], work.count[GENERATE], work.count[AGREE]);
        card_seconds[i] = work.seconds;
        primitive_seconds[i] = work.primitive_seconds + rest;
        ratios[i] = card_seconds[i] / primitive_seconds[i];
    }
    report(argc == 3 ? argv[2] : NULL, card_seconds, primitive_seconds, ratios);
    softeuicc_close(card);
    test_ci_free(&ci);
    buf_free(&metadata);
    return 0;
}
