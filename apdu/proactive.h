/*
 * Proactive commands as octets (ETSI TS 102 223 6.6, 6.8, clause 8): building commands, reading terminal
 * responses. Data objects come with or without the bit that says "comprehension required".
 */
#ifndef SOFTEUICC_APDU_PROACTIVE_H
#define SOFTEUICC_APDU_PROACTIVE_H

#include "apdu/tlv.h"

/* Tags, with the comprehension bit set: TS 102 223 9.3. */
enum {
    PROACTIVE_COMPREHENSION = 0x80,
    PROACTIVE_COMMAND_DETAILS = 0x81,
    PROACTIVE_DEVICE_IDENTITIES = 0x82,
    PROACTIVE_RESULT = 0x83,
    PROACTIVE_ADDRESS = 0x86,
    PROACTIVE_SMS_TPDU = 0x8B,
    PROACTIVE_TIMER_IDENTIFIER = 0xA4,
    PROACTIVE_TIMER_VALUE = 0xA5,
};

/* Types of command, 9.4. */
enum {
    PROACTIVE_REFRESH = 0x01,
    PROACTIVE_SEND_SHORT_MESSAGE = 0x13,
    PROACTIVE_TIMER_MANAGEMENT = 0x27,
};

/* Qualifiers of TIMER MANAGEMENT, 8.6. */
enum { PROACTIVE_TIMER_START = 0x00 };

/* Device identities, 8.7. */
enum { PROACTIVE_UICC = 0x81, PROACTIVE_TERMINAL = 0x82, PROACTIVE_NETWORK = 0x83 };

enum { PROACTIVE_COMMAND_MAX = 255 }; /* octets of a command: what 91xx can announce */

struct proactive_command {
    uint8_t number, type, qualifier;
    uint8_t destination; /* device identity */
    struct span objects; /* the data objects after the device identities */
};

/* Appends the command, tag D0 included. False: it is longer than PROACTIVE_COMMAND_MAX, or memory failed. */
bool proactive_build(struct buf *out, const struct proactive_command *command);

/* Appends a timer's value (8.38), `seconds` below a day. */
void proactive_put_timer_value(struct buf *out, unsigned seconds);

struct proactive_response {
    uint8_t number, type, qualifier;
    uint8_t result;         /* general result, 8.12 */
    struct span additional; /* information on the result */
};

/* Reads a TERMINAL RESPONSE. False: it is not well-formed. */
bool proactive_read_response(struct span octets, struct proactive_response *response);

/* As tlv_require and tlv_optional, whether the tag's comprehension bit is set or not. */
bool proactive_require(struct tlv_reader *reader, uint32_t tag, struct span *value);
bool proactive_optional(struct tlv_reader *reader, uint32_t tag, struct span *value);

#endif
