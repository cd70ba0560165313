/* The trace of a card: see trace.h. */
#include "tools/run/trace.h"

#include "apdu/apdu.h"
#include "common/print/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_SIZE  64
#define HEADER     5 /* class, instruction, parameters, length */
#define INS_OFFSET 1

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

/*
 * The commands whose data are codes that somebody keeps: PIN, PUK and ADM codes, old and new (ETSI TS 102 221
 * §11.1.9 to §11.1.13; GSM 11.11 has them under the same numbers). Of any class: a reader that gets the class
 * wrong sends the code all the same. Nothing else that is good for longer than what the trace shows goes over
 * this interface in clear: keys come enciphered (PUT KEY, bound packages, profiles), CK and IK are of one
 * authentication, and the hash of a confirmation code of one download.
 */
static const struct {
    uint8_t ins;
    const char *name;
} codes[] = {
    {0x20, "VERIFY PIN"}, {0x24, "CHANGE PIN"},  {0x26, "DISABLE PIN"},
    {0x28, "ENABLE PIN"}, {0x2C, "UNBLOCK PIN"},
};

/* How many octets of an entry are shown; each of the others is "**". */
static size_t trace_shown(const struct trace_entry *entry)
{
    const struct span octets = entry->octets;

    if (entry->kind != TRACE_COMMAND || octets.size <= HEADER)
        return octets.size;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (octets.data[INS_OFFSET] == codes[i].ins)
            return HEADER;
    return octets.size;
}

static void print_hex(const struct trace_entry *entry)
{
    struct span rest = entry->octets;
    size_t shown = trace_shown(entry);
    char text[2 * 64 + 1];

    rest.size = shown;
    while (rest.size > 0) {
        size_t n = rest.size < 64 ? rest.size : 64;

        print_part("%s", hex_from_span(SPAN(rest.data, n), text, sizeof(text)));
        rest = SPAN(rest.data + n, rest.size - n);
    }
    for (; shown < entry->octets.size; shown++)
        print_part("%s", "**");
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
        print_hex(entry);
        print_line("%s", "");
        return; /* its answer follows */
    case TRACE_ANSWER:
        print_part("%s", " < ");
        print_hex(entry);
        print_line("%s%04X  %s: %s (%.3f ms)", entry->octets.size > 0 ? " " : "", (unsigned)entry->status,
                   entry->text, apdu_status_name(entry->status), entry->milliseconds);
        break;
    }
    fflush(stdout);
}

/* NULL for no octets. */
static json_t *hex_json(const struct trace_entry *entry)
{
    const struct span octets = entry->octets;
    const size_t shown = trace_shown(entry);
    char *text = malloc(2 * octets.size + 1);
    json_t *json = NULL;

    if (text != NULL && octets.size > 0) {
        hex_from_span(SPAN(octets.data, shown), text, 2 * shown + 1);
        memset(text + 2 * shown, '*', 2 * (octets.size - shown));
        text[2 * octets.size] = '\0';
        json = json_string(text);
    }
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
                         hex_json(entry));
    snprintf(status, sizeof(status), "%04X", (unsigned)entry->status);
    return json_pack("{s:s, s:i, s:o*, s:s, s:s, s:s, s:f}", "time", time, "slot", (int)entry->slot, "data",
                     hex_json(entry), "status", status, "meaning", apdu_status_name(entry->status),
                     "function", entry->text, "ms", entry->milliseconds);
}
