/* device/at: what answers look like, and what is set by V.250's own commands. */
#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#include <string.h>

static struct at_bench bench;

#define ck_assert_raw(octets, expected) ck_assert_str_eq(at_bench_raw(&bench, (octets)), (expected))

START_TEST(answers_stand_between_line_ends)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("AT\r", "\r\nOK\r\n");
    ck_assert_raw("at\r\n", "\r\nOK\r\n");
    ck_assert_raw("AT+GMM\r", "\r\nvirtual modem\r\n\r\nOK\r\n");
    ck_assert_raw("AT+CGMI;+CGMM;+CGMR\r", "\r\nsofteuicc\r\n\r\nvirtual modem\r\n\r\n1\r\n\r\nOK\r\n");
    ck_assert_raw("ATI\r", "\r\nsofteuicc\r\n\r\nvirtual modem\r\n\r\nRevision: 1\r\n\r\nOK\r\n");
    ck_assert_raw("AT+NOTHING\r", "\r\nERROR\r\n");
    ck_assert_raw("ATD*99#\r", "\r\nERROR\r\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(noise_is_passed_over)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("\r\r\n", "");
    ck_assert_raw("hello\r", "");
    ck_assert_raw("\x1B", "");
    ck_assert_raw("AT\r", "\r\nOK\r\n");
    at_bench_free(&bench);
}
END_TEST

/* Only the first that fails is told, and what is behind it is not done. */
START_TEST(a_line_ends_with_what_fails)
{
    at_bench_fake(&bench, "generic");
    ck_assert_at(&bench, "AT+CMEE=1;+GMI;+NOTHING;+CMEE=2", "softeuicc|ERROR");
    ck_assert_at(&bench, "AT+CMEE?", "+CMEE: 1|OK");
    ck_assert_at(&bench, "AT+CMEE=2;+CIMI 5", "ERROR");
    ck_assert_at(&bench, "AT+CMEE?", "+CMEE: 2|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(echo_is_switched)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("ATE1\r", "\r\nOK\r\n");
    ck_assert_raw("ATI7\r\n", "ATI7\r\r\nsofteuicc\r\n\r\nvirtual modem\r\n\r\nRevision: 1\r\n\r\nOK\r\n");
    ck_assert_raw("AXX\b\bT\r", "AXX\b\bT\r\r\nOK\r\n");
    ck_assert_raw("A", "A");
    ck_assert_raw("TE\r", "TE\r\r\nOK\r\n");
    ck_assert_raw("AT\r", "\r\nOK\r\n");
    ck_assert_raw("ATE2\r", "\r\nERROR\r\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(results_are_words_or_digits)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("ATV0\r", "0\r");
    ck_assert_raw("AT+GMM\r", "virtual modem\r\n0\r");
    ck_assert_raw("AT+NOTHING\r", "4\r");
    ck_assert_raw("AT+CMEE=1;+CMEE=9\r", "+CME ERROR: 50\r");
    ck_assert_raw("ATV1\r", "\r\nOK\r\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(results_are_hidden)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("ATQ1\r", "");
    ck_assert_raw("AT+GMM\r", "\r\nvirtual modem\r\n");
    ck_assert_raw("AT+NOTHING\r", "");
    ck_assert_raw("ATQ0\r", "\r\nOK\r\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(errors_are_told_in_three_ways)
{
    at_bench_fake(&bench, "generic");
    ck_assert_at(&bench, "AT+CMEE?", "+CMEE: 0|OK");
    ck_assert_at(&bench, "AT+CMEE=?", "+CMEE: (0-2)|OK");
    ck_assert_at(&bench, "AT+CSIM=7,\"00\"", "ERROR");
    ck_assert_at(&bench, "AT+CMEE=1", "OK");
    ck_assert_at(&bench, "AT+CSIM=7,\"00\"", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+CMEE=3", "+CME ERROR: 50");
    ck_assert_at(&bench, "AT+NOTHING", "ERROR");
    ck_assert_at(&bench, "AT+CMEE=2", "OK");
    ck_assert_at(&bench, "AT+CSIM=7,\"00\"", "+CME ERROR: incorrect parameters");
    ck_assert_at(&bench, "AT+CMEE=", "OK");
    ck_assert_at(&bench, "AT+CMEE?", "+CMEE: 0|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(line_ends_are_registers)
{
    at_bench_fake(&bench, "generic");
    ck_assert_at(&bench, "ATS3?S4?S5?", "013|010|008|OK");
    ck_assert_raw("ATS4=32\r", "\r OK\r ");
    ck_assert_raw("ATS3=10S4=13\r", "\n\rOK\n\r");
    ck_assert_raw("AT\r+CMEE?\n", "\n\r+CMEE: 0\n\r\n\rOK\n\r");
    ck_assert_raw("AT&F0\n", "\r\nOK\r\n");
    ck_assert_raw("ATE0\r", "ATE0\r\r\nOK\r\n");
    ck_assert_at(&bench, "ATS3=128", "ERROR");
    ck_assert_at(&bench, "ATS9?", "ERROR");
    ck_assert_raw("ATS5=88\r", "\r\nOK\r\n");
    ck_assert_raw("ATZZXX+GMMXI\r", "\r\nsofteuicc\r\n\r\nOK\r\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(settings_go_back_to_the_start)
{
    at_bench_fake(&bench, "generic");
    ck_assert_at(&bench, "AT+CMEE=2;+CREG=2;+COPS=3,0", "OK");
    ck_assert_raw("ATV0Q1Z\r", "\r\nOK\r\n");
    ck_assert_raw("AT\r", "AT\r\r\nOK\r\n");
    ck_assert_raw("ATE0\r", "ATE0\r\r\nOK\r\n");
    ck_assert_at(&bench, "AT+CMEE?;+CREG?;+COPS?", "+CMEE: 0|+CREG: 0,1|+COPS: 0,2,\"26201\",9|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(the_line_before_is_said_again)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("AT+GMM\r", "\r\nvirtual modem\r\n\r\nOK\r\n");
    ck_assert_raw("A/", "\r\nvirtual modem\r\n\r\nOK\r\n");
    ck_assert_raw("\ra/", "\r\nvirtual modem\r\n\r\nOK\r\n");
    at_bench_free(&bench);
}
END_TEST

/* Too long by one octet: one ERROR, and the next line is as good as ever. */
START_TEST(a_long_line_is_one_error)
{
    struct buf *line = test_buf();

    at_bench_fake(&bench, "generic");
    buf_append(line, SPAN_STRING("AT+CSIM="));
    while (line->size <= 131328)
        buf_append_octet(line, '0');
    buf_append(line, SPAN_STRING("\rAT+GMM\r"));
    at_receive(bench.at, buf_span(line));
    ck_assert_str_eq(at_bench_heard(&bench), "ERROR|virtual modem|OK");
    at_bench_free(&bench);
}
END_TEST

/* A program that goes away leaves no half of a line to the next one, no whole one, and nothing that it has
 * set. */
START_TEST(what_was_begun_goes_with_the_program)
{
    at_bench_fake(&bench, "generic");
    ck_assert_raw("AT+CMEE=2;+CREG=2\rAT+CFUN=0;", "\r\nOK\r\n");
    at_left(bench.at);
    ck_assert_raw("A/", "A/");
    ck_assert_raw("AT+CMEE?;+CREG?\r", "AT+CMEE?;+CREG?\r\r\n+CMEE: 0\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n");
    at_bench_free(&bench);
}
END_TEST

START_TEST(numbers_of_the_modem)
{
    at_bench_fake(&bench, "generic");
    ck_assert_at(&bench, "AT+CGSN", "123456789012347|OK");
    ck_assert_at(&bench, "AT+GSN", "123456789012347|OK");
    ck_assert_at(&bench, "AT+CGSN=0", "123456789012347|OK");
    ck_assert_at(&bench, "AT+CGSN=1", "+CGSN: \"123456789012347\"|OK");
    ck_assert_at(&bench, "AT+CGSN=2", "+CGSN: \"1234567890123400\"|OK");
    ck_assert_at(&bench, "AT+CGSN=3", "+CGSN: \"00\"|OK");
    ck_assert_at(&bench, "AT+CGSN=4", "ERROR");
    ck_assert_at(&bench, "AT+CGSN=?", "+CGSN: (0-3)|OK");
    ck_assert_at(&bench, "AT+GCAP;+CPAS;+CSCS?;+CSCS=\"GSM\"", "+GCAP: +CGSM|+CPAS: 0|+CSCS: \"GSM\"|OK");
    ck_assert_at(&bench, "AT+CSCS=\"8859-1\"", "ERROR");
    at_bench_free(&bench);
}
END_TEST

/* Every command that is listed is there in some form. */
START_TEST(commands_are_listed)
{
    const char *list, *next;
    char line[40];
    unsigned count = 0;

    at_bench_fake(&bench, "generic");
    list = at_bench_say(&bench, "AT+CLAC");
    ck_assert_ptr_nonnull(strstr(list, "|AT+CSIM|"));
    ck_assert_ptr_nonnull(strstr(list, "|AT&F|"));
    ck_assert_ptr_null(strstr(list, "#CCID"));
    for (; strncmp(list, "OK", 2) != 0; list = next + 1, count++) {
        next = strchr(list, '|');
        snprintf(line, sizeof(line), "%.*s=?", (int)(next - list), list);
        if (list[2] != '+' || strncmp(list, "AT+COPS", 7) == 0)
            continue;
        ck_assert_msg(strstr(at_bench_say(&bench, "%s", line), "OK") != NULL, "%s", line);
    }
    ck_assert_uint_gt(count, 40);
    at_bench_free(&bench);
}
END_TEST

/* A person sees nothing that would do something to a terminal. */
START_TEST(a_person_is_told_the_lines)
{
    at_bench_fake(&bench, "generic");
    at_bench_raw(&bench, "AT+GMM\rAT\x7F\xC2\x9B\r\r");
    buf_append_octet(&bench.told, '\0');
    ck_assert_str_eq((const char *)bench.told.data, ">AT+GMM\n<virtual modem\n<OK\n>AT???\n<ERROR\n");
    at_bench_free(&bench);
}
END_TEST

TEST_MAIN("at_session", answers_stand_between_line_ends, noise_is_passed_over, a_line_ends_with_what_fails,
          echo_is_switched, results_are_words_or_digits, results_are_hidden, errors_are_told_in_three_ways,
          line_ends_are_registers, settings_go_back_to_the_start, the_line_before_is_said_again,
          a_long_line_is_one_error, what_was_begun_goes_with_the_program, numbers_of_the_modem,
          commands_are_listed, a_person_is_told_the_lines)
