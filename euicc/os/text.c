/* Text from outside: see text.h. */
#include "euicc/os/text.h"

#include <string.h>

/* How many octets the character that begins with `lead` takes,
 * 0 for an octet that begins none (RFC 3629 3). */
static size_t sequence_size(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* The second octet's range keeps out long forms, surrogates and what is above U+10FFFF. */
static bool second_fits(uint8_t lead, uint8_t second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second <= 0x9F;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second <= 0x8F;
    default:
        return true;
    }
}

bool text_is_utf8(struct span text, size_t *characters)
{
    size_t count = 0;

    for (size_t i = 0; i < text.size; count++) {
        size_t size = sequence_size(text.data[i]);

        if (size == 0 || text.data[i] == 0 || size > text.size - i)
            return false;
        if (size > 1 && !second_fits(text.data[i], text.data[i + 1]))
            return false;
        for (size_t k = 1; k < size; k++)
            if ((text.data[i + k] & 0xC0) != 0x80)
                return false;
        i += size;
    }
    if (characters != NULL)
        *characters = count;
    return true;
}

static bool all_of(const uint8_t *octets, size_t size, const char *allowed)
{
    for (size_t i = 0; i < size; i++)
        if (octets[i] == 0 || strchr(allowed, octets[i]) == NULL)
            return false;
    return true;
}

#define DIGITS  "0123456789"
#define HEX     DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool text_is_address(struct span text)
{
    const uint8_t *end;
    size_t host;
    size_t rest;

    if (text.size == 0)
        return true;
    if (text.size > ADDRESS_MAX)
        return false;
    if (text.data[0] == '[') {
        end = memchr(text.data, ']', text.size);
        if (end == NULL || !all_of(text.data + 1, (size_t)(end - text.data) - 1, HEX ":."))
            return false;
        host = (size_t)(end - text.data) + 1;
    } else {
        end = memchr(text.data, ':', text.size);
        host = end != NULL ? (size_t)(end - text.data) : text.size;
        if (host == 0 || !all_of(text.data, host, LETTERS DIGITS "-_."))
            return false;
    }
    rest = text.size - host;
    if (rest == 0)
        return true;
    return text.data[host] == ':' && rest >= 2 && rest <= 6 && all_of(text.data + host + 1, rest - 1, DIGITS);
}
