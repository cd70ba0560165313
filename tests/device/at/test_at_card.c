/* device/at: files, PINs, the IMSI and the ICCID of a whole card. */
#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#include <string.h>

#define IMSI  "001010123456789"
#define ICCID "8900112233445566778"

static struct at_bench bench;

static void open_card(bool asks_for_pin)
{
    struct saip_recipe recipe = saip_recipe_default();

    recipe.pin1_enabled = asks_for_pin;
    at_bench_euicc(&bench, "generic", &recipe);
    ck_assert_at(&bench, "AT+CMEE=1", "OK");
}

/* --- files --------------------------------------------------------------------------------------------- */

START_TEST(files_are_read)
{
    open_card(false);
    ck_assert_at(&bench, "AT+CRSM=176,12258,0,0,10", "+CRSM: 144,0,\"980011223344556677F8\"|OK");
    ck_assert_at(&bench, "AT+CRSM=176,12258,0,8,2", "+CRSM: 144,0,\"77F8\"|OK");
    ck_assert_at(&bench, "AT+CRSM=176,12258,0,0,0", "+CRSM: 144,0,\"980011223344556677F8\"|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,9", "+CRSM: 144,0,\"080910101032547698\"|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,9,,\"7FFF\"", "+CRSM: 144,0,\"080910101032547698\"|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,9,\"\",\"3F007FFF\"",
                 "+CRSM: 144,0,\"080910101032547698\"|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,9;+CRSM=176,28589,0,3,1",
                 "+CRSM: 144,0,\"080910101032547698\"|+CRSM: 144,0,\"02\"|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(records_are_read)
{
    const char *answer;

    open_card(false);
    answer = at_bench_say(&bench, "AT+CRSM=178,12032,1,4,0");
    ck_assert_msg(strncmp(answer, "+CRSM: 144,0,\"61", 16) == 0, "%s", answer);
    ck_assert_at(&bench, "AT+CRSM=178,12032,200,4,0", "+CRSM: 106,131|OK");
    at_bench_free(&bench);
}
END_TEST

/* GET RESPONSE is what SELECT has said; STATUS needs no file. */
START_TEST(parameters_of_files_are_told)
{
    const char *answer;

    open_card(false);
    answer = at_bench_say(&bench, "AT+CRSM=192,12258");
    ck_assert_msg(strncmp(answer, "+CRSM: 144,0,\"62", 16) == 0 && strstr(answer, "83022FE2") != NULL, "%s",
                  answer);
    answer = at_bench_say(&bench, "AT+CRSM=192,28423,0,0,15");
    ck_assert_msg(strstr(answer, "83026F07") != NULL, "%s", answer);
    answer = at_bench_say(&bench, "AT+CRSM=192,16128"); /* the MF */
    ck_assert_msg(strstr(answer, "83023F00") != NULL, "%s", answer);
    answer = at_bench_say(&bench, "AT+CRSM=192,32767"); /* the USIM */
    ck_assert_msg(strstr(answer, "840CA000000087") != NULL || strstr(answer, "8410A000000087") != NULL, "%s",
                  answer);
    answer = at_bench_say(&bench, "AT+CRSM=192,28474"); /* EF ADN, in DF TELECOM */
    ck_assert_msg(strncmp(answer, "+CRSM: ", 7) == 0, "%s", answer);
    answer = at_bench_say(&bench, "AT+CRSM=242");
    ck_assert_msg(strncmp(answer, "+CRSM: 144,0,\"62", 16) == 0, "%s", answer);
    at_bench_free(&bench);
}
END_TEST

START_TEST(files_are_written)
{
    open_card(false);
    ck_assert_at(&bench, "AT+CRSM=214,28539,0,0,3,\"FFFFF0\"", "+CRSM: 144,0|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28539,0,0,3", "+CRSM: 144,0,\"FFFFF0\"|OK");
    ck_assert_at(&bench, "AT+CRSM=214,12258,0,0,1,\"00\"", "+CRSM: 105,130|OK");
    ck_assert_at(&bench, "AT+CRSM=220,28476,1,4,1,\"00\"", "+CRSM: 103,0|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(errors_of_the_card_are_no_errors)
{
    open_card(false);
    ck_assert_at(&bench, "AT+CRSM=176,12287,0,0,1", "+CRSM: 106,130|OK");
    ck_assert_at(&bench, "AT+CRSM=192,28671", "+CRSM: 106,130|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,1,,\"7FFF5F99\"", "+CRSM: 106,130|OK");
    ck_assert_at(&bench, "AT+CRSM=178,12258,1,4,1", "+CRSM: 105,129|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(requests_are_whole)
{
    static const char *const bad[] = {
        "",
        "176",
        "176,12258",
        "176,12258,0,0",
        "176,12258,0,0,256",
        "176,12258,256,0,1",
        "176,65536,0,0,1",
        "177,12258,0,0,1",
        "256,12258,0,0,1",
        "192",
        "176,12258,0,0,1,\"00\"",
        "214,28539,0,0,3",
        "214,28539,0,0,3,\"FFFF\"",
        "214,28539,0,0,0,\"\"",
        "214,28539,0,0,1,\"F\"",
        "176,28423,0,0,1,,\"7F\"",
        "176,28423,0,0,1,,\"7FFF7FFF7FFF7FFF7FFF7FFF\"",
        "176,28423,0,0,1,,,1",
    };

    open_card(false);
    at_bench_log(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(strcmp(at_bench_say(&bench, "AT+CRSM=%s", bad[i]), "+CME ERROR: 50") == 0, "%s",
                      bad[i]);
    ck_assert_str_eq(at_bench_log(&bench), "");
    at_bench_free(&bench);
}
END_TEST

/* --- numbers ------------------------------------------------------------------------------------------- */

START_TEST(numbers_of_the_card)
{
    open_card(false);
    ck_assert_at(&bench, "AT+CIMI", IMSI "|OK");
    ck_assert_at(&bench, "AT+CCID", "+CCID: " ICCID "|OK");
    ck_assert_at(&bench, "AT+CCID?", "+CCID: " ICCID "|OK");
    ck_assert_at(&bench, "AT+ICCID;+QCCID", "+ICCID: " ICCID "|+QCCID: " ICCID "|OK");
    ck_assert_at(&bench, "AT#CCID", "ERROR");
    at_bench_free(&bench);
}
END_TEST

/* --- PINs ---------------------------------------------------------------------------------------------- */

START_TEST(a_card_without_pin_is_ready)
{
    open_card(false);
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: READY|OK");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",2", "+CLCK: 0|OK");
    at_bench_log(&bench);
    ck_assert_at(&bench, "AT+CPIN=\"1234\"", "+CME ERROR: 3");
    ck_assert_ptr_null(strstr(at_bench_log(&bench), "31323334"));
    ck_assert_at(&bench, "AT+CLCK=\"SC\",0,\"1234\"", "+CME ERROR: 3");
    at_bench_free(&bench);
}
END_TEST

START_TEST(a_pin_opens_the_card)
{
    open_card(true);
    ck_assert_str_eq(bench.air->imsi, "");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: SIM PIN|OK");
    ck_assert_at(&bench, "AT+CIMI", "+CME ERROR: 11");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,9", "+CRSM: 105,130|OK");
    ck_assert_at(&bench, "AT+CCID", "+CCID: " ICCID "|OK");
    ck_assert_at(&bench, "AT+CPIN=\"1234\"", "OK");
    at_bench_settle(&bench);
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: READY|OK");
    ck_assert_at(&bench, "AT+CIMI", IMSI "|OK");
    ck_assert_at(&bench, "AT+CRSM=176,28423,0,0,9", "+CRSM: 144,0,\"080910101032547698\"|OK");
    ck_assert_str_eq(bench.air->imsi, IMSI);
    at_bench_free(&bench);
}
END_TEST

/* A program need not wait for the modem's next turn. */
START_TEST(what_a_pin_opens_is_there_at_once)
{
    open_card(true);
    ck_assert_at(&bench, "AT+CPIN=1234;+CIMI", IMSI "|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(codes_have_four_to_eight_digits)
{
    static const char *const bad[] = {"\"123\"", "\"123456789\"", "\"12a4\"", "",       "\"\"",
                                      "\"1234",  "1234,123",      ",1234",    "1,2,3,4"};

    open_card(true);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_str_eq(at_bench_say(&bench, "AT+CPIN=%s", bad[i]), "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN\"", "+CPINR: SIM PIN,3,3|OK");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PUK\"", "+CPINR: SIM PUK,10,10|OK");
    at_bench_free(&bench);
}
END_TEST

/* Each wrong code costs one try; none is left, the PUK is asked for, with a new PIN. */
START_TEST(wrong_pins_block_and_the_puk_opens)
{
    open_card(true);
    ck_assert_at(&bench, "AT+CPIN=\"1111\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN\"", "+CPINR: SIM PIN,2,3|OK");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: SIM PIN|OK");
    ck_assert_at(&bench, "AT+CPIN=\"1111\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPIN=\"1111\"", "+CME ERROR: 12");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN\"", "+CPINR: SIM PIN,0,3|OK");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: SIM PUK|OK");
    ck_assert_at(&bench, "AT+CIMI", "+CME ERROR: 12");
    ck_assert_at(&bench, "AT+CPIN=\"1234\"", "+CME ERROR: 12");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PUK\"", "+CPINR: SIM PUK,10,10|OK");
    ck_assert_at(&bench, "AT+CPIN=\"11111111\",\"4321\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PUK\"", "+CPINR: SIM PUK,9,10|OK");
    ck_assert_at(&bench, "AT+CPIN=\"12345678\",\"4321\"", "OK");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: READY|OK");
    ck_assert_at(&bench, "AT+CPINR",
                 "+CPINR: SIM PIN,3,3|+CPINR: SIM PUK,10,10|+CPINR: SIM PIN2,3,3|"
                 "+CPINR: SIM PUK2,10,10|OK");
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    ck_assert_at(&bench, "AT+CPIN?;+CPIN=\"4321\";+CPIN?", "+CPIN: SIM PIN|+CPIN: READY|OK");
    at_bench_free(&bench);
}
END_TEST

/* The card is none any more: neither code can be given. */
START_TEST(wrong_puks_block_for_good)
{
    open_card(true);
    for (unsigned i = 0; i < 3; i++)
        at_bench_say(&bench, "AT+CPIN=\"1111\"");
    for (unsigned i = 0; i < 9; i++)
        ck_assert_at(&bench, "AT+CPIN=\"11111111\",\"4321\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPIN=\"11111111\",\"4321\"", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CPIN=\"12345678\",\"4321\"", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: SIM PUK|OK");
    ck_assert_at(&bench, "AT+CPINR=\"SIM P*\"",
                 "+CPINR: SIM PIN,0,3|+CPINR: SIM PUK,0,10|+CPINR: SIM PIN2,3,3|+CPINR: SIM PUK2,10,10|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_lock_is_switched)
{
    open_card(true);
    ck_assert_at(&bench, "AT+CLCK=\"SC\",2", "+CLCK: 1|OK");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",0", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",0,\"1111\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN\"", "+CPINR: SIM PIN,2,3|OK");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",0,\"1234\",7", "OK");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",2", "+CLCK: 0|OK");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN\"", "+CPINR: SIM PIN,3,3|OK");
    ck_assert_at(&bench, "AT+CIMI", IMSI "|OK"); /* which nothing is before any more */
    at_bench_settle(&bench);
    ck_assert_str_eq(bench.air->imsi, IMSI);
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: READY|OK");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",1,\"1234\"", "OK");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",2", "+CLCK: 1|OK");
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    ck_assert_at(&bench, "AT+CPIN?", "+CPIN: SIM PIN|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(other_locks_are_not_there)
{
    open_card(true);
    ck_assert_at(&bench, "AT+CLCK=?", "+CLCK: (\"SC\")|OK");
    ck_assert_at(&bench, "AT+CLCK=\"FD\",2", "+CME ERROR: 4");
    ck_assert_at(&bench, "AT+CLCK=\"P2\",2", "+CME ERROR: 4");
    ck_assert_at(&bench, "AT+CLCK=\"SC\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",3", "+CME ERROR: 50");
    at_bench_free(&bench);
}
END_TEST

START_TEST(codes_are_changed)
{
    open_card(true);
    ck_assert_at(&bench, "AT+CPWD=?", "+CPWD: (\"SC\",8),(\"P2\",8)|OK");
    ck_assert_at(&bench, "AT+CPWD=\"SC\",\"1111\",\"4321\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPWD=\"SC\",\"1234\",\"432\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CPWD=\"SC\",\"1234\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CPWD=\"FD\",\"1234\",\"4321\"", "+CME ERROR: 4");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN\"", "+CPINR: SIM PIN,2,3|OK");
    ck_assert_at(&bench, "AT+CPWD=\"SC\",\"1234\",\"4321\"", "OK");
    ck_assert_at(&bench, "AT+CIMI", IMSI "|OK"); /* the PIN was right */
    ck_assert_at(&bench, "AT+CPWD=\"P2\",\"5678\",\"87654321\"", "OK");
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK");
    ck_assert_at(&bench, "AT+CPIN=\"1234\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPIN=\"4321\"", "OK");
    ck_assert_at(&bench, "AT+CPWD=\"P2\",\"5678\",\"1111\"", "+CME ERROR: 16");
    ck_assert_at(&bench, "AT+CPINR=\"SIM PIN2\"", "+CPINR: SIM PIN2,2,3|OK");
    at_bench_free(&bench);
}
END_TEST

/* No profile is enabled: a card without USIM. */
START_TEST(a_card_without_usim_is_told)
{
    at_bench_fake(&bench, "generic");
    bench.fake.imsi = NULL;
    ck_assert_at(&bench, "AT+CMEE=1;+CFUN=1,1", "OK");
    ck_assert_at(&bench, "AT+CPIN?", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CPIN=\"1234\"", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CIMI", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CLCK=\"SC\",2", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CPINR", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CPWD=\"SC\",\"1234\",\"4321\"", "+CME ERROR: 13");
    ck_assert_at(&bench, "AT+CRSM=176,12258,0,0,10", "+CRSM: 144,0,\"98940000000000000010\"|OK");
    ck_assert_at(&bench, "AT+CCID", "+CCID: 89490000000000000001|OK");
    at_bench_free(&bench);
}
END_TEST

TEST_MAIN("at_card", files_are_read, records_are_read, parameters_of_files_are_told, files_are_written,
          errors_of_the_card_are_no_errors, requests_are_whole, numbers_of_the_card,
          a_card_without_pin_is_ready, a_pin_opens_the_card, what_a_pin_opens_is_there_at_once,
          codes_have_four_to_eight_digits, wrong_pins_block_and_the_puk_opens, wrong_puks_block_for_good,
          the_lock_is_switched, other_locks_are_not_there, codes_are_changed, a_card_without_usim_is_told)
