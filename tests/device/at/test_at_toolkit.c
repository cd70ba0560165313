/* device/at/at_toolkit.c, device/modem/modem_toolkit.c: a program that answers the commands that are for a
 * person, and what becomes of them without it. */
#include "apdu/proactive.h"
#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define DONE    "810301218082028281830100"
#define NO_USER "810301218082028281830112"

static struct at_bench bench;

static void setup(const char *model)
{
    memset(&bench, 0, sizeof(bench));
    at_bench_fake(&bench, model);
    at_bench_heard(&bench);
    fake_log_take(&bench.fake.responses);
}

/* The card has a DISPLAY TEXT for the modem, which fetches it. */
static void show_text(void)
{
    fake_card_command(&bench.fake, PROACTIVE_DISPLAY_TEXT, 0x80, 0x02, "8D0404414243");
    at_bench_pass(&bench, 31000);
}

static const char *responses(void)
{
    return fake_log_take(&bench.fake.responses);
}

START_TEST(is_the_modems_without_a_program)
{
    setup("generic");
    show_text();
    ck_assert_str_eq(at_bench_heard(&bench), "");
    ck_assert_str_eq(responses(), "810301218082028281830130\n");
    ck_assert_at(&bench, "AT+CUSATT=\"" DONE "\"", "ERROR");
    at_bench_free(&bench);
}
END_TEST

START_TEST(asks_a_program)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CUSATA=1", "+CUSATA: 4|OK");
    show_text();
    ck_assert_str_eq(at_bench_heard(&bench), "+CUSATP: D00F8103012180820281028D0404414243");
    ck_assert_str_eq(responses(), "");
    ck_assert(!modem_is_idle(bench.modem));
    ck_assert_at(&bench, "AT+CUSATT=\"" DONE "\"", "OK|+CUSATEND");
    ck_assert_str_eq(responses(), DONE "\n");
    ck_assert(modem_is_idle(bench.modem));
    /* What the modem serves is its own. */
    fake_card_command(&bench.fake, PROACTIVE_MORE_TIME, 0, 0x82, "");
    at_bench_pass(&bench, 31000);
    ck_assert_str_eq(at_bench_heard(&bench), "");
    ck_assert_str_eq(responses(), "810301020082028281830100\n");
    ck_assert_at(&bench, "AT+CUSATA=0", "+CUSATA: 2|OK");
    show_text();
    ck_assert_str_eq(responses(), "810301218082028281830130\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(takes_the_response_to_that_command_alone)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CMEE=1;+CUSATA=1", "+CUSATA: 4|OK");
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "+CME ERROR: 3");
    show_text();
    at_bench_heard(&bench);
    ck_assert_at(&bench, "AT+CUSATT=810302218082028281830100", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATT=810301228082028281830100", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATT=810301210082028281830100", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATT=8103012180820282818301", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATT=8103012180", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATT=", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATT=81Z3", "+CME ERROR: 50");
    ck_assert_str_eq(responses(), "");
    /* Other commands to the card go in between. */
    at_bench_override(&bench, "80F2000C", "9000");
    ck_assert_at(&bench, "AT+CSIM=10,\"80F2000C00\"", "+CSIM: 4,\"9000\"|OK");
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "OK|+CUSATEND");
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "+CME ERROR: 3");
    ck_assert_str_eq(responses(), DONE "\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(tells_of_the_end_once)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CUSATA=1", "+CUSATA: 4|OK");
    fake_card_command(&bench.fake, PROACTIVE_DISPLAY_TEXT, 0x80, 0x02, "8D0404414243");
    fake_card_command(&bench.fake, PROACTIVE_MORE_TIME, 0, 0x82, "");
    at_bench_pass(&bench, 31000);
    at_bench_heard(&bench);
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "OK");
    at_bench_settle(&bench);
    ck_assert_str_eq(at_bench_heard(&bench), "+CUSATEND");
    ck_assert_str_eq(responses(), DONE "\n810301020082028281830100\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(answers_for_a_program_that_does_not)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CUSATA=1", "+CUSATA: 4|OK");
    show_text();
    at_bench_heard(&bench);
    at_bench_pass(&bench, 28000);
    ck_assert_str_eq(responses(), "");
    at_bench_pass(&bench, 2000 + 60000);
    ck_assert_str_eq(at_bench_heard(&bench), "+CUSATEND");
    ck_assert_str_eq(responses(), NO_USER "\n");
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "ERROR");
    at_bench_free(&bench);
}
END_TEST

START_TEST(answers_for_a_program_that_leaves)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CUSATA=1;+CUSATW=0,\"FF\";+CUSATD=1", "+CUSATA: 4|OK");
    show_text();
    at_bench_heard(&bench);
    at_left(bench.at);
    ck_assert_str_eq(responses(), NO_USER "\n");
    ck_assert_str_eq(at_bench_heard(&bench), "");
    show_text();
    ck_assert_str_eq(responses(), "810301218082028281830130\n");
    at_bench_raw(&bench, "ATE0\r"); /* echo is on again */
    ck_assert_at(&bench, "AT+CUSATR=0;+CUSATD?", "+CUSATR: 0,\"\"|+CUSATD: 0,0|OK");
    at_bench_free(&bench);
}
END_TEST

/* A command that awaits nobody's keys. */
START_TEST(is_busy_for_a_program_that_leaves)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CUSATA=1", "+CUSATA: 4|OK");
    fake_card_command(&bench.fake, PROACTIVE_SET_UP_MENU, 0, 0x82, "8503414243");
    at_bench_pass(&bench, 31000);
    at_bench_heard(&bench);
    at_left(bench.at);
    ck_assert_str_eq(responses(), "81030125008202828183022000\n");
    fake_card_command(&bench.fake, PROACTIVE_DISPLAY_TEXT, 0, 0x02, "8D0404414243");
    at_bench_raw(&bench, "ATE0\r");
    ck_assert_at(&bench, "AT+CUSATA=1", "+CUSATA: 4|OK");
    at_bench_pass(&bench, 31000);
    at_bench_heard(&bench);
    ck_assert_at(&bench, "AT+CUSATA=0", "+CUSATA: 2|OK");
    ck_assert_str_eq(responses(), "81030121008202828183022000\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(forgets_it_with_the_card)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CUSATA=1", "+CUSATA: 4|OK");
    show_text();
    at_bench_heard(&bench);
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK|+CUSATEND");
    at_bench_settle(&bench);
    ck_assert_str_eq(responses(), "");
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "ERROR");
    /* It is the card's toolkit still. */
    show_text();
    ck_assert_str_eq(at_bench_heard(&bench), "+CUSATP: D00F8103012180820281028D0404414243");
    at_bench_free(&bench);
}
END_TEST

/* "…" of a line `+CUSATR: n,"…"`. */
static void read_profile(unsigned storage, char out[600])
{
    const char *said = at_bench_say(&bench, "AT+CUSATR=%u", storage);
    const char *begins = strchr(said, '"'), *ends = strrchr(said, '"');

    ck_assert_ptr_nonnull(begins);
    snprintf(out, 600, "%.*s", (int)(ends - begins - 1), begins + 1);
}

START_TEST(tells_the_card_what_a_program_can)
{
    char own[600], whole[600];

    setup("generic");
    read_profile(1, own);
    ck_assert_int_eq(strncmp(own, "2300E842", 8), 0);
    read_profile(3, whole);
    ck_assert_str_eq(whole, own);
    ck_assert_at(&bench, "AT+CUSATW=0,\"00000017\"", "OK");
    read_profile(0, whole);
    ck_assert_str_eq(whole, "00000017");
    read_profile(3, whole);
    ck_assert_str_eq(whole, own);
    ck_assert_at(&bench, "AT+CUSATD=1,1;+CUSATD?", "+CUSATD: 1,1|OK");
    read_profile(3, whole);
    ck_assert_int_eq(strncmp(whole, "2300E857", 8), 0);
    ck_assert_str_eq(whole + 8, own + 8);
    read_profile(1, whole);
    ck_assert_str_eq(whole, own);
    read_profile(2, whole);
    ck_assert_str_eq(whole, own);
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    at_bench_settle(&bench);
    ck_assert_ptr_nonnull(strstr(at_bench_log(&bench), "80100000222300E857"));
    ck_assert_ptr_nonnull(strstr(at_bench_heard(&bench), "+CUSATS: 2"));
    at_bench_free(&bench);
}
END_TEST

/* A modem without a display and a program with one: there is one. */
START_TEST(has_what_a_program_has)
{
    char own[600], whole[600];

    setup("generic");
    read_profile(1, own);
    ck_assert_int_eq(strncmp(own + 26, "60", 2), 0);
    ck_assert_at(&bench, "AT+CUSATD=1;+CUSATW=0,\"0000000000000000000000000000\"", "OK");
    read_profile(3, whole);
    ck_assert_int_eq(strncmp(whole + 26, "00", 2), 0);
    ck_assert_at(&bench, "AT+CUSATW=0,\"0000000000000000000000000041\"", "OK");
    read_profile(3, whole);
    ck_assert_int_eq(strncmp(whole + 26, "41", 2), 0);
    ck_assert_str_eq(whole + 28, own + 28);
    at_bench_free(&bench);
}
END_TEST

/* A program's profile may be longer than the modem's, up to what a command carries. */
START_TEST(takes_a_long_profile)
{
    char hex[2 * 256 + 1];

    setup("generic");
    memset(hex, 'F', sizeof(hex));
    hex[2 * 255] = '\0';
    ck_assert_at(&bench, "AT+CUSATD=1", "OK");
    ck_assert_str_eq(at_bench_say(&bench, "AT+CUSATW=0,%s", hex), "OK");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    at_bench_settle(&bench);
    ck_assert_ptr_nonnull(strstr(at_bench_log(&bench), "80100000FFFFFFFF"));
    hex[2 * 255] = 'F';
    hex[2 * 256] = '\0';
    ck_assert_str_eq(at_bench_say(&bench, "AT+CUSATW=0,%s", hex), "ERROR");
    at_bench_free(&bench);
}
END_TEST

START_TEST(refuses_what_is_not_there)
{
    setup("generic");
    ck_assert_at(&bench, "AT+CMEE=1", "OK");
    ck_assert_at(&bench, "AT+CUSATW=1,\"FF\"", "+CME ERROR: 3");
    ck_assert_at(&bench, "AT+CUSATW=4,\"FF\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATW=0", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATR=4", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATD=2", "+CME ERROR: 4");
    ck_assert_at(&bench, "AT+CUSATD=0,2", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATA=2", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CUSATA", "ERROR");
    ck_assert_at(&bench, "AT+CUSATE=", "+CME ERROR: 50");
    at_bench_free(&bench);
}
END_TEST

START_TEST(sends_envelopes)
{
    setup("generic");
    at_bench_override(&bench, "80C2000009D3", "AABB9000");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CUSATE=\"D30782020181900102\"", "+CUSATE: \"AABB\"|+CUSATE2: 144,0|OK");
    ck_assert_ptr_nonnull(strstr(at_bench_log(&bench), "80C2000009D3078202018190010200"));
    at_bench_override(&bench, "80C2000009D3", "9300");
    ck_assert_at(&bench, "AT+CUSATE=D30782020181900102", "+CUSATE: \"\",1|+CUSATE2: 147,0|OK");
    at_bench_override(&bench, "80C2000009D3", "6F00");
    ck_assert_at(&bench, "AT+CUSATE=D30782020181900102", "+CUSATE: \"\"|+CUSATE2: 111,0|OK");
    ck_assert_at(&bench, "AT+CFUN=0;+CMEE=1", "OK");
    ck_assert_at(&bench, "AT+CUSATE=D30782020181900102", "+CME ERROR: 10");
    at_bench_free(&bench);
}
END_TEST

START_TEST(is_as_ofono_has_it)
{
    setup("phonesim");
    at_bench_override(&bench, "80C2000009D3", "9000");
    show_text();
    ck_assert_str_eq(at_bench_heard(&bench), "+CUSATP: D00F8103012180820281028D0404414243");
    ck_assert_at(&bench, "AT+CUSATT=" DONE, "OK|+CUSATEND");
    ck_assert_at(&bench, "AT+CUSATE=D30782020181900102", "+CUSATER: \"\"|OK");
    at_bench_free(&bench);
}
END_TEST

TEST_MAIN("at_toolkit", is_the_modems_without_a_program, asks_a_program,
          takes_the_response_to_that_command_alone, tells_of_the_end_once,
          answers_for_a_program_that_does_not, answers_for_a_program_that_leaves,
          is_busy_for_a_program_that_leaves, forgets_it_with_the_card, tells_the_card_what_a_program_can,
          has_what_a_program_has, takes_a_long_profile, refuses_what_is_not_there, sends_envelopes,
          is_as_ofono_has_it)
