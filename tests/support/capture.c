/* Runs a tool and keeps what it prints: see capture.h. */
#include "tests/support/capture.h"

#include "tests/support/test.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define WORDS_MAX 40

/* A stream that goes to a file for a while. */
struct diverted {
    FILE *stream;
    const char *name; /* of the file */
    int kept;         /* where it went before */
};

static void divert(struct diverted *diverted)
{
    int fd = open(test_path(diverted->name), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

    ck_assert_int_ge(fd, 0);
    fflush(diverted->stream);
    diverted->kept = dup(fileno(diverted->stream));
    ck_assert_int_ge(diverted->kept, 0);
    ck_assert_int_ge(dup2(fd, fileno(diverted->stream)), 0);
    close(fd);
}

/* Ends it; what was printed. */
static const char *restore(const struct diverted *diverted)
{
    struct buf *text = test_buf();

    fflush(diverted->stream);
    ck_assert_int_ge(dup2(diverted->kept, fileno(diverted->stream)), 0);
    close(diverted->kept);
    buf_append(text, test_read_file(test_path(diverted->name)));
    buf_append_octet(text, 0);
    ck_assert(!text->failed);
    return (const char *)text->data;
}

struct captured capture(int (*run)(void *context), void *context)
{
    struct diverted out = {.stream = stdout, .name = "stdout"};
    struct diverted err = {.stream = stderr, .name = "stderr"};
    struct captured captured;

    divert(&out);
    divert(&err);
    captured.status = run(context);
    captured.err = restore(&err);
    captured.out = restore(&out);
    return captured;
}

struct words {
    const struct command *command;
    int argc;
    char *argv[WORDS_MAX + 1];
};

static int run_words(void *context)
{
    struct words *words = context;

    return command_run(words->command, words->argc, words->argv);
}

/* A copy that the program may change, as argv is. */
static char *copy(const char *word)
{
    struct buf *text = test_buf();

    buf_append(text, span_of_string(word));
    buf_append_octet(text, 0);
    ck_assert(!text->failed);
    return (char *)text->data;
}

struct captured capture_command(const struct command *command, ...)
{
    struct words words = {.command = command, .argc = 1};
    const char *word;
    va_list list;

    words.argv[0] = copy(command->name);
    va_start(list, command);
    while ((word = va_arg(list, const char *)) != NULL) {
        ck_assert_int_lt(words.argc, WORDS_MAX);
        words.argv[words.argc++] = copy(word);
    }
    va_end(list);
    return capture(run_words, &words);
}
