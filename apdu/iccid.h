/*
 * The ICCID (ITU-T E.118), and what one is: 18 to 20 decimal digits. Its forms: the text that people and JSON
 * have; ten octets with swapped nibbles and F after the last digit, as in EF ICCID (ETSI TS 102 221 13.2) and
 * in RSP's objects; ten octets in reading order in the header of a profile package. Check digits are not
 * looked at.
 */
#ifndef SOFTEUICC_APDU_ICCID_H
#define SOFTEUICC_APDU_ICCID_H

#include "apdu/bytes.h"

#define ICCID_SIZE       10
#define ICCID_DIGITS_MIN 18
#define ICCID_DIGITS_MAX 20
#define ICCID_FORM       "18 to 20 digits" /* for help and errors */

/* EF ICCID to text without padding. Octets that are no ICCID give "" and false. */
bool iccid_to_digits(struct span iccid, char digits[ICCID_DIGITS_MAX + 1]);

/* Text to EF ICCID; padding that completes it to 20 characters may be there. False for what is no ICCID. */
bool iccid_from_digits(const char *text, uint8_t iccid[ICCID_SIZE]);

/* Whether two texts are the same ICCID, however they are padded; what is none is like itself alone. */
bool iccid_is_same(const char *a, const char *b);

/* Between EF ICCID and the header's form, either way: each octet's nibbles change places. */
void iccid_turn(const uint8_t from[ICCID_SIZE], uint8_t to[ICCID_SIZE]);

#endif
