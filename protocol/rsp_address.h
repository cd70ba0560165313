/* What may stand for a server of Remote SIM Provisioning: an FQDN (SGP.22 4.1), or the address of a host,
 * with an optional :port. It goes into URLs and activation codes, so nothing in it may mean anything there.
 */
#ifndef SOFTEUICC_PROTOCOL_RSP_ADDRESS_H
#define SOFTEUICC_PROTOCOL_RSP_ADDRESS_H

#include <stdbool.h>

/* Names in ASCII form, IPv4, IPv6 in brackets. */
#define RSP_ADDRESS_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]"

/* Of these characters, and not empty; how long it may be is the caller's. */
bool rsp_address_is_good(const char *address);

#endif
