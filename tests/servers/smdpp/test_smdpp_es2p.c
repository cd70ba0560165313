/* servers/smdpp: every function of ES2+ in every state of an order with every kind of member; and calls that
 * come more than once. */
#include "tests/support/smdpp.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bench bench;

#define OTHER_EID "89049032000000000000000000000001"

/* --- Functions, states, members ------------------------------------------------------------------------- */

enum kind { ABSENT, EMPTY, RIGHT, DIFFERENT, KINDS };
enum link { UNLINKED, ORDERED, BROUGHT, LINKS }; /* no EID; the operator gave it; a download brought it */

struct situation {
    enum order_state state;
    enum link link;
    enum kind eid, matching_id; /* of the request */
};

static const char *const eids[] = {[RIGHT] = TEST_EID, [DIFFERENT] = OTHER_EID};
static const char *const matching_ids[] = {[EMPTY] = "", [RIGHT] = "MINE", [DIFFERENT] = "TAKEN"};

static void arrange(const struct situation *situation)
{
    struct order order = {.iccid = BENCH_ICCID, .profile = "demo", .state = situation->state};

    if (situation->link != UNLINKED)
        strcpy(order.eid, TEST_EID);
    order.eid_ordered = situation->link == ORDERED;
    if (situation->state >= ORDER_CONFIRMED && situation->state <= ORDER_ERROR)
        strcpy(order.matching_id, "MINE");
    ck_assert(store_order_save(bench.smdpp.store, &order));
}

/* The code that a function answers with; "" when it succeeds. */
static const char *expect_cancel(const struct situation *s, bool retire)
{
    bool has_matching_id = s->state >= ORDER_CONFIRMED && s->state <= ORDER_ERROR;
    enum order_state state = s->state;

    if (s->state == ORDER_AVAILABLE)
        return "8.2.1 3.9";
    if (s->eid == ABSENT && s->link == ORDERED)
        return "8.1.1 2.2";
    if (s->eid == DIFFERENT || (s->eid == RIGHT && s->link == UNLINKED))
        return "8.1.1 3.10";
    if (s->matching_id == DIFFERENT || (s->matching_id == (has_matching_id ? EMPTY : RIGHT)))
        return "8.2.6 3.10";
    return order_advance(&state, retire ? ORDER_EVENT_RETIRE : ORDER_EVENT_CANCEL) ? "" : "8.2.1 3.5";
}

static const char *expect_confirm(const struct situation *s)
{
    if (s->state == ORDER_AVAILABLE)
        return "8.2.1 3.9";
    if (s->state != ORDER_ALLOCATED && s->state != ORDER_LINKED)
        return "8.2.1 3.5";
    if (s->eid == DIFFERENT && s->link != UNLINKED)
        return "8.1.1 3.10";
    if (s->matching_id == EMPTY && s->eid == ABSENT && s->link == UNLINKED)
        return "8.1.1 2.2";
    return s->matching_id == DIFFERENT ? "8.2.6 3.3" : "";
}

static const char *expect_release(const struct situation *s)
{
    return s->state == ORDER_AVAILABLE ? "8.2.1 3.9" : s->state == ORDER_CONFIRMED ? "" : "8.2.1 3.5";
}

static const char *expect_order(const struct situation *s)
{
    return s->state == ORDER_AVAILABLE ? "" : "8.2.1 3.3";
}

static void codes_of(json_t *answer, char codes[16])
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const json_t *data = json_object_get(status, "statusCodeData");

    codes[0] = '\0';
    if (data != NULL)
        snprintf(codes, 16, "%s %s", json_string_value(json_object_get(data, "subjectCode")),
                 json_string_value(json_object_get(data, "reasonCode")));
    json_decref(answer);
}

static void check_row(const char *function, const char *final, const struct situation *s,
                      const char *expected)
{
    struct order before = {0}, after = {0};
    json_t *fields =
        json_pack("{s:s,s:s*,s:s*,s:s*,s:b}", "iccid", BENCH_ICCID, "eid", eids[s->eid], "matchingId",
                  matching_ids[s->matching_id], "finalProfileStatusIndicator", final, "releaseFlag", 1);
    char codes[16];
    bool same;

    arrange(s);
    store_order_by_iccid(bench.smdpp.store, BENCH_ICCID, &before);
    codes_of(bench_es2p(&bench, function, fields), codes);
    store_order_by_iccid(bench.smdpp.store, BENCH_ICCID, &after);
    if (strcmp(codes, expected) != 0)
        ck_abort_msg("%s %s, %s, link %d, eid %d, matchingId %d: '%s' instead of '%s'", function, final,
                     order_state_name(s->state), s->link, s->eid, s->matching_id, codes, expected);
    same = memcmp(&before, &after, sizeof(before)) == 0;
    if (same != (expected[0] != '\0'))
        ck_abort_msg("%s: %s", function, same ? "nothing changed" : "a refused call changed the order");
}

static void check_functions(const struct situation *s)
{
    check_row("cancelOrder", "Available", s, expect_cancel(s, false));
    check_row("cancelOrder", "Unavailable", s, expect_cancel(s, true));
    check_row("confirmOrder", NULL, s, expect_confirm(s));
    check_row("releaseProfile", NULL, s, expect_release(s));
    check_row("downloadOrder", NULL, s, expect_order(s));
}

START_TEST(answers_in_every_state)
{
    struct order taken = {
        .iccid = BENCH_ICCID2, .profile = "second_one", .state = ORDER_RELEASED, .matching_id = "TAKEN"};
    unsigned situations = 0;

    bench_start(&bench, EC_CURVE_P256);
    ck_assert(store_order_save(bench.smdpp.store, &taken));
    for (unsigned state = 0; state < ORDER_STATE_COUNT; state++)
        for (unsigned link = 0; link < LINKS; link++)
            for (unsigned eid = 0; eid < KINDS; eid++)
                for (unsigned id = 0; eid != EMPTY && id < KINDS; id++, situations++)
                    check_functions(&(struct situation){(enum order_state)state, (enum link)link,
                                                        (enum kind)eid, (enum kind)id});
    ck_assert_uint_eq(situations, 9 * 3 * 3 * 4);
    bench_stop(&bench);
}
END_TEST

/* --- Once ----------------------------------------------------------------------------------------------- */

static json_t *order_as(const char *id, const char *type)
{
    return bench_es2p_as(&bench, "downloadOrder", id, json_pack("{s:s}", "profileType", type));
}

static json_t *cancel_as(const char *id)
{
    return bench_es2p_as(
        &bench, "cancelOrder", id,
        json_pack("{s:s,s:s}", "iccid", BENCH_ICCID, "finalProfileStatusIndicator", "Available"));
}

static json_t *confirm_as(const char *id)
{
    return bench_es2p_as(&bench, "confirmOrder", id,
                         json_pack("{s:b,s:s}", "releaseFlag", 1, "iccid", BENCH_ICCID));
}

static void store_in_a_file(void)
{
    char why[DB_WHY_MAX];

    db_close(bench.smdpp.store);
    bench.smdpp.store = store_open(test_path("once.db"), why);
    ck_assert_msg(bench.smdpp.store != NULL, "%s", why);
}

START_TEST(runs_a_call_once)
{
    json_t *first, *again;

    bench_start(&bench, EC_CURVE_P256);
    unlink(test_path("once.db"));
    store_in_a_file();
    bench_expect(confirm_as("A"), "8.2.1", "3.9");
    bench_success(order_as("O", "demo"));
    bench_success(order_as("O", "demo")); /* and not 8.2.5-3.7 */
    first = confirm_as("A");              /* what was refused is tried again */
    again = confirm_as("A");
    ck_assert(bench_is_success(first));
    ck_assert(json_equal(first, again)); /* with the generated matchingId */
    json_decref(again);
    store_in_a_file(); /* the server starts again */
    again = confirm_as("A");
    ck_assert(json_equal(first, again));
    json_decref(again);
    bench_expect(confirm_as("B"), "8.2.1", "3.5");
    bench_success(cancel_as("C"));
    bench_success(cancel_as("C"));
    bench_expect(cancel_as("D"), "8.2.1", "3.9");
    again = confirm_as("A"); /* whatever became of it */
    ck_assert(json_equal(first, again));
    ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), "available");
    json_decref(again);
    json_decref(first);
    bench_stop(&bench);
}
END_TEST

START_TEST(lives_with_one_identifier_for_all)
{
    json_t *request;

    bench_start(&bench, EC_CURVE_P256);
    for (unsigned round = 0; round < 3; round++) {
        bench_success(order_as("1", "demo"));
        bench_success(confirm_as("1"));
        ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), "released");
        bench_success(cancel_as("1"));
        ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), "available");
    }
    bench_success(order_as("1", "demo"));
    bench_expect(order_as("1", "nothing"), "8.2.5", "3.9");
    bench_success(order_as("1", "second_one"));
    ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID2), "allocated");
    /* Another requester's identifiers are others. */
    request = json_pack("{s:{s:s,s:s},s:s}", "header", "functionRequesterIdentifier", "somebody",
                        "functionCallIdentifier", "1", "profileType", "second_one");
    bench_expect(bench_post(&bench, "/gsma/rsp2/es2plus/downloadOrder", request), "8.2.5", "3.7");
    bench_stop(&bench);
}
END_TEST

START_TEST(forgets_old_calls)
{
    struct es2p_call call = {"tests", NULL, {0}};
    char id[16];

    bench_start(&bench, EC_CURVE_P256);
    bench_success(order_as("old", "demo"));
    ck_assert(db_run(bench.smdpp.store, "UPDATE es2p_call SET made = made - 86401", DB_NONE));
    bench_expect(order_as("old", "demo"), "8.2.5", "3.7");
    db_begin(bench.smdpp.store);
    for (unsigned i = 0; i < 10010; i++) {
        snprintf(id, sizeof(id), "%u", i);
        call.id = id;
        if (!store_call_save(bench.smdpp.store, &call, i, "{}"))
            ck_abort_msg("call %u", i);
    }
    ck_assert(db_commit(bench.smdpp.store));
    ck_assert_int_eq(db_number(bench.smdpp.store, -1, "SELECT count(*) FROM es2p_call", DB_NONE), 10000);
    bench_stop(&bench);
}
END_TEST

/* --- What cannot be delivered --------------------------------------------------------------------------- */

static void break_profile(bool broken)
{
    FILE *file = fopen(test_path("profiles/demo.json"), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(broken ? "{\"iconType\":\"png\"}" : "{}", file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(says_why_a_profile_cannot_be_ordered)
{
    json_t *answer;
    char *text;

    bench_start(&bench, EC_CURVE_P256);
    break_profile(true);
    answer = bench_es2p(&bench, "downloadOrder", json_pack("{s:s}", "iccid", BENCH_ICCID));
    text = json_dumps(answer, JSON_COMPACT);
    ck_assert_msg(strstr(text, "demo.der: ") != NULL && strstr(text, "iconType") != NULL, "%s", text);
    free(text);
    bench_expect(answer, "8.2.1", "3.3");
    bench_expect(order_as("type", "demo"), "8.2.5", "3.7");
    break_profile(false);
    bench_success(order_as("type", "demo"));
    break_profile(true);
    bench_expect(confirm_as("confirm"), "8.2.1", "3.3");
    ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), "allocated");
    break_profile(false);
    bench_success(confirm_as("confirm"));
    bench_stop(&bench);
}
END_TEST

TEST_MAIN("smdpp ES2+", answers_in_every_state, runs_a_call_once, lives_with_one_identifier_for_all,
          forgets_old_calls, says_why_a_profile_cannot_be_ordered)
