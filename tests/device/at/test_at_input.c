/* device/at/at_input: command lines from octets that come in pieces, with echo and corrections. */
#include "device/at/at_input.h"

#include "tests/support/test.h"

#include <string.h>

/* What came of a stream: the lines, each between brackets, "long" for one that was too long. */
struct outcome {
    struct buf lines, echo;
};

static void take(struct at_input *input, struct span octets, struct outcome *outcome)
{
    while (octets.size > 0) {
        switch (at_input_take(input, &octets, &outcome->echo)) {
        case AT_INPUT_LINE:
            buf_append_octet(&outcome->lines, '[');
            buf_append(&outcome->lines, buf_span(&input->line));
            buf_append_octet(&outcome->lines, ']');
            break;
        case AT_INPUT_LONG:
            buf_append(&outcome->lines, SPAN_STRING("long"));
            break;
        default:
            ck_assert_uint_eq(octets.size, 0);
        }
    }
}

static void end(struct outcome *outcome)
{
    buf_free(&outcome->lines);
    buf_free(&outcome->echo);
}

/* In two pieces, however it is cut, or octet for octet: always the same. */
static void check_stream(const char *stream, const char *lines, const char *echo)
{
    struct span whole = span_of_string(stream);

    for (size_t cut = 0; cut <= whole.size; cut++) {
        struct outcome outcome = {0};
        struct at_input input;

        at_input_begin(&input);
        take(&input, SPAN(whole.data, cut), &outcome);
        if (cut < whole.size)
            take(&input, SPAN(whole.data + cut, whole.size - cut), &outcome);
        else
            for (size_t i = 0; i < whole.size; i++)
                take(&input, SPAN(whole.data + i, 1), &outcome);
        if (cut < whole.size) {
            ck_assert_span(buf_span(&outcome.lines), span_of_string(lines));
            ck_assert_span(buf_span(&outcome.echo), span_of_string(echo));
        } else {
            ck_assert_uint_eq(outcome.echo.size, 2 * strlen(echo));
        }
        at_input_end(&input);
        end(&outcome);
    }
}

START_TEST(lines_end_with_carriage_returns)
{
    check_stream("AT\r", "[AT]", "AT\r");
    check_stream("AT\r\nATI\r\n", "[AT][ATI]", "AT\rATI\r");
    check_stream("\nA\nT\n\r", "[AT]", "AT\r");
    check_stream("AT", "", "AT");
    check_stream("\r\r", "[][]", "\r\r");
}
END_TEST

START_TEST(backspace_erases)
{
    check_stream("AX\bT\r", "[AT]", "AX\bT\r");
    check_stream("\b\bAT\r", "[AT]", "\b\bAT\r");
    check_stream("ATX\b\b\b\bAT\r", "[AT]", "ATX\b\b\b\bAT\r");
    check_stream("AX\b/\r", "[][]", "AX\b/\r");
}
END_TEST

/* Only what a program has typed: what a serial line adds, or a person's terminal, says nothing. */
START_TEST(control_characters_say_nothing)
{
    check_stream("\x1B\x1A"
                 "A\tT\x11\x13\x03\r",
                 "[AT]",
                 "\x1B\x1A"
                 "A\tT\x11\x13\x03\r");
}
END_TEST

START_TEST(a_line_is_repeated)
{
    check_stream("ATI\rA/", "[ATI][ATI]", "ATI\rA/");
    check_stream("ATI\ra/A/", "[ATI][ATI][ATI]", "ATI\ra/A/");
    check_stream("ATI\rA/\rA/\r", "[ATI][ATI][][ATI][]", "ATI\rA/\rA/\r");
    check_stream("A/", "[]", "A/");
    check_stream("ATA/\r", "[ATA/]", "ATA/\r");
}
END_TEST

START_TEST(other_characters_end_and_erase)
{
    struct outcome outcome = {0};
    struct at_input input;

    at_input_begin(&input);
    input.end = '\n';
    input.erase = 0x7F;
    input.echoes = false;
    take(&input, SPAN_STRING("AX\x7FT\n"), &outcome);
    at_input_set_defaults(&input);
    take(&input, SPAN_STRING("ATI\r"), &outcome);
    ck_assert_span(buf_span(&outcome.lines), SPAN_STRING("[AT][ATI]"));
    ck_assert_span(buf_span(&outcome.echo), SPAN_STRING("ATI\r"));
    at_input_end(&input);
    end(&outcome);
}
END_TEST

/* The longest is a line; one more octet, and it is none; the next one is. */
START_TEST(long_lines_are_told_once)
{
    struct outcome outcome = {0};
    struct at_input input;
    struct buf *line = test_buf();

    for (size_t i = 0; i < AT_INPUT_MAX; i++)
        buf_append_octet(line, 'x');
    at_input_begin(&input);
    input.echoes = false;
    take(&input, buf_span(line), &outcome);
    take(&input, SPAN_STRING("\r"), &outcome);
    ck_assert_uint_eq(outcome.lines.size, AT_INPUT_MAX + 2);
    buf_clear(&outcome.lines);
    take(&input, buf_span(line), &outcome);
    take(&input, SPAN_STRING("y\b\b\rAT\r"), &outcome);
    ck_assert_span(buf_span(&outcome.lines), SPAN_STRING("long[AT]"));
    ck_assert_uint_eq(outcome.echo.size, 0);
    at_input_end(&input);
    end(&outcome);
}
END_TEST

START_TEST(what_was_begun_is_forgotten)
{
    struct outcome outcome = {0};
    struct at_input input;

    at_input_begin(&input);
    take(&input, SPAN_STRING("ATI\rAT+CFUN=0"), &outcome);
    at_input_drop(&input);
    take(&input, SPAN_STRING("A/AT\r"), &outcome);
    ck_assert_span(buf_span(&outcome.lines), SPAN_STRING("[ATI][][AT]"));
    at_input_end(&input);
    end(&outcome);
}
END_TEST

TEST_MAIN("at_input", lines_end_with_carriage_returns, backspace_erases, control_characters_say_nothing,
          a_line_is_repeated, other_characters_end_and_erase, long_lines_are_told_once,
          what_was_begun_is_forgotten)
