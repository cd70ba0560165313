/*
 * When something is so in a scripted network, and when something happens: once, for a time, or over and over.
 * Times are milliseconds since the beginning of the run.
 */
#ifndef SOFTEUICC_DEVICE_AIR_PERIOD_H
#define SOFTEUICC_DEVICE_AIR_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#define PERIOD_NEVER INT64_MAX

struct period {
    int64_t from, to; /* `to` is not in it any more; PERIOD_NEVER: it has no end */
    int64_t every;    /* 0: once; else it begins anew so often, from `from` on */
    int64_t length;   /* of each time; 0 for what happens in an instant */
};

#define PERIOD_ALWAYS ((struct period){.from = 0, .to = PERIOD_NEVER})

bool period_covers(const struct period *period, int64_t time);
/* When, after `time`, it next begins or ends; PERIOD_NEVER. */
int64_t period_next_change(const struct period *period, int64_t time);
/* The next instant of it, at or after `time`; PERIOD_NEVER. */
int64_t period_next_instant(const struct period *period, int64_t time);

#endif
