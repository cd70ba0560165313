/* A device's clock (device/clock.h) without an event loop: time stands still until it is told to go on. For
 * tests only. */
#ifndef SOFTEUICC_TESTS_DEVICE_MODEM_FAKE_CLOCK_H
#define SOFTEUICC_TESTS_DEVICE_MODEM_FAKE_CLOCK_H

#include "device/clock.h"

/* Rings every alarm that is due by now, and those that they set for now; at most `max` of them. How many. */
unsigned fake_clock_settle(struct device_clock *clock, unsigned max);
/* Lets so many milliseconds go by, from alarm to alarm. */
void fake_clock_pass(struct device_clock *clock, int64_t ms);
/* When the next alarm is due; ALARM_NEVER. */
int64_t fake_clock_next(struct device_clock *clock);
/* Jumps there without ringing anything. */
void fake_clock_jump(struct device_clock *clock, int64_t to);

#endif
