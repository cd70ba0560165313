/*
 * A thousand profile switches in a row by an eIM, each with rollback granted and two notifications,
 * everything acknowledged: what the card's memory has grown by. Usage: package_switches CARD-FILE, which must
 * not exist.
 */
#include "tests/bench/bench.h"

#include "euicc/os/card.h"
#include "tests/support/switches.h"

#define SWITCHES 1000
/* After this many every page that a switch needs has been there once. */
#define SETTLED 100
/* Octets that the next nine hundred may add. */
#define GOAL 0.0

/* The card's memory: the pages of its database, those that still lie in the write-ahead log included. */
static double size_of(struct switches *switches)
{
    sqlite3_stmt *stmt =
        nvm_select(switches->card->nvm,
                   "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", NVM_NONE);
    double octets;

    if (!nvm_row(switches->card->nvm, stmt))
        bench_fail("no size: %s", nvm_message(switches->card->nvm));
    octets = (double)nvm_int(stmt, 0);
    nvm_done(stmt);
    return octets;
}

static void run(struct switches *switches, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        switches_one(switches);
        switches_acknowledge(switches);
    }
}

int main(int argc, char **argv)
{
    struct switches switches;
    double settled;
    double after;
    double since;

    if (argc != 2)
        bench_fail("usage: package_switches CARD-FILE");
    switches_open(&switches, argv[1], "notify.example.com");
    bench_figure("switches_memory_at_start", size_of(&switches), "octets");
    run(&switches, SETTLED);
    settled = size_of(&switches);
    bench_figure("switches_memory_after_100", settled, "octets");
    since = bench_now(CLOCK_MONOTONIC);
    run(&switches, SWITCHES - SETTLED);
    bench_figure("switches_time_each", (bench_now(CLOCK_MONOTONIC) - since) * 1e6 / (SWITCHES - SETTLED),
                 "us");
    after = size_of(&switches);
    bench_figure("switches_memory_after_1000", after, "octets");
    bench_figure_goal("switches_memory_growth", after - settled, "octets", GOAL);
    switches_close(&switches);
    return 0;
}
