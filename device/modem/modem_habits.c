/* The names of bad habits that field devices have: see modem.h. */
#include "device/modem/modem.h"

#include <stdio.h>
#include <string.h>

#include <stddef.h>

const struct modem_habit_name modem_habits[] = {
    {"says-ok", MODEM_SAYS_OK, "answers 'done' to commands that it does not serve"},
    {"lies-in-profile", MODEM_LIES_IN_PROFILE,
     "says nothing of events, channels and bearers in TERMINAL PROFILE, and serves them"},
    {"claims-all", MODEM_CLAIMS_ALL, "says that it serves everything, and refuses most"},
    {"fetches-late", MODEM_FETCHES_LATE, "sends other commands before it fetches a proactive one"},
    {"fails-channels", MODEM_FAILS_CHANNELS, "refuses an open channel's commands once there was a REFRESH"},
    {"resets-silently", MODEM_RESETS_SILENTLY, "resets the card at a REFRESH without answering it before"},
    {"ignores-refresh", MODEM_IGNORES_REFRESH, "answers 'done' to a REFRESH, and does nothing"},
    {"refuses-refresh", MODEM_REFUSES_REFRESH, "is too busy for a REFRESH, always"},
    {"hides-status", MODEM_HIDES_STATUS, "opens channels without saying which"},
    {"sends-no-events", MODEM_SENDS_NO_EVENTS, "takes every list of events, and sends none"},
    {"loses-timers", MODEM_LOSES_TIMERS, "starts timers that never expire"},
    {"drops-bit-8", MODEM_DROPS_BIT_8,
     "has the comprehension bit where it does not belong, and not where it does"},
    {"interrupts", MODEM_INTERRUPTS, "sends commands of its own between any two that come from its AT port"},
    {NULL, 0, NULL},
};

unsigned modem_habit_find(const char *name, char names[MODEM_HABIT_NAMES_SIZE])
{
    size_t used = 0;

    for (const struct modem_habit_name *row = modem_habits; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0)
            return row->habit;
        used += (size_t)snprintf(names + used, MODEM_HABIT_NAMES_SIZE - used, "%s%s", used > 0 ? ", " : "",
                                 row->name);
    }
    return 0;
}
