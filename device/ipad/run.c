/*
 * An IPAd that runs on: polls on a schedule, and what an IPA does when the connection is gone: after
 * --fallback-after seconds without any eIM's answer the Fallback Profile, every --return-every seconds a try
 * to get back (SGP.32 3.4.6, 3.4.7). Both also while an eIM is waited for that does not answer.
 */
#include "device/ipad/ipad.h"

#include "common/print/print.h"
#include "common/tool.h"
#include "protocol/names.h"

#include <event2/event.h>
#include <stdio.h>

#define NEVER INT64_MAX

/* How long an eIM may be silent in a poll before a change that is due ends it: a poll that has just begun has
 * its chance, since it may be the one that finds the network again. Less when the change's own time is less.
 */
#define PATIENCE_MS 30000

#define LATER_MS 1000 /* until it is looked again whether a new profile has had its time */

struct run {
    struct ipad *ipad;
    struct poll *poll;   /* the round that is under way; NULL between two */
    json_t *polled;      /* of this round, with --json */
    struct event *next;  /* the next round */
    struct event *clock; /* a change may be due */
    bool is_connected;   /* an eIM answered in the last round */
    int64_t returned;    /* when a return was last tried, or the fallback began */
    struct ipa_enabled enabled;
    bool has_failed;
};

static void ipad_run_end(struct run *run)
{
    run->has_failed = true;
    loop_end(run->ipad->loop);
}

/* Who reads along must not wait for the end; and when nobody reads any more, this is it. main() says so. */
static void ipad_run_flush(struct run *run)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        ipad_run_end(run);
}

/* --- Fallback and return -------------------------------------------------------------------------------- */

/* One line, or one JSON object a line. */
static void say(struct run *run, const char *event, int code)
{
    char text[64];

    names_text(NAMES_FALLBACK, (uint64_t)code, text, sizeof(text));
    if (run->ipad->json)
        print_json_line(json_pack("{s:s, s:s}", "event", event, "result", text));
    else
        print_line("%s: %s", event, text);
    ipad_run_flush(run);
}

/* What is enabled. False with the line printed. */
static bool ipad_run_look(struct run *run)
{
    struct ipa_enabled enabled;

    if (!ipa_read_enabled(run->ipad->ipa, &enabled)) {
        ipad_card_failed(run->ipad);
        if (run->ipad->link_broken)
            ipad_run_end(run);
        return false;
    }
    if (enabled.fallback && !run->enabled.fallback)
        run->returned = ipad_now();
    run->enabled = enabled;
    return true;
}

/* When the profile has to be changed: back, if the Fallback Profile is enabled, or else to it. */
static int64_t change_at(const struct run *run)
{
    const struct ipad *ipad = run->ipad;
    bool back = run->enabled.fallback;
    int64_t wait = (int64_t)(back ? ipad->return_every : ipad->fallback_after) * 1000;
    int64_t at = (back ? run->returned : ipad->heard) + wait;
    int64_t patient_until;

    if (wait == 0 || !run->enabled.any)
        return NEVER;
    if (run->poll == NULL)
        return back || !run->is_connected ? at : NEVER; /* nothing is missed before it was asked for */
    patient_until = ipad_poll_quiet_since(run->poll) + (wait < PATIENCE_MS ? wait : PATIENCE_MS);
    return at > patient_until ? at : patient_until;
}

static void set_clock(struct run *run)
{
    int64_t at = change_at(run);

    if (at == NEVER)
        event_del(run->clock);
    else
        ipad_ring(run->clock, at - ipad_now());
}

static void ipad_run_change(struct run *run)
{
    struct ipad *ipad = run->ipad;
    bool back = run->enabled.fallback;
    int code;

    run->returned = ipad_now();
    if (!back)
        ipad->heard = run->returned; /* if it fails it is not tried again at once */
    if (!ipa_change(ipad->ipa, back ? IPA_CHANGE_RETURN : IPA_CHANGE_FALLBACK, &code)) {
        ipad_card_failed(ipad);
    } else {
        say(run, back ? "return from fallback" : "fallback", code);
        if (code == 0 && ipad_reset_card(ipad))
            run->enabled.fallback = !back;
    }
    if (ipad->link_broken)
        ipad_run_end(run);
}

static void look_after(struct run *run)
{
    if (!ipad_run_look(run))
        return;
    if (ipad_now() >= change_at(run))
        ipad_run_change(run);
    set_clock(run);
}

/* The card is never interrupted: this is called between its answers. A round is, and then it is over, or the
 * next eIM has its chance. */
static void on_clock(evutil_socket_t fd, short events, void *context)
{
    struct run *run = context;

    (void)fd;
    (void)events;
    if (run->poll == NULL) {
        look_after(run);
        return;
    }
    if (!ipad_run_look(run))
        return;
    if (ipad_now() < change_at(run) || ipad_poll_give_up(run->poll, "no answer, and another profile is due"))
        set_clock(run);
    else
        ipad_ring(run->clock, LATER_MS);
}

/* --- Rounds of polls ------------------------------------------------------------------------------------ */

static void print_round(struct run *run)
{
    if (run->ipad->json)
        print_json_line(run->polled);
    ipad_run_flush(run);
}

static void on_polled(void *context, int status, bool is_connected)
{
    struct run *run = context;

    (void)status;
    run->poll = NULL;
    run->is_connected = is_connected;
    print_round(run);
    if (run->ipad->link_broken) {
        ipad_run_end(run);
        return;
    }
    look_after(run);
    ipad_ring(run->next, (int64_t)run->ipad->every * 1000);
}

static void on_next(evutil_socket_t fd, short events, void *context)
{
    struct run *run = context;

    (void)fd;
    (void)events;
    run->polled = run->ipad->json ? json_array() : NULL;
    run->poll = ipad_poll_begin(run->ipad, run->polled, on_polled, run);
    if (run->poll == NULL)
        ipad_run_end(run);
    else
        set_clock(run);
}

static void ipad_run_serve(struct run *run)
{
    struct event_base *base = loop_base(run->ipad->loop);

    run->next = evtimer_new(base, on_next, run);
    run->clock = evtimer_new(base, on_clock, run);
    if (run->next != NULL && run->clock != NULL) {
        ipad_ring(run->next, 0);
        if (!loop_run(run->ipad->loop))
            run->has_failed = true;
    } else {
        run->has_failed = true;
        tool_error("out of memory");
    }
    if (run->poll != NULL) {
        ipad_poll_stop(run->poll);
        print_round(run);
    }
    if (run->next != NULL)
        event_free(run->next);
    if (run->clock != NULL)
        event_free(run->clock);
}

int ipad_run(struct ipad *ipad)
{
    struct run run = {.ipad = ipad};

    ipad->loop = loop_open();
    if (ipad->loop == NULL)
        return EXIT_FAILED;
    ipad->heard = ipad_now();
    ipad_run_look(&run); /* a clock may ring in the first round */
    ipad_run_serve(&run);
    loop_close(ipad->loop);
    return run.has_failed ? EXIT_FAILED : EXIT_OK;
}
