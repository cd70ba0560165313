/* The functions of ES11 (SGP.22 5.8): an eUICC that has authenticated itself gets its events. See server.h.
 */
#include "servers/smds/model/server.h"

#include "apdu/tlv.h"
#include "common/log.h"

#include <stdlib.h>

/* The list is ordered by beginning, so what is too old or too much is at its end. */
static void drop_sessions(struct smds *smds)
{
    int64_t oldest = smds_now() - SMDS_SESSION_LIFETIME;
    struct smds_session *session = LIST_FIRST(&smds->sessions), *next;

    for (unsigned kept = 0; session != NULL && session->begun >= oldest && kept < SMDS_SESSIONS_MAX - 1;
         kept++)
        session = LIST_NEXT(session, link);
    for (; session != NULL; session = next) {
        next = LIST_NEXT(session, link);
        smds_session_end(session);
    }
}

static bool smds_initiate(struct smds *smds, const struct span *inputs, struct es9p_message *answer,
                          struct refusal_status *status)
{
    struct smds_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return refusal_note(status, REFUSAL_INTERNAL, "out of memory");
    drop_sessions(smds);
    session->begun = smds_now();
    LIST_INSERT_HEAD(&smds->sessions, session, link);
    if (rsp_initiate(&smds->rsp, &session->rsp, inputs[ES9P_CHALLENGE], inputs[ES9P_ADDRESS],
                     inputs[ES9P_INFO1], answer, status))
        return true;
    smds_session_end(session);
    return false;
}

static bool put_entries(struct db_rows rows, struct buf *out, size_t *count, struct refusal_status *status)
{
    for (*count = 0; db_next(&rows); (*count)++) {
        size_t entry = tlv_open(out, 0x30);

        tlv_put_string(out, 0x80, db_string(&rows, 0));
        tlv_put_string(out, 0x81, db_string(&rows, 1));
        tlv_close(out, entry);
    }
    return !rows.failed || refusal_note(status, REFUSAL_INTERNAL, "cannot read the events");
}

/*
 * Reading (5.8.2, 3.6.2): the matchingId is an eventId; without one, or with an empty one, the eUICC asks for
 * all its events, and none is an empty list. One that is not there for this eUICC is unknown. At an
 * Alternative SM-DS it is the eventId that the Root handed out for it.
 */
static bool answer_events(struct smds *smds, const struct rsp_session *session, struct es9p_message *answer,
                          struct refusal_status *status)
{
    bool asks_for_one = session->has_matching_id && session->matching_id[0] != '\0';
    size_t count;

    smds_forget_old(smds);
    if (!put_entries(smds_store_of_eid(smds->store, session->eid, asks_for_one ? session->matching_id : NULL),
                     &answer->part[ES9P_EVENT_ENTRIES], &count, status))
        return false;
    if (asks_for_one && count == 0)
        return refusal_note(status, REFUSAL_EVENT_UNKNOWN, NULL);
    buf_append(&answer->part[ES9P_TRANSACTION_ID], SPAN_ARRAY(session->transaction_id));
    log_line(LOG_LEVEL_INFO, "EID %s: %zu event%s", session->eid, count, count == 1 ? "" : "s");
    return true;
}

/* ES11 has nothing after this function, so the session ends with it. */
static bool smds_authenticate(struct smds *smds, const struct span *inputs, struct es9p_message *answer,
                              struct refusal_status *status)
{
    struct smds_session *session;
    bool ok;

    drop_sessions(smds);
    LIST_FOREACH(session, &smds->sessions, link)
    if (span_equal(inputs[ES9P_TRANSACTION_ID], SPAN_ARRAY(session->rsp.transaction_id)))
        break;
    if (session == NULL)
        return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, NULL);
    ok = rsp_authenticate(&smds->rsp, &session->rsp, inputs[ES9P_RESPONSE], status) &&
         answer_events(smds, &session->rsp, answer, status);
    smds_session_end(session);
    return ok;
}

bool smds_es11(void *smds, const struct es9p_function *function, const struct es9p_message *request,
               struct es9p_message *answer, struct refusal_status *status)
{
    const struct refusal_codes *codes;
    struct span inputs[ES9P_MEMBERS_MAX];
    bool ok;

    es9p_message_spans(request, inputs);
    ok = function->id == ES9P_INITIATE_AUTHENTICATION ? smds_initiate(smds, inputs, answer, status)
                                                      : smds_authenticate(smds, inputs, answer, status);
    codes = refusal_codes(status->refusal);
    if (ok)
        log_line(LOG_LEVEL_INFO, "ES11 %s: ok", function->name);
    else
        log_line(LOG_LEVEL_INFO, "ES11 %s: refused %s-%s, %s%s%s", function->name, codes->subject,
                 codes->reason, codes->message, status->detail[0] != '\0' ? ": " : "", status->detail);
    return ok;
}
