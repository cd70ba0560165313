/* Text from outside that people will see: see printable.h. */
#include "crypto/printable.h"

#include <openssl/asn1.h>

#include <string.h>

#define CHARACTER_MAX 4 /* octets */

void printable_text(char *text, size_t size)
{
    while (size > 0) {
        unsigned long character = 0;
        int used = UTF8_getc((const unsigned char *)text, size < CHARACTER_MAX ? (int)size : CHARACTER_MAX,
                             &character);
        size_t octets = used > 0 ? (size_t)used : 1;

        if (used <= 0 || character < 0x20 || (character >= 0x7F && character < 0xA0))
            memset(text, '?', octets);
        text += octets;
        size -= octets;
    }
}
