/*
 * Installing a profile package, from decoding to the commit, on a card in a file. The rows of its files are
 * made when a terminal first sees the profile: the reset that does it is measured as well. Each round
 * installs, enables, resets and deletes. Usage: install CARD-FILE PACKAGE; no profile of the card has the
 * package's ICCID, and none is enabled.
 */
#include "apdu/tlv.h"
#include "euicc/os/card.h"
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/profile_install.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 40
/* Milliseconds per installation. */
#define GOAL 5.0

static void commit(struct softeuicc *card)
{
    if (!nvm_commit(card->nvm))
        bench_fail("the card file cannot be written");
}

static void install(struct softeuicc *card, struct span der)
{
    struct saip_package package;
    struct saip_failure failure;
    struct profile_metadata metadata;
    struct profile_installation what = {.metadata = &metadata, .package = &package, .preloaded = true};
    struct buf octets = {0};
    uint8_t isdp_aid[ISDP_AID_SIZE];
    size_t offset;
    size_t at;

    if (!saip_decode(der, &package, &failure))
        bench_fail("the package is refused: %s", failure.reason);
    at = tlv_open(&octets, 0xBF25);
    tlv_put(&octets, 0x5A, SPAN_ARRAY(package.iccid));
    tlv_put_string(&octets, 0x91, "bench");
    tlv_put_string(&octets, 0x92, "bench");
    tlv_close(&octets, at);
    if (!profile_metadata_parse(buf_span(&octets), &metadata, &offset) ||
        profile_install(card, &what, isdp_aid) != PROFILE_INSTALLED)
        bench_fail("the package is not installed");
    commit(card);
    buf_free(&octets);
    saip_free(&package);
}

/* Enables or disables the package's profile. */
static void set_state(struct softeuicc *card, struct span der, enum profile_state state)
{
    struct saip_package package;
    struct saip_failure failure;
    struct profile profile = {0};

    if (!saip_decode(der, &package, &failure) ||
        !profile_by_iccid(card, SPAN_ARRAY(package.iccid), &profile) ||
        !profile_set_state(card, profile.id, state))
        bench_fail("the profile's state does not change");
    profile_clear(&profile);
    saip_free(&package);
    commit(card);
}

/* Milliseconds of a reset. */
static double reset(struct softeuicc *card)
{
    double begin = bench_now(CLOCK_MONOTONIC);
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(card, SOFTEUICC_COLD, atr, &size);
    return (bench_now(CLOCK_MONOTONIC) - begin) * 1e3;
}

static void remove_last(struct softeuicc *card, struct span der)
{
    struct saip_package package;
    struct saip_failure failure;
    struct profile profile = {0};

    if (!saip_decode(der, &package, &failure) ||
        !profile_by_iccid(card, SPAN_ARRAY(package.iccid), &profile) || !profile_delete(card, profile.id))
        bench_fail("the profile is not deleted");
    profile_clear(&profile);
    saip_free(&package);
    commit(card);
    nvm_idle(card->nvm);
}

int main(int argc, char **argv)
{
    static uint8_t der[65536];
    struct softeuicc_error error = {0};
    struct softeuicc *card = argc == 3 ? softeuicc_open(argv[1], NULL, &error) : NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    double rounds[ROUNDS];
    double cpu[ROUNDS];
    double showings[ROUNDS];
    double both[ROUNDS];
    size_t size;

    if (card == NULL || file == NULL)
        bench_fail("%s", argc == 3 && card == NULL ? error.message : "usage: install CARD-FILE PACKAGE");
    size = fread(der, 1, sizeof(der), file);
    fclose(file);
    for (size_t round = 0; round < ROUNDS; round++) {
        double begin = bench_now(CLOCK_MONOTONIC);
        double begin_cpu = bench_now(CLOCK_THREAD_CPUTIME_ID);

        install(card, SPAN(der, size));
        cpu[round] = (bench_now(CLOCK_THREAD_CPUTIME_ID) - begin_cpu) * 1e3;
        rounds[round] = (bench_now(CLOCK_MONOTONIC) - begin) * 1e3;
        set_state(card, SPAN(der, size), PROFILE_ENABLED);
        showings[round] = reset(card);
        both[round] = rounds[round] + showings[round];
        set_state(card, SPAN(der, size), PROFILE_DISABLED);
        remove_last(card, SPAN(der, size));
        reset(card);
    }
    bench_figure_goal("install_decode_to_commit", bench_percentile(rounds, ROUNDS, 50), "ms", GOAL);
    bench_figure("install_first_showing", bench_percentile(showings, ROUNDS, 50), "ms");
    bench_figure_goal("install_with_first_showing", bench_percentile(both, ROUNDS, 50), "ms", GOAL);
    bench_figure("install_decode_to_commit_cpu", bench_percentile(cpu, ROUNDS, 50), "ms");
    softeuicc_close(card);
    return 0;
}
