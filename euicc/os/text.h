/* Text from outside, checked before it is stored or signed: UTF-8, and the form of a server's address. */
#ifndef SOFTEUICC_EUICC_OS_TEXT_H
#define SOFTEUICC_EUICC_OS_TEXT_H

#include "apdu/bytes.h"

/* True for well-formed UTF-8 (RFC 3629: shortest forms, no surrogates) without U+0000; *characters (may be
 * NULL) counts them. */
bool text_is_utf8(struct span text, size_t *characters);

/* True for what may be an address of an SM-DP+ or SM-DS: at most 255 octets of a host name in letters,
 * digits, '-', '_' and '.', or an IPv6 address in brackets, and optionally a port. The empty text is one: no
 * address. */
bool text_is_address(struct span text);

#define ADDRESS_MAX 255 /* octets, RFC 1035 2.3.4 */

#endif
