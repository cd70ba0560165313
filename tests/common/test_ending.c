/* common/ending.c and tool_finish: what each signal does to a program that watches, in processes of their
 * own. */
#include "common/ending.h"
#include "common/tool.h"
#include "tests/support/test.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* How a process that does this ends: by a signal (its number), or with a status (negative). */
static int ends(int (*life)(int a, int b), int a, int b)
{
    pid_t process = fork();
    int status;

    ck_assert_int_ge(process, 0);
    if (process == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(99);
        _exit(life(a, b));
    }
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static int one(int number, int unused)
{
    struct pollfd wake;

    (void)unused;
    if (!tool_watch() || ending_due() || tool_finish(7, NULL) != 7)
        return 1;
    wake = (struct pollfd){.fd = ending_descriptor(), .events = POLLIN};
    if (poll(&wake, 1, 0) != 0)
        return 2;
    raise(number);
    if (ending_signal() != number || !ending_due() || poll(&wake, 1, 0) != 1)
        return 3;
    ending_farewell(true);
    if (ending_due())
        return 4;
    ending_farewell(false);
    if (!ending_due())
        return 5;
    return tool_finish(7, "a note");
}

START_TEST(the_first_is_noted_and_ends_it_when_all_is_closed)
{
    for (size_t i = 0; i < SIGNALS; i++)
        ck_assert_int_eq(ends(one, signals[i], 0), signals[i]);
}
END_TEST

static int two(int first, int second)
{
    ending_watch();
    raise(first);
    raise(second);
    return 0;
}

/* But a terminal that closes says so more than once. */
START_TEST(the_second_ends_it_at_once)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        for (size_t j = 0; j < SIGNALS; j++) {
            bool echo = signals[i] == SIGHUP && signals[j] == SIGHUP;

            ck_assert_int_eq(ends(two, signals[i], signals[j]), echo ? 0 : signals[j]);
        }
    }
}
END_TEST

static int late_hangup(int first, int second)
{
    ending_watch();
    raise(first);
    sleep(2);
    raise(second);
    return 0;
}

START_TEST(a_late_hangup_is_no_echo)
{
    ck_assert_int_eq(ends(late_hangup, SIGHUP, SIGHUP), SIGHUP);
}
END_TEST

static int ignored(int number, int unused)
{
    (void)unused;
    signal(number, SIG_IGN);
    ending_watch();
    raise(number);
    return ending_signal() == 0 ? 10 : 20;
}

/* nohup means it; a shell's "&" ignores SIGINT for no reason of the user's. */
START_TEST(an_ignored_hangup_stays_ignored)
{
    ck_assert_int_eq(ends(ignored, SIGHUP, 0), -10);
    ck_assert_int_eq(ends(ignored, SIGINT, 0), -20);
    ck_assert_int_eq(ends(ignored, SIGTERM, 0), -20);
}
END_TEST

static int held(int number, int unused)
{
    sigset_t outer;
    sigset_t inner;

    (void)unused;
    signal(number, SIG_DFL); /* check has it */
    ending_hold(&outer);
    ending_hold(&inner);
    raise(number);
    ending_release(&inner);
    if (write(STDERR_FILENO, "", 0) != 0) /* still here */
        return 1;
    ending_release(&outer);
    return 2;
}

START_TEST(a_held_one_comes_afterwards)
{
    for (size_t i = 0; i < SIGNALS; i++)
        ck_assert_int_eq(ends(held, signals[i], 0), signals[i]);
}
END_TEST

static int printing(int unused, int unused_too)
{
    int pipe_of[2];

    (void)unused;
    (void)unused_too;
    if (!tool_watch() || pipe(pipe_of) != 0 || dup2(pipe_of[1], STDOUT_FILENO) < 0)
        return 1;
    close(pipe_of[0]);
    close(pipe_of[1]);
    printf("nobody reads this\n");
    return tool_finish(0, NULL);
}

START_TEST(who_is_not_read_dies_of_it)
{
    ck_assert_int_eq(ends(printing, 0, 0), SIGPIPE);
}
END_TEST

TEST_MAIN("ending", the_first_is_noted_and_ends_it_when_all_is_closed, the_second_ends_it_at_once,
          a_late_hangup_is_no_echo, an_ignored_hangup_stays_ignored, a_held_one_comes_afterwards,
          who_is_not_read_dies_of_it)
