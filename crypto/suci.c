/*
 * ECIES for subscription identifiers (3GPP TS 33.501 C.3, SECG SEC 1 5.1.3), on OpenSSL. See suci.h.
 */
#include "crypto/suci.h"

#include "crypto/ec.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>

enum {
    X25519_SIZE = 32,
    COMPRESSED_SIZE = 33, /* 02 or 03, and x */
    /* What the KDF gives, TS 33.501 C.3.4: encryption key, initial counter block, MAC key. */
    ENCRYPTION_KEY_SIZE = 16,
    COUNTER_BLOCK_SIZE = 16,
    MAC_KEY_SIZE = 32,
    KEY_DATA_SIZE = ENCRYPTION_KEY_SIZE + COUNTER_BLOCK_SIZE + MAC_KEY_SIZE,
};

/* What a key agreement leaves: Z, and the ephemeral public key as it is sent. */
struct agreement {
    uint8_t secret[32];
    uint8_t ephemeral[COMPRESSED_SIZE];
    size_t ephemeral_size;
};

size_t suci_ephemeral_size(enum suci_scheme scheme)
{
    switch (scheme) {
    case SUCI_PROFILE_A:
        return X25519_SIZE;
    case SUCI_PROFILE_B:
        return COMPRESSED_SIZE;
    case SUCI_NULL_SCHEME:
        break;
    }
    return 0;
}

/* --- profile A -------------------------------------------------------------------------------------- */

static bool agree_x25519(struct span home_key, const uint8_t *private_key, struct agreement *agreement)
{
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, SUCI_PRIVATE_SIZE);
    EVP_PKEY *home = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, home_key.data, home_key.size);
    EVP_PKEY_CTX *context = own != NULL ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    size_t secret_size = sizeof(agreement->secret);
    bool ok;

    agreement->ephemeral_size = X25519_SIZE;
    ok = home != NULL && context != NULL &&
         EVP_PKEY_get_raw_public_key(own, agreement->ephemeral, &agreement->ephemeral_size) == 1 &&
         EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, home) == 1 &&
         EVP_PKEY_derive(context, agreement->secret, &secret_size) == 1 && secret_size == X25519_SIZE;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(home);
    EVP_PKEY_free(own);
    return ok;
}

/* --- profile B -------------------------------------------------------------------------------------- */

/* A point of P-256, compressed or not, as 65 octets. */
static bool decompress(struct span encoded, uint8_t point[EC_POINT_SIZE])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *decoded = group != NULL ? EC_POINT_new(group) : NULL;
    bool ok = decoded != NULL && (encoded.size == COMPRESSED_SIZE || encoded.size == EC_POINT_SIZE) &&
              EC_POINT_oct2point(group, decoded, encoded.data, encoded.size, NULL) == 1 &&
              EC_POINT_point2oct(group, decoded, POINT_CONVERSION_UNCOMPRESSED, point, EC_POINT_SIZE, NULL) ==
                  EC_POINT_SIZE;

    EC_POINT_free(decoded);
    EC_GROUP_free(group);
    return ok;
}

static bool agree_p256(struct span home_key, const uint8_t *private_key, struct agreement *agreement)
{
    uint8_t home_point[EC_POINT_SIZE];
    uint8_t own_point[EC_POINT_SIZE];
    struct ec_key *own = ec_key_from_scalar(EC_CURVE_P256, SPAN(private_key, SUCI_PRIVATE_SIZE));
    struct ec_key *home =
        decompress(home_key, home_point) ? ec_key_from_point(EC_CURVE_P256, SPAN_ARRAY(home_point)) : NULL;
    bool ok = own != NULL && home != NULL && ec_shared_secret(own, home, agreement->secret);

    if (ok) {
        ec_key_point(own, own_point);
        agreement->ephemeral[0] = 0x02 | (own_point[EC_POINT_SIZE - 1] & 1); /* SEC 1 2.3.3 */
        memcpy(agreement->ephemeral + 1, own_point + 1, COMPRESSED_SIZE - 1);
        agreement->ephemeral_size = COMPRESSED_SIZE;
    }
    ec_key_free(home);
    ec_key_free(own);
    return ok;
}

/* --- both ------------------------------------------------------------------------------------------- */

bool suci_key_fits(enum suci_scheme scheme, struct span home_key)
{
    uint8_t point[EC_POINT_SIZE];

    switch (scheme) {
    case SUCI_NULL_SCHEME:
        return true;
    case SUCI_PROFILE_A:
        return home_key.size == X25519_SIZE;
    case SUCI_PROFILE_B:
        return decompress(home_key, point);
    }
    return false;
}

static bool suci_encrypt(const uint8_t *keys, struct span plain, uint8_t *cipher)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int size = 0;
    bool ok = context != NULL &&
              EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, keys, keys + ENCRYPTION_KEY_SIZE) == 1 &&
              EVP_EncryptUpdate(context, cipher, &size, plain.data, (int)plain.size) == 1;

    EVP_CIPHER_CTX_free(context);
    return ok && (size_t)size == plain.size;
}

static bool put_output(const struct agreement *agreement, const uint8_t *keys, struct span plain,
                       struct buf *out)
{
    uint8_t tag[CRYPTO_SHA256_SIZE];
    unsigned tag_size = sizeof(tag);
    uint8_t *cipher;

    buf_append(out, SPAN(agreement->ephemeral, agreement->ephemeral_size));
    if (!buf_reserve(out, plain.size + SUCI_TAG_SIZE))
        return false;
    cipher = out->data + out->size;
    if (!suci_encrypt(keys, plain, cipher) ||
        HMAC(EVP_sha256(), keys + ENCRYPTION_KEY_SIZE + COUNTER_BLOCK_SIZE, MAC_KEY_SIZE, cipher, plain.size,
             tag, &tag_size) == NULL)
        return false;
    out->size += plain.size;
    buf_append(out, SPAN(tag, SUCI_TAG_SIZE));
    return !out->failed;
}

bool suci_conceal(enum suci_scheme scheme, struct span home_key, const uint8_t private_key[SUCI_PRIVATE_SIZE],
                  struct span plain, struct buf *out)
{
    struct agreement agreement = {.ephemeral_size = 0};
    uint8_t keys[KEY_DATA_SIZE];
    bool ok;

    if (scheme == SUCI_NULL_SCHEME) {
        buf_append(out, plain);
        return !out->failed;
    }
    ok = suci_key_fits(scheme, home_key) &&
         (scheme == SUCI_PROFILE_A ? agree_x25519(home_key, private_key, &agreement)
                                   : agree_p256(home_key, private_key, &agreement)) &&
         /* SharedInfo1 is the ephemeral public key. */
         crypto_x963_kdf(SPAN_ARRAY(agreement.secret), SPAN(agreement.ephemeral, agreement.ephemeral_size),
                         keys, sizeof(keys)) &&
         put_output(&agreement, keys, plain, out);
    OPENSSL_cleanse(&agreement, sizeof(agreement));
    OPENSSL_cleanse(keys, sizeof(keys));
    return ok;
}
