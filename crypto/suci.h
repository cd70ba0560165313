/*
 * Concealment of a subscription identifier (3GPP TS 33.501 Annex C): the null scheme and ECIES with profile A
 * (X25519) and profile B (P-256, compressed points). The card's side only; what is concealed, and the fields
 * around the scheme output, are somebody else's.
 */
#ifndef SOFTEUICC_CRYPTO_SUCI_H
#define SOFTEUICC_CRYPTO_SUCI_H

#include "apdu/bytes.h"

/* Protection scheme identifiers, TS 33.501 C.1. */
enum suci_scheme { SUCI_NULL_SCHEME = 0, SUCI_PROFILE_A = 1, SUCI_PROFILE_B = 2 };

enum { SUCI_PRIVATE_SIZE = 32, SUCI_TAG_SIZE = 8 };

/* Octets of the ephemeral public key that begins a scheme output: 32 (A), 33 (B), 0 for other schemes. */
size_t suci_ephemeral_size(enum suci_scheme scheme);

/* True when the scheme is one of the three and the home network's public key is one for it: 32 octets (A),
 * 33 or 65 octets of a point on the curve (B), anything (null scheme). */
bool suci_key_fits(enum suci_scheme scheme, struct span home_key);

/*
 * Appends the scheme output for `plain`: ephemeral public key, ciphertext, MAC tag; with the null scheme
 * `plain`. `private_key` is the ephemeral private key, fresh random octets, which the caller wipes. False
 * when the home network's key does not fit, when the random octets are no private key (profile B: 0 or above
 * the order, draw again), without memory, or when OpenSSL failed.
 */
bool suci_conceal(enum suci_scheme scheme, struct span home_key, const uint8_t private_key[SUCI_PRIVATE_SIZE],
                  struct span plain, struct buf *out);

#endif
