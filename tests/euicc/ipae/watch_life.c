/* A life in which networks come and go. See watch_life.h. */
#include "tests/euicc/ipae/watch_life.h"

#include <stdio.h>
#include <string.h>

/* --- what happens ----------------------------------------------------------------------------------- */

static void life_order(struct life *life, const char *commands)
{
    if (life->bench.ipa.queue_count < IPA_QUEUE_MAX)
        ipa_bench_order(&life->bench.ipa, &life->bench.ipa.eim, PSMO, commands);
}

static void life_reset(struct life *life)
{
    ipae_bench_cold(&life->bench);
}

static void order_a(struct life *life)
{
    life_order(life, "A30C 5A0A" LIFE_A);
}

static void order_b(struct life *life)
{
    life_order(life, "A30C 5A0A" LIFE_B);
}

static void order_a_rollback(struct life *life)
{
    life_order(life, "A30E 5A0A" LIFE_A "0500");
}

static void order_b_rollback(struct life *life)
{
    life_order(life, "A30E 5A0A" LIFE_B "0500");
}

static void by_lpa(struct life *life, const char *request)
{
    (void)es10_send(&life->bench.ipa.es10, hex(request), test_buf());
}

static void lpa_enables_a(struct life *life)
{
    by_lpa(life, "BF3111 A00C 5A0A" LIFE_A "8101FF");
}

static void lpa_enables_b(struct life *life)
{
    by_lpa(life, "BF3111 A00C 5A0A" LIFE_B "8101FF");
}

static void fallback_by_hand(struct life *life)
{
    by_lpa(life, "BF5D03 8001FF");
}

static void return_by_hand(struct life *life)
{
    by_lpa(life, "BF5E03 8001FF");
}

const struct life_event life_events[LIFE_EVENTS] = {
    {"reset", life_reset},
    {"order A", order_a},
    {"order B", order_b},
    {"order A rb", order_a_rollback},
    {"order B rb", order_b_rollback},
    {"LPA A", lpa_enables_a},
    {"LPA B", lpa_enables_b},
    {"fallback", fallback_by_hand},
    {"return", return_by_hand},
};

/* --- the property ------------------------------------------------------------------------------------- */

static bool is_lit(const struct life *life, const char *iccid)
{
    return strcmp(iccid, BENCH_A) == 0 ? !life->bench.dark_a : !life->bench.dark_b;
}

/* Whether a profile that the card can go to by itself has a network. */
static bool could_connect(struct life *life)
{
    struct nvm *nvm = life->bench.ipa.es10.card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm,
                                    "SELECT iccid FROM profile, iot WHERE state = 'enabled' OR"
                                    " profile.id IN (iot.fallback, iot.before_fallback)",
                                    NVM_NONE);
    bool could = false;

    while (nvm_row(nvm, stmt))
        could = is_lit(life, nvm_text(stmt, 0)) || could;
    nvm_done(stmt);
    return could;
}

void life_is_connected_in_time(struct life *life)
{
    struct ipae_bench *bench = &life->bench;
    bool could = could_connect(life);

    bench->ipa.taken_count = 0;
    ipae_bench_pass(bench, LIFE_SET_TIME);
    ck_assert_msg(!could || !could_connect(life) || ipae_bench_taken(bench, 0xBF4F) > 0,
                  "it is without connectivity:%s", life->story);
}

/* --- its beginning ------------------------------------------------------------------------------------ */

/* The SM-DP+ takes every notification. */
static bool takes_all(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    (void)bench;
    (void)message;
    (void)answer;
    return true;
}

void life_begin(struct life *life, const char *fallback)
{
    struct nvm *nvm;

    ipae_bench_open(&life->bench);
    life->bench.ipa.smdp = takes_all;
    life->bench.ipa.relay = true;
    nvm = life->bench.ipa.es10.card->nvm;
    ck_assert(nvm_change(nvm, "UPDATE profile SET fallback_allowed = 1", NVM_NONE) && nvm_commit(nvm));
    life_order(life, fallback);
    ipae_bench_run(&life->bench);
    ck_assert_int_eq(nvm_figure(nvm, "SELECT count(fallback) FROM iot", NVM_NONE),
                     strcmp(fallback, LIFE_NO_FALLBACK) != 0);
}

void life_tell(struct life *life, const char *what)
{
    size_t size = strlen(life->story);

    snprintf(life->story + size, sizeof(life->story) - size, " %s", what);
}
