/*
 * The time of a device, its network and a card that it has in its hands, on an event loop. It is that of this
 * machine; or virtual: then it stands still while anything is under way, and jumps to the next alarm when
 * nothing is. "Under way" is an event of the loop that is ready, and whatever holds the clock.
 */
#ifndef SOFTEUICC_DEVICE_CLOCK_H
#define SOFTEUICC_DEVICE_CLOCK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct device_clock;

/* `start`: what time it is, in milliseconds since 1970-01-01 UTC; below 0: that of this machine. A virtual
 * one gives the loop three priorities if it has fewer, and uses the last; events that say nothing have the
 * middle one. NULL without memory, or when events are active in a loop that has fewer. */
struct device_clock *device_clock_new(struct event_base *base, bool is_virtual, int64_t start);
void device_clock_free(struct device_clock *clock); /* after its alarms; NULL is fine */

/* Milliseconds since 1970. It never goes back. */
int64_t device_clock_now(const struct device_clock *clock);
bool device_clock_is_virtual(const struct device_clock *clock);

/* Something is under way that the loop does not know of yet, as an answer that is awaited from a socket: no
 * jump until as many releases; what is due already rings. No effect on a real clock. */
void device_clock_hold(struct device_clock *clock);
void device_clock_release(struct device_clock *clock);

#define ALARM_NEVER INT64_MAX

struct alarm;

/* Calls `rang` when the time has come that alarm_set named, once; out of the loop, never inside alarm_set.
 * Alarms of a virtual clock ring in the order of their times, those of one time in the order in which they
 * were set. NULL without memory. */
struct alarm *alarm_new(struct device_clock *clock, void (*rang)(void *context), void *context);
void alarm_free(struct alarm *alarm); /* NULL is fine; from inside `rang` too */
/* Milliseconds since 1970; what is past is now; ALARM_NEVER: not any more. */
void alarm_set(struct alarm *alarm, int64_t at);
int64_t alarm_time(const struct alarm *alarm); /* ALARM_NEVER: it is not set */

#endif
