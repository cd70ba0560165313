/* Addresses of servers. See rsp_address.h. */
#include "protocol/rsp_address.h"

#include <string.h>

bool rsp_address_is_good(const char *address)
{
    return address[0] != '\0' && address[strspn(address, RSP_ADDRESS_CHARS)] == '\0';
}
