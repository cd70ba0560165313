/*
 * The machine of a poll (SGP.32 3.1.1, 3.3.1): what is asked of the host, whose answer goes where, and in
 * which order the parts come. What the parts do is package.c, data.c, download.c and notifications.c. See
 * ipa.h.
 */
#include "ipa/ipa_internal.h"

#include <stdarg.h>
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
    buf_free(&ipa->response);
    buf_free(&ipa->stored);
    buf_free(&ipa->offered);
    buf_free(&ipa->notifications);
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

bool ipa_was_answered(const struct ipa *ipa)
{
    return ipa->answered;
}

/* --- For the parts ------------------------------------------------------------------------------------ */

void ipa_tell(struct ipa *ipa, enum ipa_event event, struct span octets, uint64_t number, int code,
              const char *text)
{
    struct ipa_report report = {event, octets, number, code, text};

    if (ipa->host.report != NULL)
        ipa->host.report(ipa->host.context, &report);
}

void ipa_end(struct ipa *ipa, enum ipa_outcome outcome, const char *format, ...)
{
    char line[sizeof(ipa->why)]; /* an argument may be ipa->why itself */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    memcpy(ipa->why, line, sizeof(line));
    ipa->outcome = outcome;
    ipa->want = IPA_NOTHING;
    ipa->step = STEP_NONE;
}

bool ipa_keep(struct ipa *ipa)
{
    struct buf octets = {0};
    bool ok = true;

    if (ipa->host.save != NULL) {
        state_write(&ipa->state, ipa->eid, &octets);
        ok = !octets.failed && ipa->host.save(ipa->host.context, buf_span(&octets));
    }
    buf_free(&octets);
    if (!ok)
        ipa_end(ipa, IPA_STORAGE, "the IPA's state cannot be kept");
    return ok;
}

void ipa_send(struct ipa *ipa, enum ipa_step step, enum ipa_peer peer, const char *address)
{
    if (ipa->out.failed) {
        ipa_end(ipa, IPA_STORAGE, "out of memory");
        return;
    }
    snprintf(ipa->address, sizeof(ipa->address), "%s", address);
    ipa->message = (struct ipa_message){peer, ipa->address, buf_span(&ipa->out)};
    ipa->step = step;
    ipa->want = IPA_SEND;
}

/* --- The order of a poll ------------------------------------------------------------------------------ */

/* Results that the eIM has not acknowledged first: what it sends next may build on them. */
void ipa_next(struct ipa *ipa)
{
    ipa->want = IPA_NOTHING;
    ipa->step = STEP_NONE;
    if (!ipa->stored_done) {
        if (package_offer_stored(ipa) || ipa->outcome != IPA_DONE)
            return;
        ipa->stored_done = true;
    }
    if (ipa->more) {
        package_get(ipa);
        return;
    }
    if (notifications_next(ipa) || ipa->outcome != IPA_DONE)
        return;
    ipa_end(ipa, IPA_DONE, "%s", "");
}

/* What a poll before this one left behind in memory. */
static void begin(struct ipa *ipa)
{
    download_clear(&ipa->download);
    buf_clear(&ipa->stored);
    buf_clear(&ipa->offered);
    buf_clear(&ipa->notifications);
    ipa->outcome = IPA_DONE;
    ipa->why[0] = '\0';
    ipa->answered = false;
    ipa->packages = 0;
    ipa->more = true;
    ipa->stored_offset = 0;
    ipa->stored_done = false;
    ipa->result_waits = false;
    ipa->profile_changed = false;
    ipa->may_roll_back = false;
    ipa->is_download = false;
    ipa->told_cause = -1;
    ipa->notifications_offset = 0;
    ipa->notifications_read = false;
}

void ipa_start_poll(struct ipa *ipa, const char *eim_id)
{
    const struct ipa_eim *eims;
    size_t count;

    begin(ipa);
    if (!ipa_read_eims(ipa, &eims, &count)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(eims[i].id, eim_id) != 0)
            continue;
        ipa->eim = eims[i];
        ipa->eim.trusted = (struct buf){0}; /* the list's; the machine has no use for it */
        if (ipa_settle(ipa))
            ipa_next(ipa);
        return;
    }
    ipa_end(ipa, IPA_CARD, "the card is not associated with eIM %s", eim_id);
}

/* --- What the host hands in --------------------------------------------------------------------------- */

static void notification_answered(struct ipa *ipa, struct span answer)
{
    (void)answer; /* there is none, or none that means anything */
    notifications_answered(ipa);
}

static void cancel_answered(struct ipa *ipa, struct span answer)
{
    (void)answer;
    download_cancelled(ipa);
}

static void package_lost(struct ipa *ipa, const char *why)
{
    ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
}

static void result_lost(struct ipa *ipa, const char *why)
{
    ipa_end(ipa, IPA_UNREACHABLE, "%s", why);
    package_result_lost(ipa);
}

static void cancel_lost(struct ipa *ipa, const char *why)
{
    (void)why; /* the session ends by itself on both sides */
    download_cancelled(ipa);
}

static const struct {
    void (*answered)(struct ipa *ipa, struct span answer);
    void (*lost)(struct ipa *ipa, const char *why);
} steps[STEPS] = {
    [STEP_RESULT] = {package_result_answered, result_lost},
    [STEP_GET_PACKAGE] = {package_got, package_lost},
    [STEP_INITIATE] = {download_initiated, download_lost},
    [STEP_AUTHENTICATE] = {download_authenticated, download_lost},
    [STEP_BIND] = {download_bound, download_lost},
    [STEP_CANCEL] = {cancel_answered, cancel_lost},
    [STEP_NOTIFICATION] = {notification_answered, notifications_lost},
};

void ipa_answered(struct ipa *ipa, struct span answer)
{
    enum ipa_step step = ipa->step;

    if (ipa->want != IPA_SEND || steps[step].answered == NULL)
        return;
    if (answer.size > IPA_ANSWER_MAX) {
        ipa_unreachable(ipa, "the answer is longer than any ESipa message");
        return;
    }
    if (ipa->message.peer == IPA_PEER_EIM)
        ipa->answered = true;
    ipa->want = IPA_NOTHING;
    steps[step].answered(ipa, answer);
}

void ipa_unreachable(struct ipa *ipa, const char *why)
{
    enum ipa_step step = ipa->step;

    if (ipa->want != IPA_SEND || steps[step].lost == NULL)
        return;
    ipa->want = IPA_NOTHING;
    steps[step].lost(ipa, why);
}

void ipa_refreshed(struct ipa *ipa)
{
    if (ipa->want != IPA_REFRESH)
        return;
    ipa->want = IPA_NOTHING;
    if (ipa->result_waits) {
        ipa->result_waits = false;
        ipa_send(ipa, STEP_RESULT, IPA_PEER_EIM, "");
    } else {
        ipa_next(ipa);
    }
}

void ipa_retry(struct ipa *ipa)
{
    if (ipa->want == IPA_RETRY) {
        ipa->outcome = IPA_DONE;
        ipa->why[0] = '\0';
        ipa_send(ipa, STEP_RESULT, IPA_PEER_EIM, "");
    }
}

void ipa_give_up(struct ipa *ipa)
{
    if (ipa->want != IPA_RETRY)
        return;
    ipa->want = IPA_NOTHING;
    if (ipa->may_roll_back)
        package_roll_back(ipa);
}
