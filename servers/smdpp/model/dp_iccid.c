/* ICCIDs as the JSON of SGP.22 writes them. See dp.h. */
#include "servers/smdpp/model/dp.h"

#include <string.h>

bool dp_iccid_from_digits(const char *digits, uint8_t iccid[ICCID_SIZE])
{
    char text[ICCID_DIGITS_MAX + 1];
    size_t length = strlen(digits);

    if (length < 18 || length > ICCID_DIGITS_MAX)
        return false;
    memcpy(text, digits, length + 1);
    if (length == ICCID_DIGITS_MAX && (text[length - 1] == 'F' || text[length - 1] == 'f'))
        text[length - 1] = '\0';
    return iccid_from_digits(text, iccid);
}
