/*
 * What the benchmark programs share: clocks, percentiles, and the one form of output: a JSON object per
 * figure and line,
 *     {"figure":"get_eid_t1","value":1.21,"unit":"us","goal":2,"met":true}
 * A figure without a goal has neither "goal" nor "met".
 */
#ifndef SOFTEUICC_TESTS_BENCH_BENCH_H
#define SOFTEUICC_TESTS_BENCH_BENCH_H

#include "apdu/bytes.h"

#include <stddef.h>
#include <time.h>

/* Seconds of CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID … */
double bench_now(clockid_t clock);

/* The value below which `percent` of `count` values lie; sorts them. */
double bench_percentile(double *values, size_t count, double percent);

/* Prints a figure; it is met when it is not above the goal. */
void bench_figure(const char *figure, double value, const char *unit);
void bench_figure_goal(const char *figure, double value, const char *unit, double goal);

/* Ends the program with a line that says why: a benchmark that measures something else than it says is worse
 * than none. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
