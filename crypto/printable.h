/* Text from outside that people will see. */
#ifndef SOFTEUICC_CRYPTO_PRINTABLE_H
#define SOFTEUICC_CRYPTO_PRINTABLE_H

#include <stddef.h>

/* Replaces by '?' every octet of a control character (U+0000 to U+001F, U+007F to U+009F: a terminal takes
 * U+009B for ESC [) and every octet that is no part of UTF-8. What is left stays on one line and commands no
 * terminal. */
void printable_text(char *text, size_t size);

#endif
