/* Runs the functions of ES9+. See es9p.h. */
#include "servers/smdpp/model/es9p.h"

#include "common/log.h"

typedef bool handler(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                     struct refusal_status *status);

static handler *const handlers[] = {
    [ES9P_INITIATE_AUTHENTICATION] = es9p_initiate_authentication,
    [ES9P_AUTHENTICATE_CLIENT] = es9p_authenticate_client,
    [ES9P_GET_BOUND_PROFILE_PACKAGE] = es9p_get_bound_profile_package,
    [ES9P_CANCEL_SESSION] = es9p_cancel_session,
    [ES9P_HANDLE_NOTIFICATION] = es9p_handle_notification,
};

bool es9p_run(struct smdpp *smdpp, const struct es9p_function *function, const struct span *inputs,
              struct es9p_answer *answer, struct refusal_status *status)
{
    const struct refusal_codes *codes;
    bool ok = handlers[function->id](smdpp, inputs, answer, status);
    char id[2 * DP_TRANSACTION_ID_SIZE + 1] = "-";

    if (answer->has_transaction_id)
        hex_from_span(SPAN_ARRAY(answer->transaction_id), id, sizeof(id));
    else if (function->in[0].kind == ES9P_ID)
        hex_from_span(inputs[0], id, sizeof(id));
    codes = refusal_codes(status->refusal);
    if (ok)
        log_line(LOG_LEVEL_INFO, "ES9+ %s %s: ok", function->name, id);
    else
        log_line(LOG_LEVEL_INFO, "ES9+ %s %s: refused %s-%s, %s%s%s", function->name, id, codes->subject,
                 codes->reason, codes->message, status->detail[0] != '\0' ? ": " : "", status->detail);
    return ok;
}

void es9p_answer_spans(const struct es9p_answer *answer, struct span values[ES9P_MEMBERS_MAX])
{
    values[0] = answer->has_transaction_id ? SPAN_ARRAY(answer->transaction_id) : SPAN_NONE;
    for (size_t i = 0; i < DP_ANSWER_MAX; i++)
        values[i + 1] = buf_span(&answer->objects.part[i]);
}
