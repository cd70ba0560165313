/*
 * The generic key derivation function of 3GPP (TS 33.220 Annex B.2: HMAC-SHA-256 over FC, parameters and
 * their lengths) and what GBA_U does to a MAC (TS 33.220 5.3.2). Keys in, octets out; which FC has which
 * parameters is the caller's.
 */
#ifndef SOFTEUICC_CRYPTO_KDF33_H
#define SOFTEUICC_CRYPTO_KDF33_H

#include "apdu/bytes.h"

enum { KDF33_SIZE = 32, KDF33_GBA_MASK_SIZE = 8 };

/* KDF(key, S) with S = FC || P0 || L0 || P1 || L1 || …; a parameter has up to 65535 octets. False when one is
 * longer, without memory, or when OpenSSL failed. */
bool kdf33(struct span key, uint8_t fc, const struct span *parameters, size_t count, uint8_t out[KDF33_SIZE]);

/* Trunc(SHA-1(IK)): what the BSF combines with MAC to make MAC* of a GBA_U vector. */
bool kdf33_gba_mask(struct span ik, uint8_t mask[KDF33_GBA_MASK_SIZE]);

#endif
