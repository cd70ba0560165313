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

/* Microseconds of this process's CPU that one `run` takes: a low percentile of batches long
 * enough for the clock, because what else the machine does only ever adds to them.
 */
double bench_cpu_us(void (*run)(void *context), void *context);

/* A thing to measure. */
struct bench_run {
    void (*run)(void *context);
    void *context;
    double us; /* out */
};
/* The same for several things in turn, batch by batch, so that what else the machine does falls on all of
 * them. */
void bench_cpu_us_beside(struct bench_run *runs, size_t count);

/* Prints a figure; it is met when it is not above the goal. */
void bench_figure(const char *figure, double value, const char *unit);
void bench_figure_goal(const char *figure, double value, const char *unit, double goal);

/* Ends the program with a line that says why: a benchmark that measures something else than it says is worse
 * than none. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
