/*
 * What the eIM keeps of a session between an eUICC and an SM-DP+ that goes through it: where it goes, whose
 * it is, and what compact messages leave out. In memory: after a restart the order still knows the SM-DP+'s
 * address, so messages in full form go on, compact ones are refused.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_SESSION_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_RELAY_SESSION_H

#include "protocol/restore.h"
#include "servers/eim/model/eim.h"

#include <sys/queue.h>

#define RELAY_SESSIONS_MAX     1024 /* the one not used for longest goes */
#define RELAY_SESSION_LIFETIME 3600 /* seconds since it was last used; its notification comes at the end */

struct relay_session {
    LIST_ENTRY(relay_session) link;
    struct buf transaction_id; /* the SM-DP+'s, 1 to 16 octets */
    char address[EIM_ADDRESS_MAX + 1];
    char eid[EIM_EID_DIGITS + 1]; /* "" until it is known */
    struct eim_download download; /* when `ordered` */
    bool ordered;
    bool is_smds;                            /* the address is an SM-DS's */
    char event_address[EIM_ADDRESS_MAX + 1]; /* that it found: an SM-DP+; "" before */
    char event_id[EIM_MATCHING_ID_MAX + 1];
    int64_t used; /* seconds since 1970 */
    /* as in struct compact_known */
    struct buf server_address, server_challenge, server_oid, ctx_params1;
    struct buf smdp_signature2, offered_otpk, hash_cc, metadata, iccid;
};

struct relay_sessions;

struct relay_sessions *relay_sessions_new(struct eim *eim); /* NULL without memory */
void relay_sessions_free(struct relay_sessions *sessions);

/* NULL when there is one with this id already (two SM-DP+ with one id cannot be told apart), or
 * without memory. */
struct relay_session *relay_session_add(struct relay_sessions *sessions, struct span transaction_id,
                                        const char *address);
/* The session with this id; one that is unknown is made anew if an order knows the id. NULL otherwise. */
struct relay_session *relay_session_find(struct relay_sessions *sessions, struct span transaction_id);
void relay_session_end(struct relay_session *session);

/* Notes the order, and whose it is. */
void relay_session_set_order(struct relay_session *session, const struct eim_download *download);

/* All that is known for restoring a compact message; `session` may be NULL. The spans live as long as both.
 */
struct compact_known relay_known(const struct relay_session *session, const struct eim_euicc *euicc);

/*
 * Restores one PendingNotification. `eid`: 32 digits, or "" when the message did not say; becomes what is
 * known after. Appends the full form to `out`.
 */
enum compact_status relay_restore_notification(struct relay_sessions *sessions, char eid[EIM_EID_DIGITS + 1],
                                               struct span pending, struct buf *out);

#endif
