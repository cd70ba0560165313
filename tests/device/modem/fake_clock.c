/* A device's clock without an event loop: see fake_clock.h. */
#include "tests/device/modem/fake_clock.h"

#include <stdlib.h>

struct alarm {
    struct device_clock *clock;
    struct alarm *next;
    void (*rang)(void *context);
    void *context;
    int64_t at;
};

struct device_clock {
    struct alarm *alarms;
    int64_t now;
};

struct device_clock *device_clock_new(struct event_base *base, bool is_virtual, int64_t start)
{
    struct device_clock *clock = calloc(1, sizeof(*clock));

    (void)base;
    (void)is_virtual;
    if (clock != NULL)
        clock->now = start;
    return clock;
}

void device_clock_free(struct device_clock *clock)
{
    free(clock);
}

int64_t device_clock_now(const struct device_clock *clock)
{
    return clock->now;
}

struct alarm *alarm_new(struct device_clock *clock, void (*rang)(void *context), void *context)
{
    struct alarm *alarm = calloc(1, sizeof(*alarm));

    if (alarm == NULL)
        return NULL;
    *alarm = (struct alarm){clock, clock->alarms, rang, context, ALARM_NEVER};
    clock->alarms = alarm;
    return alarm;
}

void alarm_free(struct alarm *alarm)
{
    struct alarm **at;

    if (alarm == NULL)
        return;
    for (at = &alarm->clock->alarms; *at != alarm;)
        at = &(*at)->next;
    *at = alarm->next;
    free(alarm);
}

void alarm_set(struct alarm *alarm, int64_t at)
{
    alarm->at = at;
}

int64_t alarm_time(const struct alarm *alarm)
{
    return alarm->at;
}

static struct alarm *first_until(struct device_clock *clock, int64_t until)
{
    struct alarm *first = NULL;

    for (struct alarm *alarm = clock->alarms; alarm != NULL; alarm = alarm->next)
        if (alarm->at <= until && (first == NULL || alarm->at < first->at))
            first = alarm;
    return first;
}

static void ring(struct alarm *alarm)
{
    alarm->at = ALARM_NEVER;
    alarm->rang(alarm->context);
}

unsigned fake_clock_settle(struct device_clock *clock, unsigned max)
{
    struct alarm *alarm;
    unsigned count = 0;

    while (count < max && (alarm = first_until(clock, clock->now)) != NULL) {
        ring(alarm);
        count++;
    }
    return count;
}

void fake_clock_pass(struct device_clock *clock, int64_t ms)
{
    int64_t end = clock->now + ms;
    struct alarm *alarm;

    while ((alarm = first_until(clock, end)) != NULL) {
        if (alarm->at > clock->now)
            clock->now = alarm->at;
        ring(alarm);
    }
    clock->now = end;
}

int64_t fake_clock_next(struct device_clock *clock)
{
    struct alarm *first = first_until(clock, ALARM_NEVER - 1);

    return first != NULL ? first->at : ALARM_NEVER;
}

void fake_clock_jump(struct device_clock *clock, int64_t to)
{
    clock->now = to;
}
