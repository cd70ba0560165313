/* The rules of event records (SGP.22 3.6.1, 3.6.3; ES12 5.9). See server.h. */
#include "servers/smds/model/server.h"

#include "common/log.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* Under which eventId the Root is told of an event that came here: a fresh one (3.6.1.2). */
static bool make_root_id(char out[STORE_EVENT_ID_MAX + 1])
{
    uint8_t random[16];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    hex_from_span(SPAN_ARRAY(random), out, STORE_EVENT_ID_MAX + 1);
    return true;
}

static void smds_errand(const struct smds *smds, const struct event_record *event)
{
    if (event->root_id[0] != '\0' && smds->on_errand != NULL)
        smds->on_errand(smds->errand_context);
}

static bool check_room(const struct smds *smds, const char *eid, struct refusal_status *status)
{
    int64_t all = smds_store_count(smds->store, NULL);
    int64_t own = smds_store_count(smds->store, eid);

    if (all < 0 || own < 0)
        return refusal_note(status, REFUSAL_INTERNAL, "cannot count the events");
    if (all >= smds->options.events_max)
        return refusal_note(status, REFUSAL_EVENTS_FULL, NULL);
    if (own >= smds->options.per_eid_max)
        return refusal_note(status, REFUSAL_EVENTS_FULL, "of this EID");
    return true;
}

/* Reading (5.9.1): an eventId is its owner's, for one eUICC; another owner may have the same. With a
 * forwardingIndicator and no Root, this is the Root itself, or the only SM-DS: the event is just kept. */
static bool register_event(struct smds *smds, const char *owner, const struct es12_event *request,
                           struct refusal_status *status)
{
    struct event_record event;
    bool failed;

    if (smds_store_find(smds->store, owner, request->eid, request->event_id, &event, &failed))
        return refusal_note(status, REFUSAL_EVENT_IN_USE, NULL);
    if (failed)
        return refusal_note(status, REFUSAL_INTERNAL, "cannot read the events");
    if (!check_room(smds, request->eid, status))
        return false;
    event.created = smds_now();
    snprintf(event.eid, sizeof(event.eid), "%s", request->eid);
    snprintf(event.event_id, sizeof(event.event_id), "%s", request->event_id);
    snprintf(event.server, sizeof(event.server), "%s", request->server);
    snprintf(event.owner, sizeof(event.owner), "%s", owner);
    if (request->forwarding && smds->options.has_root && !make_root_id(event.root_id))
        return refusal_note(status, REFUSAL_INTERNAL, "no random numbers");
    if (!smds_store_add(smds->store, &event))
        return refusal_note(status, REFUSAL_INTERNAL, "cannot store the event");
    smds_errand(smds, &event);
    return true;
}

/* What is another's is as unknown as what is not there. */
static bool delete_event(struct smds *smds, const char *owner, const struct es12_event *request,
                         struct refusal_status *status)
{
    struct event_record event;
    bool failed;

    if (!smds_store_find(smds->store, owner, request->eid, request->event_id, &event, &failed))
        return failed ? refusal_note(status, REFUSAL_INTERNAL, "cannot read the events")
                      : refusal_note(status, REFUSAL_EVENT_UNKNOWN, NULL);
    if (!smds_store_delete(smds->store, &event))
        return refusal_note(status, REFUSAL_INTERNAL, "cannot delete the event");
    smds_errand(smds, &event);
    return true;
}

bool smds_es12(struct smds *smds, const struct es12_function *function, const char *owner,
               const struct es12_event *request, struct refusal_status *status)
{
    bool ok;

    smds_forget_old(smds);
    ok = function->id == ES12_REGISTER_EVENT ? register_event(smds, owner, request, status)
                                             : delete_event(smds, owner, request, status);
    log_line(LOG_LEVEL_INFO, "ES12 %s of %s, EID %s, event %s: %s%s%s", function->name, owner, request->eid,
             request->event_id, refusal_codes(status->refusal)->message,
             status->detail[0] != '\0' ? ": " : "", status->detail);
    return ok;
}

void smds_forget_old(struct smds *smds)
{
    struct event_record event;

    if (smds->options.lifetime == 0)
        return;
    while (smds_store_older(smds->store, smds_now() - smds->options.lifetime, &event)) {
        if (!smds_store_delete(smds->store, &event))
            return;
        log_line(LOG_LEVEL_INFO, "EID %s, event %s of %s: forgotten, it is too old", event.eid,
                 event.event_id, event.owner);
        smds_errand(smds, &event);
    }
}
