/*
 * The life of a profile at an SM-DP+ (SGP.22 3.1.6): its states, what happens to it, and the table that says
 * what leads where. The program runs on the table, `softeuicc smdpp states` prints it, the tests walk it.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_ORDER_STATE_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_ORDER_STATE_H

#include "servers/smdpp/store/order.h"

enum order_event {
    ORDER_EVENT_ORDER,           /* DownloadOrder without an EID */
    ORDER_EVENT_ORDER_EID,       /* DownloadOrder with an EID */
    ORDER_EVENT_CONFIRM,         /* ConfirmOrder without releaseFlag */
    ORDER_EVENT_CONFIRM_RELEASE, /* ConfirmOrder with releaseFlag */
    ORDER_EVENT_RELEASE,         /* ReleaseProfile */
    ORDER_EVENT_CANCEL,          /* CancelOrder, final status Available */
    ORDER_EVENT_RETIRE,          /* CancelOrder, final status Unavailable */
    ORDER_EVENT_BIND,            /* a Bound Profile Package is sent */
    ORDER_EVENT_INSTALLED,       /* ProfileInstallationResult: success */
    ORDER_EVENT_INTERRUPTED,     /* ProfileInstallationResult: an error that another try may cure */
    ORDER_EVENT_FAILED,          /* ProfileInstallationResult: any other error */
    ORDER_EVENT_POSTPONED,       /* CancelSession: for a reason that leaves the order */
    ORDER_EVENT_REJECTED,        /* CancelSession: for a final reason */
    ORDER_EVENT_EXHAUSTED,       /* too many wrong codes or tries, or expired */
    ORDER_EVENT_DELETED,         /* delete notification */
    ORDER_EVENT_COUNT
};

/* "confirm" */
const char *order_event_name(enum order_event event);

/* Where `event` leads from `*state`; false, and nothing changed, when the table has no such row. */
bool order_advance(enum order_state *state, enum order_event event);

/* Whether an order in this state keeps its event at an SM-DS. */
bool order_keeps_event(enum order_state state);

/* The table's rows; false after the last. */
bool order_row(unsigned index, enum order_state *from, enum order_event *event, enum order_state *to);

#endif
