/*
 * What stands for a host where a server is named: a literal address, or a name of the DNS. Texts come from
 * configurations that an eIM or an operator wrote.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_HOST_H
#define SOFTEUICC_EUICC_NETWORK_HOST_H

#include "apdu/bytes.h"

#define IPV4_SIZE         4
#define IPV6_SIZE         16
#define HOST_ADDRESS_TEXT 46 /* characters of the longest address, with the zero at the end */

/* An address of either family; its octets as they stand in a packet. All-zero is none. */
struct ip_address {
    uint8_t octets[IPV6_SIZE]; /* those behind `size` are zero */
    size_t size;               /* IPV4_SIZE or IPV6_SIZE */
};

/* RFC 1035 2.3.4: what fits into 255 octets with a length before each label and an empty one at the end. */
#define HOST_NAME_MAX  253 /* characters, without a dot at the end */
#define HOST_LABEL_MAX 63

/* Reads a literal address: four decimal numbers, or IPv6 (RFC 4291 2.2) without brackets and zone. False when
 * the text is none; *address may have changed then. */
bool host_address(const char *host, struct ip_address *address);

/*
 * Whether a text is a name that the DNS can be asked for: labels of 1 to 63 letters, digits, hyphens and
 * underscores, 253 characters in all, and perhaps a dot at the end. Reading: one whose last label is a number
 * is no name but an address that was written wrongly (RFC 3696 2).
 */
bool host_is_name(const char *host);

/* Writes an address as host_address reads it; "" for none. Returns `text`. */
char *host_address_text(const struct ip_address *address, char text[HOST_ADDRESS_TEXT]);

/* Whether both are the same address. */
bool host_same_address(const struct ip_address *a, const struct ip_address *b);

#endif
