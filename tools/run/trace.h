/*
 * The trace: what happens to a card, as lines on standard output for people and as JSON for who follows it
 * from elsewhere. Every command is shown as it comes, but for PIN, PUK and ADM codes, each octet of which is
 * "**", and every answer with the function's name, the status word's meaning and the time the card took;
 * vpcd's requests for the ATR, several a second, are not shown.
 */
#ifndef SOFTEUICC_TOOLS_RUN_TRACE_H
#define SOFTEUICC_TOOLS_RUN_TRACE_H

#include "apdu/bytes.h"

#include <jansson.h>
#include <time.h>

enum trace_kind { TRACE_EVENT, TRACE_COMMAND, TRACE_ANSWER };

struct trace_entry {
    enum trace_kind kind;
    struct timespec at;
    unsigned slot;
    const char *text;    /* of an event: "reset"; of an answer: what the command was */
    struct span octets;  /* the command, or the answer's data */
    uint16_t status;     /* of an answer */
    double milliseconds; /* that the card took */
};

/* An entry of now. */
struct trace_entry trace_entry(enum trace_kind kind, unsigned slot, const char *text, struct span octets);

/* One line on standard output. */
void trace_print(const struct trace_entry *entry);
/* The same as an object: {"time", "slot", "event"} or {…, "command"} or {…, "data", "status", "meaning",
 * "function", "ms"}. NULL without memory. */
json_t *trace_json(const struct trace_entry *entry);

/* "2026-11-22 02:30:39.123456 slot 0" on standard output: what every line of the daemon begins with. */
void trace_print_prefix(const struct timespec *at, unsigned slot);

#endif
