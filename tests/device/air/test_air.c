/* Attaching: home and abroad, rejections and another try, cells that go and come back, messages. */
#include "tests/device/air/air_bench.h"

#include <string.h>

#define HOUR (INT64_C(3600) * 1000)

START_TEST(attaches_at_once_in_the_lan)
{
    struct bench bench;

    bench_open(&bench, "preset lan\n", true, 1);
    ck_assert_int_eq(air_state(bench.air)->service, AIR_NONE);
    bench_attach(&bench, NULL);
    ck_assert_int_eq(air_state(bench.air)->service, AIR_SEARCHING);
    bench_until(&bench, &bench.changed);
    ck_assert_str_eq(bench.changes, "0 normal 1 0\n");
    ck_assert_hex(SPAN_ARRAY(air_state(bench.air)->plmn), "00F110");
    ck_assert_str_eq(air_technology_name(air_state(bench.air)->technology), "LTE");
    ck_assert_uint_eq(air_figures(bench.air)->attachments, 1);
    ck_assert(air_submit(bench.air, SPAN_STRING("\x01")));
    air_detach(bench.air);
    ck_assert_int_eq(air_state(bench.air)->service, AIR_NONE);
    ck_assert(!air_submit(bench.air, SPAN_STRING("\x01")));
    bench_end(&bench);
}
END_TEST

START_TEST(prefers_home_and_roams_in_order)
{
    static const char text[] = "search 2s\n"
                               "cell abroad 208-01 lte area 2\n"
                               "cell other 310-410 lte area 3\n"
                               "cell home 262-01 lte area 1\n"
                               "outage home from 1h to 2h\n"
                               "outage abroad from 90m to 91m\n";
    struct bench bench;

    bench_open(&bench, text, true, 1);
    bench_attach(&bench, "262010000000001");
    bench_pass(&bench, 3 * HOUR);
    ck_assert_str_eq(bench.changes, "2000 normal 1 0\n"
                                    "3600000 searching 0 0\n"
                                    "3602000 normal 2 0 roaming\n"
                                    "5400000 searching 0 0\n"
                                    "5402000 normal 3 0 roaming\n"
                                    "7200000 searching 0 0\n"
                                    "7202000 normal 1 0\n");
    bench_end(&bench);
}
END_TEST

START_TEST(an_mnc_of_three_digits)
{
    struct bench bench;

    bench_open(&bench, "cell a 310-41 lte area 1\ncell b 310-410 lte area 2\ncell c 310-411 lte area 3\n",
               true, 1);
    bench_attach(&bench, "310411000000001");
    bench_until(&bench, &bench.changed);
    ck_assert_str_eq(bench.changes, "0 normal 1 0\n");
    bench_attach(&bench, "310420000000001");
    bench.changed = 0;
    bench_until(&bench, &bench.changed);
    ck_assert_str_eq(bench.changes, "0 normal 1 0\n0 normal 1 0 roaming\n");
    bench_end(&bench);
}
END_TEST

START_TEST(rejected_and_let_in_later)
{
    static const char text[] = "retry 10m\n"
                               "search 1s\n"
                               "cell home 262-01 lte area 1\n"
                               "cell abroad 208-01 lte area 2\n"
                               "reject imsi 26201 cause 11 on home to 1h\n"
                               "reject all cause 15 on abroad\n";
    struct bench bench;

    bench_open(&bench, text, true, 1);
    bench_attach(&bench, "262010000000001");
    bench_pass(&bench, 15 * 60 * 1000);
    ck_assert_str_eq(bench.changes, "1000 searching 1 11\n2000 limited 2 15 roaming\n"
                                    "603000 searching 1 11\n604000 limited 2 15 roaming\n");
    bench.changes[0] = '\0';
    bench_pass(&bench, HOUR + 5000);
    /* The rejection's end is no secret: it does not wait for the back-off. */
    ck_assert_ptr_nonnull(strstr(bench.changes, "3601000 normal 1 0\n"));
    ck_assert_uint_eq(air_figures(bench.air)->attachments, 1);
    bench_end(&bench);
}
END_TEST

START_TEST(a_rejection_while_it_is_on_a_cell)
{
    struct bench bench;

    bench_open(&bench, "preset lan\nreject all cause 22 from 1h to 2h\n", true, 1);
    bench_attach(&bench, NULL);
    bench_pass(&bench, 3 * HOUR);
    ck_assert_ptr_nonnull(
        strstr(bench.changes, "0 normal 1 0\n3600000 searching 0 0\n3600000 limited 1 22\n"));
    ck_assert_ptr_nonnull(strstr(bench.changes, "7200000 normal 1 0\n"));
    bench_end(&bench);
}
END_TEST

START_TEST(without_an_imsi_or_a_cell)
{
    struct bench bench;

    bench_open(&bench, "preset lan\noutage all from 1h to 2h\n", true, 1);
    bench_attach(&bench, "");
    bench_pass(&bench, 90 * 60 * 1000);
    ck_assert_str_eq(bench.changes, "0 limited 1 0\n3600000 none 0 0\n");
    bench_attach(&bench, NULL);
    bench_pass(&bench, 3 * HOUR);
    ck_assert_str_eq(bench.changes,
                     "0 limited 1 0\n3600000 none 0 0\n5400000 none 0 0\n7200000 normal 1 0\n");
    bench_end(&bench);
}
END_TEST

START_TEST(messages_come_and_wait)
{
    static const char text[] = "preset lan\n"
                               "outage all from 90m to 150m\n"
                               "sms 01 every 1h to 4h\n"
                               "sms imsi 00102 02 at 1s\n"
                               "sms 03 at 1s\n";
    struct bench bench;

    bench_open(&bench, text, true, 1);
    bench_pass(&bench, 10000);
    bench_attach(&bench, NULL);
    bench_pass(&bench, 10 * HOUR);
    ck_assert_str_eq(bench.messages, "10000 03\n3600000 01\n9000000 01\n10800000 01\n");
    bench_attach(&bench, "001020000000001");
    bench_pass(&bench, 11 * HOUR);
    ck_assert_ptr_nonnull(strstr(bench.messages, "36000000 02\n"));
    bench_end(&bench);
}
END_TEST

START_TEST(a_bad_file_is_told)
{
    struct event_base *base = event_base_new();
    struct device_clock *clock = device_clock_new(base, true, 0);
    char why[AIR_WHY_MAX];

    ck_assert_ptr_null(air_new(base, clock, "/nowhere", 1, why));
    ck_assert_ptr_nonnull(strstr(why, "cannot open /nowhere"));
    device_clock_free(clock);
    event_base_free(base);
}
END_TEST

TEST_MAIN("air", attaches_at_once_in_the_lan, prefers_home_and_roams_in_order, an_mnc_of_three_digits,
          rejected_and_let_in_later, a_rejection_while_it_is_on_a_cell, without_an_imsi_or_a_cell,
          messages_come_and_wait, a_bad_file_is_told)
