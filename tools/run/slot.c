/*
 * A card in a reader's slot. The trace shows every command as it comes and every answer with the function's
 * name, the status word's meaning and the time the card took; vpcd's requests for the ATR, several a second,
 * are not shown.
 */
#include "tools/run/slot.h"

#include "apdu/apdu.h"
#include "tools/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static void print_prefix(const struct slot *slot)
{
    struct timespec now;
    struct tm broken_down;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &broken_down);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken_down);
    printf("%s.%06ld slot %u", text, now.tv_nsec / 1000, slot->number);
}

void slot_log(const struct slot *slot, const char *format, ...)
{
    va_list arguments;

    print_prefix(slot);
    fputs(": ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static void print_hex(struct span octets)
{
    char text[2 * 64 + 1];

    while (octets.size > 0) {
        size_t n = octets.size < 64 ? octets.size : 64;

        fputs(hex_from_span(SPAN(octets.data, n), text, sizeof(text)), stdout);
        octets = SPAN(octets.data + n, octets.size - n);
    }
}

static void trace_command(const struct slot *slot, struct span command)
{
    print_prefix(slot);
    fputs(" > ", stdout);
    print_hex(command);
    putchar('\n');
}

/* The line of an answer: data, status word, what the command was, what the status word says, how long it
 * took. */
static void trace_answer(const struct slot *slot, struct span answer, double milliseconds)
{
    const uint8_t *sw = answer.data + answer.size - 2;
    uint16_t status = (uint16_t)(sw[0] << 8 | sw[1]);
    char line[128];

    softeuicc_describe(slot->card, line, sizeof(line));
    print_prefix(slot);
    fputs(" < ", stdout);
    print_hex(SPAN(answer.data, answer.size - 2));
    printf("%s%04X  %s: %s (%.3f ms)\n", answer.size > 2 ? " " : "", (unsigned)status, line,
           apdu_status_name(status), milliseconds);
    fflush(stdout);
}

static void trace_event(const struct slot *slot, const char *what)
{
    if (slot->trace)
        slot_log(slot, "%s", what);
}

/* --- what vpcd does to the slot ------------------------------------------------------------------ */

static void on_connected(void *context)
{
    struct slot *slot = context;

    slot_log(slot, "connected to vpcd at %s port %u", slot->host, (unsigned)slot->port);
}

static void on_disconnected(void *context, const char *why)
{
    struct slot *slot = context;

    slot_log(slot, "no reader at %s port %u (%s); trying again until there is one", slot->host,
             (unsigned)slot->port, why);
}

static void on_power_on(void *context)
{
    struct slot *slot = context;

    softeuicc_reset(slot->card, SOFTEUICC_COLD, slot->atr, &slot->atr_size);
    slot->powered = true;
    trace_event(slot, "power on");
}

static void on_power_off(void *context)
{
    struct slot *slot = context;

    if (!slot->powered)
        return;
    softeuicc_power_off(slot->card);
    slot->powered = false;
    trace_event(slot, "power off");
}

static void on_reset(void *context)
{
    struct slot *slot = context;

    softeuicc_reset(slot->card, SOFTEUICC_WARM, slot->atr, &slot->atr_size);
    slot->powered = true;
    trace_event(slot, "reset");
}

static void on_atr(void *context, struct buf *out)
{
    const struct slot *slot = context;

    buf_append(out, SPAN(slot->atr, slot->atr_size));
}

static double milliseconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) * 1e3 + (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

static void on_transmit(void *context, struct span command, struct buf *response)
{
    struct slot *slot = context;
    struct timespec before;
    struct timespec after;
    size_t size = 0;

    if (!slot->trace) {
        softeuicc_transmit(slot->card, command.data, command.size, slot->rapdu, &size);
    } else {
        trace_command(slot, command);
        clock_gettime(CLOCK_MONOTONIC, &before);
        softeuicc_transmit(slot->card, command.data, command.size, slot->rapdu, &size);
        clock_gettime(CLOCK_MONOTONIC, &after);
        trace_answer(slot, SPAN(slot->rapdu, size), milliseconds_between(&before, &after));
    }
    buf_append(response, SPAN(slot->rapdu, size));
}

/* --- the slot ------------------------------------------------------------------------------------ */

bool slot_open(struct slot *slot, const char *path, enum softeuicc_protocol protocol)
{
    struct softeuicc_error why = {SOFTEUICC_OK, ""};

    slot->card = softeuicc_open(path, NULL, &why);
    if (slot->card == NULL) {
        tool_error("%s", why.message);
        return false;
    }
    /* The reader wants to know the ATR before it powers the card. */
    softeuicc_set_protocol(slot->card, protocol);
    softeuicc_reset(slot->card, SOFTEUICC_COLD, slot->atr, &slot->atr_size);
    softeuicc_power_off(slot->card);
    return true;
}

bool slot_connect(struct slot *slot, struct event_base *base, const struct addrinfo *addresses)
{
    const struct vpcd_card card = {
        .context = slot,
        .connected = on_connected,
        .disconnected = on_disconnected,
        .power_on = on_power_on,
        .power_off = on_power_off,
        .reset = on_reset,
        .atr = on_atr,
        .transmit = on_transmit,
    };

    slot->link = vpcd_link_new(base, addresses, slot->port, &card);
    return slot->link != NULL;
}

void slot_close(struct slot *slot)
{
    vpcd_link_free(slot->link);
    softeuicc_close(slot->card);
    slot->link = NULL;
    slot->card = NULL;
}
