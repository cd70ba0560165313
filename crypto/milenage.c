/* Milenage (3GPP TS 35.206 4.1) on AES-128 of OpenSSL, with the constants of the subscription. See aka.h. */
#include "crypto/aka_internal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { BLOCK = 16 };

/* E_K, kept keyed for the blocks of one computation. */
static EVP_CIPHER_CTX *cipher_new(const struct aka_algorithm *algorithm)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

    if (cipher != NULL && (EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), NULL, algorithm->key, NULL) != 1 ||
                           EVP_CIPHER_CTX_set_padding(cipher, 0) != 1)) {
        EVP_CIPHER_CTX_free(cipher);
        cipher = NULL;
    }
    return cipher;
}

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
static void rotate(uint8_t block[BLOCK], unsigned bits)
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

/* TEMP = E_K(RAND ^ OPc) */
static bool make_temp(EVP_CIPHER_CTX *cipher, const struct aka_algorithm *algorithm, const uint8_t *rand,
                      uint8_t temp[BLOCK])
{
    memcpy(temp, rand, BLOCK);
    milenage_add(temp, algorithm->opc);
    return milenage_encrypt(cipher, temp);
}

/* OUTn for n = 2 to 5: E_K(rot(TEMP ^ OPc, rn) ^ cn) ^ OPc */
static bool output(EVP_CIPHER_CTX *cipher, const struct aka_algorithm *algorithm, const uint8_t temp[BLOCK],
                   unsigned n, uint8_t out[BLOCK])
{
    memcpy(out, temp, BLOCK);
    milenage_add(out, algorithm->opc);
    rotate(out, algorithm->rotation[n - 1]);
    milenage_add(out, algorithm->xoring[n - 1]);
    if (!milenage_encrypt(cipher, out))
        return false;
    milenage_add(out, algorithm->opc);
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

bool milenage_derive_opc(const struct aka_algorithm *algorithm, const uint8_t *op, uint8_t *opc)
{
    EVP_CIPHER_CTX *cipher = cipher_new(algorithm);
    bool ok;

    memcpy(opc, op, BLOCK);
    ok = cipher != NULL && milenage_encrypt(cipher, opc);
    milenage_add(opc, op);
    EVP_CIPHER_CTX_free(cipher);
    return ok;
}

bool milenage_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand, const uint8_t *sqn,
                 const uint8_t *amf, uint8_t *mac)
{
    EVP_CIPHER_CTX *cipher = cipher_new(algorithm);
    uint8_t temp[BLOCK];
    uint8_t in[BLOCK];
    bool ok = cipher != NULL && make_temp(cipher, algorithm, rand, temp);

    memcpy(in, sqn, 6);
    memcpy(in + 6, amf, 2);
    memcpy(in + 8, in, 8);
    milenage_add(in, algorithm->opc);
    rotate(in, algorithm->rotation[0]);
    milenage_add(in, algorithm->xoring[0]);
    if (ok) {
        milenage_add(in, temp);
        ok = milenage_encrypt(cipher, in);
        milenage_add(in, algorithm->opc);
        memcpy(mac, in + (star ? 8 : 0), 8);
    }
    EVP_CIPHER_CTX_free(cipher);
    OPENSSL_cleanse(temp, sizeof(temp));
    OPENSSL_cleanse(in, sizeof(in));
    return ok;
}

bool milenage_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
                    uint8_t *ik, uint8_t *ak)
{
    EVP_CIPHER_CTX *cipher = cipher_new(algorithm);
    uint8_t temp[BLOCK];
    uint8_t out[BLOCK];
    bool ok = cipher != NULL && make_temp(cipher, algorithm, rand, temp);

    if (ok && (res != NULL || ak != NULL)) {
        ok = output(cipher, algorithm, temp, 2, out);
        if (res != NULL)
            memcpy(res, out + 8, 8);
        if (ak != NULL)
            memcpy(ak, out, 6);
    }
    if (ok && ck != NULL)
        ok = output(cipher, algorithm, temp, 3, ck);
    if (ok && ik != NULL)
        ok = output(cipher, algorithm, temp, 4, ik);
    EVP_CIPHER_CTX_free(cipher);
    OPENSSL_cleanse(temp, sizeof(temp));
    OPENSSL_cleanse(out, sizeof(out));
    return ok;
}

bool milenage_f5_star(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak)
{
    EVP_CIPHER_CTX *cipher = cipher_new(algorithm);
    uint8_t temp[BLOCK];
    uint8_t out[BLOCK];
    bool ok =
        cipher != NULL && make_temp(cipher, algorithm, rand, temp) && output(cipher, algorithm, temp, 5, out);

    if (ok)
        memcpy(ak, out, 6);
    EVP_CIPHER_CTX_free(cipher);
    OPENSSL_cleanse(temp, sizeof(temp));
    OPENSSL_cleanse(out, sizeof(out));
    return ok;
}
