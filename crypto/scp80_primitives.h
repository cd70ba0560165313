/* What KIc and KID of a secured packet name (ETSI TS 102 225 5.1.2, 5.1.3), for crypto/scp80.c. */
#ifndef SOFTEUICC_CRYPTO_SCP80_PRIMITIVES_H
#define SOFTEUICC_CRYPTO_SCP80_PRIMITIVES_H

#include "crypto/scp80.h"

enum { SCP80_BLOCK_MAX = 16 };

struct scp80_algorithm {
    uint8_t code;     /* bits 4 to 1 of KIc and KID */
    uint8_t type;     /* of the key */
    size_t key_size;  /* octets */
    size_t block;     /* octets */
    const char *name; /* OpenSSL's, in CBC */
};

/* The algorithm that the octet names for this key; NULL: none we serve, or the key is of another kind. An
 * octet that names none takes the key's. */
const struct scp80_algorithm *scp80_algorithm(uint8_t octet, const struct scp80_key *key);

/* CBC with an initial value of zeros, in place; `size` is a multiple of the block. */
bool scp80_cipher(const struct scp80_algorithm *algorithm, const struct scp80_key *key, bool encrypt,
                  uint8_t *octets, size_t size);

/* The first eight octets of the CMAC (AES), or the last block in CBC after
 * padding with zeros (triple DES). */
bool scp80_mac(const struct scp80_algorithm *algorithm, const struct scp80_key *key, struct span covered,
               uint8_t out[8]);

/* Redundancy checks: 2 or 4 octets by KID; SIZE_MAX for another KID. */
size_t scp80_crc_size(uint8_t kid);
bool scp80_crc(uint8_t kid, struct span covered, uint8_t out[4]);

#endif
