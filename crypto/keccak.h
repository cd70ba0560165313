/* The permutation Keccak-f[1600] (FIPS 202 3.3), which OpenSSL has but does not hand out; TUAK is built on
 * it. */
#ifndef SOFTEUICC_CRYPTO_KECCAK_H
#define SOFTEUICC_CRYPTO_KECCAK_H

#include <stdint.h>

enum { KECCAK_STATE_SIZE = 200 };

/* Permutes the state in place; its octets are the lanes, least significant octet first. */
void keccak_f1600(uint8_t state[KECCAK_STATE_SIZE]);

#endif
