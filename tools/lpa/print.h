/* How `softeuicc lpa` prints: texts of the card. */
#ifndef SOFTEUICC_TOOLS_LPA_PRINT_H
#define SOFTEUICC_TOOLS_LPA_PRINT_H

#include "common/print_json.h"
#include "profiles/iccid.h"

/* Text of at most `size` - 1 octets from a span, for people and JSON: control characters, and what is not
 * UTF-8, replaced. */
const char *lpa_text(struct span octets, char *out, size_t size);
/* An ICCID's digits, or its octets in hexadecimal when they are none. Returns `out`. */
const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1]);

#endif
