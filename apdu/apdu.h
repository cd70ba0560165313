/*
 * Command APDUs: ISO/IEC 7816-4 5.1-5.4, ETSI TS 102 221 10.1. All four cases, short and extended lengths.
 */
#ifndef SOFTEUICC_APDU_APDU_H
#define SOFTEUICC_APDU_APDU_H

#include "apdu/bytes.h"

#define APDU_CHANNELS 20 /* logical channels 0 to 19 */

/* Status words, ISO/IEC 7816-4 table 6, TS 102 221 10.2. */
enum {
    SW_OK = 0x9000,
    SW_MEMORY_FAILURE = 0x6581,
    SW_WRONG_LENGTH = 0x6700,
    SW_CHANNEL_NOT_SUPPORTED = 0x6881,
    SW_SECURE_MESSAGING_NOT_SUPPORTED = 0x6882,
    SW_CHAINING_NOT_SUPPORTED = 0x6884,
    SW_CONDITIONS_NOT_SATISFIED = 0x6985,
    SW_COMMAND_NOT_ALLOWED = 0x6986,
    SW_WRONG_DATA = 0x6A80,
    SW_FUNCTION_NOT_SUPPORTED = 0x6A81,
    SW_FILE_NOT_FOUND = 0x6A82,
    SW_WRONG_P1_P2 = 0x6A86,
    SW_REFERENCE_NOT_FOUND = 0x6A88,
    SW_BAD_P1_P2 = 0x6B00,
    SW_INS_NOT_SUPPORTED = 0x6D00,
    SW_CLA_NOT_SUPPORTED = 0x6E00,
    SW_NO_DIAGNOSIS = 0x6F00,
};

enum apdu_case { APDU_CASE_1 = 1, APDU_CASE_2, APDU_CASE_3, APDU_CASE_4 };

struct apdu_command {
    uint8_t cla, ins, p1, p2;
    unsigned channel;       /* from CLA */
    uint8_t cla_base;       /* CLA without channel, chaining and secure messaging: 0x00, 0x80 … */
    bool chaining;          /* CLA bit b5 */
    bool secure_messaging;
    enum apdu_case form;
    bool extended;
    struct span data;       /* in place; empty in cases 1 and 2 */
    uint32_t ne;            /* octets the terminal expects at most: Le 00 is 256, extended 0000 is 65536; 0 without Le */
};

/* Decodes in place. 0x9000, or the status word to answer: 6700 for lengths that fit no case, 6E00 for CLA FF. */
uint16_t apdu_decode(struct span capdu, struct apdu_command *command);

/* Encodes, the shortest way (extended only when it must be), ne 0 for no Le: for terminals. */
void apdu_encode(struct buf *out, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct span data, uint32_t ne);

/* The CLA octet for a channel: base 0x00/0x80, channels 0-3 in bits 1-2, 4-19 in the further inter-industry form. */
uint8_t apdu_cla(uint8_t base, unsigned channel);

#endif
