/* Shared by relay.c, relay_allowed.c, relay_initiate.c and relay_functions.c. */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_PRIVATE_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_PRIVATE_H

#include "device/es9p_client.h"
#include "servers/eim/network/relay.h"

#include <sys/queue.h>

#define RELAY_TRANSACTION_ID_MAX 16 /* octets */

/* Servers for everybody: relay_allow. */
struct relay_allowed {
    const char *const *addresses;
    size_t count;
};

/* A message on its way. */
struct relay_call {
    LIST_ENTRY(relay_call) link;
    struct relay *relay;
    struct eim *eim;
    struct relay_sessions *sessions;
    const struct relay_allowed *allowed;
    const struct relay_function *function;
    struct es9p_call es9p; /* of that function */
    esipa_done *done;
    void *context;
    char address[EIM_ADDRESS_MAX + 1]; /* of the SM-DP+ */
    struct eim_download download;      /* when `ordered` */
    bool ordered;
    struct buf transaction_id; /* of its session; InitiateAuthentication has none yet */
    bool is_smds;              /* it goes to an SM-DS: ES11 in place of ES9+ */
    bool fill_in;              /* InitiateAuthentication: the IPA leaves the download's data to the eIM */
};

/* One function in both directions. Each direction returns 0, or the function's ESipa error number; `detail`
 * then says in one line what was wrong. */
struct relay_function {
    const struct es9p_function *es9p; /* whose tags are ESipa's, too */
    uint32_t error_tag;               /* of the error in the answer's CHOICE */
    enum eim_step step;               /* that it completes */
    /* The ESipa request's content to the members of ES9+'s; sets call->address. */
    int (*begin)(struct relay_call *call, struct span content, struct es9p_message *request,
                 const char **detail);
    /* The members of the answer to the content of the ESipa answer's Ok alternative. */
    int (*finish)(struct relay_call *call, const struct es9p_message *answer, struct buf *out,
                  const char **detail);
    /* For those that go on with a session: its response in full form, and what is answered when there is no
     * such session, when it is of another EID (0: that is not asked), and when the eUICC has not signed the
     * full form. */
    enum compact_status (*expand)(const struct compact_known *known, struct span response, struct buf *out);
    int unknown_transaction, eid_mismatch, bad_signature;
};

/* In relay_allowed.c. */
bool relay_is_allowed(const struct relay_allowed *allowed, const char *address);
/* Whether devices may have the eIM call this server: one of relay_allow, or that an order is for which waits
 * for its result, of this eUICC (NULL: of any, as before AuthenticateClient nothing says whose a call is).
 * Else a device could have it connect to whatever it likes. */
bool relay_may_call(const struct relay_call *call, const char *eid, const char *address);

/* In relay_initiate.c. */
extern const struct relay_function relay_initiate_authentication;

const struct relay_function *relay_function_by_tag(uint32_t tag);

#endif
