/*
 * The protection of a Bound Profile Package (SGP.22 2.5.2-2.5.4, 5.5.2, annex G; GlobalPlatform amendment F):
 * key derivation and the SCP03t blocks 86, 87 and 88, both directions (the card opens, a server seals).
 * AES-128.
 */
#ifndef SOFTEUICC_CRYPTO_SCP03T_H
#define SOFTEUICC_CRYPTO_SCP03T_H

#include "apdu/bytes.h"

#define SCP03T_KEY_SIZE  16
#define SCP03T_MAC_SIZE  8
#define SCP03T_BLOCK_MAX 1020 /* one block with tag, length and MAC, SGP.22 2.5.3: what a server makes */
/* The largest value of a block that is accepted. Reading: a server in wide use fills a block with 1008 octets
 * and pads them after that, which passes the limit by 16; a card has no reason to refuse it. */
#define SCP03T_VALUE_MAX 1032

#define SCP03T_TAG_ENCRYPTED         0x86 /* profile elements */
#define SCP03T_TAG_COMMAND_ENCRYPTED 0x87 /* ConfigureISDP, ReplaceSessionKeys */
#define SCP03T_TAG_MAC_ONLY          0x88 /* StoreMetadata */

struct scp03t_keys {
    uint8_t chain[SCP03T_KEY_SIZE]; /* initial MAC chaining value */
    uint8_t enc[SCP03T_KEY_SIZE];   /* S-ENC or PPK-ENC */
    uint8_t mac[SCP03T_KEY_SIZE];   /* S-MAC or PPK-MAC */
};

struct scp03t; /* a session: keys, MAC chain and block counter */

enum scp03t_status {
    SCP03T_OK = 0,
    SCP03T_BAD_STRUCTURE, /* tag, size or padding */
    SCP03T_BAD_MAC,
    SCP03T_NO_MEMORY
};

/* X9.63 KDF with SHA-256 over the shared secret (not empty); shared info = keyType | keyLength | LV(hostId) |
 * LV(EID, 16 octets). */
bool scp03t_derive(struct span shared_secret, uint8_t key_type, uint8_t key_length, struct span host_id,
                   struct span eid, struct scp03t_keys *keys);

struct scp03t *scp03t_new(const struct scp03t_keys *keys);
void scp03t_free(struct scp03t *session); /* wipes */

/* ReplaceSessionKeys: new keys and chain, block counter starts again at 1. */
bool scp03t_replace_keys(struct scp03t *session, const struct scp03t_keys *keys);

/* Opens one block, `tag` 0x86, 0x87 (encrypted and MACed) or 0x88 (MACed only), `value` its content with the
 * MAC. Appends the plain content, never empty, to `plain`, which is unchanged on an error. After an error the
 * session must not be used again. The length that was MACed is taken to be in its shortest form, as tlv.h
 * reads it. */
enum scp03t_status scp03t_open(struct scp03t *session, uint8_t tag, struct span value, struct buf *plain);

/* Seals `plain` (1 … scp03t_plain_max(tag) octets, not inside `block`) into one block, tag, length and MAC
 * included, appended to `block`. */
enum scp03t_status scp03t_seal(struct scp03t *session, uint8_t tag, struct span plain, struct buf *block);
/* How much one block takes: 1007 octets for 0x86 and 0x87, 1008 for 0x88; 0 for another tag. */
size_t scp03t_plain_max(uint8_t tag);

#endif
