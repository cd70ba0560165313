/*
 * A claim on a slot of vpcd, so that two of our daemons do not meet in one: vpcd takes both connections, and
 * the second card would wait in silence. A claim is a name in the network's namespace, as the port is, and
 * goes with the process that has it, however that ends.
 */
#ifndef SOFTEUICC_VPCD_BRIDGE_CLAIM_H
#define SOFTEUICC_VPCD_BRIDGE_CLAIM_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

/* Claims the slot of vpcd at `port` of the host with these addresses; `host` is for the message. The claim is
 * `*fd`, to be closed by the caller. False, after the line that names who has the slot. */
bool claim_slot(const char *host, const struct addrinfo *addresses, uint16_t port, int *fd);

#endif
