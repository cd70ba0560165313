/* servers/smdpp: tables that cannot be read or written while the server works. What is answered with success
 * is stored; a failure is reported as what it is, changes nothing, and is cured when the storage is. */
#include "tests/support/smdpp.h"
#include "tests/support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench bench;

/* --- Faults --------------------------------------------------------------------------------------------- */

static const char *const tables[] = {"profile_order", "download", "unfinished_binding", "notification",
                                     "es2p_call"};
static const char *const writes[] = {"INSERT", "UPDATE", "DELETE"};

__attribute__((format(printf, 1, 2))) static void run_sql(const char *format, ...)
{
    char sql[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sql, sizeof(sql), format, arguments);
    va_end(arguments);
    ck_assert_msg(db_run(bench.smdpp.store, sql, DB_NONE), "%s", sql);
}

static void break_reading(const char *table)
{
    run_sql("ALTER TABLE %s RENAME TO unreadable", table);
}

static void mend_reading(const char *table)
{
    run_sql("ALTER TABLE unreadable RENAME TO %s", table);
}

static void break_writing(const char *table, const char *operation)
{
    run_sql("CREATE TRIGGER broken BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
            operation, table);
}

static void mend_writing(void)
{
    run_sql("DROP TRIGGER broken");
}

/* --- Steps of a life ------------------------------------------------------------------------------------ */

static json_t *step_order(void)
{
    return bench_es2p(&bench, "downloadOrder", json_pack("{s:s}", "iccid", BENCH_ICCID));
}

static json_t *step_confirm(void)
{
    return bench_es2p(&bench, "confirmOrder",
                      json_pack("{s:s,s:s,s:s,s:b}", "iccid", BENCH_ICCID, "matchingId", "MINE",
                                "confirmationCode", "4711", "releaseFlag", 0));
}

static json_t *step_release(void)
{
    return bench_es2p(&bench, "releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID));
}

static json_t *step_authenticate(void)
{
    bench.matching_id = "MINE";
    bench_success(bench_initiate(&bench));
    return bench_authenticate(&bench);
}

static json_t *step_prepare(void)
{
    bench.code = "4711";
    return bench_prepare(&bench);
}

static json_t *http_status(int code)
{
    ck_assert_msg(code == 204 || code == 500, "%d", code);
    return code == 204
               ? json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus", "status", "Executed-Success")
               : json_pack("{s:{s:{s:s,s:{s:s,s:s,s:s}}}}", "header", "functionExecutionStatus", "status",
                           "Failed", "statusCodeData", "subjectCode", "1.2", "reasonCode", "4.2", "message",
                           "500");
}

static json_t *step_install(void)
{
    return http_status(bench_install_result(&bench, -1));
}

static json_t *step_delete(void)
{
    return http_status(bench_notify(&bench, 3, BENCH_ICCID));
}

static json_t *step_reject(void)
{
    return bench_cancel(&bench, 0);
}

static json_t *step_take_back(void)
{
    return bench_es2p(
        &bench, "cancelOrder",
        json_pack("{s:s,s:s}", "iccid", BENCH_ICCID, "finalProfileStatusIndicator", "Available"));
}

static const struct step {
    json_t *(*run)(void);
    const char *after; /* the order's state */
} life[] =
    {
        {step_order, "allocated"},       {step_confirm, "confirmed"},  {step_release, "released"},
        {step_authenticate, "released"}, {step_prepare, "downloaded"}, {step_install, "installed"},
        {step_delete, "available"},
},
  rejection[] = {
      {step_order, "allocated"},       {step_confirm, "confirmed"}, {step_release, "released"},
      {step_authenticate, "released"}, {step_reject, "error"},      {step_take_back, "available"},
};

/* What is stored, without what only counts tries. */
static char *stored(void)
{
    static const char *const what[] = {
        "SELECT iccid || state || eid || matching_id || wrong_codes FROM profile_order",
        "SELECT hex(transaction_id) FROM download",
        "SELECT profile || eid FROM unfinished_binding",
        "SELECT operation || sequence_number FROM notification",
        "SELECT call_id FROM es2p_call",
    };
    struct buf out = {0};

    for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        struct db_rows rows = db_query(bench.smdpp.store, what[i], DB_NONE);

        while (db_next(&rows))
            buf_append(&out, span_of_string(db_string(&rows, 0)));
        ck_assert(!rows.failed);
        buf_append(&out, SPAN_STRING(";"));
    }
    buf_append(&out, SPAN("", 1));
    return (char *)out.data;
}

/* Each step with one fault, then without. Returns how many steps failed. */
static unsigned live_with(const struct step *steps, size_t count, const char *table, const char *operation)
{
    unsigned failed = 0;

    bench_start(&bench, EC_CURVE_P256);
    for (size_t i = 0; i < count; i++) {
        char *before = stored();
        json_t *answer;
        char *after;

        if (operation == NULL)
            break_reading(table);
        else
            break_writing(table, operation);
        answer = steps[i].run();
        if (operation == NULL)
            mend_reading(table);
        else
            mend_writing();
        after = stored();
        if (bench_is_success(answer)) {
            json_decref(answer);
        } else {
            bench_expect(answer, "1.2", "4.2");
            ck_assert_str_eq(before, after);
            bench_success(steps[i].run());
            failed++;
        }
        ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), steps[i].after);
        free(before);
        free(after);
    }
    bench_stop(&bench);
    return failed;
}

#define LIVE(steps, table, operation) live_with(steps, sizeof(steps) / sizeof(steps[0]), table, operation)

START_TEST(tells_failures_from_refusals)
{
    for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++) {
        unsigned failed = LIVE(life, tables[table], NULL) + LIVE(rejection, tables[table], NULL);

        for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
            failed += LIVE(life, tables[table], writes[i]) + LIVE(rejection, tables[table], writes[i]);
        ck_assert_msg(failed >= 2, "%s: %u", tables[table], failed);
    }
}
END_TEST

/* --- Confirmation codes --------------------------------------------------------------------------------- */

static void until_offered(void)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_success(step_order());
    bench_success(step_confirm());
    bench_success(step_release());
    bench_success(step_authenticate());
}

static json_t *try_code(const char *code)
{
    bench.code = code;
    return bench_prepare(&bench);
}

/* What cannot be counted is not compared: neither right nor wrong is told. */
START_TEST(compares_no_code_that_it_cannot_count)
{
    until_offered();
    break_writing("profile_order", "UPDATE");
    for (unsigned i = 0; i < 5; i++)
        bench_expect(try_code("1"), "1.2", "4.2");
    bench_expect(try_code("4711"), "1.2", "4.2");
    mend_writing();
    bench_expect(try_code("1"), "8.2.7", "3.8");
    bench_expect(try_code("2"), "8.2.7", "3.8");
    bench_success(try_code("4711"));
    bench_stop(&bench);
}
END_TEST

/* The third wrong code ends the order even when its end cannot be stored. */
START_TEST(keeps_the_limit_of_codes)
{
    until_offered();
    ck_assert(db_run(bench.smdpp.store,
                     "CREATE TRIGGER no_end BEFORE UPDATE ON profile_order WHEN new.state = 'error'"
                     " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
                     DB_NONE));
    bench_expect(try_code("1"), "8.2.7", "3.8");
    bench_expect(try_code("2"), "8.2.7", "3.8");
    bench_expect(try_code("3"), "1.2", "4.2");
    bench_expect(try_code("4711"), "1.2", "4.2");
    bench_success(step_authenticate());
    bench_expect(try_code("4711"), "1.2", "4.2");
    ck_assert(db_run(bench.smdpp.store, "DROP TRIGGER no_end", DB_NONE));
    bench_expect(try_code("4711"), "8.2.7", "6.4");
    ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), "error");
    bench_stop(&bench);
}
END_TEST

/* A right code whose binding fails is no wrong one. */
START_TEST(gives_the_try_back)
{
    until_offered();
    break_writing("download", "INSERT");
    for (unsigned i = 0; i < 5; i++)
        bench_expect(try_code("4711"), "1.2", "4.2");
    mend_writing();
    bench_success(try_code("4711"));
    bench_stop(&bench);
}
END_TEST

/* --- Files ---------------------------------------------------------------------------------------------- */

/* A state that nobody knows is no available profile. */
START_TEST(reports_what_makes_no_sense)
{
    bench_start(&bench, EC_CURVE_P256);
    bench_success(step_order());
    ck_assert(db_run(bench.smdpp.store, "UPDATE profile_order SET state = 'odd'", DB_NONE));
    bench_expect(step_order(), "1.2", "4.2");
    bench_expect(step_confirm(), "1.2", "4.2");
    bench_stop(&bench);
}
END_TEST

static const char version_1[] =
    "CREATE TABLE profile_order (iccid TEXT PRIMARY KEY, profile TEXT NOT NULL, state TEXT NOT NULL, eid "
    "TEXT,"
    " matching_id TEXT, confirmation_code_sha256 BLOB, wrong_codes INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE unfinished_binding (profile TEXT NOT NULL, eid TEXT NOT NULL, euicc_otpk BLOB NOT NULL,"
    " PRIMARY KEY (profile, eid)) WITHOUT ROWID;"
    "INSERT INTO profile_order VALUES ('8900112233445566778', 'demo', 'released', '" TEST_EID
    "', 'MINE', NULL, 1, 2, 3, 4);"
    "INSERT INTO profile_order VALUES ('8900112233445566786', 'second_one', 'downloaded', '" TEST_EID
    "', '', NULL, 0, 0, 0, 0);"
    "INSERT INTO unfinished_binding VALUES ('second_one', '" TEST_EID "', zeroblob(65));";

START_TEST(takes_a_file_of_the_first_version)
{
    static const struct db_schema old = {
        .name = "the first", .tables = version_1, .known = "profile_order", .version = 1};
    char why[DB_WHY_MAX];
    struct order order;
    struct binding binding;
    struct db *db;

    remove(test_path("old.db"));
    db = db_open(test_path("old.db"), &old, why);
    ck_assert_msg(db != NULL, "%s", why);
    db_close(db);
    for (unsigned opened = 0; opened < 2; opened++) {
        db = store_open(test_path("old.db"), why);
        ck_assert_msg(db != NULL, "%s", why);
        ck_assert_int_eq(store_order_by_iccid(db, BENCH_ICCID, &order), STORE_FOUND);
        ck_assert(order.eid_ordered && order.state == ORDER_RELEASED);
        ck_assert_int_eq(order.expires, 4);
        ck_assert_int_eq(store_order_by_iccid(db, BENCH_ICCID2, &order), STORE_FOUND);
        ck_assert(!order.eid_ordered);
        ck_assert_int_eq(store_binding_find(db, "second_one", TEST_EID, &binding), STORE_FOUND);
        ck_assert(!binding.has_keys);
        db_close(db);
    }
}
END_TEST

TEST_MAIN("smdpp storage", tells_failures_from_refusals, compares_no_code_that_it_cannot_count,
          keeps_the_limit_of_codes, gives_the_try_back, reports_what_makes_no_sense,
          takes_a_file_of_the_first_version)
