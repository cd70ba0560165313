/* servers/smdpp: the events of orders at SM-DS (ES12), with an SM-DS that is played: the client of
 * device/es12_client.h is this file's. */
#include "servers/smdpp/network/registrar.h"
#include "tests/support/smdpp.h"
#include "tests/support/test.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define SMDS "smds.example.com"

/* --- The SM-DS ------------------------------------------------------------------------------------------ */

static const struct verdict {
    enum es12_outcome outcome;
    const char *subject, *reason;
} fine = {ES12_EXECUTED, "", ""}, dead = {ES12_INACCESSIBLE, "", ""}, failed = {ES12_REFUSED, "1.2", "4.2"},
  in_use = {ES12_REFUSED, "8.9.5", "3.3"}, unknown = {ES12_REFUSED, "8.9.5", "3.9"};

static struct {
    const struct verdict *verdict;
    void (*meanwhile)(void); /* before a registration is answered */
    unsigned registrations, deletions;
    char place[256], eid[33], event_id[65], server[256];
    bool forwarding;
    struct es12_call *waiting;
} smds;

static int client;

struct es12_client *es12_client_open(struct loop *loop, const struct es12_client_options *options)
{
    (void)loop;
    ck_assert_str_eq(options->requester, BENCH_ADDRESS);
    return (struct es12_client *)&client;
}

void es12_client_close(struct es12_client *closed)
{
    (void)closed;
}

static void give_verdict(struct es12_call *call)
{
    struct es12_reply reply = {.outcome = smds.verdict->outcome};

    reply.nothing_left = reply.outcome == ES12_REFUSED &&
                         strcmp(smds.verdict->subject, call->function->done_subject) == 0 &&
                         strcmp(smds.verdict->reason, call->function->done_reason) == 0;
    snprintf(reply.why, sizeof(reply.why), "played");
    call->done(call->context, &reply);
}

/* A deletion is answered at once, a registration when the request has returned. */
void es12_client_post(struct es12_client *posted, const char *address, const struct es12_event *event,
                      struct es12_call *call)
{
    (void)posted;
    snprintf(smds.place, sizeof(smds.place), "%s", address);
    snprintf(smds.eid, sizeof(smds.eid), "%s", event->eid);
    snprintf(smds.event_id, sizeof(smds.event_id), "%s", event->event_id);
    snprintf(smds.server, sizeof(smds.server), "%s", event->server);
    smds.forwarding = event->forwarding;
    if (call->function->id == ES12_DELETE_EVENT) {
        smds.deletions++;
        give_verdict(call);
        return;
    }
    smds.registrations++;
    ck_assert_ptr_null(smds.waiting);
    smds.waiting = call;
}

/* --- The SM-DP+ ----------------------------------------------------------------------------------------- */

static struct bench bench;
static struct loop *loop;

static void keep_answer(void *context, struct http_answer *answer)
{
    *(struct http_answer *)context = *answer;
}

static struct http_answer serve(struct bench *served, const struct http_request *request)
{
    struct http_answer answer = {0};
    struct es12_call *call;
    void (*meanwhile)(void) = smds.meanwhile;

    http_api_serve(&served->smdpp, request, keep_answer, &answer);
    call = smds.waiting;
    if (call == NULL)
        return answer;
    ck_assert_int_eq(answer.code, 0);
    smds.waiting = NULL;
    smds.meanwhile = NULL;
    if (meanwhile != NULL)
        meanwhile();
    give_verdict(call);
    return answer;
}

/* What the loop has to do now. */
static void turn(void)
{
    for (int i = 0; i < 3; i++)
        event_base_loop(loop_base(loop), EVLOOP_NONBLOCK);
}

static void start(const struct registrar_options *options)
{
    memset(&smds, 0, sizeof(smds));
    smds.verdict = &fine;
    bench_start(&bench, EC_CURVE_P256);
    bench.carry = serve;
    loop = loop_open();
    ck_assert_ptr_nonnull(
        registrar_open(loop, &bench.smdpp, options != NULL ? options : &(struct registrar_options){0}));
}

static void stop(void)
{
    registrar_close(bench.smdpp.registrar);
    loop_close(loop);
    bench_stop(&bench);
}

static json_t *confirm(const char *matching_id, const char *at, bool release)
{
    return bench_es2p(&bench, "confirmOrder",
                      json_pack("{s:s,s:s*,s:s*,s:b}", "iccid", BENCH_ICCID, "matchingId", matching_id,
                                "smdsAddress", at, "releaseFlag", (int)release));
}

static void order_for(const char *eid)
{
    bench_success(
        bench_es2p(&bench, "downloadOrder", json_pack("{s:s,s:s*}", "iccid", BENCH_ICCID, "eid", eid)));
}

static json_t *release_order(void)
{
    return bench_es2p(&bench, "releaseProfile", json_pack("{s:s}", "iccid", BENCH_ICCID));
}

static json_t *cancel_order(const char *final, const char *eid)
{
    return bench_es2p(
        &bench, "cancelOrder",
        json_pack("{s:s,s:s*,s:s}", "iccid", BENCH_ICCID, "eid", eid, "finalProfileStatusIndicator", final));
}

static void expect_order(const char *state)
{
    ck_assert_str_eq(bench_order_state(&bench, BENCH_ICCID), state);
}

/* The states of all events, as "registered deleting". */
static void expect_events(const char *states)
{
    json_t *events = bench_get(&bench, "/events"), *event;
    char found[200] = "";
    size_t i;

    json_array_foreach(events, i, event)
    {
        size_t used = strlen(found);

        snprintf(found + used, sizeof(found) - used, "%s%s", i > 0 ? " " : "",
                 json_string_value(json_object_get(event, "state")));
    }
    ck_assert_str_eq(found, states);
    json_decref(events);
}

static void make_due(void)
{
    ck_assert(
        db_run(bench.smdpp.store, "UPDATE smds_event SET next_try = 1 WHERE state = 'deleting'", DB_NONE));
    bench.smdpp.events_due = true;
    registrar_look(bench.smdpp.registrar);
}

/* --- Registration --------------------------------------------------------------------------------------- */

static void is_still_linked(void)
{
    expect_order("linked");
    expect_events("registering");
    bench_expect(confirm("ANOTHER", SMDS, true), "8.2.1", "3.5"); /* one at a time */
}

START_TEST(releases_when_the_smds_knows)
{
    json_t *answer;

    start(NULL);
    order_for(TEST_EID);
    smds.meanwhile = is_still_linked;
    answer = confirm(NULL, SMDS, true);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "matchingId")), smds.event_id);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "eid")), TEST_EID);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "smdpAddress")), BENCH_ADDRESS);
    bench_success(answer);
    ck_assert_uint_eq(smds.registrations, 1);
    ck_assert_str_eq(smds.place, SMDS);
    ck_assert_str_eq(smds.eid, TEST_EID);
    ck_assert_str_eq(smds.server, BENCH_ADDRESS);
    ck_assert(!smds.forwarding);
    expect_order("released");
    expect_events("registered");
    turn();
    ck_assert_uint_eq(smds.deletions, 0);
    /* What the card takes from the event finds the order. */
    bench.matching_id = smds.event_id;
    bench_until_bound(&bench);
    stop();
}
END_TEST

START_TEST(leaves_the_order_when_the_smds_does_not)
{
    static const struct {
        const struct verdict *verdict;
        const char *reason, *events;
    } rows[] = {{&dead, "5.1", "deleting"}, {&failed, "4.2", ""}, {&in_use, "4.2", ""}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        start(NULL);
        order_for(TEST_EID);
        smds.verdict = rows[i].verdict;
        bench_expect(confirm("EVENT-1", SMDS, true), "8.9", rows[i].reason);
        expect_order("linked");
        expect_events(rows[i].events);
        smds.verdict = &fine;
        bench_success(confirm("EVENT-1", SMDS, true));
        expect_order("released");
        turn();
        ck_assert_uint_eq(smds.deletions, 0); /* not the event that is there now */
        expect_events("registered");
        stop();
    }
}
END_TEST

/* The answer was lost, and so the SM-DS has the event already. */
START_TEST(takes_its_own_event_for_registered)
{
    start(NULL);
    order_for(TEST_EID);
    smds.verdict = &dead;
    bench_expect(confirm("EVENT-1", SMDS, true), "8.9", "5.1");
    smds.verdict = &in_use;
    bench_success(confirm("EVENT-1", SMDS, true));
    expect_order("released");
    expect_events("registered");
    stop();
}
END_TEST

START_TEST(asks_for_what_an_event_needs)
{
    start(NULL);
    order_for(NULL);
    bench_expect(confirm("EVENT-1", SMDS, true), "8.1.1", "2.2");
    expect_order("allocated");
    bench_success(cancel_order("Available", NULL));
    order_for(TEST_EID);
    bench_expect(confirm("", SMDS, true), "8.2.6", "2.1");
    bench_expect(confirm("EVENT-1", "not/an/address", true), "1.6", "2.1");
    bench_expect(confirm("EVENT-1", "not/an/address", false), "1.6", "2.1"); /* nor is it kept for later */
    ck_assert_uint_eq(smds.registrations, 0);
    expect_order("linked");
    stop();
}
END_TEST

START_TEST(registers_at_release)
{
    start(NULL);
    order_for(TEST_EID);
    bench_success(confirm("EVENT-1", SMDS, false));
    ck_assert_uint_eq(smds.registrations, 0);
    expect_order("confirmed");
    expect_events("kept");
    smds.verdict = &failed;
    bench_expect(release_order(), "8.9", "4.2");
    expect_order("confirmed");
    expect_events("kept");
    smds.verdict = &fine;
    bench_success(release_order());
    ck_assert_uint_eq(smds.registrations, 2);
    ck_assert_str_eq(smds.event_id, "EVENT-1");
    expect_order("released");
    expect_events("registered");
    bench_success(cancel_order("Available", TEST_EID));
    turn();
    expect_events("");
    /* Taken back before: the SM-DS hears nothing of it. */
    order_for(TEST_EID);
    bench_success(confirm("EVENT-2", SMDS, false));
    bench_success(cancel_order("Available", TEST_EID));
    turn();
    expect_events("");
    ck_assert_uint_eq(smds.registrations, 2);
    ck_assert_uint_eq(smds.deletions, 1);
    stop();
}
END_TEST

static void cancel_meanwhile(void)
{
    bench_success(cancel_order("Available", TEST_EID));
}

static void order_anew_meanwhile(void)
{
    bench_success(cancel_order("Available", TEST_EID));
    ck_assert(db_run(bench.smdpp.store, "UPDATE profile_order SET created = created - 100", DB_NONE));
    order_for(TEST_EID);
    ck_assert(db_run(bench.smdpp.store, "UPDATE profile_order SET created = created - 100", DB_NONE));
}

START_TEST(undoes_what_nobody_waits_for)
{
    static void (*const meanwhile[])(void) = {cancel_meanwhile, order_anew_meanwhile};

    for (size_t i = 0; i < 2; i++) {
        start(NULL);
        order_for(TEST_EID);
        smds.meanwhile = meanwhile[i];
        bench_expect(confirm("EVENT-1", SMDS, true), "8.2.1", "3.5");
        expect_order(i == 0 ? "available" : "linked");
        turn();
        ck_assert_uint_eq(smds.deletions, 1);
        expect_events("");
        stop();
    }
}
END_TEST

START_TEST(knows_roots_and_places)
{
    static const char *const roots[] = {"root.example.com", "root2.example.com"};
    static const char *const places[] = {"alt.example.co=wrong:1", "alt.example.com=es12.example.com:444"};
    const struct registrar_options options = {
        .roots = roots, .roots_count = 2, .places = places, .places_count = 2};
    static const struct {
        const char *smds, *place;
        bool forwarding;
    } rows[] = {{"root.example.com", "root.example.com", false},
                {"root2.example.com", "root2.example.com", false},
                {"alt.example.com", "es12.example.com:444", true}};

    for (size_t i = 0; i < 3; i++) {
        start(&options);
        order_for(TEST_EID);
        bench_success(confirm(NULL, rows[i].smds, true));
        ck_assert_str_eq(smds.place, rows[i].place);
        ck_assert_int_eq(smds.forwarding, rows[i].forwarding);
        stop();
    }
}
END_TEST

/* --- Deletion ------------------------------------------------------------------------------------------- */

static void end_cancelled(void)
{
    bench_success(cancel_order("Available", TEST_EID));
}

static void end_retired(void)
{
    bench_success(cancel_order("Unavailable", TEST_EID));
}

static void end_installed(void)
{
    bench_until_bound(&bench);
    ck_assert_int_eq(bench_install_result(&bench, -1), 204);
}

static void end_failed(void)
{
    bench_until_bound(&bench);
    ck_assert_int_eq(bench_install_result(&bench, 1), 204);
}

static void end_rejected(void)
{
    bench_until_offered(&bench);
    bench_success(bench_cancel(&bench, 0));
}

static void end_expired(void)
{
    ck_assert(db_run(bench.smdpp.store, "UPDATE profile_order SET expires = 2", DB_NONE));
    bench.smdpp.events_due = true;
    registrar_look(bench.smdpp.registrar);
}

static void goes_on_bound(void)
{
    bench_until_bound(&bench);
}

static void goes_on_interrupted(void)
{
    bench_until_bound(&bench);
    ck_assert_int_eq(bench_install_result(&bench, 11), 204);
}

static void goes_on_postponed(void)
{
    bench_until_offered(&bench);
    bench_success(bench_cancel(&bench, 1));
}

START_TEST(deletes_at_the_end_of_an_order)
{
    static const struct {
        void (*run)(void);
        bool over;
    } ends[] = {{end_cancelled, true},  {end_retired, true},          {end_installed, true},
                {end_failed, true},     {end_rejected, true},         {end_expired, true},
                {goes_on_bound, false}, {goes_on_interrupted, false}, {goes_on_postponed, false}};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        start(NULL);
        order_for(TEST_EID);
        bench_success(confirm("EVENT-1", SMDS, true));
        bench.matching_id = "EVENT-1";
        ends[i].run();
        turn();
        ck_assert_msg(smds.deletions == ends[i].over, "%zu: %u", i, smds.deletions);
        ck_assert_str_eq(smds.event_id, "EVENT-1");
        ck_assert_str_eq(smds.eid, TEST_EID);
        expect_events(ends[i].over ? "" : "registered");
        stop();
    }
}
END_TEST

/* Until the SM-DS answers, also when the program ends meanwhile; what it does not know is deleted. */
START_TEST(tries_a_deletion_again)
{
    for (int restart = 0; restart < 2; restart++) {
        start(NULL);
        order_for(TEST_EID);
        bench_success(confirm("EVENT-1", SMDS, true));
        smds.verdict = &dead;
        bench_success(cancel_order("Available", TEST_EID));
        turn();
        turn();
        ck_assert_uint_eq(smds.deletions, 1); /* not before its time */
        expect_events("deleting");
        smds.verdict = &failed;
        make_due();
        turn();
        ck_assert_uint_eq(smds.deletions, 2);
        expect_events("deleting");
        smds.verdict = &unknown;
        if (restart) {
            registrar_close(bench.smdpp.registrar);
            ck_assert_ptr_nonnull(registrar_open(loop, &bench.smdpp, &(struct registrar_options){0}));
        } else {
            make_due();
        }
        turn();
        ck_assert_uint_eq(smds.deletions, 3);
        expect_events("");
        stop();
    }
}
END_TEST

START_TEST(gives_a_deletion_up)
{
    start(NULL);
    order_for(TEST_EID);
    bench_success(confirm("EVENT-1", SMDS, true));
    smds.verdict = &dead;
    bench_success(cancel_order("Available", TEST_EID));
    for (int i = 0; i < SMDPP_EVENT_TRIES_MAX; i++) {
        expect_events("deleting");
        make_due();
        turn();
    }
    ck_assert_uint_eq(smds.deletions, SMDPP_EVENT_TRIES_MAX);
    expect_events("");
    stop();
    ck_assert_int_eq(smdpp_event_pause(1), 10);
    ck_assert_int_eq(smdpp_event_pause(2), 20);
    ck_assert_int_eq(smdpp_event_pause(12), 20480);
    ck_assert_int_eq(smdpp_event_pause(13), 21600);
    ck_assert_int_eq(smdpp_event_pause(SMDPP_EVENT_TRIES_MAX), 21600);
}
END_TEST

/* A power cut while the SM-DS was asked: it may know the event. */
START_TEST(clears_up_after_a_cut)
{
    struct smds_event event = {.iccid = BENCH_ICCID, .event_id = "EVENT-1", .eid = TEST_EID, .smds = SMDS};

    start(NULL);
    ck_assert(store_event_add(bench.smdpp.store, &event, SMDS_EVENT_REGISTERING));
    ck_assert(store_event_add(bench.smdpp.store, &event, SMDS_EVENT_SENDING));
    registrar_close(bench.smdpp.registrar);
    ck_assert_ptr_nonnull(registrar_open(loop, &bench.smdpp, &(struct registrar_options){0}));
    turn();
    ck_assert_uint_eq(smds.deletions, 2);
    expect_events("");
    stop();
}
END_TEST

TEST_MAIN("smdpp events", releases_when_the_smds_knows, leaves_the_order_when_the_smds_does_not,
          takes_its_own_event_for_registered, asks_for_what_an_event_needs, registers_at_release,
          undoes_what_nobody_waits_for, knows_roots_and_places, deletes_at_the_end_of_an_order,
          tries_a_deletion_again, gives_a_deletion_up, clears_up_after_a_cut)
