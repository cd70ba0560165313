/* device/modem/: REFRESH in all its modes, and power saving. */
#include "tests/device/modem/modem_bench.h"

#include <string.h>

#define UDP "B50103B9020578BC03010035BE0521C0000201"

static struct modem_bench bench;

static void setup(unsigned habits)
{
    bench_init(&bench);
    bench.settings.habits = habits;
    bench_start(&bench);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9902030A", "830100");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40101A503100000", "830100240101");
    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 0, 0x82, UDP, "8301003802010035010339020578");
    fake_log_take(&bench.card.log);
}

static void assert_timer_runs(bool runs)
{
    const char *response = bench_serve(&bench, PROACTIVE_TIMER_MANAGEMENT, 2, 0x82, "A40101");

    ck_assert_msg((strncmp(response, "830100", 6) == 0) == runs, "%s", response);
}

static void assert_channels(unsigned count)
{
    ck_assert_str_eq(bench_serve(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0, 0x82, ""),
                     count > 0 ? "83010038020100" : "83010038020000");
}

START_TEST(resets_the_card)
{
    const char *log;

    setup(0);
    bench.card.iccid = "98940000000000000020";
    ck_assert_serves(&bench, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET, 0x82, "", "830100");
    ck_assert_uint_eq(bench.card.resets, 2);
    ck_assert_uint_eq(modem_figures(bench.modem)->resets, 1);
    log = fake_log_take(&bench.card.log);
    ck_assert_ptr_nonnull(strstr(log, "801400000C810301010482028281830100\n00A40004022F0600\n"));
    ck_assert_ptr_nonnull(strstr(log, "80100000"));
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.told), "0 0 reset\n5 0 89490000000000000002\n"));
    ck_assert_str_eq(bench.air->iccid, "89490000000000000002");
    ck_assert_uint_eq(bench.air->attachments, 2);
    assert_timer_runs(false);
    assert_channels(0);
    fake_air_set(bench.air, AIR_LIMITED, AIR_LTE); /* the event list has gone too */
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

START_TEST(sees_another_profile)
{
    const char *log;

    setup(0);
    bench.card.imsi = "082926100000000020";
    ck_assert_serves(&bench, PROACTIVE_REFRESH, PROACTIVE_REFRESH_PROFILE_STATE_CHANGE, 0x82, "", "830100");
    ck_assert_uint_eq(bench.card.resets, 1);
    log = fake_log_take(&bench.card.log);
    ck_assert_ptr_nonnull(strstr(log, "810301010982028281830100\n00A40004023F0000\n00A40004022F0600\n"));
    ck_assert_ptr_null(strstr(log, "80100000"));
    ck_assert_str_eq(bench.air->imsi, "262010000000002");
    ck_assert_uint_eq(bench.air->attachments, 2);
    assert_timer_runs(true);
    assert_channels(0);
    bench_free(&bench);
}
END_TEST

START_TEST(reads_files_again)
{
    static const uint8_t modes[] = {0, 1, 2, 3, 5, 6};

    setup(0);
    for (size_t i = 0; i < sizeof(modes); i++) {
        fake_log_take(&bench.card.log);
        ck_assert_serves(&bench, PROACTIVE_REFRESH, modes[i], 0x82, "9203012FE2", "830100");
        ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.card.log), "00A40004026F0700\n"));
    }
    ck_assert_uint_eq(bench.card.resets, 1);
    ck_assert_uint_eq(bench.air->attachments, 1);
    assert_channels(1);
    bench.card.imsi = NULL; /* the subscriber has gone: so is the network */
    ck_assert_serves(&bench, PROACTIVE_REFRESH, 3, 0x82, "", "830100");
    ck_assert_uint_eq(bench.air->attachments, 2);
    ck_assert_str_eq(bench.air->imsi, "");
    assert_channels(0);
    ck_assert_serves(&bench, PROACTIVE_REFRESH, 8, 0x82, "", "830132");
    bench_free(&bench);
}
END_TEST

START_TEST(resets_silently_by_habit)
{
    setup(MODEM_RESETS_SILENTLY);
    ck_assert_serves(&bench, PROACTIVE_REFRESH, PROACTIVE_REFRESH_PROFILE_STATE_CHANGE, 0x82, "", "");
    ck_assert_uint_eq(bench.card.resets, 2);
    ck_assert_ptr_null(strstr(fake_log_take(&bench.card.log), "8014"));
    assert_channels(0);
    bench_free(&bench);
}
END_TEST

START_TEST(ignores_refresh_by_habit)
{
    setup(MODEM_IGNORES_REFRESH);
    ck_assert_serves(&bench, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET, 0x82, "", "830100");
    ck_assert_uint_eq(bench.card.resets, 1);
    ck_assert_uint_eq(bench.air->attachments, 1);
    assert_channels(1);
    bench_free(&bench);
}
END_TEST

START_TEST(refuses_refresh_by_habit)
{
    setup(MODEM_REFUSES_REFRESH);
    ck_assert_serves(&bench, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET, 0x82, "", "83022000");
    ck_assert_uint_eq(bench.card.resets, 1);
    assert_channels(1);
    bench_free(&bench);
}
END_TEST

START_TEST(fails_when_a_reset_fails)
{
    setup(0);
    fake_card_command(&bench.card, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET, 0x82, "");
    bench_pass(&bench, 29999);
    bench.card.is_gone = true;
    bench_pass(&bench, 1);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_FAILED);
    bench_free(&bench);
}
END_TEST

/* --- power saving ---------------------------------------------------------------------------------- */

static void setup_saving(bool suspends)
{
    bench_init(&bench);
    bench.settings.active_seconds = 16;
    bench.settings.sleep_seconds = 3600;
    bench.settings.suspends = suspends;
    bench_start(&bench);
}

START_TEST(switches_the_card_off)
{
    setup_saving(false);
    bench_pass(&bench, 15999);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    bench_pass(&bench, 1);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_ASLEEP);
    ck_assert(bench.card.is_off);
    ck_assert(!bench.air->is_attached);
    fake_air_deliver(bench.air, hex("40048121437FF6")); /* whatever the air does */
    bench_pass(&bench, 3599999);
    ck_assert_str_eq(fake_log_take(&bench.card.log), "");
    bench_pass(&bench, 1);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.card.log), "80100000"));
    ck_assert_uint_eq(bench.air->attachments, 2);
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.told), "0 0 asleep\n0 0 awake\n"));
    bench_free(&bench);
}
END_TEST

START_TEST(stays_awake_while_something_happens)
{
    struct air_channel *channel;

    setup_saving(false);
    fake_card_command(&bench.card, PROACTIVE_OPEN_CHANNEL, 1, 0x82, UDP);
    fake_air_deliver(bench.air, hex("40048121437FF6"));
    bench_settle(&bench);
    channel = fake_air_channel(bench.air);
    ck_assert_ptr_nonnull(channel);
    fake_air_open(channel);
    bench_pass(&bench, 1000000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    fake_card_command(&bench.card, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "");
    fake_air_deliver(bench.air, hex("40048121437FF6"));
    bench_pass(&bench, 15000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    fake_air_set(bench.air, AIR_SEARCHING, AIR_LTE);
    bench_pass(&bench, 60000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_RUNNING);
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    bench_pass(&bench, 16000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_ASLEEP);
    bench_free(&bench);
}
END_TEST

START_TEST(loses_timers_with_the_power)
{
    setup_saving(false);
    fake_card_command(&bench.card, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40101A503000100");
    fake_air_deliver(bench.air, hex("40048121437FF6"));
    bench_settle(&bench);
    bench_envelopes(&bench);
    bench_pass(&bench, 4000000);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

START_TEST(suspends_the_card)
{
    const char *log;

    setup_saving(true);
    bench.card.suspends = true;
    fake_card_command(&bench.card, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40101A503000100");
    fake_air_deliver(bench.air, hex("40048121437FF6"));
    bench_settle(&bench);
    bench_envelopes(&bench);
    fake_log_take(&bench.card.log);
    bench_pass(&bench, 16000);
    ck_assert_str_eq(fake_log_take(&bench.card.log), "8076000004"
                                                     "0000013C"
                                                     "0A\n");
    ck_assert(bench.card.is_off);
    bench_pass(&bench, 3600000);
    log = fake_log_take(&bench.card.log);
    ck_assert(strncmp(log,
                      "8076010008"
                      "544F4B454E414243\n",
                      27) == 0);
    ck_assert_ptr_null(strstr(log, "80100000"));
    ck_assert_str_eq(bench_envelopes(&bench), "D70C82028281A40101A503000100\n"); /* its time has come */
    ck_assert_uint_eq(bench.air->attachments, 2);
    bench_free(&bench);
}
END_TEST

START_TEST(starts_a_card_anew_that_does_not_resume)
{
    setup_saving(true);
    bench.card.suspends = true;
    bench_pass(&bench, 16000);
    bench.card.suspends = false;
    bench_pass(&bench, 3600000);
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.card.log), "80100000"));
    bench_pass(&bench, 16000); /* it does not suspend either, and is switched off */
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_ASLEEP);
    bench.card.is_gone = true;
    bench_pass(&bench, 3600000);
    ck_assert_int_eq(modem_stage(bench.modem), MODEM_FAILED);
    bench_free(&bench);
}
END_TEST

TEST_MAIN("modem life", resets_the_card, sees_another_profile, reads_files_again, resets_silently_by_habit,
          ignores_refresh_by_habit, refuses_refresh_by_habit, fails_when_a_reset_fails, switches_the_card_off,
          stays_awake_while_something_happens, loses_timers_with_the_power, suspends_the_card,
          starts_a_card_anew_that_does_not_resume)
