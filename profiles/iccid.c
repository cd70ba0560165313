/* ICCIDs between digits and octets. See iccid.h. */
#include "profiles/iccid.h"

#include <string.h>

bool iccid_to_digits(struct span iccid, char digits[21])
{
    size_t count = 0;
    bool padding = false;

    digits[0] = '\0';
    if (iccid.size != ICCID_SIZE)
        return false;
    for (size_t i = 0; i < 2 * (size_t)ICCID_SIZE; i++) {
        uint8_t nibble = i % 2 == 0 ? iccid.data[i / 2] & 0x0F : iccid.data[i / 2] >> 4;

        padding = padding || nibble == 0x0F;
        if (padding ? nibble != 0x0F : nibble > 9) {
            digits[0] = '\0';
            return false;
        }
        if (!padding)
            digits[count++] = (char)('0' + nibble);
    }
    digits[count] = '\0';
    return count > 0;
}

bool iccid_from_digits(const char *digits, uint8_t iccid[ICCID_SIZE])
{
    size_t count = strlen(digits);

    if (count == 0 || count > 2 * (size_t)ICCID_SIZE)
        return false;
    memset(iccid, 0xFF, ICCID_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint8_t nibble = (uint8_t)(digits[i] - '0');

        if (digits[i] < '0' || digits[i] > '9')
            return false;
        iccid[i / 2] = i % 2 == 0 ? (uint8_t)(0xF0 | nibble) : (uint8_t)((iccid[i / 2] & 0x0F) | nibble << 4);
    }
    return true;
}
