/* A card with an IPAe for tests: see ipae_bench.h. */
#include "tests/euicc/ipae/ipae_bench.h"

#include "apdu/tlv.h"

#include <stdio.h>
#include <string.h>

/* --- the carrier -------------------------------------------------------------------------------------- */

static bool is_reached(struct ipae_bench *bench, const struct ipa_eim *eim)
{
    bool is_dark = (bench->dark_a && es10_state(&bench->ipa.es10, BENCH_A) == 1) ||
                   (bench->dark_b && es10_state(&bench->ipa.es10, BENCH_B) == 1);

    return !is_dark && (bench->unreached == NULL || strcmp(bench->unreached, eim->id) != 0);
}

static bool carrier_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char *why)
{
    struct ipae_bench *bench = context;

    ck_assert(!nvm_in_transaction(bench->ipa.es10.card->nvm)); /* nothing leaves before it is stored */
    bench->begun++;
    bench->begun_at = bench->now;
    bench->had_protocols = eim->has_protocols;
    buf_clear(&bench->answer);
    bench->is_out = true;
    bench->is_answered =
        is_reached(bench, eim) && ipa_bench_eim(&bench->ipa, message->octets, &bench->answer);
    (void)why;
    return true;
}

static bool is_held(const struct ipae_bench *bench)
{
    return bench->holds != 0 && bench->ipa.taken[bench->ipa.taken_count - 1].tag == bench->holds;
}

/* When it is known that nobody gets it. */
static int64_t silent_until(const struct ipae_bench *bench)
{
    return bench->is_answered ? 0 : bench->begun_at + bench->silence;
}

static enum ipae_carried carrier_take(void *context, struct buf *answer, char *why)
{
    struct ipae_bench *bench = context;

    ck_assert(bench->is_out);
    if (is_held(bench) || bench->now < silent_until(bench))
        return IPAE_UNDER_WAY;
    bench->is_out = false;
    buf_append(answer, buf_span(&bench->answer));
    snprintf(why, IPAE_WHY_MAX, "no network");
    return bench->is_answered ? IPAE_ANSWERED : IPAE_UNREACHABLE;
}

static int64_t carrier_next(void *context)
{
    const struct ipae_bench *bench = context;

    if (is_held(bench))
        return -1;
    return bench->now < silent_until(bench) ? silent_until(bench) : 0;
}

static void carrier_drop(void *context)
{
    struct ipae_bench *bench = context;

    bench->is_out = false;
    bench->dropped++;
}

/* --- the card ---------------------------------------------------------------------------------------- */

static int64_t bench_now(void *context)
{
    return ((const struct ipae_bench *)context)->now;
}

void ipae_bench_cold(struct ipae_bench *bench)
{
    bench->ipa.es10.terminal = terminal_start(bench->ipa.es10.card, SOFTEUICC_COLD);
}

uint16_t ipae_bench_command(struct ipae_bench *bench, const char *octets)
{
    return terminal_command(&bench->ipa.es10.terminal, hex(octets), test_buf());
}

void ipae_bench_open_cold(struct ipae_bench *bench, bool strict)
{
    struct softeuicc *card;

    *bench = (struct ipae_bench){.now = INT64_C(1700000000000)};
    ipa_bench_open(&bench->ipa);
    card = bench->ipa.es10.card;
    bench->carrier =
        (struct ipae_carrier){bench, carrier_begin, carrier_take, carrier_next, carrier_drop, carrier_drop};
    card->hooks.now = bench_now;
    card->hooks.context = bench;
    ck_assert(ipae_insert(card, strict) && nvm_commit(card->nvm) && ipae_load(card));
    ipae_set_carrier(card, &bench->carrier);
    ipae_bench_cold(bench);
}

void ipae_bench_open(struct ipae_bench *bench)
{
    ipae_bench_open_cold(bench, false);
    bench->now += GRACE;
}

void ipae_bench_close(struct ipae_bench *bench)
{
    buf_free(&bench->answer);
    ipa_bench_close(&bench->ipa);
}

void ipae_bench_run(struct ipae_bench *bench)
{
    struct softeuicc *card = bench->ipa.es10.card;

    for (unsigned turns = 0; turns < 1000; turns++) {
        int64_t next = softeuicc_next_wakeup(card);

        if (next < 0 || next > bench->now)
            return;
        softeuicc_wake(card);
    }
    ck_abort_msg("it never rests");
}

size_t ipae_bench_taken(struct ipae_bench *bench, uint32_t tag)
{
    return ipa_bench_count(&bench->ipa, tag);
}

int ipae_bench_cause(struct ipae_bench *bench, size_t index)
{
    struct span content;
    struct span value;

    ck_assert(tlv_single(ipa_bench_taken(&bench->ipa, 0xBF4F, index)->octets, 0xBF4F, &content) == TLV_OK);
    return tlv_find(content, 0x80, &value) && tlv_find(content, 0x81, &value) ? value.data[0] : -1;
}

void ipae_bench_pass(struct ipae_bench *bench, int64_t time)
{
    int64_t until = bench->now + time;

    for (unsigned advances = 0; advances < 10000; advances++) {
        int64_t next;

        ipae_bench_run(bench);
        next = softeuicc_next_wakeup(bench->ipa.es10.card);
        if (next < 0 || next > until) {
            bench->now = until;
            return;
        }
        bench->now = next;
    }
    ck_abort_msg("it is never quiet");
}

void ipae_bench_set(struct ipae_bench *bench, const char *name, const char *eim, const char *value)
{
    const struct softeuicc_set_value set = {name, eim, value};
    struct softeuicc_error why = {SOFTEUICC_OK, ""};

    ck_assert_msg(softeuicc_set(bench->ipa.es10.card, &set, 1, &why) == SOFTEUICC_OK, "%s", why.message);
}
