/* The state table of orders. See order_state.h. */
#include "servers/smdpp/model/order_state.h"

static const char *const events[ORDER_EVENT_COUNT] = {
    "order",  "order for EID", "confirm",  "confirm and release", "release",
    "cancel", "retire",        "bind",     "installed",           "interrupted",
    "failed", "postponed",     "rejected", "exhausted",           "deleted",
};

/*
 * Reading (3.1.6): a profile whose installation was interrupted, or for which the card had no room, stays
 * downloaded for another try; every other failure is final. An operator may take back a profile in any state,
 * also one that is installed, and a profile deleted from its card is available again: a test server gives the
 * same profile out many times.
 */
static const struct {
    enum order_state from;
    enum order_event event;
    enum order_state to;
} table[] = {
    {ORDER_AVAILABLE, ORDER_EVENT_ORDER, ORDER_ALLOCATED},
    {ORDER_AVAILABLE, ORDER_EVENT_ORDER_EID, ORDER_LINKED},
    {ORDER_AVAILABLE, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_ALLOCATED, ORDER_EVENT_CONFIRM, ORDER_CONFIRMED},
    {ORDER_ALLOCATED, ORDER_EVENT_CONFIRM_RELEASE, ORDER_RELEASED},
    {ORDER_ALLOCATED, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_ALLOCATED, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_LINKED, ORDER_EVENT_CONFIRM, ORDER_CONFIRMED},
    {ORDER_LINKED, ORDER_EVENT_CONFIRM_RELEASE, ORDER_RELEASED},
    {ORDER_LINKED, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_LINKED, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_CONFIRMED, ORDER_EVENT_RELEASE, ORDER_RELEASED},
    {ORDER_CONFIRMED, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_CONFIRMED, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},
    {ORDER_CONFIRMED, ORDER_EVENT_EXHAUSTED, ORDER_ERROR},

    {ORDER_RELEASED, ORDER_EVENT_BIND, ORDER_DOWNLOADED},
    {ORDER_RELEASED, ORDER_EVENT_POSTPONED, ORDER_RELEASED},
    {ORDER_RELEASED, ORDER_EVENT_REJECTED, ORDER_ERROR},
    {ORDER_RELEASED, ORDER_EVENT_EXHAUSTED, ORDER_ERROR},
    {ORDER_RELEASED, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_RELEASED, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_DOWNLOADED, ORDER_EVENT_BIND, ORDER_DOWNLOADED},
    {ORDER_DOWNLOADED, ORDER_EVENT_INSTALLED, ORDER_INSTALLED},
    {ORDER_DOWNLOADED, ORDER_EVENT_INTERRUPTED, ORDER_DOWNLOADED},
    {ORDER_DOWNLOADED, ORDER_EVENT_FAILED, ORDER_ERROR},
    {ORDER_DOWNLOADED, ORDER_EVENT_POSTPONED, ORDER_DOWNLOADED},
    {ORDER_DOWNLOADED, ORDER_EVENT_REJECTED, ORDER_ERROR},
    {ORDER_DOWNLOADED, ORDER_EVENT_EXHAUSTED, ORDER_ERROR},
    {ORDER_DOWNLOADED, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_DOWNLOADED, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_INSTALLED, ORDER_EVENT_DELETED, ORDER_AVAILABLE},
    {ORDER_INSTALLED, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_INSTALLED, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_ERROR, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
    {ORDER_ERROR, ORDER_EVENT_RETIRE, ORDER_UNAVAILABLE},

    {ORDER_UNAVAILABLE, ORDER_EVENT_CANCEL, ORDER_AVAILABLE},
};

const char *order_event_name(enum order_event event)
{
    return events[event];
}

bool order_row(unsigned index, enum order_state *from, enum order_event *event, enum order_state *to)
{
    if (index >= sizeof(table) / sizeof(table[0]))
        return false;
    *from = table[index].from;
    *event = table[index].event;
    *to = table[index].to;
    return true;
}

bool order_advance(enum order_state *state, enum order_event event)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].from == *state && table[i].event == event) {
            *state = table[i].to;
            return true;
        }
    }
    return false;
}

/* Reading (3.6.3): an event is deleted when the order is over: installed, failed, taken back. A download that
 * was interrupted may be tried again, and its event is there for that. */
bool order_keeps_event(enum order_state state)
{
    return state == ORDER_CONFIRMED || state == ORDER_RELEASED || state == ORDER_DOWNLOADED;
}
