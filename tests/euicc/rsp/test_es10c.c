/* euicc/rsp/es10c.c: enable, disable, delete, memory reset, EID, nickname. Which step is allowed when:
 * test_lifecycle.c. */
#include "apdu/tlv.h"
#include "euicc/isdr/es10.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

#define A   "89490000000000000017"
#define B   "89490000000000000025"
#define C   "89490000000000000033"
#define T   "89490000000000000041"
#define A_  "98940000000000000071"
#define B_  "98940000000000000052"
#define C_  "98940000000000000033"
#define T_  "98940000000000000014"
#define NO_ "98940000000000000099"

#define AID_A  "A0000005591010FFFFFFFF8900001000"
#define AID_NO "A0000005591010FFFFFFFF8900009900"

#define ENABLE(iccid)  "BF3111 A00C 5A0A " iccid " 8101FF"
#define DISABLE(iccid) "BF3211 A00C 5A0A " iccid " 8101FF"
#define DELETE(iccid)  "BF330C 5A0A " iccid

START_TEST(a_profile_is_enabled_and_disabled_by_either_identifier)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert_int_eq(es10_state(&bench, A), 0);
    ck_assert_hex(es10(&bench, ENABLE(A_)), "BF3103 800100");
    ck_assert_int_eq(es10_state(&bench, A), 1);
    ck_assert_hex(es10(&bench, DISABLE(A_)), "BF3203 800100");
    ck_assert_int_eq(es10_state(&bench, A), 0);
    ck_assert_hex(es10(&bench, "BF3117 A012 4F10 " AID_A " 810100"), "BF3103 800100");
    ck_assert_hex(es10(&bench, "BF3217 A012 4F10 " AID_A " 810101"), "BF3203 800100"); /* TRUE in BER */
    es10_close(&bench);
}
END_TEST

START_TEST(enabling_one_disables_the_other)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10_install(&bench, &(struct es10_profile){.iccid = B});
    es10(&bench, ENABLE(A_));
    ck_assert_hex(es10(&bench, ENABLE(B_)), "BF3103 800100");
    ck_assert_int_eq(es10_state(&bench, A), 0);
    ck_assert_int_eq(es10_state(&bench, B), 1);
    es10_close(&bench);
}
END_TEST

START_TEST(who_is_not_there_is_not_found)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert_hex(es10(&bench, ENABLE(NO_)), "BF3103 800101");
    ck_assert_hex(es10(&bench, DISABLE(NO_)), "BF3203 800101");
    ck_assert_hex(es10(&bench, DELETE(NO_)), "BF3303 800101");
    ck_assert_hex(es10(&bench, "BF3117 A012 4F10 " AID_NO " 8101FF"), "BF3103 800101");
    ck_assert_hex(es10(&bench, "BF3109 A004 4F02 A000 8101FF"), "BF3103 800101");
    ck_assert_hex(es10(&bench, ENABLE("FFFFFFFFFFFFFFFFFFFF")), "BF3103 800101");
    ck_assert_hex(es10(&bench, "BF3312 4F10 " AID_NO), "BF3303 800101");
    es10_close(&bench);
}
END_TEST

START_TEST(wrong_states_are_named)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert_hex(es10(&bench, DISABLE(A_)), "BF3203 800102"); /* profileNotInEnabledState */
    es10(&bench, ENABLE(A_));
    ck_assert_hex(es10(&bench, ENABLE(A_)), "BF3103 800102"); /* profileNotInDisabledState */
    ck_assert_hex(es10(&bench, DELETE(A_)), "BF3303 800102");
    ck_assert_int_eq(es10_state(&bench, A), 1);
    es10_close(&bench);
}
END_TEST

START_TEST(policy_rules_forbid)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .ppr1 = true});
    es10_install(&bench, &(struct es10_profile){.iccid = B, .ppr2 = true});
    es10(&bench, ENABLE(A_));
    ck_assert_hex(es10(&bench, DISABLE(A_)), "BF3203 800103");
    ck_assert_hex(es10(&bench, ENABLE(B_)), "BF3103 800103"); /* it would disable A */
    ck_assert_hex(es10(&bench, DELETE(B_)), "BF3303 800103");
    ck_assert_int_eq(es10_state(&bench, A), 1);
    ck_assert_int_eq(es10_state(&bench, B), 0);
    es10_close(&bench);
}
END_TEST

START_TEST(a_test_profile_gives_back_what_it_displaced)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .ppr1 = true});
    es10_install(&bench, &(struct es10_profile){.iccid = B});
    es10_install(&bench, &(struct es10_profile){.iccid = T, .test = true});
    es10_install(&bench, &(struct es10_profile){.iccid = C, .test = true});
    es10(&bench, ENABLE(A_));
    ck_assert_hex(es10(&bench, ENABLE(T_)), "BF3103 800100"); /* in spite of PPR1 */
    ck_assert_hex(es10(&bench, ENABLE(B_)), "BF3103 800104"); /* wrongProfileReenabling */
    ck_assert_hex(es10(&bench, ENABLE(C_)), "BF3103 800100"); /* another test profile */
    ck_assert_hex(es10(&bench, ENABLE(B_)), "BF3103 800104"); /* the memory lasts */
    ck_assert_hex(es10(&bench, ENABLE(A_)), "BF3103 800100"); /* back */
    ck_assert_int_eq(es10_state(&bench, A), 1);
    es10(&bench, ENABLE(T_));
    ck_assert_hex(es10(&bench, DISABLE(T_)), "BF3203 800100");
    ck_assert_int_eq(es10_state(&bench, A), 1); /* enabled again */
    ck_assert_int_eq(es10_state(&bench, T), 0);
    es10_close(&bench);
}
END_TEST

START_TEST(a_test_profile_that_displaced_nothing_lets_any_other_in)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10_install(&bench, &(struct es10_profile){.iccid = B});
    es10_install(&bench, &(struct es10_profile){.iccid = T, .test = true});
    es10(&bench, ENABLE(T_));
    ck_assert_hex(es10(&bench, ENABLE(B_)), "BF3103 800100");
    es10(&bench, ENABLE(T_));
    ck_assert_hex(es10(&bench, ENABLE(A_)), "BF3103 800104");
    /* Who was displaced and is deleted is waited for by nobody. */
    ck_assert_hex(es10(&bench, DELETE(B_)), "BF3303 800100");
    ck_assert_hex(es10(&bench, ENABLE(A_)), "BF3103 800100");
    es10(&bench, ENABLE(T_));
    ck_assert_hex(es10(&bench, DELETE(A_)), "BF3303 800100");
    ck_assert_hex(es10(&bench, DISABLE(T_)), "BF3203 800100");
    es10_close(&bench);
}
END_TEST

START_TEST(deleting_leaves_nothing_behind)
{
    struct es10_bench bench;
    struct span before;

    es10_open(&bench, 1, 0);
    before = es10(&bench, "BF2200");
    es10_install(&bench, &(struct es10_profile){.iccid = A, .address = "a.example", .operations = 7});
    ck_assert(!span_equal(es10(&bench, "BF2200"), before));
    ck_assert_hex(es10(&bench, DELETE(A_)), "BF3303 800100");
    ck_assert_int_eq(es10_state(&bench, A), -1);
    ck_assert_span(es10(&bench, "BF2200"), before); /* memory and count are what they were */
    ck_assert_span(es10_tables(&bench), SPAN_STRING("|0|16|0\n0|0\n0\n"));
    es10_close(&bench);
}
END_TEST

/* A card with every kind of profile; the enabled one is A. */
static void open_for_reset(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench,
                 &(struct es10_profile){
                     .iccid = A, .ppr1 = true, .ppr2 = true, .address = "a.example", .operations = 15});
    es10_install(bench, &(struct es10_profile){
                            .iccid = B, .preloaded = true, .address = "b.example", .operations = 8});
    es10_install(bench,
                 &(struct es10_profile){.iccid = C, .test = true, .address = "c.example", .operations = 8});
    es10_install(bench, &(struct es10_profile){.iccid = T, .test = true, .preloaded = true});
    es10_install(bench, &(struct es10_profile){.iccid = "89490000000000000066", .provisioning = true});
    es10(bench, ENABLE(A_));
    es10(bench, "BF3F06 8004 612E6262");
    es10(bench, "BF3003 800101");
}

START_TEST(memory_reset_takes_what_it_is_told)
{
    struct es10_bench bench;

    open_for_reset(&bench);
    /* Operational ones, enabled or not, whatever their rules, whoever loaded them. */
    ck_assert_hex(es10(&bench, "BF3404 82020780"), "BF3403 800100");
    ck_assert_int_eq(es10_state(&bench, A), -1);
    ck_assert_int_eq(es10_state(&bench, B), -1);
    ck_assert_int_eq(es10_state(&bench, C), 0);
    ck_assert_int_eq(es10_state(&bench, T), 0);
    /* A delete notification for each. */
    ck_assert_hex(es10(&bench, "BF2800"),
                  "BF2844 A042 BF2F1E 800102 81020410 0C09 612E6578616D706C65 5A0A " A_
                  "BF2F1E 800103 81020410 0C09 "
                  "622E6578616D706C65 5A0A " B_);
    ck_assert_hex(es10(&bench, "BF3404 82020780"), "BF3403 800101"); /* nothingToDelete */
    /* Test profiles that came by download. */
    ck_assert_hex(es10(&bench, "BF3404 82020640"), "BF3403 800100");
    ck_assert_int_eq(es10_state(&bench, C), -1);
    ck_assert_int_eq(es10_state(&bench, T), 0);
    ck_assert_hex(es10(&bench, "BF3404 82020640"), "BF3403 800101");
    /* The address. */
    ck_assert_hex(es10(&bench, "BF3404 82020520"), "BF3403 800100");
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C02 8100");
    ck_assert_hex(es10(&bench, "BF3404 82020520"), "BF3403 800101");
    /* The provisioning profile is there still. */
    ck_assert_int_eq(es10_state(&bench, "89490000000000000066"), 0);
    es10_close(&bench);
}
END_TEST

START_TEST(memory_reset_of_everything)
{
    struct es10_bench bench;

    open_for_reset(&bench);
    ck_assert_hex(es10(&bench, "BF3404 820205E0"), "BF3403 800100"); /* as lpac sends it */
    ck_assert_int_eq(es10_state(&bench, A), -1);
    ck_assert_int_eq(es10_state(&bench, C), -1);
    ck_assert_hex(es10(&bench, "BF3C00"), "BF3C02 8100");
    ck_assert_hex(es10(&bench, "BF3404 820205E0"), "BF3403 800101");
    ck_assert_hex(es10(&bench, "BF3403 820100"), "BF3403 800101"); /* no option at all */
    es10_close(&bench);
}
END_TEST

START_TEST(memory_reset_of_the_enabled_test_profile_enables_nothing)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10_install(&bench, &(struct es10_profile){.iccid = T, .test = true});
    es10(&bench, ENABLE(A_));
    es10(&bench, ENABLE(T_));
    ck_assert_hex(es10(&bench, "BF3404 82020640"), "BF3403 800100");
    ck_assert_int_eq(es10_state(&bench, A), 0);
    ck_assert_int_eq(es10_state(&bench, T), -1);
    ck_assert_int_eq(profile_before_test(bench.card), 0);
    es10_close(&bench);
}
END_TEST

/* A terminal that serves REFRESH, with a proactive session under way. */
static void begin_proactive_session(struct es10_bench *bench)
{
    struct buf response = {0};

    ck_assert_uint_eq(terminal_command(&bench->terminal, hex("80100000 03 000080"), &response), 0x9000);
    ck_assert_uint_eq(es10_send(bench, hex(ENABLE(A_)), &response) & 0xFF00, 0x9100);
    buf_free(&response);
}

START_TEST(a_proactive_session_makes_the_card_busy)
{
    struct es10_bench bench;
    struct buf response = {0};

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10_install(&bench, &(struct es10_profile){.iccid = B});
    begin_proactive_session(&bench);
    ck_assert_uint_eq(es10_send(&bench, hex(ENABLE(B_)), &response) & 0xFF00, 0x9100);
    ck_assert_hex(buf_span(&response), "BF3103 800105");
    buf_clear(&response);
    es10_send(&bench, hex(DISABLE(A_)), &response);
    ck_assert_hex(buf_span(&response),
                  "BF3203 800102"); /* it is not enabled before the terminal has answered */
    buf_clear(&response);
    es10_send(&bench, hex("BF3404 82020780"), &response);
    ck_assert_hex(buf_span(&response), "BF3403 800105");
    buf_clear(&response);
    ck_assert_int_eq(es10_state(&bench, A), 0);
    ck_assert_int_eq(es10_state(&bench, B), 0);
    /* Without the refresh flag the terminal takes care of its session, and resets the card by itself. */
    es10_send(&bench, hex("BF3111 A00C 5A0A " B_ " 810100"), &response);
    ck_assert_hex(buf_span(&response), "BF3103 800100");
    ck_assert_int_eq(es10_state(&bench, B), 1);
    buf_clear(&response);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80120000 0B"), &response), 0x6985);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(the_eid_is_read)
{
    static const char *const bad[] = {"BF3E00", "BF3E02 5C00", "BF3E03 5C015B", "BF3E04 5C025A5A",
                                      "BF3E03 5A015A"};
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF3E03 5C015A"), "BF3E12 5A10 " TEST_EID);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    es10_sweep(&bench, "BF3E03 5C015A");
    es10_close(&bench);
}
END_TEST

START_TEST(nicknames_are_set_and_cleared)
{
    struct es10_bench bench;
    char text[2 * 65 + 1];

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert_hex(es10(&bench, "BF2911 5A0A " A_ " 9003 C3A921"), "BF2903 800100");
    ck_assert_hex(es10(&bench, "BF2D03 5C0190"), "BF2D09 A007 E305 9003 C3A921");
    ck_assert_hex(es10(&bench, "BF290E 5A0A " A_ " 9000"), "BF2903 800100");
    ck_assert_hex(es10(&bench, "BF2D03 5C0190"), "BF2D04 A002 E300");
    ck_assert_hex(es10(&bench, "BF290E 5A0A " NO_ " 9000"), "BF2903 800101");
    /* 64 octets are the most, and they are UTF-8. */
    for (size_t i = 0; i < 65; i++)
        memcpy(text + 2 * i, "61", 3);
    ck_assert_hex(es10(&bench, "BF294F 5A0A " A_ " 9041 %s", text), "BF2903 80017F");
    text[2 * 64] = '\0';
    ck_assert_hex(es10(&bench, "BF294E 5A0A " A_ " 9040 %s", text), "BF2903 800100");
    ck_assert_hex(es10(&bench, "BF2910 5A0A " A_ " 9002 C300"), "BF2903 80017F");
    ck_assert_hex(es10(&bench, "BF2D03 5C0190"),
                  "BF2D46 A044 E342 9040 "
                  "6161616161616161616161616161616161616161616161616161616161616161"
                  "6161616161616161616161616161616161616161616161616161616161616161");
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {
        "BF3100",
        "BF3103 8101FF",
        "BF310E A00C 5A0A " A_,      /* no flag */
        "BF310F 5A0A " A_ " 8101FF", /* no A0 */
        "BF3105 A000 8101FF",
        "BF3110 A00B 5A09 989400000000000000 8101FF",
        "BF3107 A002 4F00 8101FF",
        "BF3110 A00C 5A0A " A_ " 8100",
        "BF3112 A00C 5A0A " A_ " 8102FFFF",
        "BF311D A018 5A0A " A_ " 5A0A " A_ " 8101FF", /* two in a choice */
        "BF3200",
        "BF320E A00C 5A0A " A_,
        "BF3300",
        "BF330E A00C 5A0A " A_,
        "BF330F 5A0A " A_ " 8101FF", /* a choice has one member */
        "BF3400",
        "BF3402 8200",
        "BF3404 82020880",
        "BF3403 820105", /* unused bits of nothing */
        "BF3404 83020780",
        "BF2900",
        "BF290C 5A0A " A_,
        "BF290D 5A09 989400000000000000 9000",
        "BF290E 9000 5A0A " A_,
    };
    struct es10_bench bench;
    struct span tables;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    tables = es10_tables(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    ck_assert_span(es10_tables(&bench), tables);
    es10_sweep(&bench, ENABLE(A_));
    es10_sweep(&bench, "BF3117 A012 4F10 " AID_A " 8101FF");
    es10_sweep(&bench, DISABLE(A_));
    es10_sweep(&bench, DELETE(A_));
    es10_sweep(&bench, "BF3404 820205E0");
    es10_sweep(&bench, "BF2911 5A0A " A_ " 9003 C3A921");
    es10_close(&bench);
}
END_TEST

/* One request straight to the dispatcher: did it begin a transaction? */
static bool writes(struct es10_bench *bench, const char *request)
{
    struct buf response = {0};
    bool wrote;

    ck_assert_uint_eq(es10_dispatch(bench->card, hex(request), &response), ES10_OK);
    wrote = nvm_in_transaction(bench->card->nvm);
    nvm_rollback(bench->card->nvm);
    buf_free(&response);
    return wrote;
}

START_TEST(only_changes_write)
{
    static const char *const reads[] = {
        "BF3E035C015A",
        "BF2D00",
        "BF3C00",
        "BF2000",
        "BF2200",
        "BF2800",
        "BF2B00",
        "BF4300",
        "BF2E00",
        ENABLE(NO_),
        DISABLE(A_),
        DELETE(NO_),
        "BF3404 82020640",
        "BF3003 800163",
        "BF3403820100",
        DELETE(B_),
        "BF290E 5A0A " NO_ " 9000",
        "BF3404 82020520",
    };
    static const char *const changes[] = {ENABLE(A_), DELETE(A_), "BF3404 82020780",
                                          "BF290E 5A0A " A_ " 9000", "BF3F03 800161"};
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .address = "a.example", .operations = 15});
    es10_install(&bench, &(struct es10_profile){.iccid = B, .ppr2 = true});
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
        ck_assert_msg(!writes(&bench, reads[i]), "%s", reads[i]);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        ck_assert_msg(writes(&bench, changes[i]), "%s", changes[i]);
    es10_close(&bench);
}
END_TEST

/* From now on the table takes no new rows. */
static void break_table(struct es10_bench *bench)
{
    ck_assert(nvm_change(bench->card->nvm,
                         "CREATE TRIGGER broken BEFORE INSERT ON notification"
                         " BEGIN SELECT RAISE(ABORT, 'broken'); END",
                         NVM_NONE));
    ck_assert(nvm_commit(bench->card->nvm));
}

START_TEST(what_cannot_be_stored_has_not_happened)
{
    struct es10_bench bench;
    struct span tables;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .address = "a.example", .operations = 15});
    es10_install(&bench, &(struct es10_profile){.iccid = B});
    es10(&bench, ENABLE(B_));
    break_table(&bench);
    tables = es10_tables(&bench);
    ck_assert_uint_eq(es10_refused(&bench, ENABLE(A_)), 0x6581); /* B was disabled by then */
    ck_assert_uint_eq(es10_refused(&bench, DELETE(A_)), 0x6581);
    ck_assert_uint_eq(es10_refused(&bench, "BF3404 820205E0"), 0x6581);
    ck_assert_span(es10_tables(&bench), tables);
    ck_assert_int_eq(es10_state(&bench, B), 1);
    /* The card goes on. */
    ck_assert_hex(es10(&bench, DISABLE(B_)), "BF3203 800100");
    es10_close(&bench);
}
END_TEST

TEST_MAIN("es10c", what_cannot_be_stored_has_not_happened,
          a_profile_is_enabled_and_disabled_by_either_identifier, enabling_one_disables_the_other,
          who_is_not_there_is_not_found, wrong_states_are_named, policy_rules_forbid,
          a_test_profile_gives_back_what_it_displaced,
          a_test_profile_that_displaced_nothing_lets_any_other_in, deleting_leaves_nothing_behind,
          memory_reset_takes_what_it_is_told, memory_reset_of_everything,
          memory_reset_of_the_enabled_test_profile_enables_nothing, a_proactive_session_makes_the_card_busy,
          the_eid_is_read, nicknames_are_set_and_cleared, malformed_requests_are_refused, only_changes_write)
