/*
 * What a terminal is asked by a card with an IPAe whose network is the terminal's: byte by byte, with a
 * terminal that does all of it, and with those that do less.
 */
#include "apdu/proactive.h"
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_answers.h"
#include "euicc/terminal/toolkit.h"
#include "tests/support/ipa.h"

#include <stdio.h>

#define STATUS "80F2000C"
#define NOW    INT64_C(1700000000000)

/* TERMINAL PROFILE: channels and REFRESH, and what else a test wants. */
#define CHANNELS_ONLY "80100000 0C 000080 0000000000000000 0F"
#define EVERYTHING    "80100000 22 2300E842111C00078000001FE260000043C0000000000000D0000000000000000720"

struct bench {
    struct ipa_bench ipa;
    int64_t now;
    uint16_t status; /* of the last command */
};

static int64_t bench_now(void *context)
{
    return ((const struct bench *)context)->now;
}

/* A poll that reached nobody is made again in a quarter of an hour. */
static void open_bench(struct bench *bench)
{
    static const struct softeuicc_set_value retry = {"retry-after", NULL, "900"};
    struct softeuicc *card;

    *bench = (struct bench){.now = NOW};
    ipa_bench_open(&bench->ipa);
    card = bench->ipa.es10.card;
    card->hooks.now = bench_now;
    card->hooks.context = bench;
    ck_assert(ipae_insert(card, false) && nvm_commit(card->nvm) && ipae_load(card));
    ck_assert_int_eq(softeuicc_set(card, &retry, 1, NULL), SOFTEUICC_OK);
    bench->ipa.es10.terminal = terminal_start(card, SOFTEUICC_COLD);
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

/* The command that was announced is this one, from its type on. */
static void fetches(struct bench *bench, const char *expected)
{
    struct buf *fetched = test_buf();
    char fetch[20];
    struct span inside;

    ck_assert_uint_eq(bench->status & 0xFF00, 0x9100);
    snprintf(fetch, sizeof(fetch), "80120000 %02X", bench->status & 0xFF);
    ck_assert_uint_eq(terminal_command(&bench->ipa.es10.terminal, hex(fetch), fetched), 0x9000);
    ck_assert_int_eq(tlv_single(buf_span(fetched), 0xD0, &inside), TLV_OK);
    ck_assert(span_begins_with(inside, hex("810301")));
    ck_assert_span(SPAN(inside.data + 3, inside.size - 3), hex(expected));
}

/* TERMINAL RESPONSE to a command of this type and qualifier. */
static void answers(struct bench *bench, const char *type, const char *rest)
{
    char capdu[300];

    snprintf(capdu, sizeof(capdu), "80140000 %02zX 810301%s 82028281 %s", 9 + hex(rest).size, type, rest);
    ck_assert_uint_eq(command(bench, capdu) & 0xFE00, 0x9000);
}

/* A timer that wakes the IPAe. */
static void fetches_timer(struct bench *bench, const char *value)
{
    char expected[60];

    snprintf(expected, sizeof(expected), "2700 82028182 240102 2503%s", value);
    fetches(bench, expected);
    answers(bench, "2700", "830100 240102");
}

START_TEST(asks_a_terminal_that_does_everything)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    fetches(&bench, "0500 82028182 9905090A030B12");
    answers(&bench, "0500", "830100");
    fetches(&bench, "2601 82028182");
    answers(&bench, "2601", "830100 1408 1A32547698103254");
    fetches(&bench, "2603 82028182");
    answers(&bench, "2603", "830100 2607321141223102FF");
    fetches(&bench, "2600 82028182");
    answers(&bench, "2600", "830100 1309 62F210 0001 0000001F");
    fetches_timer(&bench,
                  "005100"); /* nothing can be reached, and the next poll is in a quarter of an hour */
    ck_assert_uint_eq(bench.status, 0x9000);
    close_bench(&bench);
}
END_TEST

START_TEST(asks_little_of_a_terminal_that_does_little)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, CHANNELS_ONLY);
    fetches(&bench, "0500 82028182 9902090A");
    answers(&bench, "0500", "830132"); /* and is not asked again */
    ck_assert_uint_eq(bench.status, 0x9000);
    bench.now += 3600 * 1000;
    ck_assert_uint_eq(command(&bench, STATUS), 0x9000);
    close_bench(&bench);
}
END_TEST

START_TEST(asks_a_terminal_without_timers_to_poll)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, "80100000 0C 0000A0 0000000000000000 0F");
    fetches(&bench, "0500 82028182 9902090A");
    answers(&bench, "0500", "830100");
    fetches(&bench, "0300 82028182 8402013C");
    answers(&bench, "0300", "830100 8402013C");
    ck_assert_uint_eq(bench.status, 0x9000);
    close_bench(&bench);
}
END_TEST

#define NO_SERVICE "80C20000 0C D60A 990103 82028281 9B0102"
#define SERVICE    "80C20000 0C D60A 990103 82028281 9B0100"

/* A poll that would find no network waits for one, if the terminal tells when there is one. */
START_TEST(waits_for_a_network)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, EVERYTHING);
    fetches(&bench, "0500 82028182 9905090A030B12");
    answers(&bench, "0500", "830100");
    fetches(&bench, "2601 82028182");
    answers(&bench, "2601", "830132");
    fetches(&bench, "2603 82028182");
    answers(&bench, "2603", "830132");
    fetches(&bench, "2600 82028182");
    answers(&bench, "2600", "830106"); /* limited service */
    fetches_timer(&bench, "001000");   /* for a minute */
    bench.now += 30 * 1000;
    ck_assert_uint_eq(command(&bench, NO_SERVICE), 0x9000);
    bench.now += 30 * 1000;
    command(&bench, STATUS);
    fetches_timer(&bench, "005100"); /* then it was in vain */
    bench.now += 300 * 1000;
    command(&bench, STATUS); /* five minutes are over: it is asked again where it is */
    fetches(&bench, "2600 82028182");
    answers(&bench, "2600", "83022004");
    ck_assert_uint_eq(bench.status, 0x9000);
    command(&bench, SERVICE); /* now it is made up for, in vain again: it waits twice as long */
    fetches_timer(&bench, "000300");
    close_bench(&bench);
}
END_TEST

START_TEST(does_not_wait_for_what_it_is_not_told)
{
    struct bench bench;

    open_bench(&bench);
    command(&bench, "80100000 0C 000080 40 000000 01 000000 0F"); /* location, no event of it */
    fetches(&bench, "0500 82028182 9902090A");
    answers(&bench, "0500", "830100");
    fetches(&bench, "2601 82028182");
    answers(&bench, "2601", "830132");
    fetches(&bench, "2600 82028182");
    answers(&bench, "2600", "830106");
    fetches_timer(&bench, "005100"); /* it has polled */
    close_bench(&bench);
}
END_TEST

START_TEST(is_quiet_without_channels)
{
    static const char *const profiles[] = {"80100000 03 000080", "80100000 0C 2300E842111C000780000007",
                                           "80100000 0C 2300E842111C000780000000", NULL};

    for (size_t i = 0; i < 4; i++) {
        struct bench bench;

        open_bench(&bench);
        if (profiles[i] != NULL)
            ck_assert_uint_eq(command(&bench, profiles[i]), 0x9000);
        bench.now += 3600 * 1000;
        ck_assert_uint_eq(command(&bench, STATUS), 0x9000);
        ck_assert_int_eq(softeuicc_next_wakeup(bench.ipa.es10.card), -1);
        close_bench(&bench);
    }
}
END_TEST

/* With every TERMINAL PROFILE. */
START_TEST(asks_anew_after_a_reset)
{
    struct bench bench;

    open_bench(&bench);
    for (unsigned i = 0; i < 3; i++) {
        command(&bench, CHANNELS_ONLY);
        fetches(&bench, "0500 82028182 9902090A");
        if (i == 0)
            answers(&bench, "0500", "830100");
        bench.ipa.es10.terminal = terminal_start(bench.ipa.es10.card, SOFTEUICC_COLD);
        ck_assert_uint_eq(command(&bench, STATUS), 0x9000);
    }
    close_bench(&bench);
}
END_TEST

/* --- what a terminal tells ------------------------------------------------------------------------------ */

START_TEST(reads_times)
{
    int64_t time = 0;

    ck_assert(ipae_answer_time(hex("2607 32114122310200"), &time));
    ck_assert_int_eq(time, INT64_C(1700000000000));                 /* 2023-11-14 22:13:20 */
    ck_assert(ipae_answer_time(hex("A607 32114122310280"), &time)); /* two hours ahead */
    ck_assert_int_eq(time, INT64_C(1700000000000) - 2 * 3600 * 1000);
    ck_assert(ipae_answer_time(hex("2607 32114122310288"), &time)); /* 8, and a sign: two hours behind */
    ck_assert_int_eq(time, INT64_C(1700000000000) + 2 * 3600 * 1000);
    ck_assert(ipae_answer_time(hex("2607 321141223102FF"), &time)); /* unknown */
    ck_assert_int_eq(time, INT64_C(1700000000000));
}
END_TEST

START_TEST(reads_no_times_that_there_are_not)
{
    static const char *const bad[] = {"",
                                      "2600",
                                      "2606 321141223102",
                                      "2607 321241221302FF" /* the 21st month */,
                                      "2607 322013221302FF" /* 31 February */,
                                      "2607 321141421302FF" /* 24 o'clock */,
                                      "2607 A211412213 02FF",
                                      "2607 3A1141221302FF",
                                      "2607 321141223102A0",
                                      "2607 321141220602FF" /* 60 minutes */,
                                      "2607 321141223106FF" /* 60 seconds */,
                                      "260732114122"};
    int64_t time = 0;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!ipae_answer_time(hex(bad[i]), &time), "%s", bad[i]);
}
END_TEST

START_TEST(reads_imeis_and_places)
{
    char imei[17];
    uint8_t plmn[3];

    ck_assert(ipae_answer_imei(hex("1408 1A32547698103254"), imei));
    ck_assert_str_eq(imei, "123456789012345");
    ck_assert(!ipae_answer_imei(hex("1407 1A325476981032"), imei));
    ck_assert_str_eq(imei, "");
    ck_assert(!ipae_answer_imei(hex("1408 1A325476981032F4"), imei));
    ck_assert(!ipae_answer_imei(SPAN_NONE, imei));
    ck_assert(!ipae_answer_plmn(hex("9309 62F210"), plmn)); /* cut off */
    ck_assert(ipae_answer_plmn(hex("9309 62F210 0001 00000001"), plmn));
    ck_assert_span(SPAN_ARRAY(plmn), hex("62F210"));
    ck_assert(!ipae_answer_plmn(hex("9307 FFFFFF FFFE 0000"), plmn));
    ck_assert(!ipae_answer_plmn(hex("1309 6AF210 0001 00000001"), plmn)); /* a digit that is none */
    ck_assert(!ipae_answer_plmn(hex("1302 62F2"), plmn));
}
END_TEST

TEST_MAIN("ipae terminal", asks_a_terminal_that_does_everything, asks_little_of_a_terminal_that_does_little,
          asks_a_terminal_without_timers_to_poll, waits_for_a_network, does_not_wait_for_what_it_is_not_told,
          is_quiet_without_channels, asks_anew_after_a_reset, reads_times, reads_no_times_that_there_are_not,
          reads_imeis_and_places)
