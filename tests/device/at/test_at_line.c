/* device/at/at_line: command lines and parameters in pieces. */
#include "device/at/at_line.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static const char *form_name(enum at_form form)
{
    return form == AT_EXECUTE ? "!" : form == AT_READ ? "?" : form == AT_TEST ? "=?" : "=";
}

/* The commands of a line, a blank between them: name, form, parameters; "fails" for what is none. */
static const char *commands_of(struct span line)
{
    static char text[400];
    struct at_command command;
    size_t size = 0;

    if (!at_line_begin(&line))
        return "no line";
    text[0] = '\0';
    while (at_line_next(&line, &command)) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s%s%.*s", size > 0 ? " " : "",
                                 command.name, form_name(command.form), (int)command.parameters.size,
                                 (const char *)command.parameters.data);
        ck_assert_uint_lt(size, sizeof(text));
    }
    if (line.size > 0)
        snprintf(text + size, sizeof(text) - size, "%sfails", size > 0 ? " " : "");
    return text;
}

#define ck_assert_commands(line, expected) ck_assert_str_eq(commands_of(span_of_string(line)), (expected))

START_TEST(lines_begin_with_at)
{
    ck_assert_commands("AT", "");
    ck_assert_commands("at", "");
    ck_assert_commands("aT  ", "");
    ck_assert_commands("  AT", "");
    ck_assert_commands("", "no line");
    ck_assert_commands("A", "no line");
    ck_assert_commands("TA", "no line");
    ck_assert_commands("A T", "no line");
    ck_assert_commands("xAT", "no line");
}
END_TEST

START_TEST(basic_commands_follow_each_other)
{
    ck_assert_commands("ATE0V1", "E=0 V=1");
    ck_assert_commands("ATE0Q0V1X4&C1&D2S3=13I", "E=0 Q=0 V=1 X=4 &C=1 &D=2 S3=13 I!");
    ck_assert_commands("AT E 0 V 1 & F 1", "E=0 V=1 &F=1");
    ck_assert_commands("atz", "Z!");
    ck_assert_commands("ATS3?S4=10S5=", "S3? S4=10 S5=");
    ck_assert_commands("ATS3 = 13", "S3=13");
    ck_assert_commands("ATE0+CMEE=1", "E=0 +CMEE=1");
    ck_assert_commands("ATE0;V1", "E=0 fails");
}
END_TEST

START_TEST(dialling_takes_the_rest)
{
    ck_assert_commands("ATD", "D!");
    ck_assert_commands("ATE0D*99***1#", "E=0 D=*99***1#");
    ck_assert_commands("ATD123;+CMEE=1", "D=123;+CMEE=1");
    ck_assert_commands("AT&D2E0", "&D=2 E=0");
}
END_TEST

START_TEST(extended_commands_end_with_semicolons)
{
    ck_assert_commands("AT+CPIN?", "+CPIN?");
    ck_assert_commands("AT+cimi;+CpIn?;+CSIM=?;+CREG=2;E0", "+CIMI! +CPIN? +CSIM=? +CREG=2 E=0");
    ck_assert_commands("AT+CIMI;", "+CIMI!");
    ck_assert_commands("AT +CIMI ; +CREG = 2 ", "+CIMI! +CREG=2");
    ck_assert_commands("AT+CREG=", "+CREG=");
    ck_assert_commands("AT+CREG=??", "+CREG=??");
    ck_assert_commands("AT#CCID;^ICCID?;!ICCID;%XICCID;$A;*B=1", "#CCID! ^ICCID? !ICCID! %XICCID! $A! *B=1");
}
END_TEST

START_TEST(quotes_hide_semicolons)
{
    ck_assert_commands("AT+CSIM=1,\"a;b\";+CIMI", "+CSIM=1,\"a;b\" +CIMI!");
    ck_assert_commands("AT+X=\"a;b", "+X=\"a;b");
    ck_assert_commands("AT+X=\"a\"\"b;c\";Z", "+X=\"a\"\"b;c\" Z!");
}
END_TEST

/* At the end of a line as well, where nothing is left to be seen. */
START_TEST(what_is_no_command_fails)
{
    ck_assert_commands("AT+", "fails");
    ck_assert_commands("AT+;E0", "fails");
    ck_assert_commands("AT+CIMI 5", "fails");
    ck_assert_commands("AT+CIMI?5", "fails");
    ck_assert_commands("AT+CIMI\"", "fails");
    ck_assert_commands("AT+CMEE=1;+CIMI 5", "+CMEE=1 fails");
    ck_assert_commands("ATS", "fails");
    ck_assert_commands("ATS?", "fails");
    ck_assert_commands("ATE0&", "E=0 fails");
    ck_assert_commands("AT&1", "fails");
    ck_assert_commands("AT?", "fails");
    ck_assert_commands("AT1", "fails");
    ck_assert_commands("AT\"", "fails");
    ck_assert_commands("AT\xE9", "fails");
}
END_TEST

START_TEST(long_names_fail)
{
    ck_assert_commands("AT+ABCDEFGHIJKLMNO", "+ABCDEFGHIJKLMNO!");
    ck_assert_commands("AT+ABCDEFGHIJKLMNOP", "fails");
    ck_assert_commands("AT+ABCDEFGHIJKLMNOP;E0", "fails");
    ck_assert_commands("ATS123456789012345", "S123456789012345=");
    ck_assert_commands("ATS1234567890123456", "fails");
    ck_assert_commands("ATS1234567890123456=1", "fails");
}
END_TEST

START_TEST(zeros_are_no_names)
{
    ck_assert_str_eq(commands_of(SPAN("AT\0", 3)), "fails");
    ck_assert_str_eq(commands_of(SPAN("AT\0E0", 5)), "fails");
    ck_assert_str_eq(commands_of(SPAN("AT+A\0B", 6)), "fails");
    ck_assert_str_eq(commands_of(SPAN("AT+\0", 4)), "fails");
    ck_assert_str_eq(commands_of(SPAN("\0AT", 3)), "no line");
}
END_TEST

/* --- parameters ---------------------------------------------------------------------------------------- */

/* Each between brackets, a string with quotes; "fails". */
static const char *parameters_of(const char *text)
{
    static char found[400];
    struct at_parameters parameters;
    size_t size = 0;

    if (!at_parameters_read(span_of_string(text), &parameters))
        return "fails";
    found[0] = '\0';
    for (size_t i = 0; i < parameters.count; i++) {
        const struct at_parameter *item = &parameters.items[i];
        const char *quote = item->is_string ? "\"" : "";

        size += (size_t)snprintf(found + size, sizeof(found) - size, "[%s%.*s%s]", quote,
                                 (int)item->text.size, (const char *)item->text.data, quote);
    }
    return found;
}

START_TEST(parameters_are_parted_by_commas)
{
    ck_assert_str_eq(parameters_of(""), "");
    ck_assert_str_eq(parameters_of("1"), "[1]");
    ck_assert_str_eq(parameters_of(" 1 , 2,3 "), "[1][2][3]");
    ck_assert_str_eq(parameters_of(",,"), "[][][]");
    ck_assert_str_eq(parameters_of("1,,\"\""), "[1][][\"\"]");
    ck_assert_str_eq(parameters_of("\"a,b;c\" ,2"), "[\"a,b;c\"][2]");
    ck_assert_str_eq(parameters_of("1,2,3,4,5,6,7,8,9,10,11,12"), "[1][2][3][4][5][6][7][8][9][10][11][12]");
    ck_assert_str_eq(parameters_of("1,2,3,4,5,6,7,8,9,10,11,12,13"), "fails");
    ck_assert_str_eq(parameters_of(",,,,,,,,,,,,"), "fails");
}
END_TEST

START_TEST(quotes_are_closed)
{
    ck_assert_str_eq(parameters_of("\""), "fails");
    ck_assert_str_eq(parameters_of("1,\"a"), "fails");
    ck_assert_str_eq(parameters_of("\"a\"b"), "fails");
    ck_assert_str_eq(parameters_of("\"a\"\"b\""), "fails");
    ck_assert_str_eq(parameters_of("a\"b\""), "[a\"b\"]");
}
END_TEST

static struct at_parameters read_parameters(const char *text)
{
    struct at_parameters parameters;

    ck_assert(at_parameters_read(span_of_string(text), &parameters));
    return parameters;
}

static bool is_number(const char *text, uint32_t min, uint32_t max, uint32_t expected)
{
    struct at_parameters parameters = read_parameters(text);
    uint32_t value = 77;
    bool is_good = at_parameter_number(&parameters, 0, min, max, &value);

    ck_assert_uint_eq(value, is_good ? expected : 77);
    return is_good;
}

START_TEST(numbers_are_in_their_range)
{
    ck_assert(is_number("0", 0, 3, 0));
    ck_assert(is_number("3", 0, 3, 3));
    ck_assert(!is_number("4", 0, 3, 0));
    ck_assert(!is_number("7", 8, 9, 0));
    ck_assert(is_number("008", 8, 9, 8));
    ck_assert(is_number("999999999", 0, UINT32_MAX, 999999999));
    ck_assert(!is_number("4294967296", 0, UINT32_MAX, 0));
    ck_assert(!is_number("0000000001", 0, UINT32_MAX, 0));
    ck_assert(!is_number("-1", 0, 3, 0));
    ck_assert(!is_number("+1", 0, 3, 0));
    ck_assert(!is_number("1 2", 0, 30, 0));
    ck_assert(!is_number("1x", 0, 3, 0));
    ck_assert(!is_number("\"1\"", 0, 3, 0));
    ck_assert(!is_number(",1", 0, 3, 0));
    ck_assert(!is_number("", 0, 3, 0));
}
END_TEST

START_TEST(octets_are_pairs_of_digits)
{
    static const char *const good[] = {"00A40400", "\"00a40400\"", " 00A40400 "};
    static const char *const bad[] = {"00A", "\"0\"", "00 A4", "0x00", "GG", "\"00A40400 \"", "", ",00"};
    struct buf octets = {0};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct at_parameters parameters = read_parameters(good[i]);

        buf_clear(&octets);
        ck_assert(at_parameter_hex(&parameters, 0, &octets));
        ck_assert_hex(buf_span(&octets), "00A40400");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct at_parameters parameters = read_parameters(bad[i]);

        ck_assert_msg(!at_parameter_hex(&parameters, 0, &octets), "%s", bad[i]);
    }
    buf_free(&octets);
}
END_TEST

START_TEST(texts_fit)
{
    struct at_parameters parameters = read_parameters("\"SC\",,\"\",four");
    char text[4] = "";

    ck_assert(at_parameter_text(&parameters, 0, text, sizeof(text)));
    ck_assert_str_eq(text, "SC");
    ck_assert(!at_parameter_text(&parameters, 0, text, 2));
    ck_assert(at_parameter_text(&parameters, 0, text, 3));
    ck_assert(!at_parameter_text(&parameters, 1, text, sizeof(text)));
    ck_assert(at_parameter_text(&parameters, 2, text, sizeof(text)));
    ck_assert_str_eq(text, "");
    ck_assert(!at_parameter_text(&parameters, 3, text, sizeof(text)));
    ck_assert(!at_parameter_text(&parameters, 4, text, sizeof(text)));
    ck_assert(at_parameters_read(SPAN("\"a\0b\"", 5), &parameters));
    ck_assert(!at_parameter_text(&parameters, 0, text, sizeof(text)));
}
END_TEST

TEST_MAIN("at_line", lines_begin_with_at, basic_commands_follow_each_other, dialling_takes_the_rest,
          extended_commands_end_with_semicolons, quotes_hide_semicolons, what_is_no_command_fails,
          long_names_fail, zeros_are_no_names, parameters_are_parted_by_commas, quotes_are_closed,
          numbers_are_in_their_range, octets_are_pairs_of_digits, texts_fit)
