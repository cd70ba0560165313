/* tools/smdpp/client.c: what the operator's commands ask an SM-DP+ (ES2+), and what they show of its answers.
 */
#include "tests/support/test.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/hostile.h"
#include "tests/support/https_played.h"
#include "tools/smdpp/smdpp.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL                 "https://dp.example.com"
#define PLAY(...)           https_play((const char *const[]){__VA_ARGS__, NULL})
#define SMDPP(command, ...) capture_command(command, "--url", URL, __VA_ARGS__)

#define EXECUTED "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
#define REFUSED(message)                                                                                     \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"                   \
    "\"subjectCode\":\"8.2.1\",\"reasonCode\":\"3.9\"" message "}}}}"
#define ORDERED   "{" EXECUTED ",\"iccid\":\"89\"}"
#define CONFIRMED "{" EXECUTED ",\"matchingId\":\"M\",\"smdpAddress\":\"rsp.example.com\"}"

#define CALL(function, members)                                                                              \
    "POST " URL "/gsma/rsp2/es2plus/" function " {" members                                                  \
    "\"header\":{\"functionRequesterIdentifier\":\"softeuicc\",\"functionCallIdentifier\":\"X\"}}\n"

#define CALL_ID "functionCallIdentifier\":\""

/* What was asked, with an X for each functionCallIdentifier; none may come twice. */
static const char *asked(void)
{
    static char text[8192];
    static char ids[100][33];
    static size_t count;
    char *id = text;

    ck_assert_int_lt(snprintf(text, sizeof(text), "%s", https_asked()), sizeof(text));
    while ((id = strstr(id, CALL_ID)) != NULL) {
        id += strlen(CALL_ID);
        ck_assert_uint_eq(strspn(id, "0123456789ABCDEF"), 32);
        ck_assert_uint_lt(count, 100);
        memcpy(ids[count], id, 32);
        for (size_t i = 0; i < count; i++)
            ck_assert_str_ne(ids[i], ids[count]);
        count++;
        id[0] = 'X';
        memmove(id + 1, id + 32, strlen(id + 32) + 1);
    }
    return text;
}

static void assert_lines(const struct captured *captured, int status, const char *out, const char *err)
{
    ck_assert_str_eq(captured->err, err);
    ck_assert_str_eq(captured->out, out);
    ck_assert_int_eq(captured->status, status);
}

START_TEST(orders)
{
    struct captured captured;

    PLAY(ORDERED, CONFIRMED);
    captured = SMDPP(&smdpp_order, "--profile", "demo", NULL);
    assert_lines(&captured, EXIT_OK, "LPA:1$rsp.example.com$M\n", "");
    ck_assert_str_eq(asked(), CALL("downloadOrder", "\"profileType\":\"demo\",")
                                  CALL("confirmOrder", "\"iccid\":\"89\",\"releaseFlag\":true,"));
    PLAY(ORDERED, "{" EXECUTED ",\"matchingId\":\"\"}");
    captured = SMDPP(&smdpp_order, "--iccid", "89", "--eid", "90", "--matching-id", "", "--confirmation",
                     "1234", "--keep", NULL);
    assert_lines(&captured, EXIT_OK, "LPA:1$dp.example.com$$$1\n", "");
    ck_assert_str_eq(asked(), CALL("downloadOrder", "\"eid\":\"90\",\"iccid\":\"89\",") CALL(
                                  "confirmOrder", "\"iccid\":\"89\",\"eid\":\"90\",\"matchingId\":\"\","
                                                  "\"confirmationCode\":\"1234\",\"releaseFlag\":false,"));
    PLAY(ORDERED, CONFIRMED);
    captured = SMDPP(&smdpp_order, "--iccid", "89", "--json", NULL);
    assert_lines(
        &captured, EXIT_OK,
        "{\n  \"activation_code\": \"LPA:1$rsp.example.com$M\",\n  \"smdp_address\": \"rsp.example.com\",\n"
        "  \"matching_id\": \"M\",\n  \"iccid\": \"89\",\n  \"released\": true\n}\n",
        "");
}
END_TEST

START_TEST(orders_once_more)
{
    struct captured captured;

    PLAY("[{\"iccid\":\"88\",\"profile\":\"other\"},{\"iccid\":\"89\",\"profile\":\"demo\",\"eid\":\"90\"},{"
         "\"iccid\":"
         "\"87\"},5]",
         "{" EXECUTED "}", ORDERED, CONFIRMED);
    captured = SMDPP(&smdpp_order, "--profile", "demo", "--again", NULL);
    assert_lines(&captured, EXIT_OK, "LPA:1$rsp.example.com$M\n", "");
    ck_assert_str_eq(asked(), "GET " URL "/orders?limit=1000\n" CALL(
                                  "cancelOrder", "\"iccid\":\"89\",\"eid\":\"90\","
                                                 "\"finalProfileStatusIndicator\":\"Available\",")
                                  CALL("downloadOrder", "\"profileType\":\"demo\",")
                                      CALL("confirmOrder", "\"iccid\":\"89\",\"releaseFlag\":true,"));
    PLAY("[{\"iccid\":\"890011223344556677\",\"profile\":\"demo\",\"eid\":null}]", "{" EXECUTED "}", ORDERED,
         CONFIRMED);
    captured = SMDPP(&smdpp_order, "--iccid", "890011223344556677FF", "--again", NULL);
    assert_lines(&captured, EXIT_OK, "LPA:1$rsp.example.com$M\n", "");
    ck_assert_ptr_nonnull(
        strstr(asked(), CALL("cancelOrder", "\"iccid\":\"890011223344556677\","
                                            "\"finalProfileStatusIndicator\":\"Available\",")));
    PLAY("[{\"iccid\":\"89\",\"profile\":\"demo\"}]", REFUSED(""));
    captured = SMDPP(&smdpp_order, "--iccid", "89", "--again", NULL);
    assert_lines(&captured, EXIT_FAILED, "",
                 "softeuicc order: cancelOrder refused: 8.2.1-3.9, no reason given\n");
}
END_TEST

START_TEST(taking_back)
{
    struct captured captured;

    PLAY("{" EXECUTED "}");
    captured = SMDPP(&smdpp_cancel, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_OK, "", "");
    ck_assert_str_eq(asked(), CALL("cancelOrder", "\"iccid\":\"89\","
                                                  "\"finalProfileStatusIndicator\":\"Available\","));
    PLAY("{" EXECUTED "}");
    captured = SMDPP(&smdpp_cancel, "--iccid", "89", "--eid", "90", "--matching-id", "M", "--final",
                     "unavailable", NULL);
    assert_lines(&captured, EXIT_OK, "", "");
    ck_assert_str_eq(asked(), CALL("cancelOrder", "\"iccid\":\"89\",\"eid\":\"90\",\"matchingId\":\"M\","
                                                  "\"finalProfileStatusIndicator\":\"Unavailable\","));
}
END_TEST

START_TEST(refusals)
{
    struct captured captured;

    PLAY(REFUSED(",\"message\":\"no\\u001b[2J\\nsuch\\u009b2J\""));
    captured = SMDPP(&smdpp_order, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_FAILED, "",
                 "softeuicc order: downloadOrder refused: 8.2.1-3.9, no?[2J?such??2J\n");
    PLAY(ORDERED, "{}");
    captured = SMDPP(&smdpp_order, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_FAILED, "", "softeuicc order: confirmOrder refused: ?-?, no reason given\n");
    PLAY(ORDERED, "{" EXECUTED "}");
    captured = SMDPP(&smdpp_order, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_FAILED, "", "softeuicc order: confirmOrder: the answer has no matchingId\n");
    PLAY("{\"header\":{\"functionExecutionStatus\":{\"status\":true}}}");
    captured = SMDPP(&smdpp_cancel, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_FAILED, "", "softeuicc cancel: cancelOrder refused: ?-?, no reason given\n");
    PLAY("nonsense");
    captured = SMDPP(&smdpp_order, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_FAILED, "",
                 "softeuicc order: " URL "/gsma/rsp2/es2plus/downloadOrder: the answer is not JSON\n");
    PLAY(NULL);
    captured = SMDPP(&smdpp_order, "--iccid", "89", NULL);
    assert_lines(&captured, EXIT_FAILED, "", "softeuicc order: " URL ": no connection\n");
}
END_TEST

START_TEST(usage)
{
    struct captured captured;

    PLAY(NULL);
    captured = SMDPP(&smdpp_order, "--eid", "90", NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "--profile or --iccid is missing"));
    captured = capture_command(&smdpp_orders, NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "--url is missing"));
    captured = SMDPP(&smdpp_cancel, "--iccid", "89", "--final", "gone", NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "--final is not available or unavailable: gone"));
    captured = SMDPP(&smdpp_order, "--profile", "\xFF", NULL);
    assert_lines(&captured, EXIT_FAILED, "",
                 "softeuicc order: downloadOrder: an option's value is not UTF-8\n");
    ck_assert_str_eq(asked(), "");
}
END_TEST

static const char *page_of_names(const char *name, unsigned count)
{
    struct buf *page = test_buf();
    char row[64];

    for (unsigned i = 0; i < count; i++) {
        snprintf(row, sizeof(row), "%c{\"name\":\"%s%u\"}", i == 0 ? '[' : ',', name, i);
        buf_append(page, span_of_string(row));
    }
    buf_append(page, SPAN("]", 2));
    ck_assert(!page->failed);
    return (const char *)page->data;
}

START_TEST(lists)
{
    struct captured captured;

    PLAY("[{\"iccid\":\"89\",\"state\":\"released\",\"profile\":\"demo\",\"matchingId\":\"M\",\"eid\":null},"
         "5,{}]");
    captured = SMDPP(&smdpp_orders, NULL);
    assert_lines(&captured, EXIT_OK,
                 "89  released  demo  M  -\n-   -         -     -  -\n-   -         -     -  -\n", "");
    ck_assert_str_eq(asked(), "GET " URL "/orders?limit=1000\n");
    PLAY("[{\"name\":\"a\",\"iccid\":\"89\",\"profileName\":\"x\\u001b[31m\\ny\\u009b2J\",\"error\":true}]");
    captured = SMDPP(&smdpp_profiles, NULL);
    assert_lines(&captured, EXIT_OK, "a  89  -  x?[31m?y??2J  -  -\n", "");
    PLAY("[{\"id\":3,\"operation\":\"install\",\"seqNumber\":-9,\"iccid\":\"89\",\"eid\":\"90\",\"result\":"
         "\"ok\"}]");
    captured = SMDPP(&smdpp_notifications, NULL);
    assert_lines(&captured, EXIT_OK, "3  install  -9  89  90  ok\n", "");
    PLAY("[{\"name\":\"\\u001b\"}]");
    captured = SMDPP(&smdpp_profiles, "--json", NULL);
    assert_lines(&captured, EXIT_OK, "[\n  {\n    \"name\": \"\\u001B\"\n  }\n]\n", "");
    PLAY("{}");
    captured = SMDPP(&smdpp_orders, NULL);
    assert_lines(&captured, EXIT_FAILED, "",
                 "softeuicc orders: " URL "/orders: the answer is not a list: not a softeuicc smdpp?\n");
}
END_TEST

/* A page that is full has another one after it; one that is not, or begins again, is the last. */
START_TEST(follows_pages)
{
    struct captured captured;

    PLAY("[{\"id\":7},{\"id\":9}]");
    captured = SMDPP(&smdpp_notifications, "--limit", "2", NULL);
    assert_lines(&captured, EXIT_OK, "7  -  -  -  -  -\n9  -  -  -  -  -\n", "");
    ck_assert_str_eq(asked(), "GET " URL "/notifications?limit=2\n");
    PLAY(page_of_names("a", 1000), page_of_names("b c&", 1000), page_of_names("z", 3));
    captured = SMDPP(&smdpp_profiles, "--limit", "2500", NULL);
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_str_eq(asked(), "GET " URL "/profiles?limit=1000\n"
                              "GET " URL "/profiles?limit=1000&after=a999\n"
                              "GET " URL "/profiles?limit=500&after=b%20c%26999\n");
    PLAY(page_of_names("a", 1000), page_of_names("z", 3));
    captured = SMDPP(&smdpp_profiles, "--json", NULL);
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_ptr_nonnull(strstr(captured.out, "\"a999\""));
    ck_assert_ptr_nonnull(strstr(captured.out, "\"z2\""));
    PLAY(page_of_names("a", 1000), page_of_names("a", 1000), "[]");
    captured = SMDPP(&smdpp_profiles, NULL);
    ck_assert_str_eq(asked(), "GET " URL "/profiles?limit=1000\n"
                              "GET " URL "/profiles?limit=1000&after=a999\n");
    PLAY(page_of_names("a", 1000), REFUSED(",\"message\":\"the disk\""));
    captured = SMDPP(&smdpp_profiles, "--json", NULL);
    assert_lines(&captured, EXIT_FAILED, "{\"error\":{\"message\":\"" URL "/profiles: the disk\"}}\n",
                 "softeuicc profiles: " URL "/profiles: the disk\n");
}
END_TEST

/* An answer whose texts are all this one: as an operator's profile, or a server, may have them. */
static const char *all_of(const char *format, const char *text)
{
    json_t *value = json_string(text);
    char *quoted = json_dumps(value, JSON_ENCODE_ANY);
    struct buf *answer = test_buf();

    for (const char *at = format; *at != '\0'; at++) {
        if (*at == '@')
            buf_append(answer, span_of_string(quoted));
        else
            buf_append_octet(answer, (uint8_t)*at);
    }
    buf_append_octet(answer, 0);
    free(quoted);
    json_decref(value);
    return (const char *)answer->data;
}

START_TEST(hostile_answers)
{
    for (size_t i = 0; i < hostile_not_utf8; i++) {
        const char *list = all_of("[{\"name\":@,\"iccid\":@,\"state\":@,\"profile\":@,\"matchingId\":@,"
                                  "\"eid\":@,\"serviceProviderName\":@,\"profileName\":@,\"profileClass\":@,"
                                  "\"error\":@,\"operation\":@,\"result\":@},{}]",
                                  hostile_texts[i]);

        PLAY(list, list, list, list);
        ck_assert_harmless(SMDPP(&smdpp_orders, NULL).out, 2);
        ck_assert_harmless(SMDPP(&smdpp_profiles, NULL).out, 2);
        ck_assert_harmless(SMDPP(&smdpp_notifications, NULL).out, 2);
        ck_assert_harmless(SMDPP(&smdpp_profiles, "--json", NULL).out, 17);
        PLAY(ORDERED, all_of("{" EXECUTED ",\"matchingId\":@,\"smdpAddress\":@}", hostile_texts[i]));
        ck_assert_harmless(SMDPP(&smdpp_order, "--iccid", "89", NULL).out, 1);
        PLAY(all_of("{\"header\":{\"functionExecutionStatus\":{\"status\":@,\"statusCodeData\":{"
                    "\"subjectCode\":@,\"reasonCode\":@,\"message\":@}}}}",
                    hostile_texts[i]));
        ck_assert_harmless(SMDPP(&smdpp_order, "--iccid", "89", NULL).err, 1);
    }
    for (size_t i = 0; hostile_texts[i] != NULL; i++) {
        PLAY(NULL);
        ck_assert_harmless(capture_command(&smdpp_orders, "--url", hostile_texts[i], NULL).err, 1);
        ck_assert_harmless(SMDPP(&smdpp_cancel, "--iccid", "89", "--final", hostile_texts[i], NULL).err, 1);
        ck_assert_harmless(SMDPP(&smdpp_cancel, hostile_texts[i], NULL).err, 1);
    }
}
END_TEST

TEST_MAIN("smdpp client", hostile_answers, orders, orders_once_more, taking_back, refusals, usage, lists,
          follows_pages)
