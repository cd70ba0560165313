/*
 * `softeuicc ipa run`: polls on a schedule, and what an IPA does when the connection is gone: after
 * --fallback-after seconds without any eIM's answer the Fallback Profile, every --return-every seconds a try
 * to get back (SGP.32 3.4.6, 3.4.7).
 */
#include "common/tool.h"
#include "protocol/names.h"
#include "tools/ipa/ipad.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct clocks {
    time_t connected; /* when an eIM last answered, or the profile changed */
    time_t returned;  /* when a return was last tried, or the fallback began */
    bool in_fallback;
};

static void interrupted(int signal)
{
    (void)signal;
    ipad_interrupted = 1;
}

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* One line, or one JSON object a line: who reads along must not wait for the end. */
static void say(const struct ipad *ipad, const char *event, int code)
{
    char text[64];

    names_text(NAMES_FALLBACK, (uint64_t)code, text, sizeof(text));
    if (ipad->json) {
        print_json_line(json_pack("{s:s, s:s}", "event", event, "result", text));
    } else {
        printf("%s: %s\n", event, text);
    }
    fflush(stdout);
}

/* Fallback or return; true when another profile is enabled now. */
static bool change(struct ipad *ipad, enum ipa_change change, const char *event)
{
    int code;

    if (!ipa_change(ipad->ipa, change, &code)) {
        ipad_card_failed(ipad);
        return false;
    }
    say(ipad, event, code);
    return code == 0 && ipad_reset_card(ipad);
}

static void look_after(struct ipad *ipad, struct clocks *clocks, bool connected)
{
    struct ipa_enabled enabled;

    if (connected)
        clocks->connected = now();
    if (!ipa_read_enabled(ipad->ipa, &enabled)) {
        ipad_card_failed(ipad);
        return;
    }
    if (enabled.fallback && !clocks->in_fallback)
        clocks->returned = now();
    clocks->in_fallback = enabled.fallback;
    if (clocks->in_fallback && ipad->return_every > 0 &&
        now() - clocks->returned >= (time_t)ipad->return_every) {
        clocks->returned = now();
        if (change(ipad, IPA_CHANGE_RETURN, "return from fallback")) {
            clocks->in_fallback = false;
            clocks->connected = now();
        }
    } else if (!connected && !clocks->in_fallback && enabled.any && ipad->fallback_after > 0 &&
               now() - clocks->connected >= (time_t)ipad->fallback_after) {
        change(ipad, IPA_CHANGE_FALLBACK, "fallback");
        clocks->connected = now();
        clocks->returned = now();
        clocks->in_fallback = true;
    }
}

/* Until the next poll, or until a clock wants to be looked at. */
static void wait_for_next(const struct ipad *ipad)
{
    for (unsigned i = 0; i < ipad->every && ipad_interrupted == 0; i++)
        sleep(1);
}

int ipad_run(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    struct clocks clocks = {now(), now(), false};
    struct sigaction action = {.sa_handler = interrupted};

    if (ipad->every == 0)
        return tool_usage("run needs --every SECONDS");
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (ipad_interrupted == 0 && !ipad->link_broken) {
        json_t *polled = ipad->json ? json_array() : NULL;
        bool connected;

        ipad_poll_all(ipad, polled, &connected);
        if (ipad->json)
            print_json_line(polled);
        fflush(stdout);
        if (!ipad->link_broken)
            look_after(ipad, &clocks, connected);
        if (!ipad->link_broken)
            wait_for_next(ipad);
    }
    return ipad->link_broken ? EXIT_FAILED : EXIT_OK;
}
