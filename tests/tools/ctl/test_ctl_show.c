/* What `ctl show` and `ctl trace --follow` print of objects, known and hostile. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "euicc/softeuicc.h"
#include "tests/support/capture.h"
#include "tools/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show(void *context)
{
    return ctl_show(context) ? EXIT_OK : EXIT_FAILED;
}

static int print_trace(void *context)
{
    ctl_print_trace(context);
    return EXIT_OK;
}

static json_t *object(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);

    ck_assert_msg(json != NULL, "%s at %d", error.text, error.position);
    return json;
}

static const char *printed(int (*print)(void *context), json_t *json)
{
    struct captured captured = capture(print, json);

    ck_assert_int_eq(captured.status, EXIT_OK);
    ck_assert_str_eq(captured.err, "");
    return captured.out;
}

static const char *shown(const char *text)
{
    json_t *json = object(text);
    const char *out = printed(show, json);

    json_decref(json);
    return out;
}

static const char *traced(const char *text)
{
    json_t *json = object(text);
    const char *out = printed(print_trace, json);

    json_decref(json);
    return out;
}

#define RUNNING                                                                                              \
    "{\"eid\":\"89049032123451234512345678901235\",\"personality\":\"hybrid\",\"version\":\"0.1.0\","        \
    "\"svn\":\"3.1.0\",\"memory\":{\"size\":1048576,\"profiles\":4096,\"crls\":0},\"memory_free\":1044480,"  \
    "\"default_smdp\":\"smdp.example.com\",\"root_smds\":null,\"enabled\":\"8949000000000000106\","          \
    "\"displaced_by_test\":\"8949000000000000205\",\"fallback_profile\":null,\"return_profile\":null,"       \
    "\"rollback\":{\"iccid\":\"8949000000000000304\",\"eim_id\":\"eim.example.com\",\"counter\":7},"         \
    "\"emergency\":{\"active\":true,\"return_profile\":\"8949000000000000403\"},"                            \
    "\"immediate_enable\":{\"on\":true,\"smdp_oid\":\"2.999.10\",\"smdp_address\":\"now.example.com\"},"     \
    "\"profiles\":[{\"iccid\":\"8949000000000000106\",\"state\":\"enabled\",\"class\":\"operational\","      \
    "\"name\":\"Name\",\"service_provider\":\"Z\xC3\xBCrich\",\"nickname\":\"Nick\",\"fallback\":true,"      \
    "\"ecall\":true,\"ppr1\":true,\"ppr2\":true},"                                                           \
    "{\"iccid\":\"8949000000000000205\",\"state\":\"disabled\",\"class\":\"test\",\"name\":\"A longer "      \
    "name\","                                                                                                \
    "\"service_provider\":\"Op\",\"nickname\":\"\",\"fallback\":false,\"ecall\":false,\"ppr1\":false,"       \
    "\"ppr2\":true}],"                                                                                       \
    "\"eims\":[{\"eim_id\":\"eim.example.com\",\"fqdn\":\"eim.example.com\",\"counter\":12,"                 \
    "\"association_token\":null}],"                                                                          \
    "\"package_results\":[{\"sequence\":3,\"eim_id\":\"eim.example.com\",\"counter\":11,\"octets\":200}],"   \
    "\"notifications\":[{\"sequence\":4,\"operation\":\"enable\",\"iccid\":\"8949000000000000106\","         \
    "\"address\":\"smdp.example.com\"}],"                                                                    \
    "\"powered\":true,\"protocol\":\"T=0\",\"power_cut_in\":5,"                                              \
    "\"channels\":[{\"channel\":0,\"file\":\"3F00/7FFF/6F07\",\"file_name\":\"EF.IMSI\",\"aid\":\"A0\"},"    \
    "{\"channel\":1,\"application\":\"ISD-R\",\"aid\":\"A000\"},{\"channel\":2,\"file\":\"3F00\"}],"         \
    "\"rsp_session\":{\"stage\":\"prepared\",\"transaction_id\":\"00FF\"},"                                  \
    "\"toolkit\":{\"session\":\"announced\",\"pending\":2},\"time\":\"2026-01-31T23:59:59Z\","               \
    "\"run\":{\"file\":\"card.db\",\"pid\":42,\"slot\":1,\"host\":\"localhost\",\"port\":35963,"             \
    "\"inserted\":true,\"connected\":true,\"trace\":true,\"uptime\":61,\"commands\":9,\"resets\":2,"         \
    "\"power_cuts\":1,\"clock_ahead\":-2.5}}"

START_TEST(a_running_card)
{
    ck_assert_str_eq(shown(RUNNING),
                     "EID                89049032123451234512345678901235\n"
                     "Personality        hybrid; softeuicc 0.1.0, SGP.22 3.1.0\n"
                     "Memory             1044480 of 1048576 octets free\n"
                     "Default SM-DP+     smdp.example.com\n"
                     "Root SM-DS         none\n"
                     "Reader             slot 1, vpcd localhost:35963, connected, powered, T=0\n"
                     "Running            for 61 s (process 42): 9 commands, 2 resets\n"
                     "Power cuts         1\n"
                     "Time               2026-01-31T23:59:59Z (-2.500 s ahead of this machine's clock)\n"
                     "Trace              on\n"
                     "Enabled profile    8949000000000000106\n"
                     "Displaced by test  8949000000000000205\n"
                     "Fallback profile   none\n"
                     "Return profile     none\n"
                     "Rollback           to 8949000000000000304, granted by eim.example.com with package 7\n"
                     "Emergency          active; before it 8949000000000000403\n"
                     "Immediate enable   on now.example.com 2.999.10\n"
                     "RSP session        prepared, transaction 00FF\n"
                     "Toolkit            announced, 2 commands pending\n"
                     "Power cut in       5\n"
                     "\n"
                     "Profiles\n"
                     "  ICCID                STATE     CLASS        NAME           PROVIDER  MARKS\n"
                     "  8949000000000000106  enabled   operational  Nick           Z\xC3\xBCrich    fallback "
                     "emergency PPR1 PPR2\n"
                     "  8949000000000000205  disabled  test         A longer name  Op        PPR2\n"
                     "\n"
                     "Associated eIMs\n"
                     "  EIM              FQDN             COUNTER  TOKEN\n"
                     "  eim.example.com  eim.example.com  12\n"
                     "\n"
                     "Package results that wait for their eIM\n"
                     "  NUMBER  EIM              COUNTER  OCTETS\n"
                     "  3       eim.example.com  11       200\n"
                     "\n"
                     "Pending notifications\n"
                     "  NUMBER  OPERATION  ICCID                ADDRESS\n"
                     "  4       enable     8949000000000000106  smdp.example.com\n"
                     "\n"
                     "Logical channels\n"
                     "  CHANNEL  SELECTED                AID\n"
                     "  0        3F00/7FFF/6F07 EF.IMSI  A0\n"
                     "  1        ISD-R                   A000\n"
                     "  2        3F00\n");
}
END_TEST

/* The line with this label; NULL: there is none. */
static const char *value(const char *out, const char *label)
{
    static char line[1024];
    size_t size = strlen(label);

    for (; *out != '\0'; out += strcspn(out, "\n") + 1) {
        if (strncmp(out, label, size) != 0 || out[size] != ' ')
            continue;
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(out + 19, "\n"), out + 19);
        return line;
    }
    return NULL;
}

static void assert_value(const char *text, const char *label, const char *expected)
{
    const char *actual = value(shown(text), label);

    ck_assert_msg(actual != NULL, "no %s", label);
    ck_assert_str_eq(actual, expected);
}

START_TEST(a_card_at_rest)
{
    const char *out = shown("{\"eid\":\"89\",\"rollback\":null,\"emergency\":{\"active\":false},"
                            "\"immediate_enable\":{\"on\":false},\"profiles\":[],\"time\":\"T\","
                            "\"rsp_session\":{\"stage\":\"none\",\"transaction_id\":null}}");

    ck_assert_str_eq(value(out, "Running"), "no");
    ck_assert_str_eq(value(out, "Time"), "T");
    ck_assert_str_eq(value(out, "Rollback"), "not granted");
    ck_assert_str_eq(value(out, "Emergency"), "not active");
    ck_assert_str_eq(value(out, "Immediate enable"), "off");
    ck_assert_str_eq(value(out, "RSP session"), "none");
    ck_assert_str_eq(value(out, "Enabled profile"), "none");
    ck_assert_ptr_null(value(out, "Displaced by test"));
    ck_assert_ptr_null(value(out, "Power cut in"));
    ck_assert_ptr_null(value(out, "Reader"));
    ck_assert_ptr_null(value(out, "Profiles"));
    ck_assert_ptr_null(strstr(out, "Profiles"));
}
END_TEST

START_TEST(where_the_card_is)
{
#define RUN(inserted, connected, powered)                                                                    \
    "{\"powered\":" powered ",\"protocol\":\"T=1\",\"run\":{\"slot\":0,\"host\":\"h\",\"port\":1,"           \
    "\"inserted\":" inserted ",\"connected\":" connected ",\"power_cuts\":0,\"clock_ahead\":0.0}}"
    assert_value(RUN("false", "true", "false"), "Reader", "slot 0, vpcd h:1, taken out, not powered, T=1");
    assert_value(RUN("true", "false", "false"), "Reader", "slot 0, vpcd h:1, no reader, not powered, T=1");
    assert_value(RUN("true", "true", "true"), "Reader", "slot 0, vpcd h:1, connected, powered, T=1");
    assert_value(RUN("true", "true", "true"), "Trace", "off");
    ck_assert_ptr_null(value(shown(RUN("true", "true", "true")), "Power cuts"));
    assert_value("{\"time\":\"T\",\"run\":{\"clock_ahead\":0}}", "Time", "T");
}
END_TEST

START_TEST(what_is_not_there_is_left_out)
{
    ck_assert_str_eq(shown("{}"), "Default SM-DP+     none\n"
                                  "Root SM-DS         none\n"
                                  "Running            no\n"
                                  "Enabled profile    none\n"
                                  "Fallback profile   none\n"
                                  "Return profile     none\n"
                                  "Rollback           not granted\n"
                                  "Emergency          not active\n"
                                  "Immediate enable   off\n");
}
END_TEST

/* --- hostile objects ----------------------------------------------------------------------------- */

/* No control character but the line's end, and nothing that is not UTF-8. */
static void assert_clean(const char *out)
{
    json_t *text = json_string(out);

    ck_assert_msg(text != NULL, "not UTF-8: %s", out);
    json_decref(text);
    for (; *out != '\0'; out++) { /* check writes down every assertion */
        bool control = ((unsigned char)*out < 0x20 && *out != '\n') || *out == 0x7F ||
                       (out[0] == '\xC2' && (unsigned char)out[1] < 0xA0);

        if (control)
            ck_abort_msg("%02X", (unsigned char)*out);
    }
}

static const char *const hostile[] = {
    "null",
    "true",
    "-9223372036854775808",
    "1e308",
    "\"\"",
    "\"a\\u001b[31m\\n\\r\\t\\u007f\\u009b2J\\u0085\"",
    "[]",
    "[[],{},1,\"x\",null]",
    "{}",
    "{\"iccid\":[],\"active\":1}",
    NULL, /* a text that is longer than any place for it */
};

static json_t *hostile_value(const char *text)
{
    static char longest[200000];

    if (text != NULL)
        return json_loads(text, JSON_DECODE_ANY, NULL);
    longest[0] = 'x'; /* so that a cut is inside a character */
    for (size_t i = 1; i + 2 < sizeof(longest); i += 2)
        memcpy(longest + i, "\xC3\xBC", 2);
    return json_string(longest);
}

struct spoiling {
    int (*print)(void *context);
    json_t *whole;
    unsigned count; /* of what was printed */
};

/* Prints the whole with each member of `object`, at any depth, being something else. */
static void spoil(struct spoiling *spoiling, json_t *object)
{
    const char *key;
    json_t *before;
    void *next;

    json_object_foreach_safe(object, next, key, before)
    {
        char *name = strdup(key);

        ck_assert_ptr_nonnull(name);
        json_incref(before);
        for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++, spoiling->count++) {
            json_object_set_new(object, name, hostile_value(hostile[i]));
            spoiling->print(spoiling->whole);
        }
        json_object_set(object, name, before);
        spoil(spoiling, json_is_array(before) ? json_array_get(before, 0) : before);
        json_decref(before);
        free(name);
    }
}

static int spoil_whole(void *context)
{
    struct spoiling *spoiling = context;

    spoil(spoiling, spoiling->whole);
    return EXIT_OK;
}

/* Every member of the object was something else at least once, and what was printed then is clean. */
static void assert_spoiled(int (*print)(void *context), const char *text, unsigned count)
{
    struct spoiling spoiling = {.print = print, .whole = object(text)};
    json_t *unspoiled = object(text);
    struct captured captured = capture(spoil_whole, &spoiling);

    ck_assert_uint_eq(spoiling.count, count * sizeof(hostile) / sizeof(hostile[0]));
    assert_clean(captured.out);
    ck_assert_str_eq(captured.err, "");
    ck_assert_str_eq(printed(print, spoiling.whole), printed(print, unspoiled));
    json_decref(unspoiled);
    json_decref(spoiling.whole);
}

START_TEST(hostile_cards)
{
    assert_spoiled(show, RUNNING, 81);
}
END_TEST

#define WITH_IPAE                                                                                            \
    "{\"ipae\":{\"active\":true,\"strict\":true,\"polling\":false,\"next_poll\":\"T2\",\"poll_interval\":"   \
    "10,"                                                                                                    \
    "\"network\":\"terminal\",\"lost_since\":\"T0\",\"on_trial\":true,\"return_at\":\"T9\",\"plmn\":\"262-"  \
    "01\","                                                                                                  \
    "\"imei\":\"35\",\"settings\":[{\"name\":\"poll-interval\",\"value\":\"900\"},"                          \
    "{\"name\":\"poll-interval\",\"eim_id\":\"e\",\"value\":\"90\"},{\"name\":\"nothing\"}],"                \
    "\"eims\":[{\"eim_id\":\"e\",\"last_poll\":\"T1\",\"next_poll\":\"T2\",\"failures\":3,"                  \
    "\"failure\":\"no network\"},{\"eim_id\":\"f\",\"failures\":0}]}}"

START_TEST(an_ipae)
{
    const char *out = shown(WITH_IPAE);

    ck_assert_str_eq(value(out, "IPAe"), "active, network of the terminal, strict, next poll T2");
    ck_assert_str_eq(
        value(out, "IPAe's watch"),
        "nothing from the network since T0, the profile is on trial, the profile before is tried "
        "at T9, the eIM knows network 262-01, IMEI 35");
    if (softeuicc_setting_at(0) != NULL) {
        ck_assert_str_eq(value(out, "IPAe's setting"), "poll-interval = 15m");
        ck_assert_ptr_nonnull(strstr(out, "\nIPAe's setting     poll-interval = 90s, for eIM e\n"));
    }
    ck_assert_ptr_nonnull(strstr(out, "\nIPAe's setting     nothing = none\n"));
    ck_assert_ptr_nonnull(strstr(out, "\nPolls of eIMs\n"
                                      "  EIM  LAST POLL  NEXT POLL  FAILURES  WHY\n"
                                      "  e    T1         T2                3  no network\n"
                                      "  f                                 0\n"));
    out = shown("{\"ipae\":{\"active\":false,\"polling\":true,\"on_trial\":false,\"eims\":[]}}");
    ck_assert_str_eq(value(out, "IPAe"), "not active, no network yet, polling");
    ck_assert_ptr_null(value(out, "IPAe's watch"));
    ck_assert_ptr_null(strstr(out, "Polls of eIMs"));
}
END_TEST

static int say_settings(void *context)
{
    (void)ctl_say_ipae(context);
    return EXIT_OK;
}

START_TEST(hostile_ipaes)
{
    assert_spoiled(show, WITH_IPAE, 21);
    assert_spoiled(
        say_settings,
        "{\"settings\":[{\"name\":\"a\",\"kind\":\"seconds\",\"value\":\"10\",\"default\":\"900\","
        "\"set\":true,\"per_eim\":true,\"meaning\":\"m\",\"eims\":[{\"eim_id\":\"e\",\"value\":\"1\"}]"
        "}]}",
        11);
}
END_TEST

START_TEST(texts_stay_on_their_line)
{
    const char *out = shown("{\"default_smdp\":\"a\\n\\u001b]0;b\\u0007\\u009b2J\","
                            "\"profiles\":[{\"name\":\"x\\ny\",\"iccid\":\"\\r\"}]}");

    ck_assert_str_eq(value(out, "Default SM-DP+"), "a??]0;b???2J");
    ck_assert_ptr_nonnull(strstr(out, "\n  ?                    x?y\n"));
}
END_TEST

/* --- trace --------------------------------------------------------------------------------------- */

#define AT "{\"time\":\"2026-11-22 03:01:02.345678\",\"slot\":3,"

START_TEST(lines_of_a_trace)
{
    ck_assert_str_eq(traced(AT "\"command\":\"81E2\"}"), "2026-11-22 03:01:02.345678 slot 3 > 81E2\n");
    ck_assert_str_eq(traced(AT "\"event\":\"power off\"}"), "2026-11-22 03:01:02.345678 slot 3: power off\n");
    ck_assert_str_eq(
        traced(AT "\"data\":\"\",\"status\":\"6115\",\"meaning\":\"response available\","
                  "\"function\":\"ES10c.GetEID\",\"ms\":0.021}"),
        "2026-11-22 03:01:02.345678 slot 3 < 6115  ES10c.GetEID: response available (0.021 ms)\n");
    ck_assert_str_eq(traced(AT "\"data\":\"BF3E\",\"status\":\"9000\",\"meaning\":\"ok\",\"function\":\"f\","
                               "\"ms\":1}"),
                     "2026-11-22 03:01:02.345678 slot 3 < BF3E 9000  f: ok (1.000 ms)\n");
}
END_TEST

/* A command may be as long as one is; what is not in hexadecimal is no command. */
START_TEST(octets_of_a_trace)
{
    size_t size = 2 * 65544;
    char *digits = calloc(1, size + 1);
    json_t *entry = object("{\"time\":\"T\",\"slot\":0}");
    const char *out;

    ck_assert_ptr_nonnull(digits);
    memset(digits, 'A', size);
    json_object_set_new(entry, "command", json_string(digits));
    out = printed(print_trace, entry);
    ck_assert_uint_eq(strlen(out), strlen("T slot 0 > \n") + size);
    ck_assert_ptr_nonnull(strstr(out, digits));
    ck_assert_str_eq(traced("{\"time\":\"T\",\"slot\":0,\"command\":\"80F2\\u001b[31m\"}"),
                     "T slot 0 > 80F2\n");
    out = traced("{\"time\":\"T\",\"slot\":0,\"data\":\"80\\u001b[31m\"}");
    ck_assert_ptr_eq(strstr(out, "T slot 0 < 80   : "), out);
    json_decref(entry);
    free(digits);
}
END_TEST

START_TEST(hostile_traces)
{
    static const char *const entries[] = {
        AT "\"command\":\"81E2\"}",
        AT "\"event\":\"power off\"}",
        AT "\"data\":\"BF3E\",\"status\":\"9000\",\"meaning\":\"ok\",\"function\":\"f\",\"ms\":1}",
    };

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        assert_spoiled(print_trace, entries[i], i < 2 ? 3 : 7);
    assert_clean(traced("{}"));
}
END_TEST

TEST_MAIN("ctl show", a_running_card, a_card_at_rest, where_the_card_is, what_is_not_there_is_left_out,
          hostile_cards, an_ipae, hostile_ipaes, texts_stay_on_their_line, lines_of_a_trace,
          octets_of_a_trace, hostile_traces)
