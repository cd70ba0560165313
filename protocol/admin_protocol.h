/* X-Admin-Protocol (SGP.22 6.2, SGP.32 6.2): the version of the protocol that a client speaks. */
#ifndef SOFTEUICC_PROTOCOL_ADMIN_PROTOCOL_H
#define SOFTEUICC_PROTOCOL_ADMIN_PROTOCOL_H

#include <stdbool.h>

/* Whether a server that speaks version 2 answers a client that says so; NULL: it says nothing. */
bool admin_protocol_is_taken(const char *value);

#endif
