/*
 * From starting the program to its ATR: fork, exec, opening the card, connecting to vpcd, power on, ATR.
 * Usage: run_start SOFTEUICC CARD-FILE.
 */
#include "tests/bench/bench.h"
#include "tests/bench/fake_vpcd.h"

#define STARTS 30
/* Milliseconds. */
#define GOAL 20.0

int main(int argc, char **argv)
{
    struct fake_vpcd vpcd;
    struct buf atr = {0};
    double starts[STARTS];

    if (argc != 3)
        bench_fail("usage: run_start SOFTEUICC CARD-FILE");
    fake_vpcd_listen(&vpcd);
    for (size_t i = 0; i < STARTS; i++) {
        double begin = bench_now(CLOCK_MONOTONIC);

        fake_vpcd_start(&vpcd, argv[1], argv[2]);
        fake_vpcd_atr(&vpcd, &atr);
        starts[i] = (bench_now(CLOCK_MONOTONIC) - begin) * 1e3;
        fake_vpcd_stop(&vpcd);
    }
    bench_figure_goal("run_start_to_atr_p50", bench_percentile(starts, STARTS, 50), "ms", GOAL);
    bench_figure("run_start_to_atr_p95", bench_percentile(starts, STARTS, 95), "ms");
    buf_free(&atr);
    return 0;
}
