/*
 * DTLS by pre-shared key (RFC 4279) beside certificates, at the same port: a client that offers no other
 * suites gets one of these. Suites are the client's choice, as without.
 *
 * Reading: an identity of 32 digits is an EID, whose key is for the messages of this eUICC alone: one that
 * names another eidValue is refused, in GetEimPackage and ProvideEimPackageResult. SGP.32 says nothing of
 * identities, and results are signed; but a device could be given the packages of another one.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_COAP_PSK_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_COAP_PSK_H

#include "apdu/bytes.h"
#include "common/psk_file.h"

#include <coap3/coap.h>

/* All-zero: there are none. */
struct coap_psk {
    struct psk_file keys;
    coap_bin_const_t found; /* the key that libcoap was given last, in `keys` */
};

/* Takes the keys of a file. False after a line. `psk` stays where it is as long as the context, and is to be
 * freed behind it in any case. */
bool coap_psk_use(struct coap_psk *psk, const char *path, coap_context_t *context);
void coap_psk_free(struct coap_psk *psk);

/* Whether this client may send the message; if not, it is logged. By certificate all may be sent. */
bool coap_psk_allows(const coap_session_t *session, struct span message);

#endif
