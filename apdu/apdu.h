/*
 * Command APDUs: ISO/IEC 7816-4 5.1-5.4, ETSI TS 102 221 10.1. All four cases, short and extended lengths,
 * and the class octet of logical channels 0 to 19. Decoding is in place; what a command means is for the
 * floors above.
 */
#ifndef SOFTEUICC_APDU_APDU_H
#define SOFTEUICC_APDU_APDU_H

#include "apdu/bytes.h"

#define APDU_CHANNELS    20    /* logical channels 0 to 19, ISO/IEC 7816-4 5.4.1 */
#define APDU_SHORT_NC    255   /* the longest data field with a short Lc */
#define APDU_SHORT_NE    256   /* a short Le of 00 */
#define APDU_EXTENDED_NC 65535 /* the longest data field with an extended Lc */
#define APDU_EXTENDED_NE 65536 /* an extended Le of 0000 */

/* Instructions that more than one file knows, on the card and at the terminal. */
#define INS_TERMINAL_PROFILE    0x10 /* TS 102 221 11.2.1 */
#define INS_FETCH               0x12 /* TS 102 221 11.2.3 */
#define INS_TERMINAL_RESPONSE   0x14 /* TS 102 221 11.2.4 */
#define INS_VERIFY              0x20 /* TS 102 221 11.1.9 */
#define INS_MANAGE_CHANNEL      0x70 /* TS 102 221 11.1.17 */
#define INS_SUSPEND_UICC        0x76 /* TS 102 221 11.1.22 */
#define INS_SELECT              0xA4 /* TS 102 221 11.1.1 */
#define INS_TERMINAL_CAPABILITY 0xAA /* TS 102 221 11.1.19 */
#define INS_READ_BINARY         0xB0 /* TS 102 221 11.1.3 */
#define INS_READ_RECORD         0xB2 /* TS 102 221 11.1.5 */
#define INS_GET_RESPONSE        0xC0 /* TS 102 221 7.3.1.1, ISO/IEC 7816-4 11.8.1 */
#define INS_ENVELOPE            0xC2 /* TS 102 221 11.2.2 */
#define INS_STATUS              0xF2 /* TS 102 221 11.1.2 */
#define INS_STORE_DATA          0xE2 /* GlobalPlatform 2.3 11.11 */

#define CLA_SIM 0xA0 /* the class of 3GPP TS 51.011, which knows no channels */

/* Status words, ISO/IEC 7816-4 table 6, TS 102 221 10.2. */
enum {
    SW_OK = 0x9000,
    SW_MORE_DATA = 0x6100, /* low octet: how many octets GET RESPONSE may ask for, 00 for 256 or more */
    SW_WARNING = 0x6200,
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
    SW_NOT_ENOUGH_MEMORY = 0x6A84,
    SW_WRONG_P1_P2 = 0x6A86,
    SW_REFERENCE_NOT_FOUND = 0x6A88,
    SW_BAD_P1_P2 = 0x6B00,
    SW_WRONG_LE = 0x6C00, /* low octet: the Le to send, 00 for 256 */
    SW_INS_NOT_SUPPORTED = 0x6D00,
    SW_CLA_NOT_SUPPORTED = 0x6E00,
    SW_NO_DIAGNOSIS = 0x6F00,
    SW_TOOLKIT_BUSY = 0x9300,       /* TS 102 221 10.2.1.1 */
    SW_SIM_MEMORY_PROBLEM = 0x9240, /* class A0, 3GPP TS 51.011 9.4.2: what 6581 is elsewhere */
    SW_SIM_RESPONSE = 0x9F00,       /* class A0: low octet as of 61xx, 3GPP TS 51.011 9.4.1 */
};

enum apdu_case { APDU_CASE_1 = 1, APDU_CASE_2, APDU_CASE_3, APDU_CASE_4 };

struct apdu_command {
    uint8_t cla, ins, p1, p2;
    unsigned channel; /* from CLA */
    uint8_t cla_base; /* CLA without channel, chaining and secure messaging: 0x00, 0x80 or 0xA0 */
    bool chaining;    /* CLA says that more commands of a chain follow */
    bool secure_messaging;
    enum apdu_case form;
    bool extended;
    struct span data; /* in place; empty in cases 1 and 2 */
    uint32_t ne; /* octets the terminal expects at most: Le 00 is 256, extended 0000 is 65536; 0 without Le */
};

/*
 * Decodes in place. SW_OK, or the status word to answer: 6700 for lengths that fit no case, 6E00 for a class
 * octet that TS 102 221 10.1.1 leaves unused (2x, 3x, Bx, FF). The header octets (cla … p2) are set whenever
 * there are four.
 */
uint16_t apdu_decode(struct span capdu, struct apdu_command *command);

/* Encodes the shortest way (extended only when it must be), ne 0 for no Le: for terminals. Marks `out` as
 * failed when data passes APDU_EXTENDED_NC or ne passes APDU_EXTENDED_NE. */
void apdu_encode(struct buf *out, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct span data,
                 uint32_t ne);

/* The CLA octet for a channel: base 0x00/0x80, channels 0-3 in bits 1-2, 4-19 in the further inter-industry
 * form. */
uint8_t apdu_cla(uint8_t base, unsigned channel);

/* What a status word says, in a few lower-case English words, for traces; never NULL. */
const char *apdu_status_name(uint16_t status);

#endif
