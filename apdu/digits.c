/* Digits as text and as swapped BCD. See digits.h. */
#include "apdu/digits.h"

#include <stdio.h>
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

void digits_from_plmn(const uint8_t octets[PLMN_SIZE], char digits[PLMN_DIGITS_MAX + 1])
{
    const uint8_t halves[] = {octets[0] & 0x0F, octets[0] >> 4, octets[1] & 0x0F,
                              octets[2] & 0x0F, octets[2] >> 4, octets[1] >> 4};
    size_t used = 0;

    for (size_t i = 0; i < sizeof(halves); i++)
        if (halves[i] <= 9)
            digits[used++] = (char)('0' + halves[i]);
    digits[used] = '\0';
}

const char *digits_plmn_text(const uint8_t octets[PLMN_SIZE], char text[PLMN_TEXT_SIZE])
{
    char digits[PLMN_DIGITS_MAX + 1];
    size_t size;

    digits_from_plmn(octets, digits);
    size = strlen(digits);
    snprintf(text, PLMN_TEXT_SIZE, "%.3s-%s", digits, digits + (size < 3 ? size : 3));
    return text;
}

void digits_plmn(const char *digits, size_t mnc_size, uint8_t octets[PLMN_SIZE])
{
    /* The third digit of the MNC, or F, stands before the other two. */
    const char in_order[] = {digits[0], digits[1], digits[2], '0', digits[3], digits[4], '\0'};

    digits_swap(in_order, octets, PLMN_SIZE);
    octets[1] = (uint8_t)((octets[1] & 0x0F) | (mnc_size == 3 ? (uint8_t)(digits[5] - '0') << 4 : 0xF0));
}
