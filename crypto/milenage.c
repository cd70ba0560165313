/* Milenage (3GPP TS 35.206 4.1) on AES-128 of OpenSSL, with the constants of the subscription. See aka.h. */
#include "crypto/aka_internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { BLOCK = 16 };

static bool milenage_encrypt(EVP_CIPHER_CTX *cipher, uint8_t block[BLOCK])
{
    int size = 0;

    return EVP_EncryptUpdate(cipher, block, &size, block, BLOCK) == 1 && size == BLOCK;
}

static void milenage_add(uint8_t block[BLOCK], const uint8_t other[BLOCK])
{
    for (size_t i = 0; i < BLOCK; i++)
        block[i] ^= other[i];
}

/* Cyclic rotation towards the most significant bit. */
static void milenage_rotate(uint8_t block[BLOCK], unsigned bits)
{
    uint8_t in[BLOCK];
    unsigned octets = bits / 8 % BLOCK;
    unsigned rest = bits % 8;

    memcpy(in, block, BLOCK);
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned pair = (unsigned)in[(i + octets) % BLOCK] << 8 |
                        in[(i + octets + 1) % BLOCK]; /* the octet and what follows it */

        block[i] = (uint8_t)(pair >> (8 - rest));
    }
    OPENSSL_cleanse(in, sizeof(in));
}

/* One computation: E_K, kept keyed for its blocks, and what it works on. */
struct milenage {
    const struct aka_algorithm *algorithm;
    EVP_CIPHER_CTX *cipher;
    uint8_t temp[BLOCK];
    uint8_t out[BLOCK];
};

/* TEMP = E_K(RAND ^ OPc). False: OpenSSL failed; what was begun is to be ended all the same. */
static bool milenage_begin(struct milenage *run, const struct aka_algorithm *algorithm, const uint8_t *rand)
{
    run->algorithm = algorithm;
    run->cipher = EVP_CIPHER_CTX_new();
    memcpy(run->temp, rand, BLOCK);
    milenage_add(run->temp, algorithm->opc);
    return run->cipher != NULL &&
           EVP_EncryptInit_ex(run->cipher, EVP_aes_128_ecb(), NULL, algorithm->key, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(run->cipher, 0) == 1 && milenage_encrypt(run->cipher, run->temp);
}

static bool milenage_end(struct milenage *run, bool ok)
{
    EVP_CIPHER_CTX_free(run->cipher);
    OPENSSL_cleanse(run, sizeof(*run));
    return ok;
}

/* OUTn for n = 2 to 5: E_K(rot(TEMP ^ OPc, rn) ^ cn) ^ OPc */
static bool output(const struct milenage *run, unsigned n, uint8_t out[BLOCK])
{
    memcpy(out, run->temp, BLOCK);
    milenage_add(out, run->algorithm->opc);
    milenage_rotate(out, run->algorithm->rotation[n - 1]);
    milenage_add(out, run->algorithm->xoring[n - 1]);
    if (!milenage_encrypt(run->cipher, out))
        return false;
    milenage_add(out, run->algorithm->opc);
    return true;
}

void aka_milenage_constants(struct aka_algorithm *algorithm)
{
    static const uint8_t rotation[5] = {64, 0, 32, 64, 96};
    static const uint8_t last_octet[5] = {0, 1, 2, 4, 8};

    memcpy(algorithm->rotation, rotation, sizeof(rotation));
    memset(algorithm->xoring, 0, sizeof(algorithm->xoring));
    for (size_t i = 0; i < 5; i++)
        algorithm->xoring[i][BLOCK - 1] = last_octet[i];
    algorithm->mac_size = 8;
    algorithm->res_size = 8;
    algorithm->ck_size = 16;
    algorithm->ik_size = 16;
}

static bool milenage_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand,
                        const uint8_t *sqn, const uint8_t *amf, uint8_t *mac)
{
    struct milenage run;
    bool ok = milenage_begin(&run, algorithm, rand);

    memcpy(run.out, sqn, 6);
    memcpy(run.out + 6, amf, 2);
    memcpy(run.out + 8, run.out, 8);
    milenage_add(run.out, algorithm->opc);
    milenage_rotate(run.out, algorithm->rotation[0]);
    milenage_add(run.out, algorithm->xoring[0]);
    milenage_add(run.out, run.temp);
    ok = ok && milenage_encrypt(run.cipher, run.out);
    if (ok) {
        milenage_add(run.out, algorithm->opc);
        memcpy(mac, run.out + (star ? 8 : 0), 8);
    }
    return milenage_end(&run, ok);
}

static bool milenage_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res,
                           uint8_t *ck, uint8_t *ik, uint8_t *ak)
{
    struct milenage run;
    bool ok = milenage_begin(&run, algorithm, rand);

    if (ok && (res != NULL || ak != NULL)) {
        ok = output(&run, 2, run.out);
        if (res != NULL)
            memcpy(res, run.out + 8, 8);
        if (ak != NULL)
            memcpy(ak, run.out, 6);
    }
    ok = ok && (ck == NULL || output(&run, 3, ck)) && (ik == NULL || output(&run, 4, ik));
    return milenage_end(&run, ok);
}

static bool milenage_f5_star(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak)
{
    struct milenage run;
    bool ok = milenage_begin(&run, algorithm, rand) && output(&run, 5, run.out);

    if (ok)
        memcpy(ak, run.out, 6);
    return milenage_end(&run, ok);
}

const struct aka_functions aka_milenage = {milenage_f1, milenage_f2345, milenage_f5_star};
