/* device/at: +CSIM, +CCHO, +CCHC and +CGLA. */
#include "apdu/proactive.h"
#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define ISD_R AT_BENCH_ISD_R

static struct at_bench bench;

/* Errors with their numbers. */
static void open_fake(const char *model)
{
    at_bench_fake(&bench, model);
    ck_assert_at(&bench, "AT+CMEE=1", "OK");
}

static void open_euicc(const char *model)
{
    at_bench_euicc(&bench, model, NULL);
    ck_assert_at(&bench, "AT+CMEE=1", "OK");
}

#define ck_assert_log(expected) ck_assert_str_eq(at_bench_log(&bench), (expected))

START_TEST(commands_go_to_the_card_as_they_are)
{
    open_fake("generic");
    at_bench_override(&bench, "00B2", "0102036B00");
    ck_assert_at(&bench, "AT+CSIM=10,\"00b2000000\"", "+CSIM: 10,\"0102036B00\"|OK");
    ck_assert_log("00B2000000");
    ck_assert_at(&bench, "AT+CSIM=10,00B2000001", "+CSIM: 10,\"0102036B00\"|OK");
    ck_assert_at(&bench, "AT+CSIM=8,\"80F20000\"", "+CSIM: 4,\"9000\"|OK");
    ck_assert_log("00B2000001 80F20000");
    at_bench_free(&bench);
}
END_TEST

START_TEST(lengths_are_those_of_the_text)
{
    static const char *const bad[] = {"8,\"00B2000000\"",
                                      "12,\"00B2000000\"",
                                      "5,\"00B2000000\"",
                                      "6,\"00B200\"",
                                      "0,\"\"",
                                      "10,\"00B20000GG\"",
                                      "9,\"00B200000\"",
                                      "\"10\",\"00B2000000\"",
                                      "10",
                                      "10,\"00B2000000\",1",
                                      "10,\"00B2000000",
                                      "",
                                      "-10,\"00B2000000\"",
                                      "131329,\"00\""};

    open_fake("generic");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_str_eq(at_bench_say(&bench, "AT+CSIM=%s", bad[i]), "+CME ERROR: 50");
    ck_assert_log("");
    ck_assert_at(&bench, "AT+CSIM=?", "OK");
    ck_assert_at(&bench, "AT+CSIM?", "ERROR");
    ck_assert_at(&bench, "AT+CSIM", "ERROR");
    at_bench_free(&bench);
}
END_TEST

/* As ModemManager asks for the tries that are left, and lpac opens a channel. */
START_TEST(what_programs_look_for_is_there)
{
    const char *answer;

    open_euicc("generic");
    ck_assert_at(&bench, "AT+CSIM=10,\"0020000100\"", "+CSIM: 4,\"63C3\"|OK");
    ck_assert_at(&bench, "AT+CSIM=10,\"0070000001\"", "+CSIM: 6,\"019000\"|OK");
    answer = at_bench_say(&bench, "AT+CSIM=42,\"01A4040010" ISD_R "\"");
    ck_assert_msg(strncmp(answer, "+CSIM: 4,\"61", 12) == 0, "%s", answer);
    ck_assert_at(&bench, "AT+CSIM=8,\"00708001\"", "+CSIM: 4,\"9000\"|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(sessions_are_opened_and_closed)
{
    open_euicc("generic");
    ck_assert_at(&bench, "AT+CCHO=?;+CCHC=?;+CGLA=?", "OK");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 2|OK");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CCHC=1", "OK");
    ck_assert_log("00708001");
    ck_assert_at(&bench, "AT+CCHC=1", "+CME ERROR: 22");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    ck_assert_at(&bench, "AT+CCHC=2;+CCHC=1", "OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(session_numbers_are_those_given)
{
    static const char *const unknown[] = {
        "0",    "2",   "19",     "20",    "-1", "+1", "1x", "0x1", "18446744073709551617",
        "\"\"", "1 1", "\" 1\"", "\"1 \""};

    open_euicc("generic");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    at_bench_log(&bench);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        ck_assert_str_eq(at_bench_say(&bench, "AT+CCHC=%s", unknown[i]), "+CME ERROR: 22");
        ck_assert_str_eq(at_bench_say(&bench, "AT+CGLA=%s,10,\"80F2000000\"", unknown[i]), "+CME ERROR: 22");
    }
    ck_assert_at(&bench, "AT+CCHC=", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CCHC=1,1", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CGLA=1,10", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CGLA=1,12,\"80F2000000\"", "+CME ERROR: 50");
    ck_assert_log("");
    ck_assert_at(&bench, "AT+CCHC=\"1\"", "OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(identifiers_have_one_to_sixteen_octets)
{
    open_fake("generic");
    ck_assert_at(&bench, "AT+CCHO=", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CCHO=\"\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CCHO=\"A00\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "00\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\",1", "+CME ERROR: 50");
    ck_assert_log("");
    at_bench_override(&bench, "0070", "019000");
    ck_assert_at(&bench, "AT+CCHO=A0", "+CCHO: 1|OK");
    ck_assert_log("0070000001 01A4040001A000");
    at_bench_free(&bench);
}
END_TEST

/* More than there are: 20; and as many as before can be opened once they are closed. */
START_TEST(channels_run_out)
{
    unsigned count = 0;

    open_euicc("generic");
    for (; count < 30; count++)
        if (strncmp(at_bench_say(&bench, "AT+CCHO=\"" ISD_R "\""), "+CCHO: ", 7) != 0)
            break;
    ck_assert_uint_eq(count, 19);
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CME ERROR: 20");
    for (unsigned i = 1; i <= count; i++)
        ck_assert_str_eq(at_bench_say(&bench, "AT+CCHC=%u", i), "OK");
    for (unsigned i = 0; i < count; i++)
        at_bench_say(&bench, "AT+CCHO=\"" ISD_R "\"");
    ck_assert_at(&bench, "AT+CGLA=19,10,\"80CA005A00\"", "+CGLA: 4,\"6D00\"|OK");
    at_bench_free(&bench);
}
END_TEST

/* Which needs more rounds than a card has channels, to see that none leaks. */
START_TEST(what_is_not_there_leaves_no_channel)
{
    open_euicc("generic");
    for (unsigned i = 0; i < 25; i++)
        ck_assert_at(&bench, "AT+CCHO=\"F0000000000001\"", "+CME ERROR: 22");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    at_bench_override(&bench, "02A4", "6985");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CME ERROR: 13");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CCHC=2", "+CME ERROR: 22");
    at_bench_override(&bench, "02A4", NULL);
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 2|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(cards_without_sense_open_nothing)
{
    static const char *const answers[] = {"9000", "009000", "149000", "01029000", "6D00", "6100"};

    open_fake("generic");
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        at_bench_override(&bench, "0070", answers[i]);
        ck_assert_at(&bench, "AT+CCHO=\"A0\"", "+CME ERROR: 13");
        ck_assert_log("0070000001");
    }
    at_bench_override(&bench, "0070", "6881");
    ck_assert_at(&bench, "AT+CCHO=\"A0\"", "+CME ERROR: 20");
    at_bench_free(&bench);
}
END_TEST

/* The response to SELECT is fetched, on its channel, so that it is in nobody's way. */
START_TEST(nothing_is_left_over)
{
    open_fake("generic");
    at_bench_override(&bench, "0070", "059000");
    at_bench_override(&bench, "41A4", "6121");
    ck_assert_at(&bench, "AT+CCHO=\"A0\"", "+CCHO: 5|OK");
    ck_assert_log("0070000001 41A4040001A000 41C0000021");
    at_bench_free(&bench);
}
END_TEST

/* --- the class ----------------------------------------------------------------------------------------- */

/* With sessions 1 and 5 open. */
static void open_two(void)
{
    open_fake("generic");
    at_bench_override(&bench, "0070", "019000");
    ck_assert_at(&bench, "AT+CCHO=\"A0\"", "+CCHO: 1|OK");
    at_bench_override(&bench, "0070", "059000");
    ck_assert_at(&bench, "AT+CCHO=\"A0\"", "+CCHO: 5|OK");
    at_bench_log(&bench);
}

START_TEST(the_class_is_that_of_the_session)
{
    static const struct {
        unsigned session;
        const char *sent, *came;
    } classes[] = {
        /* what programs write: no channel, the right one, another one */
        {1, "80", "81"},
        {1, "81", "81"},
        {1, "8F", "8D"}, /* with secure messaging */
        {1, "00", "01"},
        {1, "03", "01"},
        {1, "42", "01"},
        {1, "C2", "81"},
        {5, "80", "C1"},
        {5, "00", "41"},
        {5, "01", "41"},
        {5, "CF", "C1"},
        {5, "4F", "41"},
        /* chaining */
        {1, "90", "91"},
        {1, "10", "11"},
        {1, "50", "11"},
        {5, "10", "51"},
        {5, "90", "D1"},
        {5, "D0", "D1"},
        /* secure messaging: 4, 8 and C, or one bit */
        {1, "04", "05"},
        {1, "88", "89"},
        {1, "0C", "0D"},
        {1, "60", "05"},
        {1, "E0", "85"},
        {5, "04", "61"},
        {5, "8C", "E1"},
        {5, "60", "61"},
        {5, "1C", "71"},
        {1, "70", "15"},
    };

    open_two();
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        char expected[11];

        snprintf(expected, sizeof(expected), "%sE2910000", classes[i].came);
        ck_assert_str_eq(
            at_bench_say(&bench, "AT+CGLA=%u,10,\"%sE2910000\"", classes[i].session, classes[i].sent),
            "+CGLA: 4,\"9000\"|OK");
        ck_assert_log(expected);
    }
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_rest_of_an_answer_is_for_the_program)
{
    open_two();
    at_bench_override(&bench, "81E2", "AABB6103");
    at_bench_override(&bench, "01C0", "CCDDEE9000");
    ck_assert_at(&bench, "AT+CGLA=1,14,\"80E2910002BF2D\"", "+CGLA: 8,\"AABB6103\"|OK");
    ck_assert_log("81E2910002BF2D");
    ck_assert_at(&bench, "AT+CGLA=1,10,\"00C0000003\"", "+CGLA: 10,\"CCDDEE9000\"|OK");
    ck_assert_log("01C0000003");
    at_bench_free(&bench);
}
END_TEST

/* --- who else has the card ----------------------------------------------------------------------------- */

/* STATUS at any moment would have the card drop the rest of its answer. */
START_TEST(the_modem_waits_for_who_waits)
{
    open_two();
    at_bench_settle(&bench);
    at_bench_pass(&bench, 29500);
    at_bench_override(&bench, "81E2", "6110");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CGLA=1,14,\"80E2910002BF2D\"", "+CGLA: 4,\"6110\"|OK");
    at_bench_pass(&bench, 999);
    ck_assert_log("81E2910002BF2D"); /* STATUS was due */
    ck_assert_at(&bench, "AT+CGLA=1,10,\"00C0000010\"", "+CGLA: 4,\"9000\"|OK");
    at_bench_settle(&bench);
    ck_assert_log("01C0000010 80F2000C");
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_modem_waits_a_second)
{
    open_two();
    at_bench_settle(&bench);
    at_bench_pass(&bench, 29500);
    at_bench_override(&bench, "81E2", "6110");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CGLA=1,14,\"80E2910002BF2D\"", "+CGLA: 4,\"6110\"|OK");
    at_bench_pass(&bench, 1001);
    ck_assert_log("81E2910002BF2D 80F2000C");
    at_bench_free(&bench);
}
END_TEST

/* A habit of modems in the field: on the basic channel the rest of an answer is lost, on one of its own a
 * program gets it. */
START_TEST(the_modem_does_not_wait)
{
    bench.settings.habits = MODEM_INTERRUPTS;
    open_two();
    at_bench_override(&bench, "81E2", "6110");
    ck_assert_at(&bench, "AT+CGLA=1,14,\"80E2910002BF2D\"", "+CGLA: 4,\"6110\"|OK");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CGLA=1,10,\"00C0000010\"", "+CGLA: 4,\"9000\"|OK");
    ck_assert_log("01C0000010");
    ck_assert_at(&bench, "AT+CGLA=1,14,\"80E2910002BF2D\"", "+CGLA: 4,\"6110\"|OK");
    ck_assert_ptr_nonnull(strstr(at_bench_log(&bench), "80F2"));
    at_bench_say(&bench, "AT+CSIM=10,\"00C0000010\"");
    ck_assert_ptr_nonnull(strstr(at_bench_log(&bench), "80F2"));
    at_bench_free(&bench);
}
END_TEST

/* What a command of the program's announces is the modem's to serve. */
START_TEST(announced_commands_are_served)
{
    open_fake("generic");
    fake_card_command(&bench.fake, 0x21, 0x80, 0x02, "8D0404414243"); /* DISPLAY TEXT */
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000000\"", "+CSIM: 4,\"9111\"|OK");
    at_bench_settle(&bench);
    ck_assert_ptr_nonnull(strstr(at_bench_log(&bench), "80F2000000 8012000011 8014"));
    at_bench_free(&bench);
}
END_TEST

/* --- resets -------------------------------------------------------------------------------------------- */

static void assert_session_is_gone(const char *why)
{
    ck_assert_msg(strcmp(at_bench_say(&bench, "AT+CGLA=1,10,\"80F2000000\""), "+CME ERROR: 22") == 0, "%s",
                  why);
    ck_assert_msg(strcmp(at_bench_say(&bench, "AT+CCHC=1"), "+CME ERROR: 22") == 0, "%s", why);
    ck_assert_msg(strcmp(at_bench_say(&bench, "AT+CCHO=\"" ISD_R "\""), "+CCHO: 1|OK") == 0, "%s", why);
}

START_TEST(sessions_end_with_the_power)
{
    open_euicc("generic");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    assert_session_is_gone("CFUN=1,1");
    ck_assert_at(&bench, "AT+CFUN=0", "OK");
    ck_assert_at(&bench, "AT+CGLA=1,10,\"80F2000000\"", "+CME ERROR: 22");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CME ERROR: 10");
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000000\"", "+CME ERROR: 10");
    ck_assert_at(&bench, "AT+CFUN=1", "OK");
    assert_session_is_gone("CFUN=0");
    at_bench_settle(&bench);
    ck_assert_at(&bench, "AT+CFUN=4;+CFUN=1", "OK");
    ck_assert_at(&bench, "AT+CCHC=1", "OK");
    at_bench_free(&bench);
}
END_TEST

/* The card wants one, as after a profile was enabled: seen at the next turn, or by the next command. */
START_TEST(sessions_end_with_refresh)
{
    for (unsigned turns = 0; turns < 2; turns++) {
        open_fake("generic");
        at_bench_override(&bench, "0070", "019000");
        ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
        fake_card_command(&bench.fake, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET, 0x82, "");
        ck_assert_at(&bench, "AT+CGLA=1,10,\"80F2000000\"", "+CGLA: 4,\"910B\"|OK");
        if (turns > 0)
            at_bench_settle(&bench);
        else
            ck_assert_uint_eq(fake_clock_settle(bench.clock, 1), 1);
        assert_session_is_gone("REFRESH");
        ck_assert_uint_eq(modem_figures(bench.modem)->resets, 1);
        at_bench_free(&bench);
    }
}
END_TEST

/* Another program has reset the card: the command that finds it out fails, and the next is on a new card. */
START_TEST(sessions_end_with_a_foreign_reset)
{
    open_euicc("generic");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    bench.was_reset = true;
    ck_assert_at(&bench, "AT+CGLA=1,10,\"80F2000000\"", "+CME ERROR: 13");
    assert_session_is_gone("another's reset");
    at_bench_settle(&bench);
    bench.was_reset = true;
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000000\"", "+CME ERROR: 13");
    at_bench_settle(&bench);
    assert_session_is_gone("another's reset, and a turn");
    at_bench_free(&bench);
}
END_TEST

START_TEST(a_card_that_is_gone_is_told)
{
    open_fake("generic");
    bench.is_gone = true;
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000000\"", "+CME ERROR: 13");
    at_bench_settle(&bench);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_FAILED);
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000000\"", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CCHO=\"A0\"", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CIMI", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CPIN?", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CRSM=176,12258,0,0,10", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CFUN=1,1", "+CME ERROR: 13");
    bench.is_gone = false;
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000000\"", "+CSIM: 4,\"9000\"|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(a_sleeping_card_is_woken)
{
    bench.settings.active_seconds = 10;
    bench.settings.sleep_seconds = 3600;
    open_euicc("generic");
    ck_assert_at(&bench, "AT+CCHO=\"" ISD_R "\"", "+CCHO: 1|OK");
    at_bench_pass(&bench, 60000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_ASLEEP);
    ck_assert_at(&bench, "AT+CSIM=10,\"0020000100\"", "+CSIM: 4,\"63C3\"|OK");
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    assert_session_is_gone("sleep");
    at_bench_free(&bench);
}
END_TEST

TEST_MAIN("at_apdu", commands_go_to_the_card_as_they_are, lengths_are_those_of_the_text,
          what_programs_look_for_is_there, sessions_are_opened_and_closed, session_numbers_are_those_given,
          identifiers_have_one_to_sixteen_octets, channels_run_out, what_is_not_there_leaves_no_channel,
          cards_without_sense_open_nothing, nothing_is_left_over, the_class_is_that_of_the_session,
          the_rest_of_an_answer_is_for_the_program, the_modem_waits_for_who_waits, the_modem_waits_a_second,
          the_modem_does_not_wait, announced_commands_are_served, sessions_end_with_the_power,
          sessions_end_with_refresh, sessions_end_with_a_foreign_reset, a_card_that_is_gone_is_told,
          a_sleeping_card_is_woken)
