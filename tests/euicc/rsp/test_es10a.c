/* euicc/rsp/es10a.c: addresses. */
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

START_TEST(addresses_are_read_and_set)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    /* Nothing set: the mandatory root SM-DS address is empty, the default SM-DP+ address absent. */
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C02 8100");
    ck_assert_hex(es10(&bench, "BF3F0A 8008 612E6C6F63616C31"), "BF3F03 800100");
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C0C 8008 612E6C6F63616C31 8100");
    /* The empty string clears. */
    ck_assert_hex(es10(&bench, "BF3F02 8000"), "BF3F03 800100");
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C02 8100");
    es10_close(&bench);
}
END_TEST

START_TEST(what_is_no_address_is_refused_and_changes_nothing)
{
    static const char *const bad[] = {"0A", "6120", "C3", "C3A9", "6100", "613A"};
    struct es10_bench bench;
    char text[2 * 256 + 1];

    es10_open(&bench, 1, 0);
    es10(&bench, "BF3F06 8004 612E6262");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_hex(
            es10(&bench, "BF3F%02zX 80%02zX %s", strlen(bad[i]) / 2 + 2, strlen(bad[i]) / 2, bad[i]),
            "BF3F03 80017F");
    for (size_t i = 0; i < 256; i++)
        memcpy(text + 2 * i, "61", 3);
    ck_assert_hex(es10(&bench, "BF3F820104 80820100 %s", text), "BF3F03 80017F");
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C08 8004 612E6262 8100");
    text[2 * 255] = '\0';
    ck_assert_hex(es10(&bench, "BF3F820102 8081FF %s", text), "BF3F03 800100");
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {
        "BF3C01 00",   "BF3C02 8001",        "BF3F00", "BF3F02 8100", "BF3F03 8004 61",
        "BF3F02 0C00", "BF3F05 8000 810500",
    };
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    es10_sweep(&bench, "BF3C00");
    es10_sweep(&bench, "BF3F0A 8008 612E6C6F63616C31");
    /* Unknown members after the known ones are skipped. */
    ck_assert_hex(es10(&bench, "BF3F05 8000 810161"), "BF3F03 800100");
    es10_close(&bench);
}
END_TEST

TEST_MAIN("es10a", addresses_are_read_and_set, what_is_no_address_is_refused_and_changes_nothing,
          malformed_requests_are_refused)
