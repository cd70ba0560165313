/*
 * Storage that fails under an SM-DP+: orders, downloads in both halves, notifications and lists. See
 * server_faults.h.
 */
#include "tests/powercut/server_faults.h"
#include "tests/support/smdpp.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bench bench;

#define MATCHING_ID "FAULTS-1"

/* --- How answers look ----------------------------------------------------------------------------------- */

static const char *code(const json_t *answer, const char *name)
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const char *text = json_string_value(json_object_get(json_object_get(status, "statusCodeData"), name));

    return text != NULL ? text : "";
}

/* The answer (taken) with this refusal for "as it should be"; NULL: a success. */
static enum server_answer judge(json_t *answer, const char *subject, const char *reason)
{
    enum server_answer result = SERVER_LIED;

    if (strcmp(code(answer, "subjectCode"), "1.2") == 0 && strcmp(code(answer, "reasonCode"), "4.2") == 0)
        result = SERVER_FAILED;
    else if (subject == NULL ? bench_is_success(answer)
                             : strcmp(code(answer, "subjectCode"), subject) == 0 &&
                                   strcmp(code(answer, "reasonCode"), reason) == 0)
        result = SERVER_DONE;
    json_decref(answer);
    return result;
}

static enum server_answer judge_code(int code)
{
    return code == 204 ? SERVER_DONE : code == 500 ? SERVER_FAILED : SERVER_LIED;
}

static enum server_answer es2p(const char *function, json_t *fields)
{
    return judge(bench_es2p(&bench, function, fields), NULL, NULL);
}

/* --- Orders --------------------------------------------------------------------------------------------- */

static enum server_answer order(void)
{
    return es2p("downloadOrder", json_pack("{s:s}", "iccid", BENCH_ICCID));
}

static enum server_answer order_second(void)
{
    return es2p("downloadOrder", json_pack("{s:s}", "profileType", "second_one"));
}

static enum server_answer confirm(void)
{
    return es2p("confirmOrder", json_pack("{s:s,s:s,s:s,s:b}", "iccid", BENCH_ICCID, "matchingId",
                                          MATCHING_ID, "confirmationCode", "1234", "releaseFlag", 0));
}

static enum server_answer release(void)
{
    return es2p("releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID));
}

static enum server_answer cancel_order(void)
{
    return es2p("cancelOrder",
                json_pack("{s:s,s:s}", "iccid", BENCH_ICCID2, "finalProfileStatusIndicator", "Available"));
}

static enum server_answer retire(void)
{
    return es2p("cancelOrder",
                json_pack("{s:s,s:s}", "iccid", BENCH_ICCID, "finalProfileStatusIndicator", "Unavailable"));
}

/* --- Downloads ------------------------------------------------------------------------------------------ */

/* A session of its own for each request: what has failed may have ended it. */
static void until_initiated(void)
{
    bench.code = "1234";
    bench_success(bench_initiate(&bench));
}

static enum server_answer authenticate(void)
{
    until_initiated();
    return judge(bench_authenticate(&bench), NULL, NULL);
}

static void until_offered(void)
{
    until_initiated();
    bench_success(bench_authenticate(&bench));
}

static enum server_answer bind(void)
{
    return judge(bench_prepare(&bench), NULL, NULL);
}

static void until_offered_with_a_wrong_code(void)
{
    until_offered();
    bench.code = "4321";
}

static enum server_answer bind_with_a_wrong_code(void)
{
    return judge(bench_prepare(&bench), "8.2.7", "3.8");
}

static enum server_answer postpone(void)
{
    return judge(bench_cancel(&bench, 1), NULL, NULL);
}

static void until_bound(void)
{
    until_offered();
    bench_success(bench_prepare(&bench));
}

static enum server_answer report(void)
{
    bench.sequence_number = 10;
    return judge_code(bench_install_result(&bench, -1));
}

static enum server_answer report_disabled(void)
{
    bench.sequence_number = 20;
    return judge_code(bench_notify(&bench, 2, BENCH_ICCID));
}

/* By its file's name, without an order. */
static enum server_answer authenticate_by_name(void)
{
    enum server_answer answer;

    bench.matching_id = "second_one";
    answer = authenticate();
    bench.matching_id = MATCHING_ID;
    return answer;
}

/* --- Lists ---------------------------------------------------------------------------------------------- */

static enum server_answer list(const char *path, size_t count)
{
    struct http_answer answer = bench_request(&bench, "GET", path, NULL, NULL, SPAN("", 0));
    json_t *rows = json_loadb((const char *)answer.body.data, answer.body.size, 0, NULL);
    enum server_answer result = answer.code == 500                                     ? SERVER_FAILED
                                : answer.code == 200 && json_array_size(rows) == count ? SERVER_DONE
                                                                                       : SERVER_LIED;

    json_decref(rows);
    buf_free(&answer.body);
    return result;
}

static enum server_answer list_orders(void)
{
    return list("/orders", 2);
}

static enum server_answer list_notifications(void)
{
    return list("/notifications", 2);
}

/* --- The life ------------------------------------------------------------------------------------------- */

static void use(struct db *db)
{
    while (!LIST_EMPTY(&bench.smdpp.sessions))
        smdpp_session_end(LIST_FIRST(&bench.smdpp.sessions));
    bench.smdpp.store = db;
}

/* Columns of an order, those that only count apart. */
#define DUMP_ORDERS                                                                                          \
    "SELECT iccid || ' ' || profile || ' ' || state || ' ' || coalesce(eid, '') || ' ' ||"                   \
    " coalesce(matching_id, '') || ' ' || coalesce(hex(confirmation_code_sha256), '')"
#define DUMP_COUNTERS " || ' ' || wrong_codes || ' ' || tries"
#define DUMP_REST                                                                                            \
    " FROM profile_order UNION ALL "                                                                         \
    "SELECT iccid || ' ' || eid || ' ' || profile || ' ' || ordered FROM download UNION ALL "                \
    "SELECT profile || ' ' || eid FROM unfinished_binding UNION ALL "                                        \
    "SELECT id || ' ' || verified || ' ' || eid || ' ' || iccid || ' ' || operation || ' ' ||"               \
    " sequence_number || ' ' || result FROM notification"
/* A try of a code is counted before the code is looked at; where the storage fails then, it stays counted. */
#define WITHOUT_COUNTERS (DUMP_ORDERS DUMP_REST)

static const struct server_step steps[] = {
    {"order", NULL, order, NULL},
    {"confirmation", NULL, confirm, NULL},
    {"release", NULL, release, NULL},
    {"authentication", NULL, authenticate, NULL},
    {"wrong code", until_offered_with_a_wrong_code, bind_with_a_wrong_code, NULL},
    {"postponed", until_offered, postpone, NULL},
    {"binding", until_offered, bind, WITHOUT_COUNTERS},
    {"binding again", until_offered, bind, WITHOUT_COUNTERS},
    {"installation", until_bound, report, NULL},
    {"notification", NULL, report_disabled, NULL},
    {"second order", NULL, order_second, NULL},
    {"list of orders", NULL, list_orders, NULL},
    {"list of notifications", NULL, list_notifications, NULL},
    {"cancellation", NULL, cancel_order, NULL},
    {"by name", NULL, authenticate_by_name, NULL},
    {"retirement", NULL, retire, NULL},
};

START_TEST(no_success_that_is_not_stored)
{
    static const struct server_life life = {
        .open = store_open,
        .use = use,
        .dump = DUMP_ORDERS DUMP_COUNTERS DUMP_REST,
        .steps = steps,
        .count = sizeof(steps) / sizeof(steps[0]),
    };

    bench_start(&bench, EC_CURVE_P256);
    bench.matching_id = MATCHING_ID;
    db_close(bench.smdpp.store);
    ck_assert_int_eq(chdir(test_path("")), 0);
    server_faults(&life);
    bench_stop(&bench);
}
END_TEST

TEST_MAIN("SM-DP+ faults", no_success_that_is_not_stored)
