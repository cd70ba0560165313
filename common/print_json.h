/* JSON on standard output, as every subcommand prints it, and texts that may stand in it. Characters that
 * could do something to a terminal (crypto/printable.h) are escaped. */
#ifndef SOFTEUICC_COMMON_PRINT_JSON_H
#define SOFTEUICC_COMMON_PRINT_JSON_H

#include "apdu/bytes.h"

#include <jansson.h>

/* Prints it indented and drops the reference. EXIT_OK, or EXIT_FAILED after a line: NULL is "out of memory",
 * and so is a value that json_pack refused. */
int print_json(json_t *json);
/* The same in one line, at once: for who reads along. */
int print_json_line(json_t *json);

/* Text of at most `size` - 1 octets from outside, for people and JSON: control characters, and what is not
 * UTF-8, replaced. Returns `out`. */
const char *print_text(struct span octets, char *out, size_t size);

/* A text; null for one that is not UTF-8, as a path may be. */
json_t *print_json_text(const char *text);

#endif
