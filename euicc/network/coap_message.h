/*
 * One message of CoAP over datagrams (RFC 7252 3): header and token, options, payload, read in place and
 * written into a buffer. Octets of options are libcoap's (coap_opt_parse, coap_opt_encode), which has nothing
 * for the rest that works without a socket. What a message means is for coap_exchange.c.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_COAP_MESSAGE_H
#define SOFTEUICC_EUICC_NETWORK_COAP_MESSAGE_H

#include "apdu/bytes.h"

enum coap_type {
    COAP_CONFIRMABLE = 0,
    COAP_NON_CONFIRMABLE = 1,
    COAP_ACKNOWLEDGEMENT = 2,
    COAP_RESET = 3,
};

/* A code as its octet: COAP_CODE(2, 4) is 2.04. Classes: 0 requests, 2 success, 4 client error, 5 server
 * error. */
#define COAP_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))
#define COAP_CODE_CLASS(code)    ((unsigned)(code) >> 5)
#define COAP_CODE_DETAIL(code)   ((unsigned)(code)&0x1F)

enum {
    COAP_EMPTY = 0,
    COAP_POST = COAP_CODE(0, 2),
    COAP_CONTINUE = COAP_CODE(2, 31),
    COAP_INCOMPLETE = COAP_CODE(4, 8),
    COAP_TOO_LARGE = COAP_CODE(4, 13),
};

/* Numbers of options (RFC 7252 12.2, RFC 7959 6); an odd one is critical. */
enum {
    COAP_URI_HOST = 3,
    COAP_ETAG = 4,
    COAP_URI_PATH = 11,
    COAP_CONTENT_FORMAT = 12,
    COAP_BLOCK2 = 23,
    COAP_BLOCK1 = 27,
    COAP_SIZE2 = 28,
    COAP_SIZE1 = 60,
};

enum {
    COAP_TEXT_MAX = 255,                 /* octets of Uri-Host, and of one Uri-Path */
    COAP_SZX_MAX = 6,                    /* blocks of 1024 octets */
    COAP_BLOCK_LAST = 0xFFFFF,           /* the highest number of a block */
    COAP_BODY_MAX = 16 * COAP_BLOCK_LAST /* octets that can be said in blocks of any size */
};

/* Octets of a block (RFC 7959 2.2): 16 for szx 0 up to 1024 for szx 6. */
#define COAP_BLOCK_SIZE(szx) ((size_t)16 << (szx))

/* A Block1 or Block2 option (RFC 7959 2.2). */
struct coap_block {
    bool present;
    uint32_t number;
    bool more; /* blocks follow */
    unsigned szx;
};

/* A message that was read; its spans lie in the datagram. Numbers that are not there are negative. */
struct coap_message {
    enum coap_type type;
    uint8_t code;
    uint16_t id;
    struct span token;
    struct span payload; /* empty when there is none */
    struct span etag;    /* SPAN_NONE: there is none */
    struct coap_block block1, block2;
    int64_t content_format, size2;
    int32_t critical; /* the first critical option that is none of these or has no right form */
};

enum coap_reading {
    COAP_READ,
    COAP_FOREIGN,   /* no message of this version of CoAP: to be ignored (RFC 7252 3) */
    COAP_MALFORMED, /* a message format error: type and id are good for a reset (RFC 7252 4.2, 4.3) */
};

/*
 * Reads the message that fills `datagram`. Elective options that are not known, come once too often or have
 * no right form are passed over (RFC 7252 5.4.1, 5.4.3, 5.4.5). With other results than COAP_READ only `type`
 * and `id` are set, and after COAP_FOREIGN nothing.
 */
enum coap_reading coap_message_read(struct span datagram, struct coap_message *message);

/* A message that is being written: to an empty buffer, options in the order of their numbers. A failure is
 * noted in the buffer. */
struct coap_writer {
    struct buf *out;
    uint16_t last; /* the option before */
};

/* Begins a message; a token has at most 8 octets. */
struct coap_writer coap_message_begin(struct buf *out, enum coap_type type, uint8_t code, uint16_t id,
                                      struct span token);
void coap_message_option(struct coap_writer *writer, uint16_t number, struct span value);
/* An option whose value is a number, in its shortest form. */
void coap_message_number(struct coap_writer *writer, uint16_t number, uint32_t value);
void coap_message_block(struct coap_writer *writer, uint16_t number, const struct coap_block *block);
/* Ends the message; nothing is written for an empty payload. */
void coap_message_payload(struct coap_writer *writer, struct span payload);

#endif
