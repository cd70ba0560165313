/*
 * The ICCID (ITU-T E.118) between its forms: ten octets with swapped nibbles, F-padded, as in EF ICCID (ETSI
 * TS 102 221 13.2) and in RSP's objects, and up to 20 digits for people. Check digits are not looked at.
 */
#ifndef SOFTEUICC_PROFILES_ICCID_H
#define SOFTEUICC_PROFILES_ICCID_H

#include "apdu/bytes.h"

#define ICCID_SIZE       10
#define ICCID_DIGITS_MAX 20

/* A nibble that is no digit before the padding, or one inside it, gives "" and false. */
bool iccid_to_digits(struct span iccid, char digits[ICCID_DIGITS_MAX + 1]);
/* False for no digits, too many, and other characters. */
bool iccid_from_digits(const char *digits, uint8_t iccid[ICCID_SIZE]);

#endif
