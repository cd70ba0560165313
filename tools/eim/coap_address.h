/* An IP address and a UDP port for libcoap to listen on. */
#ifndef SOFTEUICC_TOOLS_EIM_COAP_ADDRESS_H
#define SOFTEUICC_TOOLS_EIM_COAP_ADDRESS_H

#include <coap3/coap.h>
#include <stdbool.h>
#include <stdint.h>

/* `text` is numeric; port 0 becomes one that is free. False, after an error line, when it is no address or
 * somebody else listens there. */
bool coap_choose_address(const char *text, uint16_t port, coap_address_t *out);

#endif
