/*
 * The Answer To Reset (ISO/IEC 7816-3 8, TS 102 221 6.3): what the card tells a reader before the first
 * command.
 */
#ifndef SOFTEUICC_EUICC_OS_ATR_H
#define SOFTEUICC_EUICC_OS_ATR_H

#include "euicc/softeuicc.h"

/* Writes the ATR that offers this one protocol; *size is set to its octets, TCK included. */
void atr_get(enum softeuicc_protocol protocol, uint8_t atr[SOFTEUICC_ATR_MAX], size_t *size);

#endif
