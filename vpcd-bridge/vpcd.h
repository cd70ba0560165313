/*
 * The vpcd wire protocol (virtual smart card reader of the vsmartcard project): 16-bit big-endian length and that many octets. A one-octet
 * message is a control code; anything longer is a command APDU. vpcd listens, the card connects. Knows nothing of APDUs.
 */
#ifndef SOFTEUICC_VPCD_BRIDGE_VPCD_H
#define SOFTEUICC_VPCD_BRIDGE_VPCD_H

#include "apdu/bytes.h"

enum vpcd_control { VPCD_POWER_OFF = 0, VPCD_POWER_ON = 1, VPCD_RESET = 2, VPCD_GET_ATR = 4 };

/* Cuts frames out of a stream: octets go in as they come, whole messages come out. */
struct vpcd_parser {
    struct buf in;
    size_t offset;
};

void vpcd_parser_free(struct vpcd_parser *parser);
bool vpcd_parser_feed(struct vpcd_parser *parser, struct span octets);
/* The next whole message (valid until the next feed); false when there is none yet. */
bool vpcd_parser_next(struct vpcd_parser *parser, struct span *message);

/* Appends one message as a frame. */
void vpcd_put_frame(struct buf *out, struct span message);

#endif
