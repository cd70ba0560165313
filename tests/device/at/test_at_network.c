/* device/at: where the modem is, and what of it is switched on. */
#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#define IMSI "262010000000001"

static struct at_bench bench;

static void open_modem(void)
{
    at_bench_fake(&bench, "generic");
    ck_assert_at(&bench, "AT+CMEE=1", "OK");
}

#define ck_assert_heard(expected) ck_assert_str_eq(at_bench_heard(&bench), (expected))

START_TEST(registration_is_read)
{
    open_modem();
    ck_assert_at(&bench, "AT+CREG=?", "+CREG: (0-3)|OK");
    ck_assert_at(&bench, "AT+CREG?;+CGREG?;+CEREG?", "+CREG: 0,1|+CGREG: 0,1|+CEREG: 0,1|OK");
    ck_assert_at(&bench, "AT+CEREG=2;+CEREG?;+CREG?", "+CEREG: 2,1,\"1234\",\"000ABCDE\",9|+CREG: 0,1|OK");
    bench.air->state.is_roaming = true;
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    ck_assert_heard("+CEREG: 5,\"1234\",\"000ABCDE\",7");
    ck_assert_at(&bench, "AT+CREG?", "+CREG: 0,5|OK");
    fake_air_set(bench.air, AIR_SEARCHING, AIR_LTE);
    fake_air_set(bench.air, AIR_LIMITED, AIR_LTE);
    fake_air_reject(bench.air, 11);
    fake_air_set(bench.air, AIR_NONE, AIR_LTE);
    ck_assert_heard("+CEREG: 2|+CEREG: 0|+CEREG: 3|+CEREG: 0");
    ck_assert_at(&bench, "AT+CREG=4", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CREG=1,1", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CEREG=;+CEREG?", "+CEREG: 0,0|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(technologies_have_numbers)
{
    static const struct {
        enum air_technology technology;
        const char *answer;
    } rows[] = {{AIR_GSM, "+COPS: 0,2,\"26201\",0|OK"},    {AIR_UTRAN, "+COPS: 0,2,\"26201\",2|OK"},
                {AIR_LTE, "+COPS: 0,2,\"26201\",7|OK"},    {AIR_LTE_M, "+COPS: 0,2,\"26201\",7|OK"},
                {AIR_NB_IOT, "+COPS: 0,2,\"26201\",9|OK"}, {AIR_NR, "+COPS: 0,2,\"26201\",11|OK"}};

    open_modem();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_air_set(bench.air, AIR_NORMAL, rows[i].technology);
        ck_assert_at(&bench, "AT+COPS?", rows[i].answer);
    }
    at_bench_free(&bench);
}
END_TEST

/* Nothing; another status; another cell too; and why one was rejected. */
START_TEST(only_what_was_asked_for_is_told)
{
    open_modem();
    fake_air_set(bench.air, AIR_NONE, AIR_LTE);
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    ck_assert_heard("");
    ck_assert_at(&bench, "AT+CREG=1;+CGREG=2;+CEREG=3", "OK");
    bench.air->state.cell = 7;
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    ck_assert_heard("+CGREG: 1,\"1234\",\"00000007\",7|+CEREG: 1,\"1234\",\"00000007\",7");
    fake_air_reject(bench.air, 15);
    ck_assert_heard("+CREG: 3|+CGREG: 3|+CEREG: 3,,,,0,15");
    ck_assert_at(&bench, "AT+CEREG?", "+CEREG: 3,3,,,,0,15|OK");
    at_bench_free(&bench);
}
END_TEST

/* What comes while a command line is being done stands behind its result. */
START_TEST(news_waits_for_the_result)
{
    open_modem();
    ck_assert_at(&bench, "AT+CREG=1", "OK");
    ck_assert_at(&bench, "AT+CFUN=4;+CFUN?;+CREG?", "+CFUN: 4|+CREG: 1,0|OK|+CREG: 0");
    ck_assert_at(&bench, "AT+CFUN=1;+CREG?", "+CREG: 1,1|OK|+CREG: 1");
    at_bench_free(&bench);
}
END_TEST

/* Z or a program that asks anew: the others are not told any more. */
START_TEST(news_ends_with_a_reset_of_the_settings)
{
    open_modem();
    ck_assert_at(&bench, "AT+CREG=2;+CGREG=2", "OK");
    ck_assert_at(&bench, "AT+CREG=0", "OK");
    fake_air_set(bench.air, AIR_NONE, AIR_LTE);
    ck_assert_heard("+CGREG: 0");
    ck_assert_at(&bench, "ATZE0", "OK");
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    ck_assert_heard("");
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_radio_is_switched)
{
    open_modem();
    ck_assert_at(&bench, "AT+CFUN=?;+CFUN?", "+CFUN: (0,1,4),(0,1)|+CFUN: 1|OK");
    ck_assert_at(&bench, "AT+CFUN=4", "OK");
    ck_assert(!bench.air->is_attached);
    ck_assert_at(&bench, "AT+CFUN?;+CREG?;+COPS?;+CGATT?;+CSQ", /* the card goes on */
                 "+CFUN: 4|+CREG: 0,0|+COPS: 0|+CGATT: 0|+CSQ: 99,99|OK");
    ck_assert_at(&bench, "AT+CIMI", IMSI "|OK");
    ck_assert_uint_eq(bench.resets, 1);
    ck_assert_at(&bench, "AT+CFUN=1", "OK");
    ck_assert(bench.air->is_attached);
    ck_assert_at(&bench, "AT+CFUN?;+CREG?;+COPS?;+CGATT?;+CSQ",
                 "+CFUN: 1|+CREG: 0,1|+COPS: 0,2,\"26201\",9|+CGATT: 1|+CSQ: 20,99|OK");
    ck_assert_uint_eq(bench.air->attachments, 2);
    ck_assert_at(&bench, "AT+CFUN=1", "OK");
    ck_assert_uint_eq(bench.air->attachments, 2);
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_card_is_switched)
{
    open_modem();
    ck_assert_at(&bench, "AT+CREG=1", "OK");
    ck_assert_at(&bench, "AT+CFUN=0", "OK|+CREG: 0");
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_OFF);
    ck_assert(!bench.air->is_attached);
    ck_assert_uint_eq(bench.fake.power_offs, 1);
    ck_assert_at(&bench, "AT+CFUN?;+CREG?;+COPS?", "+CFUN: 0|+CREG: 1,0|+COPS: 0|OK");
    ck_assert_at(&bench, "AT+CIMI", "+CME ERROR: 10");
    ck_assert_at(&bench, "AT+CPIN?", "+CME ERROR: 10");
    ck_assert_at(&bench, "AT+CCID", "+CME ERROR: 10");
    ck_assert_at(&bench, "AT+CRSM=242", "+CME ERROR: 10");
    ck_assert_at(&bench, "AT+COPS=0", "+CME ERROR: 3");
    ck_assert_at(&bench, "AT+CFUN=0", "OK");
    ck_assert_at(&bench, "AT+CFUN=4", "OK"); /* from off: the card alone */
    at_bench_settle(&bench);
    ck_assert(!bench.air->is_attached);
    ck_assert_at(&bench, "AT+CFUN?", "+CFUN: 4|OK");
    ck_assert_at(&bench, "AT+CFUN=1", "OK|+CREG: 1");
    ck_assert(bench.air->is_attached);
    ck_assert_uint_eq(bench.resets, 2);
    ck_assert_at(&bench, "AT+CFUN=1,1", "OK|+CREG: 0");
    ck_assert_uint_eq(bench.resets, 3);
    at_bench_settle(&bench);
    ck_assert(bench.air->is_attached);
    at_bench_free(&bench);
}
END_TEST

START_TEST(other_functionality_is_not_there)
{
    open_modem();
    ck_assert_at(&bench, "AT+CFUN=2", "+CME ERROR: 4");
    ck_assert_at(&bench, "AT+CFUN=5", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CFUN=1,2", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CFUN=1,1,1", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CFUN=", "+CME ERROR: 50");
    ck_assert_uint_eq(bench.resets, 1);
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_operator_is_left_and_found)
{
    open_modem();
    ck_assert_at(&bench, "AT+COPS=3,0;+COPS?", "+COPS: 0,0,\"26201\",9|OK");
    ck_assert_at(&bench, "AT+COPS=2;+COPS?;+CFUN?", "+COPS: 2|+CFUN: 1|OK");
    ck_assert(!bench.air->is_attached);
    ck_assert_at(&bench, "AT+COPS=0,2;+COPS?", "+COPS: 0,2,\"26201\",9|OK");
    ck_assert(bench.air->is_attached);
    ck_assert_at(&bench, "AT+COPS=2;+CFUN=1;+COPS?", "+COPS: 0,2,\"26201\",9|OK");
    ck_assert_at(&bench, "AT+COPS=1,2,\"26201\"", "+CME ERROR: 4");
    ck_assert_at(&bench, "AT+COPS=3,3", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+COPS=5", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CFUN=4;+COPS=0", "+CME ERROR: 3");
    at_bench_free(&bench);
}
END_TEST

TEST_MAIN("at_network", registration_is_read, technologies_have_numbers, only_what_was_asked_for_is_told,
          news_waits_for_the_result, news_ends_with_a_reset_of_the_settings, the_radio_is_switched,
          the_card_is_switched, other_functionality_is_not_there, the_operator_is_left_and_found)
