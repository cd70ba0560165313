/* Hashes of confirmation codes: see confirmation_code.h. */
#include "protocol/confirmation_code.h"

#include <openssl/crypto.h>

bool confirmation_code_hash(const char *code, uint8_t hash[CRYPTO_SHA256_SIZE])
{
    const struct span octets = span_of_string(code);

    return crypto_sha256(&octets, 1, hash);
}

bool confirmation_code_bind(const uint8_t hash[CRYPTO_SHA256_SIZE], struct span transaction_id,
                            uint8_t hash_cc[CRYPTO_SHA256_SIZE])
{
    const struct span parts[] = {SPAN(hash, CRYPTO_SHA256_SIZE), transaction_id};

    return crypto_sha256(parts, 2, hash_cc);
}

bool confirmation_code_hash_cc(const char *code, struct span transaction_id,
                               uint8_t hash_cc[CRYPTO_SHA256_SIZE])
{
    uint8_t hash[CRYPTO_SHA256_SIZE];
    bool ok = confirmation_code_hash(code, hash) && confirmation_code_bind(hash, transaction_id, hash_cc);

    OPENSSL_cleanse(hash, sizeof(hash));
    return ok;
}
