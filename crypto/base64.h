/*
 * Base64 (RFC 4648 section 4) between octets and the text that the JSON bindings of SGP.22 6.5 and SGP.32
 * carry.
 */
#ifndef SOFTEUICC_CRYPTO_BASE64_H
#define SOFTEUICC_CRYPTO_BASE64_H

#include "apdu/bytes.h"

/* The octets as base64, with padding and without line breaks, zero-terminated; the caller frees. NULL without
 * memory. */
char *base64_encode(struct span octets);

/* Appends the octets that `text` (text_size characters) stands for. Line breaks are passed over, since some
 * writers break lines; any other character outside the alphabet, missing padding or something after it is
 * refused: false, and `out` may have grown. */
bool base64_decode(const char *text, size_t text_size, struct buf *out);

#endif
