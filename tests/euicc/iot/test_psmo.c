/*
 * euicc/iot/psmo.c: every Profile State Management Operation with every result code, through packages that an
 * eIM signs and whose results it verifies. Who may send a package: test_hostile_eim.c.
 */
#include "apdu/tlv.h"
#include "euicc/iot/package_result.h"
#include "euicc/iot/recovery.h"
#include "euicc/rsp/lifecycle.h"
#include "tests/support/es10.h"
#include "tests/support/package.h"

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

#define ENABLE(iccid)          "A30C 5A0A" iccid
#define ENABLE_ROLLBACK(iccid) "A30E 5A0A" iccid "0500"
#define DISABLE(iccid)         "A40C 5A0A" iccid
#define DELETE(iccid)          "A50C 5A0A" iccid
#define SET_FALLBACK(iccid)    "A80C 5A0A" iccid
#define UNSET_FALLBACK         "A900"
#define LIST                   "BF2D00"

struct bench {
    struct es10_bench es10;
    struct test_eim eim;
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.eim = {.id = NULL}};
    es10_open(&bench->es10, 1, 0);
    test_eim_open(&bench->eim, "eim.example.com", EC_CURVE_P256);
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
}

/* With profiles A and B, both disabled. */
static void open_with_two(struct bench *bench)
{
    open_bench(bench);
    es10_install(&bench->es10, &(struct es10_profile){.iccid = A});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = B});
}

static void close_bench(struct bench *bench)
{
    test_eim_close(&bench->eim);
    es10_close(&bench->es10);
}

static struct span run(struct bench *bench, const char *commands)
{
    return test_package_run(&bench->es10.terminal, &bench->eim, PSMO, commands);
}

#define ck_assert_run(bench, commands, results) ck_assert_hex(run((bench), (commands)), (results))

static void sql(struct bench *bench, const char *statement)
{
    ck_assert(nvm_run(bench->es10.card->nvm, nvm_write_stmt(bench->es10.card->nvm, statement)));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

static int64_t id_of(struct bench *bench, const char *iccid)
{
    uint8_t octets[ICCID_SIZE];
    struct profile profile;
    int64_t id;

    ck_assert(iccid_from_digits(iccid, octets));
    ck_assert(profile_by_iccid(bench->es10.card, SPAN_ARRAY(octets), &profile));
    id = profile.id;
    profile_clear(&profile);
    return id;
}

static void assert_states(struct bench *bench, int a, int b)
{
    ck_assert_int_eq(es10_state(&bench->es10, A), a);
    ck_assert_int_eq(es10_state(&bench->es10, B), b);
}

/* A terminal that serves REFRESH. */
static void serve_refresh(struct bench *bench)
{
    struct buf response = {0};

    ck_assert_uint_eq(terminal_command(&bench->es10.terminal, hex("80100000 04 FFFFFFFF"), &response),
                      0x9000);
    buf_free(&response);
}

/* --- enable -------------------------------------------------------------------------------------- */

START_TEST(enable_ok)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100");
    assert_states(&bench, 1, 0);
    ck_assert_run(&bench, ENABLE(B_), "830100");
    assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DISABLE(B_) ENABLE(A_), "840100 830100");
    assert_states(&bench, 1, 0);
    close_bench(&bench);
}
END_TEST

START_TEST(enable_refusals)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(NO_), "830101"); /* iccidOrAidNotFound */
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, ENABLE(A_), "830102");          /* profileNotInDisabledState */
    ck_assert_run(&bench, ENABLE_ROLLBACK(A_), "830102"); /* which comes before rollbackNotAvailable */
    ck_assert_run(&bench, ENABLE(B_) ENABLE(A_), "830100 83017F");
    assert_states(&bench, 0, 1); /* what succeeded before the failure stays */
    close_bench(&bench);

    open_bench(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .ppr1 = true});
    es10_install(&bench.es10, &(struct es10_profile){.iccid = B});
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, ENABLE(B_), "830103"); /* disallowedByPolicy: A must not be disabled */
    assert_states(&bench, 1, 0);
    close_bench(&bench);
}
END_TEST

START_TEST(enable_catbusy)
{
    struct bench bench;

    open_with_two(&bench);
    serve_refresh(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100"); /* asks for a REFRESH */
    ck_assert_run(&bench, ENABLE(B_), "830105");
    assert_states(&bench, 1, 0);
    ck_assert_run(&bench, DISABLE(A_), "840105");
    assert_states(&bench, 1, 0);
    ck_assert_run(&bench, DELETE(B_), "850100"); /* needs no REFRESH */
    close_bench(&bench);
}
END_TEST

/* Two changes, one REFRESH: the second is not stopped by what the first asked for. */
START_TEST(one_refresh_for_a_package)
{
    struct buf *response = test_buf();
    struct bench bench;
    struct buf *again = test_buf();

    open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100"); /* this terminal serves nothing */
    serve_refresh(&bench);
    ck_assert_run(&bench, DISABLE(A_) ENABLE(B_), "840100 830100");
    ck_assert_uint_eq(terminal_command(&bench.es10.terminal, hex("80120000 0B"), response), 0x9000);
    ck_assert_hex(buf_span(response), "D009 8103010104 82028182");
    ck_assert_uint_eq(
        terminal_command(&bench.es10.terminal, hex("80140000 0C 810301010482028281830100"), again), 0x9000);
    ck_assert_run(&bench, DISABLE(B_), "840100"); /* the terminal is free again */
    close_bench(&bench);
}
END_TEST

START_TEST(enable_with_rollback)
{
    struct rollback_grant grant;
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, ENABLE_ROLLBACK(A_), "830114"); /* rollbackNotAvailable: to nobody */
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert(!recovery_rollback(bench.es10.card, &grant));
    ck_assert_run(&bench, ENABLE_ROLLBACK(B_), "830100");
    ck_assert(recovery_rollback(bench.es10.card, &grant));
    ck_assert_int_eq(grant.profile, id_of(&bench, A));
    ck_assert_str_eq(grant.eim_id, "eim.example.com");
    ck_assert_uint_eq(grant.counter, 3);
    ck_assert_span(SPAN(grant.transaction, grant.transaction_size), hex("00E13001"));
    ck_assert_uint_eq(grant.result, 3);
    ck_assert_run(&bench, "A700", "870100"); /* any package withdraws it */
    ck_assert(!recovery_rollback(bench.es10.card, &grant));
    close_bench(&bench);
}
END_TEST

START_TEST(rollback_to_what_the_package_disabled)
{
    struct rollback_grant grant;
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DISABLE(A_) ENABLE_ROLLBACK(B_), "840100 830100");
    ck_assert(recovery_rollback(bench.es10.card, &grant));
    ck_assert_int_eq(grant.profile, id_of(&bench, A));
    /* Withdrawn by the next package, which grants none: */
    ck_assert_run(&bench, DISABLE(B_) ENABLE_ROLLBACK(B_), "840100 830114"); /* no way back from itself */
    ck_assert(!recovery_rollback(bench.es10.card, &grant));
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DISABLE(A_) DELETE(A_) ENABLE_ROLLBACK(B_),
                  "840100 850100 830114"); /* it is gone */
    assert_states(&bench, -1, 0);
    close_bench(&bench);
}
END_TEST

START_TEST(enable_ends_the_return_from_fallback)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert(recovery_set_before_fallback(bench.es10.card, id_of(&bench, A)));
    ck_assert(nvm_commit(bench.es10.card->nvm));
    ck_assert_run(&bench, ENABLE(NO_), "830101");
    ck_assert_int_eq(recovery_before_fallback(bench.es10.card), id_of(&bench, A));
    ck_assert_run(&bench, ENABLE(B_), "830100");
    ck_assert_int_eq(recovery_before_fallback(bench.es10.card), 0);
    close_bench(&bench);
}
END_TEST

/* --- disable and delete -------------------------------------------------------------------------- */

START_TEST(disable_results)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, DISABLE(NO_), "840101");
    ck_assert_run(&bench, DISABLE(A_), "840102"); /* profileNotInEnabledState */
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, ENABLE(B_) DISABLE(B_), "830100 84017F"); /* after an enable */
    assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DISABLE(B_) DISABLE(A_), "840100 84017F"); /* a second one */
    assert_states(&bench, 0, 0);
    close_bench(&bench);

    open_bench(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .ppr1 = true});
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DISABLE(A_), "840103"); /* disallowedByPolicy */
    close_bench(&bench);
}
END_TEST

START_TEST(delete_results)
{
    struct bench bench;

    open_with_two(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = C, .ppr2 = true});
    ck_assert_run(&bench, DELETE(NO_), "850101");
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_run(&bench, DELETE(A_), "850102");                            /* profileNotInDisabledState */
    ck_assert_run(&bench, DELETE(C_), "850103");                            /* disallowedByPolicy */
    ck_assert_run(&bench, ENABLE_ROLLBACK(B_) DELETE(A_), "830100 850114"); /* rollback leads to it */
    assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DELETE(A_), "850100"); /* the grant was withdrawn by this package */
    assert_states(&bench, -1, 1);
    ck_assert_run(&bench, DISABLE(B_) DELETE(B_), "840100 850100");
    assert_states(&bench, -1, -1);
    close_bench(&bench);
}
END_TEST

START_TEST(what_fallback_returns_to_is_not_deleted)
{
    struct bench bench;

    open_with_two(&bench);
    sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    ck_assert_run(&bench, ENABLE(A_) SET_FALLBACK(B_), "830100 8D0100");
    ck_assert_hex(es10(&bench.es10, "BF5D03 8001FF"), "BF5D03 800100");
    assert_states(&bench, 0, 1);
    ck_assert_run(&bench, DELETE(A_), "850115"); /* returnFallbackProfile */
    ck_assert_run(&bench, DISABLE(B_) DELETE(A_), "840100 850100");
    close_bench(&bench);
}
END_TEST

/* --- lists --------------------------------------------------------------------------------------- */

#define AID "4F10 A0000005591010FFFFFFFF8900001000"

START_TEST(list_profile_info_has_its_own_default)
{
    struct bench bench;
    uint8_t icon[1024] = {0x89, 0x50};

    open_bench(&bench);
    ck_assert_run(&bench, LIST, "BF2D 02 A000");
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .icon = SPAN_ARRAY(icon)});
    sql(&bench, "UPDATE profile SET nickname = 'nick'");
    ck_assert_run(&bench, LIST,
                  "BF2D39 A037 E335 5A0A" A_ AID "9F700100 91084F70657261746F72 92044E616D65 950102");
    /* What is asked for is given: nickname, icon type. */
    ck_assert_run(&bench, "BF2D05 5C035A9093", "BF2D19 A017 E315 5A0A" A_ "90046E69636B 930101");
    /* Search criteria without and with a tag list. */
    ck_assert_run(&bench, "BF2D05 A003 950100", "BF2D 02 A000");
    ck_assert_run(&bench, "BF2D11 A00C 5A0A" A_ "5C0195", "BF2D07 A005 E303 950102");
    close_bench(&bench);
}
END_TEST

START_TEST(list_profile_info_shows_what_sgp32_added)
{
    struct bench bench;

    open_with_two(&bench);
    sql(&bench, "UPDATE profile SET fallback_allowed = 1, ecall = 0");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100");
    ck_assert_run(&bench, "BF2D13 A00C 5A0A" A_ "5C039F2695", "BF2D0B A009 E307 950102 9F2601FF");
    ck_assert_run(&bench, "BF2D13 A00C 5A0A" B_ "5C039F2695", "BF2D07 A005 E303 950102"); /* only when TRUE */
    close_bench(&bench);
}
END_TEST

START_TEST(list_profile_info_errors)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, "BF2D05 5C035A1F01" LIST, "BF2D03 810101"); /* incorrectInputValues */
    ck_assert_run(&bench, "BF2D05 A003 950109" LIST, "BF2D03 810101");
    ck_assert_run(&bench, "BF2D05 5C03 5A1F01" ENABLE(A_), "BF2D03 810101"); /* which ends the list */
    assert_states(&bench, 0, 0);
    close_bench(&bench);
}
END_TEST

START_TEST(no_list_while_profiles_change)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, ENABLE(A_) LIST, "830100 BF2D03 81010B"); /* profileChangeOngoing */
    ck_assert_run(&bench, DISABLE(A_) LIST ENABLE(A_), "840100 BF2D03 81010B");
    ck_assert_run(&bench, DELETE(A_) LIST, "850100 BF2D03 81010B");
    assert_states(&bench, -1, 0);
    close_bench(&bench);
}
END_TEST

START_TEST(get_rat)
{
    struct bench bench;

    open_bench(&bench);
    sql(&bench, "DELETE FROM rat");
    ck_assert_run(&bench, "A600", "A600");
    sql(&bench, "INSERT INTO rat VALUES (1, 1, 0, 1, '12F345', NULL, NULL)");
    ck_assert_run(&bench, "A600 A600",
                  "A613 3011 80020640 A107 3005 800312F345 82020780"
                  "A613 3011 80020640 A107 3005 800312F345 82020780");
    close_bench(&bench);
}
END_TEST

/* --- configuration ------------------------------------------------------------------------------- */

static struct span immediate_row(struct bench *bench)
{
    sqlite3_stmt *stmt = nvm_read_stmt(
        bench->es10.card->nvm, "SELECT immediate_enable || '|' || coalesce(immediate_smdp_oid, '-') || '|' ||"
                               " coalesce(immediate_smdp_address, '-') FROM iot");
    struct buf *out = test_buf();

    ck_assert(nvm_row(bench->es10.card->nvm, stmt));
    buf_append(out, span_of_string(nvm_text(stmt, 0)));
    nvm_done(stmt);
    return buf_span(out);
}

START_TEST(configure_immediate_enable)
{
    struct bench bench;

    open_bench(&bench);
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
    close_bench(&bench);
}
END_TEST

START_TEST(set_fallback)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, SET_FALLBACK(NO_), "8D0101");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0102"); /* fallbackNotAllowed */
    sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100");
    ck_assert_int_eq(recovery_fallback_profile(bench.es10.card), id_of(&bench, A));
    ck_assert_run(&bench, SET_FALLBACK(B_) SET_FALLBACK(A_) ENABLE(A_), "8D0100 8D0100 830100");
    ck_assert_run(&bench, SET_FALLBACK(B_), "8D0103"); /* fallbackProfileEnabled */
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100"); /* it has it */
    ck_assert_int_eq(recovery_fallback_profile(bench.es10.card), id_of(&bench, A));
    sql(&bench, "UPDATE profile SET fallback_allowed = 0");
    ck_assert_run(&bench, SET_FALLBACK(A_), "8D0100"); /* still */
    ck_assert_run(&bench, SET_FALLBACK(B_), "8D0102");
    close_bench(&bench);
}
END_TEST

START_TEST(unset_fallback)
{
    struct bench bench;

    open_with_two(&bench);
    sql(&bench, "UPDATE profile SET fallback_allowed = 1");
    ck_assert_run(&bench, UNSET_FALLBACK, "8E0102"); /* noFallbackAttribute */
    ck_assert_run(&bench, SET_FALLBACK(A_) ENABLE(A_) UNSET_FALLBACK, "8D0100 830100 8E0103");
    ck_assert_run(&bench, DISABLE(A_) UNSET_FALLBACK, "840100 8E0100");
    ck_assert_int_eq(recovery_fallback_profile(bench.es10.card), 0);
    ck_assert_run(&bench, SET_FALLBACK(A_) DELETE(A_) UNSET_FALLBACK,
                  "8D0100 850100 8E0102"); /* gone with it */
    close_bench(&bench);
}
END_TEST

START_TEST(set_default_dp_address)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_run(&bench, "BF6505 8003 612E62", "BF6503 800100");
    ck_assert_hex(es10(&bench.es10, "BF3C00"), "BF3C07 8003 612E62 8100");
    ck_assert_run(&bench, "BF6504 8002 2F2F A600", "BF6503 80017F"); /* undefinedError: no address */
    ck_assert_run(&bench, "BF6502 8000", "BF6503 800100");
    ck_assert_hex(es10(&bench.es10, "BF3C00"), "BF3C02 8100");
    close_bench(&bench);
}
END_TEST

/* --- the list as a whole ------------------------------------------------------------------------- */

START_TEST(what_is_damaged_ends_the_list)
{
    /* After the first, which succeeds: nothing comes of what follows. */
    static const char *const damaged[] = {
        "A300",                         /* no ICCID */
        "A30B 5A09 989400000000000000", /* nine octets */
        "A30B 5A0A 9894000000000000",   /* the value passes the end */
        "A30F 5A0A" B_ "050100",        /* NULL with content */
        "A30D 5A0A" B_ "05",            /* cut off */
        "A40C 4F0A" B_,                 /* an AID where there is none */
        "A500",
        "A601", /* a tag without a length */
        "A60180",
        "A900 A9",            /* cut off in the list's own structure */
        "A93000",             /* passes the end */
        "BF2D02 A000",        /* a choice needs one */
        "BF2D04 5A 0A 98 94", /* which the tag list must not complete */
        "BF2D02 5C05",
        "BF6500",
        "BF6503 810100",
        "AC00", /* unknown */
        "BF2C00",
        "8000",
        "0500",
        "3080 0000",      /* indefinite length */
        "A3810C 5A0A" B_, /* not the shortest length */
        "A80C 4F0A" B_,
    };
    char list[512];
    struct bench bench;

    open_with_two(&bench);
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        bool late = damaged[i][0] == 'A' && strcmp(damaged[i], "A900 A9") == 0;

        snprintf(list, sizeof(list), "A700 %s", damaged[i]);
        ck_assert_msg(span_equal(run(&bench, list), hex(late ? "870100 8E0102" : "870100 020102")), "%s: %s",
                      damaged[i], hex_from_span(run(&bench, list), list, sizeof(list)));
        assert_states(&bench, 0, 0);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(an_empty_list_is_a_package)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_run(&bench, "", "");
    ck_assert_uint_eq(bench.eim.counter, 1);
    close_bench(&bench);
}
END_TEST

START_TEST(unknown_members_are_skipped)
{
    struct bench bench;

    open_with_two(&bench);
    ck_assert_run(&bench, "A30F 5A0A" A_ "9F2100 A70385 0100", "830100 870100");
    close_bench(&bench);
}
END_TEST

/* The results of a list have a bound: the answer of the command that passes it is dropped and said so. */
START_TEST(results_overflow)
{
    struct buf list = {0};
    struct test_package package = {.transaction = SPAN_NONE};
    struct test_package_result result;
    struct bench bench;
    size_t count = 0;

    open_with_two(&bench);
    for (unsigned i = 0; i < 1000; i++)
        buf_append(&list, SPAN_STRING("\xBF\x2D\x00"));
    package.list = buf_span(&list);
    test_package_send(&bench.es10.terminal, &bench.eim, &package, &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    ck_assert_uint_le(result.results.size, PACKAGE_RESULTS_SIZE);
    ck_assert_uint_gt(result.results.size, PACKAGE_RESULTS_SIZE - 200);
    ck_assert_hex(SPAN(result.results.data + result.results.size - 3, 3), "020101"); /* resultSizeOverflow */
    /* Small results as well: none is lost of what was done. */
    buf_clear(&list);
    for (unsigned i = 0; i < PACKAGE_RESULTS_SIZE / 2; i++)
        buf_append(&list, SPAN_STRING("\xA7\x00"));
    package.list = buf_span(&list);
    test_package_send(&bench.es10.terminal, &bench.eim, &package, &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    for (size_t i = 0; i + 3 < result.results.size; i += 3, count++)
        ck_assert_hex(SPAN(result.results.data + i, 3), "870100");
    ck_assert_uint_gt(count, (PACKAGE_RESULTS_SIZE - 40) / 3);
    ck_assert_hex(SPAN(result.results.data + 3 * count, 3), "020101");
    buf_free(&list);
    close_bench(&bench);
}
END_TEST

/* --- results and notifications ------------------------------------------------------------------- */

/* "Take effect after signing": the notifications of a package have higher numbers than its result. */
START_TEST(the_result_is_numbered_before_its_notifications)
{
    struct bench bench;

    open_bench(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .address = "a.b", .operations = 15});
    es10_install(&bench.es10, &(struct es10_profile){.iccid = B, .address = "a.b", .operations = 15});
    ck_assert_run(&bench, ENABLE(A_), "830100");
    ck_assert_hex(es10(&bench.es10, "BF2800"), "BF281D A01B BF2F18 800102 81020640 0C03612E62 5A0A" A_);
    ck_assert_run(&bench, DISABLE(A_) ENABLE(B_) DELETE(A_), "840100 830100 850100");
    ck_assert_hex(es10(&bench.es10, "BF2804 81020520"),
                  "BF281D A01B BF2F18 800104 81020520 0C03612E62 5A0A" A_);
    ck_assert_hex(es10(&bench.es10, "BF2804 81020410"),
                  "BF281D A01B BF2F18 800106 81020410 0C03612E62 5A0A" A_);
    close_bench(&bench);
}
END_TEST

/* The members of a list in an answer: their tags must be `tag`. */
static unsigned count_in(struct span answer, uint32_t list_tag, uint32_t tag)
{
    const uint32_t path[] = {0xBF2B, list_tag, 0};
    struct tlv_reader reader;
    struct span list;
    struct tlv object;
    unsigned count = 0;

    ck_assert(tlv_find_path(answer, path, &list));
    reader = tlv_reader(list);
    while (tlv_next(&reader, &object) == TLV_OK) {
        ck_assert_uint_eq(object.tag, tag);
        count++;
    }
    return count;
}

START_TEST(results_are_kept_until_they_are_acknowledged)
{
    struct bench bench;
    struct span answer;

    open_bench(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .address = "a.b", .operations = 15});
    run(&bench, ENABLE(A_));
    run(&bench, DISABLE(A_));
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B00"), 0xA0, 0x30), 2);
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B04 A002 8200"), 0xA2, 0xBF51), 2);
    answer = es10(&bench.es10, "BF2B05 A003 800103"); /* a number finds either */
    ck_assert_uint_eq(count_in(answer, 0xA2, 0xBF51), 1);
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B05 A003 800102"), 0xA0, 0x30), 1);
    ck_assert_hex(es10(&bench.es10, "BF2B05 A003 800109"), "BF2B03 810101");
    bench.es10.terminal = terminal_start(bench.es10.card, SOFTEUICC_COLD); /* they survive a reset */
    ck_assert_hex(es10(&bench.es10, "BF3003 800103"), "BF3003 800100");
    ck_assert_hex(es10(&bench.es10, "BF3003 800103"), "BF3003 800101"); /* nothingToDelete */
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B04 A002 8200"), 0xA2, 0xBF51), 1);
    ck_assert_hex(es10(&bench.es10, "BF3003 800102"), "BF3003 800100");
    ck_assert_uint_eq(count_in(es10(&bench.es10, "BF2B00"), 0xA0, 0x30), 1);
    ck_assert_uint_eq(es10_refused(&bench.es10, "BF2B05 A003 820100"), 0x6A80);
    ck_assert_uint_eq(es10_refused(&bench.es10, "BF2B06 A004 82008200"), 0x6A80);
    es10_sweep(&bench.es10, "BF2B04 A002 8200");
    close_bench(&bench);
}
END_TEST

START_TEST(what_is_stored_is_what_was_answered)
{
    struct buf request = {0};
    struct buf *answer = test_buf();
    struct bench bench;
    struct span stored;

    open_with_two(&bench);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex(ENABLE(A_))});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), answer), 0x9000);
    ck_assert(
        tlv_find_path(es10(&bench.es10, "BF2B04 A002 8200"), (const uint32_t[]){0xBF2B, 0xA2, 0}, &stored));
    ck_assert_span(stored, buf_span(answer));
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

START_TEST(the_oldest_result_gives_way)
{
    struct bench bench;
    struct span list;

    open_bench(&bench);
    for (unsigned i = 0; i < PACKAGE_RESULTS_MAX + 3; i++)
        run(&bench, "A600");
    list = es10(&bench.es10, "BF2B04 A002 8200");
    ck_assert_uint_eq(count_in(list, 0xA2, 0xBF51), PACKAGE_RESULTS_MAX);
    ck_assert_hex(es10(&bench.es10, "BF3003 800103"), "BF3003 800101");
    ck_assert_hex(es10(&bench.es10, "BF3003 800104"), "BF3003 800100");
    close_bench(&bench);
}
END_TEST

static int64_t rows(struct bench *bench, sqlite3_stmt *stmt)
{
    int64_t count = nvm_row(bench->es10.card->nvm, stmt) ? nvm_int(stmt, 0) : -1;

    nvm_done(stmt);
    return count;
}

static int64_t pages(struct bench *bench)
{
    return rows(bench, nvm_read_stmt(bench->es10.card->nvm, "PRAGMA page_count"));
}

/* Switching all day long leaves nothing behind once results and notifications are acknowledged. */
START_TEST(switches_leave_nothing_behind)
{
    struct bench bench;
    int64_t begun = 0;

    open_bench(&bench);
    es10_install(&bench.es10, &(struct es10_profile){.iccid = A, .address = "a.b", .operations = 15});
    es10_install(&bench.es10, &(struct es10_profile){.iccid = B, .address = "a.b", .operations = 15});
    ck_assert_run(&bench, ENABLE(B_), "830100");
    es10(&bench.es10, "BF3003 800101");
    es10(&bench.es10, "BF3003 800102");
    for (unsigned i = 0; i < 60; i++) {
        unsigned first = 3 + 3 * i;

        ck_assert_run(&bench, i % 2 == 0 ? ENABLE_ROLLBACK(A_) : ENABLE_ROLLBACK(B_), "830100");
        for (unsigned n = first; n < first + 3; n++)
            ck_assert_hex(es10(&bench.es10, n < 128 ? "BF3003 8001%02X" : "BF3004 800200%02X", n),
                          "BF3003 800100");
        if (i == 5)
            begun = pages(&bench);
    }
    ck_assert_int_eq(
        rows(&bench, nvm_read_stmt(bench.es10.card->nvm, "SELECT (SELECT count(*) FROM package_result) +"
                                                         " (SELECT count(*) FROM notification)")),
        0);
    ck_assert_int_eq(pages(&bench), begun);
    close_bench(&bench);
}
END_TEST

TEST_MAIN("psmo", enable_ok, enable_refusals, enable_catbusy, one_refresh_for_a_package, enable_with_rollback,
          rollback_to_what_the_package_disabled, enable_ends_the_return_from_fallback, disable_results,
          delete_results, what_fallback_returns_to_is_not_deleted, list_profile_info_has_its_own_default,
          list_profile_info_shows_what_sgp32_added, list_profile_info_errors, no_list_while_profiles_change,
          get_rat, configure_immediate_enable, set_fallback, unset_fallback, set_default_dp_address,
          what_is_damaged_ends_the_list, an_empty_list_is_a_package, unknown_members_are_skipped,
          results_overflow, the_result_is_numbered_before_its_notifications,
          results_are_kept_until_they_are_acknowledged, what_is_stored_is_what_was_answered,
          the_oldest_result_gives_way, switches_leave_nothing_behind)
