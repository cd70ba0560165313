/* Keys shared beforehand. See psk.h. */
#include "crypto/psk.h"

#include "apdu/bytes.h"
#include "crypto/printable.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static const char *take_identity(const char *text, size_t size, struct psk *psk)
{
    if (size == 0 || size > PSK_IDENTITY_MAX)
        return "has no identity of 1 to 64 octets before its ':'";
    memcpy(psk->identity, text, size);
    psk->identity[size] = '\0';
    printable_text(psk->identity, size);
    return memcmp(psk->identity, text, size) == 0 ? NULL : "has an identity that cannot be printed";
}

static const char *take_key(const char *digits, struct psk *psk)
{
    size_t size = strlen(digits);
    struct buf key = {0};

    if (strspn(digits, "0123456789abcdefABCDEF") != size || size % 2 != 0)
        return "has a key that is not hexadecimal";
    if (size == 0 || size > 2 * (size_t)PSK_KEY_MAX)
        return "has no key of 1 to 64 octets behind its ':'";
    if (!buf_append_hex(&key, digits, NULL) || key.failed)
        return "cannot be kept: out of memory";
    memcpy(psk->key, key.data, key.size);
    psk->key_size = key.size;
    OPENSSL_cleanse(key.data, key.size);
    buf_free(&key);
    return NULL;
}

bool psk_read(const char *text, struct psk *psk, const char **why)
{
    const char *colon = strchr(text, ':');

    psk_clear(psk);
    *why = colon == NULL ? "has no ':' between identity and key"
                         : take_identity(text, (size_t)(colon - text), psk);
    if (*why == NULL)
        *why = take_key(colon + 1, psk);
    if (*why != NULL)
        psk_clear(psk);
    return *why == NULL;
}

void psk_show(const struct psk *psk, char out[PSK_SHOWN_SIZE])
{
    snprintf(out, PSK_SHOWN_SIZE, "%s:***", psk->identity);
}

void psk_clear(struct psk *psk)
{
    OPENSSL_cleanse(psk, sizeof(*psk));
}
