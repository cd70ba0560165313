/* The commands of each subject; a row without a name ends them. */
#ifndef SOFTEUICC_DEVICE_AT_AT_ROWS_H
#define SOFTEUICC_DEVICE_AT_AT_ROWS_H

#include "device/at/at_internal.h"

extern const struct at_row at_basic_rows[];   /* V.250, and what the modem is */
extern const struct at_row at_apdu_rows[];    /* +CSIM, +CCHO, +CCHC, +CGLA */
extern const struct at_row at_file_rows[];    /* +CRSM, +CIMI, the ICCID */
extern const struct at_row at_pin_rows[];     /* +CPIN, +CPINR, +CLCK, +CPWD */
extern const struct at_row at_toolkit_rows[]; /* +CUSATR and its like */
extern const struct at_row at_network_rows[]; /* +CREG, +COPS, +CFUN, … */

#endif
