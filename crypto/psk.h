/*
 * A key that both ends of TLS or DTLS were given beforehand (RFC 4279), as it is written: "IDENTITY:KEY", the
 * key in hexadecimal. It is the line that GnuTLS's psktool writes and its servers read.
 */
#ifndef SOFTEUICC_CRYPTO_PSK_H
#define SOFTEUICC_CRYPTO_PSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets; libcoap keeps no longer ones. */
#define PSK_IDENTITY_MAX 64
#define PSK_KEY_MAX      64

/* Holds a secret: see psk_clear. */
struct psk {
    char identity[PSK_IDENTITY_MAX + 1]; /* printable, without ':' */
    uint8_t key[PSK_KEY_MAX];
    size_t key_size; /* 0: there is none */
};

/* Reads one. False, and *psk has none, when it is not so written: *why is a constant, "has no ':' between
 * identity and key". */
bool psk_read(const char *text, struct psk *psk, const char **why);
/* How it is shown where anybody may look: "IDENTITY:***", which psk_read does not take. */
#define PSK_SHOWN_SIZE (PSK_IDENTITY_MAX + sizeof(":***"))
void psk_show(const struct psk *psk, char out[PSK_SHOWN_SIZE]);
/* Overwrites it. */
void psk_clear(struct psk *psk);

#endif
