/* Base64 on OpenSSL's block functions, with the strictness they lack. See base64.h. */
#include "crypto/base64.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *base64_encode(struct span octets)
{
    char *text;

    if (octets.size > INT_MAX / 2)
        return NULL;
    text = malloc((octets.size + 2) / 3 * 4 + 1);
    if (text == NULL)
        return NULL;
    text[0] = '\0';
    if (octets.size > 0)
        EVP_EncodeBlock((unsigned char *)text, octets.data, (int)octets.size);
    return text;
}

/* The value of a character of the alphabet, or -1. */
static int sextet(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

    return at != NULL ? (int)(at - alphabet) : -1;
}

bool base64_decode(const char *text, size_t text_size, struct buf *out)
{
    uint32_t group = 0;
    unsigned filled = 0;
    unsigned padding = 0;

    for (size_t i = 0; i < text_size; i++) {
        int value = sextet(text[i]);

        if (text[i] == '\r' || text[i] == '\n')
            continue;
        if (text[i] == '=' && filled >= 2 && padding < 2)
            padding++;
        else if (value < 0 || padding > 0)
            return false;
        group = group << 6 | (value < 0 ? 0 : (uint32_t)value);
        if (++filled == 4) {
            const uint8_t octets[3] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};

            buf_append(out, SPAN(octets, 3 - padding));
            filled = 0;
            group = 0;
            if (padding > 0)
                filled = 5; /* nothing may follow */
        } else if (filled > 4) {
            return false;
        }
    }
    return (filled == 0 || filled == 5) && !out->failed;
}
