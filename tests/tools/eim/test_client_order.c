/* tools/eim/client_order.c: the order that words are, and what is made of the eIM's answers. The eIM is
 * played here, at client_exchange. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tools/eim/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EID "89049032123451234512345678901235"

/* --- the eIM ------------------------------------------------------------------------------------- */

static const char *const *answers; /* one for each request, the last one for all that follow */
static unsigned requests;
static char asked[2000]; /* "POST /v1/orders {…}", of the first request; a line each of those that differ */

void client_begin(void *settings)
{
    struct client *client = settings;

    client->wait = -1;
}

json_t *client_exchange(const struct client *client, const char *method, const char *path, const json_t *body)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    char line[1000];
    const char *answer = *answers;

    (void)client;
    requests++;
    snprintf(line, sizeof(line), "%s %s%s%s\n", method, path, text != NULL ? " " : "",
             text != NULL ? text : "");
    free(text);
    if (strstr(asked, line) == NULL)
        snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s", line);
    if (answers[1] != NULL)
        answers++;
    return json_loads(answer, 0, NULL); /* NULL: the line was printed */
}

void client_print_order(const json_t *order)
{
    printf("order %s\n", json_string_value(json_object_get(order, "state")));
}

static void play(const char *const *these)
{
    answers = these;
    requests = 0;
    asked[0] = '\0';
}

static const char *const queued[] = {"{\"id\":7,\"state\":\"queued\"}", NULL};

/* `order --eid EID` and these words, parted by blanks. */
static struct captured order(const char *words)
{
    const char *word[12] = {NULL};
    char *copy = strdup(words);
    struct captured captured;
    size_t count = 0;

    ck_assert_ptr_nonnull(copy);
    for (char *next = strtok(copy, " "); next != NULL; next = strtok(NULL, " ")) {
        ck_assert_uint_lt(count, sizeof(word) / sizeof(word[0]) - 1);
        word[count++] = next;
    }
    captured = capture_command(&eim_order, "--eid", EID, word[0], word[1], word[2], word[3], word[4], word[5],
                               word[6], word[7], word[8], word[9], word[10], NULL);
    free(copy);
    return captured;
}

/* --- words --------------------------------------------------------------------------------------- */

START_TEST(words_to_orders)
{
    static const struct {
        const char *words, *order; /* behind the EID */
    } rows[] = {
        {"enable --iccid 89", "\"psmo\":[{\"enable\":{\"iccid\":\"89\"}}]"},
        {"enable 89 --rollback", "\"psmo\":[{\"enable\":{\"iccid\":\"89\",\"rollback\":true}}]"},
        {"disable 89", "\"psmo\":[{\"disable\":{\"iccid\":\"89\"}}]"},
        {"delete --iccid 89", "\"psmo\":[{\"delete\":{\"iccid\":\"89\"}}]"},
        {"list", "\"psmo\":[{\"listProfileInfo\":{}}]"},
        {"rat", "\"psmo\":[{\"getRAT\":{}}]"},
        {"immediate-enable on", "\"psmo\":[{\"configureImmediateEnable\":{\"enable\":true}}]"},
        {"immediate-enable on --smdp a --oid 2.999", "\"psmo\":[{\"configureImmediateEnable\":{\"enable\":"
                                                     "true,\"smdpAddress\":\"a\",\"smdpOid\":\"2.999\"}}]"},
        {"immediate-enable off", "\"psmo\":[{\"configureImmediateEnable\":{}}]"},
        {"fallback set 89", "\"psmo\":[{\"setFallbackAttribute\":{\"iccid\":\"89\"}}]"},
        {"fallback unset", "\"psmo\":[{\"unsetFallbackAttribute\":{}}]"},
        {"default-smdp a", "\"psmo\":[{\"setDefaultDpAddress\":{\"address\":\"a\"}}]"},
        {"delete-eim e", "\"eco\":[{\"deleteEim\":{\"eimId\":\"e\"}}]"},
        {"list-eims", "\"eco\":[{\"listEim\":{}}]"},
        {"download --activation-code 1$a$b", "\"download\":{\"activationCode\":\"1$a$b\"}"},
        {"download --smdp a --matching-id m --direct --confirmation c",
         "\"download\":{\"smdpAddress\":\"a\",\"matchingId\":\"m\",\"confirmationCode\":\"c\",\"mode\":"
         "\"direct\"}"},
        {"download --default-smdp --indirect", "\"download\":{\"defaultSmdp\":true,\"mode\":\"indirect\"}"},
        {"download --smds a", "\"download\":{\"smds\":\"a\"}"},
        {"data", "\"data\":{}"},
        {"data --tags 5A,BF22", "\"data\":{\"tags\":[\"5A\",\"BF22\"]}"},
        {"data 5A", "\"data\":{\"tags\":[\"5A\"]}"},
        {"enable 89 --rollback then list then disable 90",
         "\"psmo\":[{\"enable\":{\"iccid\":\"89\",\"rollback\":true}},{\"listProfileInfo\":{}},"
         "{\"disable\":{\"iccid\":\"90\"}}]"},
        {"list-eims then delete-eim e", "\"eco\":[{\"listEim\":{}},{\"deleteEim\":{\"eimId\":\"e\"}}]"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char expected[600];
        struct captured captured;

        play(queued);
        captured = order(rows[i].words);
        snprintf(expected, sizeof(expected), "POST /v1/orders {\"eid\":\"" EID "\",%s}\n", rows[i].order);
        ck_assert_str_eq(captured.err, "");
        ck_assert_str_eq(asked, expected);
        ck_assert_str_eq(captured.out, "order queued\n");
        ck_assert_int_eq(captured.status, EXIT_OK);
    }
}
END_TEST

START_TEST(configurations)
{
    char words[300];
    const char *path = test_path("eim.der");
    struct captured captured;

    ck_assert(tool_write_file(path, hex("300102FF"), 0600));
    play(queued);
    snprintf(words, sizeof(words), "add-eim %s then update-eim --file %s", path, path);
    captured = order(words);
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_str_eq(asked, "POST /v1/orders {\"eid\":\"" EID "\",\"eco\":["
                            "{\"addEim\":{\"configuration\":\"MAEC/w==\"}},"
                            "{\"updateEim\":{\"configuration\":\"MAEC/w==\"}}]}\n");
    play(queued);
    captured = order("add-eim /no/such/file");
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "cannot open /no/such/file"));
    ck_assert_uint_eq(requests, 0);
}
END_TEST

/* Nothing is asked. */
START_TEST(usage)
{
    static const struct {
        const char *words, *part;
    } rows[] = {
        {"", "a command is missing"},
        {"list then", "a command is missing"},
        {"nonsense", "there is no command 'nonsense'"},
        {"list 89", "'89' is one argument too many"},
        {"enable 89 90", "'90' is one argument too many"},
        {"enable 89 --iccid 90", "'89' is too much: --iccid is 90"},
        {"list then list-eims", "'list-eims' cannot be in one order with the command before"},
        {"list-eims then enable 89", "'enable' cannot be in one order with the command before"},
        {"download --smds a then list", "'list' cannot be in one order with the command before"},
        {"list then data", "'data' cannot be in one order with the command before"},
        {"data then data", "'data' cannot be in one order with the command before"},
        {"enable \xFF", "the value of --iccid is not UTF-8"},
        {"data --tags 5A,\xFF", "the value of --tags is not UTF-8"},
        {"raw BF5100", "raw needs --unchecked"},
        {"--wait -1 list", "--wait is not a number of seconds from 0"},
        {"--wait 604801 list", "--wait is not a number of seconds from 0"},
    };
    struct captured captured;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        play(queued);
        captured = order(rows[i].words);
        ck_assert_msg(captured.status == EXIT_USAGE, "%s: %s", rows[i].words, captured.err);
        ck_assert_msg(strstr(captured.err, rows[i].part) != NULL, "%s", captured.err);
        ck_assert_ptr_eq(strchr(captured.err, '\n'), captured.err + strlen(captured.err) - 1);
        ck_assert_str_eq(captured.out, "");
        ck_assert_uint_eq(requests, 0);
    }
    captured = capture_command(&eim_order, "list", NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "--eid is missing"));
    captured = capture_command(&eim_order, "--eid", "\xFF", "list", NULL);
    ck_assert_int_eq(captured.status, EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(captured.err, "the value of --eid is not UTF-8"));
    ck_assert_uint_eq(requests, 0);
}
END_TEST

/* --- answers ------------------------------------------------------------------------------------- */

START_TEST(waiting_for_the_result)
{
    static const char *const done[] = {"{\"id\":7,\"state\":\"queued\"}",
                                       "{\"id\":7,\"state\":\"sent\",\"progress\":\"a\\u001b[31m\\nb\"}",
                                       "{\"id\":7,\"state\":\"sent\",\"progress\":\"a\\u001b[31m\\nb\"}",
                                       "{\"id\":7,\"state\":\"done\"}", NULL};
    struct captured captured;

    play(done);
    captured = order("--wait 60 list");
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_str_eq(captured.out, "order done\n");
    ck_assert_str_eq(captured.err, "order 7: queued\norder 7: sent, a?[31m?b\norder 7: done\n");
    ck_assert_str_eq(asked, "POST /v1/orders {\"eid\":\"" EID "\",\"psmo\":[{\"listProfileInfo\":{}}]}\n"
                            "GET /v1/orders/7\n");
    ck_assert_uint_eq(requests, 4);
}
END_TEST

START_TEST(exit_statuses)
{
    static const char *const failed[] = {"{\"id\":7,\"state\":\"failed\"}", NULL};
    static const char *const unknown[] = {"{\"id\":7}", NULL};
    static const char *const gone[] = {"{\"id\":7,\"state\":\"queued\"}", "", NULL};
    static const char *const refused[] = {"", NULL};
    struct captured captured;

    play(queued);
    ck_assert_int_eq(order("list").status, EXIT_OK); /* nobody waits */
    ck_assert_uint_eq(requests, 1);
    play(queued);
    ck_assert_int_eq(order("--wait 0 list").status, EXIT_WAITING);
    ck_assert_uint_eq(requests, 1);
    play(queued);
    ck_assert_int_eq(order("--wait 1 list").status, EXIT_WAITING);
    ck_assert_uint_gt(requests, 1);
    play(failed);
    ck_assert_int_eq(order("--wait 60 list").status, EXIT_FAILED);
    play(failed);
    ck_assert_int_eq(order("list").status, EXIT_OK);
    play(unknown);
    ck_assert_int_eq(order("--wait 60 list").status, EXIT_FAILED);
    play(gone);
    captured = order("--wait 60 list");
    ck_assert_int_eq(captured.status, EXIT_FAILED);
    ck_assert_str_eq(captured.out, "");
    play(refused);
    ck_assert_int_eq(order("list").status, EXIT_FAILED);
}
END_TEST

START_TEST(shown_as_json)
{
    struct captured captured;

    play(queued);
    captured = order("--json list");
    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_str_eq(captured.out, "{\n  \"id\": 7,\n  \"state\": \"queued\"\n}\n");
}
END_TEST

TEST_MAIN("eim order", words_to_orders, configurations, usage, waiting_for_the_result, exit_statuses,
          shown_as_json)
