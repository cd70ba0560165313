/*
 * euicc/iot/es10b_recovery.c: ProfileRollback, ImmediateEnable, fallback and the Emergency Profile, each with
 * all its codes, as an IPA asks for them. What they mean for one another is test_lifecycle_model.c's.
 */
#include "apdu/tlv.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/lifecycle/package_result.h"
#include "euicc/lifecycle/recovery.h"
#include "euicc/lifecycle/session.h"
#include "euicc/terminal/toolkit.h"
#include "tests/support/es10.h"
#include "tests/support/package.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <stdio.h>
#include <string.h>

#define A  "89490000000000000017"
#define B  "89490000000000000025"
#define F  "89490000000000000033"
#define E  "89490000000000000041"
#define A_ "98940000000000000071"
#define B_ "98940000000000000052"
#define F_ "98940000000000000033"
#define E_ "98940000000000000014"

#define LPA_ENABLE(iccid)      "BF3111 A00C 5A0A " iccid " 810100"
#define LPA_DISABLE(iccid)     "BF3211 A00C 5A0A " iccid " 810100"
#define LPA_DELETE(iccid)      "BF330C 5A0A " iccid
#define ENABLE(iccid)          "A30C 5A0A" iccid
#define ENABLE_ROLLBACK(iccid) "A30E 5A0A" iccid "0500"
#define SET_FALLBACK(iccid)    "A80C 5A0A" iccid

#define ROLLBACK          "BF5803 800100"
#define IMMEDIATE_ENABLE  "BF5A03 800100"
#define ENABLE_EMERGENCY  "BF5B03 800100"
#define DISABLE_EMERGENCY "BF5C03 800100"
#define EXECUTE_FALLBACK  "BF5D03 800100"
#define RETURN            "BF5E03 800100"

struct bench {
    struct es10_bench es10;
    struct test_eim eim;
};

static void sql(struct bench *bench, const char *statement)
{
    ck_assert(nvm_change(bench->es10.card->nvm, statement, NVM_NONE));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

static int64_t figure(struct bench *bench, const char *select)
{
    sqlite3_stmt *stmt = nvm_select(bench->es10.card->nvm, select, NVM_NONE);
    int64_t value = nvm_row(bench->es10.card->nvm, stmt) ? nvm_int(stmt, 0) : -1;

    nvm_done(stmt);
    return value;
}

/* Operational A and B, one that may be the Fallback Profile and an Emergency Profile; none is enabled. */
static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.eim = {.id = NULL}};
    es10_open(&bench->es10, 1, 0);
    test_eim_open(&bench->eim, "eim.example.com", EC_CURVE_P256);
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
    es10_install(&bench->es10, &(struct es10_profile){.iccid = A, .address = "a.example", .operations = 15});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = B, .address = "b.example", .operations = 15});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = F, .address = "f.example", .operations = 15});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = E, .address = "e.example", .operations = 15});
    sql(bench, "UPDATE profile SET fallback_allowed = 1 WHERE iccid = '" F "'");
    sql(bench, "UPDATE profile SET ecall = 1 WHERE iccid = '" E "'");
}

static void close_bench(struct bench *bench)
{
    test_eim_close(&bench->eim);
    es10_close(&bench->es10);
}

#define ck_assert_answer(bench, request, answer) ck_assert_hex(es10(&(bench)->es10, "%s", request), answer)
#define ck_assert_package(bench, commands, results)                                                          \
    ck_assert_hex(test_package_run(&(bench)->es10.terminal, &(bench)->eim, PSMO, commands), results)

/* The one that is enabled; "" for none. */
static const char *enabled(struct bench *bench)
{
    static const char *const all[] = {A, B, F, E};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (es10_state(&bench->es10, all[i]) == 1)
            return all[i];
    return "";
}

#define ck_assert_enabled(bench, iccid) ck_assert_str_eq(enabled(bench), iccid)

static void reset(struct bench *bench)
{
    bench->es10.terminal = terminal_start(bench->es10.card, SOFTEUICC_COLD);
}

/* Until the next reset. */
static void begin_proactive_session(struct bench *bench)
{
    struct buf response = {0};

    ck_assert_uint_eq(terminal_command(&bench->es10.terminal, hex("80100000 03 000080"), &response), 0x9000);
    ck_assert(toolkit_request_refresh(bench->es10.card));
    ck_assert_uint_eq(toolkit_status(bench->es10.card, SW_OK) & 0xFF00, 0x9100);
    buf_free(&response);
}

/* With the REFRESH flag while the terminal is busy: the code, and nothing has changed. */
static void assert_busy(struct bench *bench, const char *request, const char *answer)
{
    struct span tables = es10_tables(&bench->es10);
    struct buf response = {0};

    begin_proactive_session(bench);
    ck_assert_uint_eq(es10_send(&bench->es10, hex(request), &response) & 0xFF00, 0x9100);
    ck_assert_hex(buf_span(&response), answer);
    ck_assert_span(es10_tables(&bench->es10), tables);
    buf_free(&response);
    reset(bench);
}

/* With the REFRESH flag: the terminal that serves it is told to fetch it. */
static void assert_refresh(struct bench *bench, const char *request)
{
    struct buf response = {0};

    ck_assert_uint_eq(terminal_command(&bench->es10.terminal, hex("80100000 03 000080"), &response), 0x9000);
    ck_assert_uint_eq(es10_send(&bench->es10, hex(request), &response) & 0xFF00, 0x9100);
    ck_assert(toolkit_session_active(bench->es10.card));
    buf_free(&response);
    reset(bench);
}

/* --- rollback ------------------------------------------------------------------------------------ */

/* BF58 { 02 00, BF51 … }: the result inside, read and verified. */
static struct test_package_result rolled_back(struct bench *bench, struct span answer)
{
    const struct softeuicc *card = bench->es10.card;
    struct tlv_reader reader;
    struct test_package_result result;
    struct span content;
    struct span code;
    struct tlv package_result;

    ck_assert_int_eq(tlv_single(answer, 0xBF58, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0x02, &code));
    ck_assert_hex(code, "00");
    ck_assert_int_eq(tlv_next(&reader, &package_result), TLV_OK);
    ck_assert(tlv_finish(&reader));
    test_result_read(&bench->eim, bench->es10.card, SPAN_ARRAY(card->credentials[0].ci_key_id),
                     package_result.whole, &result);
    return result;
}

START_TEST(rollback_brings_the_former_profile_back_and_reports)
{
    struct test_package_result result;
    struct bench bench;
    int64_t granting;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_answer(&bench, ROLLBACK, "BF5803 020101");
    ck_assert_package(&bench, ENABLE_ROLLBACK(B_), "830100");
    ck_assert_enabled(&bench, B);
    granting = figure(&bench, "SELECT max(sequence) FROM package_result");
    reset(&bench); /* the device that cannot attach is switched off and on */
    result = rolled_back(&bench, es10(&bench.es10, ROLLBACK));
    ck_assert_enabled(&bench, A);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    ck_assert_span(result.eim_id, SPAN_STRING("eim.example.com"));
    ck_assert_int_eq(result.counter, 1);
    ck_assert_hex(result.transaction, "00E13001");
    ck_assert_hex(result.results, "8C0100");
    ck_assert_int_gt(result.sequence, granting);
    /* The package's own result is gone; the new one is kept, and older than the notifications of the way
     * back. */
    ck_assert_int_eq(figure(&bench, "SELECT count(*) FROM package_result"), 1);
    ck_assert_int_eq(figure(&bench, "SELECT sequence FROM package_result"), result.sequence);
    ck_assert_int_eq(figure(&bench, "SELECT max(sequence) FROM notification WHERE operation = 'disable'"),
                     result.sequence + 1);
    ck_assert_int_eq(figure(&bench, "SELECT max(sequence) FROM notification WHERE operation = 'enable'"),
                     result.sequence + 2);
    ck_assert_answer(&bench, ROLLBACK, "BF5803 020101"); /* once */
    close_bench(&bench);
}
END_TEST

START_TEST(rollback_goes_back_to_a_profile_that_the_package_disabled)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_package(&bench, "A40C 5A0A" A_ ENABLE_ROLLBACK(B_), "840100 830100");
    (void)rolled_back(&bench, es10(&bench.es10, ROLLBACK));
    ck_assert_enabled(&bench, A);
    close_bench(&bench);
}
END_TEST

/* The acknowledged result need not be there any more, and the transaction is optional. */
START_TEST(rollback_reports_after_the_result_was_acknowledged)
{
    const struct test_package package = {.list = hex(ENABLE_ROLLBACK(B_))};
    struct test_package_result result;
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    test_package_send(&bench.es10.terminal, &bench.eim, &package, &result);
    ck_assert_hex(result.results, "830100");
    ck_assert(package_result_remove(bench.es10.card, (uint64_t)result.sequence));
    ck_assert(nvm_commit(bench.es10.card->nvm));
    result = rolled_back(&bench, es10(&bench.es10, ROLLBACK));
    ck_assert_ptr_null(result.transaction.data);
    ck_assert_hex(result.results, "8C0100");
    close_bench(&bench);
}
END_TEST

START_TEST(rollback_works_for_an_eim_that_is_gone)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_package(&bench, ENABLE_ROLLBACK(B_), "830100");
    sql(&bench, "DELETE FROM eim");
    ck_assert_answer(&bench, ROLLBACK, "BF5803 020100");
    ck_assert_enabled(&bench, A);
    ck_assert_int_eq(figure(&bench, "SELECT count(*) FROM package_result"), 0);
    close_bench(&bench);
}
END_TEST

/* IPAs leave the flag out; they want their REFRESH. */
START_TEST(rollback_without_a_refresh_flag)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_answer(&bench, "BF5800", "BF5803 020101");
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_package(&bench, ENABLE_ROLLBACK(B_), "830100");
    assert_busy(&bench, "BF5800", "BF5803 020105");
    assert_refresh(&bench, "BF5800");
    ck_assert_enabled(&bench, A);
    close_bench(&bench);
}
END_TEST

START_TEST(rollback_minds_the_terminal)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_package(&bench, ENABLE_ROLLBACK(B_), "830100");
    assert_busy(&bench, "BF5803 8001FF", "BF5803 020105");
    assert_refresh(&bench, "BF5803 8001FF");
    ck_assert_enabled(&bench, A);
    close_bench(&bench);
}
END_TEST

/* As if somebody had edited the file: a grant that outlived the switch to the Emergency Profile. */
static void grant_in_emergency(struct bench *bench)
{
    sql(bench, "UPDATE iot SET rollback = (SELECT id FROM profile WHERE iccid = '" A "'),"
               " rollback_eim = 'eim.example.com', rollback_counter = 1, rollback_result = 1");
}

/* Both directions withdraw it, with the refresh flag and without (CR111007R00). */
START_TEST(an_emergency_withdraws_the_rollback)
{
    static const char *const flags[] = {"800100", "8001FF"};
    char request[32];

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct bench bench;

        open_bench(&bench);
        es10(&bench.es10, LPA_ENABLE(A_));
        ck_assert_package(&bench, ENABLE_ROLLBACK(B_), "830100");
        snprintf(request, sizeof(request), "BF5B03 %s", flags[i]);
        ck_assert_answer(&bench, request, "BF5B03 800100");
        ck_assert_answer(&bench, ROLLBACK, "BF5803 020101");
        grant_in_emergency(&bench);
        ck_assert_answer(&bench, ROLLBACK, "BF5803 020107");
        snprintf(request, sizeof(request), "BF5C03 %s", flags[i]);
        ck_assert_answer(&bench, request, "BF5C03 800100");
        ck_assert_answer(&bench, ROLLBACK, "BF5803 020101");
        ck_assert_enabled(&bench, B);
        close_bench(&bench);
    }
}
END_TEST

/* --- fallback ------------------------------------------------------------------------------------ */

START_TEST(fallback_and_return)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800107");
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800106");
    ck_assert_answer(&bench, RETURN, "BF5E03 800106");
    ck_assert_package(&bench, SET_FALLBACK(F_), "8D0100");
    ck_assert_answer(&bench, RETURN, "BF5E03 800106");
    assert_busy(&bench, "BF5D03 8001FF", "BF5D03 800105");
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800100");
    ck_assert_enabled(&bench, F);
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800102");
    reset(&bench);
    assert_busy(&bench, "BF5E03 8001FF", "BF5E03 800105");
    ck_assert_answer(&bench, RETURN, "BF5E03 800100");
    ck_assert_enabled(&bench, A);
    ck_assert_answer(&bench, RETURN, "BF5E03 800106");
    assert_refresh(&bench, "BF5D03 8001FF");
    assert_refresh(&bench, "BF5E03 8001FF");
    ck_assert_enabled(&bench, A);
    close_bench(&bench);
}
END_TEST

/* Its owner deletes what the card would fall back or return to. */
START_TEST(fallback_to_a_profile_that_is_gone)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_package(&bench, SET_FALLBACK(F_), "8D0100");
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800100");
    ck_assert_package(&bench, "A50C 5A0A" A_, "850115");
    ck_assert_answer(&bench, LPA_DELETE(A_), "BF3303 800100");
    ck_assert_answer(&bench, RETURN, "BF5E03 800106");
    es10(&bench.es10, LPA_ENABLE(B_));
    ck_assert_answer(&bench, LPA_DELETE(F_), "BF3303 800100");
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800106");
    close_bench(&bench);
}
END_TEST

/* --- the Emergency Profile ----------------------------------------------------------------------- */

START_TEST(emergency_there_and_back)
{
    struct bench bench;
    int64_t sequence;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    sequence = figure(&bench, "SELECT last_notification FROM card");
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800102");
    assert_busy(&bench, "BF5B03 8001FF", "BF5B03 800105");
    ck_assert_answer(&bench, ENABLE_EMERGENCY, "BF5B03 800100");
    ck_assert_enabled(&bench, E);
    ck_assert_answer(&bench, ENABLE_EMERGENCY, "BF5B03 800102");
    reset(&bench);
    ck_assert(recovery_emergency_active(bench.es10.card));
    assert_busy(&bench, "BF5C03 8001FF", "BF5C03 800105");
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800100");
    ck_assert_enabled(&bench, A);
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800102");
    /* No server hears of it. */
    ck_assert_int_eq(figure(&bench, "SELECT last_notification FROM card"), sequence);
    assert_refresh(&bench, "BF5B03 8001FF");
    assert_refresh(&bench, "BF5C03 8001FF");
    ck_assert_answer(&bench, LPA_DELETE(E_), "BF3303 800100");
    ck_assert_answer(&bench, ENABLE_EMERGENCY, "BF5B03 800108");
    /* Its type got ecallNotAvailable with v1.3. */
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800102");
    bench.es10.card->sgp32[1] = 3;
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800108");
    close_bench(&bench);
}
END_TEST

START_TEST(emergency_with_nothing_else_enabled)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_answer(&bench, ENABLE_EMERGENCY, "BF5B03 800100");
    ck_assert_enabled(&bench, E);
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800100");
    ck_assert_enabled(&bench, "");
    close_bench(&bench);
}
END_TEST

/* Meanwhile every other function answers what its type has for it, and changes nothing. */
START_TEST(emergency_stops_everything_else)
{
    static const struct {
        const char *request, *answer;
    } others[] = {
        {EXECUTE_FALLBACK, "BF5D03 800168"}, {RETURN, "BF5E03 800106"},
        {IMMEDIATE_ENABLE, "BF5A03 800101"}, {ROLLBACK, "BF5803 020101"},
        {LPA_ENABLE(B_), "BF3103 80017F"},   {LPA_DISABLE(E_), "BF3203 80017F"},
        {LPA_DELETE(B_), "BF3303 80017F"},   {"BF3404 82020780", "BF3403 80017F"},
        {LPA_ENABLE(E_), "BF3103 800102"},   {LPA_DELETE(E_), "BF3303 800102"},
    };
    struct test_package_result result;
    const struct test_package package = {.list = hex(ENABLE(B_))};
    struct bench bench;
    struct span tables;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_package(&bench, SET_FALLBACK(F_), "8D0100");
    ck_assert_package(&bench, ENABLE_ROLLBACK(B_), "830100");
    ck_assert_answer(&bench, ENABLE_EMERGENCY, "BF5B03 800100");
    tables = es10_tables(&bench.es10);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ck_assert_answer(&bench, others[i].request, others[i].answer);
    test_package_send(&bench.es10.terminal, &bench.eim, &package, &result);
    ck_assert_int_eq(result.kind, RESULT_ERROR);
    ck_assert_int_eq(result.code, 104);
    ck_assert_span(es10_tables(&bench.es10), tables);
    /* And afterwards all is as it was, but for the rollback. */
    ck_assert_answer(&bench, DISABLE_EMERGENCY, "BF5C03 800100");
    ck_assert_answer(&bench, ROLLBACK, "BF5803 020101");
    ck_assert_enabled(&bench, B);
    close_bench(&bench);
}
END_TEST

START_TEST(only_its_function_enables_the_emergency_profile)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_answer(&bench, LPA_ENABLE(E_), "BF3103 800103");
    ck_assert_package(&bench, ENABLE(E_), "830103");
    sql(&bench, "UPDATE iot SET fallback = (SELECT id FROM profile WHERE ecall = 1)");
    ck_assert_answer(&bench, EXECUTE_FALLBACK, "BF5D03 800106");
    ck_assert_enabled(&bench, A);
    close_bench(&bench);
}
END_TEST

/* --- immediate enable ---------------------------------------------------------------------------- */

#define DOWNLOADED  "89490000000000000058"
#define DOWNLOADED_ "98940000000000000085"

/* A whole RSP session. `fails`: the package is not the one of the metadata. */
static void download(struct bench *bench, bool fails)
{
    struct server_outcome outcome = {0};
    struct buf metadata = {0};
    struct server server;

    server_put_metadata(&metadata, DOWNLOADED, "Operator", "Profile", -1);
    server_init(&server, &bench->es10.terminal, &bench->es10.cis[0], test_profile(fails ? A : DOWNLOADED),
                buf_span(&metadata));
    ck_assert(server_download(&server, &outcome) != fails);
    server_outcome_free(&outcome);
    server_free(&server);
    buf_free(&metadata);
}

static const char configure[] = "UPDATE iot SET immediate_enable = 1";

START_TEST(immediate_enable_after_a_download)
{
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800101"); /* not configured */
    ck_assert_answer(&bench, "BF5A00", "BF5A03 800101");         /* as SGP.32 v1.0 asks */
    sql(&bench, configure);
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800104"); /* no session */
    download(&bench, false);
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 0);
    begin_proactive_session(&bench);
    ck_assert_uint_eq(es10_send(&bench.es10, hex("BF5A03 8001FF"), test_buf()) & 0xFF00, 0x9100);
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 0); /* catBusy */
    ck_assert_uint_eq(es10_send(&bench.es10, hex(IMMEDIATE_ENABLE), test_buf()),
                      0x9000); /* ends the session */
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 1);
    ck_assert_int_eq(es10_state(&bench.es10, A), 0);
    reset(&bench);
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800104"); /* once */
    close_bench(&bench);
}
END_TEST

/* What a marked one has used up is its own session, not that of who came after it. */
START_TEST(immediate_enable_leaves_a_later_session)
{
    struct buf response = {0};
    struct bench bench;

    open_bench(&bench);
    sql(&bench, configure);
    download(&bench, false);
    ck_assert_uint_eq(terminal_command(&bench.es10.terminal, hex("80100000 03 000080"), &response), 0x9000);
    ck_assert_uint_eq(es10_send(&bench.es10, hex("BF5A03 8001FF"), &response), 0x910B);
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 0);
    ck_assert_uint_eq(es10_send(&bench.es10, hex("BF2E00"), &response), 0x910B);
    ck_assert_uint_eq(terminal_command(&bench.es10.terminal, hex("80120000 0B"), &response), 0x9000);
    ck_assert_uint_eq(
        terminal_command(&bench.es10.terminal, hex("80140000 0C 8103010104 82028281 830100"), &response),
        0x9000);
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 1);
    ck_assert_int_eq(rsp_session_stage(bench.es10.card), RSP_CHALLENGED);
    buf_free(&response);
    close_bench(&bench);
}
END_TEST

START_TEST(immediate_enable_minds_the_terminal)
{
    struct buf response = {0};
    struct bench bench;

    open_bench(&bench);
    sql(&bench, configure);
    download(&bench, false);
    begin_proactive_session(&bench);
    es10_send(&bench.es10, hex("BF5A03 8001FF"), &response);
    ck_assert_hex(buf_span(&response), "BF5A03 800105");
    buf_free(&response);
    close_bench(&bench);
}
END_TEST

/* What ends the session's claim, or never made one. */
START_TEST(immediate_enable_without_a_session)
{
    struct bench bench;

    open_bench(&bench);
    sql(&bench, configure);
    download(&bench, true);
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800104"); /* nothing was installed */
    download(&bench, false);
    es10(&bench.es10, "BF2E00"); /* another session */
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800104");
    es10(&bench.es10, LPA_DELETE(DOWNLOADED_));
    download(&bench, false);
    reset(&bench);
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800104");
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 0);
    close_bench(&bench);
}
END_TEST

/* A session there was, but its profile is not one to be enabled immediately. Each change is undone. */
START_TEST(immediate_enable_that_is_not_available)
{
    static const char *const obstacles[][2] = {
        {"UPDATE iot SET immediate_enable = 0", "UPDATE iot SET immediate_enable = 1"},
        {"UPDATE iot SET immediate_smdp_oid = '8837'", "UPDATE iot SET immediate_smdp_oid = NULL"},
        {"UPDATE iot SET immediate_smdp_address = 'other.example'",
         "UPDATE iot SET immediate_smdp_address = NULL"},
        {"UPDATE profile SET ecall = 1 WHERE iccid = '" DOWNLOADED "'",
         "UPDATE profile SET ecall = 0 WHERE iccid = '" DOWNLOADED "'"},
        {"UPDATE profile SET ppr1 = 1 WHERE iccid = '" A "'",
         "UPDATE profile SET ppr1 = 0 WHERE iccid = '" A "'"},
    };
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    sql(&bench, configure);
    download(&bench, false);
    for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
        sql(&bench, obstacles[i][0]);
        ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800101");
        sql(&bench, obstacles[i][1]);
    }
    /* The right SM-DP+ is no obstacle. */
    sql(&bench, "UPDATE iot SET immediate_smdp_oid ="
                " (SELECT smdp_oid FROM profile WHERE iccid = '" DOWNLOADED "')");
    sql(&bench, "UPDATE iot SET immediate_smdp_address ="
                " (SELECT smdp_address FROM profile WHERE iccid = '" DOWNLOADED "')");
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800100");
    ck_assert_int_eq(es10_state(&bench.es10, DOWNLOADED), 1);
    close_bench(&bench);
}
END_TEST

START_TEST(immediate_enable_of_what_the_lpa_enabled_or_deleted)
{
    struct bench bench;

    open_bench(&bench);
    sql(&bench, configure);
    download(&bench, false);
    es10(&bench.es10, LPA_ENABLE(DOWNLOADED_));
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800101");
    es10(&bench.es10, LPA_DISABLE(DOWNLOADED_));
    es10(&bench.es10, LPA_DELETE(DOWNLOADED_));
    ck_assert_answer(&bench, IMMEDIATE_ENABLE, "BF5A03 800101");
    close_bench(&bench);
}
END_TEST

/* --- requests ------------------------------------------------------------------------------------ */

START_TEST(malformed_requests_are_refused)
{
    static const char *const tags[] = {"BF58", "BF5A", "BF5B", "BF5C", "BF5D", "BF5E"};
    static const char *const contents[] = {"00",        "02 8000",   "04 8002FFFF",
                                           "03 8101FF", "03 0101FF", "04 8001FF80"};
    struct bench bench;

    open_bench(&bench);
    es10(&bench.es10, LPA_ENABLE(A_));
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        bool optional = i < 2; /* the request may be empty */

        for (size_t j = optional ? 1 : 0; j < sizeof(contents) / sizeof(contents[0]); j++)
            ck_assert_uint_eq(es10_refused(&bench.es10, "%s %s", tags[i], contents[j]), 0x6A80);
        es10_sweep(&bench.es10, "%s03 8001FF", tags[i]);
        es10_sweep(&bench.es10, "%s06 8001FF 990100", tags[i]); /* an unknown member is skipped */
    }
    ck_assert_enabled(&bench, A);
    close_bench(&bench);
}
END_TEST

START_TEST(a_consumer_card_does_not_know_them)
{
    static const char *const tags[] = {"BF58", "BF5A", "BF5B", "BF5C", "BF5D", "BF5E"};
    struct bench bench;

    open_bench(&bench);
    bench.es10.card->personality_bit = FOR_CONSUMER;
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        ck_assert_uint_eq(es10_refused(&bench.es10, "%s03 8001FF", tags[i]), 0x6A88);
    bench.es10.card->personality_bit = FOR_IOT;
    ck_assert_answer(&bench, ENABLE_EMERGENCY, "BF5B03 800100");
    close_bench(&bench);
}
END_TEST

TEST_MAIN("es10b recovery", rollback_brings_the_former_profile_back_and_reports,
          rollback_goes_back_to_a_profile_that_the_package_disabled,
          rollback_reports_after_the_result_was_acknowledged, rollback_works_for_an_eim_that_is_gone,
          rollback_without_a_refresh_flag, rollback_minds_the_terminal, an_emergency_withdraws_the_rollback,
          fallback_and_return, fallback_to_a_profile_that_is_gone, emergency_there_and_back,
          emergency_with_nothing_else_enabled, emergency_stops_everything_else,
          only_its_function_enables_the_emergency_profile, immediate_enable_after_a_download,
          immediate_enable_leaves_a_later_session, immediate_enable_minds_the_terminal,
          immediate_enable_without_a_session, immediate_enable_that_is_not_available,
          immediate_enable_of_what_the_lpa_enabled_or_deleted, malformed_requests_are_refused,
          a_consumer_card_does_not_know_them)
