/* device/modem/: cards that answer anything. Nothing crashes, nothing goes on for ever, nobody is starved. */
#include "apdu/apdu.h"
#include "apdu/transport.h"
#include "tests/device/modem/modem_bench.h"

#include <string.h>

static struct modem_bench bench;

/* Octets by a seed; not random, so that a failure can be seen again. */
struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(dice->state >> 33) % sides;
}

static void begin(void (*answer)(void *context, struct span capdu, struct buf *response), void *context)
{
    bench.card.answer = answer;
    bench.card.context = context;
    bench.card.commands = 0;
}

static bool is_fetch(struct span capdu)
{
    return capdu.data[1] == 0x12;
}

/* --- for ever -------------------------------------------------------------------------------------- */

static void more_time_for_ever(void *context, struct span capdu, struct buf *response)
{
    (void)context;
    if (is_fetch(capdu))
        buf_append(response, SPAN("\xD0\x09\x81\x03\x01\x02\x00\x82\x02\x81\x82", 11));
    transport_put_status(response, 0x910B);
}

START_TEST(gives_the_loop_its_turns)
{
    bench_init(&bench);
    bench_start(&bench);
    begin(more_time_for_ever, NULL);
    bench_pass(&bench, 29999);
    ck_assert_uint_eq(fake_clock_settle(bench.clock, 1), 0);
    bench_pass(&bench, 1);
    /* Ten thousand commands in no time, then it has to wait. */
    ck_assert_uint_le(bench.card.commands, 20002);
    ck_assert_uint_ge(bench.card.commands, 19000);
    ck_assert_uint_eq(bench.troubles, 1);
    bench_pass(&bench, 1000);
    ck_assert_uint_eq(bench.troubles, 2);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    bench_free(&bench);
}
END_TEST

static void announces_in_vain(void *context, struct span capdu, struct buf *response)
{
    (void)context;
    transport_put_status(response, is_fetch(capdu) ? SW_NO_DIAGNOSIS : 0x9120);
}

START_TEST(does_not_insist_on_a_refused_fetch)
{
    bench_init(&bench);
    bench_start(&bench);
    begin(announces_in_vain, NULL);
    bench_pass(&bench, 60000);
    ck_assert_uint_eq(bench.card.commands, 4);
    ck_assert_uint_eq(bench.troubles, 2);
    bench_free(&bench);
}
END_TEST

static void more_for_ever(void *context, struct span capdu, struct buf *response)
{
    (void)context;
    (void)capdu;
    transport_put_status(response, 0x6110);
}

static void data_for_ever(void *context, struct span capdu, struct buf *response)
{
    (void)context;
    (void)capdu;
    buf_append(response, SPAN("\x01", 1));
    transport_put_status(response, 0x6101);
}

static void other_lengths_for_ever(void *context, struct span capdu, struct buf *response)
{
    (void)context;
    (void)capdu;
    transport_put_status(response, 0x6C01);
}

static void refreshes_for_ever(void *context, struct span capdu, struct buf *response)
{
    (void)context;
    if (is_fetch(capdu))
        buf_append(response, SPAN("\xD0\x09\x81\x03\x01\x01\x04\x82\x02\x81\x82", 11));
    transport_put_status(response, 0x910B);
}

START_TEST(ends_what_has_no_end)
{
    static void (*const cards[])(void *, struct span, struct buf *) = {more_for_ever, data_for_ever,
                                                                       other_lengths_for_ever};

    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        bench_init(&bench);
        bench_start(&bench);
        begin(cards[i], NULL);
        ck_assert(modem_start(bench.modem));
        bench_settle(&bench);
        ck_assert_uint_lt(bench.card.commands, 30000);
        ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
        bench_free(&bench);
    }
}
END_TEST

START_TEST(limits_resets)
{
    bench_init(&bench);
    bench_start(&bench);
    begin(refreshes_for_ever, NULL);
    bench_pass(&bench, 30000);
    ck_assert_uint_le(modem_figures(bench.modem)->resets, 10001);
    bench_free(&bench);
}
END_TEST

/* --- anything -------------------------------------------------------------------------------------- */

static void put_random(struct dice *dice, struct buf *out, size_t size)
{
    while (size-- > 0)
        buf_append_octet(out, (uint8_t)roll(dice, 256));
}

/* Something like a proactive command: whole objects most of the time. */
static void put_command(struct dice *dice, struct buf *out)
{
    static const uint8_t types[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x13, 0x21, 0x26,
                                    0x27, 0x40, 0x40, 0x41, 0x42, 0x43, 0x44};
    static const uint8_t tags[] = {0x84, 0x99, 0x24, 0xA5, 0x35, 0xB6, 0x37, 0x39, 0xBC, 0x3E, 0x47, 0x8B};
    static const char *const opens[] = {"B50103B9020578BC030201BBBE0521C0000201",
                                        "350103390200403C030100353E0521C0000201"};
    struct proactive_command command = {.number = 1,
                                        .type = types[roll(dice, sizeof(types))],
                                        .qualifier = (uint8_t)roll(dice, 12),
                                        .destination = (uint8_t)(0x20 + roll(dice, 10))};
    struct buf objects = {0};

    if (command.type == PROACTIVE_OPEN_CHANNEL && roll(dice, 2) == 0)
        buf_append_hex(&objects, opens[roll(dice, 2)], NULL);
    for (unsigned i = roll(dice, 4); i > 0; i--) {
        size_t size = roll(dice, 9);

        buf_append_octet(&objects, tags[roll(dice, sizeof(tags))]);
        buf_append_octet(&objects, (uint8_t)size);
        put_random(dice, &objects, size - (size > 0 && roll(dice, 30) == 0));
    }
    command.objects = buf_span(&objects);
    proactive_build(out, &command);
    if (roll(dice, 20) == 0 && out->size > 2)
        out->data[roll(dice, (unsigned)out->size)] = (uint8_t)roll(dice, 256);
    buf_free(&objects);
}

static void answer_anything(void *context, struct span capdu, struct buf *response)
{
    static const uint16_t words[] = {0x9000, 0x9000, 0x9110, 0x91FF, 0x9100, 0x6110, 0x6C08,
                                     0x6A82, 0x9300, 0x9E10, 0x9F10, 0x6310, 0x6F00, 0x0000};
    struct dice *dice = context;

    if (is_fetch(capdu) && roll(dice, 10) > 0)
        put_command(dice, response);
    else if (roll(dice, 3) == 0)
        put_random(dice, response, roll(dice, 300));
    transport_put_status(response, words[roll(dice, sizeof(words) / sizeof(words[0]))]);
}

/* The network does something too. */
static void stir(struct dice *dice)
{
    static uint8_t octets[2000];
    struct air_channel *channel = &bench.air->channels[roll(dice, FAKE_CHANNELS)];

    if (channel->is_used) {
        switch (roll(dice, 4)) {
        case 0:
            fake_air_open(channel);
            break;
        case 1:
            fake_air_drop(channel, "gone");
            break;
        default:
            fake_air_receive(channel, SPAN(octets, roll(dice, sizeof(octets))));
            break;
        }
    }
    switch (roll(dice, 6)) {
    case 0:
        fake_air_reject(bench.air, (uint8_t)roll(dice, 20));
        break;
    case 1:
        fake_air_deliver(bench.air, SPAN(octets, roll(dice, 300)));
        break;
    default:
        fake_air_set(bench.air, roll(dice, 3) > 0 ? AIR_NORMAL : (enum air_service)roll(dice, 4),
                     (enum air_technology)roll(dice, 6));
        break;
    }
}

START_TEST(survives_any_card)
{
    for (uint64_t seed = 1; seed <= 300 / TEST_SHARE; seed++) {
        struct dice dice = {seed};

        bench_init(&bench);
        bench.settings.habits = roll(&dice, 2) == 0 ? 0 : roll(&dice, 1u << 12);
        bench.settings.buffer = roll(&dice, 2000);
        if (roll(&dice, 4) == 0) {
            bench.settings.active_seconds = 5;
            bench.settings.sleep_seconds = 60;
            bench.settings.suspends = roll(&dice, 2) == 0;
        }
        bench_start(&bench);
        begin(answer_anything, &dice);
        if (roll(&dice, 2) == 0)
            ck_assert(modem_start(bench.modem));
        for (unsigned i = 0; i < 20; i++) {
            stir(&dice);
            fake_clock_settle(bench.clock, 50);
            bench_pass(&bench, roll(&dice, 5000));
        }
        bench_free(&bench);
    }
}
END_TEST

TEST_MAIN("modem hostile", gives_the_loop_its_turns, does_not_insist_on_a_refused_fetch, ends_what_has_no_end,
          limits_resets, survives_any_card)
