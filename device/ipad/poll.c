/*
 * A round of polls on the loop: messages are carried over the network, a REFRESH is a reset of the card and a
 * new connection, and a profile that finds no network has its time (SGP.32 3.3.2).
 */
#include "device/ipad/ipad.h"

#include "common/ending.h"
#include "common/tool.h"
#include "device/es9p_asn1.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000 /* between two tries over a new profile */

struct poll {
    struct ipad *ipad;
    json_t *polled;
    ipad_poll_done *done;
    void *context;
    struct ipa_eim *eims; /* a copy: a poll may change what is on the card */
    size_t count, next;
    size_t polls;
    int status;
    bool is_connected;

    /* Of the eIM that is polled. */
    struct bearer_target target;
    char no_target[BEARER_WHY_SIZE]; /* why there is none; "": there is */
    int64_t begun;
    struct event *wake;     /* the next try over a new profile; at first, the round begins */
    struct event *trial;    /* the time of a new profile is over */
    bool is_trial;          /* a new profile has not reached the eIM yet */
    bool is_over, given_up; /* it is not tried again; neither is anything else */
    const char *why;        /* it was given up */
    bool is_last;           /* no other is begun */
};

static const struct ipa_eim *poll_eim(const struct poll *poll)
{
    return &poll->eims[poll->next - 1];
}

/* --- Messages ------------------------------------------------------------------------------------------- */

static void go_on(struct poll *poll);

/* The way of the message that the machine wants to send. */
static struct bearer **bearer_of(struct ipad *ipad)
{
    return ipa_message(ipad->ipa)->peer == IPA_PEER_EIM ? &ipad->to_eim : &ipad->to_smdp;
}

/* A way for it, if there is none yet. False with a line in `why`. */
static bool open_way(struct poll *poll, char why[BEARER_WHY_SIZE])
{
    struct ipad *ipad = poll->ipad;
    struct bearer **bearer = bearer_of(ipad);

    if (bearer == &ipad->to_eim && poll->no_target[0] != '\0') {
        memcpy(why, poll->no_target, BEARER_WHY_SIZE);
        return false;
    }
    if (*bearer == NULL)
        *bearer = bearer == &ipad->to_eim ? bearer_open(ipad->loop, &poll->target, why)
                                          : es9p_asn1_open(ipad->loop, ipad->cacert, why);
    return *bearer != NULL;
}

/* The network is there. An SM-DP+ says so for the eIM once that has answered, too. */
static void heard(struct poll *poll)
{
    const struct ipa *ipa = poll->ipad->ipa;

    if (ipa_message(ipa)->peer != IPA_PEER_EIM && !ipa_was_answered(ipa))
        return;
    poll->ipad->heard = ipad_now();
    poll->is_trial = false;
    event_del(poll->trial);
}

static void on_done(void *context, enum bearer_result result, struct span answer, const char *why)
{
    struct poll *poll = context;
    struct ipad *ipad = poll->ipad;

    if (result == BEARER_ANSWERED) {
        heard(poll);
        ipa_answered(ipad->ipa, answer);
    } else {
        struct bearer **bearer = bearer_of(ipad);
        struct bearer *way = *bearer;

        *bearer = NULL;
        if (result == BEARER_REFUSED)
            ipa_refused(ipad->ipa, why);
        else if (result == BEARER_MALFORMED)
            ipa_malformed(ipad->ipa, why);
        else
            ipa_unreachable(ipad->ipa, why);
        bearer_close(way); /* and `why` with it */
    }
    go_on(poll);
}

/* False with a line in `why`, and on_done is not called. */
static bool ipad_poll_post(struct poll *poll, char why[BEARER_WHY_SIZE])
{
    struct ipad *ipad = poll->ipad;
    struct bearer **bearer = bearer_of(ipad);

    if (!ipad_has_coverage(ipad, why))
        return false;
    if (!open_way(poll, why))
        return false;
    bearer_post(*bearer, ipa_message(ipad->ipa), on_done, poll);
    return true;
}

/* Once only: what has not taken a response does not take it a second later either. */
static void ipad_poll_respond(struct poll *poll)
{
    struct ipad *ipad = poll->ipad;

    if (!poll->given_up && !ipad_respond(ipad, ipa_message(ipad->ipa)->octets)) {
        poll->given_up = true;
        poll->why = "the response was not handed over";
    }
    if (poll->given_up)
        ipa_unreachable(ipad->ipa, poll->why);
    else
        ipa_answered(ipad->ipa, SPAN_NONE);
}

/* False when it is not under way: it is handed over, or lost already. */
static bool carry(struct poll *poll)
{
    char why[BEARER_WHY_SIZE] = "";

    if (ipa_message(poll->ipad->ipa)->peer == IPA_PEER_INJECTOR) {
        ipad_poll_respond(poll);
        return false;
    }
    if (poll->given_up)
        snprintf(why, sizeof(why), "%s", poll->why);
    else if (ipad_poll_post(poll, why))
        return true;
    tool_one_line(why);
    ipa_unreachable(poll->ipad->ipa, why);
    return false;
}

/* --- A new profile -------------------------------------------------------------------------------------- */

static void begin_trial(struct poll *poll)
{
    poll->is_trial = true;
    poll->is_over = poll->ipad->rollback_after == 0;
    if (!poll->is_over)
        ipad_ring(poll->trial, (int64_t)poll->ipad->rollback_after * 1000);
}

static void ipad_poll_refresh(struct poll *poll)
{
    ipad_reset_card(poll->ipad); /* a card that does not come back answers the next request neither */
    begin_trial(poll);
    ipa_refreshed(poll->ipad->ipa);
}

/* False while it waits for the next try. */
static bool ipad_poll_retry(struct poll *poll)
{
    if (!poll->is_trial && !poll->given_up) /* the profile is new since before this round */
        begin_trial(poll);
    if (!poll->is_over && !poll->given_up) {
        ipad_ring(poll->wake, RETRY_MS);
        return false;
    }
    poll->is_trial = false;
    ipa_give_up(poll->ipad->ipa);
    return true;
}

/* Nothing is waited for any more: a message that is under way is lost. */
static void cut_off(struct poll *poll, const char *why)
{
    event_del(poll->wake);
    event_del(poll->trial);
    ipad_close_bearers(poll->ipad);
    ipa_unreachable(poll->ipad->ipa, why);
}

static void on_trial(evutil_socket_t fd, short events, void *context)
{
    struct poll *poll = context;
    char why[BEARER_WHY_SIZE];

    (void)fd;
    (void)events;
    poll->is_over = true;
    snprintf(why, sizeof(why), "%s: no answer over the new profile", poll->target.url);
    cut_off(poll, why);
    go_on(poll);
}

/* --- One eIM after another ------------------------------------------------------------------------------ */

static const char *outcome_name(enum ipa_outcome outcome)
{
    static const char *const names[] = {"done", "unreachable", "refused", "malformed", "card", "storage"};

    return names[outcome];
}

static void add_outcome(const struct poll *poll, const char *outcome, const char *why)
{
    struct ipad *ipad = poll->ipad;
    char eim[IPA_ID_MAX + 1];
    json_t *object = json_object();

    json_object_set_new(object, "eimId",
                        json_string(print_text(span_of_string(ipad->eim), eim, sizeof(eim))));
    json_object_set_new(object, "outcome", json_string(outcome));
    if (why[0] != '\0')
        json_object_set_new(object, "why", json_string(why));
    json_object_set_new(object, "events", ipad->events);
    ipad->events = NULL;
    if (ipad->injected != NULL && ipad->injected->response.size > 0)
        json_object_set_new(object, "response", ipad_response_json(ipad->injected));
    json_array_append_new(poll->polled, object);
}

/* What became of it, printed. */
static void end_one(struct poll *poll)
{
    struct ipad *ipad = poll->ipad;
    const char *id = poll_eim(poll)->id;

    event_del(poll->wake);
    event_del(poll->trial);
    ipad_close_bearers(ipad);
    if (ipa_outcome(ipad->ipa) != IPA_DONE) {
        bool is_told = ipad->link_broken || ipa_why_was_told(ipad->ipa) ||
                       (ipad->injected != NULL && ipad->injected->is_lost);

        poll->status = EXIT_FAILED;
        if (!is_told)
            tool_error("eIM %s: %s", id, ipa_why(ipad->ipa));
    }
    if (ipad->has_failed)
        poll->status = EXIT_FAILED;
    if (ipad->json)
        add_outcome(poll, outcome_name(ipa_outcome(ipad->ipa)), ipa_why(ipad->ipa));
    poll->is_connected = poll->is_connected || ipa_was_answered(ipad->ipa);
}

/* False when there is no way to it, which is printed. */
static bool begin_one(struct poll *poll)
{
    struct ipad *ipad = poll->ipad;
    const char *id = poll_eim(poll)->id;

    poll->polls++;
    poll->begun = ipad_now();
    poll->is_trial = false;
    poll->is_over = false;
    poll->given_up = false;
    ipad->eim = id;
    ipad->has_failed = false;
    ipad->events = ipad->json ? json_array() : NULL;
    poll->no_target[0] = '\0';
    if (!ipad_choose_target(ipad, poll_eim(poll), &poll->target, poll->no_target) && ipad->injected == NULL) {
        poll->status = tool_error("eIM %s: %s", id, poll->no_target);
        if (ipad->json)
            add_outcome(poll, "unreachable", poll->no_target);
        return false;
    }
    ipa_settings(ipad->ipa)->compact = ipad->compact || poll->target.scheme == BEARER_COAPS;
    if (ipad->injected != NULL)
        ipa_start_inject(ipad->ipa, id, ipad->injected->request);
    else
        ipa_start_poll(ipad->ipa, id);
    return true;
}

/* What one eIM ordered in this round may have taken the next one from the card. */
static bool is_left(const struct poll *poll)
{
    return poll->polls == 0 || ipa_is_associated(poll->ipad->ipa, poll_eim(poll)->id);
}

/* True when one is begun, false when there are no more. */
static bool begin_next(struct poll *poll)
{
    const struct ipad *ipad = poll->ipad;

    while (poll->next < poll->count && !poll->is_last && !ipad->link_broken) {
        poll->next++;
        if ((ipad->only == NULL || strcmp(ipad->only, poll_eim(poll)->id) == 0) && is_left(poll) &&
            begin_one(poll))
            return true;
    }
    return false;
}

static struct ipa_eim *copy_eims(const struct ipa_eim *eims, size_t count)
{
    struct ipa_eim *copy = calloc(count, sizeof(*copy));

    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = eims[i];
        copy[i].trusted = (struct buf){0};
        buf_append(&copy[i].trusted, buf_span(&eims[i].trusted));
    }
    return copy;
}

static void free_eims(struct ipa_eim *eims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_free(&eims[i].trusted);
    free(eims);
}

static void poll_free(struct poll *poll)
{
    if (poll->wake != NULL)
        event_free(poll->wake);
    if (poll->trial != NULL)
        event_free(poll->trial);
    if (poll->eims != NULL)
        free_eims(poll->eims, poll->count);
    free(poll);
}

static void ipad_poll_finish(struct poll *poll)
{
    const struct ipad *ipad = poll->ipad;
    ipad_poll_done *done = poll->done;
    void *context = poll->context;
    bool is_connected = poll->is_connected;
    int status = poll->status;

    if (poll->polls == 0 && status == EXIT_OK && !ipad->link_broken)
        status = tool_error("the card is not associated with eIM %s", ipad->only);
    poll_free(poll);
    if (done != NULL)
        done(context, status, is_connected);
}

/* What the machine wants, until it waits for the network or for its time, or the round is over. */
static void go_on(struct poll *poll)
{
    const struct ipa *ipa = poll->ipad->ipa;

    for (;;) {
        switch (ipa_want(ipa)) {
        case IPA_SEND:
            if (carry(poll))
                return;
            break;
        case IPA_REFRESH:
            ipad_poll_refresh(poll);
            break;
        case IPA_RETRY:
            if (!ipad_poll_retry(poll))
                return;
            break;
        default:
            end_one(poll);
            if (!begin_next(poll)) {
                ipad_poll_finish(poll);
                return;
            }
        }
    }
}

/* --- A round -------------------------------------------------------------------------------------------- */

/* The card's eIMs. False with the line printed. */
static bool read_eims(struct poll *poll)
{
    struct ipad *ipad = poll->ipad;
    const struct ipa_eim *eims;
    size_t count;

    if (!ipa_read_eims(ipad->ipa, &eims, &count))
        ipad_card_failed(ipad);
    else if (count == 0)
        tool_error("the card is associated with no eIM (add one with 'softeuicc ipa add-eim FILE')");
    else if ((poll->eims = copy_eims(eims, count)) == NULL)
        tool_error("out of memory");
    else
        poll->count = count;
    return poll->count > 0;
}

static void on_wake(evutil_socket_t fd, short events, void *context)
{
    struct poll *poll = context;

    (void)fd;
    (void)events;
    if (poll->eims != NULL) {
        ipa_retry(poll->ipad->ipa);
        go_on(poll);
        return;
    }
    if (!read_eims(poll))
        poll->status = EXIT_FAILED;
    if (begin_next(poll))
        go_on(poll);
    else
        ipad_poll_finish(poll);
}

struct poll *ipad_poll_begin(struct ipad *ipad, json_t *polled, ipad_poll_done *done, void *context)
{
    struct event_base *base = loop_base(ipad->loop);
    struct poll *poll = calloc(1, sizeof(*poll));

    if (poll != NULL) {
        *poll = (struct poll){
            .ipad = ipad, .polled = polled, .done = done, .context = context, .begun = ipad_now()};
        poll->wake = evtimer_new(base, on_wake, poll);
        poll->trial = evtimer_new(base, on_trial, poll);
    }
    if (poll == NULL || poll->wake == NULL || poll->trial == NULL) {
        tool_error("out of memory");
        if (poll != NULL)
            poll_free(poll);
        return NULL;
    }
    ipad_ring(poll->wake, 0);
    return poll;
}

int64_t ipad_poll_quiet_since(const struct poll *poll)
{
    return poll->begun > poll->ipad->heard ? poll->begun : poll->ipad->heard;
}

bool ipad_poll_give_up(struct poll *poll, const char *why)
{
    if (poll->is_trial || poll->next == 0)
        return false;
    poll->given_up = true;
    poll->why = why;
    cut_off(poll, why);
    go_on(poll);
    return true;
}

static void on_told(void *context, enum bearer_result result, struct span answer, const char *why)
{
    (void)result;
    (void)answer;
    (void)why;
    loop_end(context);
}

/* The server of a download hears that it has been cancelled; no longer than a farewell takes. */
static void tell_server(struct poll *poll)
{
    const struct timeval longest = {.tv_sec = ENDING_FAREWELL_SECONDS};
    struct ipad *ipad = poll->ipad;
    char why[BEARER_WHY_SIZE];

    if (!open_way(poll, why) || event_base_loopexit(loop_base(ipad->loop), &longest) != 0)
        return;
    ending_farewell(true);
    bearer_post(*bearer_of(ipad), ipa_message(ipad->ipa), on_told, ipad->loop);
    loop_run(ipad->loop);
    ending_farewell(false);
}

/* Ends the session of a download, if there is one. */
static void ipad_poll_leave(struct poll *poll, const char *why)
{
    struct ipad *ipad = poll->ipad;

    ipad_close_bearers(ipad); /* what they carry is lost */
    if (poll->next == 0 || !ipa_leave(ipad->ipa, why))
        return;
    ipad->ended = "the session is cancelled, the order stays";
    tell_server(poll);
    ipad_close_bearers(ipad);
}

void ipad_poll_stop(struct poll *poll)
{
    static const char why[] = "interrupted";

    poll->done = NULL;
    poll->is_last = true;
    if (poll->is_trial) {
        poll->is_trial = false;
        ipad_poll_give_up(poll, why);
        return;
    }
    ipad_poll_leave(poll, why);
    if (poll->ipad->json && poll->next > 0)
        add_outcome(poll, "unreachable", why);
    poll_free(poll);
}
