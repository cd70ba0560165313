/* An address as libcoap holds it. */
#ifndef SOFTEUICC_COMMON_NET_COAP_ADDRESS_H
#define SOFTEUICC_COMMON_NET_COAP_ADDRESS_H

#include "common/net/addresses.h"

#include <coap3/coap.h>
#include <string.h>

static inline void coap_address_from(const struct address *address, coap_address_t *out)
{
    coap_address_init(out);
    out->size = address->size;
    memcpy(&out->addr, &address->at, address->size);
}

#endif
