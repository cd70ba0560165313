/* Storage that fails under an SM-DS: events, what the Root is to be told of them, and lists. See
 * server_faults.h. */
#include "tests/powercut/server_faults.h"
#include "tests/support/smds.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

static struct smds_bench ds;

/* The answer (taken): a success, or that the server failed. */
static enum server_answer judge(json_t *answer)
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const json_t *codes = json_object_get(status, "statusCodeData");
    const char *subject = json_string_value(json_object_get(codes, "subjectCode"));
    const char *reason = json_string_value(json_object_get(codes, "reasonCode"));
    enum server_answer result = SERVER_LIED;

    if (bench_is_success(answer))
        result = SERVER_DONE;
    else if (subject != NULL && reason != NULL && strcmp(subject, "1.2") == 0 && strcmp(reason, "4.2") == 0)
        result = SERVER_FAILED;
    json_decref(answer);
    return result;
}

static enum server_answer add(const char *event_id, bool forwarding)
{
    return judge(
        smds_bench_es12(&ds, "registerEvent", "a", TEST_EID, event_id, "smdp.example.com", forwarding));
}

static enum server_answer add_first(void)
{
    return add("E-1", false);
}

static enum server_answer add_forwarded(void)
{
    return add("E-2", true);
}

/* In a session of its own: the one before has ended. Fewer events than there are would be a lie. */
static enum server_answer authenticate(void)
{
    enum server_answer result;
    json_t *answer;
    size_t count;

    bench_success(bench_initiate(&ds.bench));
    answer = bench_authenticate(&ds.bench);
    count = json_array_size(json_object_get(answer, "eventEntries"));
    result = judge(answer);

    return result == SERVER_DONE && count != 2 ? SERVER_LIED : result;
}

static enum server_answer list(void)
{
    struct http_answer answer = bench_request(&ds.bench, "GET", "/events", NULL, NULL, SPAN("", 0));
    json_t *rows = json_loadb((const char *)answer.body.data, answer.body.size, 0, NULL);
    enum server_answer result = answer.code == 500                                 ? SERVER_FAILED
                                : answer.code == 200 && json_array_size(rows) == 2 ? SERVER_DONE
                                                                                   : SERVER_LIED;

    json_decref(rows);
    buf_free(&answer.body);
    return result;
}

static enum server_answer show(void)
{
    struct http_answer answer = bench_request(&ds.bench, "GET", "/", NULL, NULL, SPAN("", 0));
    json_t *shown = json_loadb((const char *)answer.body.data, answer.body.size, 0, NULL);
    bool whole = json_integer_value(json_object_get(shown, "events")) == 2 &&
                 json_integer_value(json_object_get(shown, "errands")) == 1;
    enum server_answer result = answer.code == 500            ? SERVER_FAILED
                                : answer.code == 200 && whole ? SERVER_DONE
                                                              : SERVER_LIED;

    json_decref(shown);
    buf_free(&answer.body);
    return result;
}

static enum server_answer delete_forwarded(void)
{
    return judge(smds_bench_es12(&ds, "deleteEvent", "a", TEST_EID, "E-2", NULL, false));
}

static void use(struct db *db)
{
    while (!LIST_EMPTY(&ds.smds.sessions))
        smds_session_end(LIST_FIRST(&ds.smds.sessions));
    ds.smds.store = db;
}

static const struct server_step steps[] = {
    {"event", NULL, add_first, NULL},
    {"event for the Root, too", NULL, add_forwarded, NULL},
    {"authentication", NULL, authenticate, NULL},
    {"list", NULL, list, NULL},
    {"page", NULL, show, NULL},
    {"deletion", NULL, delete_forwarded, NULL},
};

START_TEST(no_success_that_is_not_stored)
{
    /* The eventId at the Root is another one each time. */
    static const struct server_life life = {
        .open = smds_store_open,
        .use = use,
        .dump = "SELECT eid || ' ' || event_id || ' ' || server || ' ' || owner || ' ' || (root_id IS NULL)"
                " FROM event UNION ALL SELECT is_delete || ' ' || eid FROM errand",
        .steps = steps,
        .count = sizeof(steps) / sizeof(steps[0]),
    };

    smds_bench_start(&ds);
    ds.smds.options.has_root = true;
    db_close(ds.smds.store);
    ck_assert_int_eq(chdir(test_path("")), 0);
    server_faults(&life);
    smds_bench_stop(&ds);
}
END_TEST

TEST_MAIN("SM-DS faults", no_success_that_is_not_stored)
