/* The bare primitives on OpenSSL: see primitives.h.
 * Nothing of crypto/ but the curve's number is used here. */
#include "tests/bench/primitives.h"

#include "tests/bench/bench.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include <stdlib.h>

struct bench_bare {
    EVP_PKEY *key;
    EVP_PKEY *peer;
    EVP_PKEY_CTX *sign;
    EVP_PKEY_CTX *verify;
    EVP_PKEY_CTX *keygen;
    EVP_PKEY_CTX *derive;
    uint8_t digest[32];
    uint8_t signature[80];
    size_t signature_size;
};

static void check(int result)
{
    if (result != 1)
        bench_fail("OpenSSL refuses a primitive");
}

void bench_bare_sign(void *context)
{
    struct bench_bare *bare = context;

    bare->signature_size = sizeof(bare->signature);
    check(EVP_PKEY_sign(bare->sign, bare->signature, &bare->signature_size, bare->digest,
                        sizeof(bare->digest)));
}

void bench_bare_verify(void *context)
{
    struct bench_bare *bare = context;

    check(EVP_PKEY_verify(bare->verify, bare->signature, bare->signature_size, bare->digest,
                          sizeof(bare->digest)));
}

void bench_bare_keygen(void *context)
{
    struct bench_bare *bare = context;
    EVP_PKEY *key = NULL;

    check(EVP_PKEY_generate(bare->keygen, &key));
    EVP_PKEY_free(key);
}

void bench_bare_ecdh(void *context)
{
    struct bench_bare *bare = context;
    uint8_t secret[32];
    size_t size = sizeof(secret);

    check(EVP_PKEY_derive(bare->derive, secret, &size));
}

static EVP_PKEY_CTX *begin(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    check(init(context));
    return context;
}

struct bench_bare *bench_bare_new(enum ec_curve curve)
{
    const char *group = OBJ_nid2sn(curve == EC_CURVE_P256 ? NID_X9_62_prime256v1 : NID_brainpoolP256r1);
    struct bench_bare *bare = calloc(1, sizeof(*bare));

    if (bare == NULL)
        bench_fail("out of memory");
    bare->key = EVP_EC_gen(group);
    bare->peer = EVP_EC_gen(group);
    bare->sign = begin(bare->key, EVP_PKEY_sign_init);
    bare->verify = begin(bare->key, EVP_PKEY_verify_init);
    bare->keygen = begin(bare->key, EVP_PKEY_keygen_init);
    bare->derive = begin(bare->key, EVP_PKEY_derive_init);
    check(EVP_PKEY_derive_set_peer_ex(bare->derive, bare->peer, 0));
    bench_bare_sign(bare);
    return bare;
}

void bench_bare_free(struct bench_bare *bare)
{
    EVP_PKEY_CTX_free(bare->sign);
    EVP_PKEY_CTX_free(bare->verify);
    EVP_PKEY_CTX_free(bare->derive);
    EVP_PKEY_CTX_free(bare->keygen);
    EVP_PKEY_free(bare->peer);
    EVP_PKEY_free(bare->key);
    free(bare);
}

void bench_primitives(enum ec_curve curve, struct bench_primitives *costs)
{
    struct bench_bare *bare = bench_bare_new(curve);

    costs->sign = bench_cpu_us(bench_bare_sign, bare);
    costs->verify = bench_cpu_us(bench_bare_verify, bare);
    costs->keygen = bench_cpu_us(bench_bare_keygen, bare);
    costs->ecdh = bench_cpu_us(bench_bare_ecdh, bare);
    bench_bare_free(bare);
}
