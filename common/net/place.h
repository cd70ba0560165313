/* Where something listens or is reached, as options write it: HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT.
 */
#ifndef SOFTEUICC_COMMON_NET_PLACE_H
#define SOFTEUICC_COMMON_NET_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACE_HOST_MAX 255                                   /* characters */
#define PLACE_TEXT_MAX (PLACE_HOST_MAX + sizeof("[]:65535")) /* octets of place_text, with its end */

struct place {
    char host[PLACE_HOST_MAX + 1];
    uint16_t port;
};

/* Reads `text` over what `place` holds: a host or a port that is left out stays as it was. An IPv6 address is
 * written in brackets. False when it is none of the four forms; `place` may have changed. */
bool place_parse(const char *text, struct place *place);

/* Writes HOST:PORT as place_parse reads it: an IPv6 address in brackets, the port left out when it is
 * `usual`. */
void place_text(const char *host, uint16_t port, uint16_t usual, char *out, size_t size);

#endif
