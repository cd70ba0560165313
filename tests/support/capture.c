/* Runs a tool and keeps what it prints: see capture.h. */
#include "tests/support/capture.h"

#include "tests/support/test.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
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
    int fd;

    remove(test_path(diverted->name)); /* a new file: ext4 writes one that is truncated to the disk at once */
    fd = open(test_path(diverted->name), O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
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

/* --- JSON
 * --------------------------------------------------------------------------------------------------- */

/* The end of the text in JSON whose first character is at `text`. */
static const char *json_text_end(const char *text)
{
    while (*text != '"' && *text != '\0')
        text += *text == '\\' && text[1] != '\0' ? 2 : 1;
    return text;
}

/* A member's name: ^[a-z][a-z0-9_]*$ */
static bool is_json_name(const char *name, size_t size)
{
    const size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return size > 0 && good >= size && name[0] >= 'a' && name[0] <= 'z';
}

/* Whatever a tool prints that begins as JSON is in the one style of print_json.h: names, no null, no empty
 * text. */
static void assert_json_style(const char *out)
{
    if (strncmp(out, "{\"", 2) != 0 && strncmp(out, "{\n", 2) != 0 && strncmp(out, "[\n", 2) != 0)
        return;
    for (const char *c = out; *c != '\0'; c++) {
        const char *end;

        ck_assert_msg(strncmp(c, "null", 4) != 0, "null in %s", out);
        if (*c != '"')
            continue;
        end = json_text_end(c + 1);
        if (end[0] == '"' && end[1] == ':')
            ck_assert_msg(is_json_name(c + 1, (size_t)(end - c) - 1), "a name of another style in %s: %.40s",
                          out, c);
        else
            ck_assert_msg(end > c + 1, "an empty text in %s", out);
        c = *end != '\0' ? end : end - 1;
    }
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
    assert_json_style(captured.out);
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

void assert_captured(const char *file, int line, struct captured captured, int status, const char *out,
                     const char *err)
{
    ck_assert_msg(
        captured.status == status && strcmp(captured.out, out) == 0 && strcmp(captured.err, err) == 0,
        "%s:%d: status %d\n  out '%s'\n  err '%s'", file, line, captured.status, captured.out, captured.err);
}
