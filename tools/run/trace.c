/* The trace of a card: see trace.h. */
#include "tools/run/trace.h"

#include "apdu/apdu.h"
#include "common/print.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_SIZE 64

struct trace_entry trace_entry(enum trace_kind kind, unsigned slot, const char *text, struct span octets)
{
    struct trace_entry entry = {.kind = kind, .slot = slot, .text = text, .octets = octets};

    clock_gettime(CLOCK_REALTIME, &entry.at);
    return entry;
}

/* Local time with microseconds. */
static void put_time(char out[TIME_SIZE], const struct timespec *at)
{
    struct tm broken_down;
    char text[32];

    localtime_r(&at->tv_sec, &broken_down);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken_down);
    snprintf(out, TIME_SIZE, "%s.%06ld", text, at->tv_nsec / 1000);
}

void trace_print_prefix(const struct timespec *at, unsigned slot)
{
    char text[TIME_SIZE];

    put_time(text, at);
    print_part("%s slot %u", text, slot);
}

static void print_hex(struct span octets)
{
    char text[2 * 64 + 1];

    while (octets.size > 0) {
        size_t n = octets.size < 64 ? octets.size : 64;

        print_part("%s", hex_from_span(SPAN(octets.data, n), text, sizeof(text)));
        octets = SPAN(octets.data + n, octets.size - n);
    }
}

void trace_print(const struct trace_entry *entry)
{
    trace_print_prefix(&entry->at, entry->slot);
    switch (entry->kind) {
    case TRACE_EVENT:
        print_line(": %s", entry->text);
        break;
    case TRACE_COMMAND:
        print_part("%s", " > ");
        print_hex(entry->octets);
        print_line("%s", "");
        return; /* its answer follows */
    case TRACE_ANSWER:
        print_part("%s", " < ");
        print_hex(entry->octets);
        print_line("%s%04X  %s: %s (%.3f ms)", entry->octets.size > 0 ? " " : "", (unsigned)entry->status,
                   entry->text, apdu_status_name(entry->status), entry->milliseconds);
        break;
    }
    fflush(stdout);
}

static json_t *hex_json(struct span octets)
{
    char *text = malloc(2 * octets.size + 1);
    json_t *json = text != NULL ? json_string(hex_from_span(octets, text, 2 * octets.size + 1)) : NULL;

    free(text);
    return json;
}

json_t *trace_json(const struct trace_entry *entry)
{
    char time[TIME_SIZE];
    char status[8];

    put_time(time, &entry->at);
    if (entry->kind == TRACE_EVENT)
        return json_pack("{s:s, s:i, s:s}", "time", time, "slot", (int)entry->slot, "event", entry->text);
    if (entry->kind == TRACE_COMMAND)
        return json_pack("{s:s, s:i, s:o}", "time", time, "slot", (int)entry->slot, "command",
                         hex_json(entry->octets));
    snprintf(status, sizeof(status), "%04X", (unsigned)entry->status);
    return json_pack("{s:s, s:i, s:o, s:s, s:s, s:s, s:f}", "time", time, "slot", (int)entry->slot, "data",
                     hex_json(entry->octets), "status", status, "meaning", apdu_status_name(entry->status),
                     "function", entry->text, "ms", entry->milliseconds);
}
