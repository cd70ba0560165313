/* The demo's world is set up by the program's own commands: see world.h. */
#include "common/command/command.h"
#include "common/ending.h"
#include "common/tool.h"
#include "tools/demo/world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 24 };

/* As a shell takes it. */
static void note_word(FILE *file, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/:=,@+";
    bool is_plain = word[0] != '\0' && word[strspn(word, plain)] == '\0';

    fputs(is_plain ? " " : " '", file);
    for (const char *c = word; *c != '\0'; c++)
        if (*c == '\'')
            fputs("'\\''", file);
        else
            fputc(*c, file);
    if (!is_plain)
        fputc('\'', file);
}

/* A line of DIR/commands, which begins with `start`. */
static bool note_line(const struct world *world, const char *start, const char *const *words)
{
    char path[PKI_PATH_MAX];
    FILE *file;
    bool ok;

    if (!world_path(world, "commands", path))
        return false;
    file = fopen(path, "a");
    if (file == NULL)
        return tool_error("cannot write %s: %s", path, strerror(errno)) == EXIT_OK;
    fputs(start, file);
    for (size_t i = 0; words[i] != NULL; i++)
        note_word(file, words[i]);
    fputc('\n', file);
    ok = ferror(file) == 0;
    return (fclose(file) == 0 && ok) || tool_error("cannot write %s: %s", path, strerror(errno)) == EXIT_OK;
}

bool world_directory(struct world *world, const char *path)
{
    if (!note_line(world, "mkdir", (const char *const[]){path, NULL}))
        return false;
    return mkdir(path, 0700) == 0 || tool_error("cannot make %s: %s", path, strerror(errno)) == EXIT_OK;
}

bool world_note(struct world *world, const char *const *words)
{
    return note_line(world, words != NULL ? "# softeuicc" : "# What was one process then, one by one:",
                     words != NULL ? words : (const char *const[]){NULL});
}

/* In the child, which never returns: nothing of the parent's is closed or flushed. */
static void be_command(const struct command *subcommand, const char *log, int count, char **words)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int status;

    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
        _exit(EXIT_FAILED);
    status = command_run(subcommand, count, words);
    fflush(stdout);
    _exit(status);
}

static bool await_command(pid_t child, const char *name)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return tool_error("%s: %s", name, strerror(errno)) == EXIT_OK;
    if (ending_due())
        return false;
    if (WIFEXITED(status)) /* it has said what is wrong */
        return WEXITSTATUS(status) == EXIT_OK;
    return tool_error("'softeuicc %s' was ended by signal %d", name, WTERMSIG(status)) == EXIT_OK;
}

bool world_command(struct world *world, const struct command *subcommand, const char *const *words)
{
    char texts[WORDS_MAX][PKI_PATH_MAX], log[PKI_PATH_MAX];
    char *argv[WORDS_MAX + 1];
    size_t count = 0;
    pid_t child;

    snprintf(texts[count++], PKI_PATH_MAX, "%s", subcommand->name);
    while (words[count - 1] != NULL && count < WORDS_MAX) {
        snprintf(texts[count], PKI_PATH_MAX, "%s", words[count - 1]);
        count++;
    }
    for (size_t i = 0; i < count; i++)
        argv[i] = texts[i];
    argv[count] = NULL;
    if (!world_path(world, "set-up.log", log) || !note_line(world, "softeuicc", (const char *const *)argv))
        return false;
    fflush(stdout);
    child = fork();
    if (child < 0)
        return tool_error("cannot run '%s': %s", subcommand->name, strerror(errno)) == EXIT_OK;
    if (child == 0)
        be_command(subcommand, log, (int)count, argv);
    return await_command(child, subcommand->name);
}
