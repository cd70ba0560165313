/* euicc/profile/profile_store.c, profile_install.c, profile_update.c: rows. */
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/es10.h"
#include "euicc/rsp/profile_install.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

#define A  "89490000000000000017"
#define B  "8949000000000000002"
#define C  "89490000000000000033"
#define D  "89490000000000000041"
#define A_ "98940000000000000071"

static void get(struct es10_bench *bench, const char *iccid, struct profile *profile)
{
    ck_assert(profile_by_iccid(bench->card, hex(es10_iccid(iccid)), profile));
}

START_TEST(an_installed_profile_is_read_back)
{
    struct es10_bench bench;
    struct profile profile;
    struct profile again;
    const struct es10_profile what = {.iccid = B,
                                      .name = "N\xC3\xA9",
                                      .test = true,
                                      .preloaded = true,
                                      .ppr2 = true,
                                      .icon = hex("8950"),
                                      .further = hex("B705 8003 00F110"),
                                      .configuration = hex("BF2402 B800")};

    es10_open(&bench, 1, 0);
    es10_install(&bench, &what);
    get(&bench, B, &profile);
    ck_assert_hex(SPAN_ARRAY(profile.isdp_aid), "A0000005591010FFFFFFFF8900001000");
    ck_assert_hex(SPAN_ARRAY(profile.iccid), "989400000000000000F2");
    ck_assert_int_eq(profile.state, PROFILE_DISABLED);
    ck_assert_int_eq(profile.class, PROFILE_TEST);
    ck_assert(profile.preloaded && !profile.ppr1 && profile.ppr2 && profile.has_icon && profile.has_owner);
    ck_assert_uint_eq(profile.icon_type, 1);
    ck_assert_hex(buf_span(&profile.icon), "8950");
    ck_assert_hex(buf_span(&profile.name), "4EC3A9");
    ck_assert_uint_eq(profile.nickname.size, 0);
    ck_assert_hex(buf_span(&profile.owner), "8003 00F110");
    ck_assert_span(buf_span(&profile.metadata), es10_metadata(&what));
    ck_assert_hex(buf_span(&profile.smdp_oid), "88370A");
    ck_assert_span(buf_span(&profile.smdp_address), SPAN_STRING("smdp.example.com"));
    ck_assert_hex(buf_span(&profile.isdp_configuration), "BF2402B800");
    ck_assert(!profile.has_ci_key_id);
    ck_assert(profile_by_id(bench.card, profile.id, &again));
    ck_assert_span(SPAN_ARRAY(again.iccid), SPAN_ARRAY(profile.iccid));
    profile_clear(&again);
    ck_assert(profile_by_aid(bench.card, SPAN_ARRAY(profile.isdp_aid), &again));
    ck_assert_int_eq(again.id, profile.id);
    profile_clear(&again);
    ck_assert(!profile_by_id(bench.card, profile.id + 1, &again));
    ck_assert(!profile_enabled(bench.card, &again));
    profile_clear(&profile);
    es10_close(&bench);
}
END_TEST

START_TEST(an_iccid_is_there_once)
{
    struct es10_bench bench;
    struct span tables;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    tables = es10_tables(&bench);
    ck_assert_int_eq(es10_try_install(&bench, &(struct es10_profile){.iccid = A}), PROFILE_ICCID_EXISTS);
    ck_assert_span(es10_tables(&bench), tables);
    es10_close(&bench);
}
END_TEST

START_TEST(memory_ends)
{
    struct es10_bench bench;
    uint64_t size;

    es10_open(&bench, 1, 0);
    size = profile_free_nvm(bench.card);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    size -= profile_free_nvm(bench.card);
    es10_close(&bench);
    /* Room for exactly one, and for one less an octet. */
    es10_open(&bench, 1, size);
    ck_assert_int_eq(es10_try_install(&bench, &(struct es10_profile){.iccid = A}), PROFILE_INSTALLED);
    ck_assert_uint_eq(profile_free_nvm(bench.card), 0);
    ck_assert_int_eq(es10_try_install(&bench, &(struct es10_profile){.iccid = B}), PROFILE_NO_MEMORY);
    es10_close(&bench);
    es10_open(&bench, 1, size - 1);
    ck_assert_int_eq(es10_try_install(&bench, &(struct es10_profile){.iccid = A}), PROFILE_NO_MEMORY);
    ck_assert_uint_eq(profile_count(bench.card), 0);
    es10_close(&bench);
}
END_TEST

static void set_last_number(struct es10_bench *bench, int number)
{
    ck_assert(nvm_change(bench->card->nvm, "UPDATE card SET last_isdp = ?1", NVM_VALUES(NVM_INT(number))));
    ck_assert(nvm_commit(bench->card->nvm));
}

static void ck_assert_next_aid(struct es10_bench *bench, const char *iccid, const char *aid)
{
    struct profile profile;

    es10_install(bench, &(struct es10_profile){.iccid = iccid});
    get(bench, iccid, &profile);
    ck_assert_hex(SPAN_ARRAY(profile.isdp_aid), aid);
    profile_clear(&profile);
}

START_TEST(aids_go_up_and_come_round)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10(&bench, "BF330C 5A0A " A_);
    /* The number of a deleted profile is not the next one's. */
    ck_assert_next_aid(&bench, C, "A0000005591010FFFFFFFF8900001100");
    set_last_number(&bench, 0xFFFE);
    ck_assert_next_aid(&bench, A, "A0000005591010FFFFFFFF8900FFFF00");
    ck_assert_next_aid(&bench, B, "A0000005591010FFFFFFFF8900001000");
    /* Those that are taken are passed over. */
    set_last_number(&bench, 0xFFFE);
    ck_assert_next_aid(&bench, D, "A0000005591010FFFFFFFF8900001200");
    es10_close(&bench);
}
END_TEST

static bool count(void *context, const struct profile *profile)
{
    unsigned *left = context;

    ck_assert_int_gt(profile->id, 0);
    return --*left > 0;
}

START_TEST(visiting_stops_when_told)
{
    struct es10_bench bench;
    unsigned left = 5;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    es10_install(&bench, &(struct es10_profile){.iccid = B});
    profile_each(bench.card, count, &left);
    ck_assert_uint_eq(left, 3);
    left = 1;
    profile_each(bench.card, count, &left);
    ck_assert_uint_eq(left, 0);
    es10_close(&bench);
}
END_TEST

START_TEST(a_row_that_makes_no_sense_is_not_a_profile)
{
    struct es10_bench bench;
    struct profile profile;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert(nvm_change(bench.card->nvm, "UPDATE profile SET isdp_aid = 'A000'", NVM_NONE));
    ck_assert(!profile_by_iccid(bench.card, hex(A_), &profile));
    nvm_rollback(bench.card->nvm);
    ck_assert(profile_by_iccid(bench.card, hex(A_), &profile));
    profile_clear(&profile);
    es10_close(&bench);
}
END_TEST

/* --- ES6.UpdateMetadata -------------------------------------------------------------------------- */

static uint16_t update(struct es10_bench *bench, const char *request)
{
    struct profile profile;
    uint16_t status;

    get(bench, A, &profile);
    status = profile_update_metadata(bench->card, &profile, hex(request));
    profile_clear(&profile);
    if (status == ES10_OK)
        ck_assert(nvm_commit(bench->card->nvm));
    else
        ck_assert(!nvm_in_transaction(bench->card->nvm));
    return status;
}

START_TEST(metadata_are_updated_member_by_member)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .icon = hex("8950"), .ppr1 = true, .ppr2 = true});
    ck_assert_uint_eq(update(&bench, "9103 4F7031"), ES10_OK);
    ck_assert_hex(es10(&bench, "BF2D07 5C05 9192939499"),
                  "BF2D1A A018 E316 9103 4F7031 9204 4E616D65 930101 9402 8950 99020560");
    ck_assert_uint_eq(update(&bench, "9201 58 930100 9403 FFD8FF"), ES10_OK);
    ck_assert_hex(es10(&bench, "BF2D06 5C04 91929394"),
                  "BF2D14 A012 E310 9103 4F7031 9201 58 930100 9403 FFD8FF");
    /* An empty icon takes it away. */
    ck_assert_uint_eq(update(&bench, "9400"), ES10_OK);
    ck_assert_hex(es10(&bench, "BF2D06 5C04 91929394"), "BF2D0C A00A E308 9103 4F7031 9201 58");
    es10_close(&bench);
}
END_TEST

START_TEST(rules_are_only_taken_away)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A, .ppr1 = true});
    ck_assert_uint_eq(update(&bench, "99020560"), ES10_OK); /* PPR2 does not appear */
    ck_assert_hex(es10(&bench, "BF2D03 5C0199"), "BF2D08 A006 E304 99020640");
    ck_assert_uint_eq(update(&bench, "990207C0"), ES10_BAD_REQUEST); /* update control */
    ck_assert_uint_eq(update(&bench, "990100"), ES10_OK);
    ck_assert_hex(es10(&bench, "BF2D03 5C0199"), "BF2D04 A002 E300");
    ck_assert_uint_eq(update(&bench, "99020640"), ES10_OK);
    ck_assert_hex(es10(&bench, "BF2D03 5C0199"), "BF2D04 A002 E300");
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_updates_change_nothing)
{
    static const char *const bad[] = {"9103 4F", "91", "9101 C3", "9101 00", "930102", "9402 8950",
                                      "9302 0001", "9900", "99020860",
                                      /* members have an order: the name would not be changed */
                                      "9201 58 9101 4F", "9F6701FF 9101 4F", "0C01 4F"};
    struct es10_bench bench;
    struct span tables;
    struct span request;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    tables = es10_tables(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(update(&bench, bad[i]) == ES10_BAD_REQUEST, "%s", bad[i]);
    ck_assert_span(es10_tables(&bench), tables);
    ck_assert_uint_eq(update(&bench, ""), ES10_OK);
    ck_assert_span(es10_tables(&bench), tables);
    request = hex("9103 4F7031 9201 58 930100 9403 FFD8FF 99020640");
    for (size_t size = 0; size < request.size; size++) {
        struct profile profile;
        uint16_t status;

        get(&bench, A, &profile);
        status = profile_update_metadata(bench.card, &profile, SPAN(request.data, size));
        ck_assert(status == ES10_OK || status == ES10_BAD_REQUEST);
        nvm_rollback(bench.card->nvm);
        profile_clear(&profile);
    }
    es10_close(&bench);
}
END_TEST

TEST_MAIN("profile_store", an_installed_profile_is_read_back, an_iccid_is_there_once, memory_ends,
          aids_go_up_and_come_round, visiting_stops_when_told, a_row_that_makes_no_sense_is_not_a_profile,
          metadata_are_updated_member_by_member, rules_are_only_taken_away, malformed_updates_change_nothing)
