/* What HTTP says of a message in the ASN.1 binding (SGP.22 6.6, SGP.32 6.1.1), and X-Admin-Protocol
 * (SGP.22 6.2, SGP.32 6.2): the version of the protocol that a client speaks. */
#ifndef SOFTEUICC_PROTOCOL_ADMIN_PROTOCOL_H
#define SOFTEUICC_PROTOCOL_ADMIN_PROTOCOL_H

#include <stdbool.h>

#define ASN1_BINDING_PATH         "/gsma/rsp2/asn1"
#define ASN1_BINDING_CONTENT_TYPE "application/x-gsma-rsp-asn1"
#define ESIPA_ADMIN_PROTOCOL      "gsma/rsp/v2.1.0" /* of every version of SGP.32 */

/* Whether a server that speaks version 2 answers a client that says so; NULL: it says nothing. */
bool admin_protocol_is_taken(const char *value);

#endif
