/* How far a card's clock goes, for who reads the wish to set it and has no slot. */
#ifndef SOFTEUICC_TOOLS_RUN_SLOT_TIME_H
#define SOFTEUICC_TOOLS_RUN_SLOT_TIME_H

#include <stdint.h>

/* Milliseconds: no clock is set beyond the year 9999, and one that comes to its end stands. */
#define SLOT_TIME_LAST INT64_C(253402300799999)

#endif
