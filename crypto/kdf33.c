/*
 * Key derivation of 3GPP TS 33.220 Annex B.2, on OpenSSL. See kdf33.h.
 */
#include "crypto/kdf33.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

bool kdf33(struct span key, uint8_t fc, const struct span *parameters, size_t count, uint8_t out[KDF33_SIZE])
{
    struct buf input = {0};
    unsigned size = KDF33_SIZE;
    bool ok = true;

    buf_append_octet(&input, fc);
    for (size_t i = 0; i < count; i++) {
        ok = ok && parameters[i].size <= UINT16_MAX;
        buf_append(&input, parameters[i]);
        buf_append_number(&input, 2, parameters[i].size);
    }
    ok = ok && !input.failed &&
         HMAC(EVP_sha256(), key.data, (int)key.size, input.data, input.size, out, &size) != NULL;
    buf_free(&input);
    return ok;
}

bool kdf33_gba_mask(struct span ik, uint8_t mask[KDF33_GBA_MASK_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool ok = EVP_Digest(ik.data, ik.size, digest, NULL, EVP_sha1(), NULL) == 1;

    if (ok)
        memcpy(mask, digest, KDF33_GBA_MASK_SIZE);
    OPENSSL_cleanse(digest, sizeof(digest));
    return ok;
}
