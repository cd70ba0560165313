/* tools/run/control_request.c: every request of docs/ctl.md, and what is none. */
#include "tests/support/test.h"
#include "tools/run/control_request.h"

#include <stdio.h>
#include <string.h>

static struct control_request parsed(const char *line)
{
    struct control_request request;
    char why[200] = "";

    ck_assert_msg(control_request_parse(span_of_string(line), &request, why, sizeof(why)), "%s: %s", line,
                  why);
    return request;
}

START_TEST(plain_commands)
{
    static const struct {
        const char *line;
        enum control_command command;
    } rows[] = {
        {"{\"command\":\"show\"}", CONTROL_SHOW},
        {" { \"command\" : \"power-cycle\" } \r", CONTROL_POWER_CYCLE},
        {"{\"command\":\"remove\"}", CONTROL_REMOVE},
        {"{\"command\":\"insert\"}", CONTROL_INSERT},
        {"{\"command\":\"cut\"}", CONTROL_CUT},
        {"{\"command\":\"time\"}", CONTROL_TIME},
        {"{\"command\":\"trace\"}", CONTROL_TRACE},
        {"{\"command\":\"ipae\"}", CONTROL_IPAE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_int_eq(parsed(rows[i].line).command, rows[i].command);
    ck_assert_uint_eq(parsed("{\"command\":\"cut\"}").after, 1);
    ck_assert_int_eq(parsed("{\"command\":\"time\"}").time, CONTROL_TIME_ASK);
    ck_assert_int_eq(parsed("{\"command\":\"trace\"}").trace, CONTROL_TRACE_ASK);
}
END_TEST

START_TEST(cuts_and_traces)
{
    ck_assert_uint_eq(parsed("{\"command\":\"cut\",\"after\":17}").after, 17);
    ck_assert_uint_eq(parsed("{\"after\":0,\"command\":\"cut\"}").after, 0);
    ck_assert_int_eq(parsed("{\"command\":\"trace\",\"set\":\"on\"}").trace, CONTROL_TRACE_ON);
    ck_assert_int_eq(parsed("{\"command\":\"trace\",\"set\":\"off\"}").trace, CONTROL_TRACE_OFF);
    ck_assert_int_eq(parsed("{\"command\":\"trace\",\"set\":\"follow\"}").trace, CONTROL_TRACE_FOLLOW);
}
END_TEST

static struct control_request time_set(const char *text)
{
    char line[128];

    snprintf(line, sizeof(line), "{\"command\":\"time\",\"set\":\"%s\"}", text);
    return parsed(line);
}

START_TEST(times)
{
    static const struct {
        const char *text;
        enum control_time time;
        int64_t milliseconds;
    } rows[] = {
        {"real", CONTROL_TIME_REAL, 0},
        {"1970-01-01", CONTROL_TIME_AT, 0},
        {"2026-11-22T02:30:39Z", CONTROL_TIME_AT, INT64_C(1795314639000)},
        {"2026-11-22T02:30:39", CONTROL_TIME_AT, INT64_C(1795314639000)},
        {"2026-11-22T04:30:39+02:00", CONTROL_TIME_AT, INT64_C(1795314639000)},
        {"2026-11-21T21:00:39-05:30", CONTROL_TIME_AT, INT64_C(1795314639000)},
        {"9999-12-31T23:59:59Z", CONTROL_TIME_AT, INT64_C(253402300799000)},
        {"+3600", CONTROL_TIME_BY, 3600000},
        {"+99999999999999999999", CONTROL_TIME_BY, INT64_C(1000000000000000)}, /* beyond any clock's end */
        {"-99999999999999999999", CONTROL_TIME_BY, INT64_C(-1000000000000000)},
        {"-60", CONTROL_TIME_BY, -60000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_msg(time_set(rows[i].text).time == rows[i].time, "%s", rows[i].text);
        ck_assert_msg(time_set(rows[i].text).milliseconds == rows[i].milliseconds, "%s", rows[i].text);
    }
}
END_TEST

START_TEST(settings)
{
    static const char line[] = "{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1h\"},"
                               "{\"name\":\"quiet-hours\",\"value\":\"\",\"eim\":\"\xC3\xBC\"},{\"name\":"
                               "\"\",\"value\":\"default\"}]}";
    static struct control_request request;
    char why[200] = "";

    ck_assert_msg(control_request_parse(SPAN_STRING(line), &request, why, sizeof(why)), "%s", why);
    ck_assert_int_eq(request.command, CONTROL_IPAE);
    ck_assert_uint_eq(request.settings_count, 3);
    ck_assert_str_eq(request.settings[0].name, "a");
    ck_assert_ptr_null(request.settings[0].eim);
    ck_assert_str_eq(request.settings[0].value, "1h");
    ck_assert_str_eq(request.settings[1].name, "quiet-hours");
    ck_assert_str_eq(request.settings[1].eim, "\xC3\xBC");
    ck_assert_str_eq(request.settings[1].value, "");
    ck_assert_ptr_null(request.settings[2].value);
}
END_TEST

/* As many as one request may set, and one more. */
START_TEST(many_settings)
{
    static struct control_request request;

    for (unsigned count = CONTROL_SETTINGS_MAX; count <= CONTROL_SETTINGS_MAX + 1; count++) {
        char line[CONTROL_LINE_MAX] = "{\"command\":\"ipae\",\"set\":[";
        char why[200] = "";

        for (unsigned i = 0; i < count; i++)
            snprintf(line + strlen(line), sizeof(line) - strlen(line),
                     "%s{\"name\":\"retry-limit\",\"value\":\"0.1y\"}", i > 0 ? "," : "");
        strcat(line, "]}");
        ck_assert(control_request_parse(span_of_string(line), &request, why, sizeof(why)) ==
                  (count == CONTROL_SETTINGS_MAX));
        if (count > CONTROL_SETTINGS_MAX)
            ck_assert_str_eq(why, "\"set\" is a list of 1 to 64 settings");
    }
}
END_TEST

START_TEST(what_is_no_request_is_refused_with_one_line)
{
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"", "not JSON"},
        {"{", "not JSON"},
        {"\x01\x80\xFF", "not JSON"},
        {"null", "not JSON"},
        {"[]", "\"command\""},
        {"[\"show\"]", "\"command\""},
        {"{}", "\"command\""},
        {"{\"command\":1}", "\"command\""},
        {"{\"command\":\"\"}", "no command"},
        {"{\"command\":\"SHOW\"}", "no command"},
        {"{\"command\":\"shut down \xC3\xA4\\u0007\"}", "no command \"shut down ???\""},
        {"{\"command\":\"show\"} x", "not JSON"},
        {"{\"command\":\"show\"}{\"command\":\"show\"}", "not JSON"},
        {"{\"command\":\"show\",\"command\":\"cut\"}", "not JSON"},
        {"{\"command\":\"show\",\"after\":1}", "knows no \"after\""},
        {"{\"command\":\"cut\",\"set\":1}", "knows no \"set\""},
        {"{\"command\":\"cut\",\"after\":-1}", "0 to"},
        {"{\"command\":\"cut\",\"after\":1.5}", "0 to"},
        {"{\"command\":\"cut\",\"after\":\"1\"}", "0 to"},
        {"{\"command\":\"cut\",\"after\":1000001}", "0 to"},
        {"{\"command\":\"cut\",\"after\":99999999999999999999}", "not JSON"},
        {"{\"command\":\"trace\",\"set\":true}", "\"follow\""},
        {"{\"command\":\"trace\",\"set\":\"loud\"}", "\"follow\""},
        {"{\"command\":\"time\",\"set\":0}", "a time is"},
        {"{\"command\":\"ipae\",\"name\":\"poll-interval\"}", "knows no \"name\""},
        {"{\"command\":\"ipae\",\"set\":null}", "a list of 1 to"},
        {"{\"command\":\"ipae\",\"set\":{}}", "a list of 1 to"},
        {"{\"command\":\"ipae\",\"set\":[]}", "a list of 1 to"},
        {"{\"command\":\"ipae\",\"set\":[1]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[[\"name\",\"value\"]]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\"}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"value\":\"1\"}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":1}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":null}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\",\"eim\":1}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\",\"for\":\"e\"}]}", "a setting is"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\\u0000\"}]}", "not JSON"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"\xFF\"}]}", "not JSON"},
        {"{\"command\":\"ipae\",\"set\":[{\"name\":\"a\",\"value\":\"1\"},2]}", "a setting is"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct control_request request;
        char why[200] = "";

        ck_assert_msg(!control_request_parse(span_of_string(rows[i].line), &request, why, sizeof(why)), "%s",
                      rows[i].line);
        ck_assert_msg(strstr(why, rows[i].part) != NULL, "%s: %s", rows[i].line, why);
        for (const char *c = why; *c != '\0'; c++)
            ck_assert_msg(*c >= 0x20 && *c < 0x7F, "%s", rows[i].line);
    }
}
END_TEST

static void assert_time_refused(const char *text, const char *part)
{
    struct control_request request;
    char line[128];
    char why[200];

    snprintf(line, sizeof(line), "{\"command\":\"time\",\"set\":\"%s\"}", text);
    ck_assert_msg(!control_request_parse(span_of_string(line), &request, why, sizeof(why)), "%s", text);
    ck_assert_msg(strstr(why, part) != NULL, "%s: %s", text, why);
}

START_TEST(what_is_no_time_is_refused)
{
    static const char *const texts[] = {
        "",
        "now",
        "2026",
        "2026-02-31",
        "2026-13-01",
        "2026-00-01",
        "2026-1-1",
        " 2026-11-22",
        "202-11-22",
        "2026-11-22T",
        "2026-11-22T25:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T02:60:39Z",
        "2026-11-22T02:30:61Z",
        "2026-11-22T02:30Z",
        "2026-11-22 02:30:39",
        "2026-11-22T02:30:39 Z",
        "2026-11-22T02:30:39Zz",
        "2026-11-22T02:30:39+2",
        "2026-11-22T02:30:39+02:99",
        "2026-11-22T02:30:39+15:00",
        "+",
        "-",
        "+ 5",
        "++5",
        "+-5",
        "+5s",
        "+5.5",
        "1234567890-01-01",
        "real ",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_time_refused(texts[i], "a time is 2026-01-31T23:59:59Z, ");
}
END_TEST

/* What would be a time, were it not out of every clock's range, is told so. */
START_TEST(a_time_out_of_range_is_told_so)
{
    static const char *const texts[] = {
        "1969-12-31",
        "1969-12-31T23:59:59Z",
        "0000-01-01",
        "1970-01-01T00:00:00+01:00",
        "10000-01-01",
        "10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "123456789-01-01T00:00:00Z",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_time_refused(texts[i], CONTROL_TIME_RANGE);
}
END_TEST

START_TEST(a_line_has_an_end)
{
    static char line[CONTROL_LINE_MAX + 2];
    static char deep[CONTROL_LINE_MAX + 1];
    struct control_request request;
    char why[200] = "";

    memset(line, ' ', sizeof(line) - 1);
    memcpy(line, "{\"command\":\"show\"}", 18);
    ck_assert(control_request_parse(SPAN(line, CONTROL_LINE_MAX), &request, why, sizeof(why)));
    ck_assert(!control_request_parse(SPAN(line, CONTROL_LINE_MAX + 1), &request, why, sizeof(why)));
    ck_assert_ptr_nonnull(strstr(why, "no longer than"));
    memset(deep, '[', CONTROL_LINE_MAX);
    ck_assert(!control_request_parse(SPAN(deep, CONTROL_LINE_MAX), &request, why, sizeof(why)));
    /* A zero octet ends nothing. */
    ck_assert(!control_request_parse(SPAN("{\"command\":\"show\"}\0x", 20), &request, why, sizeof(why)));
}
END_TEST

/* Every beginning of a request, and every request with one octet changed: no crash, and never without a
 * reason. */
static void spoil_request(struct span good)
{
    struct control_request request;
    char line[200];

    ck_assert_uint_le(good.size, sizeof(line));
    for (size_t i = 0; i < good.size; i++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            char why[200] = "";

            memcpy(line, good.data, good.size);
            line[i] = (char)octet;
            if (!control_request_parse(SPAN(line, good.size), &request, why, sizeof(why)))
                ck_assert_uint_gt(strlen(why), 0);
        }
        ck_assert(!control_request_parse(SPAN(good.data, i), &request, line, sizeof(line)));
    }
}

START_TEST(hostile_lines)
{
    spoil_request(SPAN_STRING("{\"command\":\"time\",\"set\":\"2026-11-22T02:30:39+02:00\"}"));
    spoil_request(SPAN_STRING("{\"command\":\"ipae\",\"set\":[{\"name\":\"poll-interval\",\"eim\":\"e\","
                              "\"value\":\"15m\"}]}"));
}
END_TEST

TEST_MAIN("control request", plain_commands, cuts_and_traces, times, settings, many_settings,
          what_is_no_request_is_refused_with_one_line, what_is_no_time_is_refused,
          a_time_out_of_range_is_told_so, a_line_has_an_end, hostile_lines)
