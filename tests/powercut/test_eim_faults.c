/*
 * Storage that fails under an eIM: eUICCs, orders, packages and their results, notifications and what its
 * REST API shows. See server_faults.h.
 */
#include "tests/powercut/server_faults.h"

#include "servers/eim/store/store.h"
#include "tests/support/eim_bench.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct eim_bench bench;

#define EUICC "/v1/euiccs/" TEST_EID

/* --- How answers look ----------------------------------------------------------------------------------- */

static enum server_answer judge_error(enum eim_error error, enum eim_error wanted)
{
    return error == wanted ? SERVER_DONE : error == EIM_ERROR_UNDEFINED ? SERVER_FAILED : SERVER_LIED;
}

/* The answer (taken) with this code; of a list with so many rows (-1: it is none). */
static enum server_answer judge_rest(json_t *answer, int code, int wanted, int rows)
{
    enum server_answer result = code == 500 ? SERVER_FAILED
                                : code == wanted && (rows < 0 || (int)json_array_size(answer) == rows)
                                    ? SERVER_DONE
                                    : SERVER_LIED;

    json_decref(answer);
    return result;
}

static enum server_answer rest(const char *method, const char *path, const char *body, int wanted, int rows)
{
    int code;
    json_t *answer = eim_bench_rest(&bench, method, path, NULL, body, &code);

    return judge_rest(answer, code, wanted, rows);
}

static enum server_answer poll_for(enum eim_error wanted)
{
    enum eim_error error = eim_bench_poll(&bench);

    return judge_error(error, wanted);
}

static enum server_answer provide(struct buf *result)
{
    enum eim_error error = eim_bench_provide(&bench, buf_span(result), NULL, NULL);

    buf_free(result);
    return judge_error(error, EIM_ERROR_NONE);
}

/* --- Steps ---------------------------------------------------------------------------------------------- */

static enum server_answer poll_package(void)
{
    return poll_for(EIM_ERROR_NONE);
}

static enum server_answer poll_nothing(void)
{
    return poll_for(EIM_ERROR_NO_PACKAGE);
}

static void until_sent(void)
{
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
}

static enum server_answer give_data(void)
{
    struct buf result = {0};

    eim_bench_data(&bench, "", &result);
    return provide(&result);
}

static enum server_answer give_profiles(void)
{
    struct buf result = {0};

    bench.sequence = 10;
    eim_bench_result(&bench,
                     "BF2D 26 A024"
                     "E310 5A0A 980011223344556677F8 9F7001 01"
                     "E310 5A0A 980011223344556687F6 9F7001 00",
                     &result);
    return provide(&result);
}

static enum server_answer order(void)
{
    return rest("POST", "/v1/orders",
                "{\"eid\":\"" TEST_EID "\",\"psmo\":[{\"enable\":{\"iccid\":\"" EIM_BENCH_ICCID2 "\"}}]}",
                201, -1);
}

static enum server_answer order_data(void)
{
    return rest("POST", "/v1/orders", "{\"eid\":\"" TEST_EID "\",\"data\":{}}", 201, -1);
}

static enum server_answer give_result(void)
{
    struct buf result = {0};

    bench.sequence = 20;
    eim_bench_result(&bench, "830100", &result);
    return provide(&result);
}

static enum server_answer give_error(void)
{
    struct buf result = {0};

    eim_bench_signed_error(&bench, 3, &result);
    return provide(&result);
}

static enum server_answer change(void)
{
    return rest("PATCH", EUICC, "{\"counter\":77}", 200, -1);
}

static enum server_answer show_euicc(void)
{
    int code;
    json_t *answer = eim_bench_rest(&bench, "GET", EUICC, NULL, NULL, &code);
    bool whole = json_array_size(json_object_get(answer, "profiles")) == 2;
    enum server_answer result = judge_rest(answer, code, 200, -1);

    return result == SERVER_DONE && !whole ? SERVER_LIED : result;
}

static enum server_answer list_euiccs(void)
{
    return rest("GET", "/v1/euiccs", NULL, 200, 1);
}

static enum server_answer list_profiles(void)
{
    return rest("GET", EUICC "/profiles", NULL, 200, 2);
}

static enum server_answer list_orders(void)
{
    return rest("GET", "/v1/orders", NULL, 200, 5);
}

static enum server_answer show_order(void)
{
    return rest("GET", "/v1/orders/3", NULL, 200, -1);
}

static enum server_answer show_status(void)
{
    int code;
    json_t *answer = eim_bench_rest(&bench, "GET", "/v1/status", NULL, NULL, &code);
    bool whole = json_integer_value(json_object_get(answer, "euiccs")) == 1;
    enum server_answer result = judge_rest(answer, code, 200, -1);

    return result == SERVER_DONE && !whole ? SERVER_LIED : result;
}

static enum server_answer cancel(void)
{
    return rest("DELETE", "/v1/orders/6", NULL, 200, -1);
}

static enum server_answer forget(void)
{
    return rest("DELETE", EUICC, NULL, 204, -1);
}

/* --- The life ------------------------------------------------------------------------------------------- */

static void use(struct db *db)
{
    bench.eim.db = db;
}

/* First contact, an order that succeeds, one that fails and one that is taken back. */
static const struct server_step steps[] = {
    {"first contact", NULL, poll_package, NULL},
    {"its data", until_sent, give_data, NULL},
    {"the question for profiles", NULL, poll_package, NULL},
    {"the profiles", until_sent, give_profiles, NULL},
    {"nothing to do", NULL, poll_nothing, NULL},
    {"order", NULL, order, NULL},
    {"package", NULL, poll_package, NULL},
    {"package again", NULL, poll_package, NULL},
    {"result", until_sent, give_result, NULL},
    {"order of data", NULL, order_data, NULL},
    {"package of data", NULL, poll_package, NULL},
    {"data", until_sent, give_data, NULL},
    {"order that fails", NULL, order, NULL},
    {"error", until_sent, give_error, NULL},
    {"list of eUICCs", NULL, list_euiccs, NULL},
    {"one eUICC", NULL, show_euicc, NULL},
    {"list of profiles", NULL, list_profiles, NULL},
    {"list of orders", NULL, list_orders, NULL},
    {"one order", NULL, show_order, NULL},
    {"status", NULL, show_status, NULL},
    {"change", NULL, change, NULL},
    {"order to cancel", NULL, order, NULL},
    {"cancellation", NULL, cancel, NULL},
    {"forgetting", NULL, forget, NULL},
};

START_TEST(no_success_that_is_not_stored)
{
    static const struct server_life life = {
        .open = eim_store_open,
        .use = use,
        .dump = "SELECT eid || ' ' || counter || ' ' || coalesce(token, '') || ' ' || data_state || ' ' ||"
                " data_tries || ' ' || (euicc_certificate IS NULL) || ' ' || profiles_stale || ' ' ||"
                " last_notification FROM euicc UNION ALL "
                "SELECT id || ' ' || eid || ' ' || kind || ' ' || internal || ' ' || state || ' ' || sends ||"
                " ' ' || counter || ' ' || coalesce(error, '') || ' ' || coalesce(progress, '') || ' ' ||"
                " (result IS NULL) || ' ' || (package IS NULL) FROM eim_order UNION ALL "
                "SELECT id || ' ' || eid || ' ' || order_id || ' ' || coalesce(sequence, '') FROM"
                " package_result UNION ALL "
                "SELECT eid || ' ' || iccid || ' ' || state FROM profile UNION ALL "
                "SELECT id || ' ' || eid || ' ' || operation || ' ' || sequence FROM notification",
        .steps = steps,
        .count = sizeof(steps) / sizeof(steps[0]),
    };

    eim_bench_start(&bench, NULL);
    db_close(bench.eim.db);
    ck_assert_int_eq(chdir(test_path("")), 0);
    server_faults(&life);
    eim_bench_stop(&bench);
}
END_TEST

TEST_MAIN("eIM faults", no_success_that_is_not_stored)
