/* euicc/lifecycle/recovery.c: what is remembered is read back, lasts,
 * and is gone with the profile it names. */
#include "euicc/lifecycle/recovery.h"

#include "tests/support/es10.h"

#include <string.h>

#define A "89490000000000000017"
#define B "89490000000000000025"

static int64_t installed(struct es10_bench *bench, const char *iccid)
{
    struct profile profile;
    int64_t id;

    es10_install(bench, &(struct es10_profile){.iccid = iccid});
    ck_assert(profile_by_iccid(bench->card, hex(es10_iccid(iccid)), &profile));
    id = profile.id;
    profile_clear(&profile);
    return id;
}

static bool writes_nothing(struct es10_bench *bench, bool (*function)(struct softeuicc *card))
{
    bool done = function(bench->card);
    bool wrote = nvm_in_transaction(bench->card->nvm);

    ck_assert(nvm_commit(bench->card->nvm));
    return done && !wrote;
}

static void assert_same(const struct rollback_grant *a, const struct rollback_grant *b)
{
    ck_assert_int_eq(a->profile, b->profile);
    ck_assert_str_eq(a->eim_id, b->eim_id);
    ck_assert_uint_eq(a->counter, b->counter);
    ck_assert_span(SPAN(a->transaction, a->transaction_size), SPAN(b->transaction, b->transaction_size));
    ck_assert_uint_eq(a->result, b->result);
}

START_TEST(a_granted_rollback_is_read_back_as_it_was)
{
    struct rollback_grant granted = {.eim_id = "2.999.1", .counter = 0x7FFFFF, .result = 77};
    struct rollback_grant read;
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    ck_assert(!recovery_rollback(bench.card, &read));
    ck_assert_int_eq(read.profile, 0);
    ck_assert(writes_nothing(&bench, recovery_withdraw_rollback));
    granted.profile = installed(&bench, A);
    ck_assert(recovery_grant_rollback(bench.card, &granted));
    ck_assert(recovery_rollback(bench.card, &read));
    assert_same(&read, &granted);
    granted.transaction_size = 16;
    memset(granted.transaction, 0xA5, 16);
    ck_assert(recovery_grant_rollback(bench.card, &granted));
    ck_assert(recovery_rollback(bench.card, &read));
    assert_same(&read, &granted);
    ck_assert(!writes_nothing(&bench, recovery_withdraw_rollback));
    ck_assert(!recovery_rollback(bench.card, &read));
    es10_close(&bench);
}
END_TEST

START_TEST(a_deleted_profile_is_not_gone_back_to)
{
    struct rollback_grant grant = {.eim_id = "e"};
    struct es10_bench bench;
    int64_t a;

    es10_open(&bench, 1, 0);
    a = installed(&bench, A);
    grant.profile = a;
    ck_assert(recovery_grant_rollback(bench.card, &grant));
    ck_assert(recovery_set_fallback_profile(bench.card, a));
    ck_assert(recovery_set_before_fallback(bench.card, a));
    ck_assert(recovery_set_emergency(bench.card, true, a));
    ck_assert(profile_delete(bench.card, a));
    ck_assert(!recovery_rollback(bench.card, &grant));
    ck_assert_int_eq(recovery_fallback_profile(bench.card), 0);
    ck_assert_int_eq(recovery_before_fallback(bench.card), 0);
    ck_assert(recovery_emergency_active(bench.card));
    ck_assert_int_eq(recovery_before_emergency(bench.card), 0);
    /* What the package left in the row goes with the next withdrawal. */
    ck_assert(recovery_withdraw_rollback(bench.card));
    ck_assert(nvm_commit(bench.card->nvm));
    ck_assert(writes_nothing(&bench, recovery_withdraw_rollback));
    es10_close(&bench);
}
END_TEST

START_TEST(each_is_remembered_apart)
{
    struct es10_bench bench;
    int64_t a;
    int64_t b;

    es10_open(&bench, 1, 0);
    a = installed(&bench, A);
    b = installed(&bench, B);
    ck_assert(!recovery_emergency_active(bench.card));
    ck_assert(recovery_set_fallback_profile(bench.card, b));
    ck_assert(recovery_set_before_fallback(bench.card, a));
    ck_assert(recovery_set_emergency(bench.card, true, 0));
    ck_assert_int_eq(recovery_fallback_profile(bench.card), b);
    ck_assert_int_eq(recovery_before_fallback(bench.card), a);
    ck_assert_int_eq(recovery_before_emergency(bench.card), 0);
    ck_assert(recovery_set_emergency(bench.card, false, a));
    ck_assert(!recovery_emergency_active(bench.card));
    ck_assert_int_eq(recovery_before_emergency(bench.card), a);
    ck_assert(recovery_set_fallback_profile(bench.card, 0));
    ck_assert(recovery_set_before_fallback(bench.card, 0));
    ck_assert_int_eq(recovery_fallback_profile(bench.card), 0);
    ck_assert_int_eq(recovery_before_fallback(bench.card), 0);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("recovery", a_granted_rollback_is_read_back_as_it_was, a_deleted_profile_is_not_gone_back_to,
          each_is_remembered_apart)
