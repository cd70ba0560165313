/* What the benchmark programs share: see bench.h. */
#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

double bench_now(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        bench_fail("no clock %d", (int)clock);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

double bench_percentile(double *values, size_t count, double percent)
{
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * percent / 100)];
}

static double batch_us(const struct bench_run *run, size_t calls)
{
    double begin = bench_now(CLOCK_PROCESS_CPUTIME_ID);

    for (size_t i = 0; i < calls; i++)
        run->run(run->context);
    return (bench_now(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6 / (double)calls;
}

void bench_cpu_us_beside(struct bench_run *runs, size_t count)
{
    enum { BATCHES = 31, RUNS_MAX = 4 };
    const double batch_long = 5000; /* microseconds */
    double batches[RUNS_MAX][BATCHES];
    size_t calls[RUNS_MAX];

    if (count > RUNS_MAX)
        bench_fail("more than %d things at a time", RUNS_MAX);
    /* The first calls fill caches and find out how many make a batch. */
    for (size_t i = 0; i < count; i++)
        for (calls[i] = 1; batch_us(&runs[i], calls[i]) * (double)calls[i] < batch_long;)
            calls[i] *= 2;
    for (size_t batch = 0; batch < BATCHES; batch++)
        for (size_t i = 0; i < count; i++)
            batches[i][batch] = batch_us(&runs[i], calls[i]);
    for (size_t i = 0; i < count; i++)
        runs[i].us = bench_percentile(batches[i], BATCHES, 10);
}

double bench_cpu_us(void (*run)(void *context), void *context)
{
    struct bench_run one = {.run = run, .context = context};

    bench_cpu_us_beside(&one, 1);
    return one.us;
}

void bench_figure(const char *figure, double value, const char *unit)
{
    printf("{\"figure\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", figure, value, unit);
    fflush(stdout);
}

void bench_figure_goal(const char *figure, double value, const char *unit, double goal)
{
    printf("{\"figure\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"goal\":%.4g,\"met\":%s}\n", figure, value,
           unit, goal, value <= goal ? "true" : "false");
    fflush(stdout);
}

void bench_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}
