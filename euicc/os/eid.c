/* The EID: check digits and packing. See eid.h. */
#include "euicc/os/eid.h"

#include <string.h>

/* The number that the digits write, modulo 97. */
static unsigned modulo_97(const char *digits, size_t count)
{
    unsigned rest = 0;

    for (size_t i = 0; i < count; i++)
        rest = (rest * 10 + (unsigned)(digits[i] - '0')) % 97;
    return rest;
}

const char *eid_status_text(enum eid_status status)
{
    static const char *const texts[] = {
        [EID_OK] = "the EID is well formed",
        [EID_BAD_LENGTH] = "the EID must have 32 digits, or 30 to have the check digits computed",
        [EID_NOT_DIGITS] = "the EID must consist of decimal digits",
        [EID_BAD_CHECK] = "the check digits of the EID are wrong",
    };

    return texts[status];
}

enum eid_status eid_from_text(const char *text, char eid[EID_DIGITS + 1])
{
    size_t length = strlen(text);
    unsigned check;

    if (strspn(text, "0123456789") != length)
        return EID_NOT_DIGITS;
    if (length != EID_DIGITS && length != EID_DIGITS - EID_CHECK_DIGITS)
        return EID_BAD_LENGTH;
    memcpy(eid, text, length);
    eid[EID_DIGITS] = '\0';
    if (length == EID_DIGITS)
        return modulo_97(eid, EID_DIGITS) == 1 ? EID_OK : EID_BAD_CHECK;
    check = 98 - modulo_97(eid, length) * 100 % 97;
    eid[length] = (char)('0' + check / 10);
    eid[length + 1] = (char)('0' + check % 10);
    return EID_OK;
}

void eid_pack(const char eid[EID_DIGITS + 1], uint8_t octets[EID_SIZE])
{
    for (size_t i = 0; i < EID_SIZE; i++)
        octets[i] = (uint8_t)((eid[2 * i] - '0') << 4 | (eid[2 * i + 1] - '0'));
}
