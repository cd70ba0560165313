/* An application of the card that asks things of the terminal (toolkit.h): what it is told, and where its
 * command stands in the queue. */
#include "euicc/terminal/toolkit.h"
#include "tests/support/es10.h"

#include <string.h>

#define A                "89490000000000000017"
#define ENABLE_A         "BF3111 A00C 5A0A 98940000000000000071 8101FF"
#define TERMINAL_PROFILE "80100000 08 000080 00000000 01"
#define STATUS           "80F2000C"
#define MORE_TIME_DONE   "80140000 0C 8103010200 82028281 830100"

/* What it was told, in the order of its calls. */
struct application_bench {
    struct es10_bench es10;
    struct toolkit_application application;
    char told[100];
    uint8_t result, event;
    struct buf objects;
};

static void note(void *context, const char *what)
{
    char *told = ((struct application_bench *)context)->told;

    ck_assert_uint_lt(strlen(told) + strlen(what) + 1, sizeof(((struct application_bench *)context)->told));
    strcat(told, what);
}

static void on_ready(void *context)
{
    note(context, "ready ");
}

static void on_spent(void *context, uint8_t instruction, uint8_t type, bool is_asked)
{
    (void)type;
    note(context, is_asked ? "" : "others' ");
    note(context, instruction == INS_FETCH ? "fetch " : "response ");
}

static void on_answered(void *context, const struct proactive_response *response)
{
    note(context, "answered ");
    ((struct application_bench *)context)->result = response->result;
}

static void on_event(void *context, uint8_t event, struct span objects)
{
    struct application_bench *bench = context;

    note(bench, "event ");
    bench->event = event;
    buf_clear(&bench->objects);
    buf_append(&bench->objects, objects);
}

static void on_timer_expired(void *context)
{
    note(context, "timer ");
}

static void on_polled(void *context)
{
    note(context, "polled ");
}

static void open_application(struct application_bench *bench)
{
    *bench = (struct application_bench){.told = ""};
    es10_open(&bench->es10, 1, 0);
    es10_install(&bench->es10, &(struct es10_profile){.iccid = A});
    bench->application = (struct toolkit_application){bench,    on_ready,         on_spent, on_answered,
                                                      on_event, on_timer_expired, on_polled};
    ck_assert(toolkit_serve(bench->es10.card, &bench->application));
}

static void close_application(struct application_bench *bench)
{
    buf_free(&bench->objects);
    es10_close(&bench->es10);
}

static uint16_t command(struct application_bench *bench, const char *capdu, struct buf *response)
{
    return terminal_command(&bench->es10.terminal, hex(capdu), response);
}

static bool ask(struct application_bench *bench, uint8_t type)
{
    const struct proactive_command command = {.type = type, .destination = PROACTIVE_TERMINAL};

    return toolkit_ask(bench->es10.card, &command);
}

START_TEST(asks_and_is_answered)
{
    struct application_bench bench;
    struct buf *fetched = test_buf();

    open_application(&bench);
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert(!toolkit_is_asking(bench.es10.card));
    ck_assert(ask(&bench, PROACTIVE_MORE_TIME));
    ck_assert(toolkit_is_asking(bench.es10.card));
    ck_assert(!ask(&bench, PROACTIVE_POLLING_OFF)); /* one thing at a time */
    ck_assert_uint_eq(command(&bench, STATUS, test_buf()), 0x910B);
    ck_assert_uint_eq(command(&bench, "80120000 0B", fetched), 0x9000);
    ck_assert_span(buf_span(fetched), hex("D009 8103010200 82028182"));
    ck_assert(!ask(&bench, PROACTIVE_POLLING_OFF));
    ck_assert_uint_eq(command(&bench, "80140000 0D 8103010200 82028281 83022004", test_buf()), 0x9000);
    ck_assert_str_eq(bench.told, "ready polled fetch response answered ");
    ck_assert_uint_eq(bench.result, PROACTIVE_TERMINAL_BUSY); /* which is not tried again by itself */
    ck_assert(!toolkit_is_asking(bench.es10.card));
    ck_assert_uint_eq(command(&bench, STATUS, test_buf()), 0x9000);
    ck_assert(ask(&bench, PROACTIVE_POLLING_OFF));
    close_application(&bench);
}
END_TEST

/* A REFRESH ends what is done over the network: what is asked goes before one that was not announced yet. */
START_TEST(asks_before_a_refresh)
{
    struct application_bench bench;
    struct buf *fetched = test_buf();

    open_application(&bench);
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert(toolkit_request_refresh(bench.es10.card));
    ck_assert(ask(&bench, PROACTIVE_MORE_TIME));
    ck_assert_uint_eq(command(&bench, STATUS, test_buf()), 0x910B);
    ck_assert_uint_eq(command(&bench, "80120000 0B", fetched), 0x9000);
    ck_assert_span(buf_span(fetched), hex("D009 8103010200 82028182"));
    ck_assert_uint_eq(command(&bench, MORE_TIME_DONE, test_buf()), 0x910B);
    buf_clear(fetched);
    ck_assert_uint_eq(command(&bench, "80120000 0B", fetched), 0x9000);
    ck_assert_span(buf_span(fetched), hex("D009 8103010104 82028182"));
    close_application(&bench);
}
END_TEST

/* … and behind one that the terminal knows of. */
START_TEST(asks_behind_a_refresh_that_was_announced)
{
    struct application_bench bench;
    struct buf *fetched = test_buf();

    open_application(&bench);
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert_uint_eq(es10_send(&bench.es10, hex(ENABLE_A), test_buf()), 0x910B);
    ck_assert(ask(&bench, PROACTIVE_MORE_TIME));
    ck_assert_uint_eq(command(&bench, "80120000 0B", fetched), 0x9000);
    ck_assert_span(buf_span(fetched), hex("D009 8103010104 82028182"));
    ck_assert_uint_eq(command(&bench, "80140000 0C 8103010104 82028281 830100", test_buf()), 0x910B);
    close_application(&bench);
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
    static const uint8_t octets[246];
    const struct proactive_command large = {
        .type = PROACTIVE_SEND_DATA, .destination = PROACTIVE_CHANNEL + 1, .objects = SPAN_ARRAY(octets)};
    struct application_bench bench;

    open_application(&bench);
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert(!toolkit_ask(bench.es10.card, &large));
    ck_assert(!toolkit_is_asking(bench.es10.card));
    ck_assert(ask(&bench, PROACTIVE_MORE_TIME));
    close_application(&bench);
}
END_TEST

START_TEST(is_told_what_the_terminal_tells)
{
    struct application_bench bench;

    open_application(&bench);
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert_uint_eq(command(&bench, "80C20000 10 D60E 990109 82028281 B8028100 B70105", test_buf()),
                      0x9000);
    ck_assert_uint_eq(bench.event, EVENT_DATA_AVAILABLE);
    ck_assert_span(buf_span(&bench.objects), hex("B8028100 B70105"));
    ck_assert_uint_eq(command(&bench, "80C20000 0E D70C 82028281 A40102 A503000001", test_buf()), 0x9000);
    ck_assert_uint_eq(command(&bench, "80C20000 0E D70C 82028281 A40101 A503000001", test_buf()), 0x9000);
    ck_assert_str_eq(bench.told, "ready event timer ");
    /* What is no event. */
    ck_assert_uint_eq(command(&bench, "80C20000 05 D603 990109", test_buf()), 0x6A80);
    ck_assert_uint_eq(command(&bench, "80C20000 0A D608 99020903 82028281", test_buf()), 0x6A80);
    ck_assert_uint_eq(command(&bench, "80C20000 09 D607 990109 82028182", test_buf()), 0x6A80);
    ck_assert_uint_eq(command(&bench, "80C20000 0B D609 990109 82028281 B802", test_buf()), 0x6A80);
    ck_assert_str_eq(bench.told, "ready event timer ");
    close_application(&bench);
}
END_TEST

/* After a reset nothing is asked any more, and nobody is told anything of it. */
START_TEST(is_forgotten_with_a_reset)
{
    struct application_bench bench;

    open_application(&bench);
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert(ask(&bench, PROACTIVE_MORE_TIME));
    bench.es10.terminal = terminal_start(bench.es10.card, SOFTEUICC_COLD);
    ck_assert(!toolkit_is_asking(bench.es10.card));
    ck_assert(!toolkit_serves(bench.es10.card, TOOLKIT_REFRESH));
    ck_assert_str_eq(bench.told, "ready ");
    ck_assert(toolkit_serve(bench.es10.card, NULL));
    command(&bench, TERMINAL_PROFILE, test_buf());
    ck_assert_str_eq(bench.told, "ready ");
    close_application(&bench);
}
END_TEST

TEST_MAIN("toolkit application", asks_and_is_answered, asks_before_a_refresh,
          asks_behind_a_refresh_that_was_announced, refuses_what_does_not_fit,
          is_told_what_the_terminal_tells, is_forgotten_with_a_reset)
