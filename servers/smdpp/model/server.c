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
    while (smdpp->sessions != NULL)
        smdpp_session_end(smdpp, smdpp->sessions);
    profile_catalogue_free(smdpp->catalogue);
    db_close(smdpp->store);
    dp_server_clear(&smdpp->dp);
    *smdpp = (struct smdpp){0};
}

/* The list is ordered by last use, so what is too old or too much is at its end. */
static void drop_old_sessions(struct smdpp *smdpp)
{
    int64_t oldest = smdpp_now() - SMDPP_SESSION_LIFETIME;
    struct smdpp_session **at = &smdpp->sessions;

    for (unsigned kept = 0; *at != NULL && (*at)->used >= oldest && kept < SMDPP_SESSIONS_MAX - 1; kept++)
        at = &(*at)->next;
    while (*at != NULL)
        smdpp_session_end(smdpp, *at);
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
    session->used = smdpp_now();
    session->next = smdpp->sessions;
    smdpp->sessions = session;
    return session;
}

struct smdpp_session *smdpp_session_find(struct smdpp *smdpp, struct span transaction_id,
                                         struct refusal_status *status)
{
    drop_old_sessions(smdpp);
    for (struct smdpp_session **at = &smdpp->sessions; *at != NULL; at = &(*at)->next) {
        struct smdpp_session *session = *at;

        if (!span_equal(transaction_id, SPAN_ARRAY(session->dp->transaction_id)))
            continue;
        *at = session->next;
        session->next = smdpp->sessions;
        session->used = smdpp_now();
        smdpp->sessions = session;
        return session;
    }
    refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, NULL);
    return NULL;
}

void smdpp_session_end(struct smdpp *smdpp, struct smdpp_session *session)
{
    for (struct smdpp_session **at = &smdpp->sessions; *at != NULL; at = &(*at)->next) {
        if (*at == session) {
            *at = session->next;
            break;
        }
    }
    dp_session_free(session->dp);
    free(session);
}

size_t smdpp_session_count(const struct smdpp *smdpp)
{
    size_t count = 0;

    for (const struct smdpp_session *session = smdpp->sessions; session != NULL; session = session->next)
        count++;
    return count;
}

static void log_profile(void *context, const struct profile *profile)
{
    (void)context;
    if (profile->complaint[0] != '\0')
        log_line(LOG_LEVEL_ERROR, "profile %s.der is left out: %s", profile->name, profile->complaint);
    else
        log_line(LOG_LEVEL_INFO, "profile %s.der: ICCID %s, \"%s\" of \"%s\", %zu octets%s%s", profile->name,
                 profile->iccid, profile->profile_name, profile->service_provider, profile->package.size,
                 profile->warning[0] != '\0' ? "; " : "", profile->warning);
}

void smdpp_refresh_profiles(struct smdpp *smdpp)
{
    if (!profile_catalogue_refresh(smdpp->catalogue, log_profile, NULL))
        log_line(LOG_LEVEL_ERROR, "the profile directory cannot be read");
}

bool smdpp_order_event(struct smdpp *smdpp, struct order *order, enum order_event event)
{
    enum order_state before = order->state;

    if (!order_advance(&order->state, event))
        return false;
    if (!store_order_save(smdpp->store, order)) {
        log_line(LOG_LEVEL_ERROR, "order %s: cannot be stored", order->iccid);
        order->state = before;
        return false;
    }
    if (before != order->state)
        log_line(LOG_LEVEL_INFO, "order %s: %s, by %s", order->iccid, order_state_name(order->state),
                 order_event_name(event));
    return true;
}
