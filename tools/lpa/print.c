/* How `softeuicc lpa` prints: texts of the card. See print.h. */
#include "tools/lpa/print.h"

const char *lpa_text(struct span octets, char *out, size_t size)
{
    size_t n = 0;
    json_t *probe;

    for (; n < octets.size && n + 1 < size; n++)
        out[n] = octets.data[n] < 0x20 || octets.data[n] == 0x7F ? '?' : (char)octets.data[n];
    out[n] = '\0';
    probe = json_string(out); /* NULL for what is not UTF-8, and for a character that was cut off */
    for (size_t i = 0; probe == NULL && i < n; i++) {
        if ((unsigned char)out[i] >= 0x80)
            out[i] = '?';
    }
    json_decref(probe);
    return out;
}

const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1])
{
    if (!iccid_to_digits(octets, out))
        hex_from_span(octets, out, ICCID_DIGITS_MAX + 1);
    return out;
}
