/*
 * READ BINARY of the enabled profile in process: what a read costs when nothing but the library runs, over
 * T=0. Usage: read_binary CARD-FILE; a profile of the card is enabled.
 */
#include "euicc/softeuicc.h"
#include "tests/bench/bench.h"

#include <string.h>

#define ROUNDS    40
#define PER_ROUND 5000
/* Microseconds per command. */
#define GOAL 1.0

static const uint8_t select_iccid[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0x2F, 0xE2};
static const uint8_t read_iccid[] = {0x00, 0xB0, 0x00, 0x00, 0x0A};

static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
static size_t rapdu_size;

static void transmit(struct softeuicc *card, const uint8_t *capdu, size_t size)
{
    softeuicc_transmit(card, capdu, size, rapdu, &rapdu_size);
}

/* Ten octets of an ICCID, which begins 89 (telecommunication) with its digits swapped, and 9000. */
static void check_answer(void)
{
    if (rapdu_size != 12 || rapdu[0] != 0x98 || memcmp(rapdu + 10, "\x90\x00", 2) != 0)
        bench_fail("READ BINARY of EF ICCID was not answered; is a profile enabled?");
}

int main(int argc, char **argv)
{
    struct softeuicc_error error = {0};
    struct softeuicc *card = argc == 2 ? softeuicc_open(argv[1], NULL, &error) : NULL;
    double rounds[ROUNDS];
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t atr_size;

    if (card == NULL)
        bench_fail("%s", argc == 2 ? error.message : "usage: read_binary CARD-FILE");
    softeuicc_reset(card, SOFTEUICC_COLD, atr, &atr_size);
    transmit(card, select_iccid, sizeof(select_iccid));
    for (size_t round = 0; round < ROUNDS; round++) {
        double begin = bench_now(CLOCK_MONOTONIC);

        for (size_t i = 0; i < PER_ROUND; i++)
            transmit(card, read_iccid, sizeof(read_iccid));
        rounds[round] = (bench_now(CLOCK_MONOTONIC) - begin) / PER_ROUND * 1e6;
        check_answer();
    }
    bench_figure_goal("read_binary", bench_percentile(rounds, ROUNDS, 50), "us", GOAL);
    softeuicc_close(card);
    return 0;
}
