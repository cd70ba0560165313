/* Orders and their events at SM-DS. See event.h. */
#include "servers/smdpp/model/event.h"

#include "common/backoff.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_MIN 10 /* seconds */
#define PAUSE_MAX (6 * 3600)

int64_t smdpp_event_pause(int64_t tries)
{
    return backoff_seconds(tries, PAUSE_MIN, PAUSE_MAX);
}

static bool check_registrar(const struct smdpp *smdpp, struct refusal_status *status)
{
    return smdpp->registrar != NULL ||
           refusal_note(status, REFUSAL_SMDS_INACCESSIBLE, "this server registers no events at an SM-DS");
}

static void describe_event(const struct order *order, const char *smds, struct smds_event *event)
{
    *event = (struct smds_event){0};
    snprintf(event->iccid, sizeof(event->iccid), "%s", order->iccid);
    snprintf(event->event_id, sizeof(event->event_id), "%s", order->matching_id);
    snprintf(event->eid, sizeof(event->eid), "%s", order->eid);
    snprintf(event->smds, sizeof(event->smds), "%s", smds);
}

bool smdpp_event_keep(struct smdpp *smdpp, const struct order *order, const char *smds,
                      struct refusal_status *status)
{
    struct smds_event event;

    if (!check_registrar(smdpp, status))
        return false;
    describe_event(order, smds, &event);
    return store_event_add(smdpp->store, &event, SMDS_EVENT_KEPT) ||
           smdpp_refuse_storage(smdpp, "cannot store the event", status);
}

bool smdpp_event_kept(struct smdpp *smdpp, const char *iccid, char smds[STORE_SMDS_MAX + 1])
{
    struct smds_event event;
    bool found = store_event_of(smdpp->store, iccid, SMDS_EVENT_KEPT, &event);

    memcpy(smds, event.smds, sizeof(event.smds));
    return found;
}

/* --- Registration --------------------------------------------------------------------------------------- */

static bool check_registration(struct smdpp *smdpp, const struct smds_event *event,
                               struct refusal_status *status)
{
    struct smds_event other;
    int64_t id;

    if (!check_registrar(smdpp, status))
        return false;
    if (store_event_of(smdpp->store, event->iccid, SMDS_EVENT_REGISTERING, &other))
        return refusal_note(status, REFUSAL_ICCID_TRANSITION, "its event is being registered");
    if (store_event_same(smdpp->store, event, SMDS_EVENT_SENDING, &id))
        return refusal_note(status, REFUSAL_SMDS_INACCESSIBLE,
                            "an earlier event of this name is being deleted there");
    return true;
}

bool smdpp_registration_begin(struct smdpp *smdpp, const struct order *order, enum order_event by,
                              const char *smds, struct refusal_status *status)
{
    struct smdpp_registration *registration = calloc(1, sizeof(*registration));
    int64_t leftover;

    if (registration == NULL)
        return refusal_note(status, REFUSAL_INTERNAL, "out of memory");
    registration->order = *order;
    registration->by = by;
    describe_event(order, smds, &registration->event);
    if (!check_registration(smdpp, &registration->event, status)) {
        free(registration);
        return false;
    }
    db_begin(smdpp->store);
    registration->leftover =
        store_event_same(smdpp->store, &registration->event, SMDS_EVENT_DELETING, &leftover);
    if (registration->leftover) /* it is the new one from now on */
        store_event_forget(smdpp->store, leftover);
    store_event_add(smdpp->store, &registration->event, SMDS_EVENT_REGISTERING);
    registration->asked = registration->event.id;
    if (!db_commit(smdpp->store)) {
        free(registration);
        return smdpp_refuse_storage(smdpp, "cannot store the event", status);
    }
    smdpp->registration = registration;
    return true;
}

/* The order as it is now must be the one that the registration began from. */
static bool is_unchanged(struct smdpp *smdpp, const struct smdpp_registration *registration)
{
    struct order now;

    return store_order_by_iccid(smdpp->store, registration->order.iccid, &now) == STORE_FOUND &&
           now.state == registration->order.state && now.created == registration->order.created;
}

static bool finish_order(struct smdpp *smdpp, struct smdpp_registration *registration,
                         struct refusal_status *status)
{
    if (!is_unchanged(smdpp, registration))
        return refusal_note(status, REFUSAL_ICCID_TRANSITION, "the order has changed since");
    db_begin(smdpp->store);
    store_event_forget(smdpp->store, registration->asked);
    store_event_add(smdpp->store, &registration->event, SMDS_EVENT_REGISTERED);
    if (smdpp_order_event(smdpp, &registration->order, registration->by) != ORDER_CHANGED)
        db_fail(smdpp->store, "the order cannot be changed");
    return db_commit(smdpp->store) || smdpp_refuse_storage(smdpp, "cannot store the order", status);
}

void smdpp_registration_undo(struct smdpp *smdpp, const struct smdpp_registration *registration)
{
    store_event_set(smdpp->store, registration->asked, SMDS_EVENT_DELETING);
    smdpp->events_due = true;
}

bool smdpp_registration_end(struct smdpp *smdpp, struct smdpp_registration *registration,
                            const struct es12_reply *reply, struct refusal_status *status)
{
    struct smds_event *event = &registration->event;
    bool known = reply->outcome == ES12_EXECUTED || (reply->nothing_left && registration->leftover);

    if (known && finish_order(smdpp, registration, status)) {
        log_line(LOG_LEVEL_INFO, "order %s: event %s is registered at %s", event->iccid, event->event_id,
                 event->smds);
        return true;
    }
    if (!known)
        refusal_note(status, reply->outcome == ES12_REFUSED ? REFUSAL_SMDS_FAILED : REFUSAL_SMDS_INACCESSIBLE,
                     "%s: %.120s", event->smds, reply->why);
    /* An SM-DS that was not heard may know it all the same. */
    if (reply->outcome == ES12_REFUSED && !registration->leftover)
        store_event_forget(smdpp->store, registration->asked);
    else
        smdpp_registration_undo(smdpp, registration);
    return false;
}
