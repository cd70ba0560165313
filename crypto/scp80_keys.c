/*
 * Keys that come over the air: see the end of scp80.h. A key is ciphered as the data encryption key's type
 * has it (GlobalPlatform 11.8.2.3 triple DES in ECB; Amendment D 7.2 AES in CBC), its check value as its own
 * has it.
 */
#include "crypto/scp80_primitives.h"

#include <openssl/crypto.h>
#include <string.h>

/* In place. ECB is CBC that begins anew with every block. */
static bool decipher(const struct scp80_key *key, uint8_t *octets, size_t size)
{
    const struct scp80_algorithm *algorithm = scp80_algorithm(0, key);
    size_t step = key->type == SCP80_KEY_AES ? size : algorithm->block;
    bool good = true;

    for (size_t at = 0; at < size && good; at += step)
        good = scp80_cipher(algorithm, key, false, octets + at, step);
    return good;
}

/* Takes the length in clear off; *size is the key's. */
static bool split_value(const struct scp80_key *kik, struct span *data, size_t *size)
{
    const struct scp80_algorithm *algorithm = scp80_algorithm(0, kik);

    if (algorithm == NULL || data->size == 0)
        return false;
    *size = data->size;
    if (data->size % algorithm->block != 1)
        return data->size % algorithm->block == 0;
    *size = data->data[0];
    *data = SPAN(data->data + 1, data->size - 1);
    return *size <= data->size;
}

bool scp80_open_key(const struct scp80_key *kik, uint8_t type, struct span data, struct buf *out)
{
    uint8_t plain[4 * SCP80_BLOCK_MAX];
    struct scp80_key key = {.type = type};
    size_t size;
    bool good;

    if (!split_value(kik, &data, &size) || data.size > sizeof(plain))
        return false;
    memcpy(plain, data.data, data.size);
    key.value = SPAN(plain, size);
    good = decipher(kik, plain, data.size) && scp80_algorithm(0, &key) != NULL;
    if (good)
        buf_append(out, key.value);
    OPENSSL_cleanse(plain, sizeof(plain));
    return good;
}

bool scp80_check_value(const struct scp80_key *key, uint8_t out[SCP80_CHECK_SIZE])
{
    const struct scp80_algorithm *algorithm = scp80_algorithm(0, key);
    uint8_t block[SCP80_BLOCK_MAX];

    if (algorithm == NULL)
        return false;
    memset(block, key->type == SCP80_KEY_AES ? 0x01 : 0x00, sizeof(block));
    if (!scp80_cipher(algorithm, key, true, block, algorithm->block))
        return false;
    memcpy(out, block, SCP80_CHECK_SIZE);
    return true;
}
