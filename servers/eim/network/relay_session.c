/* The sessions that go through the eIM. See relay_session.h. */
#include "servers/eim/network/relay_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct relay_sessions {
    struct eim *eim;
    LIST_HEAD(, relay_session) list; /* the one used last is the first */
};

void relay_session_end(struct relay_session *session)
{
    struct buf *kept[] = {&session->transaction_id, &session->server_address, &session->server_challenge,
                          &session->server_oid,     &session->ctx_params1,    &session->smdp_signature2,
                          &session->offered_otpk,   &session->hash_cc,        &session->metadata,
                          &session->iccid};

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        buf_free(kept[i]);
    LIST_REMOVE(session, link);
    free(session);
}

struct relay_sessions *relay_sessions_new(struct eim *eim)
{
    struct relay_sessions *sessions = calloc(1, sizeof(*sessions));

    if (sessions != NULL)
        sessions->eim = eim;
    return sessions;
}

void relay_sessions_free(struct relay_sessions *sessions)
{
    if (sessions == NULL)
        return;
    while (!LIST_EMPTY(&sessions->list))
        relay_session_end(LIST_FIRST(&sessions->list));
    free(sessions);
}

static void note_use(struct relay_sessions *sessions, struct relay_session *session)
{
    session->used = (int64_t)time(NULL);
    LIST_INSERT_HEAD(&sessions->list, session, link);
}

/* The list is ordered by last use, so what is too old or too much is at its end. */
static void drop_old(struct relay_sessions *sessions)
{
    int64_t oldest = (int64_t)time(NULL) - RELAY_SESSION_LIFETIME;
    struct relay_session *session = LIST_FIRST(&sessions->list), *next;

    for (unsigned kept = 0; session != NULL && session->used >= oldest && kept < RELAY_SESSIONS_MAX - 1;
         kept++)
        session = LIST_NEXT(session, link);
    for (; session != NULL; session = next) {
        next = LIST_NEXT(session, link);
        relay_session_end(session);
    }
}

static struct relay_session *relay_session_known(struct relay_sessions *sessions, struct span transaction_id)
{
    struct relay_session *session = LIST_FIRST(&sessions->list);

    while (session != NULL && !span_equal(transaction_id, buf_span(&session->transaction_id)))
        session = LIST_NEXT(session, link);
    if (session != NULL) {
        LIST_REMOVE(session, link);
        note_use(sessions, session);
    }
    return session;
}

struct relay_session *relay_session_add(struct relay_sessions *sessions, struct span transaction_id,
                                        const char *address)
{
    struct relay_session *session;

    if (relay_session_known(sessions, transaction_id) != NULL)
        return NULL;
    session = calloc(1, sizeof(*session));
    if (session == NULL)
        return NULL;
    drop_old(sessions);
    buf_append(&session->transaction_id, transaction_id);
    snprintf(session->address, sizeof(session->address), "%s", address);
    note_use(sessions, session);
    return session;
}

void relay_session_set_order(struct relay_session *session, const struct eim_download *download)
{
    session->download = *download;
    session->ordered = true;
    session->is_smds = download->by_smds && strcasecmp(download->smds_address, session->address) == 0;
    snprintf(session->eid, sizeof(session->eid), "%s", download->eid);
}

struct relay_session *relay_session_find(struct relay_sessions *sessions, struct span transaction_id)
{
    struct relay_session *session;
    struct eim_download download;

    if (transaction_id.data == NULL)
        return NULL;
    session = relay_session_known(sessions, transaction_id);
    if (session != NULL || !eim_download_by_smdp_transaction(sessions->eim, transaction_id, &download) ||
        download.smdp_address[0] == '\0')
        return session;
    session = relay_session_add(sessions, transaction_id, download.smdp_address);
    if (session != NULL)
        relay_session_set_order(session, &download);
    return session;
}

/* --- What is known -------------------------------------------------------------------------------------- */

static struct span known_octets(const struct buf *buf)
{
    return buf->size > 0 ? buf_span(buf) : SPAN_NONE;
}

struct compact_known relay_known(const struct relay_session *session, const struct eim_euicc *euicc)
{
    struct compact_known known = {0};

    known.euicc_cert = known_octets(&euicc->euicc_cert);
    known.eum_cert = known_octets(&euicc->eum_cert);
    known.info2 = known_octets(&euicc->info2);
    known.ci_key_id = known_octets(&euicc->ci_key_id);
    if (session != NULL) {
        known.transaction_id = known_octets(&session->transaction_id);
        known.server_address = known_octets(&session->server_address);
        known.server_challenge = known_octets(&session->server_challenge);
        known.server_oid = known_octets(&session->server_oid);
        known.ctx_params1 = known_octets(&session->ctx_params1);
        known.smdp_signature2 = known_octets(&session->smdp_signature2);
        known.offered_otpk = known_octets(&session->offered_otpk);
        known.hash_cc = known_octets(&session->hash_cc);
        known.iccid = known_octets(&session->iccid);
    }
    return known;
}

enum compact_status relay_restore_notification(struct relay_sessions *sessions, char eid[EIM_EID_DIGITS + 1],
                                               struct span pending, struct buf *out)
{
    const struct relay_session *session =
        relay_session_find(sessions, compact_notification_transaction(pending));
    struct span said = compact_notification_eid(pending);
    struct eim_euicc euicc;
    struct compact_known known;
    enum compact_status status;

    if (said.size == EIM_EID_OCTETS)
        hex_from_span(said, eid, EIM_EID_DIGITS + 1);
    else if (eid[0] == '\0' && session != NULL)
        snprintf(eid, EIM_EID_DIGITS + 1, "%s", session->eid);
    eim_euicc_find(sessions->eim, eid, &euicc);
    known = relay_known(session, &euicc);
    status = compact_expand_notification(&known, pending, out);
    eim_euicc_clear(&euicc);
    return status;
}
