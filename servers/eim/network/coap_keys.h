/*
 * What a CoAP server proves itself with. libcoap takes it in anew for every handshake, which out of PEM files
 * costs it as much as all the rest of an abbreviated one: so it gets it from memory, as DER.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_COAP_KEYS_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_COAP_KEYS_H

#include "apdu/bytes.h"

#include <coap3/coap.h>

struct coap_keys {
    struct buf cert, key; /* DER */
};

/*
 * Reads them out of a TLS server's files and gives them to a context, for all its clients; the context points
 * into `keys` from then on. False after a line. `keys` is to be freed in any case.
 *
 * Its sessions are kept by libcoap's OpenSSL and named by their ids: a ticket would go three times over the
 * network of a client that goes on, twice of it in the hellos.
 */
bool coap_keys_use(struct coap_keys *keys, const char *cert_path, const char *key_path,
                   coap_context_t *context);
/* When nobody points into them any more. Wipes them. */
void coap_keys_free(struct coap_keys *keys);

#endif
