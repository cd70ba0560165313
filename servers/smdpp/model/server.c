/* Sessions, profiles and orders of the SM-DP+ structure. See server.h. */
#include "servers/smdpp/model/server.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t smdpp_now(void)
{
    return (int64_t)time(NULL);
}

void smdpp_clear(struct smdpp *smdpp)
{
    while (!LIST_EMPTY(&smdpp->sessions))
        smdpp_session_end(LIST_FIRST(&smdpp->sessions));
    profile_catalogue_free(smdpp->catalogue);
    db_close(smdpp->store);
    dp_server_clear(&smdpp->dp);
    *smdpp = (struct smdpp){0};
}

void smdpp_session_end(struct smdpp_session *session)
{
    LIST_REMOVE(session, link);
    dp_session_free(session->dp);
    free(session);
}

static void note_use(struct smdpp *smdpp, struct smdpp_session *session)
{
    session->used = smdpp_now();
    LIST_INSERT_HEAD(&smdpp->sessions, session, link);
}

/* The list is ordered by last use, so what is too old or too much is at its end. */
static void drop_old_sessions(struct smdpp *smdpp)
{
    int64_t oldest = smdpp_now() - SMDPP_SESSION_LIFETIME;
    struct smdpp_session *session = LIST_FIRST(&smdpp->sessions), *next;

    for (unsigned kept = 0; session != NULL && session->used >= oldest && kept < SMDPP_SESSIONS_MAX - 1;
         kept++)
        session = LIST_NEXT(session, link);
    for (; session != NULL; session = next) {
        next = LIST_NEXT(session, link);
        smdpp_session_end(session);
    }
}

struct smdpp_session *smdpp_session_add(struct smdpp *smdpp, struct dp_session *dp)
{
    struct smdpp_session *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        dp_session_free(dp);
        return NULL;
    }
    drop_old_sessions(smdpp);
    session->dp = dp;
    note_use(smdpp, session);
    return session;
}

struct smdpp_session *smdpp_session_find(struct smdpp *smdpp, struct span transaction_id,
                                         struct refusal_status *status)
{
    struct smdpp_session *session;

    drop_old_sessions(smdpp);
    session = LIST_FIRST(&smdpp->sessions);
    while (session != NULL && !span_equal(transaction_id, SPAN_ARRAY(session->dp->rsp.transaction_id)))
        session = LIST_NEXT(session, link);
    if (session == NULL) {
        refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, NULL);
        return NULL;
    }
    LIST_REMOVE(session, link);
    note_use(smdpp, session);
    return session;
}

size_t smdpp_session_count(const struct smdpp *smdpp)
{
    const struct smdpp_session *session = LIST_FIRST(&smdpp->sessions);
    size_t count = 0;

    for (; session != NULL; session = LIST_NEXT(session, link))
        count++;
    return count;
}

static void log_profile(const struct profile *profile)
{
    if (profile->complaint[0] != '\0')
        log_line(LOG_LEVEL_ERROR, "profile %s.der is left out: %s", profile->name, profile->complaint);
    else
        log_line(LOG_LEVEL_INFO, "profile %s.der: ICCID %s, \"%s\" of \"%s\", %zu octets%s%s", profile->name,
                 profile->iccid, profile->facts.profile_name, profile->facts.service_provider,
                 profile->package_size, profile->warning[0] != '\0' ? "; " : "", profile->warning);
}

void smdpp_refresh_profiles(struct smdpp *smdpp)
{
    if (!profile_catalogue_refresh(smdpp->catalogue, log_profile))
        log_line(LOG_LEVEL_ERROR, "the profile directory cannot be read");
}

bool smdpp_refuse_storage(struct smdpp *smdpp, const char *what, struct refusal_status *status)
{
    return refusal_note(status, REFUSAL_INTERNAL, "%s: %s", what, db_reason(smdpp->store));
}

/* Whether somebody may still come back for what was bound. */
static bool can_be_downloaded(enum order_state state)
{
    return state == ORDER_RELEASED || state == ORDER_DOWNLOADED;
}

enum order_change smdpp_order_event(struct smdpp *smdpp, struct order *order, enum order_event event)
{
    enum order_state before = order->state;
    bool ok;

    if (!order_advance(&order->state, event))
        return ORDER_NO_TRANSITION;
    db_begin(smdpp->store);
    ok = store_order_save(smdpp->store, order) &&
         (!can_be_downloaded(before) || can_be_downloaded(order->state) ||
          store_binding_forget(smdpp->store, order->profile, NULL));
    if (!db_commit(smdpp->store) || !ok) {
        log_line(LOG_LEVEL_ERROR, "order %s: cannot be stored", order->iccid);
        order->state = before;
        return ORDER_NOT_STORED;
    }
    if (before != order->state)
        log_line(LOG_LEVEL_INFO, "order %s: %s, by %s", order->iccid, order_state_name(order->state),
                 order_event_name(event));
    return ORDER_CHANGED;
}
