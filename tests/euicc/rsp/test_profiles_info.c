/* euicc/rsp/profiles_info.c: ES10c.GetProfilesInfo. */
#include "apdu/tlv.h"
#include "euicc/lifecycle/recovery.h"
#include "euicc/os/spec_version.h"
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
        "BF2D03 5C01 96",       "BF2D04 5C02 9F71",     "BF2D04 5C02 5A9F",
        "BF2D06 5C04 9F818101", "BF2D06 5C04 9F818181", "BF2D05 A003 950103", /* no such class */
    };
    struct es10_bench bench;

    open_with_three(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_hex(es10(&bench, "%s", bad[i]), "BF2D03 810101");
    es10_close(&bench);
}
END_TEST

/* Every tag of every ProfileInfo, and the minor version of SGP.22 v2 or SGP.32 v1 whose ProfileInfo has it
 * first. */
#define NONE 99
static const struct {
    uint32_t tag;
    unsigned sgp22, sgp32;
} published[] = {
    {0x5A, 0, 0},         {0x4F, 0, 0},         {0x9F70, 0, 0},       {0x90, 0, 0},
    {0x91, 0, 0},         {0x92, 0, 0},         {0x93, 0, 0},         {0x94, 0, 0},
    {0x95, 0, 0},         {0xB6, 0, 0},         {0xB7, 0, 0},         {0xB8, 0, 0},
    {0x99, 0, 0},         {0xBF22, 4, NONE},    {0xBF76, 0, 0},       {0x9F7B, NONE, 0},
    {0x9F26, NONE, 0},    {0x9F67, NONE, 0},    {0xBF64, NONE, 3},    {0xBA, NONE, NONE},
    {0x9B, NONE, NONE},   {0xBC, NONE, NONE},   {0xBD, NONE, NONE},   {0x9F1F, NONE, NONE},
    {0xBF20, NONE, NONE}, {0x9F24, NONE, NONE}, {0x9F25, NONE, NONE},
};
#define PUBLISHED (sizeof(published) / sizeof(published[0]))

static struct span asked_for(struct es10_bench *bench, uint32_t tag)
{
    return tag > 0xFF ? es10(bench, "BF2D04 5C02 %04X", (unsigned)tag)
                      : es10(bench, "BF2D03 5C01 %02X", (unsigned)tag);
}

static void make_of(struct softeuicc *card, uint8_t personality, unsigned sgp22, unsigned sgp32)
{
    card->personality_bit = personality;
    memcpy(card->sgp22, spec_version_of_sgp22((enum softeuicc_sgp22)(sgp22 - 2)), CARD_VERSION_SIZE);
    memcpy(card->sgp32, spec_version_of_sgp32((enum softeuicc_sgp32)(sgp32 - 2)), CARD_VERSION_SIZE);
}

/* The profile has everything that some version knows; what comes is what the card's versions know. */
START_TEST(a_published_tag_is_taken_and_gives_what_the_versions_have)
{
    static const uint32_t path[] = {0xBF2D, 0xA0, 0xE3, 0};
    static const uint8_t personalities[] = {FOR_CONSUMER, FOR_IOT, FOR_HYBRID};
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    make_of(bench.card, FOR_HYBRID, 5, 3);
    es10_install(&bench, &(struct es10_profile){
                             .iccid = A,
                             .icon = hex("89504E47"),
                             .address = "n.example",
                             .operations = 8,
                             .further = hex("B705 8003 00F110 99020520 BF220B 3009 800329010C 8102 0401"
                                            "9F7B01FF 9F6701FF BF6404 80020102 BF7604 E202E100"),
                             .configuration = hex("BF24 09 B807 80028837 040101")});
    es10(&bench, "BF2910 5A0A 98940000000000000071 9002 4869");
    ck_assert(recovery_set_fallback_profile(bench.card, 1) && nvm_commit(bench.card->nvm));
    for (size_t i = 0; i < 3 * 4 * 2; i++) {
        unsigned sgp22 = 2 + (unsigned)(i / 2 % 4), sgp32 = 2 + (unsigned)(i % 2);
        uint8_t personality = personalities[i / 8];

        make_of(bench.card, personality, sgp22, sgp32);
        for (size_t j = 0; j < PUBLISHED; j++) {
            bool known =
                published[j].sgp22 <= sgp22 || (personality != FOR_CONSUMER && published[j].sgp32 <= sgp32);
            struct span info, value;

            ck_assert_msg(tlv_find_path(asked_for(&bench, published[j].tag), path, &info), "%X",
                          (unsigned)published[j].tag);
            ck_assert_msg(tlv_find(info, published[j].tag, &value) == known,
                          "%X on a card of %u, v2.%u, v1.%u", (unsigned)published[j].tag, personality, sgp22,
                          sgp32);
        }
    }
    make_of(bench.card, FOR_IOT, 5, 3);
    ck_assert_hex(es10(&bench, "BF2D06 5C04 BF22 BF64"),
                  "BF2D19 A017 E315 BF220B 3009 800329010C 8102 0401 BF6404 80020102");
    es10_close(&bench);
}
END_TEST

START_TEST(every_other_tag_is_refused)
{
    struct es10_bench bench;
    unsigned taken = 0;

    open_with_three(&bench);
    for (uint32_t i = 0; i < 3 * 0x100; i++) {
        uint32_t tag = i < 0x100 ? i : (i < 0x200 ? 0x9F00 : 0xBF00) | (i & 0xFF);
        bool is_published = false;

        /* The first octet of two, and the tags that take a third. */
        if ((i < 0x100 && (i & 0x1F) == 0x1F) || (i >= 0x100 && (i & 0x80) != 0))
            continue;
        for (size_t j = 0; j < PUBLISHED; j++)
            is_published = is_published || published[j].tag == tag;
        taken += is_published;
        ck_assert_msg(span_equal(asked_for(&bench, tag), hex("BF2D03 810101")) != is_published, "%X",
                      (unsigned)tag);
    }
    ck_assert_uint_eq(taken, PUBLISHED);
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
          a_published_tag_is_taken_and_gives_what_the_versions_have, every_other_tag_is_refused,
          malformed_requests_are_refused, a_read_writes_nothing, big_lists_arrive_whole)
