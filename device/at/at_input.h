/*
 * What is typed, or sent, into a modem: octets that become command lines (ITU-T V.250 5.2), with what the
 * modem echoes.
 */
#ifndef SOFTEUICC_DEVICE_AT_AT_INPUT_H
#define SOFTEUICC_DEVICE_AT_AT_INPUT_H

#include "apdu/bytes.h"

/* A command line: an APDU of 65,544 octets in hexadecimal finds room in it. */
enum { AT_INPUT_MAX = 131328 };

struct at_input {
    struct buf line, last; /* the one that grows; the last that was not empty, for "A/" */
    bool echoes, is_too_long, is_over;
    uint8_t end, erase; /* S3, S5 */
};

/* Echo is on, lines end with CR, BS erases. */
void at_input_begin(struct at_input *input);
/* The same of one that has begun; what it holds stays. */
void at_input_set_defaults(struct at_input *input);
void at_input_end(struct at_input *input);

enum at_input_event {
    AT_INPUT_NONE, /* all was taken, and no line has ended */
    AT_INPUT_LINE, /* input->line is one, until the next call */
    AT_INPUT_LONG, /* one has ended that was too long */
};
/* Takes octets off the front of `in`, up to the end of a line, and appends what is echoed to `echo`. */
enum at_input_event at_input_take(struct at_input *input, struct span *in, struct buf *echo);
/* What was begun is forgotten, and the last line, in which a PIN can stand, too. */
void at_input_drop(struct at_input *input);

#endif
