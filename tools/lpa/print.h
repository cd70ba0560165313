/* How `softeuicc lpa` prints: texts of the card, names of codes. */
#ifndef SOFTEUICC_TOOLS_LPA_PRINT_H
#define SOFTEUICC_TOOLS_LPA_PRINT_H

#include "common/print_json.h"
#include "profiles/iccid.h"
#include "protocol/rsp_names.h"

/* A result code in a function's answer by SGP.22's name: "disallowedByPolicy(3)". Returns `out`. */
const char *lpa_code_name(const struct rsp_names *names, uint64_t code, char *out, size_t size);

/* Text of at most `size` - 1 octets from a span, for people and JSON: control characters, and what is not
 * UTF-8, replaced. */
const char *lpa_text(struct span octets, char *out, size_t size);
/* An ICCID's digits, or its octets in hexadecimal when they are none. Returns `out`. */
const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1]);

#endif
