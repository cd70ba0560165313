/* The EID (SGP.29, formerly SGP.02 2.2.2): 32 decimal digits, the last two are check digits by ISO/IEC 7064
 * MOD 97-10. */
#ifndef SOFTEUICC_EUICC_OS_EID_H
#define SOFTEUICC_EUICC_OS_EID_H

#include <stdbool.h>
#include <stdint.h>

#define EID_SIZE         16
#define EID_DIGITS       32
#define EID_CHECK_DIGITS 2

enum eid_status {
    EID_OK = 0,
    EID_BAD_LENGTH, /* neither 32 digits nor 30 */
    EID_NOT_DIGITS,
    EID_BAD_CHECK, /* the check digits do not fit the others */
};

/* One clear line: "the check digits of the EID are wrong". */
const char *eid_status_text(enum eid_status status);

/* Takes 32 digits and verifies the check digits, or 30 and computes them. `eid` gets 32 digits and a
 * terminating zero. */
enum eid_status eid_from_text(const char *text, char eid[EID_DIGITS + 1]);

/* Packed, two digits to an octet, as tag 5A carries it. */
void eid_pack(const char eid[EID_DIGITS + 1], uint8_t octets[EID_SIZE]);

#endif
