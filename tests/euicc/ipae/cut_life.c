/* The life of a card with an IPAe whose power may go. See cut_life.h. */
#include "tests/euicc/ipae/cut_life.h"

#include "euicc/ipae/ipae.h"

#include <stdio.h>

#define MINUTE    ((int64_t)60 * 1000)
#define FILE_NAME "card.db"

/* --- the network -------------------------------------------------------------------------------------- */

static bool is_asked(struct cut_life *life, const struct ipa_message *message)
{
    if (cut_disk_is_off(life->disk))
        return false;
    if (message->peer == IPA_PEER_EIM)
        return ipa_bench_eim(&life->ipa, message->octets, &life->answer);
    return life->server != NULL && life->server(life, message->octets, &life->answer);
}

static bool carrier_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char *why)
{
    struct cut_life *life = context;

    (void)eim;
    (void)why;
    buf_clear(&life->answer);
    life->is_answered = is_asked(life, message);
    return true;
}

static enum ipae_carried carrier_take(void *context, struct buf *answer, char *why)
{
    struct cut_life *life = context;

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
    return ((const struct cut_life *)context)->now;
}

static uint16_t command(struct cut_life *life, const char *octets)
{
    return terminal_command(&life->ipa.es10.terminal, hex(octets), test_buf());
}

static void cut_life_start(struct cut_life *life)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    softeuicc_reset(life->ipa.es10.card, SOFTEUICC_COLD, atr, &size);
    life->ipa.es10.terminal = (struct terminal){.card = life->ipa.es10.card, .block = 255};
    life->now += 5000;
    if (life->refreshes)
        (void)command(life, "80100000 03 000080");
}

static void insert(struct cut_life *life)
{
    struct softeuicc_error error;

    life->ipa.es10.card = softeuicc_open(FILE_NAME, &life->hooks, &error);
    ck_assert_msg(life->ipa.es10.card != NULL, "%s", error.message);
    ipae_set_carrier(life->ipa.es10.card, &life->carrier);
    cut_life_start(life);
}

/* The card's power comes back if it was cut. */
static bool lives(struct cut_life *life)
{
    if (!cut_disk_is_off(life->disk))
        return true;
    softeuicc_close(life->ipa.es10.card);
    cut_disk_power_on(life->disk);
    insert(life);
    return false;
}

/* What is announced is done: a REFRESH, with the reset that it asks for. */
static bool serve(struct cut_life *life)
{
    if (command(life, "80F2000C") != 0x910B || !lives(life))
        return false;
    (void)command(life, "80120000 0B");
    (void)command(life, "80140000 0C 8103010104 82028281 830100");
    if (lives(life))
        cut_life_start(life);
    return true;
}

/* Until nothing is left to do for now. */
static void run(struct cut_life *life)
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

void cut_life_open(struct cut_life *life, const struct test_ci *ci)
{
    struct es10_bench *bench = &life->ipa.es10;

    *life = (struct cut_life){.now = INT64_C(1700000000000)};
    if (ci != NULL)
        ipa_bench_open_under(&life->ipa, ci);
    else
        ipa_bench_open(&life->ipa);
    softeuicc_close(bench->card);
    life->disk = cut_disk_new();
    life->hooks =
        (struct softeuicc_hooks){.context = life, .now = life_now, .storage = cut_disk_name(life->disk)};
    life->carrier =
        (struct ipae_carrier){life, carrier_begin, carrier_take, carrier_next, carrier_drop, carrier_drop};
    bench->card = test_card_on(FILE_NAME, bench->cis, 1, 0, &life->hooks);
    es10_install(bench, &(struct es10_profile){.iccid = BENCH_A});
    es10_install(bench, &(struct es10_profile){.iccid = BENCH_B});
    test_eim_associate(&life->ipa.eim, bench->card, false, SPAN_NONE);
    bench->terminal = terminal_start(bench->card, SOFTEUICC_COLD);
    es10(bench, "BF31 11 A00C 5A0A %s 8101FF", es10_iccid(BENCH_A));
}

void cut_life_close(struct cut_life *life)
{
    cut_disk_free(life->disk);
    buf_free(&life->answer);
    ipa_bench_close(&life->ipa);
}

/* From now on it has its IPAe, and a test no card. */
static void give_away(struct cut_life *life)
{
    struct softeuicc *card = life->ipa.es10.card;

    if (card == NULL)
        return;
    ck_assert(ipae_insert(card, false) && nvm_commit(card->nvm));
    softeuicc_close(card);
    life->ipa.es10.card = NULL;
    life->whole = life->disk;
}

uint64_t cut_life_live(struct cut_life *life, uint64_t cut, enum cut_mode mode)
{
    uint64_t changes;

    life->disk = cut_disk_copy(life->whole);
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
    return cut_disk_changes(life->disk) - changes;
}

void cut_life_end(struct cut_life *life)
{
    softeuicc_close(life->ipa.es10.card);
    life->ipa.es10.card = NULL;
    cut_disk_free(life->disk);
    life->disk = life->whole;
}

void cut_life_at_every_change(struct cut_life *life,
                              uint64_t (*live)(struct cut_life *life, uint64_t cut, enum cut_mode mode))
{
    uint64_t changes;

    give_away(life);
    changes = live(life, 0, CUT_LOST);
    ck_assert_uint_gt(changes, 20);
    for (uint64_t cut = 1; cut <= changes; cut += TEST_SHARE)
        (void)live(life, cut, cut / TEST_SHARE % 2 == 0 ? CUT_LOST : CUT_TORN);
}
