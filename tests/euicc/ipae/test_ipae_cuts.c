/*
 * A managed life of a card with an IPAe whose power goes at every change of its storage: an order to enable
 * another profile, on a network that is there or on one that is not, with a terminal that serves REFRESH and
 * without. Whenever it happens, the card ends where it would have without it, and the eIM has heard of it.
 */
#include "euicc/ipae/ipae.h"
#include "euicc/lifecycle/marking.h"
#include "tests/support/cut_vfs.h"
#include "tests/support/ipa.h"

#include <stdio.h>

#define MINUTE            ((int64_t)60 * 1000)
#define FILE_NAME         "card.db"
#define ENABLE_B_ROLLBACK "A30E 5A0A 98940000000000000052 0500"

struct life {
    struct ipa_bench ipa;
    struct cut_disk *disk;
    struct softeuicc_hooks hooks;
    struct ipae_carrier carrier;
    struct buf answer;
    bool is_answered;
    bool refreshes; /* the terminal serves REFRESH */
    int64_t now;
};

/* --- the network -------------------------------------------------------------------------------------- */

static bool carrier_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char *why)
{
    struct life *life = context;

    (void)eim;
    (void)why;
    buf_clear(&life->answer);
    life->is_answered =
        !cut_disk_is_off(life->disk) && ipa_bench_eim(&life->ipa, message->octets, &life->answer);
    return true;
}

static enum ipae_carried carrier_take(void *context, struct buf *answer, char *why)
{
    struct life *life = context;

    buf_append(answer, buf_span(&life->answer));
    snprintf(why, IPAE_WHY_MAX, "no network");
    return life->is_answered ? IPAE_ANSWERED : IPAE_UNREACHABLE;
}

static int64_t carrier_next(void *context)
{
    (void)context;
    return 0;
}

static void carrier_drop(void *context)
{
    (void)context;
}

/* --- the device --------------------------------------------------------------------------------------- */

static int64_t life_now(void *context)
{
    return ((const struct life *)context)->now;
}

static uint16_t command(struct life *life, const char *octets)
{
    return terminal_command(&life->ipa.es10.terminal, hex(octets), test_buf());
}

static void start(struct life *life)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(life->ipa.es10.card, SOFTEUICC_COLD, atr, &size);
    life->ipa.es10.terminal = (struct terminal){.card = life->ipa.es10.card, .block = 255};
    life->now += 5000;
    if (life->refreshes)
        (void)command(life, "80100000 03 000080");
}

static void insert(struct life *life)
{
    struct softeuicc_error error;

    life->ipa.es10.card = softeuicc_open(FILE_NAME, &life->hooks, &error);
    ck_assert_msg(life->ipa.es10.card != NULL, "%s", error.message);
    ipae_set_carrier(life->ipa.es10.card, &life->carrier);
    start(life);
}

/* The card's power comes back if it was cut. */
static bool lives(struct life *life)
{
    if (!cut_disk_is_off(life->disk))
        return true;
    softeuicc_close(life->ipa.es10.card);
    cut_disk_power_on(life->disk);
    insert(life);
    return false;
}

/* What is announced is done: a REFRESH, with the reset that it asks for. */
static bool serve(struct life *life)
{
    if (command(life, "80F2000C") != 0x910B || !lives(life))
        return false;
    (void)command(life, "80120000 0B");
    (void)command(life, "80140000 0C 8103010104 82028281 830100");
    if (lives(life))
        start(life);
    return true;
}

/* Until nothing is left to do for now. */
static void run(struct life *life)
{
    for (unsigned turns = 0; turns < 300; turns++) {
        int64_t next = softeuicc_next_wakeup(life->ipa.es10.card);

        if (next >= 0 && next <= life->now)
            softeuicc_wake(life->ipa.es10.card);
        else if (!serve(life) && lives(life))
            return;
        (void)lives(life);
    }
    ck_abort_msg("it never rests");
}

/* --- lives -------------------------------------------------------------------------------------------- */

static void open_life(struct life *life)
{
    *life = (struct life){.now = INT64_C(1700000000000)};
    ipa_bench_open(&life->ipa);
    softeuicc_close(life->ipa.es10.card);
    life->disk = cut_disk_new();
    life->hooks =
        (struct softeuicc_hooks){.context = life, .now = life_now, .storage = cut_disk_name(life->disk)};
    life->carrier = (struct ipae_carrier){life, carrier_begin, carrier_take, carrier_next, carrier_drop};
    life->ipa.es10.card = test_card_on(FILE_NAME, life->ipa.es10.cis, 1, 0, &life->hooks);
    es10_install(&life->ipa.es10, &(struct es10_profile){.iccid = BENCH_A});
    es10_install(&life->ipa.es10, &(struct es10_profile){.iccid = BENCH_B});
    test_eim_associate(&life->ipa.eim, life->ipa.es10.card, false, SPAN_NONE);
    life->ipa.es10.terminal = terminal_start(life->ipa.es10.card, SOFTEUICC_COLD);
    es10(&life->ipa.es10, "BF31 11 A00C 5A0A %s 8101FF", es10_iccid(BENCH_A));
    ck_assert(ipae_insert(life->ipa.es10.card, false) && nvm_commit(life->ipa.es10.card->nvm));
    softeuicc_close(life->ipa.es10.card);
    ipa_bench_order(&life->ipa, &life->ipa.eim, 0xA0, ENABLE_B_ROLLBACK);
}

static void close_life(struct life *life)
{
    life->ipa.es10.card = NULL;
    cut_disk_free(life->disk);
    buf_free(&life->answer);
    ipa_bench_close(&life->ipa);
}

/* One life on a copy of the disk, whose power goes at this change (0: never). Returns the changes there were.
 */
static uint64_t live(struct life *life, uint64_t cut, enum cut_mode mode)
{
    struct cut_disk *whole = life->disk;
    const char *enabled = life->ipa.dark != NULL ? BENCH_A : BENCH_B;
    uint64_t changes;

    life->disk = cut_disk_copy(whole);
    life->hooks.storage = cut_disk_name(life->disk);
    life->ipa.queue_head = life->ipa.taken_count = 0;
    insert(life);
    changes = cut_disk_changes(life->disk);
    cut_disk_arm(life->disk, cut, mode);
    for (unsigned hours = 0; hours < 3; hours++) {
        run(life);
        life->now += 11 * MINUTE; /* a result that waits for the network is given up */
        run(life);
        life->now += 15 * MINUTE;
    }
    run(life);
    changes = cut_disk_changes(life->disk) - changes;
    ck_assert_msg(es10_state(&life->ipa.es10, enabled) == 1, "cut %llu %s: the wrong profile is enabled",
                  (unsigned long long)cut, cut_mode_name(mode));
    ck_assert_msg(life->ipa.queue_head == 1, "cut %llu %s: the eIM has no result", (unsigned long long)cut,
                  cut_mode_name(mode));
    ck_assert(!marking_waits(life->ipa.es10.card));
    ck_assert_int_eq(nvm_figure(life->ipa.es10.card->nvm, "SELECT count(*) FROM package_result", NVM_NONE),
                     0);
    softeuicc_close(life->ipa.es10.card);
    cut_disk_free(life->disk);
    life->disk = whole;
    return changes;
}

/* In sanitizer builds a share of the cuts. */
static void live_with_every_cut(bool refreshes, const char *dark)
{
    struct life life;
    uint64_t changes;

    open_life(&life);
    life.refreshes = refreshes;
    life.ipa.dark = dark;
    changes = live(&life, 0, CUT_LOST);
    ck_assert_uint_gt(changes, 20);
    for (uint64_t cut = 1; cut <= changes; cut += TEST_SHARE)
        live(&life, cut, cut / TEST_SHARE % 2 == 0 ? CUT_LOST : CUT_TORN);
    close_life(&life);
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
