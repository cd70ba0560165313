/* How `softeuicc lpa` prints what a card says. See print.h. */
#include "tools/lpa/lpa.h"

#include "common/tool.h"

bool lpa_member(struct span answer, uint32_t tag, const char *function, struct span *value)
{
    if (!tlv_find(answer, tag, value))
        tool_error("%s: the card's answer is malformed", function);
    return value->data != NULL;
}

const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1])
{
    if (!iccid_to_digits(octets, out))
        hex_from_span(octets, out, ICCID_DIGITS_MAX + 1);
    return out;
}
