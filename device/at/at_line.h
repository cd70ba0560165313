/*
 * An AT command line, in pieces: ITU-T V.250 5.2 to 5.4 and, for what comes behind "+", 3GPP TS 27.007 4.1.
 * Text is read in place; nothing is known of what a command means.
 */
#ifndef SOFTEUICC_DEVICE_AT_AT_LINE_H
#define SOFTEUICC_DEVICE_AT_AT_LINE_H

#include "apdu/bytes.h"

enum { AT_NAME_MAX = 16, AT_PARAMETERS_MAX = 12 };

enum at_form {
    AT_EXECUTE = 1 << 0, /* +CIMI; E, Z */
    AT_READ = 1 << 1,    /* +CREG?; S3? */
    AT_TEST = 1 << 2,    /* +CSIM=? */
    AT_SET = 1 << 3,     /* +CREG=2; E0, S3=13 */
};

struct at_command {
    char name[AT_NAME_MAX + 1]; /* in upper case: "+CSIM", "E", "&F", "S3" */
    enum at_form form;
    struct span parameters; /* of AT_SET: the text */
};

/* Takes "AT", in either case, off the front of a line, and blanks before it. False: it is no command line. */
bool at_line_begin(struct span *line);
/* Takes the next command off the front; commands behind "+" end with ";" or the line. False: there is none
 * (the line is empty then), or what stands there is no command (then it still stands there). */
bool at_line_next(struct span *line, struct at_command *command);

struct at_parameter {
    struct span text; /* what is between the quotes, where there are some; empty: left out */
    bool is_string;   /* it stood in quotes */
};
struct at_parameters {
    struct at_parameter items[AT_PARAMETERS_MAX];
    size_t count; /* those left out before others count */
};

/* False: a quote without its end, something between a quote and the comma, or too many. */
bool at_parameters_read(struct span text, struct at_parameters *parameters);

/* Whether there is such a one, and it is not left out. */
bool at_parameter_is_there(const struct at_parameters *parameters, size_t index);
/* A decimal number in this range. False: it is not there, or no such number. */
bool at_parameter_number(const struct at_parameters *parameters, size_t index, uint32_t min, uint32_t max,
                         uint32_t *value);
/* Octets in hexadecimal, with or without quotes, appended. False: not there, or something else. */
bool at_parameter_hex(const struct at_parameters *parameters, size_t index, struct buf *octets);
/* A short text, with a terminating zero. False: not there, or too long for `size` octets with it. */
bool at_parameter_text(const struct at_parameters *parameters, size_t index, char *text, size_t size);

#endif
