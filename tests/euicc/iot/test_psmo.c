/*
 * euicc/iot/psmo.c: every Profile State Management Operation with every result code, through packages that an
 * eIM signs and whose results it verifies. Who may send a package: test_hostile_eim.c.
 */
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/recovery.h"
#include "tests/euicc/iot/psmo_bench.h"

/* A terminal that serves REFRESH. */
static void serve_refresh(struct psmo_bench *bench)
{
    struct buf response = {0};

    ck_assert_uint_eq(terminal_command(&bench->es10.terminal, hex("80100000 04 FFFFFFFF"), &response),
                      0x9000);
    buf_free(&response);
}

/* --- enable -------------------------------------------------------------------------------------- */

START_TEST(enable_ok)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100");
    psmo_assert_states(&bench, 1, 0);
    ck_assert_run(&bench, ENABLE(B_), "830100");
    psmo_assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DISABLE(B_) ENABLE(A_), "840100 830100");
    psmo_assert_states(&bench, 1, 0);
    psmo_close(&bench);
}
END_TEST

START_TEST(enable_refusals)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(NO_), "830101"); /* iccidOrAidNotFound */
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, ENABLE(A_), "830102");          /* profileNotInDisabledState */
    ck_assert_run(&bench, ENABLE_ROLLBACK(A_), "830102"); /* which comes before rollbackNotAvailable */
    ck_assert_run(&bench, ENABLE(B_) ENABLE(A_), "830100 83017F");
    psmo_assert_states(&bench, 0, 1); /* what succeeded before the failure stays */
    psmo_close(&bench);

    psmo_open(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .ppr1 = true});
    es10_install(&bench.es10, &(struct es10_profile){.iccid = B});
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, ENABLE(B_), "830103"); /* disallowedByPolicy: A must not be disabled */
    psmo_assert_states(&bench, 1, 0);
    psmo_close(&bench);
}
END_TEST

/* A flag that would be passed over: the package would lose its way back. */
START_TEST(enable_with_a_flag_under_another_tag)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, "A30E 5A0A" A_ "8000", "020102"); /* unknownOrDamagedCommand */
    ck_assert_run(&bench, "A30E 5A0A" A_ "8100", "020102");
    ck_assert_run(&bench, "A30F 5A0A" A_ "0101FF", "020102");
    ck_assert_run(&bench, "A30E 5A0A" A_ "8200", "830100"); /* of a later version */
    psmo_close(&bench);
}
END_TEST

START_TEST(enable_catbusy)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    serve_refresh(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100"); /* asks for a REFRESH */
    ck_assert_run(&bench, ENABLE(B_), "830105");
    psmo_assert_states(&bench, 0, 0); /* which has not been answered */
    ck_assert_run(&bench, DISABLE(A_), "840102");
    ck_assert_run(&bench, DELETE(A_), "850102"); /* not as disabled as it looks */
    ck_assert_run(&bench, DELETE(B_), "850100"); /* needs no REFRESH */
    psmo_close(&bench);
}
END_TEST

/* Two changes, one REFRESH: the second is not stopped by what the first asked for. */
START_TEST(one_refresh_for_a_package)
{
    struct buf *response = test_buf();
    struct psmo_bench bench;
    struct buf *again = test_buf();

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100"); /* this terminal serves nothing */
    serve_refresh(&bench);
    ck_assert_run(&bench, DISABLE(A_) ENABLE(B_), "840100 830100");
    ck_assert_uint_eq(terminal_command(&bench.es10.terminal, hex("80120000 0B"), response), 0x9000);
    ck_assert_hex(buf_span(response), "D009 8103010104 82028182");
    ck_assert_uint_eq(
        terminal_command(&bench.es10.terminal, hex("80140000 0C 810301010482028281830100"), again), 0x9000);
    ck_assert_run(&bench, DISABLE(B_), "840100"); /* the terminal is free again */
    psmo_close(&bench);
}
END_TEST

START_TEST(enable_with_rollback)
{
    struct rollback_grant grant;
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, ENABLE_ROLLBACK(A_), "830114"); /* rollbackNotAvailable: to nobody */
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert(!recovery_rollback(bench.es10.card, &grant));
    ck_assert_run(&bench, ENABLE_ROLLBACK(B_), "830100");
    ck_assert(recovery_rollback(bench.es10.card, &grant));
    ck_assert_int_eq(grant.profile, psmo_id(&bench, A));
    ck_assert_str_eq(grant.eim_id, "eim.example.com");
    ck_assert_uint_eq(grant.counter, 3);
    ck_assert_span(SPAN(grant.transaction, grant.transaction_size), hex("00E13001"));
    ck_assert_uint_eq(grant.result, 3);
    ck_assert_run(&bench, "A700", "870100"); /* any package withdraws it */
    ck_assert(!recovery_rollback(bench.es10.card, &grant));
    psmo_close(&bench);
}
END_TEST

START_TEST(rollback_to_what_the_package_disabled)
{
    struct rollback_grant grant;
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DISABLE(A_) ENABLE_ROLLBACK(B_), "840100 830100");
    ck_assert(recovery_rollback(bench.es10.card, &grant));
    ck_assert_int_eq(grant.profile, psmo_id(&bench, A));
    /* Withdrawn by the next package, which grants none: */
    ck_assert_run(&bench, DISABLE(B_) ENABLE_ROLLBACK(B_), "840100 830114"); /* no way back from itself */
    ck_assert(!recovery_rollback(bench.es10.card, &grant));
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DISABLE(A_) DELETE(A_) ENABLE_ROLLBACK(B_),
                  "840100 850100 830114"); /* it is gone */
    psmo_assert_states(&bench, -1, 0);
    psmo_close(&bench);
}
END_TEST

START_TEST(enable_ends_the_return_from_fallback)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert(recovery_set_before_fallback(bench.es10.card, psmo_id(&bench, A)));
    ck_assert(nvm_commit(bench.es10.card->nvm));
    ck_assert_run(&bench, ENABLE(NO_), "830101");
    ck_assert_int_eq(recovery_before_fallback(bench.es10.card), psmo_id(&bench, A));
    ck_assert_run(&bench, ENABLE(B_), "830100");
    ck_assert_int_eq(recovery_before_fallback(bench.es10.card), 0);
    psmo_close(&bench);
}
END_TEST

/* --- disable and delete -------------------------------------------------------------------------- */

START_TEST(disable_results)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, DISABLE(NO_), "840101");
    ck_assert_run(&bench, DISABLE(A_), "840102"); /* profileNotInEnabledState */
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, ENABLE(B_) DISABLE(B_), "830100 84017F"); /* after an enable */
    psmo_assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DISABLE(B_) DISABLE(A_), "840100 84017F"); /* a second one */
    psmo_assert_states(&bench, 0, 0);
    psmo_close(&bench);

    psmo_open(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .ppr1 = true});
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DISABLE(A_), "840103"); /* disallowedByPolicy */
    psmo_close(&bench);
}
END_TEST

START_TEST(delete_results)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = C, .ppr2 = true});
    ck_assert_run(&bench, DELETE(NO_), "850101");
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DELETE(A_), "850102");                            /* profileNotInDisabledState */
    ck_assert_run(&bench, DELETE(C_), "850103");                            /* disallowedByPolicy */
    ck_assert_run(&bench, ENABLE_ROLLBACK(B_) DELETE(A_), "830100 850114"); /* rollback leads to it */
    psmo_assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DELETE(A_), "850100"); /* the grant was withdrawn by this package */
    psmo_assert_states(&bench, -1, 1);
    ck_assert_run(&bench, DISABLE(B_) DELETE(B_), "840100 850100");
    psmo_assert_states(&bench, -1, -1);
    psmo_close(&bench);
}
END_TEST

START_TEST(what_fallback_returns_to_is_not_deleted)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    psmo_sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    ck_assert_run(&bench, ENABLE(A_) SET_FALLBACK(B_), "830100 8D0100");
    ck_assert_hex(es10(&bench.es10, "BF5D03 8001FF"), "BF5D03 800100");
    psmo_assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DELETE(A_), "850115"); /* returnFallbackProfile */
    ck_assert_run(&bench, DISABLE(B_) DELETE(A_), "840100 850100");
    psmo_close(&bench);
}
END_TEST

/* --- lists --------------------------------------------------------------------------------------- */

#define AID "4F10 A0000005591010FFFFFFFF8900001000"

START_TEST(list_profile_info_has_its_own_default)
{
    struct psmo_bench bench;
    uint8_t icon[1024] = {0x89, 0x50};

    psmo_open(&bench);
    ck_assert_run(&bench, LIST, "BF2D 02 A000");
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .icon = SPAN_ARRAY(icon)});
    psmo_sql(&bench, "UPDATE profile SET nickname = 'nick'");
    ck_assert_run(&bench, LIST,
                  "BF2D39 A037 E335 5A0A" A_ AID "9F700100 91084F70657261746F72 92044E616D65 950102");
    /* What is asked for is given: nickname, icon type. */
    ck_assert_run(&bench, "BF2D05 5C035A9093", "BF2D19 A017 E315 5A0A" A_ "90046E69636B 930101");
    /* Search criteria without and with a tag list. */
    ck_assert_run(&bench, "BF2D05 A003 950100", "BF2D 02 A000");
    ck_assert_run(&bench, "BF2D11 A00C 5A0A" A_ "5C0195", "BF2D07 A005 E303 950102");
    psmo_close(&bench);
}
END_TEST

START_TEST(list_profile_info_shows_what_sgp32_added)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    psmo_sql(&bench, "UPDATE profile SET fallback_allowed = 1, ecall = 0");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100");
    ck_assert_run(&bench, "BF2D13 A00C 5A0A" A_ "5C039F2695", "BF2D0B A009 E307 950102 9F2601FF");
    ck_assert_run(&bench, "BF2D13 A00C 5A0A" B_ "5C039F2695", "BF2D07 A005 E303 950102"); /* only when TRUE */
    psmo_close(&bench);
}
END_TEST

START_TEST(list_profile_info_errors)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, "BF2D05 5C035A1F01" LIST, "BF2D03 810101"); /* incorrectInputValues */
    ck_assert_run(&bench, "BF2D05 A003 950109" LIST, "BF2D03 810101");
    ck_assert_run(&bench, "BF2D05 5C03 5A1F01" ENABLE(A_), "BF2D03 810101"); /* which ends the list */
    psmo_assert_states(&bench, 0, 0);
    psmo_close(&bench);
}
END_TEST

START_TEST(no_list_while_profiles_change)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_) LIST, "830100 BF2D03 81010B"); /* profileChangeOngoing */
    ck_assert_run(&bench, DISABLE(A_) LIST ENABLE(A_), "840100 BF2D03 81010B");
    ck_assert_run(&bench, DELETE(A_) LIST, "850100 BF2D03 81010B");
    psmo_assert_states(&bench, -1, 0);
    psmo_close(&bench);
}
END_TEST

START_TEST(get_rat)
{
    struct psmo_bench bench;

    psmo_open(&bench);
    psmo_sql(&bench, "DELETE FROM rat");
    ck_assert_run(&bench, "A600", "A600");
    psmo_sql(&bench, "INSERT INTO rat VALUES (1, 1, 0, 1, '12F345', NULL, NULL)");
    ck_assert_run(&bench, "A600 A600",
                  "A613 3011 80020640 A107 3005 800312F345 82020780"
                  "A613 3011 80020640 A107 3005 800312F345 82020780");
    psmo_close(&bench);
}
END_TEST

/* --- configuration ------------------------------------------------------------------------------- */

static struct span immediate_row(struct psmo_bench *bench)
{
    sqlite3_stmt *stmt =
        nvm_select(bench->es10.card->nvm,
                   "SELECT immediate_enable || '|' || coalesce(immediate_smdp_oid, '-') || '|' ||"
                   " coalesce(immediate_smdp_address, '-') FROM iot",
                   NVM_NONE);
    struct buf *out = test_buf();

    ck_assert(nvm_row(bench->es10.card->nvm, stmt));
    buf_append(out, span_of_string(nvm_text(stmt, 0)));
    nvm_done(stmt);
    return buf_span(out);
}

START_TEST(configure_immediate_enable)
{
    struct psmo_bench bench;

    psmo_open(&bench);
    ck_assert_run(&bench, "A70C 8000 8103 88370A 8203 612E62", "870100");
    ck_assert_span(immediate_row(&bench), SPAN_STRING("1|88370A|a.b"));
    ck_assert_run(&bench, "A707 8000 8203 622E63",
                  "870100"); /* what is left out is not configured any more */
    ck_assert_span(immediate_row(&bench), SPAN_STRING("1|-|b.c"));
    ck_assert_run(&bench, "A703 8001 00 A600", "870107"); /* commandError: a NULL with content */
    ck_assert_run(&bench, "A702 8100", "870107");
    ck_assert_run(&bench, "A705 8102 8837 82", "870107");
    ck_assert_run(&bench, "A704 8102 8888", "870107"); /* ends inside a subidentifier */
    ck_assert_run(&bench, "A704 8202 2F2F", "870107"); /* no address */
    ck_assert_span(immediate_row(&bench), SPAN_STRING("1|-|b.c"));
    ck_assert_run(&bench, "A700", "870100");
    ck_assert_span(immediate_row(&bench), SPAN_STRING("0|-|-"));
    psmo_close(&bench);
}
END_TEST

START_TEST(set_fallback)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    ck_assert_run(&bench, SET_FALLBACK(NO_), "8D0101");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0102"); /* fallbackNotAllowed */
    psmo_sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100");
    ck_assert_int_eq(recovery_fallback_profile(bench.es10.card), psmo_id(&bench, A));
    ck_assert_run(&bench, SET_FALLBACK(B_) SET_FALLBACK(A_) ENABLE(A_), "8D0100 8D0100 830100");
    ck_assert_run(&bench, SET_FALLBACK(B_), "8D0103"); /* fallbackProfileEnabled */
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100"); /* it has it */
    ck_assert_int_eq(recovery_fallback_profile(bench.es10.card), psmo_id(&bench, A));
    psmo_sql(&bench, "UPDATE profile SET fallback_allowed = 0");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100"); /* still */
    ck_assert_run(&bench, SET_FALLBACK(B_), "8D0102");
    psmo_close(&bench);
}
END_TEST

START_TEST(unset_fallback)
{
    struct psmo_bench bench;

    psmo_open_with_two(&bench);
    psmo_sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    ck_assert_run(&bench, UNSET_FALLBACK, "8E0102"); /* noFallbackAttribute */
    ck_assert_run(&bench, SET_FALLBACK(A_) ENABLE(A_) UNSET_FALLBACK, "8D0100 830100 8E0103");
    ck_assert_run(&bench, DISABLE(A_) UNSET_FALLBACK, "840100 8E0100");
    ck_assert_int_eq(recovery_fallback_profile(bench.es10.card), 0);
    ck_assert_run(&bench, SET_FALLBACK(A_) DELETE(A_) UNSET_FALLBACK,
                  "8D0100 850100 8E0102"); /* gone with it */
    psmo_close(&bench);
}
END_TEST

START_TEST(set_default_dp_address)
{
    struct psmo_bench bench;

    psmo_open(&bench);
    ck_assert_run(&bench, "BF6505 8003 612E62", "BF6503 800100");
    ck_assert_hex(es10(&bench.es10, "BF3C00"), "BF3C07 8003 612E62 8100");
    ck_assert_run(&bench, "BF6504 8002 2F2F A600", "BF6503 80017F"); /* undefinedError: no address */
    ck_assert_run(&bench, "BF6502 8000", "BF6503 800100");
    ck_assert_hex(es10(&bench.es10, "BF3C00"), "BF3C02 8100");
    psmo_close(&bench);
}
END_TEST

TEST_MAIN("psmo", enable_ok, enable_refusals, enable_with_a_flag_under_another_tag, enable_catbusy,
          one_refresh_for_a_package, enable_with_rollback, rollback_to_what_the_package_disabled,
          enable_ends_the_return_from_fallback, disable_results, delete_results,
          what_fallback_returns_to_is_not_deleted, list_profile_info_has_its_own_default,
          list_profile_info_shows_what_sgp32_added, list_profile_info_errors, no_list_while_profiles_change,
          get_rat, configure_immediate_enable, set_fallback, unset_fallback, set_default_dp_address)
