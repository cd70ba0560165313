/*
 * The SM-DP+ as one structure: who it is, what it can deliver, what it remembers, and the sessions that are
 * open. It has three rooms, each of which uses those before it: store/, what it remembers; model/, the rules
 * of orders, downloads and ES9+, which know nothing of HTTP; network/, ES2+ and ES9+ in their bindings.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_SERVER_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_SERVER_H

#include "protocol/pending_notification.h"
#include "servers/smdpp/model/dp.h"
#include "servers/smdpp/model/order_state.h"
#include "servers/smdpp/model/profile_catalogue.h"
#include "servers/smdpp/store/store.h"

#include <sys/queue.h>

#define SMDPP_WRONG_CODES_MAX   3    /* confirmation codes, then the order fails */
#define SMDPP_SESSIONS_MAX      1024 /* open sessions; the oldest one goes */
#define SMDPP_SESSION_LIFETIME  1800 /* seconds since it was last used */
#define SMDPP_DEFAULT_TRIES_MAX 50   /* authentications for one order */

struct smdpp_options {
    bool orders_only;       /* no downloads by file name */
    bool ppk;               /* protect packages with their own keys (ReplaceSessionKeys) */
    bool no_eligibility;    /* leave it to the card to refuse a profile that does not fit */
    int64_t order_lifetime; /* seconds; 0: for ever */
    int64_t tries_max;      /* authentications for one order */
};

struct smdpp_session {
    LIST_ENTRY(smdpp_session) link;
    struct dp_session *dp;
    char profile[PROFILE_NAME_MAX + 1]; /* chosen by AuthenticateClient; "" before */
    uint8_t profile_digest[CRYPTO_SHA256_SIZE];
    char iccid[21];
    bool ordered;
    int64_t used; /* seconds since 1970 */
};

struct smdpp {
    struct dp_server dp;
    struct profile_catalogue *catalogue;
    struct db *store;
    struct smdpp_options options;
    LIST_HEAD(, smdpp_session) sessions; /* the one used last is the first */
    int64_t started;
    struct registrar *registrar;             /* that speaks with SM-DS; NULL: no events are registered */
    struct smdpp_registration *registration; /* what the function that has just run waits for; else NULL */
    bool events_due;                         /* something of an event has changed: the registrar must look */
};

/* Trusts the CIs of a test PKI, and has its DPauth and DPpb certificates under each. False with a line. */
bool smdpp_identity_load(struct smdpp *smdpp, const char *pki);

/* Frees everything the structure holds. */
void smdpp_clear(struct smdpp *smdpp);

/* Takes over `dp`; NULL without memory (and `dp` is freed). Old sessions make room. */
struct smdpp_session *smdpp_session_add(struct smdpp *smdpp, struct dp_session *dp);
/* Finds an open session and notes that it is used; NULL and *status otherwise. */
struct smdpp_session *smdpp_session_find(struct smdpp *smdpp, struct span transaction_id,
                                         struct refusal_status *status);
void smdpp_session_end(struct smdpp_session *session);
size_t smdpp_session_count(const struct smdpp *smdpp);

/* Reads the profile directory again, with a log line per new or changed file. */
void smdpp_refresh_profiles(struct smdpp *smdpp);

/* Applies an event to an order and stores it; logs the change. One-time keys go with the end of a download.
 * On a failure the order is as before. */
enum order_change {
    ORDER_CHANGED,
    ORDER_NO_TRANSITION, /* the state table has no such row */
    ORDER_NOT_STORED
};
enum order_change smdpp_order_event(struct smdpp *smdpp, struct order *order, enum order_event event);

/* Notes a storage error as what it is. Returns false. */
bool smdpp_refuse_storage(struct smdpp *smdpp, const char *what, struct refusal_status *status);

/* Seconds since 1970. */
int64_t smdpp_now(void);

#endif
