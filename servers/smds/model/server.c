/* Identity and sessions of the SM-DS structure. See server.h. */
#include "servers/smds/model/server.h"

#include "apdu/tlv.h"
#include "common/log.h"
#include "common/pki_dir.h"
#include "common/tool.h"

#include <stdlib.h>
#include <time.h>

int64_t smds_now(void)
{
    return (int64_t)time(NULL);
}

static bool smds_load_curve(struct rsp_server *rsp, const char *dir, enum ec_curve curve)
{
    struct pki_pair ci = {0}, auth = {0};
    const char *why = NULL;
    bool ok = pki_load(dir, curve, PKI_CI, false, &ci) && pki_load(dir, curve, PKI_DS_AUTH, true, &auth);

    if (!ok) {
        pki_pair_free(&ci);
        pki_pair_free(&auth);
        return false;
    }
    ok = euicc_trust_add(&rsp->trust, ci.cert, &why);
    if (!rsp_server_add_credentials(rsp, (struct rsp_credentials){auth.cert, auth.key},
                                    ok ? &why : &(const char *){NULL}))
        ok = false;
    if (!ok)
        tool_error("%s/%s: %s", dir, pki_curve_directory(curve), why);
    return ok;
}

bool smds_identity_load(struct smds *smds, const char *pki)
{
    bool any = false;

    smds->rsp.role = CERT_ROLE_DS_AUTH;
    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        if (!pki_has_curve(pki, curve))
            continue;
        if (!smds_load_curve(&smds->rsp, pki, curve))
            return false;
        any = true;
    }
    if (!any)
        tool_error("%s is not a test PKI (make one with 'softeuicc pki init --dir %s')", pki, pki);
    return any;
}

static void smds_session_end(struct smds_session *session)
{
    LIST_REMOVE(session, link);
    rsp_session_clear(&session->rsp);
    free(session);
}

void smds_clear(struct smds *smds)
{
    while (!LIST_EMPTY(&smds->sessions))
        smds_session_end(LIST_FIRST(&smds->sessions));
    db_close(smds->store);
    rsp_server_clear(&smds->rsp);
    *smds = (struct smds){0};
}

size_t smds_session_count(const struct smds *smds)
{
    const struct smds_session *session;
    size_t count = 0;

    LIST_FOREACH(session, &smds->sessions, link)
    count++;
    return count;
}

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

/* --- ES11 ----------------------------------------------------------------------------------------------- */

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
