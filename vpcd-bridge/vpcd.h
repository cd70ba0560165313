/*
 * The vpcd wire protocol (virtual smart card reader of the vsmartcard project): a 16-bit big-endian length
 * and that many octets. A one-octet message is a control code; anything longer is a command APDU. vpcd
 * listens, the card connects. Knows nothing of APDUs, and nothing of sockets: see link.h.
 */
#ifndef SOFTEUICC_VPCD_BRIDGE_VPCD_H
#define SOFTEUICC_VPCD_BRIDGE_VPCD_H

#include "apdu/bytes.h"

#define VPCD_PORT                                                                                            \
    35963 /* 0x8C7B: where vpcd listens for the card in its first slot; the next slot on the next port */
#define VPCD_MESSAGE_MAX 65535 /* octets: what the length can say */

enum vpcd_control { VPCD_POWER_OFF = 0, VPCD_POWER_ON = 1, VPCD_RESET = 2, VPCD_GET_ATR = 4 };

/* Cuts messages out of a stream: octets go in as they come, whole messages come out. All-zero is an empty
 * one. */
struct vpcd_parser {
    struct buf in;
    size_t offset;
};

void vpcd_parser_free(struct vpcd_parser *parser);

/* Forgets what is left of a stream that has ended. */
void vpcd_parser_reset(struct vpcd_parser *parser);

/* Takes octets in. False without memory: the stream cannot go on. */
bool vpcd_parser_feed(struct vpcd_parser *parser, struct span octets);

/* The next whole message, which may be empty; valid until the next feed. False when there is none yet. */
bool vpcd_parser_next(struct vpcd_parser *parser, struct span *message);

/* Appends one message as a frame; marks `out` as failed when it passes VPCD_MESSAGE_MAX. */
void vpcd_put_frame(struct buf *out, struct span message);

#endif
