/* Reads a command line by its tables. See command.h. */
#include "common/command/command.h"

#include "common/number.h"
#include "common/tool.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LONG 256 /* getopt_long's values for rows: no letters */
#define GO_ON      (-1)

struct reading {
    char **argv;
    int argc, next; /* the word that is read next */
    char path[80];  /* "eim order enable" */
    struct known_row {
        const struct option_row *row;
        bool given;
    } * rows; /* that the command has, with those it shares */
    size_t count, room;
    const struct option_row *shared; /* from the command above */
    const struct command *holder;    /* whose `around` is called */
    bool joined;                     /* the command is one of several that a word joins */
    bool helped;                     /* help was asked for and printed: nothing is left to do */
    bool json;                       /* the answer is for a program */
    void *settings;
    const struct command *owner; /* whose settings they are */
};

/* --- Values --------------------------------------------------------------------------------------------- */

/* "off, error or info" */
static const char *choices_text(const char *const *choices, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (; *choices != NULL; choices++) {
        const char *joint = n == 0 ? "" : choices[1] == NULL ? " or " : ", ";

        if (**choices != '\0' && n < size)
            n += (size_t)snprintf(out + n, size - n, "%s%s", joint, *choices);
    }
    return out;
}

static int take_number(void *place, const struct option_row *row, const char *value)
{
    char last[32] = "on";
    int64_t number;

    if (row->max < INT64_MAX)
        snprintf(last, sizeof(last), "to %" PRId64, row->max);
    if (!number_read(value, row->min, row->max, &number))
        return tool_usage("--%s is not a number%s%s from %" PRId64 " %s: %s", row->name,
                          row->unit != NULL ? " of " : "", row->unit != NULL ? row->unit : "", row->min, last,
                          value);
    if (row->size == sizeof(int32_t))
        memcpy(place, &(int32_t){(int32_t)number}, sizeof(int32_t));
    else
        memcpy(place, &number, sizeof(number));
    return EXIT_OK;
}

static int take_choice(void *place, const struct option_row *row, const char *value)
{
    char words[200];

    for (unsigned i = 0; row->choices[i] != NULL; i++) {
        if (value[0] == '\0' || strcmp(row->choices[i], value) != 0)
            continue;
        if (row->size == sizeof(const char *))
            memcpy(place, &row->choices[i], sizeof(const char *));
        else
            memcpy(place, &i, sizeof(i));
        return EXIT_OK;
    }
    return tool_usage("--%s is not %s: %s", row->name, choices_text(row->choices, words, sizeof(words)),
                      value);
}

static int add_to_list(void *settings, const struct option_row *row, const char *value)
{
    const char **list = (const char **)(void *)((char *)settings + row->at);
    size_t *count = (size_t *)(void *)((char *)settings + row->count_at);

    if (*count == (size_t)row->max)
        return tool_usage("--%s was given more than %lld times", row->name, (long long)row->max);
    list[(*count)++] = value;
    return EXIT_OK;
}

static int command_take(void *settings, const struct option_row *row, const char *value)
{
    char *place = (char *)settings + row->at;

    if (row->is_good != NULL && !row->is_good(value))
        return tool_usage("--%s is not %s: %s", row->name, row->must_be, value);
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return EXIT_OK;
    case OPTION_TEXT:
        memcpy(place, &value, sizeof(value));
        return EXIT_OK;
    case OPTION_NUMBER:
        return take_number(place, row, value);
    case OPTION_CHOICE:
        return take_choice(place, row, value);
    case OPTION_PLACE:
        if (place_parse(value, (struct place *)(void *)place))
            return EXIT_OK;
        return tool_usage("--%s is not HOST:PORT: %s", row->name, value);
    case OPTION_LIST:
        return add_to_list(settings, row, value);
    default:
        return row->take(settings, row, value);
    }
}

/* --- Options -------------------------------------------------------------------------------------------- */

/* Says what is wrong with an option that getopt_long did not take. `word` is where it stopped. */
static int command_refuse(const struct option *known, int found, const char *word)
{
    size_t size = strcspn(word, "=");
    unsigned matches = 0;

    if (found == ':')
        return tool_usage("'%.*s' needs a value", (int)size, word);
    if (optopt >= '0' && optopt <= '9')
        return tool_usage("there is no option '-%c'; a number below zero stands behind '--'", optopt);
    if (optopt != 0 && optopt < FIRST_LONG && optopt != 'h')
        return tool_usage("there is no option '-%c'", optopt > 0 ? optopt : '?');
    for (; size > 2 && known->name != NULL; known++)
        matches += strncmp(known->name, word + 2, size - 2) == 0;
    if (optopt != 0)
        return tool_usage("'%.*s' takes no value", (int)size, word);
    return tool_usage(matches > 1 ? "'%s' could be several options" : "there is no option '%s'", word);
}

static int value_of(const struct option_row *row)
{
    if (row->argument == NULL)
        return no_argument;
    return row->argument[0] == '[' ? optional_argument : required_argument;
}

static void command_describe(const struct reading *reading, struct option *known, char *letters)
{
    for (size_t i = 0; i < reading->count; i++) {
        const struct option_row *row = reading->rows[i].row;

        known[i] = (struct option){row->name, value_of(row), NULL, FIRST_LONG + (int)i};
        if (row->letter != 0)
            *letters++ = row->letter;
        if (row->letter != 0 && row->argument != NULL)
            *letters++ = ':';
    }
    known[reading->count] = (struct option){"help", no_argument, NULL, 'h'};
    known[reading->count + 1] = (struct option){NULL, 0, NULL, 0};
    memcpy(letters, "h", sizeof("h"));
}

static size_t find_row(const struct reading *reading, int found)
{
    size_t i = 0;

    if (found >= FIRST_LONG)
        return (size_t)(found - FIRST_LONG);
    while (reading->rows[i].row->letter != found)
        i++;
    return i;
}

static int help(struct reading *reading, const struct command *command)
{
    command_help(reading->path, command, reading->shared);
    reading->helped = true;
    return EXIT_OK;
}

/* getopt_long's loop over the words up to `end`; GO_ON at the first that is no option. */
static int take_options(struct reading *reading, const struct command *command, int end,
                        const struct option *known, const char *letters)
{
    char **argv = reading->argv + reading->next - 1;
    int found;

    optind = 0;
    opterr = 0;
    while ((found = getopt_long(end - reading->next + 1, argv, letters, known, NULL)) != -1) {
        struct known_row *row;
        int status;

        if (found == 'h')
            return help(reading, command);
        if (found == ':' || found == '?')
            return command_refuse(known, found, argv[optind - 1]);
        row = &reading->rows[find_row(reading, found)];
        row->given = true;
        reading->json = reading->json || strcmp(row->row->name, COMMAND_JSON) == 0;
        status = command_take(reading->settings, row->row, optarg);
        if (status != EXIT_OK)
            return status;
    }
    reading->next += optind - 1;
    return GO_ON;
}

/* Reads options up to `end`: to the first word when there are commands, else all, and the words are moved
 * behind them. GO_ON with reading->next at the first word; or the exit status. */
static int read_options(struct reading *reading, const struct command *command, int end)
{
    const char *order = command->commands != NULL ? "+:" : ":";
    struct option *known = calloc(reading->count + 2, sizeof(*known));
    char *letters = malloc(strlen(order) + 2 * reading->count + sizeof("h"));
    int status;

    if (known == NULL || letters == NULL) {
        status = tool_error("out of memory");
    } else {
        command_describe(reading, known, stpcpy(letters, order));
        status = take_options(reading, command, end, known, letters);
    }
    free(known);
    free(letters);
    return status;
}

static int check_required(const struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (reading->rows[i].row->required && !reading->rows[i].given)
            return tool_usage("--%s is missing", reading->rows[i].row->name);
    }
    return GO_ON;
}

/* --- Commands ------------------------------------------------------------------------------------------- */

static void drop_settings(struct reading *reading)
{
    if (reading->settings == NULL)
        return;
    if (reading->owner->end != NULL)
        reading->owner->end(reading->settings);
    explicit_bzero(reading->settings, reading->owner->settings_size);
    free(reading->settings);
    reading->settings = NULL;
}

/* Settings of the command's own in place of those above. */
static int begin_settings(struct reading *reading, const struct command *command)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (reading->rows[i].given)
            return tool_usage("--%s stands in front of the command: its options come behind its name",
                              reading->rows[i].row->name);
    }
    drop_settings(reading);
    reading->count = 0;
    reading->shared = NULL;
    reading->holder = NULL;
    reading->owner = command;
    reading->settings = calloc(1, command->settings_size);
    if (reading->settings == NULL)
        return tool_error("out of memory");
    if (command->begin != NULL)
        command->begin(reading->settings);
    return GO_ON;
}

static int add_row(struct reading *reading, const struct option_row *row)
{
    if (reading->count == reading->room) {
        size_t room = 2 * reading->room + 16;
        struct known_row *more = reallocarray(reading->rows, room, sizeof(*more));

        if (more == NULL)
            return tool_error("out of memory");
        reading->rows = more;
        reading->room = room;
    }
    reading->rows[reading->count++] = (struct known_row){.row = row};
    return GO_ON;
}

/* Settings of the command's own, or those of the one above; and its options. */
static int command_enter(struct reading *reading, const struct command *command)
{
    size_t size = strlen(reading->path);
    int status = GO_ON;

    snprintf(reading->path + size, sizeof(reading->path) - size, "%s%s", size > 0 ? " " : "", command->name);
    tool_set_name(reading->path);
    if (command->settings_size > 0)
        status = begin_settings(reading, command);
    for (const struct option_row *row = command->options; status == GO_ON && row != NULL && row->help != NULL;
         row++)
        if (row->kind != OPTION_HEADING)
            status = add_row(reading, row);
    return status;
}

/* The command that the next words name; NULL when there is none. *words: how many they are. */
static const struct command *command_find(const struct reading *reading,
                                          const struct command *const *commands, int *words)
{
    const char *first = reading->argv[reading->next];
    size_t size = strlen(first);

    for (; commands != NULL && *commands != NULL; commands++) {
        const char *name = (*commands)->name;

        if (strncmp(name, first, size) != 0 || (name[size] != '\0' && name[size] != ' '))
            continue;
        *words = name[size] == ' ' ? 2 : 1;
        if (*words == 1 || (reading->next + 1 < reading->argc &&
                            strcmp(reading->argv[reading->next + 1], name + size + 1) == 0))
            return *commands;
    }
    return NULL;
}

/* `command` has no commands, or none is named and it can do without. */
static int run_one(struct reading *reading, const struct command *command, int end)
{
    const struct command_line line = {command, reading->settings, end - reading->next,
                                      reading->argv + reading->next};
    int status = reading->joined ? GO_ON : check_required(reading);

    if (status != GO_ON)
        return status;
    if (line.argc > command->max_words)
        return tool_usage("'%s' is one argument too many", line.argv[command->max_words]);
    if (line.argc < command->min_words)
        return tool_usage("%s takes %s", command->name, command->words);
    return (reading->holder != NULL ? reading->holder->around : command->run)(&line);
}

static int read_command(struct reading *reading, const struct command *command);

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* "fallback --help": the help of every command that begins with this word. False: there is none, or no help
 * is asked for behind it. */
static bool help_for_word(struct reading *reading, const struct command *const *commands,
                          const struct option_row *shared)
{
    const char *first = reading->argv[reading->next];
    const size_t size = strlen(first);
    char path[sizeof(reading->path) + 40];

    if (reading->next + 1 >= reading->argc || !asks_for_help(reading->argv[reading->next + 1]))
        return false;
    for (; commands != NULL && *commands != NULL; commands++) {
        const char *name = (*commands)->name;

        if (strncmp(name, first, size) != 0 || name[size] != ' ')
            continue;
        snprintf(path, sizeof(path), "%s %s", reading->path, name);
        if (reading->helped)
            putchar('\n');
        command_help(path, *commands, shared);
        reading->helped = true;
    }
    return reading->helped;
}

/* The command that is named next, of `command` or of the one that it implies. */
static int read_named(struct reading *reading, const struct command *command)
{
    const char *word = reading->argv[reading->next];
    int words = 0;
    const struct command *named = command_find(reading, command->commands, &words);
    int status;

    if (named == NULL && command->implied != NULL &&
        command_find(reading, command->implied->commands, &words) != NULL) {
        status = command_enter(reading, command->implied);
        return status != GO_ON ? status : read_command(reading, command->implied);
    }
    if (named == NULL && strcmp(word, "help") == 0)
        return help(reading, command);
    if (named == NULL && words == 2 && help_for_word(reading, command->commands, command->options))
        return EXIT_OK;
    if (named == NULL)
        return tool_usage(
            words == 2 ? "'%s' needs its second word right behind it" : "there is no command '%s'", word);
    reading->next += words;
    reading->shared = command->options;
    if (command->around != NULL)
        reading->holder = command;
    status = command_enter(reading, named);
    return status != GO_ON ? status : read_command(reading, named);
}

/* Commands that a word joins, each read and run; then the command that they are of. */
static int read_joined(struct reading *reading, const struct command *command)
{
    const struct command_line line = {command, reading->settings, 0, reading->argv + reading->argc};
    const size_t path_size = strlen(reading->path);
    const size_t count = reading->count;
    const int all = reading->argc;
    int status;

    reading->joined = true;
    for (bool more = true; more; reading->next = reading->argc + 1) {
        reading->argc = reading->next;
        while (reading->argc < all && strcmp(reading->argv[reading->argc], command->joint) != 0)
            reading->argc++;
        more = reading->argc < all;
        status = read_options(reading, command, reading->argc);
        if (status == GO_ON)
            status = reading->next < reading->argc ? read_named(reading, command)
                                                   : tool_usage("a command is missing");
        if (status != EXIT_OK || reading->helped)
            return status;
        reading->path[path_size] = '\0';
        tool_set_name(reading->path);
        reading->count = count;
        reading->shared = NULL;
    }
    status = check_required(reading);
    return status != GO_ON ? status : command->run(&line);
}

static int read_command(struct reading *reading, const struct command *command)
{
    int status;

    if (command->joint != NULL)
        return read_joined(reading, command);
    status = read_options(reading, command, reading->argc);
    if (status != GO_ON)
        return status;
    if (command->commands != NULL && reading->next < reading->argc)
        return read_named(reading, command);
    if (command->run == NULL)
        return tool_usage("a command is missing");
    return run_one(reading, command, reading->argc);
}

/* Also when what was wrong stood before the option, and nobody has read it. */
static bool asks_for_json(const struct reading *reading, int argc, char **argv)
{
    bool json = reading->json;

    for (int i = 1; i < argc && !json; i++)
        json = strcmp(argv[i], "--" COMMAND_JSON) == 0;
    return json;
}

int command_run(const struct command *command, int argc, char **argv)
{
    struct reading reading = {.argv = argv, .argc = argc, .next = 1};
    int status;

    tool_begin();
    status = command_enter(&reading, command);

    if (status == GO_ON)
        status = read_command(&reading, command);
    drop_settings(&reading);
    free(reading.rows);
    if (status != EXIT_OK && asks_for_json(&reading, argc, argv))
        tool_print_error();
    return status;
}
