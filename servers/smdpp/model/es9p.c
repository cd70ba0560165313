/* Runs the functions of ES9+. See es9p.h. */
#include "servers/smdpp/model/es9p.h"

#include "common/log.h"

static es9p_handler *const handlers[] = {
    [ES9P_INITIATE_AUTHENTICATION] = es9p_initiate_authentication,
    [ES9P_AUTHENTICATE_CLIENT] = es9p_authenticate_client,
    [ES9P_GET_BOUND_PROFILE_PACKAGE] = es9p_get_bound_profile_package,
    [ES9P_CANCEL_SESSION] = es9p_cancel_session,
    [ES9P_HANDLE_NOTIFICATION] = es9p_handle_notification,
};

static bool has_failed(const struct es9p_message *answer)
{
    for (size_t i = 0; i < ES9P_MEMBERS_MAX; i++) {
        if (answer->part[i].failed)
            return true;
    }
    return false;
}

bool es9p_run(struct smdpp *smdpp, const struct es9p_function *function, const struct es9p_message *request,
              struct es9p_message *answer, struct refusal_status *status)
{
    const struct refusal_codes *codes;
    struct span inputs[ES9P_MEMBERS_MAX];
    char id[2 * RSP_TRANSACTION_ID_SIZE + 1] = "-";
    bool ok;

    es9p_message_spans(request, inputs);
    ok = handlers[function->id](smdpp, inputs, answer, status);
    if (ok && has_failed(answer))
        ok = refusal_note(status, REFUSAL_INTERNAL, "out of memory");
    if (answer->part[ES9P_TRANSACTION_ID].size > 0)
        hex_from_span(buf_span(&answer->part[ES9P_TRANSACTION_ID]), id, sizeof(id));
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
