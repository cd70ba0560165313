/* euicc/profile/policy.c: the Rules Authorisation Table, as read by GetRAT and as applied to metadata. */
#include "euicc/profile/policy.h"
#include "tests/support/es10.h"

#define A "89490000000000000017"

/* Puts one row into the table; gid NULL: absent. */
static void put_row(struct es10_bench *bench, int position, const char *rules, const char *mcc_mnc,
                    const char *gid1, const char *gid2)
{
    struct nvm *nvm = bench->card->nvm;

    ck_assert(nvm_change(nvm,
                         "INSERT INTO rat (position, ppr1, ppr2, consent_required, mcc_mnc, gid1, gid2)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                         NVM_VALUES(NVM_INT(position), NVM_INT(rules[0] == '1'), NVM_INT(rules[1] == '2'),
                                    NVM_INT(rules[2] == 'c'), NVM_STRING(mcc_mnc), NVM_STRING(gid1),
                                    NVM_STRING(gid2))));
    ck_assert(nvm_commit(nvm));
}

static void clear_table(struct es10_bench *bench)
{
    ck_assert(nvm_change(bench->card->nvm, "DELETE FROM rat", NVM_NONE));
    ck_assert(nvm_commit(bench->card->nvm));
}

/* Metadata with these rules and this owner (content of B7, hexadecimal; NULL: none). */
static bool allows(struct es10_bench *bench, bool ppr1, bool ppr2, const char *owner)
{
    struct profile_metadata metadata = {
        .ppr1 = ppr1, .ppr2 = ppr2, .owner = owner != NULL ? hex(owner) : SPAN_NONE};

    return policy_allows(bench->card, &metadata);
}

START_TEST(a_new_card_lets_everybody_set_every_rule)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_hex(es10(&bench, "BF4300"), "BF4318 A016 3014 80020560 A10B 3009 8003 EEEEEE 8100 8200 820100");
    ck_assert(allows(&bench, true, true, "8003 00F110"));
    ck_assert(allows(&bench, true, true, "8003 00F110 8101 41 8201 42"));
    ck_assert(allows(&bench, false, false, NULL));
    ck_assert(!allows(&bench, false, true, NULL)); /* nobody's rules */
    es10_close(&bench);
}
END_TEST

START_TEST(the_table_is_read_as_it_is)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    clear_table(&bench);
    ck_assert_hex(es10(&bench, "BF4300"), "BF4302 A000");
    put_row(&bench, 1, "1-c", "00F110", NULL, NULL);
    put_row(&bench, 2, "1-c", "62F2E0", "AB", NULL);
    put_row(&bench, 3, "-2-", "EEEEEE", "", "CD");
    ck_assert_hex(es10(&bench, "BF4300"),
                  "BF4336 A034 301B 80020640 A111 3005 8003 00F110 3008 8003 62F2E0 8101 AB 82020780"
                  " 3015 80020520 A10C 300A 8003 EEEEEE 8100 8201 CD 820100");
    es10_close(&bench);
}
END_TEST

START_TEST(each_rule_needs_a_row)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    clear_table(&bench);
    ck_assert(!allows(&bench, true, false, "8003 00F110"));
    put_row(&bench, 1, "1--", "00F110", NULL, NULL);
    ck_assert(allows(&bench, true, false, "8003 00F110"));
    ck_assert(!allows(&bench, false, true, "8003 00F110"));
    ck_assert(!allows(&bench, true, true, "8003 00F110"));
    put_row(&bench, 2, "-2-", "00F110", NULL, NULL);
    ck_assert(allows(&bench, true, true, "8003 00F110"));
    ck_assert(!allows(&bench, true, false, "8003 00F120"));
    es10_close(&bench);
}
END_TEST

START_TEST(operators_match_by_digit_and_group)
{
    static const struct {
        const char *mcc_mnc, *gid1, *gid2, *owner;
        bool matches;
    } cases[] = {
        {"00F110", NULL, NULL, "8003 00F110", true},
        {"00F110", NULL, NULL, "8003 00F111", false},
        {"00F1EE", NULL, NULL, "8003 00F142", true},
        {"E0F110", NULL, NULL, "8003 90F110", true},
        {"E0F110", NULL, NULL, "8003 91F110", false},
        {"0EF110", NULL, NULL, "8003 05F110", true},
        {"EEEEEE", NULL, NULL, "8003 62F220", true},
        {"00F110", NULL, NULL, "8003 EEEEEE", false}, /* a wildcard in a profile is none */
        {"EEEEEE", NULL, NULL, "8003 00F110 8101 41", false},
        {"EEEEEE", NULL, NULL, "8003 00F110 8201 41", false},
        {"EEEEEE", "", NULL, "8003 00F110 8101 41", true},
        {"EEEEEE", "", "", "8003 00F110", true},
        {"EEEEEE", "", "", "8003 00F110 8101 41 8202 4243", true},
        {"EEEEEE", "41", NULL, "8003 00F110 8101 41", true},
        {"EEEEEE", "41", NULL, "8003 00F110 8102 4141", false},
        {"EEEEEE", "41", NULL, "8003 00F110", false},
        {"EEEEEE", "41", NULL, "8003 00F110 8100", false},
        {"EEEEEE", NULL, "42", "8003 00F110 8201 42", true},
        {"EEEEEE", NULL, "42", "8003 00F110 8101 42", false},
    };
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear_table(&bench);
        put_row(&bench, 1, "12-", cases[i].mcc_mnc, cases[i].gid1, cases[i].gid2);
        ck_assert_msg(allows(&bench, false, true, cases[i].owner) == cases[i].matches, "case %zu", i);
    }
    es10_close(&bench);
}
END_TEST

START_TEST(ppr1_comes_first_or_not_at_all)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = "89490000000000000041", .test = true});
    ck_assert(allows(&bench, true, false, "8003 00F110"));
    es10_install(&bench, &(struct es10_profile){.iccid = A});
    ck_assert(!allows(&bench, true, false, "8003 00F110"));
    ck_assert(allows(&bench, false, true, "8003 00F110"));
    es10_close(&bench);
}
END_TEST

START_TEST(unknown_rules_are_not_allowed)
{
    struct es10_bench bench;
    struct profile_metadata metadata = {.ppr_unknown = true, .owner = hex("8003 00F110")};

    es10_open(&bench, 1, 0);
    ck_assert(!policy_allows(bench.card, &metadata));
    es10_close(&bench);
}
END_TEST

START_TEST(what_nobody_may_set_is_forbidden)
{
    struct es10_bench bench;
    struct buf out = {0};

    es10_open(&bench, 1, 0);
    policy_put_forbidden(bench.card, &out, 0x99);
    ck_assert_hex(buf_span(&out), "990100");
    buf_clear(&out);
    clear_table(&bench);
    policy_put_forbidden(bench.card, &out, 0x99);
    ck_assert_hex(buf_span(&out), "99020560");
    buf_clear(&out);
    put_row(&bench, 1, "-2-", "00F110", NULL, NULL);
    policy_put_forbidden(bench.card, &out, 0x99);
    ck_assert_hex(buf_span(&out), "99020640");
    buf_free(&out);
    es10_close(&bench);
}
END_TEST

START_TEST(a_row_that_makes_no_sense_allows_nothing)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    clear_table(&bench);
    put_row(&bench, 1, "12-", "00F1", NULL, NULL);
    put_row(&bench, 2, "12-", "EEEEEE", "", "");
    ck_assert(!allows(&bench, false, true, "8003 00F110"));
    ck_assert_hex(es10(&bench, "BF4300"), "BF4302 A000");
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert_uint_eq(es10_refused(&bench, "BF4301 00"), 0x6A80);
    ck_assert_uint_eq(es10_refused(&bench, "BF4302 8001"), 0x6A80);
    es10_sweep(&bench, "BF4300");
    es10_close(&bench);
}
END_TEST

TEST_MAIN("policy", a_new_card_lets_everybody_set_every_rule, the_table_is_read_as_it_is,
          each_rule_needs_a_row, operators_match_by_digit_and_group, ppr1_comes_first_or_not_at_all,
          unknown_rules_are_not_allowed, what_nobody_may_set_is_forbidden,
          a_row_that_makes_no_sense_allows_nothing, malformed_requests_are_refused)
