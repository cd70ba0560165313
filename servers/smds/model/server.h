/*
 * The SM-DS as one structure: who it is, the events it remembers, and the sessions that are open (SGP.22
 * 3.6). It has three rooms, each of which uses those before it: store/, what it remembers; model/, the rules
 * of ES11 and ES12, which know nothing of HTTP; network/, their bindings and the way to the Root SM-DS.
 */
#ifndef SOFTEUICC_SERVERS_SMDS_MODEL_SERVER_H
#define SOFTEUICC_SERVERS_SMDS_MODEL_SERVER_H

#include "protocol/es12.h"
#include "protocol/mutual_authentication.h"
#include "servers/smds/store/store.h"

#include <sys/queue.h>

#define SMDS_SESSIONS_MAX     1024   /* open sessions; the oldest one goes */
#define SMDS_SESSION_LIFETIME 1800   /* seconds since it began */
#define SMDS_DEFAULT_EVENTS   100000 /* events altogether */
#define SMDS_DEFAULT_PER_EID  32     /* events of one eUICC */

struct smds_options {
    int64_t events_max, per_eid_max;
    int64_t lifetime; /* seconds until an event is forgotten; 0: never */
    bool has_root;    /* this is an Alternative SM-DS */
};

struct smds_session {
    LIST_ENTRY(smds_session) link;
    struct rsp_session rsp;
    int64_t begun; /* seconds since 1970 */
};

struct smds {
    struct rsp_server rsp;
    struct db *store;
    struct smds_options options;
    LIST_HEAD(, smds_session) sessions; /* the newest is the first */
    int64_t started;
    /* Called when there is an errand to the Root; NULL: nobody runs them. */
    void (*on_errand)(void *context);
    void *errand_context;
};

/* Trusts the CIs of a test PKI, and has its DSauth certificate under each. False with a line. */
bool smds_identity_load(struct smds *smds, const char *pki);
/* Frees everything the structure holds. */
void smds_clear(struct smds *smds);

void smds_session_end(struct smds_session *session);
size_t smds_session_count(const struct smds *smds);
/* Seconds since 1970. */
int64_t smds_now(void);

/* RegisterEvent and DeleteEvent (ES12 5.9.1, 5.9.2; ES15 is the same), called by `owner`: the OID of its
 * certificate, or what it calls itself where none is asked. */
bool smds_es12(struct smds *smds, const struct es12_function *function, const char *owner,
               const struct es12_event *request, struct refusal_status *status);

/* Runs a function of ES11 with a log line, as rsp_interface.run says. */
bool smds_es11(void *smds, const struct es9p_function *function, const struct es9p_message *request,
               struct es9p_message *answer, struct refusal_status *status);

/* Forgets events that are too old, and tells the Root. */
void smds_forget_old(struct smds *smds);

#endif
