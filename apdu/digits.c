/* Digits as text and as swapped BCD. See digits.h. */
#include "apdu/digits.h"

#include <string.h>

bool digits_are(const char *text, size_t min, size_t max)
{
    size_t count = text != NULL ? strspn(text, "0123456789") : 0;

    return text != NULL && count >= min && count <= max && text[count] == '\0';
}

void digits_swap(const char *digits, uint8_t *octets, size_t size)
{
    memset(octets, 0xFF, size);
    for (size_t i = 0; digits[i] != '\0' && i / 2 < size; i++) {
        uint8_t digit = (uint8_t)(digits[i] - '0');

        octets[i / 2] =
            (uint8_t)(i % 2 == 0 ? (octets[i / 2] & 0xF0) | digit : (octets[i / 2] & 0x0F) | digit << 4);
    }
}

uint8_t digits_swapped(unsigned number)
{
    return (uint8_t)(number % 10 << 4 | number / 10 % 10);
}

bool digits_read_swapped(uint8_t octet, unsigned *number)
{
    *number = (octet & 0x0Fu) * 10 + (octet >> 4);
    return (octet & 0x0Fu) < 10 && octet >> 4 < 10;
}

void digits_plmn(const char *digits, size_t mnc_size, uint8_t octets[PLMN_SIZE])
{
    /* The third digit of the MNC, or F, stands before the other two. */
    const char in_order[] = {digits[0], digits[1], digits[2], '0', digits[3], digits[4], '\0'};

    digits_swap(in_order, octets, PLMN_SIZE);
    octets[1] = (uint8_t)((octets[1] & 0x0F) | (mnc_size == 3 ? (uint8_t)(digits[5] - '0') << 4 : 0xF0));
}
