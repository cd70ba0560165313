/*
 * `softeuicc lpa` that a signal ends (common/ending.h): whatever it was doing, the session is cancelled on
 * the card and at the server, the channel closed, and the next download goes on. Each run is a process of its
 * own.
 */
#include "common/ending.h"
#include "device/link_private.h"
#include "protocol/tags.h"
#include "tests/support/test.h"
#include "tests/tools/lpa/lpa_server.h"
#include "tests/tools/lpa/scripted_card.h"
#include "tools/subcommands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POSTPONED 1 /* CancelSessionReason, SGP.22 5.7.14 */

static char path[256];

static void start(void)
{
    lpa_server_start();
    snprintf(path, sizeof(path), "%s", test_path("card.db"));
    remove(path);
    softeuicc_close(test_card(path, lpa_server_ci(), 1, 0));
}

#define lpa(...)                                                                                             \
    capture_command(&subcommand_lpa, __VA_ARGS__, "--card", path, "--cacert", lpa_server_cacert(), NULL)

static const char *demo(void)
{
    static char code[200];

    snprintf(code, sizeof(code), "1$%s$demo", lpa_server_address());
    return code;
}

/* --- While it waits for a server ------------------------------------------------------------------------ */

/* `lpa` with these words, up to NULL, in a process whose standard error goes to a file. It begins when
 * something is written to *go. */
static pid_t begin(int *go, const char *const *words)
{
    int ready[2];
    pid_t process;

    ck_assert_int_eq(pipe(ready), 0);
    process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0) {
        char octet;
        char *arguments[16];
        int count = 0;

        for (; words[count] != NULL; count++)
            arguments[count] = strdup(words[count]);
        arguments[count] = NULL;
        if (freopen(test_path("err"), "w", stderr) == NULL || read(ready[0], &octet, 1) != 1)
            _exit(99);
        setvbuf(stderr, NULL, _IONBF, 0);
        _exit(command_run(&subcommand_lpa, count, arguments));
    }
    close(ready[0]);
    *go = ready[1];
    return process;
}

/* How it ended. */
static int end(pid_t process)
{
    int status;

    ck_assert_int_eq(waitpid(process, &status, 0), process);
    return status;
}

static const char *last_line(void)
{
    static char text[2000];
    struct span file = test_read_file(test_path("err"));
    char *line;

    snprintf(text, sizeof(text), "%.*s", (int)file.size, (const char *)file.data);
    ck_assert_uint_gt(strlen(text), 0);
    text[strlen(text) - 1] = '\0';
    line = strrchr(text, '\n');
    return line != NULL ? line + 1 : text;
}

/* The signal comes instead of the answer to `function`. */
static void ends_while_it_waits(const char *function, int number, const char *name)
{
    const char *words[] = {"lpa", "download", demo(), "--card", path, "--cacert", lpa_server_cacert(), NULL};
    bool in_session = strcmp(function, "initiateAuthentication") != 0;
    char line[200];
    int go;
    pid_t process = begin(&go, words);
    int status;

    lpa_server_end(function, process, number, false);
    ck_assert_int_eq(write(go, "", 1), 1);
    close(go);
    status = end(process);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == number, "%s, %s: %x", function, name, status);
    snprintf(line, sizeof(line), "softeuicc lpa: ended by %s%s", name,
             in_session ? ": the session is cancelled, the order stays" : "");
    ck_assert_str_eq(last_line(), line);
    ck_assert_int_eq(lpa_server_cancelled(), in_session ? POSTPONED : -1);
    ck_assert_uint_eq(lpa_server_count("cancelSession"), in_session ? 1 : 0);
}

START_TEST(a_signal_ends_the_session_that_waits_for_its_server)
{
    static const struct {
        int number;
        const char *name;
    } signals[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};
    static const char *const functions[] = {"initiateAuthentication", "authenticateClient",
                                            "getBoundProfilePackage"};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        for (size_t f = 0; f < sizeof(functions) / sizeof(functions[0]); f++) {
            start();
            ends_while_it_waits(functions[f], signals[i].number, signals[i].name);
            lpa_server_be_honest();
            ck_assert_str_eq(lpa("list").out, "no profiles\n");
            ck_assert_int_eq(lpa("download", demo()).status, 0);
            lpa_server_stop();
        }
    }
}
END_TEST

/* The notification is on the card still. */
START_TEST(a_signal_leaves_notifications_on_the_card)
{
    const char *words[] = {"lpa", "notifications", "process", "--card", path, "--cacert", NULL, NULL};
    int go, status;
    pid_t process;

    start();
    ck_assert_int_eq(lpa("download", demo(), "--keep-notifications").status, 0);
    words[6] = lpa_server_cacert();
    process = begin(&go, words);
    lpa_server_end("handleNotification", process, SIGTERM, false);
    ck_assert_int_eq(write(go, "", 1), 1);
    close(go);
    status = end(process);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert_str_eq(last_line(), "softeuicc lpa: ended by SIGTERM");
    lpa_server_be_honest();
    ck_assert_str_eq(lpa("notifications", "process").out, "1 sent, 0 left\n");
    lpa_server_stop();
}
END_TEST

/* The server says nothing to the farewell either: that takes its time, and a second signal ends it at once.
 */
START_TEST(a_second_signal_ends_it_at_once)
{
    const char *words[] = {"lpa", "download", NULL, "--card", path, "--cacert", NULL, NULL};
    struct timespec before, after;
    int go, status;
    pid_t process;

    start();
    words[2] = demo();
    words[6] = lpa_server_cacert();
    process = begin(&go, words);
    lpa_server_end("authenticateClient", process, SIGINT, true);
    ck_assert_int_eq(write(go, "", 1), 1);
    close(go);
    for (unsigned i = 0; i < 1000 && lpa_server_count("cancelSession") == 0; i++)
        usleep(10000);
    clock_gettime(CLOCK_MONOTONIC, &before);
    kill(process, SIGTERM);
    status = end(process);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert_int_le(after.tv_sec - before.tv_sec, 1);
    lpa_server_stop();
}
END_TEST

/* --- Between two commands ------------------------------------------------------------------------------- */

/* A card file behind a link of the test's own, in memory that the processes share. */
static struct {
    struct softeuicc *card;
    unsigned commands, signal_at; /* the signal comes before this one */
    bool has_session, is_loading, has_result, is_cancelled;
    int channels; /* open */
} * watched;

static bool transmit(struct link *link, struct span capdu, struct buf *response)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size = sizeof(rapdu);
    struct span octets;

    (void)link;
    if (watched->commands++ == watched->signal_at)
        raise(SIGINT);
    if (capdu.size > 6 && memcmp(capdu.data + 5, "\xBF\x36", 2) == 0)
        watched->is_loading = true;
    softeuicc_transmit(watched->card, capdu.data, capdu.size, rapdu, &size);
    octets = SPAN(rapdu, size);
    buf_append(response, octets);
    if (capdu.data[1] == 0x70)
        watched->channels += capdu.data[2] == 0x00 ? 1 : -1;
    if (size > 6 && memcmp(rapdu, "\xBF\x38", 2) == 0)
        watched->has_session = true;
    if (size > 6 && memcmp(rapdu, "\xBF\x37", 2) == 0)
        watched->has_result = true;
    if (size > 6 && memcmp(rapdu, "\xBF\x41", 2) == 0)
        watched->is_cancelled = true;
    return true;
}

static bool reset(struct link *link)
{
    softeuicc_reset(watched->card, SOFTEUICC_COLD, link->atr, &link->atr_size);
    return true;
}

static void close_nothing(struct link *link)
{
    (void)link;
}

/* A download as the program makes it, and its end. */
static int download_on_link(void)
{
    static const struct link_kind kind = {transmit, reset, close_nothing, close_nothing};
    char *words[] = {strdup(demo()), NULL};
    struct lpa settings = {.cacert = lpa_server_cacert(), .no_notifications = true};
    const struct command_line line = {.settings = &settings, .argc = 1, .argv = words};
    struct softeuicc_error why;
    int status = 98;

    watched->card = softeuicc_open(path, NULL, &why);
    settings.link = link_new(&kind, "a card", NULL);
    link_reset(settings.link);
    if (ending_watch() && es10_channel_open(&settings.es10, settings.link)) {
        status = lpa_download(&line);
        es10_channel_close(&settings.es10);
    }
    link_close(settings.link);
    softeuicc_close(watched->card);
    return status;
}

/* True when the download was over before the signal was due. */
static bool ends_between(unsigned at)
{
    pid_t process;
    int status;

    start();
    memset(watched, 0, sizeof(*watched));
    watched->signal_at = at;
    process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0)
        _exit(freopen("/dev/null", "w", stderr) != NULL && freopen("/dev/null", "w", stdout) != NULL
                  ? download_on_link()
                  : 99);
    status = end(process);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == (watched->has_result ? 0 : 1), "%u: %x", at,
                  status);
    ck_assert_int_eq(watched->channels, 0);
    ck_assert_msg(watched->is_cancelled == (watched->has_session && !watched->has_result), "%u", at);
    ck_assert_int_eq(lpa_server_cancelled(), watched->is_cancelled ? POSTPONED : -1);
    if (!watched->has_result) {
        ck_assert_str_eq(lpa("list").out, "no profiles\n");
        ck_assert_int_eq(lpa("download", demo()).status, 0);
    }
    lpa_server_stop();
    return watched->commands <= at;
}

/* Also in the middle of a package: the card keeps nothing of it. */
START_TEST(a_signal_between_any_two_commands_leaves_nothing_behind)
{
    unsigned before = 0;
    unsigned halfway = 0;

    watched = mmap(NULL, sizeof(*watched), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(watched != MAP_FAILED);
    for (unsigned at = 2; !ends_between(at); at += 3)
        *(watched->is_loading ? &halfway : &before) += watched->is_cancelled;
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_gt(halfway, 3);
}
END_TEST

TEST_MAIN("lpa_ending", a_signal_ends_the_session_that_waits_for_its_server,
          a_signal_leaves_notifications_on_the_card, a_second_signal_ends_it_at_once,
          a_signal_between_any_two_commands_leaves_nothing_behind)
