/* device/at/at_serial: a session at its terminal. */
#include "device/at/at_serial.h"

#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, QUIET_MS = 20, MS = 1000 };

static struct at_bench bench;
static struct event_base *base;
static struct at_serial *serial;
static char link_path[300];

static void begin(void)
{
    struct at_serial_settings settings = {.link = link_path, .model = at_model_find("generic")};
    char why[AT_PORT_WHY_MAX];

    at_bench_fake(&bench, "generic");
    snprintf(link_path, sizeof(link_path), "%s", test_path("at"));
    base = event_base_new();
    serial = at_serial_open(base, bench.modem, &settings, why);
    ck_assert_msg(serial != NULL, "%s", why);
}

static void end(void)
{
    at_serial_close(serial);
    event_base_free(base);
    at_bench_free(&bench);
}

static int open_program(void)
{
    int program = open(link_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    ck_assert_int_ge(program, 0);
    return program;
}

static void pass(unsigned ms)
{
    const struct timeval time = {.tv_usec = (suseconds_t)ms * MS};

    event_base_loopexit(base, &time);
    ck_assert_int_eq(event_base_dispatch(base), 0);
}

/* Reads until such a text is at the end of what was heard. */
static const char *hear(int program, const char *end_of_it)
{
    struct buf *heard = test_buf();
    size_t size = strlen(end_of_it);
    uint8_t octets[4096];

    for (unsigned waited = 0; waited < PATIENCE_MS; waited++) {
        ssize_t got;

        pass(1);
        while ((got = read(program, octets, sizeof(octets))) > 0)
            buf_append(heard, SPAN(octets, (size_t)got));
        if (heard->size >= size && memcmp(heard->data + heard->size - size, end_of_it, size) == 0)
            break;
    }
    buf_append_octet(heard, '\0');
    return (const char *)heard->data;
}

static void say(int program, const char *text)
{
    ck_assert_int_eq(write(program, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(each_program_finds_a_modem_at_its_start)
{
    int program;

    begin();
    for (unsigned i = 0; i < 2; i++) {
        program = open_program();
        say(program, "ATE0\r");
        ck_assert_str_eq(hear(program, "OK\r\n"), "ATE0\r\r\nOK\r\n");
        say(program, "AT+CMEE=1;+CMEE?\rAT+CFUN=");
        ck_assert_str_eq(hear(program, "OK\r\n"), "\r\n+CMEE: 1\r\n\r\nOK\r\n");
        close(program);
        pass(QUIET_MS);
    }
    end();
}
END_TEST

/* A program does not read; what is told then is dropped, but a reset of the card ends its sessions. */
START_TEST(who_does_not_read_loses_sessions_too)
{
    const struct modem_event reset = {.kind = MODEM_EVENT_POWER, .text = "reset"};
    const struct modem_event network = {.kind = MODEM_EVENT_NETWORK};
    int program, unread = 0;

    begin();
    at_bench_override(&bench, "0070", "019000");
    program = open_program();
    say(program, "ATE0+CREG=2;+CCHO=A0\r");
    hear(program, "OK\r\n");
    say(program, "AT");
    for (unsigned i = 0; i < 400; i++)
        say(program, "+CLAC;");
    say(program, "+GMM\r");
    for (unsigned waited = 0; waited < PATIENCE_MS && unread < 2000; waited++, pass(1))
        ck_assert_int_eq(ioctl(program, FIONREAD, &unread), 0);
    at_serial_modem_told(serial, &network);
    at_serial_modem_told(serial, &reset);
    ck_assert_ptr_null(strstr(hear(program, "virtual modem\r\n\r\nOK\r\n"), "+CREG: 1"));
    at_bench_override(&bench, "0070", "9000");
    say(program, "AT+CCHC=1\r");
    ck_assert_str_eq(hear(program, "ERROR\r\n"), "\r\nERROR\r\n");
    at_serial_modem_told(serial, &network);
    ck_assert_ptr_nonnull(strstr(hear(program, "\r\n"), "\r\n+CREG: 1"));
    close(program);
    end();
}
END_TEST

TEST_MAIN("at_serial", each_program_finds_a_modem_at_its_start, who_does_not_read_loses_sessions_too)
