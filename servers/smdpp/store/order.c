/* The names of an order's states. See order.h. */
#include "servers/smdpp/store/order.h"

#include <string.h>

static const char *const states[ORDER_STATE_COUNT] = {
    "available",  "allocated", "linked", "confirmed",   "released",
    "downloaded", "installed", "error",  "unavailable",
};

const char *order_state_name(enum order_state state)
{
    return states[state];
}

bool order_state_from_name(const char *name, enum order_state *state)
{
    for (unsigned i = 0; i < ORDER_STATE_COUNT; i++) {
        if (strcmp(states[i], name) == 0) {
            *state = (enum order_state)i;
            return true;
        }
    }
    return false;
}
