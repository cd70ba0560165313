/*
 * What a terminal is asked by a card with an IPAe whose network is its host's: where the device is and
 * nothing else, if it has the toolkit; and polls that wait for its answers, but not for ever.
 */
#include "apdu/proactive.h"
#include "euicc/ipae/ipae.h"
#include "tests/support/ipa.h"

#include <stdio.h>
#include <string.h>

#define STATUS   "80F2000C"
#define NOW      INT64_C(1700000000000)
#define SECOND   INT64_C(1000)
#define GRACE    (5 * SECOND)  /* for a TERMINAL PROFILE */
#define PATIENCE (30 * SECOND) /* for an answer */

/* TERMINAL PROFILE. */
#define CHANNELS_ONLY "80100000 0C 000080 0000000000000000 0F"
#define EVERYTHING    "80100000 22 2300E842111C00078000001FE260000043C0000000000000D0000000000000000720"

#define NO_SERVICE "80C20000 0C D60A 990103 82028281 9B0102"
#define EVENTS     "0500 82028182 9903030B12"

struct bench {
    struct ipa_bench ipa;
    struct softeuicc *card;
    int64_t now;
    uint16_t status; /* of the last command */
};

static int64_t bench_now(void *context)
{
    return ((const struct bench *)context)->now;
}

static bool host_open(void *context, unsigned channel, enum softeuicc_transport transport, const char *host,
                      uint16_t port)
{
    (void)channel;
    (void)transport;
    (void)host;
    (void)port;
    (void)context;
    return true;
}

static bool host_send(void *context, unsigned channel, const uint8_t *octets, size_t size)
{
    (void)context;
    (void)channel;
    (void)octets;
    (void)size;
    return true;
}

static void host_close(void *context, unsigned channel)
{
    (void)context;
    (void)channel;
}

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.now = NOW};
    ipa_bench_open(&bench->ipa);
    bench->card = bench->ipa.es10.card;
    bench->card->hooks.now = bench_now;
    bench->card->hooks.context = bench;
    bench->card->hooks.bearer = (struct softeuicc_bearer){bench, host_open, host_send, host_close};
    ck_assert(ipae_insert(bench->card, false) && nvm_commit(bench->card->nvm) && ipae_load(bench->card));
    bench->ipa.es10.terminal = terminal_start(bench->card, SOFTEUICC_COLD);
}

static void close_bench(struct bench *bench)
{
    ipa_bench_close(&bench->ipa);
}

static uint16_t command(struct bench *bench, const char *octets)
{
    bench->status = terminal_command(&bench->ipa.es10.terminal, hex(octets), test_buf());
    return bench->status;
}

static void wake_at(struct bench *bench, int64_t time)
{
    bench->now = NOW + time;
    softeuicc_wake(bench->card);
}

static uint16_t fetch(struct bench *bench, struct buf *fetched)
{
    char capdu[20];

    snprintf(capdu, sizeof(capdu), "80120000 %02X", bench->status & 0xFF);
    return terminal_command(&bench->ipa.es10.terminal, hex(capdu), fetched);
}

/* The command that was announced is this one, from its type on. */
static void fetches(struct bench *bench, const char *expected)
{
    struct buf *fetched = test_buf();
    struct span inside;

    ck_assert_uint_eq(bench->status & 0xFF00, 0x9100);
    ck_assert_uint_eq(fetch(bench, fetched), 0x9000);
    ck_assert_int_eq(tlv_single(buf_span(fetched), 0xD0, &inside), TLV_OK);
    ck_assert(span_begins_with(inside, hex("810301")));
    ck_assert_span(SPAN(inside.data + 3, inside.size - 3), hex(expected));
}

/* TERMINAL RESPONSE to a command of this type and qualifier. */
static uint16_t answers(struct bench *bench, const char *type, const char *rest)
{
    char capdu[300];

    snprintf(capdu, sizeof(capdu), "80140000 %02zX 810301%s 82028281 %s", 9 + hex(rest).size, type, rest);
    return command(bench, capdu);
}

static uint64_t count(struct bench *bench, const char *name)
{
    struct ipae_tally tally;

    for (size_t i = 0; ipae_look_count(bench->card, i, &tally); i++)
        if (strcmp(tally.name, name) == 0)
            return tally.ever;
    ck_abort_msg("%s is not counted", name);
}

/* Polls that are over: the eIM has no address here, so that one is as soon as it may begin. */
static unsigned polls(struct bench *bench)
{
    return (unsigned)count(bench, "polls");
}

static struct ipae_facts facts(struct bench *bench)
{
    struct ipae_facts facts;

    ck_assert(ipae_look(bench->card, &facts));
    ck_assert_str_eq(facts.network, "host");
    return facts;
}

/* --- who is asked what -------------------------------------------------------------------------------- */

/* The poll comes when it has told all of it. */
START_TEST(asks_where_the_device_is)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    fetches(&bench, EVENTS);
    answers(&bench, "0500", "830100");
    fetches(&bench, "2601 82028182");
    answers(&bench, "2601", "830100 1408 1A32547698103254");
    fetches(&bench, "2603 82028182");
    answers(&bench, "2603", "830100 2607321141223102FF");
    fetches(&bench, "2600 82028182");
    ck_assert_uint_eq(polls(&bench), 0);
    ck_assert_uint_eq(answers(&bench, "2600", "830100 1309 62F210 0001 0000001F"), 0x9000);
    ck_assert_uint_eq(polls(&bench), 1);
    ck_assert_str_eq(facts(&bench).imei, "123456789012345");
    ck_assert_uint_eq(count(&bench, "proactive_commands"), 4);
    ck_assert_uint_eq(count(&bench, "commands"), 8);
    close_bench(&bench);
}
END_TEST

/* Neither who has no toolkit, nor who does nothing of what is wanted. */
START_TEST(asks_nobody_in_vain)
{
    static const char *const profiles[] = {NULL, CHANNELS_ONLY, "80100000 01 00"};

    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        struct bench bench;

        open_bench(&bench);
        if (profiles[i] != NULL)
            ck_assert_uint_eq(command(&bench, profiles[i]), 0x9000);
        ck_assert_uint_eq(polls(&bench), profiles[i] != NULL);
        if (profiles[i] == NULL)
            ck_assert_int_eq(softeuicc_next_wakeup(bench.card), NOW + GRACE);
        wake_at(&bench, GRACE);
        ck_assert_uint_eq(polls(&bench), 1);
        ck_assert_uint_eq(command(&bench, STATUS), 0x9000);
        ck_assert_uint_eq(count(&bench, "proactive_commands"), 0);
        ck_assert_uint_eq(count(&bench, "commands"), 0);
        close_bench(&bench);
    }
}
END_TEST

/* What somebody without the toolkit says of a network is not believed. */
START_TEST(believes_only_who_has_the_toolkit)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, "80C20000 15 D613 990103 82028281 9B0100 9307 62F210 0001 0001");
    ck_assert_uint_eq(count(&bench, "commands"), 0);
    command(&bench, NO_SERVICE);
    softeuicc_wake(bench.card);
    ck_assert_int_eq(facts(&bench).lost_since, 0);
    wake_at(&bench, GRACE);
    ck_assert_uint_eq(polls(&bench), 1);
    close_bench(&bench);
}
END_TEST

START_TEST(a_terminal_without_service_has_lost_it)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const types[] = {"0500", "2601", "2603"};

        ck_assert_uint_eq(fetch(&bench, test_buf()), 0x9000);
        answers(&bench, types[i], "830132");
    }
    ck_assert_uint_eq(fetch(&bench, test_buf()), 0x9000);
    answers(&bench, "2600", "830106"); /* limited service */
    ck_assert_int_eq(facts(&bench).lost_since, NOW);
    ck_assert_uint_eq(polls(&bench), 0); /* the poll waits a minute for a network */
    ck_assert_int_eq(softeuicc_next_wakeup(bench.card), NOW + 60 * SECOND);
    wake_at(&bench, 60 * SECOND);
    ck_assert_uint_eq(polls(&bench), 1);
    close_bench(&bench);
}
END_TEST

/* --- how long it is waited for ------------------------------------------------------------------------ */

/* One that has the toolkit by its own word, and never fetches or answers. */
START_TEST(polls_without_an_answer)
{
    for (unsigned fetched = 0; fetched < 2; fetched++) {
        struct bench bench;

        open_bench(&bench);
        command(&bench, EVERYTHING);
        if (fetched != 0)
            fetches(&bench, EVENTS);
        ck_assert_int_eq(softeuicc_next_wakeup(bench.card), NOW + PATIENCE);
        wake_at(&bench, PATIENCE - 1);
        ck_assert_uint_eq(polls(&bench), 0);
        wake_at(&bench, PATIENCE);
        ck_assert_uint_eq(polls(&bench), 1);
        /* The question is taken back, and nothing more is asked. */
        ck_assert_uint_eq(fetched != 0 ? answers(&bench, "0500", "830100") : fetch(&bench, test_buf()),
                          0x6985);
        ck_assert_uint_eq(command(&bench, STATUS), 0x9000);
        ck_assert_int_gt(softeuicc_next_wakeup(bench.card), bench.now + PATIENCE);
        /* But by the next TERMINAL PROFILE. */
        command(&bench, EVERYTHING);
        fetches(&bench, EVENTS);
        close_bench(&bench);
    }
}
END_TEST

/* Patience is with each answer. */
START_TEST(waits_for_who_answers_slowly)
{
    static const char *const types[] = {"0500", "2601", "2603", "2600"};
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(polls(&bench), 0);
        ck_assert_int_eq(softeuicc_next_wakeup(bench.card), bench.now + PATIENCE);
        ck_assert_uint_eq(fetch(&bench, test_buf()), 0x9000);
        bench.now += PATIENCE - 1;
        softeuicc_wake(bench.card);
        answers(&bench, types[i], "830132");
    }
    ck_assert_uint_eq(polls(&bench), 1);
    close_bench(&bench);
}
END_TEST

START_TEST(a_clock_that_is_set_back)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    wake_at(&bench, -3600 * SECOND);
    ck_assert_uint_eq(polls(&bench), 1);
    close_bench(&bench);
}
END_TEST

/* After a reset nothing of that is left. */
START_TEST(a_reset_while_it_waits)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    bench.ipa.es10.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert_int_eq(softeuicc_next_wakeup(bench.card), NOW + GRACE);
    ck_assert_uint_eq(command(&bench, STATUS), 0x9000);
    wake_at(&bench, GRACE);
    ck_assert_uint_eq(polls(&bench), 1);
    close_bench(&bench);
}
END_TEST

TEST_MAIN("ipae lent", asks_where_the_device_is, asks_nobody_in_vain, believes_only_who_has_the_toolkit,
          a_terminal_without_service_has_lost_it, polls_without_an_answer, waits_for_who_answers_slowly,
          a_clock_that_is_set_back, a_reset_while_it_waits)
