/* euicc/rsp/profiles_info.c: ES10c.GetProfilesInfo. */
#include "apdu/tlv.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

#define A "89490000000000000017"
#define B "89490000000000000025"
#define C "8949000000000000003"

#define AID_A "A0000005591010FFFFFFFF8900001000"
#define AID_B "A0000005591010FFFFFFFF8900001100"
#define AID_C "A0000005591010FFFFFFFF8900001200"

static void open_with_three(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = A, .name = "One", .icon = hex("89504E47")});
    es10_install(bench, &(struct es10_profile){.iccid = B,
                                               .name = "Two",
                                               .test = true,
                                               .ppr2 = true,
                                               .address = "n.example",
                                               .operations = 8,
                                               .further = hex("B705 8003 00F110"),
                                               .configuration = hex("BF24 09 B807 80028837 040101")});
    es10_install(bench, &(struct es10_profile){.iccid = C, .name = "3", .provisioning = true});
}

/* ProfileInfo with the default fields, without outer tag. */
#define INFO_A                                                                                               \
    "E33D 5A0A 98940000000000000071 4F10 " AID_A                                                             \
    " 9F700100 9108 4F70657261746F72 9203 4F6E65 930101 9404 89504E47"                                       \
    " 950102"
#define INFO_B                                                                                               \
    "E334 5A0A 98940000000000000052 4F10 " AID_B " 9F700100 9108 4F70657261746F72 9203 54776F 950100"
#define INFO_C "E332 5A0A 989400000000000000F3 4F10 " AID_C " 9F700100 9108 4F70657261746F72 9201 33 950101"

START_TEST(an_empty_card_has_an_empty_list)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF2D00"), "BF2D02 A000");
    es10_close(&bench);
}
END_TEST

START_TEST(without_a_tag_list_the_default_fields_come)
{
    struct es10_bench bench;

    open_with_three(&bench);
    ck_assert_hex(es10(&bench, "BF2D00"), "BF2D81AC A081A9" INFO_A INFO_B INFO_C);
    ck_assert_hex(es10(&bench, "BF2D02 5C00"), "BF2D81AC A081A9" INFO_A INFO_B INFO_C);
    es10(&bench, "BF2910 5A0A 98940000000000000071 9002 4869");
    es10(&bench, "BF3111 A00C 5A0A 98940000000000000071 810100");
    ck_assert_hex(es10(&bench, "BF2D08 5C06 9F70 90 92 95 94"),
                  "BF2D34 A032 E316 9F700101 9002 4869 9203 4F6E65 9404 89504E47 950102"
                  " E30C 9F700100 9203 54776F 950100 E30A 9F700100 9201 33 950101");
    es10_close(&bench);
}
END_TEST

START_TEST(search_finds_by_each_criterion)
{
    struct es10_bench bench;

    open_with_three(&bench);
    ck_assert_hex(es10(&bench, "BF2D14 A012 4F10 " AID_B), "BF2D38 A036" INFO_B);
    ck_assert_hex(es10(&bench, "BF2D0E A00C 5A0A 98940000000000000071"), "BF2D41 A03F" INFO_A);
    ck_assert_hex(es10(&bench, "BF2D05 A003 950101"), "BF2D36 A034" INFO_C);
    ck_assert_hex(es10(&bench, "BF2D05 A003 950100"), "BF2D38 A036" INFO_B);
    ck_assert_hex(es10(&bench, "BF2D08 A003 950102 5C015A"), "BF2D10 A00E E30C 5A0A 98940000000000000071");
    /* What is not there gives an empty list. */
    ck_assert_hex(es10(&bench, "BF2D14 A012 4F10 A0000005591010FFFFFFFF8900001300"), "BF2D02 A000");
    ck_assert_hex(es10(&bench, "BF2D09 A007 4F05 A000000559"), "BF2D02 A000");
    ck_assert_hex(es10(&bench, "BF2D0E A00C 5A0A 98940000000000000000"), "BF2D02 A000");
    ck_assert_hex(es10(&bench, "BF2D0E A00C 5A0A FFFFFFFFFFFFFFFFFFFF"), "BF2D02 A000");
    es10_close(&bench);
}
END_TEST

START_TEST(fields_outside_the_default_set_come_when_asked_for)
{
    struct es10_bench bench;
    static const uint32_t path[] = {0xBF2D, 0xA0, 0xE3, 0};
    struct span info;

    open_with_three(&bench);
    ck_assert(
        tlv_find_path(es10(&bench, "BF2D14 A00C 5A0A 98940000000000000052 5C04 B6B7B899"), path, &info));
    ck_assert_hex(
        info, "B611 300F 80020410 8109 6E2E6578616D706C65 B705 8003 00F110 B807 80028837 040101 99020520");
    /* Absent ones are left out; the order is that of ProfileInfo, whatever the list says; twice is once. */
    ck_assert(tlv_find_path(es10(&bench, "BF2D18 A00C 5A0A 98940000000000000071 5C08 99B6B7B8BF769595"), path,
                            &info));
    ck_assert_hex(info, "950102");
    ck_assert(
        tlv_find_path(es10(&bench, "BF2D14 A00C 5A0A 98940000000000000071 5C04 95925A5A"), path, &info));
    ck_assert_hex(info, "5A0A 98940000000000000071 9203 4F6E65 950102");
    es10_close(&bench);
}
END_TEST

START_TEST(carrier_privileges_are_handed_through)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .further = hex("BF7604 E202E100")});
    ck_assert_hex(es10(&bench, "BF2D04 5C02 BF76"), "BF2D0B A009 E307 BF7604 E202E100");
    es10_close(&bench);
}
END_TEST

START_TEST(unknown_tags_and_values_are_incorrect_input)
{
    static const char *const bad[] = {
        "BF2D03 5C01 96",       "BF2D04 5C02 9F71", "BF2D04 5C02 5A9F", "BF2D06 5C04 9F818101",
        "BF2D06 5C04 9F818181", "BF2D04 5C02 BF64", /* iotSpecificProfileInfo: there are no members yet */
        "BF2D05 A003 950103",                       /* no such class */
    };
    struct es10_bench bench;

    open_with_three(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_hex(es10(&bench, "%s", bad[i]), "BF2D03 810101");
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {
        "BF2D01 5C",
        "BF2D02 5C01",
        "BF2D02 A000",
        "BF2D04 A002 4F00",
        "BF2D0D A00B 5A09 989400000000000000",
        "BF2D15 A013 4F11 A0000005591010FFFFFFFF890000100000",
        "BF2D04 A002 9500",
        "BF2D08 A006 950100 950101",
        "BF2D05 A003 820101",
        "BF2D0C 5A0A 98940000000000000071", /* a criterion without the tag of the CHOICE: not all profiles */
        "BF2D03 950102",
        "BF2D08 5C01 5A A003 950102", /* behind the tag list */
    };
    struct es10_bench bench;

    open_with_three(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    es10_sweep(&bench, "BF2D00");
    es10_sweep(&bench, "BF2D1B A012 4F10 " AID_B " 5C05 5A9F70BF76");
    es10_sweep(&bench, "BF2D12 A00C 5A0A 98940000000000000071 5C02 9F70");
    es10_sweep(&bench, "BF2D09 A003 950102 5C02 B7B8");
    es10_sweep(&bench, "BF2D05 5C01 5A 8100"); /* what a later version may add */
    es10_close(&bench);
}
END_TEST

START_TEST(a_read_writes_nothing)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_with_three(&bench);
    ck_assert_uint_eq(es10_send(&bench, hex("BF2D00"), &response), 0x9000);
    ck_assert(!nvm_in_transaction(bench.card->nvm));
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* The cost of many profiles with big icons: a response of tens of kilobytes. */
START_TEST(big_lists_arrive_whole)
{
    static uint8_t icon[ICON_MAX];
    struct es10_bench bench;
    struct span list;
    struct tlv_reader reader;
    struct tlv info;
    unsigned count = 0;

    memset(icon, 0x5A, sizeof(icon));
    es10_open(&bench, 1, 64 * 1024 * 1024);
    for (int i = 0; i < 40; i++) {
        char iccid[21];

        snprintf(iccid, sizeof(iccid), "894900000000000000%02d", i);
        es10_install(&bench, &(struct es10_profile){.iccid = iccid, .icon = SPAN_ARRAY(icon)});
    }
    ck_assert(tlv_find_path(es10(&bench, "BF2D00"), (const uint32_t[]){0xBF2D, 0xA0, 0}, &list));
    ck_assert_uint_gt(list.size, 40 * ICON_MAX);
    reader = tlv_reader(list);
    while (tlv_next(&reader, &info) == TLV_OK)
        count++;
    ck_assert(tlv_good(&reader));
    ck_assert_uint_eq(count, 40);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("profiles_info", an_empty_card_has_an_empty_list, without_a_tag_list_the_default_fields_come,
          search_finds_by_each_criterion, fields_outside_the_default_set_come_when_asked_for,
          carrier_privileges_are_handed_through, unknown_tags_and_values_are_incorrect_input,
          malformed_requests_are_refused, a_read_writes_nothing, big_lists_arrive_whole)
