/* device/modem/: proactive commands and their responses, octet by octet; events, timers, short messages. */
#include "tests/device/modem/modem_bench.h"

#include <string.h>

static struct modem_bench bench;

static void setup(unsigned habits)
{
    bench_init(&bench);
    bench.settings.habits = habits;
    bench_start(&bench);
}

START_TEST(serves_more_time)
{
    setup(0);
    fake_card_command(&bench.card, PROACTIVE_MORE_TIME, 0, 0x82, "");
    bench_poll(&bench);
    ck_assert_str_eq(fake_log_take(&bench.card.responses), "810301020082028281830100\n");
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.told), " MORE TIME\n"));
    bench_free(&bench);
}
END_TEST

START_TEST(refuses_what_it_does_not_serve)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_DISPLAY_TEXT, 0, 0x02, "8D020441", "830130");
    ck_assert_serves(&bench, PROACTIVE_SET_UP_MENU, 0, 0x82, "", "830130");
    ck_assert_serves(&bench, 0x7E, 0, 0x82, "", "830131");
    /* An object that must be understood, and the same when it need not be. */
    ck_assert_serves(&bench, PROACTIVE_MORE_TIME, 0, 0x82, "CC0101", "830132");
    ck_assert_serves(&bench, PROACTIVE_MORE_TIME, 0, 0x82, "FF812301AA", "830132");
    ck_assert_serves(&bench, PROACTIVE_MORE_TIME, 0, 0x82, "4C0101", "830100");
    ck_assert_serves(&bench, PROACTIVE_MORE_TIME, 0, 0x82, "850141", "830100");
    bench_free(&bench);
}
END_TEST

START_TEST(says_ok_by_habit)
{
    setup(MODEM_SAYS_OK);
    ck_assert_serves(&bench, PROACTIVE_DISPLAY_TEXT, 0, 0x02, "8D020441", "830100");
    ck_assert_serves(&bench, 0x7E, 0, 0x82, "", "830100");
    bench_free(&bench);
}
END_TEST

START_TEST(claims_all_by_habit)
{
    setup(MODEM_CLAIMS_ALL);
    ck_assert_serves(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0, 0x82, "", "830130");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 2, 0x82, "A40101", "830130");
    ck_assert_serves(&bench, PROACTIVE_MORE_TIME, 0, 0x82, "", "830100");
    ck_assert(modem_start(bench.modem));
    bench_settle(&bench);
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.card.log), "8010000022FFFFFF"));
    bench_free(&bench);
}
END_TEST

START_TEST(lies_in_its_profile_by_habit)
{
    setup(MODEM_LIES_IN_PROFILE);
    ck_assert(modem_start(bench.modem));
    bench_settle(&bench);
    ck_assert_ptr_nonnull(
        strstr(fake_log_take(&bench.card.log),
               "80100000222300E842000000078000001F0060000000C000000000000000000000000000000720"));
    bench_free(&bench);
}
END_TEST

START_TEST(moves_bit_8_by_habit)
{
    setup(MODEM_DROPS_BIT_8);
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40101A503000100", "030100A40101");
    bench_pass(&bench, 600000);
    ck_assert_str_eq(bench_envelopes(&bench), "D70C020282812401012503000100\n");
    bench_free(&bench);
}
END_TEST

START_TEST(fetches_late_by_habit)
{
    setup(MODEM_FETCHES_LATE);
    ck_assert_serves(&bench, PROACTIVE_MORE_TIME, 0, 0x82, "", "830100");
    ck_assert_str_eq(
        fake_log_take(&bench.card.log),
        "80F2000C\n80F2000C\n00A40004023F0000\n801200000B\n801400000C810301020082028281830100\n");
    bench_free(&bench);
}
END_TEST

START_TEST(answers_what_is_no_command)
{
    setup(0);
    fake_card_queue(&bench.card, "D0098103014100");
    bench_poll(&bench);
    ck_assert_str_eq(fake_log_take(&bench.card.responses), "810300000082028281830132\n");
    ck_assert_uint_eq(bench.troubles, 1);
    bench_free(&bench);
}
END_TEST

START_TEST(provides_local_information)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_LOCATION, 0x82, "",
                     "830100130962F210123400ABCDEF");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_IMEI, 0x82, "",
                     "83010014081A32547698103274");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_IMEISV, 0x82, "",
                     "83010062091332547698103204F0");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_ACCESS_TECHNOLOGY, 0x82, "",
                     "8301003F0108");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_ACCESS_TECHNOLOGIES, 0x82,
                     "", "8301003F0108");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_SEARCH_MODE, 0x82, "",
                     "830100650101");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_DATE_TIME, 0x82, "",
                     "830100260762211000300300");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, 0x02, 0x82, "", "830132");
    bench_free(&bench);
}
END_TEST

START_TEST(locates_itself_in_every_network)
{
    setup(0);
    fake_air_set(bench.air, AIR_LIMITED, AIR_GSM);
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_LOCATION, 0x82, "",
                     "830106130762F2101234BCDE");
    fake_air_set(bench.air, AIR_NORMAL, AIR_UTRAN);
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_LOCATION, 0x82, "",
                     "830100130962F2101234BCDE000A");
    fake_air_set(bench.air, AIR_NORMAL, AIR_NR);
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_LOCATION, 0x82, "",
                     "830100130B62F210001234"
                     "0000ABCDEF");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_ACCESS_TECHNOLOGY, 0x82, "",
                     "8301003F010A");
    fake_air_set(bench.air, AIR_NONE, AIR_NR);
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_LOCATION, 0x82, "",
                     "83022004");
    ck_assert_serves(&bench, PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_ACCESS_TECHNOLOGY, 0x82, "",
                     "83022004");
    bench_free(&bench);
}
END_TEST

/* --- timers ---------------------------------------------------------------------------------------- */

START_TEST(runs_timers)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40103A503000100", "830100240103");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "240108A503000200", "830100240108");
    /* Half a minute later. */
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 2, 0x82, "A40108", "8301002401082503009103");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 1, 0x82, "A40108", "8301002401082503009100");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 1, 0x82, "A40108", "830124240108");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 2, 0x82, "A40101", "830124240101");
    bench_pass(&bench, 600000);
    ck_assert_str_eq(bench_envelopes(&bench), "D70C82028281A40103A503000100\n");
    bench_pass(&bench, 6000000);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

START_TEST(refuses_bad_timers)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40109A503000100", "830132");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40100A503000100", "830132");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A400A503000100", "830132");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 3, 0x82, "A40101", "830132");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40101", "830136240101");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40101A503990000", "830132240101");
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "", "830136");
    bench_free(&bench);
}
END_TEST

START_TEST(loses_timers_by_habit)
{
    setup(MODEM_LOSES_TIMERS);
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40103A503000100", "830100240103");
    bench_pass(&bench, 6000000);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

START_TEST(sends_an_envelope_again_to_a_busy_card)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40103A503000010", "830100240103");
    bench.card.busy = 3;
    bench_pass(&bench, 3000);
    ck_assert_str_eq(bench_envelopes(&bench), "D70C82028281A40103A503000010\nD70C82028281A40103A503000010\n"
                                              "D70C82028281A40103A503000010\nD70C82028281A40103A503000010\n");
    bench.card.busy = 1000;
    ck_assert_serves(&bench, PROACTIVE_TIMER_MANAGEMENT, 0, 0x82, "A40103A503000010", "830100240103");
    bench_pass(&bench, 60000);
    ck_assert_uint_eq(bench.card.busy, 990);
    ck_assert_uint_eq(bench.troubles, 1);
    bench_free(&bench);
}
END_TEST

/* --- events ---------------------------------------------------------------------------------------- */

START_TEST(takes_event_lists)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82,
                     "9905"
                     "03090A0B12",
                     "830100");
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "99020304", "830130");
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9901FF", "830130");
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "", "830136");
    fake_air_set(bench.air, AIR_LIMITED, AIR_LTE); /* the first list holds */
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D60A99010382028281"
                                              "1B0101\n"
                                              "D60A99010B82028281"
                                              "3F0108\n");
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9900", "830100");
    fake_air_set(bench.air, AIR_NORMAL, AIR_GSM);
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

START_TEST(tells_where_it_is)
{
    setup(0);
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9902030B", "830100");
    fake_air_set(bench.air, AIR_NORMAL, AIR_NB_IOT); /* the same to the card */
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    fake_air_set(bench.air, AIR_SEARCHING, AIR_LTE);
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    fake_air_set(bench.air, AIR_NONE, AIR_LTE);
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D60A99010382028281"
                                              "1B0102\n");
    fake_air_set(bench.air, AIR_NORMAL, AIR_GSM);
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D61399010382028281"
                                              "1B0100130762F2101234BCDE\n"
                                              "D60A99010B82028281"
                                              "3F0100\n");
    bench_free(&bench);
}
END_TEST

START_TEST(tells_of_rejections)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "990112", "830100");
    fake_air_reject(bench.air, 0x0B);
    fake_air_reject(bench.air, 0x0B);
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D622990112"
                                              "82028381"
                                              "130962F210123400ABCDEF"
                                              "7D0562F2101234"
                                              "3F0108"
                                              "740109"
                                              "75010B\n");
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE);
    fake_air_reject(bench.air, 0x0B);
    fake_air_set(bench.air, AIR_NORMAL, AIR_LTE); /* it is told even if it is over */
    bench_settle(&bench);
    ck_assert_ptr_nonnull(strstr(bench_envelopes(&bench), "75010B\n"));
    bench_free(&bench);
}
END_TEST

START_TEST(sends_no_events_by_habit)
{
    setup(MODEM_SENDS_NO_EVENTS);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9903030412", "830100");
    fake_air_reject(bench.air, 0x0B);
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

/* --- short messages -------------------------------------------------------------------------------- */

START_TEST(sends_short_messages)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_SEND_SHORT_MESSAGE, 0, 0x83,
                     "8B05"
                     "0100812100",
                     "830100");
    ck_assert_span(buf_span(&bench.air->submitted), hex("0100812100"));
    ck_assert_serves(&bench, PROACTIVE_SEND_SHORT_MESSAGE, 0, 0x83, "86029121", "830136");
    ck_assert_serves(&bench, PROACTIVE_SEND_SHORT_MESSAGE, 0, 0x83, "8B00", "830132");
    bench.air->state.service = AIR_LIMITED;
    ck_assert_serves(&bench, PROACTIVE_SEND_SHORT_MESSAGE, 0, 0x83, "8B0101", "83022004");
    bench_free(&bench);
}
END_TEST

START_TEST(hands_short_messages_over)
{
    setup(0);
    fake_air_deliver(bench.air, hex("400481214300F600000000000000"
                                    "01AA")); /* not for the card */
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    fake_air_deliver(bench.air, hex("40048121437FF600000000000000"
                                    "01AA"));
    fake_air_deliver(bench.air, hex("40048121437FF600000000000000"
                                    "01BB"));
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D116820283818B10"
                                              "40048121437FF60000000000000001AA\n"
                                              "D116820283818B10"
                                              "40048121437FF60000000000000001BB\n");
    fake_air_deliver(bench.air, hex("40FF")); /* cut off */
    fake_air_deliver(bench.air, hex(""));
    for (unsigned i = 0; i < 20; i++)
        fake_air_deliver(bench.air, hex("40048121437FF6"));
    ck_assert_uint_eq(bench.troubles, 12);
    bench_settle(&bench);
    bench_free(&bench);
}
END_TEST

TEST_MAIN("modem commands", serves_more_time, refuses_what_it_does_not_serve, says_ok_by_habit,
          claims_all_by_habit, lies_in_its_profile_by_habit, moves_bit_8_by_habit, fetches_late_by_habit,
          answers_what_is_no_command, provides_local_information, locates_itself_in_every_network,
          runs_timers, refuses_bad_timers, loses_timers_by_habit, sends_an_envelope_again_to_a_busy_card,
          takes_event_lists, tells_where_it_is, tells_of_rejections, sends_no_events_by_habit,
          sends_short_messages, hands_short_messages_over)
