/* servers/eim: orders that the eIM makes by its rules: at a poll, in a silence, within limits; and over REST.
 */
#include "servers/eim/model/rules.h"
#include "tests/servers/eim/exchange.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define LOCAL    "8955170220000000017"
#define DOWNLOAD "\"download\":{\"activationCode\":\"1$smdp.example.com$BRAZIL\"}"
#define AWAY                                                                                                 \
    "{\"name\":\"away\",\"when\":{\"away\":[\"262-01\"]},\"then\":{\"profile\":\"" LOCAL "\"," DOWNLOAD "}}"
#define ENABLES                                                                                              \
    "{\"name\":\"back\",\"when\":{\"network\":[\"724\"]},\"then\":{\"profile\":\"" EIM_BENCH_ICCID2 "\"}}"
#define DATA_ORDER "\"then\":{\"orders\":[{\"data\":{\"tags\":[\"BF22\"]}}]}"
#define SILENT     "{\"name\":\"silent\",\"when\":{\"silent\":\"3d\"}," DATA_ORDER "}"

static const uint8_t home[] = {0x62, 0xF2, 0x10}, brazil[] = {0x27, 0xF4, 0x50};

/* Sets rules over REST; the code of the answer. */
static int set_rules(const char *rules)
{
    char body[8192];
    int code;

    snprintf(body, sizeof(body), "{\"rules\":[%s]}", rules);
    json_decref(eim_bench_rest(&bench, "PUT", "/v1/rules", NULL, body, &code));
    return code;
}

static void start_with(const char *rules)
{
    start();
    ck_assert_int_eq(set_rules(rules), 200);
}

static int64_t number(const char *sql)
{
    return db_number(bench.eim.db, -1, sql, DB_NONE);
}

static void run(const char *sql)
{
    ck_assert_msg(db_run(bench.eim.db, sql, DB_NONE), "%s", sql);
}

static int64_t orders_made(void)
{
    return number("SELECT count(*) FROM eim_order WHERE NOT internal");
}

/* As if they had been carried out. */
static void end_orders(void)
{
    run("UPDATE eim_order SET state = 'done' WHERE state IN ('sent', 'queued')");
}

static void expect_reason(const char *body, const char *rule, const char *reason, size_t orders)
{
    json_t *answer, *verdict;
    const json_t *found = NULL;
    size_t i;
    int code;

    answer = eim_bench_rest(&bench, "POST", "/v1/rules/test", NULL, body, &code);
    ck_assert_int_eq(code, 200);
    json_array_foreach(json_object_get(answer, "verdicts"), i, verdict)
    {
        if (strcmp(json_string_value(json_object_get(verdict, "rule")), rule) == 0)
            found = verdict;
    }
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(json_string_value(json_object_get(found, "reason")), reason);
    ck_assert(json_is_true(json_object_get(found, "fires")) == (orders > 0));
    ck_assert_uint_eq(json_array_size(json_object_get(found, "orders")), orders);
    json_decref(answer);
}

#define EID "\"eid\":\"" TEST_EID "\""

/* --- At a poll ------------------------------------------------------------------------------------------ */

/* The story: in Brazil the ship's device gets a local subscription, in the poll that says where it is. */
START_TEST(orders_in_the_same_poll)
{
    json_t *events, *event;

    start_with(AWAY);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_eq(eim_bench_poll_on(&bench, home), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_eq(orders_made(), 0);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), 0xBF54);
    ck_assert_int_eq(orders_made(), 2);
    ck_assert_int_eq(
        number("SELECT count(*) FROM eim_order WHERE NOT internal AND state = 'queued' AND request ="
               " '{\"eid\":\"" TEST_EID "\",\"psmo\":[{\"enable\":{\"iccid\":\"" LOCAL
               "\",\"rollback\":true}}]}'"),
        1);
    events = eim_bench_rest(&bench, "GET", "/v1/rules/events", "eid=" TEST_EID, NULL, NULL);
    ck_assert_uint_eq(json_array_size(events), 1);
    event = json_array_get(events, 0);
    ck_assert_str_eq(json_string_value(json_object_get(event, "rule")), "away");
    ck_assert_str_eq(json_string_value(json_object_get(event, "eid")), TEST_EID);
    ck_assert_str_eq(json_string_value(json_object_get(event, "reason")),
                     "it is on 724-05, which is none of its own; the profile is not on the card");
    ck_assert_uint_eq(json_array_size(json_object_get(event, "orders")), 2);
    ck_assert(json_integer_value(json_array_get(json_object_get(event, "orders"), 1)) ==
              number("SELECT max(id) FROM eim_order"));
    json_decref(events);
    /* Once. */
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    ck_assert_int_eq(orders_made(), 2);
    stop();
}
END_TEST

/* The first rule of a list goes first, and what others would order waits behind somebody's order. */
START_TEST(gives_way_to_open_orders)
{
    start_with(ENABLES "," AWAY);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), 0xBF51);
    ck_assert_int_eq(orders_made(), 1);
    expect_reason("{" EID "}", "away", "an order for it is open", 0);
    end_orders();
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE rule = 'away'"), 1);
    stop();
}
END_TEST

START_TEST(waits_until_it_has_been_there)
{
    static const char rule[] =
        "{\"name\":\"long\",\"when\":{\"network\":[\"724-05\"],\"for\":\"1h\"}," DATA_ORDER "}";

    start_with(rule);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NO_PACKAGE);
    run("UPDATE euicc SET network_since = network_since - 3590");
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_le(number("SELECT network_since FROM euicc"), eim_now() - 3590);
    /* Another network between begins it anew; a poll that says none does not. */
    ck_assert_int_eq(eim_bench_poll_on(&bench, home), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_ge(number("SELECT network_since FROM euicc"), eim_now() - 60);
    run("UPDATE euicc SET network_since = network_since - 3600");
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), 0xBF52);
    stop();
}
END_TEST

START_TEST(keeps_its_limits)
{
    start_with("{\"name\":\"often\",\"when\":{\"network\":[\"724\"]}," DATA_ORDER
               ",\"cooldown\":\"1h\",\"perDay\":2}");
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), i < 2 ? EIM_ERROR_NONE : EIM_ERROR_NO_PACKAGE);
        end_orders();
        ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NO_PACKAGE); /* cooldown */
        run("UPDATE rule_event SET at = at - 3600");
    }
    expect_reason("{" EID "}", "often", "fired 2 times today", 0);
    run("UPDATE rule_event SET at = at - 86400");
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    stop();
}
END_TEST

/* A change of state has only its poll, so the old list has to do; other rules wait for the new one. */
START_TEST(goes_by_the_cause_of_a_poll)
{
    start_with(
        "{\"name\":\"fell\",\"when\":{\"cause\":[\"fallback\"]},\"then\":{\"profile\":\"" EIM_BENCH_ICCID
        "\"}}," ENABLES);
    run("UPDATE euicc SET network = x'27F450'");
    ck_assert_int_eq(eim_bench_poll_changed(&bench, 3), EIM_ERROR_NONE); /* the list */
    ck_assert_int_eq(orders_made(), 0);
    expect_reason("{" EID "}", "back", "its profiles are not known yet", 0);
    expect_reason("{" EID "}", "fell", "it gives no cause of a change", 0);
    run("UPDATE euicc SET network = NULL");
    end_orders();
    ck_assert_int_eq(eim_bench_poll_changed(&bench, 1), EIM_ERROR_NONE);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE rule = 'fell' AND reason ="
                            " 'its state changed by fallback(1); the profile is disabled'"),
                     1);
    stop();
}
END_TEST

START_TEST(orders_nothing_for_strangers)
{
    struct buf result = {0};

    eim_bench_start(&bench, NULL);
    ck_assert_int_eq(
        set_rules(ENABLES ",{\"name\":\"data\",\"when\":{\"network\":[\"724\"]}," DATA_ORDER "}"), 200);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    expect_reason("{" EID "}", "data", "its certificates are not known yet", 0);
    ck_assert_int_eq(orders_made(), 0);
    ck_assert_int_eq(number("SELECT stranger FROM euicc"), 1);
    eim_bench_data(&bench, "", &result);
    provide(&result, EIM_ERROR_NONE, 0);
    expect_reason("{" EID "}", "back", "its profiles are not known yet", 0);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE rule = 'data'"), 1);
    stop();
}
END_TEST

/* --- In a silence --------------------------------------------------------------------------------------- */

START_TEST(notices_silence)
{
    start_with(SILENT);
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 0);
    run("UPDATE euicc SET last_seen = last_seen - 3 * 86400");
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE reason = 'it has been silent for 3d'"), 1);
    /* Once in a silence, however long: neither by the clock nor by the poll that ends it. */
    end_orders();
    run("UPDATE euicc SET last_seen = last_seen - 3 * 86400");
    run("UPDATE rule_event SET at = at - 2 * 86400");
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 1);
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_eq(orders_made(), 1);
    /* The next silence is another one. */
    run("UPDATE euicc SET last_seen = last_seen - 4 * 86400");
    run("UPDATE rule_event SET at = at - 4 * 86400");
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 2);
    stop();
}
END_TEST

/* It was missed while the eIM was off: then the poll that ends it is told. */
START_TEST(notices_a_silence_that_ends)
{
    start_with(SILENT);
    run("UPDATE euicc SET last_seen = last_seen - 5 * 86400");
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), 0xBF52);
    ck_assert_int_eq(orders_made(), 1);
    stop();
}
END_TEST

/* More eUICCs than one look is for; strangers, and those that were never heard of, are none of them. */
START_TEST(looks_at_all_that_are_silent)
{
    start_with(SILENT);
    run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)"
        " INSERT INTO euicc (eid, first_seen, last_seen, counter, stranger)"
        " SELECT printf('8904903299999999999999999999%04d', i), 1, 1, 0, 0 FROM n");
    run("INSERT INTO euicc (eid, first_seen, last_seen, counter, stranger) VALUES"
        " ('89049033000000000000000000000001', 1, 1, 0, 1), ('89049033000000000000000000000002', 1, 0, 0, "
        "0)");
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 500);
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 700);
    eim_rules_tick(&bench.eim);
    ck_assert_int_eq(orders_made(), 700);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE eid LIKE '89049033%'"), 0);
    stop();
}
END_TEST

/* --- Keeping -------------------------------------------------------------------------------------------- */

START_TEST(keeps_rules_and_events)
{
    json_t *shown;
    int code;

    start();
    shown = eim_bench_rest(&bench, "GET", "/v1/rules", NULL, NULL, &code);
    ck_assert_int_eq(json_integer_value(json_object_get(shown, "version")), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(shown, "rules")), 0);
    json_decref(shown);
    ck_assert_int_eq(set_rules(AWAY), 200);
    ck_assert_int_eq(set_rules(ENABLES "," SILENT), 200);
    shown = eim_bench_rest(&bench, "GET", "/v1/rules", NULL, NULL, &code);
    ck_assert_int_eq(json_integer_value(json_object_get(shown, "version")), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(shown, "rules")), 2);
    json_decref(shown);
    /* Another process has set others: seen at the next poll. */
    ck_assert_int_eq(eim_bench_poll_on(&bench, home), EIM_ERROR_NO_PACKAGE);
    run("UPDATE rules SET version = 9, json = '{\"rules\":[" AWAY "]}'");
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE rule = 'away'"), 1);
    /* What is no document does nothing, and no harm. */
    run("UPDATE rules SET version = 10, json = '{\"rules\":[1]}'");
    end_orders();
    run("DELETE FROM rule_event");
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NO_PACKAGE);
    ck_assert_int_eq(set_rules(""), 200);
    ck_assert_int_eq(number("SELECT version FROM rules"), 11);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NO_PACKAGE);
    stop();
}
END_TEST

START_TEST(keeps_so_many_events)
{
    start_with(AWAY);
    run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050)"
        " INSERT INTO rule_event (at, rule, eid, reason, orders) SELECT 1, 'old', '" EIM_BENCH_OTHER
        "', 'x', '[]' FROM n");
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event"), 10000);
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event WHERE rule = 'away'"), 1);
    stop();
}
END_TEST

START_TEST(sets_all_or_nothing)
{
    static const struct {
        const char *body, *field, *message;
        int code;
    } cases[] = {
        {"{}", "rules", "is missing", 400},
        {"{\"rules\":[" AWAY ",{\"name\":\"b\"}]}", "rules[1].when", "is missing", 400},
        {"{\"rules\":[{\"name\":\"b\",\"when\":{\"silent\":\"1d\"},\"then\":{\"profile\":\"" LOCAL
         "\",\"download\":{\"activationCode\":\"x\"}}}]}",
         "rules[0].then.download.activationCode", NULL, 400},
        {"{\"rules\":[{\"name\":\"b\",\"when\":{\"silent\":\"1d\"},\"then\":{\"orders\":[{\"data\":{}},"
         "{\"psmo\":[{\"enable\":{}}]}]}}]}",
         "rules[0].then.orders[1].psmo[0].enable.iccid", "is missing", 400},
        {"{\"rules\":[{\"name\":\"b\",\"when\":{\"silent\":\"1d\"},\"then\":{\"orders\":[{}]}}]}",
         "rules[0].then.orders[0]", "one of psmo, eco, download, data and raw is missing", 400},
        {"{\"version\":7,\"rules\":[]}", "version", "the rules are of version 1", 409},
        {"{\"version\":\"1\",\"rules\":[]}", "version", "is not a number", 400},
    };
    int code;

    start_with(AWAY);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *answer = eim_bench_rest(&bench, "PUT", "/v1/rules", NULL, cases[i].body, &code);
        const json_t *error = json_object_get(answer, "error");

        ck_assert_int_eq(code, cases[i].code);
        ck_assert_str_eq(json_string_value(json_object_get(error, "field")), cases[i].field);
        if (cases[i].message != NULL)
            ck_assert_str_eq(json_string_value(json_object_get(error, "message")), cases[i].message);
        json_decref(answer);
    }
    ck_assert_int_eq(number("SELECT version FROM rules"), 1);
    json_decref(eim_bench_rest(&bench, "PUT", "/v1/rules", NULL, "{\"version\":1,\"rules\":[]}", &code));
    ck_assert_int_eq(code, 200);
    run("PRAGMA query_only = ON");
    ck_assert_int_eq(set_rules(AWAY), 500);
    stop();
}
END_TEST

/* --- Dry ------------------------------------------------------------------------------------------------ */

START_TEST(tries_rules_dry)
{
    static const struct {
        const char *body, *field;
        int code;
    } bad[] = {
        {"{}", "eid", 400},
        {"{\"eid\":\"1\"}", "eid", 400},
        {"{\"eid\":\"" EIM_BENCH_OTHER "\"}", "eid", 404},
        {"{" EID ",\"x\":1}", "x", 400},
        {"{" EID ",\"network\":\"724\"}", "network", 400},
        {"{" EID ",\"network\":1}", "network", 400},
        {"{" EID ",\"networkFor\":\"1h\"}", "networkFor", 400},
        {"{" EID ",\"network\":\"724-05\",\"networkFor\":\"soon\"}", "networkFor", 400},
        {"{" EID ",\"silentFor\":1}", "silentFor", 400},
        {"{" EID ",\"cause\":\"hunger\"}", "cause", 400},
        {"{" EID ",\"rules\":{}}", "rules", 400},
        {"{" EID ",\"rules\":[{\"name\":\"b\"}]}", "rules[0].when", 400},
    };
    int64_t changes;
    json_t *answer;
    int code;

    start_with(AWAY "," ENABLES);
    changes = number("SELECT total_changes()");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        answer = eim_bench_rest(&bench, "POST", "/v1/rules/test", NULL, bad[i].body, &code);
        ck_assert_msg(code == bad[i].code, "%s: %d", bad[i].body, code);
        ck_assert_str_eq(json_string_value(json_object_get(json_object_get(answer, "error"), "field")),
                         bad[i].field);
        json_decref(answer);
    }
    expect_reason("{" EID "}", "away", "it has reported no network", 0);
    expect_reason("{" EID ",\"network\":\"262-01\"}", "away", "it is on 262-01, which is its own", 0);
    expect_reason("{" EID ",\"network\":\"724-05\"}", "away",
                  "it is on 724-05, which is none of its own; the profile is not on the card", 2);
    expect_reason("{" EID ",\"network\":\"724-05\"}", "back", "an order for it is open", 0);
    expect_reason("{" EID ",\"rules\":[" SILENT "]}", "silent", "it has been silent for 0s of 3d", 0);
    expect_reason("{" EID ",\"silentFor\":\"4d\",\"rules\":[" SILENT "]}", "silent",
                  "it has been silent for 4d", 1);
#define LONG "\"rules\":[{\"name\":\"long\",\"when\":{\"away\":[\"262-01\"],\"for\":\"1h\"}," DATA_ORDER "}]}"
    expect_reason("{" EID ",\"network\":\"724-05\"," LONG, "long", "it has been there for 0s of 1h", 0);
    expect_reason("{" EID ",\"network\":\"724-05\",\"networkFor\":\"2h\"," LONG, "long",
                  "it is on 724-05, which is none of its own; it has been there for 2h", 1);
    expect_reason("{" EID ",\"cause\":\"fallback\",\"rules\":[{\"name\":\"fell\",\"when\":{\"cause\":"
                  "[\"fallback\"]},\"then\":{\"profile\":\"" EIM_BENCH_ICCID "\"}}]}",
                  "fell", "its state changed by fallback(1); the profile is disabled", 1);
    ck_assert_int_eq(number("SELECT total_changes()"), changes);
    ck_assert_int_eq(orders_made(), 0);
    stop();
}
END_TEST

START_TEST(forgets_with_the_euicc)
{
    json_t *euicc;
    int code;

    start_with(AWAY);
    ck_assert_int_eq(eim_bench_poll_on(&bench, brazil), EIM_ERROR_NONE);
    euicc = eim_bench_rest(&bench, "GET", "/v1/euiccs/" TEST_EID, NULL, NULL, &code);
    ck_assert_int_ge(json_integer_value(json_object_get(euicc, "networkSince")), eim_now() - 60);
    json_decref(euicc);
    json_decref(eim_bench_rest(&bench, "DELETE", "/v1/euiccs/" TEST_EID, NULL, NULL, &code));
    ck_assert_int_eq(number("SELECT count(*) FROM rule_event"), 0);
    stop();
}
END_TEST

TEST_MAIN("eim_rules", orders_in_the_same_poll, gives_way_to_open_orders, waits_until_it_has_been_there,
          keeps_its_limits, goes_by_the_cause_of_a_poll, orders_nothing_for_strangers, notices_silence,
          notices_a_silence_that_ends, looks_at_all_that_are_silent, keeps_rules_and_events,
          keeps_so_many_events, sets_all_or_nothing, tries_rules_dry, forgets_with_the_euicc)
