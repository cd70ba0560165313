/*
 * A managed life of a card with an IPAe whose power goes at every change of its storage: an order to enable
 * another profile, on a network that is there or on one that is not, with a terminal that serves REFRESH and
 * without. Whenever it happens, the card ends where it would have without it, and the eIM has heard of it.
 */
#include "euicc/lifecycle/marking.h"
#include "tests/euicc/ipae/cut_life.h"

#define ENABLE_B_ROLLBACK "A30E 5A0A 98940000000000000052 0500"

static uint64_t live(struct cut_life *life, uint64_t cut, enum cut_mode mode)
{
    const char *enabled = life->ipa.dark != NULL ? BENCH_A : BENCH_B;
    uint64_t changes = cut_life_live(life, cut, mode);

    ck_assert_msg(es10_state(&life->ipa.es10, enabled) == 1, "cut %llu %s: the wrong profile is enabled",
                  (unsigned long long)cut, cut_mode_name(mode));
    ck_assert_msg(life->ipa.queue_head == 1, "cut %llu %s: the eIM has no result", (unsigned long long)cut,
                  cut_mode_name(mode));
    ck_assert(!marking_waits(life->ipa.es10.card));
    ck_assert_int_eq(nvm_figure(life->ipa.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE),
                     0);
    cut_life_end(life);
    return changes;
}

static void live_with_every_cut(bool refreshes, const char *dark)
{
    struct cut_life life;

    cut_life_open(&life, NULL);
    ipa_bench_order(&life.ipa, &life.ipa.eim, PSMO, ENABLE_B_ROLLBACK);
    life.refreshes = refreshes;
    life.ipa.dark = dark;
    cut_life_at_every_change(&life, live);
    cut_life_close(&life);
}

START_TEST(at_once)
{
    live_with_every_cut(false, NULL);
}
END_TEST

START_TEST(with_a_refresh)
{
    live_with_every_cut(true, NULL);
}
END_TEST

START_TEST(rolled_back)
{
    live_with_every_cut(false, BENCH_B);
}
END_TEST

START_TEST(rolled_back_with_refreshes)
{
    live_with_every_cut(true, BENCH_B);
}
END_TEST

TEST_MAIN("ipae cuts", at_once, with_a_refresh, rolled_back, rolled_back_with_refreshes)
