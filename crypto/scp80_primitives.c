/*
 * Algorithms of secured packets (ETSI TS 102 225 5.1.2, 5.1.3): one table, and OpenSSL beneath. Single DES
 * and DES in ECB have no row: they are refused.
 */
#include "crypto/scp80_primitives.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

enum {
    CODE_MASK = 0x0F,
    CODE_IMPLICIT = 0x00,
    CODE_AES = 0x02,
    CODE_TRIPLE_DES_2 = 0x05,
    CODE_TRIPLE_DES_3 = 0x09,
    CODE_CRC_16 = 0x01,
    CODE_CRC_32 = 0x05,
};

enum { DES_BLOCK = 8, AES_BLOCK = 16, MAC_SIZE = 8 };

static const struct scp80_algorithm algorithms[] = {
    {CODE_AES, SCP80_KEY_AES, 16, AES_BLOCK, "AES-128-CBC"},
    {CODE_AES, SCP80_KEY_AES, 24, AES_BLOCK, "AES-192-CBC"},
    {CODE_AES, SCP80_KEY_AES, 32, AES_BLOCK, "AES-256-CBC"},
    {CODE_TRIPLE_DES_2, SCP80_KEY_DES, 16, DES_BLOCK, "DES-EDE-CBC"},
    {CODE_TRIPLE_DES_3, SCP80_KEY_DES, 24, DES_BLOCK, "DES-EDE3-CBC"},
};

const struct scp80_algorithm *scp80_algorithm(uint8_t octet, const struct scp80_key *key)
{
    uint8_t code = octet & CODE_MASK;

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        const struct scp80_algorithm *row = &algorithms[i];

        if ((code == row->code || code == CODE_IMPLICIT) && key->value.data != NULL &&
            row->type == key->type && row->key_size == key->value.size)
            return row;
    }
    return NULL;
}

bool scp80_cipher(const struct scp80_algorithm *algorithm, const struct scp80_key *key, bool encrypt,
                  uint8_t *octets, size_t size)
{
    static const uint8_t initial[SCP80_BLOCK_MAX];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, algorithm->name, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0;
    bool ok;

    ok = cipher != NULL && context != NULL &&
         EVP_CipherInit_ex2(context, cipher, key->value.data, initial, encrypt, NULL) == 1 &&
         EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
         EVP_CipherUpdate(context, octets, &written, octets, (int)size) == 1 && (size_t)written == size;
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    ERR_clear_error();
    return ok;
}

static bool cbc_mac(const struct scp80_algorithm *algorithm, const struct scp80_key *key, struct span covered,
                    uint8_t out[MAC_SIZE])
{
    struct buf padded = {0};
    bool ok;

    buf_append(&padded, covered);
    while (!padded.failed && (padded.size == 0 || padded.size % DES_BLOCK != 0))
        buf_append_octet(&padded, 0);
    ok = !padded.failed && scp80_cipher(algorithm, key, true, padded.data, padded.size);
    if (ok)
        memcpy(out, padded.data + padded.size - DES_BLOCK, MAC_SIZE);
    buf_free(&padded);
    return ok;
}

bool scp80_mac(const struct scp80_algorithm *algorithm, const struct scp80_key *key, struct span covered,
               uint8_t out[MAC_SIZE])
{
    uint8_t whole[AES_BLOCK];
    size_t written = 0;
    bool ok;

    if (algorithm->type != SCP80_KEY_AES)
        return cbc_mac(algorithm, key, covered, out);
    ok = EVP_Q_mac(NULL, OSSL_MAC_NAME_CMAC, NULL, algorithm->name, NULL, key->value.data, key->value.size,
                   covered.data, covered.size, whole, sizeof(whole), &written) != NULL &&
         written == sizeof(whole);
    if (ok)
        memcpy(out, whole, MAC_SIZE);
    OPENSSL_cleanse(whole, sizeof(whole));
    ERR_clear_error();
    return ok;
}

/* --- redundancy checks ----------------------------------------------------------------------------- */

/* ISO/IEC 13239: reflected, all ones at the beginning and inverted at the end. */
static uint32_t crc(struct span covered, uint32_t polynomial, uint32_t ones)
{
    uint32_t value = ones;

    for (size_t i = 0; i < covered.size; i++) {
        value ^= covered.data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
    }
    return value ^ ones;
}

size_t scp80_crc_size(uint8_t kid)
{
    switch (kid & CODE_MASK) {
    case CODE_CRC_16:
        return 2;
    case CODE_CRC_32:
        return 4;
    default:
        return SIZE_MAX;
    }
}

bool scp80_crc(uint8_t kid, struct span covered, uint8_t out[4])
{
    size_t size = scp80_crc_size(kid);
    uint32_t value = size == 2 ? crc(covered, 0x8408, 0xFFFF) : crc(covered, 0xEDB88320, 0xFFFFFFFF);

    if (size == SIZE_MAX)
        return false;
    octets_put_number(out, size, value);
    return true;
}
