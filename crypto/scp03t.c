/*
 * SCP03t: keys and blocks 86, 87, 88 of a Bound Profile Package (SGP.22 2.5.2-2.5.4, 2.6.4;
 * GlobalPlatform amendment F). Encrypt then MAC; the MACs of a session are chained, the initial counter value
 * of each block is an encrypted counter.
 */
#include "crypto/scp03t.h"

#include "apdu/tlv.h"
#include "crypto/ec.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdlib.h>
#include <string.h>

#define AES_BLOCK     16
#define PADDING_FIRST 0x80 /* ISO/IEC 9797-1 padding method 2; never absent (SGP.22 2.6.4.4) */
#define HEADER_MAX    4    /* tag, 82, two octets of length */

struct scp03t {
    struct scp03t_keys keys;        /* the chain changes with every block */
    uint64_t counter;               /* of the next block */
    EVP_CIPHER_CTX *counter_cipher; /* AES-ECB with the encryption key */
    EVP_CIPHER_CTX *data_cipher;    /* AES-CBC; key set, initial value and direction change */
    EVP_CIPHER *ecb;
    EVP_CIPHER *cbc;
    EVP_MAC *cmac;
    EVP_MAC_CTX *mac;
};

bool scp03t_derive(struct span shared_secret, uint8_t key_type, uint8_t key_length, struct span host_id,
                   struct span eid, struct scp03t_keys *keys)
{
    struct buf info = {0};
    uint8_t out[3 * SCP03T_KEY_SIZE];
    bool ok;

    buf_append_octet(&info, key_type);
    buf_append_octet(&info, key_length);
    tlv_put_length(&info, host_id.size);
    buf_append(&info, host_id);
    tlv_put_length(&info, eid.size);
    buf_append(&info, eid);
    ok = !info.failed && shared_secret.size > 0 &&
         crypto_x963_kdf(shared_secret, buf_span(&info), out, sizeof(out));
    if (ok) {
        memcpy(keys->chain, out, SCP03T_KEY_SIZE);
        memcpy(keys->enc, out + SCP03T_KEY_SIZE, SCP03T_KEY_SIZE);
        memcpy(keys->mac, out + 2 * SCP03T_KEY_SIZE, SCP03T_KEY_SIZE);
    }
    OPENSSL_cleanse(out, sizeof(out));
    buf_free(&info);
    return ok;
}

void scp03t_free(struct scp03t *session)
{
    if (session == NULL)
        return;
    EVP_CIPHER_CTX_free(session->counter_cipher);
    EVP_CIPHER_CTX_free(session->data_cipher);
    EVP_CIPHER_free(session->ecb);
    EVP_CIPHER_free(session->cbc);
    EVP_MAC_CTX_free(session->mac);
    EVP_MAC_free(session->cmac);
    OPENSSL_cleanse(session, sizeof(*session));
    free(session);
}

struct scp03t *scp03t_new(const struct scp03t_keys *keys)
{
    struct scp03t *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    session->cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    session->cmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_CMAC, NULL);
    session->counter_cipher = EVP_CIPHER_CTX_new();
    session->data_cipher = EVP_CIPHER_CTX_new();
    session->mac = session->cmac != NULL ? EVP_MAC_CTX_new(session->cmac) : NULL;
    if (session->ecb == NULL || session->cbc == NULL || session->counter_cipher == NULL ||
        session->data_cipher == NULL || session->mac == NULL || !scp03t_replace_keys(session, keys)) {
        scp03t_free(session);
        return NULL;
    }
    return session;
}

bool scp03t_replace_keys(struct scp03t *session, const struct scp03t_keys *keys)
{
    char cipher[] = "AES-128-CBC";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                           OSSL_PARAM_construct_end()};

    session->keys = *keys;
    session->counter = 1;
    return EVP_MAC_init(session->mac, keys->mac, SCP03T_KEY_SIZE, params) == 1 &&
           EVP_EncryptInit_ex2(session->counter_cipher, session->ecb, keys->enc, NULL, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(session->counter_cipher, 0) == 1;
}

/* AES-CBC over whole blocks at `data`, in place, with this block's initial value. */
static bool run_cipher(struct scp03t *session, uint8_t *data, size_t size, bool encrypt)
{
    uint8_t initial[AES_BLOCK] = {0};
    int done = 0;

    for (size_t i = 0; i < sizeof(session->counter); i++)
        initial[AES_BLOCK - 1 - i] = (uint8_t)(session->counter >> (8 * i));
    return EVP_EncryptUpdate(session->counter_cipher, initial, &done, initial, AES_BLOCK) == 1 &&
           done == AES_BLOCK &&
           EVP_CipherInit_ex2(session->data_cipher, session->cbc, session->keys.enc, initial, encrypt,
                              NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(session->data_cipher, 0) == 1 &&
           EVP_CipherUpdate(session->data_cipher, data, &done, data, (int)size) == 1 && (size_t)done == size;
}

/* The whole MAC of one block; it is also the next chaining value. `size` is that of the content without the
 * MAC. */
static bool run_mac(struct scp03t *session, uint8_t tag, const uint8_t *content, size_t size,
                    uint8_t mac[AES_BLOCK])
{
    uint8_t header_memory[HEADER_MAX];
    struct buf header = {.data = header_memory, .capacity = sizeof(header_memory)};
    size_t done = 0;

    /* Four octets always suffice for a block of at most SCP03T_VALUE_MAX:
     * the buffer never leaves the stack. */
    buf_append_octet(&header, tag);
    tlv_put_length(&header, size + SCP03T_MAC_SIZE);
    return EVP_MAC_init(session->mac, session->keys.mac, SCP03T_KEY_SIZE, NULL) == 1 &&
           EVP_MAC_update(session->mac, session->keys.chain, SCP03T_KEY_SIZE) == 1 &&
           EVP_MAC_update(session->mac, header.data, header.size) == 1 &&
           EVP_MAC_update(session->mac, content, size) == 1 &&
           EVP_MAC_final(session->mac, mac, &done, AES_BLOCK) == 1 && done == AES_BLOCK;
}

static bool is_encrypted(uint8_t tag)
{
    return tag == SCP03T_TAG_ENCRYPTED || tag == SCP03T_TAG_COMMAND_ENCRYPTED;
}

static bool tag_is_known(uint8_t tag)
{
    return is_encrypted(tag) || tag == SCP03T_TAG_MAC_ONLY;
}

/* The size without padding; 0 (never a valid one: a block has content) when the padding is bad. The MAC has
 * been checked, so how long this takes tells nobody anything. */
static size_t size_without_padding(const uint8_t *data, size_t size)
{
    size_t end = size;

    while (end > 0 && size - end < AES_BLOCK - 1 && data[end - 1] == 0)
        end--;
    return end > 0 && data[end - 1] == PADDING_FIRST ? end - 1 : 0;
}

enum scp03t_status scp03t_open(struct scp03t *session, uint8_t tag, struct span value, struct buf *plain)
{
    uint8_t mac[AES_BLOCK];
    uint8_t *content;
    size_t size = value.size;

    if (!tag_is_known(tag) || size <= SCP03T_MAC_SIZE || size > SCP03T_VALUE_MAX)
        return SCP03T_BAD_STRUCTURE;
    size -= SCP03T_MAC_SIZE;
    if (is_encrypted(tag) && size % AES_BLOCK != 0)
        return SCP03T_BAD_STRUCTURE;
    if (!run_mac(session, tag, value.data, size, mac))
        return SCP03T_NO_MEMORY;
    if (CRYPTO_memcmp(mac, value.data + size, SCP03T_MAC_SIZE) != 0)
        return SCP03T_BAD_MAC;
    memcpy(session->keys.chain, mac, SCP03T_KEY_SIZE);

    if (!buf_reserve(plain, size))
        return SCP03T_NO_MEMORY;
    content = plain->data + plain->size;
    memcpy(content, value.data, size);
    if (is_encrypted(tag)) {
        if (!run_cipher(session, content, size, false))
            return SCP03T_NO_MEMORY;
        value.size = size;
        size = size_without_padding(content, size);
        if (size == 0) {
            OPENSSL_cleanse(content, value.size);
            return SCP03T_BAD_STRUCTURE;
        }
    }
    session->counter++;
    plain->size += size;
    return SCP03T_OK;
}

size_t scp03t_plain_max(uint8_t tag)
{
    const size_t content = SCP03T_BLOCK_MAX - HEADER_MAX - SCP03T_MAC_SIZE;

    if (!tag_is_known(tag))
        return 0;
    return is_encrypted(tag) ? content / AES_BLOCK * AES_BLOCK - 1 : content;
}

enum scp03t_status scp03t_seal(struct scp03t *session, uint8_t tag, struct span plain, struct buf *block)
{
    uint8_t mac[AES_BLOCK];
    uint8_t *content;
    size_t size = plain.size;

    if (!tag_is_known(tag) || size == 0 || size > scp03t_plain_max(tag))
        return SCP03T_BAD_STRUCTURE;
    if (is_encrypted(tag))
        size = (size / AES_BLOCK + 1) * AES_BLOCK;
    buf_append_octet(block, tag);
    tlv_put_length(block, size + SCP03T_MAC_SIZE);
    if (!buf_reserve(block, size + SCP03T_MAC_SIZE))
        return SCP03T_NO_MEMORY;
    content = block->data + block->size;
    memcpy(content, plain.data, plain.size);
    if (is_encrypted(tag)) {
        memset(content + plain.size, 0, size - plain.size);
        content[plain.size] = PADDING_FIRST;
        if (!run_cipher(session, content, size, true))
            return SCP03T_NO_MEMORY;
    }
    if (!run_mac(session, tag, content, size, mac))
        return SCP03T_NO_MEMORY;
    memcpy(content + size, mac, SCP03T_MAC_SIZE);
    memcpy(session->keys.chain, mac, SCP03T_KEY_SIZE);
    session->counter++;
    block->size += size + SCP03T_MAC_SIZE;
    return SCP03T_OK;
}
