/* How `softeuicc lpa` prints what a card says. */
#ifndef SOFTEUICC_TOOLS_LPA_PRINT_H
#define SOFTEUICC_TOOLS_LPA_PRINT_H

#include "apdu/iccid.h"
#include "common/print/print_json.h"

/* An ICCID's digits, or its octets in hexadecimal when they are none. Returns `out`. */
const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1]);

#endif
