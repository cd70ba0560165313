/*
 * What an eUICC Package with one enable costs the card's processor, against the one verification and the one
 * signature that it cannot do without. Only the time inside softeuicc_transmit counts; the two primitives are
 * counted and timed where the card calls them, in the same packages (the linker's --wrap puts the clock in
 * between). Usage: package_cpu CARD-FILE, which must not exist.
 */
#include "tests/bench/bench.h"

#include "crypto/ec.h"
#include "euicc/profile/profile_store.h"
#include "tests/support/package.h"
#include "tests/support/switches.h"

#include <stdio.h>
#include <string.h>

#define PACKAGES       400
#define WARM_UP        20
#define CLOCK_READINGS 20000
/* Card time over primitives. */
#define GOAL 1.5

static bool counting;
static struct {
    double seconds;
    double primitive_seconds;
    unsigned verified, signed_;
} work; /* of one package */

/* Seconds that reading the clock itself takes: it is a system call, and both sides of the ratio are small. */
static double clock_cost;

static void measure_clock(void)
{
    double since = bench_now(CLOCK_THREAD_CPUTIME_ID);

    for (unsigned i = 0; i < CLOCK_READINGS; i++)
        (void)bench_now(CLOCK_THREAD_CPUTIME_ID);
    clock_cost = (bench_now(CLOCK_THREAD_CPUTIME_ID) - since) / CLOCK_READINGS;
}

static double begin(void)
{
    return counting ? bench_now(CLOCK_THREAD_CPUTIME_ID) : 0;
}

static void end(unsigned *count, double since)
{
    if (!counting)
        return;
    work.primitive_seconds += bench_now(CLOCK_THREAD_CPUTIME_ID) - since - clock_cost;
    work.seconds -= 2 * clock_cost;
    (*count)++;
}

bool __real_ec_verify(const struct ec_key *key, const struct span *parts, size_t count,
                      struct span signature);
bool __wrap_ec_verify(const struct ec_key *key, const struct span *parts, size_t count,
                      struct span signature);
bool __wrap_ec_verify(const struct ec_key *key, const struct span *parts, size_t count, struct span signature)
{
    double since = begin();
    bool valid = __real_ec_verify(key, parts, count, signature);

    end(&work.verified, since);
    return valid;
}

bool __real_ec_sign(const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature);
bool __wrap_ec_sign(const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature);
bool __wrap_ec_sign(const struct ec_key *key, const struct span *parts, size_t count, uint8_t *signature)
{
    double since = begin();
    bool done = __real_ec_sign(key, parts, count, signature);

    end(&work.signed_, since);
    return done;
}

static void transmit(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size)
{
    double since;

    counting = true;
    since = begin();
    softeuicc_transmit(context, capdu, capdu_size, rapdu, rapdu_size);
    work.seconds += bench_now(CLOCK_THREAD_CPUTIME_ID) - since - clock_cost;
    counting = false;
}

/* One package, and its result acknowledged, which does not count. */
static void package(struct switches *switches)
{
    memset(&work, 0, sizeof(work));
    switches->terminal.transmit = transmit;
    switches->terminal.context = switches->card;
    switches_one(switches);
    switches->terminal.transmit = NULL;
    switches_acknowledge(switches);
}

int main(int argc, char **argv)
{
    static double card_seconds[PACKAGES], primitive_seconds[PACKAGES], ratios[PACKAGES];
    struct switches switches;

    if (argc != 2)
        bench_fail("usage: package_cpu CARD-FILE");
    measure_clock();
    switches_open(&switches, argv[1], NULL);
    for (unsigned i = 0; i < WARM_UP; i++)
        package(&switches);
    for (unsigned i = 0; i < PACKAGES; i++) {
        package(&switches);
        if (work.verified != 1 || work.signed_ != 1)
            bench_fail("a package had %u verifications and %u signatures", work.verified, work.signed_);
        card_seconds[i] = work.seconds;
        primitive_seconds[i] = work.primitive_seconds;
        ratios[i] = card_seconds[i] / primitive_seconds[i];
    }
    bench_figure("package_enable_card_cpu", bench_percentile(card_seconds, PACKAGES, 50) * 1e6, "us");
    bench_figure("package_enable_primitives_cpu", bench_percentile(primitive_seconds, PACKAGES, 50) * 1e6,
                 "us");
    bench_figure_goal("package_enable_cpu_ratio", bench_percentile(ratios, PACKAGES, 50), "ratio", GOAL);
    switches_close(&switches);
    return 0;
}
