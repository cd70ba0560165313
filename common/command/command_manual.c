/* Manual pages from the tables, as mdoc(7). See command.h. */
#include "common/command/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_WIDTH 78 /* octets, about */

/* A text in lines, each sentence in new ones; `end` stands behind it. */
static void print_text(const char *text, const char *end)
{
    size_t column = 0;

    for (; *text != '\0'; text++) {
        bool sentence_ends = *text == ' ' && column > 0 && text[-1] == '.';

        if (*text == '\n' || sentence_ends ||
            (*text == ' ' && column + strcspn(text + 1, " \n") > TEXT_WIDTH)) {
            putchar('\n');
            column = 0;
            continue;
        }
        if (column == 0 && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        fputs(*text == '\\' ? "\\e" : *text == '-' ? "\\-" : (const char[]){*text, '\0'}, stdout);
        column++;
    }
    printf("%s\n", end);
}

/* A line of a list as a sentence. */
static void print_sentence(const char *text)
{
    char sentence[512];
    size_t size = (size_t)snprintf(sentence, sizeof(sentence), "%s", text);

    if (!isupper((unsigned char)sentence[1])) /* eUICC */
        sentence[0] = (char)toupper((unsigned char)sentence[0]);
    print_text(sentence, size < sizeof(sentence) && strchr(".:", text[size - 1]) == NULL ? "." : "");
}

/* The words of a synopsis as macros: options are flags, the others arguments. */
static void print_words(const char *words)
{
    while (*words != '\0') {
        size_t size = strcspn(words, " ");

        if (strncmp(words, "--", 2) == 0)
            printf(" Fl %.*s", (int)size - 1, words + 1);
        else
            printf(" Ar %.*s", (int)size, words);
        words += size + strspn(words + size, " ");
    }
}

/* What stands behind a command's name in the synopsis. */
static void print_synopsis(const struct command *command)
{
    if (strstr(command->words, "[OPTION]") == NULL) {
        for (const struct option_row *row = command->options; row != NULL && row->help != NULL; row++) {
            if (row->required)
                printf(" Fl -%s Ar %s", row->name, row->argument);
        }
        if (command->options != NULL && strstr(command->words, "--") == NULL)
            printf(" Ar [OPTION]...");
    }
    print_words(command->words);
    putchar('\n');
}

static void print_options(const struct option_row *row)
{
    bool open = false;

    for (; row != NULL && row->help != NULL; row++) {
        if (row->kind == OPTION_HEADING) {
            printf("%s", open ? ".El\n.Pp\n" : "");
            print_text(row->help, "");
            open = false;
            continue;
        }
        if (!open)
            printf(".Bl -tag -width Ds\n");
        open = true;
        printf(".It ");
        if (row->letter != 0)
            printf("Fl %c , ", row->letter);
        if (row->argument != NULL && row->argument[0] == '[')
            printf("Fl -%s Ns Op =%.*s\n", row->name, (int)strcspn(row->argument + 2, "]"),
                   row->argument + 2);
        else
            printf("Fl -%s%s%s\n", row->name, row->argument != NULL ? " Ar " : "",
                   row->argument != NULL ? row->argument : "");
        print_sentence(row->help);
    }
    printf("%s", open ? ".El\n" : "");
}

static void print_commands(const struct command *const *commands)
{
    printf(".Bl -tag -width Ds\n");
    for (; *commands != NULL; commands++) {
        const struct command *command = *commands;

        printf(".It Cm %s", command->name);
        print_synopsis(command);
        if (command->text != NULL)
            print_text(command->text, "");
        else
            print_sentence(command->summary);
        print_options(command->options);
        if (command->commands != NULL) {
            printf(".Pp\nCommands:\n");
            print_commands(command->commands);
        }
    }
    printf(".El\n");
}

static void print_head(const char *name, const char *upper, const char *what)
{
    printf("@\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n", upper, name, what);
}

void command_manual(const struct command *command)
{
    char name[64];
    char upper[64];

    snprintf(name, sizeof(name), "softeuicc-%s", command->name);
    for (size_t i = 0; i < sizeof(upper); i++)
        upper[i] = (char)toupper((unsigned char)name[i]);
    print_head(name, upper, command->summary);
    if (command->commands == NULL || command->run != NULL) {
        printf(".Nm softeuicc Cm %s", command->name);
        print_synopsis(command);
    }
    for (const struct command *const *each = command->commands; each != NULL && *each != NULL; each++) {
        bool shares = (*each)->settings_size == 0;

        printf(".Nm softeuicc Cm %s%s Cm %s", command->name, shares ? " Ar [OPTION]..." : "", (*each)->name);
        print_synopsis(*each);
    }
    printf(".Sh DESCRIPTION\n");
    print_text(command->text, "");
    printf("@\n");
    if (command->options != NULL) {
        printf(".Ss Options\n");
        print_options(command->options);
    }
    if (command->commands != NULL) {
        printf(".Ss Commands\n");
        print_commands(command->commands);
    }
    if (command->closing != NULL) {
        printf(".Pp\n");
        print_text(command->closing, "");
    }
}

void command_manual_list(const struct command *const *commands)
{
    print_head("softeuicc", "SOFTEUICC", "a software eUICC and the tools around it");
    printf(".Nm softeuicc Ar SUBCOMMAND Ar [OPTION]...\n"
           ".Nm softeuicc Fl -help | Fl -version\n"
           ".Nm softeuicc Fl -completion Cm bash | zsh\n"
           ".Sh DESCRIPTION\n@\n.Ss Subcommands\n.Bl -tag -width softeuicc-profile(1)\n");
    for (; *commands != NULL; commands++) {
        printf(".It Xr softeuicc-%s 1\n", (*commands)->name);
        print_sentence((*commands)->summary);
    }
    printf(".El\n");
}
