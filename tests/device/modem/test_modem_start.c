/* device/modem/: what a card meets when it is powered, STATUS polling, and links that fail. */
#include "tests/device/modem/modem_bench.h"

#include <string.h>

static struct modem_bench bench;

static void begin(void)
{
    ck_assert(modem_start(bench.modem));
    bench_settle(&bench);
}

/* The log without the reading of files that are not there. */
static void assert_has_in_order(const char *log, const char *const *lines)
{
    for (; *lines != NULL; lines++) {
        const char *found = strstr(log, *lines);

        ck_assert_msg(found != NULL, "no %s in\n%s", *lines, log);
        log = found;
    }
}

START_TEST(reads_what_modems_read)
{
    static const char *const expected[] = {
        "00A40004022F0600\n",
        "00A40004022F0500\n",
        "00A40004022FE200\n00B000000A\n",
        "80AA000005A903840100\n",
        "00A40004022F0000\n00B2010416\n",
        "00A4040410A0000000871002FF44FF1289040000FF00\n",
        "00200001\n",
        "80100000222300E842111C00078000001FE260000043C0000000000000D0000000000000000720\n",
        "00A40004026FAD00\n",
        "00A40004026F3800\n",
        "00A40004026F5600\n",
        "00A40004026F0700\n00B0000009\n",
        "00A40004026F0800\n",
        "00A40004026F0900\n",
        "00A40004026F7800\n",
        "00A40004026F3100\n",
        "00A40004026F7E00\n",
        "00A40004026F7300\n",
        "00A40004026FE300\n",
        "00A40004026F7B00\n",
        "80F2000C\n",
        NULL};

    bench_init(&bench);
    bench_start(&bench);
    begin();
    assert_has_in_order(fake_log_take(&bench.card.log), expected);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    ck_assert_str_eq(modem_iccid(bench.modem), "89490000000000000001");
    ck_assert_str_eq(modem_imsi(bench.modem), "262010000000001");
    ck_assert_str_eq(bench.air->imsi, "262010000000001");
    ck_assert_int_eq(modem_network(bench.modem)->service, AIR_NORMAL);
    ck_assert(modem_is_idle(bench.modem));
    bench_free(&bench);
}
END_TEST

START_TEST(starts_a_card_without_profile)
{
    bench_init(&bench);
    bench.card.iccid = bench.card.imsi = NULL;
    bench.settings.declares_ipad = true;
    bench_start(&bench);
    begin();
    ck_assert_ptr_nonnull(strstr((const char *)bench.card.log.data, "80AA000005A903840101\n"));
    ck_assert_ptr_null(strstr(fake_log_take(&bench.card.log), "00A40004026F0700"));
    ck_assert_str_eq(modem_iccid(bench.modem), "");
    ck_assert_str_eq(bench.air->imsi, "");
    ck_assert_int_eq(modem_network(bench.modem)->service, AIR_LIMITED);
    bench_free(&bench);
}
END_TEST

START_TEST(declares_nothing_as_a_plain_reader)
{
    bench_init(&bench);
    bench.settings.declares_nothing = true;
    bench_start(&bench);
    begin();
    ck_assert_ptr_null(strstr((const char *)bench.card.log.data, "80AA"));
    ck_assert_ptr_null(strstr(fake_log_take(&bench.card.log), "8010"));
    ck_assert_str_eq(modem_imsi(bench.modem), "262010000000001");
    bench_free(&bench);
}
END_TEST

START_TEST(sends_the_profile_that_it_is_given)
{
    bench_init(&bench);
    bench.settings.profile = hex("0102030405");
    bench_start(&bench);
    begin();
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.card.log), "80100000050102030405\n"));
    bench_free(&bench);
}
END_TEST

START_TEST(follows_get_response)
{
    bench_init(&bench);
    bench.card.uses_get_response = true;
    bench_start(&bench);
    ck_assert_str_eq(modem_imsi(bench.modem), "262010000000001");
    bench_free(&bench);
}
END_TEST

START_TEST(polls_at_its_rate)
{
    bench_init(&bench);
    bench_start(&bench);
    bench_pass(&bench, 29999);
    ck_assert_str_eq(fake_log_take(&bench.card.log), "");
    bench_pass(&bench, 1);
    ck_assert_str_eq(fake_log_take(&bench.card.log), "80F2000C\n");
    bench_pass(&bench, 300000);
    ck_assert_uint_eq(modem_figures(bench.modem)->polls, 12);
    bench_free(&bench);
}
END_TEST

START_TEST(polls_as_the_card_wants)
{
    bench_init(&bench);
    bench_start(&bench);
    ck_assert_serves(&bench, PROACTIVE_POLL_INTERVAL, 0, 0x82, "8402000A", "8301000402000A");
    fake_log_take(&bench.card.log);
    bench_pass(&bench, 10 * 60 * 1000 - 1);
    ck_assert_str_eq(fake_log_take(&bench.card.log), "");
    fake_card_command(&bench.card, PROACTIVE_POLL_INTERVAL, 0, 0x82, "84020201");
    bench_pass(&bench, 1);
    ck_assert_str_eq(bench_response(&bench), "83010004020101"); /* a second, not a tenth */
    ck_assert_serves(&bench, PROACTIVE_POLL_INTERVAL, 0, 0x82, "", "830136");
    ck_assert_serves(&bench, PROACTIVE_POLL_INTERVAL, 0, 0x82, "84020301", "830132");
    ck_assert_serves(&bench, PROACTIVE_POLL_INTERVAL, 0, 0x82, "84020100", "830132");
    ck_assert_serves(&bench, PROACTIVE_POLLING_OFF, 0, 0x82, "", "830100");
    fake_log_take(&bench.card.log);
    bench_pass(&bench, INT64_C(1000000000));
    ck_assert_str_eq(fake_log_take(&bench.card.log), "");
    bench_free(&bench);
}
END_TEST

START_TEST(begins_anew_when_another_program_reset_the_card)
{
    bench_init(&bench);
    bench_start(&bench);
    bench.card.was_reset = true;
    bench_pass(&bench, 30000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    ck_assert_uint_eq(bench.card.resets, 2);
    ck_assert_uint_eq(bench.troubles, 1);
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.card.log), "80100000"));
    bench_free(&bench);
}
END_TEST

START_TEST(fails_when_the_card_is_gone)
{
    bench_init(&bench);
    bench_start(&bench);
    bench.card.is_gone = true;
    bench_pass(&bench, 30000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_FAILED);
    ck_assert(!bench.air->is_attached);
    bench_pass(&bench, 300000);
    ck_assert(!modem_start(bench.modem));
    bench.card.is_gone = false;
    begin();
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    bench_free(&bench);
}
END_TEST

START_TEST(stops)
{
    bench_init(&bench);
    bench_start(&bench);
    modem_stop(bench.modem);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_OFF);
    ck_assert(bench.card.is_off);
    ck_assert(!bench.air->is_attached);
    ck_assert_str_eq(fake_log_take(&bench.told), "0 0 off\n");
    bench_pass(&bench, 300000);
    modem_stop(bench.modem);
    ck_assert_uint_eq(bench.card.power_offs, 1);
    bench_free(&bench);
}
END_TEST

TEST_MAIN("modem start", reads_what_modems_read, starts_a_card_without_profile,
          declares_nothing_as_a_plain_reader, sends_the_profile_that_it_is_given, follows_get_response,
          polls_at_its_rate, polls_as_the_card_wants, begins_anew_when_another_program_reset_the_card,
          fails_when_the_card_is_gone, stops)
