/* --help from the tables. See command.h. */
#include "common/command/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS      100 /* of a terminal, at most */
#define LABEL_MAX    26  /* what is longer has its text in the next line */
#define LABEL_SIZE   160
#define USAGE_SIZE   512
#define USAGE_COLUMN 7 /* behind "Usage: " */

/* Columns of a text in UTF-8. */
static size_t width(const char *text, size_t size)
{
    size_t columns = 0;

    for (size_t i = 0; i < size; i++)
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}

/* Prints a text, broken between words, whose lines but the first begin at `indent`; the first one is at
 * `column`. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
    bool begun = false; /* a word stands in the line */

    while (*text != '\0') {
        size_t size = strcspn(text, " \n");
        size_t columns = width(text, size);

        if (begun && column + 1 + columns > COLUMNS) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (begun) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)size, text);
        column += columns;
        begun = true;
        text += size;
        if (*text == '\n') {
            printf("\n%*s", text[1] != '\n' && text[1] != '\0' ? (int)indent : 0, "");
            column = indent;
            begun = false;
        }
        text += *text != '\0';
    }
    putchar('\n');
}

/* A label in its column and its text beside it, or below. */
static void print_entry(const char *label, const char *text, size_t column)
{
    size_t columns = 2 + width(label, strlen(label));

    printf("  %s", label);
    if (columns + 2 > column) {
        putchar('\n');
        columns = 0;
    }
    printf("%*s", (int)(column - columns), "");
    print_wrapped(text, column, column);
}

/* --- Labels --------------------------------------------------------------------------------------------- */

static void option_label(const struct option_row *row, char out[LABEL_SIZE])
{
    char letter[] = "-x, ";

    letter[1] = row->letter;
    snprintf(out, LABEL_SIZE, "%s--%s%s%s", row->letter != 0 ? letter : "    ", row->name,
             row->argument != NULL && row->argument[0] != '[' ? " " : "",
             row->argument != NULL ? row->argument : "");
}

static void command_label(const struct command *command, char out[LABEL_SIZE])
{
    bool all = strstr(command->words, "[OPTION]") != NULL;

    snprintf(out, LABEL_SIZE, "%s%s%s", command->name, all || command->words[0] == '\0' ? "" : " ",
             all ? "" : command->words);
}

static size_t column_for(size_t widest, const char *label)
{
    size_t columns = width(label, strlen(label));

    return columns > widest && columns <= LABEL_MAX ? columns : widest;
}

static size_t options_column(const struct option_row *row, size_t widest)
{
    char label[LABEL_SIZE];

    for (; row != NULL && row->help != NULL; row++) {
        if (row->kind == OPTION_HEADING)
            continue;
        option_label(row, label);
        widest = column_for(widest, label);
    }
    return widest;
}

/* --- Parts of help -------------------------------------------------------------------------------------- */

static void print_options(const struct option_row *row, size_t column)
{
    char label[LABEL_SIZE];

    for (; row != NULL && row->help != NULL; row++) {
        if (row->kind == OPTION_HEADING) {
            putchar('\n');
            print_wrapped(row->help, 0, 0);
            continue;
        }
        option_label(row, label);
        print_entry(label, row->help, column);
    }
}

static void print_all_options(const char *path, const struct command *command,
                              const struct option_row *shared)
{
    size_t column =
        2 + 2 + options_column(shared, options_column(command->options, sizeof("-h, --help") - 1));

    if (command->options == NULL || command->options[0].kind != OPTION_HEADING)
        printf("\nOptions:\n");
    print_options(command->options, column);
    if (shared != NULL && command->options != NULL)
        printf("\nOptions of all commands of 'softeuicc %.*s':\n",
               (int)(strlen(path) - strlen(command->name) - 1), path);
    print_options(shared, column);
    print_entry("-h, --help", "this text", column);
}

/* "Usage: softeuicc pki init --dir DIR [OPTION]...", a line for each way to call it. */
static void print_usage(const char *path, const struct command *command, const struct option_row *shared)
{
    const char *words = command->words;
    const char *options = command->options != NULL || shared != NULL ? " [OPTION]..." : "";
    bool all = strstr(words, "[OPTION]") != NULL;
    bool options_first = strstr(words, "--") == NULL;
    char line[USAGE_SIZE];
    size_t n = (size_t)snprintf(line, sizeof(line), "softeuicc %s", path);

    for (const struct option_row *row = command->options; !all && row != NULL && row->help != NULL; row++) {
        if (row->required && n < sizeof(line))
            n += (size_t)snprintf(line + n, sizeof(line) - n, " --%s %s", row->name, row->argument);
    }
    if (n < sizeof(line))
        snprintf(line + n, sizeof(line) - n, "%s%s%s%s", !all && options_first ? options : "",
                 words[0] != '\0' ? " " : "", words, !all && !options_first ? options : "");
    printf("Usage: ");
    if (command->commands == NULL || command->run != NULL)
        print_wrapped(line, USAGE_COLUMN, USAGE_COLUMN + 4);
    if (command->commands != NULL && command->joint == NULL)
        printf("%*ssofteuicc %s%s COMMAND %s...\n", command->run != NULL ? USAGE_COLUMN : 0, "", path,
               command->run == NULL && command->options != NULL ? " [OPTION]..." : "",
               command->commands[0]->settings_size == 0 ? "[WORD]" : "[OPTION]");
}

/* What a command is for: its text, or its line of the list as a sentence. */
static void print_text(const struct command *command)
{
    char sentence[USAGE_SIZE];

    snprintf(sentence, sizeof(sentence), "%s.", command->summary);
    if (!isupper((unsigned char)sentence[1])) /* eUICC */
        sentence[0] = (char)toupper((unsigned char)sentence[0]);
    print_wrapped(command->text != NULL ? command->text : sentence, 0, 0);
}

static void print_commands(const struct command *const *commands)
{
    char label[LABEL_SIZE];
    size_t widest = 0;

    for (size_t i = 0; commands[i] != NULL; i++) {
        command_label(commands[i], label);
        widest = column_for(widest, label);
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        command_label(commands[i], label);
        print_entry(label, commands[i]->summary, 2 + 2 + widest);
    }
}

void command_help(const char *path, const struct command *command, const struct option_row *shared)
{
    print_usage(path, command, shared);
    putchar('\n');
    print_text(command);
    if (command->commands != NULL) {
        printf("\nCommands:\n");
        print_commands(command->commands);
    }
    print_all_options(path, command, shared);
    if (command->closing != NULL) {
        putchar('\n');
        print_wrapped(command->closing, 0, 0);
    }
}
