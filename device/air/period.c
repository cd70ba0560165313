/* Times that come once or over and over. See period.h. */
#include "device/air/period.h"

bool period_covers(const struct period *period, int64_t time)
{
    return time >= period->from && time < period->to &&
           (period->every == 0 || (time - period->from) % period->every < period->length);
}

int64_t period_next_change(const struct period *period, int64_t time)
{
    int64_t into;
    int64_t next;

    if (time < period->from)
        return period->from;
    if (time >= period->to)
        return PERIOD_NEVER;
    if (period->every == 0)
        return period->to;
    into = (time - period->from) % period->every;
    next = time - into + (into < period->length ? period->length : period->every);
    return next < period->to ? next : period->to;
}

int64_t period_next_instant(const struct period *period, int64_t time)
{
    int64_t next = period->from;

    if (time > next && period->every == 0)
        return PERIOD_NEVER;
    if (time > next)
        next += (time - next + period->every - 1) / period->every * period->every;
    return next < period->to ? next : PERIOD_NEVER;
}
