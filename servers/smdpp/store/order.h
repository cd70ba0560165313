/* An order as it is kept, and the names of its states; what leads from state to state is the model's. */
#ifndef SOFTEUICC_SERVERS_SMDPP_STORE_ORDER_H
#define SOFTEUICC_SERVERS_SMDPP_STORE_ORDER_H

#include "apdu/bytes.h"

/* SGP.22 3.1.6 */
enum order_state {
    ORDER_AVAILABLE = 0, /* in the inventory, nobody's */
    ORDER_ALLOCATED,     /* reserved by DownloadOrder, no eUICC known */
    ORDER_LINKED,        /* reserved for one EID */
    ORDER_CONFIRMED,     /* has a matchingId, waits for its release */
    ORDER_RELEASED,      /* can be downloaded */
    ORDER_DOWNLOADED,    /* was bound and sent to an eUICC */
    ORDER_INSTALLED,     /* the eUICC said so */
    ORDER_ERROR,         /* cannot be downloaded any more */
    ORDER_UNAVAILABLE,   /* taken out by the operator */
    ORDER_STATE_COUNT
};

#define STORE_MATCHING_ID_MAX 64

/* One order; a profile (an ICCID) has at most one. Without a row a profile is available. */
struct order {
    char iccid[21];
    char profile[121]; /* its name in the catalogue */
    enum order_state state;
    char eid[33];                                /* "" when not linked */
    bool eid_ordered;                            /* the operator gave it; else the first download did */
    char matching_id[STORE_MATCHING_ID_MAX + 1]; /* "" for an order found by its EID */
    bool has_code;
    uint8_t code_hash[32]; /* SHA-256 of the confirmation code */
    int64_t wrong_codes;
    int64_t tries;   /* successful authentications for this order */
    int64_t created; /* seconds since 1970 */
    int64_t expires; /* 0: never */
};

/* "released" */
const char *order_state_name(enum order_state state);
/* False for a name that is no state. */
bool order_state_from_name(const char *name, enum order_state *state);

#endif
