/*
 * The machine of a poll (SGP.32 3.1.1, 3.3.1): the table of its steps and the loop over them, what is asked
 * of the host and whose answer goes where. What the steps do is package.c, provide_result.c, data.c,
 * download.c, notifications.c and inject.c. See ipa.h.
 */
#include "ipa/download_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ipa *ipa_new(const struct ipa_host *host, const struct ipa_settings *settings, struct span state)
{
    struct ipa *ipa = calloc(1, sizeof(*ipa));

    if (ipa == NULL)
        return NULL;
    ipa->host = *host;
    ipa->settings = *settings;
    ipa->told_cause = -1;
    state_clear(&ipa->state);
    buf_append(&ipa->kept, state);
    if (ipa->kept.failed) {
        ipa_free(ipa);
        return NULL;
    }
    return ipa;
}

void ipa_free(struct ipa *ipa)
{
    if (ipa == NULL)
        return;
    card_clear_eims(ipa);
    download_clear(&ipa->download);
    buf_free(&ipa->kept);
    buf_free(&ipa->out);
    buf_free(&ipa->request);
    buf_free(&ipa->response);
    buf_free(&ipa->stored);
    buf_free(&ipa->offered);
    buf_free(&ipa->notifications);
    buf_free(&ipa->injected);
    free(ipa);
}

struct ipa_settings *ipa_settings(struct ipa *ipa)
{
    return &ipa->settings;
}

enum ipa_want ipa_want(const struct ipa *ipa)
{
    return ipa->want;
}

const struct ipa_message *ipa_message(const struct ipa *ipa)
{
    return &ipa->message;
}

enum ipa_outcome ipa_outcome(const struct ipa *ipa)
{
    return ipa->outcome;
}

const char *ipa_why(const struct ipa *ipa)
{
    return ipa->why;
}

bool ipa_why_was_told(const struct ipa *ipa)
{
    return ipa->why_was_told;
}

bool ipa_was_answered(const struct ipa *ipa)
{
    return ipa->answered;
}

/* --- The steps ---------------------------------------------------------------------------------------- */

static void package_lost(struct ipa *ipa, const char *why)
{
    ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
}

/* What a step begins with, when nothing but the step itself brought it up; who takes the answer to the
 * message that went out with it; who, that it was refused; who, that the answer is none (NULL: as refused);
 * who, that there is none. */
static const struct {
    void (*enter)(struct ipa *ipa);
    void (*answered)(struct ipa *ipa, struct span answer);
    void (*refused)(struct ipa *ipa, const char *why);
    void (*malformed)(struct ipa *ipa, const char *why);
    void (*lost)(struct ipa *ipa, const char *why);
} steps[STEPS] = {
    [STEP_LIST_RESULTS] = {package_list_results, NULL, NULL, NULL, NULL},
    [STEP_STORED_RESULT] = {package_offer_stored, NULL, NULL, NULL, NULL},
    [STEP_RESULT] = {package_result_send, package_result_answered, package_result_refused,
                     package_result_malformed, package_result_lost},
    [STEP_GET_PACKAGE] = {package_get, package_got, package_get_refused, package_get_malformed, package_lost},
    [STEP_INITIATE] = {download_initiate, download_initiated, download_refused, NULL, download_lost},
    [STEP_AUTHENTICATE] = {NULL, download_authenticated, download_refused, download_authenticate_malformed,
                           download_lost},
    [STEP_BIND] = {NULL, download_bound, download_refused, download_bind_malformed, download_lost},
    [STEP_CANCEL] = {NULL, download_cancelled, download_cancel_lost, NULL, download_cancel_lost},
    [STEP_DOWNLOAD_RESULT] = {download_finish, NULL, NULL, NULL, NULL},
    [STEP_LIST_NOTIFICATIONS] = {notifications_list, NULL, NULL, NULL, NULL},
    [STEP_NOTIFICATION] = {notifications_next, notifications_answered, notifications_refused, NULL,
                           notifications_lost},
    [STEP_INJECTED] = {inject_take, NULL, NULL, NULL, NULL},
    [STEP_INJECTED_DONE] = {ipa_end_noted, NULL, NULL, NULL, NULL},
};

/* Until the host is wanted or the poll is over. */
static void ipa_run(struct ipa *ipa)
{
    while (ipa->want == IPA_NOTHING && steps[ipa->step].enter != NULL) {
        enum ipa_step step = ipa->step;

        ipa->step = STEP_NONE;
        steps[step].enter(ipa);
    }
}

/* --- A poll ------------------------------------------------------------------------------------------- */

/* What a poll before this one left behind in memory. */
static void ipa_begin(struct ipa *ipa)
{
    download_clear(&ipa->download);
    buf_clear(&ipa->stored);
    buf_clear(&ipa->offered);
    buf_clear(&ipa->notifications);
    buf_free(&ipa->injected);
    ipa->is_inject = false;
    ipa->outcome = IPA_DONE;
    ipa->why[0] = '\0';
    ipa->noted_outcome = IPA_DONE;
    ipa->noted[0] = '\0';
    ipa->noted_was_told = false;
    ipa->why_was_told = false;
    ipa->has_refused_package = false;
    ipa->refusal[0] = '\0';
    ipa->answered = false;
    ipa->leaving = false;
    ipa->deleted = false;
    ipa->packages = 0;
    ipa->stored_offset = 0;
    ipa->worth = WORTH_NEXT_POLL;
    ipa->is_download = false;
    ipa->told_cause = -1;
    ipa->notifications_offset = 0;
}

/* With this eIM of the card. False: it ended. */
static bool ipa_begin_with(struct ipa *ipa, const char *eim_id)
{
    const struct ipa_eim *eims;
    size_t count;

    ipa_begin(ipa);
    if (!ipa_read_eims(ipa, &eims, &count))
        return ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(eims[i].id, eim_id) != 0)
            continue;
        ipa->eim = eims[i];
        ipa->eim.trusted = (struct buf){0}; /* the list's; the machine has no use for it */
        return ipa_settle(ipa);
    }
    return ipa_end(ipa, IPA_CARD, "the card is not associated with eIM %s", eim_id);
}

void ipa_start_poll(struct ipa *ipa, const char *eim_id)
{
    if (!ipa_begin_with(ipa, eim_id))
        return;
    /* Results that the eIM has not acknowledged first: what it sends next may build on them. */
    ipa_enter(ipa, STEP_LIST_RESULTS);
    ipa_run(ipa);
}

void ipa_start_inject(struct ipa *ipa, const char *eim_id, struct span request)
{
    if (!ipa_begin_with(ipa, eim_id))
        return;
    ipa->is_inject = true;
    buf_append(&ipa->injected, request);
    ipa->part = STEP_INJECTED_DONE;
    ipa_go(ipa, STEP_INJECTED);
    ipa_run(ipa);
}

/* --- What the host hands in --------------------------------------------------------------------------- */

/* The answer to the last message changes nothing any more. */
static bool has_left(struct ipa *ipa)
{
    if (ipa->leaving)
        ipa_go(ipa, STEP_NONE);
    return ipa->leaving;
}

void ipa_answered(struct ipa *ipa, struct span answer)
{
    enum ipa_step step = ipa->step;

    if (ipa->want != IPA_SEND || steps[step].answered == NULL || has_left(ipa))
        return;
    if (answer.size > IPA_ANSWER_MAX) {
        ipa_refused(ipa, "the answer is longer than any ESipa message");
        return;
    }
    if (ipa->message.peer == IPA_PEER_EIM)
        ipa->answered = true;
    ipa_go(ipa, STEP_NONE);
    steps[step].answered(ipa, answer);
    ipa_run(ipa);
}

void ipa_refused(struct ipa *ipa, const char *why)
{
    enum ipa_step step = ipa->step;

    if (ipa->want != IPA_SEND || steps[step].refused == NULL || has_left(ipa))
        return;
    ipa_go(ipa, STEP_NONE);
    steps[step].refused(ipa, why);
    ipa_run(ipa);
}

void ipa_malformed(struct ipa *ipa, const char *why)
{
    enum ipa_step step = ipa->step;

    if (ipa->want != IPA_SEND || steps[step].malformed == NULL) {
        ipa_refused(ipa, why);
        return;
    }
    if (has_left(ipa))
        return;
    if (ipa->message.peer == IPA_PEER_EIM)
        ipa->answered = true;
    ipa_go(ipa, STEP_NONE);
    steps[step].malformed(ipa, why);
    ipa_run(ipa);
}

void ipa_unreachable(struct ipa *ipa, const char *why)
{
    enum ipa_step step = ipa->step;

    if (ipa->want != IPA_SEND || steps[step].lost == NULL || has_left(ipa))
        return;
    ipa_go(ipa, STEP_NONE);
    steps[step].lost(ipa, why);
    ipa_run(ipa);
}

void ipa_refreshed(struct ipa *ipa)
{
    if (ipa->want != IPA_REFRESH)
        return;
    ipa->want = IPA_NOTHING;
    ipa_run(ipa);
}

void ipa_retry(struct ipa *ipa)
{
    if (ipa->want != IPA_RETRY)
        return;
    ipa->outcome = IPA_DONE;
    ipa->why[0] = '\0';
    ipa->want = IPA_NOTHING;
    ipa_run(ipa);
}

void ipa_give_up(struct ipa *ipa)
{
    if (ipa->want != IPA_RETRY)
        return;
    ipa_go(ipa, STEP_NONE);
    package_result_give_up(ipa);
    ipa_run(ipa);
}

/* Reading (SGP.22 3.0.2, 5.7.14): the end of the IPA is `postponed` of the reasons that there are: it is no
 * refusal, and the order survives. ES11 has no function that tells an SM-DS. */
bool ipa_leave(struct ipa *ipa, const char *why)
{
    const struct ipa_download *download = &ipa->download;
    bool in_session = ipa->want == IPA_SEND && (ipa->step == STEP_AUTHENTICATE || ipa->step == STEP_BIND);

    ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
    if (!in_session)
        return false;
    download_cancel(ipa, CANCEL_POSTPONED);
    if (ipa->want != IPA_SEND || (download->direct && download->is_sm_ds))
        ipa_go(ipa, STEP_NONE);
    ipa->leaving = ipa->want == IPA_SEND;
    return ipa->leaving;
}
