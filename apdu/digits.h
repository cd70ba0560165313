/*
 * Numbers that are written as digits: ICCID, IMSI, MSISDN, IMEI, network codes. Text on one side; on the
 * other BCD with the nibbles of each octet swapped and F where a digit is missing (3GPP TS 24.008, ETSI
 * TS 102 221).
 */
#ifndef SOFTEUICC_APDU_DIGITS_H
#define SOFTEUICC_APDU_DIGITS_H

#include "apdu/bytes.h"

#define PLMN_SIZE 3

/* Whether a text is min to max decimal digits and nothing else; NULL is none. */
bool digits_are(const char *text, size_t min, size_t max);

/* Two digits in an octet, the tens in the lower half (TS 102 223 8.38, TS 23.040 9.2.3.11). Of a larger
 * number the last two count. */
uint8_t digits_swapped(unsigned number);
/* The number. False: they are no digits. */
bool digits_read_swapped(uint8_t octet, unsigned *number);

/* Fills `size` octets; digits that find no place are left out. */
void digits_swap(const char *digits, uint8_t *octets, size_t size);

/* A network's code, as its MCC and its MNC of two or three digits stand in a row (TS 24.008 10.5.1.13). */
void digits_plmn(const char *digits, size_t mnc_size, uint8_t octets[PLMN_SIZE]);

/* The other way: five or six digits in a row. What is no digit is left out. */
#define PLMN_DIGITS_MAX 6
void digits_from_plmn(const uint8_t octets[PLMN_SIZE], char digits[PLMN_DIGITS_MAX + 1]);

/* As people write it: "262-01". Returns `text`. */
#define PLMN_TEXT_SIZE (PLMN_DIGITS_MAX + 2)
const char *digits_plmn_text(const uint8_t octets[PLMN_SIZE], char text[PLMN_TEXT_SIZE]);

#endif
