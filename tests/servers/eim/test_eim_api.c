/* servers/eim: the REST API. Every route is described and answers, every bad request is told what is wrong
 * and where, lists and changes are what they say. */
#include "tests/support/eim_bench.h"

#include "servers/eim/network/rest.h"
#include "servers/rsp/page.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct eim_bench bench;

#define EID     "\"eid\":\"" TEST_EID "\""
#define ORDER_1 "{" EID ",\"psmo\":[{\"getRAT\":{}}]}"

/* --- The description ------------------------------------------------------------------------------------ */

struct described {
    char method[8], path[64];
};

/* The methods under "paths:" of openapi.yaml, by its own layout: paths at two blanks, methods at four. */
static size_t read_description(struct described *list, size_t max)
{
    static const char *const methods[] = {"get", "post", "put", "patch", "delete"};
    const struct http_request request = {.method = "GET", .path = "/openapi.yaml"};
    struct http_answer answer;
    char path[64] = "", line[256];
    bool inside = false;
    size_t count = 0;

    eim_rest_answer(&bench.eim, &request, &answer);
    ck_assert_int_eq(answer.code, 200);
    ck_assert_str_eq(answer.content_type, "application/yaml");
    for (const char *at = (const char *)answer.body.data, *end = at + answer.body.size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)(stop - at);

        ck_assert_uint_lt(size, sizeof(line));
        memcpy(line, at, size);
        line[size] = '\0';
        at = stop + 1;
        if (line[0] != ' ')
            inside = strcmp(line, "paths:") == 0;
        if (!inside)
            continue;
        if (strncmp(line, "  /", 3) == 0) {
            line[size - 1] = '\0'; /* the colon */
            snprintf(path, sizeof(path), "%.63s", line + 2);
        }
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
            char wanted[16];

            snprintf(wanted, sizeof(wanted), "    %s:", methods[i]);
            if (strcmp(line, wanted) != 0)
                continue;
            ck_assert_uint_lt(count, max);
            snprintf(list[count].method, sizeof(list[count].method), "%s", methods[i]);
            for (char *letter = list[count].method; *letter != '\0'; letter++)
                *letter = (char)(*letter - 'a' + 'A');
            snprintf(list[count++].path, sizeof(list[0].path), "%s", path);
        }
    }
    buf_free(&answer.body);
    return count;
}

static bool is_described(const struct described *list, size_t count, const char *method, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].method, method) == 0 && strcmp(list[i].path, path) == 0)
            return true;
    }
    return false;
}

START_TEST(describes_every_route)
{
    struct described list[32];
    const char *method, *path;
    size_t count, routes = 0;

    eim_bench_start(&bench, NULL);
    count = read_description(list, 32);
    for (; rest_route(routes, &method, &path); routes++)
        ck_assert_msg(is_described(list, count, method, path), "%s %s is not described", method, path);
    ck_assert_uint_eq(count, routes);
    eim_bench_stop(&bench);
}
END_TEST

START_TEST(answers_every_described_route)
{
    static const struct {
        const char *method, *path, *body;
        int code;
    } calls[] = {
        {"POST", "/v1/orders", ORDER_1, 201},
        {"PATCH", "/v1/euiccs/{eid}", "{\"counter\":7}", 200},
        {"PUT", "/v1/rules", "{\"rules\":[]}", 200},
        {"POST", "/v1/rules/test", "{" EID "}", 200},
    };
    struct described list[32];
    size_t count;

    eim_bench_start(&bench, NULL);
    count = read_description(list, 32);
    for (size_t i = 0; i < count; i++) {
        char path[96];
        const char *brace = strchr(list[i].path, '{');
        const char *body = NULL;
        int code, expected = 200;

        /* What the route works on is made anew: the one before may have removed it. */
        int64_t order = eim_bench_order(&bench, "\"psmo\":[{\"getRAT\":{}}]");

        for (size_t c = 0; c < sizeof(calls) / sizeof(calls[0]); c++) {
            if (strcmp(calls[c].method, list[i].method) == 0 && strcmp(calls[c].path, list[i].path) == 0) {
                body = calls[c].body;
                expected = calls[c].code;
            }
        }
        if (strcmp(list[i].method, "DELETE") == 0 && strncmp(list[i].path, "/v1/euiccs", 10) == 0)
            expected = 204;
        if (brace == NULL)
            snprintf(path, sizeof(path), "%s", list[i].path);
        else if (strncmp(brace, "{eid}", 5) == 0)
            snprintf(path, sizeof(path), "%.*s%s%s", (int)(brace - list[i].path), list[i].path, TEST_EID,
                     strchr(brace, '}') + 1);
        else
            snprintf(path, sizeof(path), "%.*s%lld", (int)(brace - list[i].path), list[i].path,
                     (long long)order);
        json_decref(eim_bench_rest(&bench, list[i].method, path, NULL, body, &code));
        ck_assert_msg(code == expected, "%s %s: %d", list[i].method, path, code);
    }
    eim_bench_stop(&bench);
}
END_TEST

/* --- Refusals ------------------------------------------------------------------------------------------- */

START_TEST(names_the_field)
{
    static const struct {
        const char *body, *field;
    } cases[] = {
        {"", NULL},
        {"{", NULL},
        {"[]", NULL},
        {"{\"a\":1,\"a\":2}", NULL},
        {"{}", "eid"},
        {"{\"eid\":1}", "eid"},
        {"{\"eid\":\"8904\"}", "eid"},
        {"{\"eid\":\"8904903212345123451234567890123A\"}", "eid"},
        {"{" EID "}", NULL},
        {"{" EID ",\"other\":1}", "other"},
        {"{" EID ",\"psmo\":[{\"getRAT\":{}}],\"data\":{}}", "data"},
        {"{" EID ",\"psmo\":{}}", "psmo"},
        {"{" EID ",\"psmo\":[]}", "psmo"},
        {"{" EID ",\"psmo\":null}", "psmo"},
        {"{" EID ",\"psmo\":[1]}", "psmo[0]"},
        {"{" EID ",\"psmo\":[{}]}", "psmo[0]"},
        {"{" EID ",\"psmo\":[{\"getRAT\":{},\"listProfileInfo\":{}}]}", "psmo[0]"},
        {"{" EID ",\"psmo\":[{\"getRAT\":{}},{\"explode\":{}}]}", "psmo[1].explode"},
        {"{" EID ",\"psmo\":[{\"listEim\":{}}]}", "psmo[0].listEim"},
        {"{" EID ",\"psmo\":[{\"getRAT\":1}]}", "psmo[0].getRAT"},
        {"{" EID ",\"psmo\":[{\"getRAT\":{\"x\":1}}]}", "psmo[0].getRAT.x"},
        {"{" EID ",\"psmo\":[{\"enable\":{}}]}", "psmo[0].enable.iccid"},
        {"{" EID ",\"psmo\":[{\"enable\":{\"iccid\":12}}]}", "psmo[0].enable.iccid"},
        {"{" EID ",\"psmo\":[{\"enable\":{\"iccid\":\"12\"}}]}", "psmo[0].enable.iccid"},
        {"{" EID ",\"psmo\":[{\"enable\":{\"iccid\":\"89001122334455667x8\"}}]}", "psmo[0].enable.iccid"},
        {"{" EID ",\"psmo\":[{\"enable\":{\"iccid\":\"890011223344556677811\"}}]}", "psmo[0].enable.iccid"},
        {"{" EID ",\"psmo\":[{\"enable\":{\"iccid\":\"" EIM_BENCH_ICCID "\",\"rollback\":1}}]}",
         "psmo[0].enable.rollback"},
        {"{" EID ",\"psmo\":[{\"configureImmediateEnable\":{\"smdpOid\":\"hello\"}}]}",
         "psmo[0].configureImmediateEnable.smdpOid"},
        {"{" EID ",\"psmo\":[{\"setDefaultDpAddress\":{}}]}", "psmo[0].setDefaultDpAddress.address"},
        {"{" EID ",\"eco\":[{\"addEim\":{\"configuration\":\"!\"}}]}", "eco[0].addEim.configuration"},
        {"{" EID ",\"eco\":[{\"addEim\":{\"configuration\":\"MAA=\"}}]}", "eco[0].addEim.configuration"},
        {"{" EID ",\"eco\":[{\"addEim\":{\"configuration\":\"BAA=\"}}]}", "eco[0].addEim.configuration"},
        {"{" EID ",\"eco\":[{\"deleteEim\":{\"eimId\":\"\"}}]}", "eco[0].deleteEim.eimId"},
        {"{" EID ",\"download\":1}", "download"},
        {"{" EID ",\"download\":{}}", "download"},
        {"{" EID ",\"download\":{\"activationCode\":\"1$a$b\",\"defaultSmdp\":true}}", "download"},
        {"{" EID ",\"download\":{\"activationCode\":\"hello\"}}", "download.activationCode"},
        {"{" EID ",\"download\":{\"activationCode\":\"1$a$b\",\"matchingId\":\"c\"}}", "download.matchingId"},
        {"{" EID ",\"download\":{\"smdpAddress\":\"\"}}", "download.smdpAddress"},
        {"{" EID ",\"download\":{\"smdpAddress\":\"a$b\"}}", "download.smdpAddress"},
        {"{" EID ",\"download\":{\"defaultSmdp\":false}}", "download.defaultSmdp"},
        {"{" EID ",\"download\":{\"defaultSmdp\":true,\"mode\":\"fast\"}}", "download.mode"},
        {"{" EID ",\"data\":{\"tags\":[]}}", "data.tags"},
        {"{" EID ",\"data\":{\"tags\":[\"XY\"]}}", "data.tags"},
        {"{" EID ",\"data\":{\"least\":true}}", "data.least"},
    };

    eim_bench_start(&bench, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int code;
        json_t *answer = eim_bench_rest(&bench, "POST", "/v1/orders", NULL, cases[i].body, &code);
        const json_t *error = json_object_get(answer, "error");
        const char *field = json_string_value(json_object_get(error, "field"));

        ck_assert_msg(code == 400, "%s: %d", cases[i].body, code);
        ck_assert_msg(cases[i].field == NULL ? field == NULL
                                             : field != NULL && strcmp(field, cases[i].field) == 0,
                      "%s: %s", cases[i].body, field != NULL ? field : "no field");
        ck_assert_uint_gt(strlen(json_string_value(json_object_get(error, "message"))), 0);
        json_decref(answer);
    }
    ck_assert_int_eq(db_number(bench.eim.db, -1, "SELECT count(*) FROM eim_order", DB_NONE), 0);
    eim_bench_stop(&bench);
}
END_TEST

START_TEST(refuses_at_the_door)
{
    static const struct {
        const char *method, *path, *query, *body;
        int code;
    } cases[] = {
        {"GET", "/nothing", NULL, NULL, 404},
        {"GET", "/v1", NULL, NULL, 404},
        {"GET", "/v1/orders/", NULL, NULL, 404},
        {"GET", "/v1/orders/1/2", NULL, NULL, 404},
        {"PUT", "/v1/orders", NULL, "{}", 405},
        {"POST", "/v1/status", NULL, "{}", 405},
        {"POST", "/v1/orders", NULL, NULL, 415},
        {"GET", "/v1/orders/0", NULL, NULL, 404},
        {"GET", "/v1/orders/x", NULL, NULL, 404},
        {"GET", "/v1/orders/99999999999999999999", NULL, NULL, 404},
        {"DELETE", "/v1/orders/1", NULL, NULL, 404},
        {"GET", "/v1/orders", "color=red", NULL, 400},
        {"GET", "/v1/orders", "eid=12", NULL, 400},
        {"GET", "/v1/orders", "eid", NULL, 400},
        {"GET", "/v1/orders", "state=averyveryverylongstate", NULL, 400},
        {"GET", "/v1/status", "eid=" TEST_EID, NULL, 400},
        {"GET", "/v1/euiccs/12", NULL, NULL, 400},
        {"GET", "/v1/euiccs/" TEST_EID, NULL, NULL, 404},
        {"GET", "/v1/euiccs/" TEST_EID "/profiles", NULL, NULL, 404},
        {"DELETE", "/v1/euiccs/" TEST_EID, NULL, NULL, 404},
        {"PATCH", "/v1/euiccs/" TEST_EID, NULL, "{}", 404},
        {"GET", "/v1/notifications", "state=done", NULL, 400},
    };

    eim_bench_start(&bench, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int code;
        json_t *answer =
            eim_bench_rest(&bench, cases[i].method, cases[i].path, cases[i].query, cases[i].body, &code);

        ck_assert_msg(code == cases[i].code, "%s %s: %d", cases[i].method, cases[i].path, code);
        ck_assert(json_is_object(json_object_get(answer, "error")));
        json_decref(answer);
    }
    eim_bench_stop(&bench);
}
END_TEST

/* --- Orders, eUICCs ------------------------------------------------------------------------------------- */

static size_t count_orders(const char *query)
{
    json_t *list = eim_bench_rest(&bench, "GET", "/v1/orders", query, NULL, NULL);
    size_t count = json_array_size(list);

    json_decref(list);
    return count;
}

START_TEST(lists_and_cancels_orders)
{
    char path[64];
    int64_t order;
    int code;

    eim_bench_start(&bench, NULL);
    order = eim_bench_order(&bench, "\"psmo\":[{\"getRAT\":{}}]");
    eim_bench_be(&bench, EIM_BENCH_OTHER);
    eim_bench_order(&bench, "\"eco\":[{\"listEim\":{}}]");
    ck_assert_uint_eq(count_orders(NULL), 2);
    ck_assert_uint_eq(count_orders("eid=" TEST_EID), 1);
    ck_assert_uint_eq(count_orders("state=queued"), 2);
    ck_assert_uint_eq(count_orders("state=done&eid=" TEST_EID), 0);
    snprintf(path, sizeof(path), "/v1/orders/%lld", (long long)order);
    json_decref(eim_bench_rest(&bench, "DELETE", path, NULL, NULL, &code));
    ck_assert_int_eq(code, 200);
    eim_bench_expect(&bench, order, "failed", "cancelled");
    json_decref(eim_bench_rest(&bench, "DELETE", path, NULL, NULL, &code));
    ck_assert_int_eq(code, 409);
    /* One that has been sent may have been carried out. */
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    json_decref(eim_bench_rest(&bench, "DELETE", "/v1/orders/3", NULL, NULL, &code));
    ck_assert_int_eq(code, 409);
    json_decref(eim_bench_rest(&bench, "DELETE", "/v1/orders/3", "force=maybe", NULL, &code));
    ck_assert_int_eq(code, 400);
    json_decref(eim_bench_rest(&bench, "DELETE", "/v1/orders/3", "force=true", NULL, &code));
    ck_assert_int_eq(code, 200);
    eim_bench_expect(&bench, 3, "failed", "cancelled after it was sent");
    eim_bench_stop(&bench);
}
END_TEST

/* Reads a list page by page: every row comes once, in the order of its key. */
static size_t read_pages(const char *path, const char *filter, const char *key, size_t limit)
{
    char query[200], after[64] = "";
    size_t count = 0, rows;

    do {
        json_t *page, *row;
        size_t i;

        snprintf(query, sizeof(query), "%slimit=%zu%s%s", filter, limit, after[0] != '\0' ? "&after=" : "",
                 after);
        page = eim_bench_rest(&bench, "GET", path, query, NULL, NULL);
        rows = json_array_size(page);
        ck_assert_uint_le(rows, limit);
        json_array_foreach(page, i, row)
        {
            const json_t *value = json_object_get(row, key);
            char text[64];

            if (json_is_string(value))
                snprintf(text, sizeof(text), "%s", json_string_value(value));
            else
                snprintf(text, sizeof(text), "%019lld", (long long)json_integer_value(value));
            ck_assert_str_gt(text, after);
            memcpy(after, text, sizeof(after));
        }
        count += rows;
        json_decref(page);
    } while (rows == limit);
    return count;
}

START_TEST(shows_lists_in_pages)
{
    static const char *const bad[] = {"limit=0", "limit=1001", "limit=",  "limit=x",        "limit=1&limit=2",
                                      "after=",  "after=-1",   "after=x", "after=1&after=2"};
    enum { EUICCS = 104 };
    int code;

    eim_bench_start(&bench, NULL);
    db_begin(bench.eim.db);
    for (int i = 0; i < EUICCS; i++) {
        char eid[40];

        snprintf(eid, sizeof(eid), "8904903212345123451234567890%04d", i);
        ck_assert(db_run(bench.eim.db,
                         "INSERT INTO euicc (eid, first_seen, last_seen, counter) VALUES (?1, 0, 0, 1)",
                         DB_VALUES(DB_TEXT(eid))));
        ck_assert(db_run(bench.eim.db,
                         "INSERT INTO eim_order (eid, kind, internal, state, request, created)"
                         " VALUES (?1, 0, 0, 'done', '{}', 0)",
                         DB_VALUES(DB_TEXT(eid))));
        ck_assert(
            db_run(bench.eim.db,
                   "INSERT INTO notification (eid, received, verified, operation, sequence, address, digest,"
                   " der, forward) VALUES (?1, 0, 1, 'enable', 1, 'a', x'00', x'00', 0)",
                   DB_VALUES(DB_TEXT(eid))));
    }
    ck_assert(db_commit(bench.eim.db));
    for (size_t limit = 1; limit <= 208; limit += 23) {
        ck_assert_uint_eq(read_pages("/v1/euiccs", "", "eid", limit), EUICCS);
        ck_assert_uint_eq(read_pages("/v1/orders", "", "id", limit), EUICCS);
        ck_assert_uint_eq(read_pages("/v1/notifications", "", "id", limit), EUICCS);
    }
    ck_assert_uint_eq(read_pages("/v1/orders", "eid=89049032123451234512345678900007&state=done&", "id", 1),
                      1);
    ck_assert_uint_eq(count_orders(NULL), PAGE_ROWS_DEFAULT);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_decref(eim_bench_rest(&bench, "GET", "/v1/orders", bad[i], NULL, &code));
        ck_assert_msg(code == 400, "%s: %d", bad[i], code);
    }
    json_decref(eim_bench_rest(&bench, "GET", "/v1/status", "limit=1", NULL, &code));
    ck_assert_int_eq(code, 400);
    eim_bench_stop(&bench);
}
END_TEST

START_TEST(changes_and_forgets_euiccs)
{
    static const char *const bad[] = {"{\"counter\":-1}", "{\"counter\":8388608}", "{\"counter\":\"1\"}",
                                      "{\"associationToken\":-1}", "{\"name\":1}"};
    json_t *euicc;
    int code;

    eim_bench_start(&bench, NULL);
    eim_bench_introduce(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_decref(eim_bench_rest(&bench, "PATCH", "/v1/euiccs/" TEST_EID, NULL, bad[i], &code));
        ck_assert_int_eq(code, 400);
    }
    euicc = eim_bench_rest(&bench, "PATCH", "/v1/euiccs/" TEST_EID, NULL,
                           "{\"counter\":100,\"associationToken\":5}", &code);
    ck_assert_int_eq(code, 200);
    ck_assert_int_eq(json_integer_value(json_object_get(euicc, "counter")), 100);
    ck_assert_uint_eq(json_array_size(json_object_get(euicc, "profiles")), 2);
    json_decref(euicc);
    /* check_package verifies the signature with the token. */
    bench.token = 5;
    eim_bench_order(&bench, "\"psmo\":[{\"getRAT\":{}}]");
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(bench.counter, 101);
    json_decref(eim_bench_rest(&bench, "DELETE", "/v1/euiccs/" TEST_EID, NULL, NULL, &code));
    ck_assert_int_eq(code, 204);
    ck_assert_uint_eq(count_orders(NULL), 0);
    eim_bench_stop(&bench);
}
END_TEST

/* A message of REST, which is an error with this code. */
static void check_error(const char *method, const char *path, const char *body, int code, const char *message)
{
    int found;
    json_t *answer = eim_bench_rest(&bench, method, path, NULL, body, &found);
    const char *said = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));

    ck_assert_int_eq(found, code);
    ck_assert_str_eq(said, message);
    json_decref(answer);
}

START_TEST(says_why_it_cannot_store)
{
    eim_bench_start(&bench, NULL);
    eim_bench_introduce(&bench);
    ck_assert(db_run(bench.eim.db, "PRAGMA query_only = ON", DB_NONE));
    check_error("POST", "/v1/orders", ORDER_1, 500,
                "the order cannot be stored: attempt to write a readonly database");
    check_error("PATCH", "/v1/euiccs/" TEST_EID, "{\"counter\":9}", 500,
                "the state cannot be stored: attempt to write a readonly database");
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_UNDEFINED);
    ck_assert(db_run(bench.eim.db, "PRAGMA query_only = OFF", DB_NONE));
    ck_assert(db_run(bench.eim.db, "DROP TABLE notification", DB_NONE));
    check_error("GET", "/v1/notifications", NULL, 500,
                "the state cannot be read: no such table: notification");
    eim_bench_stop(&bench);
}
END_TEST

TEST_MAIN("eim_api", describes_every_route, answers_every_described_route, names_the_field,
          refuses_at_the_door, lists_and_cancels_orders, shows_lists_in_pages, changes_and_forgets_euiccs,
          says_why_it_cannot_store)
