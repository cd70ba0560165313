/*
 * What becomes of an order's event at an SM-DS (SGP.22 3.1.1.3, 3.6.1, 3.6.3). An order that waits for an
 * SM-DS is only changed when the SM-DS has answered; until then it is as it was.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_EVENT_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_EVENT_H

#include "protocol/es12.h"
#include "servers/smdpp/model/server.h"
#include "servers/smdpp/store/event.h"

/* A change of an order that waits for an SM-DS. */
struct smdpp_registration {
    struct smds_event event;
    int64_t asked;          /* its id while the SM-DS is asked */
    struct order order;     /* as it will be, but for its state */
    enum order_event by;    /* what will change it */
    struct json_t *request; /* what is answered then, held; see network/es2p.c */
    bool leftover;          /* the SM-DS may know the event of an earlier try */
};

/* Begins the registration: the SM-DS may be asked from now on, and smdpp->registration is what waits for it.
 * False with a refusal. */
bool smdpp_registration_begin(struct smdpp *smdpp, const struct order *order, enum order_event by,
                              const char *smds, struct refusal_status *status);
/* The SM-DS has answered, or has not: changes the order, or leaves it as it was with a refusal. The caller
 * frees `registration`. */
bool smdpp_registration_end(struct smdpp *smdpp, struct smdpp_registration *registration,
                            const struct es12_reply *reply, struct refusal_status *status);

/* What smdpp_registration_end changed could not be stored: nobody has the event. */
void smdpp_registration_undo(struct smdpp *smdpp, const struct smdpp_registration *registration);

/* For an order that is confirmed but not released: where its event is to be registered then. */
bool smdpp_event_keep(struct smdpp *smdpp, const struct order *order, const char *smds,
                      struct refusal_status *status);
bool smdpp_event_kept(struct smdpp *smdpp, const char *iccid, char smds[STORE_SMDS_MAX + 1]);

#define SMDPP_EVENT_TRIES_MAX 24 /* to delete an event; the last ones are six hours apart */
/* Seconds from a try that failed to the next. */
int64_t smdpp_event_pause(int64_t tries);

#endif
