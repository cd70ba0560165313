/* ICCIDs between text and octets. See iccid.h. */
#include "apdu/iccid.h"

#include "apdu/digits.h"

#include <string.h>

/*
 * Named leniency: ITU-T E.118 allows up to 19 digits, and the JSON of SGP.22 (6.5.2) has 19 or 20
 * ("^[0-9]{19}[0-9F]?$"). Cards of 18 digits are in the field, EF ICCID has room for 20, and readers show the
 * padding of either in capitals or small letters: all of it is taken, everywhere alike.
 */
static bool is_iccid(const char *text, char digits[ICCID_DIGITS_MAX + 1])
{
    size_t size = strlen(text);
    size_t count = strspn(text, "0123456789");
    bool padded = size == ICCID_DIGITS_MAX && count + strspn(text + count, "Ff") == size;

    if (count < ICCID_DIGITS_MIN || count > ICCID_DIGITS_MAX || (size != count && !padded))
        return false;
    memcpy(digits, text, count);
    digits[count] = '\0';
    return true;
}

bool iccid_to_digits(struct span iccid, char digits[ICCID_DIGITS_MAX + 1])
{
    char text[ICCID_DIGITS_MAX + 1];
    uint8_t turned[ICCID_SIZE];

    digits[0] = '\0';
    if (iccid.size != ICCID_SIZE)
        return false;
    iccid_turn(iccid.data, turned);
    hex_from_span(SPAN_ARRAY(turned), text, sizeof(text));
    return is_iccid(text, digits);
}

bool iccid_from_digits(const char *text, uint8_t iccid[ICCID_SIZE])
{
    char digits[ICCID_DIGITS_MAX + 1];

    if (!is_iccid(text, digits))
        return false;
    digits_swap(digits, iccid, ICCID_SIZE);
    return true;
}

bool iccid_is_same(const char *a, const char *b)
{
    char digits_of_a[ICCID_DIGITS_MAX + 1], digits_of_b[ICCID_DIGITS_MAX + 1];

    if (is_iccid(a, digits_of_a) && is_iccid(b, digits_of_b))
        return strcmp(digits_of_a, digits_of_b) == 0;
    return strcmp(a, b) == 0;
}

void iccid_turn(const uint8_t from[ICCID_SIZE], uint8_t to[ICCID_SIZE])
{
    for (size_t i = 0; i < ICCID_SIZE; i++)
        to[i] = (uint8_t)(from[i] << 4 | from[i] >> 4);
}
