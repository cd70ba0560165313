/* protocol/es12.c and rsp_json.c: what a client writes a server reads, each member that is missing or wrong
 * is refused by name, and answers as a client understands them. */
#include "protocol/es12.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static const struct es12_event example = {"89049032123451234512345678901235", "A-1", "dp.example.com:8443",
                                          true};

static json_t *request_of(const struct es12_function *function, const struct es12_event *event)
{
    char *text = es12_request_text(function, event, "dp.example.com", "7");
    json_t *object = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(object);
    free(text);
    return object;
}

START_TEST(goes_both_ways)
{
    for (int i = 0; i < ES12_FUNCTIONS; i++) {
        const struct es12_function *function = &es12_functions[i];
        json_t *object = request_of(function, &example);
        struct refusal_status status = {0};
        struct es12_event event;

        ck_assert_int_eq((int)function->id, i);
        ck_assert_ptr_eq(es12_by_name(function->name), function);
        ck_assert(es12_read(function, object, &event, &status));
        ck_assert_str_eq(event.eid, example.eid);
        ck_assert_str_eq(event.event_id, example.event_id);
        if (function->has_server) {
            ck_assert_str_eq(event.server, example.server);
            ck_assert(event.forwarding);
        } else {
            ck_assert_ptr_null(event.server);
            ck_assert(!event.forwarding);
        }
        json_decref(object);
    }
    ck_assert_ptr_null(es12_by_name("registerEvents"));
}
END_TEST

/* Every member away, and every member of another type. */
START_TEST(names_what_is_not_there)
{
    for (int i = 0; i < ES12_FUNCTIONS; i++) {
        json_t *object = request_of(&es12_functions[i], &example);
        const char *name;
        json_t *value, *copy;
        void *next;

        json_object_foreach_safe(object, next, name, value)
        {
            struct refusal_status status = {0};
            struct es12_event event;

            copy = json_deep_copy(object);
            json_object_del(copy, name);
            ck_assert(!es12_read(&es12_functions[i], copy, &event, &status));
            ck_assert_int_eq(status.refusal, REFUSAL_INPUT_MISSING);
            ck_assert_str_eq(status.detail, name);
            status = (struct refusal_status){0};
            json_object_set_new(copy, name, json_integer(1));
            ck_assert(!es12_read(&es12_functions[i], copy, &event, &status));
            if (strcmp(name, "header") != 0) {
                ck_assert_int_eq(status.refusal, REFUSAL_INPUT_INVALID);
                ck_assert_str_eq(status.detail, name);
            }
            json_decref(copy);
        }
        json_decref(object);
    }
}
END_TEST

static const struct {
    enum es12_function_id function;
    long http_status;
    const char *body;
    enum es12_outcome outcome;
    bool nothing_left;
    const char *why;
} replies[] = {
    {ES12_REGISTER_EVENT, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}",
     ES12_EXECUTED, false, ""},
    {ES12_REGISTER_EVENT, 200,
     "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":"
     "\"8.9.5\",\"reasonCode\":\"3.3\",\"message\":\"there\"}}}}",
     ES12_REFUSED, true, "refused, subject 8.9.5 reason 3.3: there"},
    {ES12_DELETE_EVENT, 200,
     "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":"
     "\"8.9.5\",\"reasonCode\":\"3.3\"}}}}",
     ES12_REFUSED, false, "refused, subject 8.9.5 reason 3.3"},
    {ES12_DELETE_EVENT, 200,
     "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":"
     "\"8.9.5\",\"reasonCode\":\"3.9\"}}}}",
     ES12_REFUSED, true, "refused, subject 8.9.5 reason 3.9"},
    {ES12_DELETE_EVENT, 404, "{}", ES12_INACCESSIBLE, false, "HTTP status 404"},
    {ES12_DELETE_EVENT, 204, "", ES12_INACCESSIBLE, false, "HTTP status 204"},
    {ES12_DELETE_EVENT, 200, "{}", ES12_INACCESSIBLE, false, "the answer has no functionExecutionStatus"},
    {ES12_DELETE_EVENT, 200, "[]", ES12_INACCESSIBLE, false, "the answer has no functionExecutionStatus"},
};

START_TEST(understands_answers)
{
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct es12_reply reply;

        es12_read_reply(&es12_functions[replies[i].function], replies[i].http_status,
                        span_of_string(replies[i].body), &reply);
        ck_assert_int_eq(reply.outcome, replies[i].outcome);
        ck_assert_int_eq(reply.nothing_left, replies[i].nothing_left);
        ck_assert_str_eq(reply.why, replies[i].why);
    }
}
END_TEST

START_TEST(knows_addresses)
{
    static const char *const none[] = {"",     "a/b",  "a b", "u@a", "a?b",     "a#b",
                                       "a\\b", "a\nb", "a$b", "a%b", "\xC3\xA4"};
    char url[RSP_URL_SIZE], text[RSP_ADDRESS_MAX + 2];

    ck_assert(rsp_url("es12", "registerEvent", "[::1]:1", url));
    ck_assert(rsp_url("es12", "registerEvent", "a.b:1", url));
    ck_assert_str_eq(url, "https://a.b:1/gsma/rsp2/es12/registerEvent");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        ck_assert(!rsp_url("es12", "registerEvent", none[i], url));
    memset(text, 'a', sizeof(text));
    text[RSP_ADDRESS_MAX + 1] = '\0';
    ck_assert(!rsp_url("es12", "registerEvent", text, url));
    text[RSP_ADDRESS_MAX] = '\0';
    ck_assert(rsp_url("es12", "registerEvent", text, url));
}
END_TEST

TEST_MAIN("es12", goes_both_ways, names_what_is_not_there, understands_answers, knows_addresses)
