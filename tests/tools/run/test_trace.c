/* tools/run/trace.c: the lines of the daemon, and the same as JSON, which ctl prints as the same lines. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "tests/support/capture.h"
#include "tools/ctl/ctl.h"
#include "tools/run/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT "2026-11-22 02:30:39.123456 slot 3"

static int print(void *context)
{
    trace_print(context);
    return EXIT_OK;
}

static int print_as_ctl(void *context)
{
    json_t *json = trace_json(context);

    ck_assert_ptr_nonnull(json);
    ctl_print_trace(json);
    json_decref(json);
    return EXIT_OK;
}

/* The daemon prints it so, and ctl makes the same line of its JSON. */
static void assert_line(struct trace_entry *entry, const char *line)
{
    setenv("TZ", "UTC", 1);
    entry->at = (struct timespec){1795314639, 123456789};
    entry->slot = 3;
    ck_assert_str_eq(capture(print, entry).out, line);
    ck_assert_str_eq(capture(print_as_ctl, entry).out, line);
}

START_TEST(lines)
{
    struct trace_entry event = {.kind = TRACE_EVENT, .text = "power off"};
    struct trace_entry command = {.kind = TRACE_COMMAND, .octets = hex("81E2910006BF3E035C015A")};
    struct trace_entry answer = {.kind = TRACE_ANSWER,
                                 .text = "ES10c.GetEID",
                                 .octets = hex("BF3E"),
                                 .status = 0x9000,
                                 .milliseconds = 0.0214};

    assert_line(&event, AT ": power off\n");
    assert_line(&command, AT " > 81E2910006BF3E035C015A\n");
    assert_line(&answer, AT " < BF3E 9000  ES10c.GetEID: ok (0.021 ms)\n");
    answer.octets = SPAN_NONE;
    answer.status = 0x6A82;
    assert_line(&answer, AT " < 6A82  ES10c.GetEID: file or application not found (0.021 ms)\n");
}
END_TEST

/* A command and an answer of any length are whole, also where the printer takes pieces. */
START_TEST(long_lines)
{
    static const size_t sizes[] = {63, 64, 65, 128, 65544};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct trace_entry command = {.kind = TRACE_COMMAND};
        struct buf *octets = test_buf();
        struct buf *line = test_buf();
        char two[3];

        buf_append(line, SPAN_STRING(AT " > "));
        for (size_t n = 0; n < sizes[i]; n++) {
            buf_append_octet(octets, (uint8_t)(n * 7));
            snprintf(two, sizeof(two), "%02X", (unsigned)(uint8_t)(n * 7));
            buf_append(line, SPAN(two, 2));
        }
        buf_append(line, SPAN("\n", 2));
        command.octets = buf_span(octets);
        assert_line(&command, (const char *)line->data);
    }
}
END_TEST

/* PIN, PUK and ADM codes are in no trace, whatever the class, the length field or the number of the code: all
 * that is behind the header is hidden. What is no such command is shown whole. */
START_TEST(codes_are_hidden)
{
    static const uint8_t instructions[] = {0x20, 0x24, 0x26, 0x28, 0x2C};
    static const uint8_t classes[] = {0x00, 0x03, 0x0C, 0x40, 0x4F, 0x80, 0xA0, 0xFF};
    static const char *const bodies[] = {"08313233343536FFFF", "0831323334FFFFFFFF31323334FFFFFFFF00",
                                         "000008313233343536FFFF", "3132"};

    for (size_t c = 0; c < sizeof(classes); c++) {
        for (unsigned ins = 0; ins < 256; ins++) {
            const bool hidden = memchr(instructions, (int)ins, sizeof(instructions)) != NULL;

            for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
                struct trace_entry command = {.kind = TRACE_COMMAND};
                char text[80];
                char line[160];

                snprintf(text, sizeof(text), "%02X%02X000A%s", (unsigned)classes[c], ins, bodies[i]);
                command.octets = hex(text);
                if (hidden)
                    memset(text + 10, '*', strlen(text) - 10);
                snprintf(line, sizeof(line), AT " > %s\n", text);
                assert_line(&command, line);
            }
        }
    }
}
END_TEST

/* A question for the counter has no code, and an answer none either. */
START_TEST(what_has_no_code_is_whole)
{
    struct trace_entry question = {.kind = TRACE_COMMAND, .octets = hex("0020000A")};
    struct trace_entry length = {.kind = TRACE_COMMAND, .octets = hex("0020000A00")};
    struct trace_entry answer = {
        .kind = TRACE_ANSWER, .text = "f", .octets = hex("0020000A0831323334"), .status = 0x9000};

    assert_line(&question, AT " > 0020000A\n");
    assert_line(&length, AT " > 0020000A00\n");
    assert_line(&answer, AT " < 0020000A0831323334 9000  f: ok (0.000 ms)\n");
}
END_TEST

START_TEST(entries_are_of_now)
{
    struct timespec before;
    struct timespec after;
    struct trace_entry entry;

    clock_gettime(CLOCK_REALTIME, &before);
    entry = trace_entry(TRACE_EVENT, 5, "reset", SPAN_NONE);
    clock_gettime(CLOCK_REALTIME, &after);
    ck_assert(entry.at.tv_sec >= before.tv_sec && entry.at.tv_sec <= after.tv_sec);
    ck_assert_int_eq(entry.kind, TRACE_EVENT);
    ck_assert_uint_eq(entry.slot, 5);
    ck_assert_str_eq(entry.text, "reset");
}
END_TEST

START_TEST(json)
{
    struct trace_entry answer = {.kind = TRACE_ANSWER,
                                 .at = {1795314639, 1000},
                                 .text = "f",
                                 .octets = hex("00FF"),
                                 .status = 0x0161,
                                 .milliseconds = 0.5};
    json_t *whole;
    char *text;

    setenv("TZ", "UTC", 1);
    whole = trace_json(&answer);
    json_object_del(whole, "meaning");
    text = json_dumps(whole, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"time\":\"2026-11-22 02:30:39.000001\",\"slot\":0,\"data\":\"00FF\","
                           "\"status\":\"0161\",\"function\":\"f\",\"ms\":0.5}");
    free(text);
    json_decref(whole);
}
END_TEST

TEST_MAIN("trace", lines, long_lines, codes_are_hidden, what_has_no_code_is_whole, entries_are_of_now, json)
