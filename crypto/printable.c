/* Text from outside that people will see: see printable.h. */
#include "crypto/printable.h"

#include <openssl/asn1.h>

#include <string.h>

#define CHARACTER_MAX 4        /* octets */
#define PLANE_LAST    0xFFFEUL /* this and the next number of every plane are no characters */

/* Unicode 15: control and format characters (Cc, Cf), separators of lines and paragraphs (Zl, Zp), what is
 * left out where it has no glyph (Default_Ignorable_Code_Point), and what is no character. In order.
 * Reading: the sixteen variation selectors U+FE00 to U+FE0F are not among them, since people's emoji have
 * them and they change nothing but the picture; the joiners U+200C and U+200D are, because two names that
 * differ in them alone look the same. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},
    {0x061C, 0x061C},   {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},
    {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

size_t printable_character(const char *text, size_t size, uint32_t *character)
{
    unsigned long found = 0;
    int used =
        UTF8_getc((const unsigned char *)text, size < CHARACTER_MAX ? (int)size : CHARACTER_MAX, &found);

    *character = (uint32_t)found;
    return used > 0 ? (size_t)used : 0;
}

bool printable_is_hidden(uint32_t character)
{
    if ((character & PLANE_LAST) == PLANE_LAST)
        return true;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && character >= hidden[i].first; i++) {
        if (character <= hidden[i].last)
            return true;
    }
    return false;
}

void printable_text(char *text, size_t size)
{
    while (size > 0) {
        uint32_t character;
        size_t used = printable_character(text, size, &character);
        size_t octets = used > 0 ? used : 1;

        if (used == 0 || printable_is_hidden(character))
            memset(text, '?', octets);
        text += octets;
        size -= octets;
    }
}
