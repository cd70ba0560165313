/* Text from outside that people will see. */
#ifndef SOFTEUICC_CRYPTO_PRINTABLE_H
#define SOFTEUICC_CRYPTO_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at the start of a text in UTF-8, in octets; 0 when there is none. `*character` is what it is.
 * Nothing behind `size` octets is looked at. */
size_t printable_character(const char *text, size_t size, uint32_t *character);

/* Whether a character does something to what stands beside it, or cannot be seen: controls (a terminal takes
 * U+009B for ESC [), marks and overrides of direction, ends of lines, what has no width and joins nothing,
 * tags, and numbers that are no character. */
bool printable_is_hidden(uint32_t character);

/* Replaces by '?' every octet of a character that is hidden, and every octet that is no part of UTF-8. What
 * is left stays on one line, reads in the order it has, and commands no terminal. */
void printable_text(char *text, size_t size);

#endif
