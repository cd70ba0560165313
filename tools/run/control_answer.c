/* What the requests on the control socket do: see control_answer.h, docs/ctl.md. */
#include "tools/run/control_answer.h"

#include "common/print/print_json.h"
#include "device/card_settings_json.h"
#include "device/inspect_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define TIME_SIZE 40

json_t *control_ok(json_t *result)
{
    return json_pack("{s:b, s:o}", "ok", 1, "result", result);
}

json_t *control_error(const char *format, ...)
{
    char line[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
            *c = '?';
    return json_pack("{s:b, s:s}", "ok", 0, "error", line);
}

json_t *control_settled(const struct slot *slot, bool noticed)
{
    return control_ok(json_pack("{s:s, s:b}", "card", slot->inserted ? "in" : "out", "noticed", noticed));
}

static json_t *no_card(const struct slot *slot)
{
    return control_error("%s could not be opened again after its power was cut; insert it to try again",
                         slot->path);
}

/* "2026-01-31T23:59:59Z" */
static void put_time(char out[TIME_SIZE], int64_t milliseconds)
{
    const time_t seconds = (time_t)(milliseconds / 1000);
    struct tm broken_down;

    out[0] = '\0';
    if (gmtime_r(&seconds, &broken_down) != NULL)
        strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &broken_down);
}

static json_t *show_last_cut(const struct slot_cut *cut)
{
    char time[TIME_SIZE];

    if (cut->after == 0)
        return NULL;
    put_time(time, cut->time);
    return json_pack("{s:I, s:s}", "after", (json_int_t)cut->after, "time", time);
}

/* What the daemon knows. */
static json_t *show_run(const struct slot *slot, time_t since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return json_pack("{s:o*, s:i, s:i, s:o*, s:i, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:o*, s:f}", "file",
                     print_json_text(slot->path), "pid", (int)getpid(), "slot", (int)slot->number, "host",
                     print_json_text(slot->host), "port", (int)slot->port, "inserted", slot->inserted,
                     "connected", slot->connected, "trace", slot->trace, "uptime",
                     (json_int_t)(now.tv_sec - since), "commands", (json_int_t)slot->commands, "resets",
                     (json_int_t)slot->resets, "power_cuts", (json_int_t)slot->power_cuts, "last_power_cut",
                     show_last_cut(&slot->last_cut), "clock_ahead", (double)slot->clock_offset / 1000);
}

static json_t *control_answer_show(const struct slot *slot, time_t since)
{
    json_t *whole = inspect_json(slot->card);

    if (whole == NULL)
        return control_error("the card's storage could not be read");
    if (json_object_set_new(whole, "run", show_run(slot, since)) != 0) {
        json_decref(whole);
        return control_error("out of memory");
    }
    return control_ok(whole);
}

static json_t *control_answer_cut(struct slot *slot, uint64_t after)
{
    if (!slot_arm_cut(slot, after))
        return control_error("this card's power cannot be cut");
    return control_ok(json_pack("{s:I}", "after", (json_int_t)after));
}

static json_t *set_time(struct slot *slot, const struct control_request *request)
{
    char text[TIME_SIZE];

    switch (request->time) {
    case CONTROL_TIME_ASK:
        break;
    case CONTROL_TIME_REAL:
        slot->clock_offset = 0;
        break;
    case CONTROL_TIME_AT:
        slot->clock_offset += request->milliseconds - slot_now(slot);
        break;
    case CONTROL_TIME_BY:
        if (slot_now(slot) + request->milliseconds < 0 ||
            slot_now(slot) + request->milliseconds > SLOT_TIME_LAST)
            return control_error(CONTROL_TIME_RANGE);
        slot->clock_offset += request->milliseconds;
        break;
    }
    slot_schedule(slot);
    put_time(text, slot_now(slot));
    return control_ok(
        json_pack("{s:s, s:f}", "time", text, "clock_ahead", (double)slot->clock_offset / 1000));
}

static json_t *set_trace(struct slot *slot, enum control_trace trace)
{
    if (trace == CONTROL_TRACE_ON || trace == CONTROL_TRACE_OFF)
        slot->trace = trace == CONTROL_TRACE_ON;
    return control_ok(
        json_pack("{s:b, s:b}", "trace", slot->trace, "following", trace == CONTROL_TRACE_FOLLOW));
}

static json_t *show_settings(struct slot *slot)
{
    char why[100];
    json_t *settings = card_settings_json(slot->card, why, sizeof(why));

    return settings != NULL ? control_ok(settings) : control_error("%s", why);
}

/* Sets all of them, or none, and tells what holds then. */
static json_t *set_settings(struct slot *slot, const struct control_request *request)
{
    struct softeuicc_error error = {SOFTEUICC_OK, ""};

    if (request->settings_count > 0 && !slot_set(slot, request->settings, request->settings_count, &error))
        return control_error("%s", error.message);
    return show_settings(slot);
}

json_t *control_answer(struct slot *slot, const struct control_request *request, time_t since,
                       enum control_wait *wait)
{
    *wait = CONTROL_WAIT_NOT;
    if (slot->card == NULL && request->command != CONTROL_INSERT)
        return no_card(slot);
    switch (request->command) {
    case CONTROL_SHOW:
        return control_answer_show(slot, since);
    case CONTROL_REMOVE:
        if (!slot->inserted)
            return control_error("the card is out already");
        *wait = CONTROL_WAIT_REMOVED;
        return NULL;
    case CONTROL_INSERT:
        if (slot->card != NULL && slot->inserted)
            return control_error("the card is in already");
        *wait = CONTROL_WAIT_POWERED;
        return NULL;
    case CONTROL_POWER_CYCLE:
        if (!slot->inserted)
            return control_error("the card is out of the reader; put it in");
        *wait = CONTROL_WAIT_POWERED;
        return NULL;
    case CONTROL_CUT:
        return control_answer_cut(slot, request->after);
    case CONTROL_TIME:
        return set_time(slot, request);
    case CONTROL_TRACE:
        return set_trace(slot, request->trace);
    case CONTROL_IPAE:
        return set_settings(slot, request);
    }
    return control_error("there is no such command");
}
