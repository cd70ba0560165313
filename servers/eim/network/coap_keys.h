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
 * Reads them out of a TLS server's files and names them in `named`, which points into `keys` then, or at the
 * paths if the key is of a kind that libcoap takes from PEM files only. False after a line. `keys` is to be
 * freed in any case.
 */
bool coap_keys_load(struct coap_keys *keys, const char *cert_path, const char *key_path,
                    coap_dtls_key_t *named);
/* When nobody points into them any more. Wipes them. */
void coap_keys_free(struct coap_keys *keys);

#endif
