/*
 * A managed life of a card with an IPAe whose power goes at every change of its storage: an order to enable
 * another profile, on a network that is there or on one that is not, with a terminal that serves REFRESH and
 * without. Whenever it happens, the card ends where it would have without it, and the eIM has heard of it.
 */
#include "apdu/tlv.h"
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

/* --- without an order: the network is lost -------------------------------------------------------------- */

static bool was_told_of_fallback(const struct cut_life *life)
{
    for (size_t i = 0; i < ipa_bench_count(&life->ipa, 0xBF4F); i++) {
        struct span content;
        struct span cause;

        ck_assert(tlv_single(ipa_bench_taken(&life->ipa, 0xBF4F, i)->octets, 0xBF4F, &content) == TLV_OK);
        if (tlv_find(content, 0x81, &cause) && cause.data[0] == IPA_CAUSE_FALLBACK)
            return true;
    }
    return false;
}

static uint64_t lose_network(struct cut_life *life, uint64_t cut, enum cut_mode mode)
{
    uint64_t changes = cut_life_live(life, cut, mode);

    ck_assert_msg(es10_state(&life->ipa.es10, BENCH_B) == 1, "cut %llu %s: it has not fallen back",
                  (unsigned long long)cut, cut_mode_name(mode));
    ck_assert_msg(was_told_of_fallback(life), "cut %llu %s: the eIM has not heard of it",
                  (unsigned long long)cut, cut_mode_name(mode));
    ck_assert(!marking_waits(life->ipa.es10.card));
    cut_life_end(life);
    return changes;
}

/* A has no network; B, to which the card falls back, has. */
static void lose_network_with_every_cut(bool refreshes, const char *return_after)
{
    struct cut_life life;
    struct nvm *nvm;

    cut_life_open(&life, NULL);
    nvm = life.ipa.es10.card->nvm;
    ck_assert(nvm_change(nvm, "UPDATE iot SET fallback = (SELECT max(id) FROM profile)", NVM_NONE) &&
              nvm_change(nvm, "INSERT INTO ipae_setting VALUES ('fallback-after', '', '600')", NVM_NONE) &&
              nvm_change(nvm, "INSERT INTO ipae_setting VALUES ('return-after', '', ?1)",
                         NVM_VALUES(NVM_STRING(return_after))) &&
              nvm_commit(nvm));
    life.refreshes = refreshes;
    life.ipa.dark = BENCH_A;
    cut_life_at_every_change(&life, lose_network);
    cut_life_close(&life);
}

START_TEST(fallen_back)
{
    lose_network_with_every_cut(false, "0");
}
END_TEST

START_TEST(fallen_back_with_a_refresh)
{
    lose_network_with_every_cut(true, "0");
}
END_TEST

/* It returns after 27 minutes, in vain, and falls back again. */
START_TEST(returned_in_vain)
{
    lose_network_with_every_cut(false, "1620");
}
END_TEST

START_TEST(returned_in_vain_with_refreshes)
{
    lose_network_with_every_cut(true, "1620");
}
END_TEST

TEST_MAIN("ipae cuts", fallen_back, fallen_back_with_a_refresh, returned_in_vain,
          returned_in_vain_with_refreshes, at_once, with_a_refresh, rolled_back, rolled_back_with_refreshes)
