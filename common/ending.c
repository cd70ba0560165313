/* Signals that end a program: a handler that notes the first. See ending.h. */
#include "common/ending.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static const struct {
    int number;
    const char *name;
} endings[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

/* A terminal that closes may say so more than once: the kernel does, and then the shell. */
#define HANGUP_SECONDS 1

static volatile sig_atomic_t came;
static struct timespec came_at;
static int wake[2] = {-1, -1};
static bool in_farewell;

/* Another one ends the program at once, except for the echo of a hang-up. */
static void end_at_once(int number)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (number == SIGHUP && came == SIGHUP && now.tv_sec - came_at.tv_sec <= HANGUP_SECONDS)
        return;
    signal(number, SIG_DFL);
    raise(number); /* it comes when the handler returns */
}

static void on_ending(int number)
{
    int before = errno;

    if (came != 0) {
        end_at_once(number);
    } else {
        clock_gettime(CLOCK_MONOTONIC, &came_at);
        came = number;
        if (write(wake[1], "", 1) < 0)
            raise(SIGKILL); /* never: the pipe is empty */
    }
    errno = before;
}

static bool watch_one(int number)
{
    /* No SA_RESTART: who waits in a system call comes back. */
    struct sigaction action = {.sa_handler = on_ending};
    struct sigaction before;

    for (size_t i = 0; i < ENDINGS; i++)
        sigaddset(&action.sa_mask, endings[i].number);
    if (number == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return true;
    return sigaction(number, &action, NULL) == 0;
}

bool ending_watch(void)
{
    bool ok = true;

    if (wake[0] >= 0)
        return true;
    ok = pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0;
    for (size_t i = 0; ok && i < ENDINGS; i++)
        ok = watch_one(endings[i].number);
    return ok && signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

int ending_signal(void)
{
    return came;
}

const char *ending_name(int signal)
{
    for (size_t i = 0; i < ENDINGS; i++) {
        if (endings[i].number == signal)
            return endings[i].name;
    }
    return "a signal";
}

int ending_descriptor(void)
{
    return wake[0];
}

bool ending_due(void)
{
    return came != 0 && !in_farewell;
}

void ending_farewell(bool on)
{
    in_farewell = on;
}

void ending_hold(sigset_t *before)
{
    sigset_t held;

    sigemptyset(&held);
    for (size_t i = 0; i < ENDINGS; i++)
        sigaddset(&held, endings[i].number);
    pthread_sigmask(SIG_BLOCK, &held, before);
}

void ending_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
