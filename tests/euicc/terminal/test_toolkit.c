/* euicc/terminal/toolkit.c: a REFRESH from its making to its end. */
#include "euicc/terminal/toolkit.h"
#include "tests/support/es10.h"

#include <stdio.h>

#define A  "89490000000000000017"
#define B  "89490000000000000025"
#define A_ "98940000000000000071"
#define B_ "98940000000000000052"

#define ENABLE(iccid, flag) "BF3111 A00C 5A0A " iccid " 8101" flag

#define TERMINAL_PROFILE "80100000 03 000080"
#define FETCH            "80120000 0B"
#define RESPONSE_OK      "80140000 0C 8103010104 82028281 830100"

static uint16_t command(struct es10_bench *bench, const char *capdu, struct buf *response)
{
    buf_clear(response);
    return terminal_command(&bench->terminal, hex(capdu), response);
}

static uint16_t request(struct es10_bench *bench, const char *octets, struct buf *response)
{
    buf_clear(response);
    return es10_send(bench, hex(octets), response);
}

static void open_with_two(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = A});
    es10_install(bench, &(struct es10_profile){.iccid = B});
}

START_TEST(a_reader_that_says_nothing_sees_no_toolkit)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x9000);
    ck_assert_hex(buf_span(&response), "BF3103 800100");
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x9000);
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x6985);
    ck_assert_uint_eq(command(&bench, RESPONSE_OK, &response), 0x6985);
    /* Nor one that does not serve REFRESH. */
    ck_assert_uint_eq(command(&bench, "80100000 03 FFFF7F", &response), 0x9000);
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "80100000 02 FFFF", &response), 0x9000);
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x9000);
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x6985);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(a_refresh_is_announced_fetched_and_answered)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    ck_assert_uint_eq(command(&bench, TERMINAL_PROFILE, &response), 0x9000);
    ck_assert(!toolkit_session_active(bench.card));
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "00"), &response), 0x9000); /* not asked for */
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x910B);
    ck_assert_hex(buf_span(&response), "BF3103 800100");
    ck_assert(toolkit_session_active(bench.card));
    /* It is announced until it is fetched, by whatever succeeds. */
    ck_assert_uint_eq(request(&bench, "BF3E03 5C015A", &response), 0x910B);
    ck_assert_uint_eq(request(&bench, "BF3E00", &response), 0x6A80);
    ck_assert_uint_eq(command(&bench, RESPONSE_OK, &response), 0x6985); /* too early */
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x9000);
    ck_assert_hex(buf_span(&response), "D009 8103010104 82028182");
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x6985);
    ck_assert_uint_eq(request(&bench, "BF3E03 5C015A", &response), 0x9000);
    ck_assert(toolkit_session_active(bench.card));
    ck_assert_uint_eq(command(&bench, RESPONSE_OK, &response), 0x9000);
    ck_assert(!toolkit_session_active(bench.card));
    /* And again. */
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x910B);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(responses_must_be_to_the_command)
{
    static const char *const bad[] = {
        "80140000 0C 8103020104 82028281 830100", /* number */
        "80140000 0C 8103012104 82028281 830100", /* type */
        "80140000 0C 8103010101 82028281 830100", /* qualifier */
        "80140000 0B 81020101 82028281 830100",    "80140000 0B 8103010104 82028281 8300",
        "80140000 09 8103010104 82028281",         "80140000 08 8103010104 830100",
        "80140000 0C 8103010104 82028281 8302 00",
    };
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TERMINAL_PROFILE, &response);
    request(&bench, ENABLE(A_, "FF"), &response);
    command(&bench, FETCH, &response);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(command(&bench, bad[i], &response) == 0x6A80, "%s", bad[i]);
    ck_assert_uint_eq(command(&bench, "80140100 0C 8103010104 82028281 830100", &response), 0x6B00);
    ck_assert(toolkit_session_active(bench.card));
    /* Any lasting result ends the session; the comprehension bits may be clear. */
    ck_assert_uint_eq(command(&bench, "80140000 0D 0103010104 02028281 03023001", &response), 0x9000);
    ck_assert(!toolkit_session_active(bench.card));
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(a_busy_terminal_is_asked_again_when_it_polls)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TERMINAL_PROFILE, &response);
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x910B);
    for (unsigned attempt = 1; attempt <= 3; attempt++) {
        ck_assert_uint_eq(command(&bench, FETCH, &response), 0x9000);
        ck_assert_hex(buf_span(&response), "D009 8103010104 82028182");
        /* "currently unable": busy. Nothing is announced before the terminal polls,
         * nor may anything begin. */
        ck_assert_uint_eq(command(&bench, "80140000 0D 8103010104 82028281 83022002", &response), 0x9000);
        if (attempt == 3)
            break;
        ck_assert(!toolkit_session_active(bench.card));
        ck_assert_uint_eq(command(&bench, FETCH, &response), 0x6985);
        ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x9000);
        ck_assert_hex(buf_span(&response), "BF3103 800105"); /* catBusy */
        ck_assert_uint_eq(command(&bench, "80F2000C", &response), 0x910B);
    }
    ck_assert(!toolkit_session_active(bench.card));
    ck_assert_uint_eq(command(&bench, "80F2000C", &response), 0x9000);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

#define STATE_CHANGE_SERVED                                                                                  \
    "80100000 22 000080 000000000000000000000000000000000000000000000000000000000000 20"

/* REFRESH (eUICC profile state change): the terminal answers, and sees the other profile without a reset. */
START_TEST(a_profile_state_change_needs_no_reset)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf before = {0};

    open_with_two(&bench);
    request(&bench, ENABLE(A_, "00"), &response);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    command(&bench, STATE_CHANGE_SERVED, &response);
    ck_assert_uint_eq(command(&bench, "00A40004022FE2", &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "00B000000A", &before), 0x9000);
    ck_assert_hex(buf_span(&before), A_);
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x910B);
    ck_assert_uint_eq(command(&bench, "00B000000A", &response), 0x910B);
    ck_assert_hex(buf_span(&response), A_); /* not before the terminal knows */
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x9000);
    ck_assert_hex(buf_span(&response), "D009 8103010109 82028182");
    ck_assert_uint_eq(command(&bench, "80140000 0C 8103010109 82028281 830100", &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "00B000000A", &response), 0x6986); /* nothing stays selected */
    ck_assert_uint_eq(command(&bench, "00A40004022FE2", &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "00B000000A", &response), 0x9000);
    ck_assert_hex(buf_span(&response), B_);
    /* The ISD-R's channel is as it was. */
    ck_assert_uint_eq(request(&bench, "BF3E03 5C015A", &response), 0x9000);
    buf_free(&response);
    buf_free(&before);
    es10_close(&bench);
}
END_TEST

START_TEST(a_refused_mode_is_followed_by_a_reset)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, STATE_CHANGE_SERVED, &response);
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x910B);
    command(&bench, FETCH, &response);
    ck_assert_uint_eq(command(&bench, "80140000 0D 8103010109 82028281 83023000", &response), 0x910B);
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x9000);
    ck_assert_hex(buf_span(&response), "D009 8103010104 82028182");
    ck_assert_uint_eq(command(&bench, "80140000 0D 8103010104 82028281 83023000", &response), 0x9000);
    ck_assert(!toolkit_session_active(bench.card));
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

#define TIMERS_SERVED "80100000 08 000080 00000000 01"
#define BUSY          "80140000 0D 8103010104 82028281 83022002"
#define TIMER_STARTED "80140000 0C 8103012700 82028281 830100"
#define EXPIRED(id)   "80C20000 0E D70C 82028281 A401" id "A503000003"

START_TEST(a_timer_brings_a_busy_terminal_back)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TIMERS_SERVED, &response);
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x910B);
    command(&bench, FETCH, &response);
    ck_assert_uint_eq(command(&bench, BUSY, &response), 0x9113);
    ck_assert_uint_eq(command(&bench, "80120000 13", &response), 0x9000);
    ck_assert_hex(buf_span(&response), "D011 8103012700 82028182 240101 2503000003"); /* half a minute */
    ck_assert_uint_eq(command(&bench, TIMER_STARTED, &response), 0x9000);
    ck_assert(!toolkit_session_active(bench.card)); /* a timer that runs is no session */
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x9000);
    ck_assert_hex(buf_span(&response), "BF3103 800105"); /* but the REFRESH is still to come */
    ck_assert_uint_eq(command(&bench, EXPIRED("02"), &response), 0x9000); /* none of ours */
    ck_assert_uint_eq(command(&bench, EXPIRED("01"), &response), 0x910B);
    ck_assert_uint_eq(command(&bench, FETCH, &response), 0x9000);
    ck_assert_hex(buf_span(&response), "D009 8103010104 82028182");
    /* A timer that the terminal cannot start: there is still its STATUS. */
    ck_assert_uint_eq(command(&bench, BUSY, &response), 0x9113);
    command(&bench, "80120000 13", &response);
    ck_assert_uint_eq(command(&bench, "80140000 0D 8103012700 82028281 83022000", &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "80F2000C", &response), 0x910B);
    command(&bench, FETCH, &response);
    ck_assert_uint_eq(command(&bench, BUSY, &response), 0x9000); /* the third time is the last */
    ck_assert(!toolkit_session_active(bench.card));
    ck_assert_uint_eq(command(&bench, EXPIRED("01"), &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "80C20000 0B D709 82028281 A503000003", &response), 0x6A80);
    ck_assert_uint_eq(command(&bench, "80C20000 0E D70C 82028381 A40101 A503000003", &response), 0x6A80);
    ck_assert_uint_eq(command(&bench, "80C20000 0D D70B 82028281 A40101 A5020000", &response), 0x6A80);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* What no other attempt will change ends the command at once: TS 102 223 8.12. */
START_TEST(every_general_result_has_its_consequence)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TERMINAL_PROFILE, &response);
    for (unsigned result = 0; result < 0x40; result++) {
        bool again = result == 0x20 || result == 0x21 || result == 0x26;
        bool a_was_enabled = es10_state(&bench, A) == 1;
        char answer[64];

        ck_assert_uint_eq(request(&bench, a_was_enabled ? ENABLE(B_, "FF") : ENABLE(A_, "FF"), &response),
                          0x910B);
        command(&bench, FETCH, &response);
        snprintf(answer, sizeof(answer), "80140000 0D 8103010104 82028281 8302%02X00", result);
        ck_assert_uint_eq(command(&bench, answer, &response), 0x9000);
        ck_assert_msg(!toolkit_session_active(bench.card), "%02X", result);
        ck_assert_msg((es10_state(&bench, A) == 1) == (result < 0x10 ? !a_was_enabled : a_was_enabled),
                      "%02X", result);
        if (again)
            bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
        if (again)
            command(&bench, TERMINAL_PROFILE, &response);
    }
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(short_messages_are_queued)
{
    struct es10_bench bench;
    struct buf response = {0};
    uint8_t long_one[260] = {0};

    open_with_two(&bench);
    ck_assert(!toolkit_send_short_message(bench.card, hex("4100"))); /* before TERMINAL PROFILE */
    command(&bench, TERMINAL_PROFILE, &response);
    ck_assert(!toolkit_send_short_message(bench.card, hex("4100"))); /* not served */
    command(&bench, "80100000 04 00008002", &response);
    ck_assert(!toolkit_send_short_message(bench.card, SPAN_ARRAY(long_one)));
    for (unsigned i = 0; i < 8; i++)
        ck_assert(toolkit_send_short_message(bench.card, SPAN(&(uint8_t){(uint8_t)i}, 1)));
    ck_assert(!toolkit_send_short_message(bench.card, hex("4100")));
    ck_assert(!toolkit_request_refresh(bench.card));
    ck_assert_uint_eq(toolkit_status(bench.card, SW_OK), 0x910E);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(command(&bench, "80120000 0E", &response), 0x9000);
        ck_assert_uint_eq(response.data[13], i);
        ck_assert_uint_eq(command(&bench, "80140000 0C 8103011300 82028281 830100", &response),
                          i < 7 ? 0x910E : 0x9000);
    }
    ck_assert(!toolkit_session_active(bench.card));
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(a_reset_ends_everything)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TERMINAL_PROFILE, &response);
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x910B);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    ck_assert(!toolkit_session_active(bench.card));
    ck_assert_int_eq(es10_state(&bench, A), 1); /* the change is stored */
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x9000);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(memory_reset_refreshes_when_it_takes_the_enabled_profile)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TERMINAL_PROFILE, &response);
    request(&bench, ENABLE(A_, "00"), &response);
    ck_assert_uint_eq(request(&bench, "BF3404 82020780", &response), 0x910B);
    ck_assert_hex(buf_span(&response), "BF3403 800100");
    ck_assert_int_eq(es10_state(&bench, B), -1);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(a_change_that_is_not_stored_refreshes_nobody)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    command(&bench, TERMINAL_PROFILE, &response);
    ck_assert(toolkit_request_refresh(bench.card));
    ck_assert(!toolkit_request_refresh(bench.card));
    ck_assert_uint_eq(toolkit_status(bench.card, SW_MEMORY_FAILURE), SW_MEMORY_FAILURE);
    ck_assert(!toolkit_session_active(bench.card));
    ck_assert_uint_eq(toolkit_status(bench.card, SW_OK), SW_OK);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* One command as class A0 has it: the answer is what leaves the card, 9FXX not followed. */
static struct span sim(struct es10_bench *bench, const char *capdu)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size;

    softeuicc_transmit(bench->card, hex(capdu).data, hex(capdu).size, rapdu, &size);
    return SPAN(rapdu, size);
}

START_TEST(class_a0_has_the_toolkit)
{
    static const struct {
        const char *capdu, *answer;
    } refusals[] = {{"A012000001", "6F00"},     {"A014000003810301", "6F00"},  {"A010000103000080", "6B00"},
                    {"A010000000", "6700"},     {"A012010001", "6B00"},        {"A0C2000002C100", "6F00"},
                    {"A0C2000102D600", "6B00"}, {"A0C2000004D6021900", "6F00"}};
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        ck_assert_hex(sim(&bench, refusals[i].capdu), refusals[i].answer);
    ck_assert_hex(sim(&bench, "A010000003000080"), "9000");
    ck_assert_hex(sim(&bench, "A0C2000009 D607 190103 82028281"), "9000");
    ck_assert_uint_eq(request(&bench, ENABLE(A_, "FF"), &response), 0x910B);
    ck_assert_hex(sim(&bench, "A012000010"), "670B");
    ck_assert_hex(sim(&bench, "A01200000B"), "D0098103010104820281829000");
    ck_assert_hex(sim(&bench, "A01200000B"), "6F00");
    ck_assert_hex(sim(&bench, "A01400000C810301010582028281830100"), "6F00");
    ck_assert_hex(sim(&bench, "A01400000C810301010482028281830100"), "9000");
    ck_assert(!toolkit_session_active(bench.card));
    /* A SIM's commands announce it as well. */
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    ck_assert_hex(sim(&bench, "A010000003000080"), "9000");
    ck_assert_hex(sim(&bench, "A0AA000005A903830107"), "6D00");
    ck_assert_hex(sim(&bench, "A070000001"), "6D00");
    ck_assert_uint_eq(request(&bench, ENABLE(B_, "FF"), &response), 0x910B);
    ck_assert_hex(sim(&bench, "A0FA000000"), "910B");
    ck_assert_hex(sim(&bench, "A0A40000023F00"), "9F16");
    ck_assert_uint_eq(sim(&bench, "A0C0000016").data[0x16], 0x91);
    ck_assert_hex(sim(&bench, "A01200000B"), "D0098103010104820281829000");
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(parameters_are_checked)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_two(&bench);
    ck_assert_uint_eq(command(&bench, "80100001 03 000080", &response), 0x6B00);
    ck_assert_uint_eq(command(&bench, "80100000", &response), 0x6700);
    ck_assert_uint_eq(command(&bench, "80120100 0B", &response), 0x6B00);
    ck_assert_uint_eq(command(&bench, "80120000", &response), 0x6700);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("toolkit", a_reader_that_says_nothing_sees_no_toolkit, a_refresh_is_announced_fetched_and_answered,
          responses_must_be_to_the_command, a_busy_terminal_is_asked_again_when_it_polls,
          a_profile_state_change_needs_no_reset, a_refused_mode_is_followed_by_a_reset,
          a_timer_brings_a_busy_terminal_back, every_general_result_has_its_consequence,
          short_messages_are_queued, a_reset_ends_everything,
          memory_reset_refreshes_when_it_takes_the_enabled_profile,
          a_change_that_is_not_stored_refreshes_nobody, class_a0_has_the_toolkit, parameters_are_checked)
