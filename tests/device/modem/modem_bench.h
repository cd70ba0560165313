/* A modem between a fake card and a fake air, with a clock that a test moves. For tests only. */
#ifndef SOFTEUICC_TESTS_DEVICE_MODEM_MODEM_BENCH_H
#define SOFTEUICC_TESTS_DEVICE_MODEM_MODEM_BENCH_H

#include "apdu/proactive.h"
#include "device/modem/modem.h"
#include "tests/device/modem/fake_air.h"
#include "tests/device/modem/fake_card.h"
#include "tests/device/modem/fake_clock.h"
#include "tests/support/test.h"

#define BENCH_START INT64_C(1796083200000) /* 2026-12-01 00:00:00 UTC */

struct modem_bench {
    struct fake_card card;
    struct device_clock *clock;
    struct air *air;
    struct modem *modem;
    struct modem_settings settings;
    struct buf told; /* a line for each event but APDUs */
    unsigned troubles;
};

/* Everything but the modem; settings with an IMEI and nothing else. */
void bench_init(struct modem_bench *bench);
/* Makes the modem, starts it, and lets it run until it waits. What was logged until then is forgotten. */
void bench_start(struct modem_bench *bench);
void bench_free(struct modem_bench *bench);

/* Runs what is due now. */
void bench_settle(struct modem_bench *bench);
void bench_pass(struct modem_bench *bench, int64_t ms);
/* Has the card announce what it has queued, by a STATUS that comes at its time. */
void bench_poll(struct modem_bench *bench);

/* Serves one command, which must be answered at once: the TERMINAL RESPONSE behind its command details and
 * device identities. */
const char *bench_serve(struct modem_bench *bench, uint8_t type, uint8_t qualifier, uint8_t destination,
                        const char *objects);
/* What has been answered since, in the same way. "" without an answer. */
const char *bench_response(struct modem_bench *bench);
/* ENVELOPEs that came since, one per line, each behind its tag and length. */
const char *bench_envelopes(struct modem_bench *bench);

#define ck_assert_serves(bench, type, qualifier, destination, objects, expected)                             \
    ck_assert_str_eq(bench_serve((bench), (type), (qualifier), (destination), (objects)), (expected))

#endif
