/*
 * GetEID in process: what one exchange costs when nothing but the library runs. Over T=1 that is one command;
 * over T=0 a pair, STORE DATA and GET RESPONSE. Usage: get_eid CARD-FILE.
 */
#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "euicc/softeuicc.h"
#include "tests/bench/bench.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS    40
#define PER_ROUND 5000
/* Microseconds per exchange. */
#define GOAL 2.0

static const uint8_t select_isdr[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                      0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00, 0x00};
static const uint8_t get_eid[] = {0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00};
static const uint8_t get_response[] = {0x00, 0xC0, 0x00, 0x00, 0x15};

static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
static size_t rapdu_size;

static void transmit(struct softeuicc *card, const uint8_t *capdu, size_t size)
{
    softeuicc_transmit(card, capdu, size, rapdu, &rapdu_size);
}

static void exchange(struct softeuicc *card, bool t0)
{
    transmit(card, get_eid, t0 ? sizeof(get_eid) - 1 : sizeof(get_eid));
    if (t0)
        transmit(card, get_response, sizeof(get_response));
}

/* BF3E 12 5A 10 EID 9000, and the EID is the card's. */
static void check_answer(struct softeuicc *card)
{
    char digits[33];

    if (rapdu_size != 23 || memcmp(rapdu, "\xBF\x3E\x12\x5A\x10", 5) != 0 ||
        memcmp(rapdu + 21, "\x90\x00", 2) != 0)
        bench_fail("GetEID was not answered");
    if (strcmp(hex_from_span(SPAN(rapdu + 5, 16), digits, sizeof(digits)), softeuicc_eid(card)) != 0)
        bench_fail("GetEID answered another EID");
}

static double measure(struct softeuicc *card, bool t0)
{
    double rounds[ROUNDS];
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t atr_size;

    softeuicc_set_protocol(card, t0 ? SOFTEUICC_T0 : SOFTEUICC_T1);
    softeuicc_reset(card, SOFTEUICC_COLD, atr, &atr_size);
    transmit(card, select_isdr, sizeof(select_isdr) - (t0 ? 1 : 0));
    for (size_t round = 0; round < ROUNDS; round++) {
        double begin = bench_now(CLOCK_MONOTONIC);

        for (size_t i = 0; i < PER_ROUND; i++)
            exchange(card, t0);
        rounds[round] = (bench_now(CLOCK_MONOTONIC) - begin) / PER_ROUND * 1e6;
        check_answer(card);
    }
    return bench_percentile(rounds, ROUNDS, 50);
}

int main(int argc, char **argv)
{
    struct softeuicc_error error = {0};
    struct softeuicc *card = argc == 2 ? softeuicc_open(argv[1], NULL, &error) : NULL;

    if (card == NULL)
        bench_fail("%s", argc == 2 ? error.message : "usage: get_eid CARD-FILE");
    bench_figure_goal("get_eid_t1", measure(card, false), "us", GOAL);
    bench_figure_goal("get_eid_t0_pair", measure(card, true), "us", GOAL);
    softeuicc_close(card);
    return 0;
}
