/*
 * A card in a reader's slot: see slot.h. A card whose power was cut answers nothing: it vanishes from the
 * reader, is opened again from its file, and comes back.
 */
#include "tools/run/slot.h"

#include "common/print/print.h"
#include "common/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LINE_SIZE 4096 /* octets of an event, with the end */
#define LOOK_MS   100  /* between two looks for the card's file, at least */

void slot_log(const struct slot *slot, const char *format, ...)
{
    struct timespec now;
    va_list arguments;
    char text[LINE_SIZE];

    clock_gettime(CLOCK_REALTIME, &now);
    trace_print_prefix(&now, slot->number);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_line(": %s", text);
    fflush(stdout);
}

/* --- the trace ----------------------------------------------------------------------------------- */

static bool is_traced(const struct slot *slot)
{
    return slot->trace || slot->watcher.traced != NULL;
}

static void slot_trace(const struct slot *slot, const struct trace_entry *entry)
{
    if (slot->trace)
        trace_print(entry);
    if (slot->watcher.traced != NULL)
        slot->watcher.traced(slot->watcher.context, entry);
}

static void trace_command(const struct slot *slot, struct span command)
{
    const struct trace_entry entry = trace_entry(TRACE_COMMAND, slot->number, NULL, command);

    slot_trace(slot, &entry);
}

/* The answer: data, status word, what the command was, how long it took. */
static void trace_answer(const struct slot *slot, struct span answer, double milliseconds)
{
    const uint8_t *sw = answer.data + answer.size - 2;
    struct trace_entry entry;
    char line[128];

    softeuicc_describe(slot->card, line, sizeof(line));
    entry = trace_entry(TRACE_ANSWER, slot->number, line, SPAN(answer.data, answer.size - 2));
    entry.status = (uint16_t)(sw[0] << 8 | sw[1]);
    entry.milliseconds = milliseconds;
    slot_trace(slot, &entry);
}

static void trace_event(const struct slot *slot, const char *what)
{
    const struct trace_entry entry = trace_entry(TRACE_EVENT, slot->number, what, SPAN_NONE);

    slot_trace(slot, &entry);
}

/* What is written to the log in any case, and told to who follows the trace. */
static void slot_report(const struct slot *slot, const char *what)
{
    const struct trace_entry entry = trace_entry(TRACE_EVENT, slot->number, what, SPAN_NONE);

    trace_print(&entry);
    if (slot->watcher.traced != NULL)
        slot->watcher.traced(slot->watcher.context, &entry);
}

static void slot_tell(const struct slot *slot, enum slot_event event)
{
    if (slot->watcher.happened != NULL)
        slot->watcher.happened(slot->watcher.context, event);
}

/* --- power --------------------------------------------------------------------------------------- */

static void report_cut(struct slot *slot)
{
    char text[160];

    slot->power_cuts++;
    slot->last_cut = (struct slot_cut){slot->cut_after, slot_now(slot)};
    if (slot->cut_after > 0) {
        snprintf(text, sizeof(text),
                 "power cut, as armed by 'softeuicc ctl cut': it struck at change of storage %llu after "
                 "that; what "
                 "was not stored is lost",
                 (unsigned long long)slot->cut_after);
        slot_report(slot, text);
    } else {
        slot_report(slot, "power cut: what was not stored is lost");
    }
    slot->cut_after = 0;
}

bool slot_arm_cut(struct slot *slot, uint64_t after)
{
    char text[120];

    if (!softeuicc_cut_power(slot->card, after))
        return false;
    if (after > 0) {
        snprintf(text, sizeof(text), "a power cut is armed: it strikes at change of storage %llu from now",
                 (unsigned long long)after);
        slot_report(slot, text);
    } else if (slot->cut_after > 0) {
        slot_report(slot, "the power cut is armed no more");
    }
    slot->cut_after = after;
    return true;
}

static double milliseconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) * 1e3 + (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

/* A look at the directory takes longer than many a command. The card itself stores nothing in a file that is
 * gone; this is only so that the process ends soon. */
static bool is_seen_to_be_gone(struct slot *slot)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (milliseconds_between(&slot->looked, &now) < LOOK_MS)
        return false;
    slot->looked = now;
    return !softeuicc_is_there(slot->card, NULL);
}

static void close_card(struct slot *slot)
{
    softeuicc_close(slot->card);
    slot->card = NULL;
    if (slot->network != NULL)
        host_network_serve(slot->network, NULL);
}

/* True when the card lives. Otherwise its supply has failed: it is gone for the reader, and comes back as it
 * was stored. A file that is gone does not come back. */
static bool survives(struct slot *slot)
{
    if (slot->card != NULL && is_seen_to_be_gone(slot)) {
        event_active(slot->lost, EV_TIMEOUT, 0);
        return !softeuicc_has_lost_power(slot->card);
    }
    if (slot->card == NULL || !softeuicc_has_lost_power(slot->card))
        return slot->card != NULL;
    slot->powered = false;
    report_cut(slot);
    slot_remove(slot);
    close_card(slot);
    slot_insert(slot);
    return false;
}

/* --- the card's own time ------------------------------------------------------------------------- */

#define WAIT_MAX_MS (60 * 60 * 1000) /* then it is looked at again: its clock may be set */

void slot_schedule(struct slot *slot)
{
    int64_t next = slot->card != NULL ? softeuicc_next_wakeup(slot->card) : -1;
    int64_t wait = next - slot_now(slot);
    struct timeval delay;

    if (slot->due == NULL)
        return;
    if (next < 0) {
        evtimer_del(slot->due);
        return;
    }
    if (wait < 0)
        wait = 0;
    if (wait > WAIT_MAX_MS)
        wait = WAIT_MAX_MS;
    delay = (struct timeval){wait / 1000, wait % 1000 * 1000};
    evtimer_add(slot->due, &delay);
}

bool slot_set(struct slot *slot, const struct softeuicc_set_value *values, size_t count,
              struct softeuicc_error *error)
{
    enum softeuicc_status status = softeuicc_set(slot->card, values, count, error);

    if (survives(slot))
        slot_schedule(slot);
    return status == SOFTEUICC_OK;
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
    struct slot *slot = context;

    (void)fd;
    (void)what;
    if (slot->card == NULL)
        return;
    softeuicc_wake(slot->card);
    if (survives(slot))
        slot_schedule(slot);
}

/* --- power -------------------------------------------------------------------------------------- */

static void power(struct slot *slot, enum softeuicc_reset kind, const char *what)
{
    if (slot->card == NULL)
        return;
    softeuicc_reset(slot->card, kind, slot->atr, &slot->atr_size);
    if (!survives(slot))
        return;
    slot->powered = true;
    slot->resets++;
    trace_event(slot, what);
    slot_tell(slot, SLOT_POWERED);
    slot_schedule(slot);
}

/* --- what vpcd does to the slot ------------------------------------------------------------------ */

static void on_connected(void *context)
{
    struct slot *slot = context;

    slot->connected = true;
    slot_log(slot, "connected to vpcd at %s port %u", slot->host, (unsigned)slot->port);
}

static void on_disconnected(void *context, const char *why)
{
    struct slot *slot = context;

    slot->connected = false;
    slot_log(slot, "no reader at %s port %u (%s); trying again until there is one", slot->host,
             (unsigned)slot->port, why);
    slot_tell(slot, SLOT_NO_READER);
}

static void on_ignored(void *context)
{
    const struct slot *slot = context;

    slot_log(slot, "the reader at %s port %u takes no notice of this card: there is another one in the slot",
             slot->host, (unsigned)slot->port);
}

static void on_mistaken(void *context)
{
    slot_report(context, "the reader takes this card for one that it had before: the card is taken out, and "
                         "put in again");
}

static void on_removed(void *context)
{
    struct slot *slot = context;

    slot->connected = false;
    slot_tell(slot, SLOT_REMOVED);
}

static void on_power_on(void *context)
{
    power(context, SOFTEUICC_COLD, "power on");
}

static void on_reset(void *context)
{
    power(context, SOFTEUICC_WARM, "reset");
}

static void on_power_off(void *context)
{
    struct slot *slot = context;

    if (!slot->powered)
        return;
    softeuicc_power_off(slot->card);
    slot->powered = false;
    trace_event(slot, "power off");
    if (survives(slot))
        slot_schedule(slot);
}

static void on_atr(void *context, struct buf *out)
{
    const struct slot *slot = context;

    buf_append(out, SPAN(slot->atr, slot->atr_size));
}

static void on_transmit(void *context, struct span command, struct buf *response)
{
    struct slot *slot = context;
    const bool traced = is_traced(slot);
    struct timespec before = {0};
    struct timespec after;
    size_t size = 0;

    if (slot->card == NULL)
        return;
    slot->commands++;
    if (traced) {
        trace_command(slot, command);
        clock_gettime(CLOCK_MONOTONIC, &before);
    }
    softeuicc_transmit(slot->card, command.data, command.size, slot->rapdu, &size);
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (!survives(slot))
        return;
    if (traced)
        trace_answer(slot, SPAN(slot->rapdu, size), milliseconds_between(&before, &after));
    buf_append(response, SPAN(slot->rapdu, size));
    slot_schedule(slot);
}

/* --- the slot ------------------------------------------------------------------------------------ */

int64_t slot_now(const struct slot *slot)
{
    struct timespec now;
    int64_t time;

    clock_gettime(CLOCK_REALTIME, &now);
    time = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + slot->clock_offset;
    return time < SLOT_TIME_LAST ? time : SLOT_TIME_LAST;
}

static int64_t slot_clock(void *context)
{
    return slot_now(context);
}

static void on_network(void *context)
{
    slot_schedule(context);
}

/* False without memory. */
static bool lend_network(struct slot *slot, struct softeuicc_hooks *hooks)
{
    if (!slot->lends_network)
        return true;
    if (slot->network == NULL)
        slot->network = host_network_new(slot->base, on_network, slot);
    if (slot->network != NULL)
        hooks->bearer = host_network_bearer(slot->network);
    return slot->network != NULL;
}

bool slot_open(struct slot *slot)
{
    struct softeuicc_hooks hooks = {.context = slot, .now = slot_clock, .power_cuts = true};
    struct softeuicc_error why = {SOFTEUICC_OK, ""};

    if (!lend_network(slot, &hooks)) {
        tool_error("out of memory");
        return false;
    }
    slot->card = softeuicc_open(slot->path, &hooks, &why);
    if (slot->card == NULL) {
        tool_error("%s", why.message);
        return false;
    }
    if (slot->network != NULL)
        host_network_serve(slot->network, slot->card);
    /* The reader wants to know the ATR before it powers the card. */
    softeuicc_set_protocol(slot->card, slot->protocol);
    softeuicc_reset(slot->card, SOFTEUICC_COLD, slot->atr, &slot->atr_size);
    softeuicc_power_off(slot->card);
    return true;
}

bool slot_is_there(const struct slot *slot)
{
    struct softeuicc_error why = {SOFTEUICC_OK, ""};

    if (slot->card == NULL || softeuicc_is_there(slot->card, &why))
        return true;
    tool_error("%s", why.message);
    return false;
}

bool slot_connect(struct slot *slot, const struct addrinfo *addresses)
{
    const struct vpcd_card card = {
        .context = slot,
        .connected = on_connected,
        .disconnected = on_disconnected,
        .ignored = on_ignored,
        .mistaken = on_mistaken,
        .power_on = on_power_on,
        .power_off = on_power_off,
        .reset = on_reset,
        .atr = on_atr,
        .transmit = on_transmit,
        .removed = on_removed,
    };

    slot->inserted = true;
    slot->due = evtimer_new(slot->base, on_due, slot);
    slot->link = vpcd_link_new(slot->base, addresses, slot->port, &card);
    return slot->due != NULL && slot->link != NULL;
}

void slot_remove(struct slot *slot)
{
    if (!slot->inserted)
        return;
    slot->inserted = false;
    slot_report(slot, "the card is taken out");
    vpcd_link_remove(slot->link);
}

bool slot_insert(struct slot *slot)
{
    if (slot->card == NULL && !slot_open(slot))
        return false;
    if (slot->inserted)
        return true;
    slot->inserted = true;
    slot_report(slot, "the card is put in");
    vpcd_link_insert(slot->link);
    return true;
}

void slot_close(struct slot *slot)
{
    slot->watcher = (struct slot_watcher){NULL, NULL, NULL};
    vpcd_link_free(slot->link);
    if (slot->due != NULL)
        event_free(slot->due);
    close_card(slot);
    host_network_free(slot->network);
    slot->network = NULL;
    slot->due = NULL;
    slot->link = NULL;
}
