/*
 * Command lines as tables: a subcommand, its commands and their options are rows, and one parser reads them
 * (on glibc's getopt_long). Help (--help and -h at every level), manual pages and completion are printed from
 * the same rows.
 */
#ifndef SOFTEUICC_COMMON_COMMAND_COMMAND_H
#define SOFTEUICC_COMMON_COMMAND_COMMAND_H

#include "common/net/place.h"

#include <stddef.h>

/* --- Options -------------------------------------------------------------------------------------------- */

enum option_kind {
    OPTION_FLAG,    /* without a value */
    OPTION_TEXT,    /* the value as it stands in argv */
    OPTION_NUMBER,  /* a whole number from `min` to `max` */
    OPTION_CHOICE,  /* one of `choices` */
    OPTION_PLACE,   /* HOST:PORT, over what is there */
    OPTION_LIST,    /* a text; the option may be given `max` times */
    OPTION_CALL,    /* `take` reads it; may be given again */
    OPTION_HEADING, /* no option: `help` stands in a line of its own and begins a group in --help */
};

/* How a row's value is read and where it goes: a member of the settings, whose type is checked. One of these
 * ends a row; .letter, .unit, .required, and .is_good with .must_be, may follow. */
#define TAKES_FLAG(settings, member) .kind = OPTION_FLAG, .at = OPTION_AT(settings, member, bool)
#define TAKES_TEXT(settings, member) .kind = OPTION_TEXT, .at = OPTION_AT(settings, member, const char *)
/* Into an integer of 32 or 64 bits that holds the range. */
#define TAKES_NUMBER(settings, member, from, to)                                                             \
    .kind = OPTION_NUMBER,                                                                                   \
    .at = OPTION_AT(settings, member, int : 1, unsigned : 1, long : 1, unsigned long : 1, long long : 1,     \
                    unsigned long long),                                                                     \
    .size = sizeof(((settings *)0)->member), .min = (from), .max = (to)
/* Into a text, or into an enum: the word's place in the list, which NULL ends; words that are "" cannot be
 * chosen. */
#define TAKES_CHOICE(settings, member, words)                                                                \
    .kind = OPTION_CHOICE, .at = OPTION_AT(settings, member, const char * : 1, int : 1, unsigned),           \
    .size = sizeof(((settings *)0)->member), .choices = (words)
#define TAKES_PLACE(settings, member) .kind = OPTION_PLACE, .at = OPTION_AT(settings, member, struct place)
/* Into an array of texts and its count. */
#define TAKES_LIST(settings, member, count)                                                                  \
    .kind = OPTION_LIST, .at = OPTION_AT(settings, member[0], const char *),                                 \
    .count_at = OPTION_AT(settings, count, size_t),                                                          \
    .max = sizeof(((settings *)0)->member) / sizeof(const char *)
#define TAKES_BY(function) .kind = OPTION_CALL, .take = (function)
#define OPTION_HEAD(text)                                                                                    \
    {                                                                                                        \
        .kind = OPTION_HEADING, .help = (text)                                                               \
    }
/* Where the member is; one of another type does not compile. */
#define OPTION_AT(settings, member, ...)                                                                     \
    (offsetof(settings, member) + 0 * sizeof(_Generic(((settings *)0)->member, __VA_ARGS__ : 1)))

/* A number that a macro names, for a help text: "default " OPTION_DEFAULT(PORT). */
#define OPTION_DEFAULT(number) OPTION_DIGITS(number)
#define OPTION_DIGITS(number)  #number

struct option_row {
    const char *name; /* without the dashes */
    /* As help names the value; NULL: none. FILE, DIR, CERT, KEY and PATH are completed as files. "[=VALUE]":
     * there may be one, behind "="; then `take` reads it. */
    const char *argument;
    const char *help; /* one paragraph; wrapped where it is printed */
    enum option_kind kind;
    char letter;   /* 0: none */
    bool required; /* the command cannot do without */
    size_t at, size, count_at;
    int64_t min, max;
    const char *unit; /* of a number: "seconds"; NULL: none */
    /* Of a text, and of each of a list: whether it may stand; NULL: anything may. `must_be` is for the error
     * line: "a server's address". */
    bool (*is_good)(const char *value);
    const char *must_be;
    const char *const *choices;
    /* Reads a value (NULL without one) into the settings; the exit status, with the line printed when it is
     * not EXIT_OK. */
    int (*take)(void *settings, const struct option_row *row, const char *value);
    const void *with; /* what the command's own code wants to know of the row */
};

/* --- Commands ------------------------------------------------------------------------------------------- */

struct command;

/* What was said. */
struct command_line {
    const struct command *command;
    void *settings;
    int argc; /* the words behind the command's name, options not counted; argv[argc] is not NULL */
    char **argv;
};

struct command {
    const char *name;  /* may be two words: "fallback set" */
    const char *words; /* behind the name in the synopsis, "" for nothing; with "[OPTION]" in it: all that is
                          behind */
    const char *summary; /* one line, for lists of commands */
    const char *text; /* what help says above its options: paragraphs, wrapped where they are printed; NULL:
                         summary */
    const char *closing; /* and below; NULL: nothing */
    int min_words, max_words;

    const struct option_row *options; /* ends with a row of zeros; NULL: none */
    /* Settings: so many octets of zeros, filled by `begin` (NULL: not), wiped at the end. 0: those of the
     * command that this one is of, whose options can then be given behind this one's name, too. */
    size_t settings_size;
    void (*begin)(void *settings);
    void (*end)(void *settings); /* frees what they own; NULL: nothing */

    const struct command *const *commands; /* of this one, NULL at the end; NULL: none */
    const struct command *implied; /* one of them, whose name may be left out in front of its commands */
    const char *joint; /* a word that joins several of them: `run` of each is called, then that of this one */

    /* Does it; the exit status. NULL: one of its commands is needed. */
    int (*run)(const struct command_line *line);
    /* Called in place of the commands' run, which it calls when all is ready; NULL: nothing is to be got
     * ready. */
    int (*around)(const struct command_line *line);
    const void *with; /* what the command's own code wants to know of it */
};

/* A row of a list of commands. */
#define COMMAND(...)                                                                                         \
    &(const struct command)                                                                                  \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

/* The option of a command whose answer can be JSON: when it fails, the error is there, too
 * (tool_print_error). */
#define COMMAND_JSON "json"

/* Reads argv, of which argv[0] is the command's name, and runs what it says. Returns the exit status; what is
 * wrong is one line that names the option, the value and what is expected, and EXIT_USAGE. */
int command_run(const struct command *command, int argc, char **argv);

/* --help of a command. `path` has the names of the commands above it and its own; `shared` (NULL: none) are
 * the options that it has from above. */
void command_help(const char *path, const struct command *command, const struct option_row *shared);

/* The manual page of a subcommand, or the list of all for the program's, as mdoc. A line "@" is where
 * what people wrote stands (man/). */
void command_manual(const struct command *command);
void command_manual_list(const struct command *const *commands);

/* A completion script for a shell: "bash" or "zsh"; false for another one. */
bool command_completion(const char *shell, const struct command *const *commands);

#endif
