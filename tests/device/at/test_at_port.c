/* device/at/at_port: a pseudo terminal behind a link, and programs that come, go, and leave things behind. */
#include "device/at/at_port.h"

#include "tests/support/test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { BIG = 131000, UNREAD = 300000, PATIENCE_MS = 20000, QUIET_MS = 20, MS = 1000 };

static struct {
    struct event_base *base;
    struct at_port *port;
    char link[PATH_MAX], why[AT_PORT_WHY_MAX];
    struct buf in; /* what was received, with "|" where the last program had closed */
    unsigned closed;
    void (*on_received)(void); /* NULL: nothing more happens then */
} bench;

/* --- the device's side --------------------------------------------------------------------------------- */

static void received(void *context, struct span octets)
{
    (void)context;
    buf_append(&bench.in, octets);
    if (bench.on_received != NULL)
        bench.on_received();
}

static void closed(void *context)
{
    (void)context;
    bench.closed++;
    buf_append_octet(&bench.in, '|');
}

static const struct at_port_events port_events = {NULL, received, closed};

static struct at_port *open_port(const char *link)
{
    return at_port_open(bench.base, link, &port_events, bench.why);
}

/* A link of that name in a folder of the test's. */
static void prepare(const char *name)
{
    memset(&bench, 0, sizeof(bench));
    snprintf(bench.link, sizeof(bench.link), "%s", test_path(name));
    bench.base = event_base_new();
    ck_assert_ptr_nonnull(bench.base);
}

static void begin(void)
{
    prepare("at");
    bench.port = open_port(bench.link);
    ck_assert_msg(bench.port != NULL, "%s", bench.why);
}

static void end(void)
{
    at_port_close(bench.port);
    event_base_free(bench.base);
    buf_free(&bench.in);
}

static void pass(unsigned ms)
{
    const struct timeval time = {.tv_usec = (suseconds_t)ms * MS};

    event_base_loopexit(bench.base, &time);
    ck_assert_int_eq(event_base_dispatch(bench.base), 0);
}

#define ck_assert_comes(condition)                                                                           \
    do {                                                                                                     \
        for (unsigned waited = 0; waited < PATIENCE_MS && !(condition); waited++)                            \
            pass(1);                                                                                         \
        ck_assert_msg(condition, "it does not come that %s", #condition);                                    \
    } while (0)

/* All that was received since the last time, and nothing else comes. */
static void check_received(const char *file, int line, struct span expected)
{
    ck_assert_comes(bench.in.size >= expected.size);
    pass(QUIET_MS);
    assert_span(file, line, buf_span(&bench.in), expected);
    buf_clear(&bench.in);
}
#define ck_assert_received(text) check_received(__FILE__, __LINE__, span_of_string(text))

static void answer(const char *text)
{
    at_port_send(bench.port, span_of_string(text));
}

/* --- the program's side -------------------------------------------------------------------------------- */

static int open_program(void)
{
    int program = open(bench.link, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    ck_assert_int_ge(program, 0);
    return program;
}

static void say(int program, const char *text)
{
    ck_assert_int_eq(write(program, text, strlen(text)), (ssize_t)strlen(text));
}

static void hear(int program, struct buf *heard)
{
    uint8_t octets[4096];
    ssize_t size = read(program, octets, sizeof(octets));

    if (size > 0)
        buf_append(heard, SPAN(octets, (size_t)size));
}

/* So much comes to a program, and no more. */
static struct buf *wait_for(int program, size_t size)
{
    struct buf *heard = test_buf();

    for (unsigned waited = 0; waited < PATIENCE_MS && heard->size < size; waited++) {
        pass(1);
        for (size_t before = heard->size + 1; heard->size != before && heard->size < size;) {
            before = heard->size;
            hear(program, heard);
        }
    }
    pass(QUIET_MS);
    hear(program, heard);
    return heard;
}
#define ck_assert_heard(program, text)                                                                       \
    ck_assert_span(buf_span(wait_for((program), strlen(text))), span_of_string(text))

static void leave(int program)
{
    unsigned before = bench.closed;

    close(program);
    ck_assert_comes(bench.closed > before);
}

/* Octets in which each place can be told from those around it. */
static struct buf *pattern(size_t size)
{
    struct buf *octets = test_buf();

    while (octets->size < size)
        buf_append_octet(octets, (uint8_t)(octets->size * 7 + octets->size / 251));
    return octets;
}

/* --- the link ------------------------------------------------------------------------------------------ */

static bool is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

START_TEST(the_link_is_there_as_long_as_the_port)
{
    struct stat status;

    begin();
    ck_assert(is_link(bench.link));
    ck_assert_int_eq(stat(bench.link, &status), 0);
    ck_assert(S_ISCHR(status.st_mode));
    end();
    ck_assert(!is_link(bench.link));
}
END_TEST

START_TEST(a_link_of_who_is_gone_is_replaced)
{
    int program;

    prepare("stale");
    ck_assert_int_eq(symlink("/dev/pts/4000000", bench.link), 0);
    bench.port = open_port(bench.link);
    ck_assert_msg(bench.port != NULL, "%s", bench.why);
    program = open_program();
    say(program, "AT\r");
    ck_assert_received("AT\r");
    close(program);
    end();
}
END_TEST

/* Refused with one line, in which the name and the reason stand. */
static void check_refused(const char *link, const char *reason)
{
    ck_assert_ptr_null(open_port(link));
    ck_assert_msg(strncmp(bench.why, link, strlen(link)) == 0, "%s", bench.why);
    ck_assert_str_eq(bench.why + strlen(link), reason);
}

START_TEST(what_is_no_such_link_stays)
{
    char missing[PATH_MAX + 8], target[8] = "";
    FILE *file;

    prepare("other");
    file = fopen(bench.link, "w");
    ck_assert_ptr_nonnull(file);
    fputs("mine", file);
    fclose(file);
    check_refused(bench.link, ": it is there, and no link to a terminal");
    ck_assert_span(test_read_file(bench.link), SPAN_STRING("mine"));
    ck_assert_int_eq(unlink(bench.link), 0);
    ck_assert_int_eq(symlink("/dev", bench.link), 0);
    check_refused(bench.link, ": it is there, and no link to a terminal");
    ck_assert_int_eq(readlink(bench.link, target, sizeof(target)), 4);
    ck_assert_str_eq(target, "/dev");
    ck_assert_int_eq(unlink(bench.link), 0);
    snprintf(missing, sizeof(missing), "%s/x/y", bench.link);
    check_refused(missing, ": No such file or directory");
    end();
}
END_TEST

START_TEST(one_port_has_a_link)
{
    char folder[PATH_MAX], other[PATH_MAX + 40], alias[PATH_MAX];
    struct at_port *second;
    int program;

    begin();
    check_refused(bench.link, ": another device has it");
    snprintf(folder, sizeof(folder), "%s", bench.link);
    *strrchr(folder, '/') = '\0';
    snprintf(other, sizeof(other), "%s/.//at", folder);
    check_refused(other, ": another device has it");
    snprintf(alias, sizeof(alias), "%s", test_path("alias"));
    ck_assert_int_eq(symlink(folder, alias), 0);
    snprintf(other, sizeof(other), "%s/at", alias);
    check_refused(other, ": another device has it");
    ck_assert_int_eq(chdir(folder), 0);
    check_refused("at", ": another device has it");
    second = open_port("at2");
    ck_assert_msg(second != NULL, "%s", bench.why);
    at_port_close(second);
    program = open_program();
    say(program, "AT\r");
    ck_assert_received("AT\r");
    close(program);
    at_port_close(bench.port);
    bench.port = open_port("at");
    ck_assert_msg(bench.port != NULL, "%s", bench.why);
    ck_assert_int_eq(chdir("/"), 0);
    at_port_close(bench.port);
    bench.port = NULL;
    unlink(alias);
    unlink(bench.link);
    end();
}
END_TEST

/* Somebody has put another one in its place, to a terminal whose name only begins like the port's. */
START_TEST(a_link_of_another_stays)
{
    char target[80] = "";

    begin();
    ck_assert_int_gt(readlink(bench.link, target, sizeof(target) - 2), 0);
    strcat(target, "9");
    ck_assert_int_eq(unlink(bench.link), 0);
    ck_assert_int_eq(symlink(target, bench.link), 0);
    end();
    ck_assert(is_link(bench.link));
    unlink(bench.link);
}
END_TEST

/* --- octets -------------------------------------------------------------------------------------------- */

/* Of those that mean something to a terminal too; and none comes back. */
START_TEST(octets_pass_as_they_are)
{
    struct buf *all = test_buf();
    int program;

    for (unsigned octet = 0; octet < 256; octet++)
        buf_append_octet(all, (uint8_t)octet);
    buf_append(all, SPAN_STRING("\x03\x11\x13\x7F\r\n\x04\x1A\x1C\x15\x16\x17"));
    begin();
    program = open_program();
    ck_assert_int_eq(write(program, all->data, all->size), (ssize_t)all->size);
    check_received(__FILE__, __LINE__, buf_span(all));
    ck_assert_heard(program, "");
    at_port_send(bench.port, buf_span(all));
    ck_assert_span(buf_span(wait_for(program, all->size)), buf_span(all));
    ck_assert_received("");
    leave(program);
    end();
}
END_TEST

START_TEST(what_nobody_hears_is_lost)
{
    int program;

    begin();
    answer("RDY");
    ck_assert_uint_eq(at_port_waiting(bench.port), 0);
    program = open_program();
    ck_assert_heard(program, "");
    answer("OK");
    ck_assert_heard(program, "OK");
    leave(program);
    answer("RING");
    program = open_program();
    ck_assert_heard(program, "");
    leave(program);
    end();
}
END_TEST

START_TEST(long_answers_arrive_whole)
{
    struct buf *octets = pattern(BIG);
    int program;

    begin();
    program = open_program();
    pass(1);
    at_port_send(bench.port, buf_span(octets));
    at_port_send(bench.port, SPAN_STRING("OK"));
    buf_append(octets, SPAN_STRING("OK"));
    ck_assert_span(buf_span(wait_for(program, octets->size)), buf_span(octets));
    ck_assert_uint_eq(at_port_waiting(bench.port), 0);
    leave(program);
    end();
}
END_TEST

/* Nothing more is received before it has read, and then all is. */
START_TEST(who_does_not_read_is_not_heard)
{
    struct buf *octets = pattern(UNREAD);
    int program;

    begin();
    program = open_program();
    say(program, "AT\r");
    ck_assert_received("AT\r");
    at_port_send(bench.port, buf_span(octets));
    ck_assert_uint_gt(at_port_waiting(bench.port), 0);
    say(program, "ATI\r");
    ck_assert_received("");
    ck_assert_span(buf_span(wait_for(program, octets->size)), buf_span(octets));
    ck_assert_received("ATI\r");
    leave(program);
    end();
}
END_TEST

/* --- who comes and goes -------------------------------------------------------------------------------- */

START_TEST(what_one_has_not_read_is_not_for_the_next)
{
    static const size_t sizes[] = {1, 5000, BIG};
    int program;

    begin();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        program = open_program();
        pass(1);
        at_port_send(bench.port, buf_span(pattern(sizes[i])));
        leave(program);
        ck_assert_uint_eq(at_port_waiting(bench.port), 0);
        ck_assert_received("|");
        program = open_program();
        ck_assert_heard(program, "");
        say(program, "AT\r");
        ck_assert_received("AT\r");
        answer("OK");
        ck_assert_heard(program, "OK");
        leave(program);
        ck_assert_received("|");
    }
    end();
}
END_TEST

/* Without having been seen in between. */
START_TEST(who_comes_at_once_is_another)
{
    int program;

    begin();
    program = open_program();
    pass(1);
    answer("for the first");
    close(program);
    program = open_program();
    ck_assert_received("|");
    ck_assert_heard(program, "");
    answer("OK");
    ck_assert_heard(program, "OK");
    leave(program);
    end();
}
END_TEST

static int program_of_callback;

static void change_programs(void)
{
    uint8_t octet;

    bench.on_received = NULL;
    close(program_of_callback);
    program_of_callback = open_program();
    answer("for the first");
    ck_assert_int_lt(read(program_of_callback, &octet, 1), 0);
}

START_TEST(an_answer_that_took_long_is_not_for_the_next)
{
    begin();
    program_of_callback = open_program();
    bench.on_received = change_programs;
    say(program_of_callback, "AT\r");
    ck_assert_received("AT\r|");
    ck_assert_heard(program_of_callback, "");
    say(program_of_callback, "ATI\r");
    ck_assert_received("ATI\r");
    answer("OK");
    ck_assert_heard(program_of_callback, "OK");
    leave(program_of_callback);
    end();
}
END_TEST

/* One that is there does not notice that others come and go, however fast. */
START_TEST(the_last_one_closes_it)
{
    int first, second;

    begin();
    first = open_program();
    second = open_program();
    close(second);
    ck_assert_received("");
    for (unsigned i = 0; i < 3; i++)
        close(open_program());
    ck_assert_received("");
    answer("OK");
    ck_assert_heard(first, "OK");
    second = open_program();
    answer("READY");
    close(first);
    ck_assert_received("");
    ck_assert_heard(second, "READY");
    first = open_program();
    close(first);
    close(second);
    ck_assert_received("|");
    answer("lost");
    first = open_program();
    ck_assert_heard(first, "");
    leave(first);
    end();
}
END_TEST

static void set_terminal(int program, tcflag_t input, tcflag_t local)
{
    struct termios settings;

    ck_assert_int_eq(tcgetattr(program, &settings), 0);
    settings.c_iflag |= input;
    settings.c_oflag |= OPOST | ONLCR;
    settings.c_lflag |= local;
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 7;
    ck_assert_int_eq(tcsetattr(program, TCSANOW, &settings), 0);
}

static void check_terminal(int program)
{
    struct termios settings;

    ck_assert_int_eq(tcgetattr(program, &settings), 0);
    ck_assert_uint_eq(settings.c_iflag & (ICRNL | IXON | ISTRIP | IGNCR), 0);
    ck_assert_uint_eq(settings.c_oflag & OPOST, 0);
    ck_assert_uint_eq(settings.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0);
    ck_assert_uint_eq(settings.c_cflag & CSIZE, CS8);
    ck_assert_uint_eq(settings.c_cc[VMIN], 1);
    ck_assert_uint_eq(settings.c_cc[VTIME], 0);
}

/* A cooked terminal, and one whose output is stopped. */
START_TEST(settings_go_with_the_program)
{
    int program;

    begin();
    program = open_program();
    check_terminal(program);
    set_terminal(program, ICRNL | IXON, ICANON | ECHO | ISIG);
    leave(program);
    ck_assert_received("|");
    program = open_program();
    check_terminal(program);
    say(program, "A\x13T\r");
    ck_assert_received("A\x13T\r");
    set_terminal(program, IXON | ISTRIP, ECHO);
    ck_assert_int_eq(tcflow(program, TCOOFF), 0);
    leave(program);
    ck_assert_received("|");
    program = open_program();
    check_terminal(program);
    ck_assert_int_eq(fcntl(program, F_SETFL, 0), 0);
    say(program, "AT\r");
    ck_assert_received("AT\r");
    leave(program);
    end();
}
END_TEST

/* Who may do everything opens an exclusive terminal all the same, so that it is asked whether it is one. */
START_TEST(who_was_alone_leaves_it_to_all)
{
    int program, is_exclusive = -1;

    begin();
    program = open_program();
    ck_assert_int_eq(ioctl(program, TIOCEXCL), 0);
    leave(program);
    program = open_program();
    ck_assert_int_eq(ioctl(program, TIOCGEXCL, &is_exclusive), 0);
    ck_assert_int_eq(is_exclusive, 0);
    leave(program);
    end();
}
END_TEST

/* As `printf 'AT\r' > LINK` does. */
START_TEST(last_words_are_heard)
{
    struct buf *words = pattern(3000);
    int program;

    begin();
    program = open_program();
    say(program, "AT\r");
    close(program);
    ck_assert_received("AT\r|");
    program = open_program();
    pass(1);
    ck_assert_int_eq(write(program, words->data, words->size), (ssize_t)words->size);
    close(program);
    buf_append_octet(words, '|');
    check_received(__FILE__, __LINE__, buf_span(words));
    end();
}
END_TEST

/* From another process, at any time. */
START_TEST(last_words_of_another_process_are_heard)
{
    enum { ROUNDS = 40 };

    begin();
    for (unsigned i = 0; i < ROUNDS; i++) {
        pid_t other = fork();

        if (other == 0) {
            int program = open(bench.link, O_WRONLY | O_NOCTTY);

            _exit(write(program, "ATE0\rAT\r", 8) == 8 ? 0 : 1);
        }
        ck_assert_comes(bench.closed > i);
        ck_assert_span(buf_span(&bench.in), SPAN_STRING("ATE0\rAT\r|"));
        buf_clear(&bench.in);
        ck_assert_int_eq(waitpid(other, NULL, 0), other);
    }
    end();
}
END_TEST

/* What they bring forth is for nobody. */
static void answer_ok(void)
{
    answer("OK");
}

START_TEST(answers_to_last_words_are_lost)
{
    int program;

    begin();
    bench.on_received = answer_ok;
    program = open_program();
    say(program, "AT\r");
    close(program);
    ck_assert_received("AT\r|");
    program = open_program();
    ck_assert_heard(program, "");
    say(program, "AT\r");
    ck_assert_heard(program, "OK");
    leave(program);
    end();
}
END_TEST

TEST_MAIN("at_port", the_link_is_there_as_long_as_the_port, a_link_of_who_is_gone_is_replaced,
          what_is_no_such_link_stays, one_port_has_a_link, a_link_of_another_stays, octets_pass_as_they_are,
          what_nobody_hears_is_lost, long_answers_arrive_whole, who_does_not_read_is_not_heard,
          what_one_has_not_read_is_not_for_the_next, who_comes_at_once_is_another,
          an_answer_that_took_long_is_not_for_the_next, the_last_one_closes_it, settings_go_with_the_program,
          who_was_alone_leaves_it_to_all, last_words_are_heard, last_words_of_another_process_are_heard,
          answers_to_last_words_are_lost)
