/*
 * JSON on standard output, as every subcommand prints it (--json), and texts that may stand in it. All of it
 * is in one style, which is made here: members have names in snake_case (those of the specifications, such as
 * isdpAid, may be given and become isdp_aid), what is absent is not there (neither null nor an empty text),
 * and characters that could do something to a terminal (crypto/printable.h) are escaped. JSON that a
 * specification or the servers' own REST API shapes is not printed by this.
 */
#ifndef SOFTEUICC_COMMON_PRINT_PRINT_JSON_H
#define SOFTEUICC_COMMON_PRINT_PRINT_JSON_H

#include "apdu/bytes.h"

#include <jansson.h>

/* Prints it indented, as the whole answer, and drops the reference. EXIT_OK, or EXIT_FAILED after a line:
 * NULL is "out of memory", and so is a value that json_pack refused. */
int print_json(json_t *json);
/* The same in one line, at once: for who reads along. */
int print_json_line(json_t *json);

/* Text of at most `size` - 1 octets from outside, for people and JSON: control characters, and what is not
 * UTF-8, replaced. Returns `out`. */
const char *print_text(struct span octets, char *out, size_t size);

/* A text; NULL for one that is not UTF-8, as a path may be. */
json_t *print_json_text(const char *text);

#endif
