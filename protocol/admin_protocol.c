/* X-Admin-Protocol. See admin_protocol.h. */
#include "protocol/admin_protocol.h"

#include <stddef.h>
#include <string.h>

/* Reading (SGP.22 v2 6.2, v3 6.2): a client names the highest version that it speaks, and reads in the answer
 * which one the server does. One of version 3 speaks version 2 as well, and may go on with it; what it may do
 * is checked where its eUICC says of which version it is. Nothing else is a version that anybody has. */
bool admin_protocol_is_taken(const char *value)
{
    static const char *const taken[] = {"gsma/rsp/v2.", "gsma/rsp/v3."};

    for (size_t i = 0; value != NULL && i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (strncmp(value, taken[i], strlen(taken[i])) == 0)
            return true;
    }
    return false;
}
