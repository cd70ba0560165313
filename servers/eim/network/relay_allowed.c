/* To which servers the relay goes. See relay_private.h. */
#include "servers/eim/network/relay_private.h"

bool relay_is_allowed(const struct relay_allowed *allowed, const char *address)
{
    size_t i = 0;

    while (i < allowed->count && !eim_address_is_same(allowed->addresses[i], address))
        i++;
    return i < allowed->count;
}

bool relay_may_call(const struct relay_call *call, const char *eid, const char *address)
{
    return relay_is_allowed(call->allowed, address) || eim_download_is_from(call->eim, eid, address, false);
}
