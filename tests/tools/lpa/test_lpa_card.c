/* `softeuicc lpa` on card files in known states: what its commands print, in text and JSON, what they change,
 * and which line each refusal of the card is. Downloads are in test_lpa_download.c. */
#include "tests/support/capture.h"
#include "tests/support/es10.h"
#include "tools/subcommands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define ICCID_A "8949000000000000017"
#define ICCID_B "8949000000000000025"
#define AID     "A0000005591010FFFFFFFF890000" /* and 1000, 1100 … */

#define lpa(...) capture_command(&subcommand_lpa, __VA_ARGS__, "--card", path, NULL)

static struct es10_bench bench;
static char path[256];

/* A new card in a file; between the commands of the LPA, which must have it alone, the test looks into it. */
static void start(void)
{
    bench = (struct es10_bench){.ci_count = 1};
    test_ci_make(&bench.cis[0], EC_CURVE_P256);
    snprintf(path, sizeof(path), "%s", test_path("card.db"));
    remove(path);
    bench.card = test_card(path, bench.cis, 1, 0);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
}

static void hand_over(void)
{
    softeuicc_close(bench.card);
    bench.card = NULL;
}

static void take_back(void)
{
    struct softeuicc_error why;

    bench.card = softeuicc_open(path, NULL, &why);
    ck_assert_msg(bench.card != NULL, "%s", why.message);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
}

static void stop(void)
{
    softeuicc_close(bench.card);
    test_ci_free(&bench.cis[0]);
}

static int state_of(const char *iccid)
{
    int state;

    take_back();
    state = es10_state(&bench, iccid);
    hand_over();
    return state;
}

static void start_with_profiles(void)
{
    start();
    es10_install(&bench,
                 &(struct es10_profile){
                     .iccid = ICCID_A, .name = "First", .address = "one.example.com", .operations = 0x0F});
    es10_install(&bench,
                 &(struct es10_profile){.iccid = ICCID_B, .name = "Second", .ppr1 = true, .ppr2 = true});
    hand_over();
}

/* A member of the object that was printed; "" when it is not there or no text. */
static const char *fact(struct captured captured, const char *key)
{
    json_t *object = json_loads(captured.out, 0, NULL);
    struct buf *text = test_buf();
    const char *value;

    ck_assert_msg(object != NULL && captured.status == 0, "%s%s", captured.out, captured.err);
    value = json_string_value(json_object_get(object, key));
    buf_append(text, span_of_string(value != NULL ? value : ""));
    buf_append_octet(text, 0);
    json_decref(object);
    return (const char *)text->data;
}

START_TEST(info)
{
    char id[41];
    char line[400];
    struct captured text;

    start();
    hex_from_span(SPAN_ARRAY(bench.cis[0].key_id), id, sizeof(id));
    hand_over();
    text = lpa("info");
    ck_assert_int_eq(text.status, 0);
    ck_assert_str_eq(text.err, "");
    snprintf(line, sizeof(line), "Reader               %s\nATR                  3B", path);
    ck_assert_msg(strncmp(text.out, line, strlen(line)) == 0, "%s", text.out);
    ck_assert_ptr_nonnull(strstr(text.out, "\nEID                  " TEST_EID "\n"));
    ck_assert_ptr_nonnull(strstr(text.out, "\nDefault SM-DP+       (not set)\n"));
    ck_assert_ptr_nonnull(strstr(text.out, " octets of NVM, "));
    snprintf(line, sizeof(line), "\nCIs (verification)   %s\nCIs (signing)        %s\n", id, id);
    ck_assert_msg(strstr(text.out, line) != NULL, "%s", text.out);

    ck_assert_captured(lpa("default-smdp", "smdp.example.com:8443"), 0, "", "");
    ck_assert_ptr_nonnull(strstr(lpa("info").out, "\nDefault SM-DP+       smdp.example.com:8443\n"));
    text = lpa("info", "--json");
    ck_assert_str_eq(fact(text, "reader"), path);
    ck_assert_str_eq(fact(text, "eid"), TEST_EID);
    ck_assert_str_eq(fact(text, "default_smdp_address"), "smdp.example.com:8443");
    ck_assert_ptr_nonnull(strstr(text.out, "\"installed_applications\": 0,"));
    ck_assert_ptr_nonnull(strstr(text.out, "\"free_non_volatile_memory\": "));
    ck_assert_ptr_nonnull(strstr(text.out, "\"free_volatile_memory\": "));
    snprintf(line, sizeof(line), "\"ci_pk_id_for_verification\": [\n    \"%s\"\n  ],", id);
    ck_assert_ptr_nonnull(strstr(text.out, line));
    snprintf(line, sizeof(line), "\"ci_pk_id_for_signing\": [\n    \"%s\"\n  ],", id);
    ck_assert_ptr_nonnull(strstr(text.out, line));
    ck_assert_captured(lpa("default-smdp", "", "--json"), 0,
                       "{\n  \"function\": \"SetDefaultDpAddress\",\n  \"result\": \"ok\"\n}\n", "");
    ck_assert_ptr_null(strstr(lpa("info", "--json").out, "default_smdp_address"));
    ck_assert_captured(lpa("default-smdp", "not an address"), 1, "",
                       "softeuicc lpa: SetDefaultDpAddress: the card refused: undefinedError(127)\n");
    stop();
}
END_TEST

START_TEST(list)
{
    start();
    hand_over();
    ck_assert_captured(lpa("list"), 0, "no profiles\n", "");
    ck_assert_captured(lpa("list", "--json"), 0, "[]\n", "");
    take_back();
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID_A, .name = "Na\xC3\xAFve"});
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID_B, .test = true});
    es10(&bench, "BF31 11 A0 0C 5A 0A %s 81 01 00", es10_iccid(ICCID_A));
    hand_over();
    ck_assert_captured(lpa("nickname", ICCID_B, "Meter 7"), 0, "", "");
    ck_assert_captured(lpa("list"), 0,
                       "ICCID                STATE     CLASS        PROVIDER  NAME   NICKNAME\n"
                       "8949000000000000017  enabled   operational  Operator  Na\xC3\xAFve\n"
                       "8949000000000000025  disabled  test         Operator  Name   Meter 7\n",
                       "");
    ck_assert_captured(
        lpa("list", "--json"), 0,
        "[\n  {\n    \"iccid\": \"" ICCID_A "\",\n    \"isdp_aid\": \"" AID
        "1000\",\n    \"state\": \"enabled\",\n"
        "    \"class\": \"operational\",\n    \"service_provider_name\": "
        "\"Operator\",\n"
        "    \"profile_name\": \"Na\xC3\xAFve\"\n  },\n"
        "  {\n    \"iccid\": \"" ICCID_B "\",\n    \"isdp_aid\": \"" AID
        "1100\",\n    \"state\": \"disabled\",\n"
        "    \"class\": \"test\",\n    \"nickname\": \"Meter 7\",\n    \"service_provider_name\": "
        "\"Operator\",\n"
        "    \"profile_name\": \"Name\"\n  }\n]\n",
        "");
    stop();
}
END_TEST

START_TEST(states)
{
    start_with_profiles();
    ck_assert_captured(lpa("enable", ICCID_A, "--keep-notifications"), 0, "", "");
    ck_assert_int_eq(state_of(ICCID_A), 1);
    ck_assert_captured(lpa("enable", ICCID_A), 1, "",
                       "softeuicc lpa: EnableProfile: the card refused: profileNotInDisabledState(2)\n");
    ck_assert_captured(lpa("delete", ICCID_A), 1, "",
                       "softeuicc lpa: DeleteProfile: the card refused: profileNotInDisabledState(2)\n");
    ck_assert_captured(lpa("disable", ICCID_B), 1, "",
                       "softeuicc lpa: DisableProfile: the card refused: profileNotInEnabledState(2)\n");
    ck_assert_captured(lpa("disable", ICCID_A, "--keep-notifications", "--no-refresh", "--json"), 0,
                       "{\n  \"function\": \"DisableProfile\",\n  \"result\": \"ok\"\n}\n", "");
    ck_assert_int_eq(state_of(ICCID_A), 0);
    /* By its AID; it has policy rules against disabling and deleting. */
    ck_assert_captured(lpa("enable", AID "1100", "--keep-notifications"), 0, "", "");
    ck_assert_int_eq(state_of(ICCID_B), 1);
    ck_assert_captured(lpa("disable", ICCID_B), 1, "",
                       "softeuicc lpa: DisableProfile: the card refused: disallowedByPolicy(3)\n");
    ck_assert_captured(lpa("enable", ICCID_A), 1, "",
                       "softeuicc lpa: EnableProfile: the card refused: disallowedByPolicy(3)\n");
    ck_assert_captured(lpa("delete", ICCID_A, "--keep-notifications"), 0, "", "");
    ck_assert_int_eq(state_of(ICCID_A), -1);
    ck_assert_captured(lpa("enable", ICCID_A), 1, "",
                       "softeuicc lpa: EnableProfile: the card refused: iccidOrAidNotFound(1)\n");
    ck_assert_captured(lpa("disable", ICCID_A), 1, "",
                       "softeuicc lpa: DisableProfile: the card refused: iccidOrAidNotFound(1)\n");
    ck_assert_captured(lpa("delete", ICCID_A), 1, "",
                       "softeuicc lpa: DeleteProfile: the card refused: iccidOrAidNotFound(1)\n");
    ck_assert_captured(lpa("nickname", ICCID_A, "x"), 1, "",
                       "softeuicc lpa: SetNickname: the card refused: iccidNotFound(1)\n");
    stop();
}
END_TEST

START_TEST(nickname)
{
    char longest[65];

    start_with_profiles();
    memset(longest, 'n', 64);
    longest[64] = '\0';
    ck_assert_captured(lpa("nickname", ICCID_A, longest), 0, "", "");
    ck_assert_ptr_nonnull(strstr(lpa("list").out, longest));
    ck_assert_captured(lpa("nickname", ICCID_A), 0, "", "");
    ck_assert_ptr_null(strstr(lpa("list").out, "nnn"));
    ck_assert_captured(lpa("nickname", ICCID_A, "\xFF"), 1, "",
                       "softeuicc lpa: SetNickname: the card refused: undefinedError(127)\n");
    ck_assert_captured(lpa("nickname", AID "1000", "x"), 1, "",
                       "softeuicc lpa: '" AID "1000' is not an ICCID (18 to 20 digits)\n");
    /* What the card keeps may still not command a terminal: ESC, and U+009B, which is the same as ESC [. */
    ck_assert_captured(lpa("nickname", ICCID_A,
                           "a\x1B[2J\xC2\x9B"
                           "1mb\xC3\xA9"),
                       0, "", "");
    ck_assert_ptr_nonnull(strstr(lpa("list").out, "a?[2J??1mb\xC3\xA9\n"));
    ck_assert_ptr_nonnull(strstr(lpa("list", "--json").out, "\"nickname\": \"a?[2J??1mb\xC3\xA9\""));
    stop();
}
END_TEST

START_TEST(notifications)
{
    static const char head[] = "SEQ  EVENT    ICCID                ADDRESS\n";
    char text[400];

    start_with_profiles();
    ck_assert_captured(lpa("notifications"), 0, "no pending notifications\n", "");
    ck_assert_captured(lpa("notifications", "--json"), 0, "[]\n", "");
    ck_assert_captured(lpa("notifications", "process"), 0, "0 sent, 0 left\n", "");
    ck_assert_captured(lpa("enable", ICCID_A, "--keep-notifications"), 0, "", "");
    ck_assert_captured(lpa("disable", ICCID_A, "--keep-notifications"), 0, "", "");
    ck_assert_captured(lpa("delete", ICCID_A, "--keep-notifications"), 0, "", "");
    snprintf(text, sizeof(text),
             "%s1    enable   " ICCID_A "  one.example.com\n2    disable  " ICCID_A
             "  one.example.com\n3    delete   " ICCID_A "  one.example.com\n",
             head);
    ck_assert_captured(lpa("notifications"), 0, text, "");
    ck_assert_captured(lpa("notifications", "remove", "2"), 0, "1 removed\n", "");
    ck_assert_captured(lpa("notifications", "remove", "2"), 1, "",
                       "softeuicc lpa: RemoveNotificationFromList: there is no such notification\n");
    ck_assert_captured(
        lpa("notifications", "--json"), 0,
        "[\n  {\n    \"seq_number\": 1,\n    \"event\": \"enable\",\n    \"iccid\": \"" ICCID_A
        "\",\n    \"notification_address\": \"one.example.com\"\n  },\n  {\n    \"seq_number\": 3,\n    "
        "\"event\": "
        "\"delete\",\n    \"iccid\": \"" ICCID_A
        "\",\n    \"notification_address\": \"one.example.com\"\n  }\n]\n",
        "");
    ck_assert_captured(lpa("notifications", "remove", "--json"), 0, "{\n  \"removed\": 2\n}\n", "");
    ck_assert_captured(lpa("notifications"), 0, "no pending notifications\n", "");
    ck_assert_captured(lpa("notifications", "remove"), 0, "0 removed\n", "");
    stop();
}
END_TEST

START_TEST(reset)
{
    start();
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID_A});
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID_B, .test = true});
    hand_over();
    ck_assert_captured(lpa("default-smdp", "smdp.example.com"), 0, "", "");
    ck_assert_captured(lpa("reset", "smdp"), 0, "", "");
    ck_assert_ptr_nonnull(strstr(lpa("info").out, "\nDefault SM-DP+       (not set)\n"));
    ck_assert_int_eq(state_of(ICCID_A), 0);
    ck_assert_captured(lpa("reset", "operational"), 0, "", "");
    ck_assert_int_eq(state_of(ICCID_A), -1);
    ck_assert_int_eq(state_of(ICCID_B), 0);
    ck_assert_captured(lpa("reset", "operational"), 1, "",
                       "softeuicc lpa: eUICCMemoryReset: the card refused: nothingToDelete(1)\n");
    ck_assert_captured(lpa("default-smdp", "smdp.example.com"), 0, "", "");
    ck_assert_captured(lpa("reset", "--json"), 0,
                       "{\n  \"function\": \"eUICCMemoryReset\",\n  \"result\": \"ok\"\n}\n", "");
    ck_assert_ptr_nonnull(strstr(lpa("info").out, "\nDefault SM-DP+       (not set)\n"));
    ck_assert_captured(lpa("reset"), 1, "",
                       "softeuicc lpa: eUICCMemoryReset: the card refused: nothingToDelete(1)\n");
    stop();
}
END_TEST

/* What is wrong with a command line is said before anything happens to the card, but for what the card's
 * commands read themselves. */
START_TEST(usage)
{
#define SEE(command) " (see 'softeuicc lpa" command " --help')\n"
    start_with_profiles();
    ck_assert_captured(lpa("info", "--reader", "x"), 2, "",
                       "softeuicc lpa info: --reader and --card exclude each other" SEE(" info"));
    ck_assert_captured(
        lpa("info", "--imei", "12345678901234"), 2, "",
        "softeuicc lpa info: --imei is not an IMEI (15 or 16 digits): 12345678901234" SEE(" info"));
    ck_assert_captured(
        lpa("list", "--imei", "12345678901234x"), 2, "",
        "softeuicc lpa list: --imei is not an IMEI (15 or 16 digits): 12345678901234x" SEE(" list"));
    ck_assert_captured(lpa("list", "more"), 2, "",
                       "softeuicc lpa list: 'more' is one argument too many" SEE(" list"));
    ck_assert_captured(lpa("enable"), 2, "", "softeuicc lpa enable: enable takes ICCID|AID" SEE(" enable"));
    ck_assert_captured(lpa("nickname"), 2, "",
                       "softeuicc lpa nickname: nickname takes ICCID [NAME]" SEE(" nickname"));
    ck_assert_captured(lpa("default-smdp"), 2, "",
                       "softeuicc lpa default-smdp: default-smdp takes ADDRESS" SEE(" default-smdp"));
    ck_assert_captured(lpa("download"), 2, "",
                       "softeuicc lpa download: download takes AC|-" SEE(" download"));
    ck_assert_captured(lpa("fly"), 2, "", "softeuicc lpa: there is no command 'fly'" SEE(""));
    ck_assert_captured(lpa("list", "--fly"), 2, "",
                       "softeuicc lpa list: there is no option '--fly'" SEE(" list"));
    ck_assert_captured(lpa("list", "--json=yes"), 2, "",
                       "softeuicc lpa list: '--json' takes no value" SEE(" list"));
    ck_assert_captured(capture_command(&subcommand_lpa, "list", "--card", NULL), 2, "",
                       "softeuicc lpa list: '--card' needs a value" SEE(" list"));
    ck_assert_captured(
        lpa("reset", "all"), 2, "",
        "softeuicc lpa reset: reset knows operational, test and smdp, not 'all'" SEE(" reset"));
    ck_assert_captured(
        lpa("reset", "test", "everything"), 2, "",
        "softeuicc lpa reset: reset knows operational, test and smdp, not 'everything'" SEE(" reset"));
    ck_assert_captured(
        lpa("notifications", "burn"), 2, "",
        "softeuicc lpa notifications: notifications takes process or remove [SEQ], not 'burn'" SEE(
            " notifications"));
    ck_assert_captured(
        lpa("notifications", "process", "1"), 2, "",
        "softeuicc lpa notifications: notifications takes process or remove [SEQ], not 'process "
        "\xE2\x80\xA6'" SEE(" notifications"));
    ck_assert_captured(lpa("notifications", "remove", "one"), 2, "",
                       "softeuicc lpa notifications: 'one' is not a sequence number" SEE(" notifications"));
    ck_assert_captured(
        lpa("notifications", "remove", "-1"), 2, "",
        "softeuicc lpa notifications: there is no option '-1'; a number below zero stands behind '--'" SEE(
            " notifications"));
    ck_assert_captured(lpa("download", "nonsense"), 2, "",
                       "softeuicc lpa download: 'nonsense' is not an activation code: it is not of the form "
                       "1$ADDRESS$MATCHING-ID[$OID[$1]]" SEE(" download"));
    ck_assert_captured(
        lpa("download", "1$$X"), 2, "",
        "softeuicc lpa download: '1$$X' is not an activation code: the SM-DP+ address is empty" SEE(
            " download"));
    ck_assert_int_eq(state_of(ICCID_A), 0);
    stop();
}
END_TEST

START_TEST(names_of_profiles)
{
    static const char *const bad[] = {
        "",         "12",     "89490000000000001", "894900000000000001799", "8949000000000000x17",
        AID "110G", AID "11", AID "100000"};
    static const char *const commands[] = {"enable", "disable", "delete", "nickname"};

    start_with_profiles();
    for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            char line[200];
            bool told = c == 3 && strlen(bad[i]) > 20;

            snprintf(line, sizeof(line), "softeuicc lpa: '%s' is %s\n", bad[i],
                     told ? "not an ICCID (18 to 20 digits)"
                          : "neither an ICCID (18 to 20 digits) nor an ISD-P AID (32 hexadecimal digits)");
            ck_assert_captured(lpa(commands[c], bad[i]), 1, "", line);
        }
    }
    stop();
}
END_TEST

START_TEST(cards_that_are_not_there)
{
    char line[400];

    start_with_profiles();
    remove(path);
    ck_assert_int_eq(lpa("info").status, 1);
    ck_assert_ptr_nonnull(strstr(lpa("info").err, path));
    snprintf(line, sizeof(line), "%s", lpa("info").err);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    bench.card = NULL;
    stop();
}
END_TEST

/* A card of another process is not shared. */
START_TEST(cards_in_use)
{
    struct captured captured;

    start();
    captured = lpa("info");
    ck_assert_int_eq(captured.status, 1);
    ck_assert_str_eq(captured.out, "");
    ck_assert_msg(strstr(captured.err, "in use") != NULL, "%s", captured.err);
    stop();
}
END_TEST

START_TEST(downloads_that_do_not_begin)
{
    start();
    hand_over();
    ck_assert_captured(
        lpa("download", "-"), 1, "",
        "softeuicc lpa: the card has no default SM-DP+ address (set it with 'softeuicc lpa default-smdp "
        "ADDRESS')\n");
    ck_assert_captured(
        lpa("download", "1$localhost:1$X$$1"), 1, "",
        "softeuicc lpa: this activation code needs a confirmation code: --confirmation CODE\n");
    ck_assert_captured(lpa("download", "1$local/host$X"), 1, "",
                       "softeuicc lpa: 'local/host' is not a server address (FQDN, optionally :port)\n");
    ck_assert_ptr_nonnull(
        strstr(lpa("download", "1$localhost:1$X").err, "localhost:1: initiateAuthentication: "));
    ck_assert_int_eq(lpa("default-smdp", "localhost:1").status, 0);
    ck_assert_ptr_nonnull(strstr(lpa("download", "-").err, "localhost:1: initiateAuthentication: "));
    ck_assert_captured(lpa("discover", "--smds", "a b"), 2, "",
                       "softeuicc lpa discover: --smds is not a server's address: a b" SEE(" discover"));
    stop();
}
END_TEST

TEST_MAIN("lpa_card", info, list, states, nickname, notifications, reset, usage, names_of_profiles,
          cards_that_are_not_there, cards_in_use, downloads_that_do_not_begin)
