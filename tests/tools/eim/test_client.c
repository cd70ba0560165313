/* tools/eim/client.c: what the lists ask an eIM, and what they show of its answers. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tests/support/hostile.h"
#include "tests/support/https_played.h"
#include "tools/eim/client.h"

#include <stdlib.h>
#include <string.h>

#define URL       EIM_DEFAULT_URL
#define PLAY(...) https_play((const char *const[]){__VA_ARGS__, NULL})

#define PROFILE                                                                                              \
    "{\"iccid\":\"8949000000000000106\",\"state\":\"enabled\",\"class\":\"test\",\"name\":\"Name\","         \
    "\"fallback\":true,\"fallbackAllowed\":true,\"ecall\":true}"
#define EUICC                                                                                                \
    "{\"eid\":\"89\",\"data\":\"known\",\"counter\":4,\"openOrders\":2,\"stateChangeCause\":\"rollback\","   \
    "\"profiles\":[" PROFILE "]}"
#define ORDER                                                                                                \
    "{\"id\":7,\"eid\":\"89\",\"kind\":\"psmo\",\"state\":\"done\",\"request\":{\"psmo\":[{\"enable\":{}},"  \
    "{\"listProfileInfo\":{}}]},\"result\":[{\"command\":\"enable\",\"result\":\"ok\",\"code\":0},"          \
    "{\"command\":\"listProfileInfo\",\"result\":\"ok\",\"code\":0,\"profiles\":[" PROFILE "]},"             \
    "{\"command\":\"addEim\",\"result\":\"ok\",\"code\":0,\"associationToken\":3,\"eims\":[{\"eimId\":"      \
    "\"e\","                                                                                                 \
    "\"type\":\"fqdn\"}],\"rules\":\"r\"}]}"

#define PROFILE_LINE(indent)                                                                                 \
    indent "8949000000000000106  enabled  test  Name  [fallback] [fallback allowed] [emergency]\n"
#define EUICC_LINES                                                                                          \
    "89  certificates known, counter 4, 2 open orders, last change: rollback\n" PROFILE_LINE("  ")
#define ORDER_LINES                                                                                          \
    "7  89  enable+listProfileInfo  done\n"                                                                  \
    "  enable: ok(0)\n"                                                                                      \
    "  listProfileInfo: ok(0)\n" PROFILE_LINE("    ") "  addEim: ok(0)\n"                                    \
                                                      "    e fqdn\n"                                         \
                                                      "    association token 3\n"                            \
                                                      "    rules r\n"

static void assert_lines(const struct captured *captured, int status, const char *out, const char *err)
{
    ck_assert_str_eq(captured->err, err);
    ck_assert_str_eq(captured->out, out);
    ck_assert_int_eq(captured->status, status);
}

START_TEST(lists)
{
    struct captured captured;

    PLAY("[" ORDER ",{\"id\":8,\"kind\":\"data\",\"state\":\"failed\",\"error\":\"why\",\"progress\":\"p\"},"
         "{\"id\":9,\"progress\":\"p\"}]");
    captured = capture_command(&eim_orders, "--eid", "89", "--state", "done", NULL);
    assert_lines(&captured, EXIT_OK, ORDER_LINES "8  ?  data  failed: why\n9  ?  ?  ?: p\n", "");
    ck_assert_str_eq(https_asked(), "GET " URL "/v1/orders?eid=89&state=done&limit=1000\n");
    PLAY("[" EUICC "]");
    captured = capture_command(&eim_euiccs, "--url", "https://h", NULL);
    assert_lines(&captured, EXIT_OK, EUICC_LINES, "");
    ck_assert_str_eq(https_asked(), "GET https://h/v1/euiccs?limit=1000\n");
    PLAY("[{\"id\":1,\"eid\":\"89\",\"seqNumber\":5,\"operation\":\"enable\",\"iccid\":\"90\",\"verified\":"
         "true,"
         "\"forwarded\":\"waits\",\"result\":\"ok\"},{\"id\":2,\"verified\":false}]");
    captured = capture_command(&eim_notifications, NULL);
    assert_lines(
        &captured, EXIT_OK,
        "1  89  5  enable  90  verified, ok, waits for its SM-DP+\n2  ?   0  ?       -   NOT VERIFIED\n", "");
    ck_assert_str_eq(https_asked(), "GET " URL "/v1/notifications?limit=1000\n");
}
END_TEST

START_TEST(status)
{
    struct captured captured;

    PLAY("{\"eimId\":\"e\",\"euiccs\":1,\"openOrders\":2,\"notificationsWaiting\":3}", "[" EUICC "]");
    captured = capture_command(&eim_status, NULL);
    assert_lines(&captured, EXIT_OK,
                 "eIM e, 1 eUICCs, 2 open orders, 3 notifications wait for their SM-DP+\n" EUICC_LINES, "");
    ck_assert_str_eq(https_asked(), "GET " URL "/v1/status\nGET " URL "/v1/euiccs?limit=1000\n");
    PLAY(EUICC, "[" ORDER "]");
    captured = capture_command(&eim_status, "--eid", "89", NULL);
    assert_lines(&captured, EXIT_OK, EUICC_LINES ORDER_LINES, "");
    ck_assert_str_eq(https_asked(), "GET " URL "/v1/euiccs/89\nGET " URL "/v1/orders?eid=89&limit=1000\n");
    PLAY("{\"eimId\":\"e\"}", "[]");
    captured = capture_command(&eim_status, "--json", NULL);
    assert_lines(&captured, EXIT_OK, "{\n  \"eim_id\": \"e\",\n  \"euicc_list\": []\n}\n", "");
    PLAY("{\"eimId\":\"e\"}");
    captured = capture_command(&eim_status, NULL);
    assert_lines(&captured, EXIT_FAILED, "", "softeuicc status: " URL ": no connection\n");
}
END_TEST

START_TEST(taking_back)
{
    struct captured captured;

    PLAY("{\"id\":7,\"kind\":\"data\",\"state\":\"cancelled\"}");
    captured = capture_command(&eim_cancel, "7", "--force", NULL);
    assert_lines(&captured, EXIT_OK, "7  ?  data  cancelled\n", "");
    ck_assert_str_eq(https_asked(), "DELETE " URL "/v1/orders/7?force=true\n");
    PLAY("{\"error\":{\"field\":\"id\",\"message\":\"no such order\\u001b[2J\"}}");
    captured = capture_command(&eim_cancel, "7", NULL);
    assert_lines(&captured, EXIT_FAILED, "", "softeuicc cancel: the eIM refused: id no such order?[2J\n");
    ck_assert_str_eq(https_asked(), "DELETE " URL "/v1/orders/7\n");
    PLAY(NULL);
    ck_assert_int_eq(capture_command(&eim_cancel, "7x", NULL).status, EXIT_USAGE);
    ck_assert_int_eq(capture_command(&eim_cancel, NULL).status, EXIT_USAGE);
    ck_assert_str_eq(https_asked(), "");
}
END_TEST

/* Texts that command a terminal are shown, and do not; --json has them as they are. */
START_TEST(texts_from_elsewhere)
{
#define ESCAPES "\\u001b[31m\\n\\u009b2J"
    static const char answer[] =
        "[{\"id\":7,\"eid\":\"" ESCAPES "\",\"state\":\"" ESCAPES "\",\"error\":\"" ESCAPES "\","
        "\"request\":{\"psmo\":[{\"a" ESCAPES "\":{}}]},\"result\":[{\"command\":\"" ESCAPES "\","
        "\"profiles\":[{\"name\":\"" ESCAPES "\"}]}]}]";
    struct captured captured;

    PLAY(answer);
    captured = capture_command(&eim_orders, NULL);
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_str_eq(captured.out, "7  ?[31m???2J  a?[31m???2J  ?[31m???2J: ?[31m???2J\n  ?[31m???2J: ?(0)\n"
                                   "    ?  ?  -  ?[31m???2J\n");
    PLAY("[\"\\u0007\"]");
    captured = capture_command(&eim_orders, "--json", NULL);
    ck_assert_str_eq(captured.out, "[\n  \"\\u0007\"\n]\n");
}
END_TEST

START_TEST(hostile_answers)
{
    for (size_t i = 0; i < hostile_not_utf8; i++) {
        const char *text = hostile_texts[i];
        json_t *profile =
            json_pack("{s:s,s:s,s:s,s:s}", "iccid", text, "state", text, "class", text, "name", text);
        json_t *list = json_pack(
            "[{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[O],s:{s:[{s:{}}]},s:[{s:s,s:s,s:[O],s:[{s:s,s:s}],"
            "s:s}]}]",
            "eid", text, "kind", text, "state", text, "error", text, "data", text, "stateChangeCause", text,
            "operation", text, "iccid", text, "result ", text, "eimId", text, "profiles", profile, "request",
            "psmo", text, "result", "command", text, "result", text, "profiles", profile, "eims", "eimId",
            text, "type", text, "rules", text);
        char *answer = json_dumps(list, JSON_COMPACT);
        char *refusal;

        ck_assert_ptr_nonnull(answer);
        PLAY(answer, answer, answer, answer);
        ck_assert_harmless(capture_command(&eim_orders, NULL).out, 5);
        ck_assert_harmless(capture_command(&eim_euiccs, NULL).out, 2);
        ck_assert_harmless(capture_command(&eim_notifications, NULL).out, 1);
        ck_assert_harmless(capture_command(&eim_status, "--eid", text, NULL).out, 0);
        json_decref(list);
        list = json_pack("{s:{s:s,s:s}}", "error", "field", text, "message", text);
        refusal = json_dumps(list, JSON_COMPACT);
        PLAY(refusal);
        ck_assert_harmless(capture_command(&eim_cancel, "7", NULL).err, 1);
        json_decref(list);
        json_decref(profile);
        free(answer);
        free(refusal);
    }
}
END_TEST

START_TEST(answers_that_are_none)
{
    static const char *const nonsense[] = {
        "", "x", "5", "\"text\"", "\xFF", "[", "{}", "{\"error\":{}}", "{\"error\":5}"};
    static const char *const empty[] = {"[]", "[5,null,\"a\",[],{}]"};

    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        struct captured captured;

        PLAY(nonsense[i]);
        captured = capture_command(&eim_orders, NULL);
        ck_assert_int_eq(captured.status, EXIT_FAILED);
        ck_assert_str_eq(captured.out, "");
        ck_assert_ptr_eq(strchr(captured.err, '\n'), captured.err + strlen(captured.err) - 1);
    }
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        PLAY(empty[i]);
        ck_assert_str_eq(capture_command(&eim_orders, NULL).err, "");
        PLAY(empty[i]);
        ck_assert_str_eq(capture_command(&eim_euiccs, NULL).err, "");
    }
}
END_TEST

START_TEST(long_words)
{
    char word[1100];
    struct captured captured;

    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    PLAY("[]");
    captured = capture_command(&eim_orders, "--eid", word, NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    captured = capture_command(&eim_status, "--eid", word, NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    captured = capture_command(&eim_orders, "--url", word, NULL);
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(captured.err, "the URL is too long"));
    ck_assert_str_eq(https_asked(), "");
}
END_TEST

TEST_MAIN("eim client", hostile_answers, lists, status, taking_back, texts_from_elsewhere,
          answers_that_are_none, long_words)
