/*
 * Decoding and validating a profile package, as a card does once at the end of a download. Usage: saip
 * PACKAGE….
 */
#include "profiles/saip/saip.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS    20
#define PER_ROUND 200
/* Microseconds per package. */
#define GOAL 1000.0

static void decode(struct span der)
{
    struct saip_package package;
    struct saip_failure failure;

    if (!saip_decode(der, &package, &failure))
        bench_fail("the package is refused: %s", failure.reason);
    saip_free(&package);
}

static void read_package(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    uint8_t block[4096];
    size_t n;

    if (file == NULL)
        bench_fail("cannot open %s", path);
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        buf_append(out, SPAN(block, n));
    fclose(file);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct buf package = {0};
        double rounds[ROUNDS];
        char figure[64];
        const char *name = strrchr(argv[i], '/');

        read_package(argv[i], &package);
        for (size_t round = 0; round < ROUNDS; round++) {
            double begin = bench_now(CLOCK_THREAD_CPUTIME_ID);

            for (size_t j = 0; j < PER_ROUND; j++)
                decode(buf_span(&package));
            rounds[round] = (bench_now(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e6 / PER_ROUND;
        }
        snprintf(figure, sizeof(figure), "saip_decode_%.40s", name != NULL ? name + 1 : argv[i]);
        bench_figure_goal(figure, bench_percentile(rounds, ROUNDS, 50), "us", GOAL);
        buf_free(&package);
    }
    return 0;
}
