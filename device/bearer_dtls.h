/* The server of a DTLS connection, held against what an eIM's configuration trusts; for bearer_coap.c only.
 */
#ifndef SOFTEUICC_DEVICE_BEARER_DTLS_H
#define SOFTEUICC_DEVICE_BEARER_DTLS_H

#include "common/http/tls_hint.h"
#include "device/bearer.h"

#include <openssl/ssl.h>

/* Whether it is an IPv4 or IPv6 address, not a name. */
bool dtls_is_address(const char *host);

/* Fills `facts`, which must stay as long as the connection, in the handshake from now on. */
void dtls_watch(SSL *ssl, struct tls_facts *facts);

/* Whether the server behind the connection is the one that is meant. False with *why (static text), and
 * `facts` for a hint. */
bool dtls_is_trusted(const SSL *ssl, const struct bearer_target *target, struct tls_facts *facts,
                     const char **why);
/* Whether the connection came about by a pre-shared key. */
bool dtls_is_by_psk(const SSL *ssl);

/* " (…)" for what is known of a connection by this key that did not come about, else "". */
const char *dtls_psk_hint(const struct tls_facts *facts, const struct psk *psk, char out[TLS_HINT_MAX]);

#endif
