/* The confirmation code of a download (SGP.22 4.7): a server keeps its hash, the eUICC signs the hash bound
 * to one transaction. */
#ifndef SOFTEUICC_PROTOCOL_CONFIRMATION_CODE_H
#define SOFTEUICC_PROTOCOL_CONFIRMATION_CODE_H

#include "crypto/ec.h"

/* SHA-256 of the code as the user typed it. False: out of memory. */
bool confirmation_code_hash(const char *code, uint8_t hash[CRYPTO_SHA256_SIZE]);

/* hashCc = SHA-256(hash of the code | transaction identifier). False: out of memory. */
bool confirmation_code_bind(const uint8_t hash[CRYPTO_SHA256_SIZE], struct span transaction_id,
                            uint8_t hash_cc[CRYPTO_SHA256_SIZE]);

/* Both: hashCc of the code as the user typed it. */
bool confirmation_code_hash_cc(const char *code, struct span transaction_id,
                               uint8_t hash_cc[CRYPTO_SHA256_SIZE]);

#endif
