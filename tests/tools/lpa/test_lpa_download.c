/* `softeuicc lpa` with servers: downloads that end well, those that are given up and what the SM-DP+ hears of
 * that, hostile servers, notifications, the SM-DS. */
#include "protocol/es9p_json.h"
#include "protocol/tags.h"
#include "tests/support/test.h"
#include "tests/tools/lpa/lpa_server.h"
#include "tests/tools/lpa/scripted_card.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DOWNLOADING  "downloading 'softeuicc profile' of 'softeuicc profile', ICCID " SERVER_ICCID "\n"
#define INSTALLED    "installed " SERVER_ICCID "\n"

/* On a card file, trusting the server. */
#define lpa(...)                                                                                             \
    capture_command(&subcommand_lpa, __VA_ARGS__, "--card", path, "--cacert", lpa_server_cacert(), NULL)

static char path[256];

static void start(void)
{
    lpa_server_start();
    snprintf(path, sizeof(path), "%s", test_path("card.db"));
    remove(path);
    softeuicc_close(test_card(path, lpa_server_ci(), 1, 0));
}

static void stop(void)
{
    lpa_server_stop();
}

/* An activation code of the server: what comes behind its address. Four at a time. */
static const char *code(const char *rest)
{
    static char codes[4][200];
    static size_t next;

    next = (next + 1) % 4;
    snprintf(codes[next], sizeof(codes[next]), "1$%s$%s", lpa_server_address(), rest);
    return codes[next];
}

/* "softeuicc lpa: localhost:PORT: " and the text. */
static const char *said(const char *text)
{
    static char line[300];

    snprintf(line, sizeof(line), "softeuicc lpa: %s: %s\n", lpa_server_address(), text);
    return line;
}

/* The card has no profile and nothing to say; the server was told of the end with this reason, or not at
 * all. */
static void assert_given_up(int reason)
{
    ck_assert_captured(lpa("list"), 0, "no profiles\n", "");
    ck_assert_captured(lpa("notifications"), 0, "no pending notifications\n", "");
    ck_assert_int_eq(lpa_server_cancelled(), reason);
    ck_assert_uint_eq(lpa_server_count("cancelSession"), reason < 0 ? 0 : 1);
}

/* --- Downloads that end well ---------------------------------------------------------------------------- */

START_TEST(downloads)
{
    char copied[200];

    start();
    snprintf(copied, sizeof(copied), "\n lpa:%s \r\n", code("demo"));
    ck_assert_captured(lpa("download", copied), 0, INSTALLED, DOWNLOADING);
    ck_assert_ptr_nonnull(
        strstr(lpa("list").out, "\n" SERVER_ICCID "  disabled  operational  softeuicc profile"));
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 1);
    ck_assert_captured(lpa("notifications"), 0, "no pending notifications\n", "");
    ck_assert_int_eq(lpa_server_cancelled(), -1);
    /* It is there already: the card says so when it is loaded, and its result is still sent. */
    ck_assert_captured(lpa("download", code("demo")), 1, "",
                       DOWNLOADING "softeuicc lpa: LoadBoundProfilePackage: the card refused the package at "
                                   "storeMetadata(2): installFailedDueToIccidAlreadyExistsOnEuicc(9)\n");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 2);
    ck_assert_captured(lpa("notifications"), 0, "no pending notifications\n", "");
    stop();
}
END_TEST

START_TEST(downloads_in_json)
{
    start();
    ck_assert_captured(lpa("download", code("demo"), "--json", "--keep-notifications"), 0,
                       "{\n  \"iccid\": \"" SERVER_ICCID
                       "\",\n  \"service_provider_name\": \"softeuicc profile\",\n"
                       "  \"profile_name\": \"softeuicc profile\"\n}\n",
                       "");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 0);
    ck_assert_ptr_nonnull(strstr(lpa("notifications", "--json").out, "\"event\": \"install\""));
    ck_assert_captured(lpa("notifications", "process", "--json"), 0, "{\n  \"sent\": 1,\n  \"left\": 0\n}\n",
                       "");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 1);
    stop();
}
END_TEST

START_TEST(downloads_from_the_default_server)
{
    char order[32];

    start();
    lpa_server_order("ONE-TWO", NULL);
    ck_assert_captured(lpa("default-smdp", lpa_server_address()), 0, "", "");
    /* Without a matching identifier there is nothing for this card. */
    ck_assert_int_eq(lpa("download", "-").status, 1);
    ck_assert_captured(lpa("download", code("ONE-TWO$2.999.10")), 0, INSTALLED, DOWNLOADING);
    snprintf(order, sizeof(order), "%s", lpa_server_order_state());
    ck_assert_str_eq(order, "installed");
    stop();
}
END_TEST

/* The IMEI, or what there is without one, is in what the card signs for the server. */
START_TEST(device)
{
    static const uint32_t info[] = {TAG_AUTHENTICATE_SERVER, 0xA0, 0x30, 0xA0, 0xA1, 0};
    static const char *const imeis[] = {NULL, "353273110000000", "3532731100000017"};
    static const char *const octets[] = {NULL, "53233711000000F0", "5323371100000071"};
    struct span value, imei;

    start();
    for (size_t i = 0; i < COUNT(imeis); i++) {
        const struct es9p_member *which = NULL;
        struct es9p_message message = {0};
        struct captured captured = imeis[i] == NULL ? lpa("download", code("nothing"))
                                                    : lpa("download", code("nothing"), "--imei", imeis[i]);
        json_t *request = json_loads(lpa_server_heard("authenticateClient"), 0, NULL);

        ck_assert_captured(captured, 1, "", captured.err);
        ck_assert_ptr_nonnull(strstr(captured.err, "authenticateClient: refused, subject 8.2.6 reason 3.8"));
        ck_assert_int_eq(
            es9p_read_json(es9p_functions[ES9P_AUTHENTICATE_CLIENT].in, request, &message, &which),
            ES9P_FINE);
        ck_assert(tlv_find_path(buf_span(&message.part[ES9P_RESPONSE]), info, &value));
        ck_assert_int_eq(tlv_find(value, 0x82, &imei), imeis[i] != NULL);
        if (imeis[i] != NULL)
            ck_assert_hex(imei, octets[i]);
        es9p_message_clear(&message);
        json_decref(request);
    }
    assert_given_up(-1);
    stop();
}
END_TEST

/* --- Those that are given up ---------------------------------------------------------------------------- */

START_TEST(confirmation_codes)
{
    start();
    lpa_server_order("SECRET", "4711");
    ck_assert_captured(
        lpa("download", code("SECRET$$1")), 1, "",
        "softeuicc lpa: this activation code needs a confirmation code: --confirmation CODE\n");
    ck_assert_uint_eq(lpa_server_count("initiateAuthentication"), 0);
    /* Only the server says it: the session has begun, and ends so that the order stays. */
    ck_assert_captured(lpa("download", code("SECRET")), 1, "",
                       DOWNLOADING
                       "softeuicc lpa: this profile needs a confirmation code: --confirmation CODE\n");
    assert_given_up(1 /* postponed */);
    ck_assert_str_eq(lpa_server_order_state(), "released");
    ck_assert_int_eq(lpa("download", code("SECRET"), "--confirmation", "1").status, 1);
    ck_assert_ptr_nonnull(strstr(lpa("download", code("SECRET"), "--confirmation", "1").err,
                                 "getBoundProfilePackage: refused, subject 8.2.7 reason 3.8"));
    assert_given_up(1 /* the one of before */);
    ck_assert_captured(lpa("download", code("SECRET$$1"), "--confirmation", "4711"), 0, INSTALLED,
                       DOWNLOADING);
    ck_assert_str_eq(lpa_server_order_state(), "installed");
    stop();
}
END_TEST

START_TEST(another_server_than_the_code_names)
{
    start();
    ck_assert_captured(lpa("download", code("demo$2.999.77")), 1, "",
                       DOWNLOADING
                       "softeuicc lpa: the server's certificate does not carry the OID 2.999.77 that "
                       "the activation code names\n");
    assert_given_up(4 /* metadataMismatch */);
    ck_assert_uint_eq(lpa_server_count("getBoundProfilePackage"), 0);
    stop();
}
END_TEST

START_TEST(answers_without_a_member)
{
    static const struct {
        const char *function, *member;
        int reason;
        bool shown; /* the profile was */
    } rows[] = {
        {"initiateAuthentication", "transactionId", -1, false},
        {"initiateAuthentication", "serverSigned1", -1, false},
        {"initiateAuthentication", "serverCertificate", -1, false},
        {"authenticateClient", "smdpSigned2", 1, false},
        {"authenticateClient", "smdpCertificate", 1, false},
        {"getBoundProfilePackage", "boundProfilePackage", 5, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[600];
        char what[100];

        start();
        lpa_server_alter(rows[i].function, rows[i].member, NULL);
        snprintf(what, sizeof(what), "%s: the answer has no well-formed '%s'", rows[i].function,
                 rows[i].member);
        snprintf(line, sizeof(line), "%s%s", rows[i].shown ? DOWNLOADING : "", said(what));
        ck_assert_captured(lpa("download", code("demo")), 1, "", line);
        assert_given_up(rows[i].reason);
        stop();
    }
}
END_TEST

START_TEST(transaction_identifiers)
{
    static const char *const bad[] = {"", "00112233445566778899AABBCCDDEEFF00"};

    start();
    for (size_t i = 0; i < COUNT(bad); i++) {
        lpa_server_alter("initiateAuthentication", "transactionId", json_string(bad[i]));
        ck_assert_captured(lpa("download", code("demo")), 1, "",
                           "softeuicc lpa: initiateAuthentication: the server's answer has no well-formed "
                           "'transactionId'\n");
    }
    /* Another one than the server signed: the card does not know it. */
    lpa_server_alter("initiateAuthentication", "transactionId", json_string("0011"));
    ck_assert_int_eq(lpa("download", code("demo")).status, 1);
    assert_given_up(-1);
    stop();
}
END_TEST

/* A package that cannot be cut into segments. */
START_TEST(packages_that_are_none)
{
    static const char *const packages[][2] = {
        {"vzYA", "getBoundProfilePackage: the package is malformed: missing or unexpected data object"},
        {"vzYDvyQA", "getBoundProfilePackage: the package is malformed: missing or unexpected data object"},
    };

    for (size_t i = 0; i < COUNT(packages); i++) {
        char line[600];

        start();
        lpa_server_alter("getBoundProfilePackage", "boundProfilePackage", json_string(packages[i][0]));
        snprintf(line, sizeof(line), "%ssofteuicc lpa: %s\n", DOWNLOADING, packages[i][1]);
        ck_assert_captured(lpa("download", code("demo")), 1, "", line);
        assert_given_up(5 /* loadBppExecutionError */);
        stop();
    }
}
END_TEST

/* --- Servers that are not there, or hostile ------------------------------------------------------------- */

START_TEST(servers_that_are_no_servers)
{
    static const struct {
        int status;
        const char *body, *line;
    } rows[] = {
        {500, NULL, "initiateAuthentication: HTTP status 500"},
        {404, "{}", "initiateAuthentication: HTTP status 404"},
        {200, "{}", "initiateAuthentication: the answer has no functionExecutionStatus"},
        {200, "[]", "initiateAuthentication: the answer has no functionExecutionStatus"},
        {200,
         "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
         "\"subjectCode\":"
         "\"8.8\",\"reasonCode\":\"\\u001b]0;x\\u0007\",\"message\":\"a\\u009b2Jb\\nsofteuicc lpa: ok\"}}}}",
         "initiateAuthentication: refused, subject 8.8 reason ?]0;x?: a??2Jb?softeuicc lpa: ok"},
    };
    struct captured captured;

    start();
    for (size_t i = 0; i < COUNT(rows); i++) {
        lpa_server_say("initiateAuthentication", rows[i].status, rows[i].body);
        ck_assert_captured(lpa("download", code("demo")), 1, "", said(rows[i].line));
    }
    lpa_server_say("initiateAuthentication", 200, "\x1B[2J");
    captured = lpa("download", code("demo"));
    ck_assert_refusal(captured);
    ck_assert_ptr_nonnull(strstr(captured.err, "initiateAuthentication: the answer is not JSON: "));
    lpa_server_be_honest();
    captured = capture_command(&subcommand_lpa, "download", code("demo"), "--card", path, NULL);
    ck_assert_refusal(captured);
    ck_assert_ptr_nonnull(strstr(captured.err, "(trust the server's CA with --cacert FILE)\n"));
    captured = lpa("download", "1$no-such-host.invalid$X");
    ck_assert_refusal(captured);
    ck_assert_ptr_nonnull(strstr(captured.err, ": no-such-host.invalid: initiateAuthentication: "));
    captured = lpa("download", "1$localhost:1$X");
    ck_assert_refusal(captured);
    ck_assert_ptr_nonnull(strstr(captured.err, ": localhost:1: initiateAuthentication: "));
    assert_given_up(-1);
    stop();
}
END_TEST

/* What a server says of the profile is shown, but commands no terminal. */
START_TEST(hostile_metadata)
{
    static const struct {
        const char *metadata, *err;
    } rows[] = {
        /* BF25 { 91 ESC [2J, 92 a LF b U+009B, 5A with letters } */
        {"vyUZkQQbWzJKkgVhCmLCm1oKmJEAAAAAAAAQ+g==", "downloading 'a?b?"
                                                     "?' of '?[2J', ICCID 989100000000000010FA\n"},
        {"vyUA", "downloading '?' of '?', ICCID ?\n"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct captured captured;

        start();
        lpa_server_alter("authenticateClient", "profileMetadata", json_string(rows[i].metadata));
        captured = lpa("download", code("demo"));
        ck_assert_int_eq(captured.status, 0); /* what the card is told is in the package */
        ck_assert_msg(strncmp(captured.err, rows[i].err, strlen(rows[i].err)) == 0, "%s", captured.err);
        for (const char *c = captured.err; *c != '\0'; c++)
            ck_assert(((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7F) || *c == '\n');
        stop();
    }
}
END_TEST

/* --- Notifications -------------------------------------------------------------------------------------- */

START_TEST(notifications_that_are_not_taken)
{
    char line[600];

    start();
    lpa_server_say("handleNotification", 500, NULL);
    snprintf(line, sizeof(line),
             "%s%snote: 1 notification stays on the card; send them later with 'softeuicc lpa notifications "
             "process'\n",
             DOWNLOADING, said("handleNotification: HTTP status 500"));
    ck_assert_captured(lpa("download", code("demo")), 0, INSTALLED, line);
    ck_assert_captured(lpa("notifications", "process"), 1, "0 sent, 1 left\n",
                       said("handleNotification: HTTP status 500"));
    lpa_server_be_honest();
    ck_assert_captured(lpa("notifications", "process"), 0, "1 sent, 0 left\n", "");
    ck_assert_captured(lpa("notifications", "process"), 0, "0 sent, 0 left\n", "");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 3);
    stop();
}
END_TEST

START_TEST(notifications_of_changes)
{
    start();
    ck_assert_captured(lpa("download", code("demo")), 0, INSTALLED, DOWNLOADING);
    ck_assert_captured(lpa("enable", SERVER_ICCID), 0, "", "");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 2);
    ck_assert_captured(lpa("disable", SERVER_ICCID, "--keep-notifications"), 0, "", "");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 2);
    ck_assert_captured(lpa("delete", SERVER_ICCID), 0, "", "");
    ck_assert_uint_eq(lpa_server_count("handleNotification"), 4);
    ck_assert_captured(lpa("notifications"), 0, "no pending notifications\n", "");
    stop();
}
END_TEST

/* --- The SM-DS ------------------------------------------------------------------------------------------ */

#define EVENTS(list)                                                                                         \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},\"transactionId\":\"00\","  \
    "\"eventEntries\":[" list "]}"

START_TEST(discovers)
{
    static const char one[] = "{\"eventId\":\"E-1\",\"rspServerAddress\":\"smdp.example.com\"}";
    static const char two[] = "{\"eventId\":\"\\u001b[2J\\u009bm\",\"rspServerAddress\":\"a\\nb\"}";
    char both[500];

    start();
    lpa_server_as_smds();
    lpa_server_say("authenticateClient", 200, EVENTS(""));
    ck_assert_captured(lpa("discover", "--smds", lpa_server_address()), 0, "nothing waits for this card\n",
                       "");
    ck_assert_captured(lpa("discover", "--smds", lpa_server_address(), "--json"), 0, "[]\n", "");
    snprintf(both, sizeof(both), EVENTS("%s,%s"), one, two);
    lpa_server_say("authenticateClient", 200, both);
    ck_assert_captured(lpa("discover", "--smds", lpa_server_address()), 0,
                       "EVENT    SM-DP+\n"
                       "E-1      smdp.example.com\n"
                       "?[2J??m  a?b\n",
                       "");
    ck_assert_captured(
        lpa("discover", "--smds", lpa_server_address(), "--json"), 0,
        "[\n  {\n    \"event_id\": \"E-1\",\n    \"rsp_server_address\": \"smdp.example.com\"\n  },\n"
        "  {\n    \"event_id\": \"\\u001B[2J\\u009Bm\",\n    \"rsp_server_address\": \"a\\nb\"\n  }\n]\n",
        "");
    stop();
}
END_TEST

START_TEST(an_smds_that_refuses)
{
    start();
    lpa_server_as_smds();
    lpa_server_say(
        "authenticateClient", 200,
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":"
        "\"8.9.5\",\"reasonCode\":\"3.9\"}}}}");
    ck_assert_captured(lpa("discover", "--smds", lpa_server_address()), 1, "",
                       said("authenticateClient: refused, subject 8.9.5 reason 3.9"));
    lpa_server_say("authenticateClient", 200,
                   "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}");
    ck_assert_captured(lpa("discover", "--smds", lpa_server_address()), 1, "",
                       said("authenticateClient: the answer has no well-formed 'eventEntries'"));
    /* ES11 has no CancelSession. */
    assert_given_up(-1);
    stop();
}
END_TEST

START_TEST(an_smdp_is_no_smds)
{
    char line[300];

    start();
    snprintf(line, sizeof(line), "softeuicc lpa: %s is an SM-DP+, not an SM-DS\n", lpa_server_address());
    ck_assert_captured(lpa("discover", "--smds", lpa_server_address()), 1, "", line);
    ck_assert_uint_eq(lpa_server_count("authenticateClient"), 0);
    stop();
}
END_TEST

/* An event may name an Alternative SM-DS, which has an event of its own; but not for ever. */
START_TEST(goes_on_where_an_smds_sends)
{
    char events[500], lines[900];

    start();
    lpa_server_as_smds();
    lpa_server_say("authenticateClient", 200, EVENTS(""));
    snprintf(lines, sizeof(lines), "softeuicc lpa: %s: it is an SM-DS, and has no event for this card\n",
             lpa_server_address());
    ck_assert_captured(lpa("download", code("E-1")), 1, "", lines);
    snprintf(events, sizeof(events), EVENTS("{\"eventId\":\"E-2\",\"rspServerAddress\":\"%s\"}"),
             lpa_server_address());
    lpa_server_say("authenticateClient", 200, events);
    lines[0] = '\0';
    for (int hop = 0; hop < 3; hop++)
        snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "the SM-DS sends to %s\n",
                 lpa_server_address());
    snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines),
             "softeuicc lpa: %s: one SM-DS sends to another without end\n", lpa_server_address());
    ck_assert_captured(lpa("download", code("E-1")), 1, "", lines);
    ck_assert_uint_eq(lpa_server_count("authenticateClient"), 4);
    stop();
}
END_TEST

TEST_MAIN("lpa_download", downloads, downloads_in_json, downloads_from_the_default_server, device,
          confirmation_codes, another_server_than_the_code_names, answers_without_a_member,
          transaction_identifiers, packages_that_are_none, servers_that_are_no_servers, hostile_metadata,
          notifications_that_are_not_taken, notifications_of_changes, discovers, an_smds_that_refuses,
          an_smdp_is_no_smds, goes_on_where_an_smds_sends)
