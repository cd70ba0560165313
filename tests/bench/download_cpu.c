/*
 * What a whole download costs the card's processor, against the sum of the cryptographic primitives it cannot
 * do without: the same ec_* functions on keys that are ready, and AES, CMAC and SHA-256 over as many octets,
 * measured in the same run. Only the time inside softeuicc_transmit counts, from GetEUICCChallenge to the
 * last segment; how often each primitive runs is counted, not assumed (the linker's
 * --wrap puts the counters in between). Usage: download_cpu CARD-FILE, which must not exist.
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

#define DOWNLOADS 60
#define WARM_UP   5
#define LOOPS     400
#define ICCID     "8988211000000000037"
/* Card time over primitives. */
#define GOAL 1.5

/* --- what the card does --- */

static bool counting;
static struct {
    double seconds;
    unsigned verify, sign, generate, agree;
    size_t segment_octets; /* of the last download's package */
} card_work;

bool __real_ec_verify(const struct ec_key *key, const struct span *parts, size_t count,
                      struct span signature);
bool __wrap_ec_verify(const struct ec_key *key, const struct span *parts, size_t count,
                      struct span signature);
bool __real_ec_verify_der(const struct ec_key *key, struct span message, struct span signature);
bool __wrap_ec_verify_der(const struct ec_key *key, struct span message, struct span signature);
bool __real_ec_sign(const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature);
bool __wrap_ec_sign(const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature);
struct ec_key *__real_ec_key_generate(enum ec_curve curve, const struct ec_random *random);
struct ec_key *__wrap_ec_key_generate(enum ec_curve curve, const struct ec_random *random);
bool __real_ec_shared_secret(const struct ec_key *own, const struct ec_key *peer, uint8_t *secret);
bool __wrap_ec_shared_secret(const struct ec_key *own, const struct ec_key *peer, uint8_t *secret);

bool __wrap_ec_verify(const struct ec_key *key, const struct span *parts, size_t count, struct span signature)
{
    card_work.verify += counting;
    return __real_ec_verify(key, parts, count, signature);
}

bool __wrap_ec_verify_der(const struct ec_key *key, struct span message, struct span signature)
{
    card_work.verify += counting;
    return __real_ec_verify_der(key, message, signature);
}

bool __wrap_ec_sign(const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature)
{
    card_work.sign += counting;
    return __real_ec_sign(key, parts, count, signature);
}

struct ec_key *__wrap_ec_key_generate(enum ec_curve curve, const struct ec_random *random)
{
    card_work.generate += counting;
    return __real_ec_key_generate(curve, random);
}

bool __wrap_ec_shared_secret(const struct ec_key *own, const struct ec_key *peer, uint8_t *secret)
{
    card_work.agree += counting;
    return __real_ec_shared_secret(own, peer, secret);
}

static void transmit(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size)
{
    double begin;

    counting = true;
    begin = bench_now(CLOCK_THREAD_CPUTIME_ID);
    softeuicc_transmit(context, capdu, capdu_size, rapdu, rapdu_size);
    card_work.seconds += bench_now(CLOCK_THREAD_CPUTIME_ID) - begin;
    counting = false;
}

/* One download; the profile is deleted afterwards, which does not count. */
static double download(struct softeuicc *card, const struct test_ci *ci, struct span package,
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
    card_work.seconds = 0;
    server_init(&server, &terminal, ci, package, metadata);
    if (!server_download(&server, &outcome))
        bench_fail("the download failed: %d", outcome.code);
    card_work.segment_octets = 0;
    for (size_t i = 0; i < server.segments_count; i++)
        card_work.segment_octets += server.segments[i].size;
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
    return card_work.seconds;
}

/* --- the primitives --- */

static uint8_t message[1024], digest[32];
static struct ec_key *own, *peer;
static uint8_t signature[EC_SIGNATURE_SIZE], secret[EC_SCALAR_SIZE];
static struct buf package_octets;

static void one_sign(void)
{
    struct span part = SPAN_ARRAY(message);

    if (!ec_sign(own, &part, 1, signature))
        bench_fail("sign");
}

static void one_verify(void)
{
    struct span part = SPAN_ARRAY(message);

    if (!ec_verify(own, &part, 1, SPAN_ARRAY(signature)))
        bench_fail("verify");
}

static void one_generate(void)
{
    ec_key_free(ec_key_generate(EC_CURVE_P256, NULL));
}

static void one_agree(void)
{
    if (!ec_shared_secret(own, peer, secret))
        bench_fail("agree");
}

static void one_digest(void)
{
    struct span part = buf_span(&package_octets);

    if (!crypto_sha256(&part, 1, digest))
        bench_fail("digest");
}

static void one_cbc(void)
{
    static EVP_CIPHER_CTX *context;
    static uint8_t out[65536 + 32];
    int done = 0;

    if (context == NULL) {
        context = EVP_CIPHER_CTX_new();
        EVP_DecryptInit_ex(context, EVP_aes_128_cbc(), NULL, message, message);
        EVP_CIPHER_CTX_set_padding(context, 0);
    }
    if (EVP_DecryptUpdate(context, out, &done, package_octets.data, (int)package_octets.size) != 1)
        bench_fail("decrypt");
}

static void one_cmac(void)
{
    static EVP_MAC_CTX *context;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("cipher", (char[]){"AES-128-CBC"}, 0),
                           OSSL_PARAM_construct_end()};
    uint8_t mac[16];
    size_t size;

    if (context == NULL) {
        EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);

        context = EVP_MAC_CTX_new(algorithm);
        EVP_MAC_free(algorithm);
    }
    if (EVP_MAC_init(context, message, 16, params) != 1 ||
        EVP_MAC_update(context, package_octets.data, package_octets.size) != 1 ||
        EVP_MAC_final(context, mac, &size, sizeof(mac)) != 1)
        bench_fail("mac");
}

/* Seconds of one call: the median of several loops. */
static double cost(void (*call)(void))
{
    double rounds[9];

    for (size_t round = 0; round < 9; round++) {
        double begin = bench_now(CLOCK_THREAD_CPUTIME_ID);

        for (unsigned i = 0; i < LOOPS / 9; i++)
            call();
        rounds[round] = (bench_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (LOOPS / 9);
    }
    return bench_percentile(rounds, 9, 50);
}

/* Seconds of all the primitives that a download of `octets` needed, as often as they were counted. */
static double primitives(size_t octets, unsigned downloads)
{
    double n = downloads;
    double sum;

    own = ec_key_generate(EC_CURVE_P256, NULL);
    peer = ec_key_generate(EC_CURVE_P256, NULL);
    while (package_octets.size < octets)
        buf_append_octet(&package_octets, (uint8_t)package_octets.size);
    package_octets.size = octets / 16 * 16;
    sum = card_work.sign / n * cost(one_sign) + card_work.verify / n * cost(one_verify) +
          card_work.generate / n * cost(one_generate) + card_work.agree / n * cost(one_agree);
    sum += cost(one_cbc) + cost(one_cmac) + cost(one_digest);
    ec_key_free(own);
    ec_key_free(peer);
    buf_free(&package_octets);
    return sum;
}

int main(int argc, char **argv)
{
    struct span package = test_profile(ICCID);
    struct buf metadata = {0};
    double downloads[DOWNLOADS];
    double card_seconds;
    double primitive_seconds;
    struct softeuicc *card;
    struct test_ci ci;

    if (argc != 2)
        bench_fail("usage: download_cpu CARD-FILE");
    test_ci_make(&ci, EC_CURVE_P256);
    card = test_card(argv[1], &ci, 1, 0);
    server_put_metadata(&metadata, ICCID, "operator", "profile", 2);
    for (unsigned i = 0; i < WARM_UP; i++)
        (void)download(card, &ci, package, buf_span(&metadata));
    card_work.verify = card_work.sign = card_work.generate = card_work.agree = 0;
    for (unsigned i = 0; i < DOWNLOADS; i++)
        downloads[i] = download(card, &ci, package, buf_span(&metadata));
    if (card_work.verify != 5 * DOWNLOADS || card_work.agree != DOWNLOADS || card_work.sign < 3 * DOWNLOADS)
        bench_fail("a download had %u verifications, %u key agreements and %u signatures",
                   card_work.verify / DOWNLOADS, card_work.agree / DOWNLOADS, card_work.sign / DOWNLOADS);
    card_seconds = bench_percentile(downloads, DOWNLOADS, 50);
    primitive_seconds = primitives(card_work.segment_octets, DOWNLOADS);
    bench_figure("download_card_cpu", card_seconds * 1e6, "us");
    bench_figure("download_primitives_cpu", primitive_seconds * 1e6, "us");
    bench_figure("download_package", (double)card_work.segment_octets, "octets");
    bench_figure_goal("download_cpu_ratio", card_seconds / primitive_seconds, "ratio", GOAL);
    softeuicc_close(card);
    test_ci_free(&ci);
    buf_free(&metadata);
    return 0;
}
