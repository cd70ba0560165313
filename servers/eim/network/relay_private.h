/* Shared by relay.c, relay_initiate.c and relay_functions.c. */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_PRIVATE_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_PRIVATE_H

#include "servers/eim/network/relay.h"

#include <jansson.h>

#define RELAY_TRANSACTION_ID_MAX 16 /* octets */

/* A message on its way. */
struct relay_call {
    struct relay_call *next, **link;
    struct relay *relay;
    const struct relay_function *function;
    esipa_done *done;
    void *context;
    char address[EIM_ADDRESS_MAX + 1]; /* of the SM-DP+ */
    struct eim_download download;      /* when `ordered` */
    bool ordered;
    struct buf transaction_id; /* of its session; InitiateAuthentication has none yet */
    bool fill_in;              /* InitiateAuthentication: the IPA leaves the download's data to the eIM */
};

/* One function in both directions. Each direction returns 0, or the function's ESipa error number; `detail`
 * then says in one line what was wrong. */
struct relay_function {
    uint32_t tag;       /* of request and answer */
    uint32_t error_tag; /* of the error in the answer's CHOICE */
    const char *name;   /* in ES9+'s JSON binding */
    enum eim_step step; /* that it completes */
    /* The ESipa request's content to the JSON request; sets call->address. */
    int (*begin)(struct relay_call *call, struct span content, json_t *request, const char **detail);
    /* The JSON answer to the content of the ESipa answer's Ok alternative. */
    int (*finish)(struct relay_call *call, const json_t *answer, struct buf *out, const char **detail);
};

/* In relay_initiate.c. */
extern const struct relay_function relay_initiate_authentication;

const struct relay_function *relay_function_by_tag(uint32_t tag);

struct eim *relay_eim(struct relay *relay);

/* Appends the octets of a base64 member, which must be one whole object with this tag. */
bool relay_take_object(const json_t *answer, const char *name, uint32_t tag, struct buf *out);

#endif
