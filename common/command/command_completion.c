/* Completion scripts from the tables. See command.h. What bash and zsh share knows, as shell functions: which
 * command a word leads to, which value an option takes, and what may stand where. */
#include "common/command/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 80

static bool is_file(const char *argument)
{
    static const char *const files[] = {"FILE", "DIR", "CERT", "KEY", "PATH"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strncmp(argument, files[i], strlen(files[i])) == 0 &&
            strchr("|. ", argument[strlen(files[i])]) != NULL)
            return true;
    }
    return false;
}

/* The small-letter words of "on|off", "[process|remove [SEQ]]": what can be said as it stands. */
static void print_literals(const char *words)
{
    while (*words != '\0') {
        size_t size = strcspn(words, "|[]. ");
        size_t small = strspn(words, "abcdefghijklmnopqrstuvwxyz0123456789-");

        if (size > 1 && small == size && words[0] != '-')
            printf("%.*s ", (int)size, words);
        words += size + (words[size] != '\0');
    }
}

static void print_value(const struct option_row *row)
{
    if (is_file(row->argument))
        printf("files");
    for (const char *const *word = row->choices; word != NULL && *word != NULL; word++)
        printf("%s%s", *word, **word != '\0' ? " " : "");
    if (row->choices == NULL && strchr(row->argument, '|') != NULL)
        print_literals(row->argument);
}

/* Calls `visit` for a command and all below. */
static void walk(const char *above, const struct command *command, const struct command *parent,
                 void (*visit)(const char *path, const struct command *command, const struct command *parent))
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s %s", above, command->name);
    visit(path, command, parent);
    for (const struct command *const *each = command->commands; each != NULL && *each != NULL; each++)
        walk(path, *each, command, visit);
}

/* --- Which command a word leads to ---------------------------------------------------------------------- */

static void print_step(const char *path, const char *prefix, const char *name)
{
    const char *blank = strchr(name, ' ');

    if (blank == NULL) {
        printf("    '%s %s') place='%s %s' ;;\n", path, name, prefix, name);
        return;
    }
    printf("    '%s %.*s') place='%s %.*s' ;;\n", path, (int)(blank - name), name, prefix,
           (int)(blank - name), name);
    printf("    '%s %s') place='%s %s' ;;\n", prefix, name, prefix, name);
}

static void visit_step(const char *path, const struct command *command, const struct command *parent)
{
    char implied[PATH_SIZE];
    const struct command *const *each;

    for (each = command->commands; each != NULL && *each != NULL; each++)
        print_step(path, path, (*each)->name);
    if (command->implied != NULL) {
        snprintf(implied, sizeof(implied), "%s %s", path, command->implied->name);
        for (each = command->implied->commands; *each != NULL; each++)
            print_step(path, implied, (*each)->name);
    }
    if (parent != NULL && parent->joint != NULL)
        printf("    '%s %s') place='%.*s' ;;\n", path, parent->joint,
               (int)(strlen(path) - strlen(command->name) - 1), path);
}

/* --- Values --------------------------------------------------------------------------------------------- */

static bool shares(const struct command *command)
{
    return command->commands != NULL && command->commands[0]->settings_size == 0;
}

static void visit_value(const char *path, const struct command *command, const struct command *parent)
{
    bool any = false;

    (void)parent;
    for (const struct option_row *row = command->options; row != NULL && row->help != NULL; row++) {
        if (row->argument == NULL || row->argument[0] == '[')
            continue;
        if (!any)
            printf("    case \"$place\" in '%s'%s%s%s) case \"$1\" in\n", path, shares(command) ? "|'" : "",
                   shares(command) ? path : "", shares(command) ? " '*" : "");
        any = true;
        printf("    --%s", row->name);
        if (row->letter != 0)
            printf("|-%c", row->letter);
        printf(") values='");
        print_value(row);
        printf("'; return 0 ;;\n");
    }
    printf("%s", any ? "    esac ;; esac\n" : "");
}

/* --- What may stand where ------------------------------------------------------------------------------- */

static void print_names(const struct command *const *commands)
{
    size_t before = 0;

    for (const char *last = ""; commands != NULL && *commands != NULL; commands++) {
        size_t size = strcspn((*commands)->name, " ");

        if (size != before || strncmp(last, (*commands)->name, size) != 0)
            printf("%.*s ", (int)size, (*commands)->name);
        last = (*commands)->name;
        before = size;
    }
}

static void print_option_names(const struct option_row *row)
{
    for (; row != NULL && row->help != NULL; row++) {
        if (row->kind != OPTION_HEADING)
            printf("--%s ", row->name);
    }
}

static void visit_words(const char *path, const struct command *command, const struct command *parent)
{
    const char *blank = strchr(command->name, ' ');

    printf("    '%s') options='", path);
    print_option_names(command->options);
    if (parent != NULL && command->settings_size == 0)
        print_option_names(parent->options);
    printf("--help' offers='");
    print_names(command->commands);
    if (command->implied != NULL)
        print_names(command->implied->commands);
    if (command->max_words > 0 && is_file(command->words))
        printf("files");
    else if (command->max_words > 0)
        print_literals(command->words);
    printf("' ;;\n");
    if (blank != NULL) /* its first word alone; the shell takes the first that fits */
        printf("    '%.*s') offers=\"$offers %s\" ;;\n", (int)(strlen(path) - strlen(blank)), path,
               blank + 1);
}

/* --- The scripts ---------------------------------------------------------------------------------------- */

static void print_shared(const struct command *const *commands)
{
    printf("# Prints nothing; $1 is a word: moves on from $place.\n"
           "_softeuicc_step() {\n    case \"$place $1\" in\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        printf("    ' %s') place=' %s' ;;\n", commands[i]->name, commands[i]->name);
    for (size_t i = 0; commands[i] != NULL; i++)
        walk("", commands[i], NULL, visit_step);
    printf("    esac\n}\n\n# True when the option $1 takes a value at $place: one of $values.\n"
           "_softeuicc_value() {\n    values=\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        walk("", commands[i], NULL, visit_value);
    printf("    [ \"$place $1\" = ' --completion' ] && values='bash zsh'\n}\n\n"
           "# What may stand at $place: $options and $offers.\n"
           "_softeuicc_words() {\n    case \"$place\" in\n    '') options='--help --version --completion' "
           "offers='");
    print_names(commands);
    printf("' ;;\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        walk("", commands[i], NULL, visit_words);
    printf("    esac\n}\n\n");
}

/* What the two shells do differently: where the words are, and how an offer is made. */
static const struct shell {
    const char *name, *head, *body;
} shells[] = {
    {"bash", "# Completes softeuicc's command lines in bash.\n",
     "_softeuicc() {\n"
     "    local place= values= options= offers= word=${COMP_WORDS[COMP_CWORD]} i\n"
     "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
     "        case ${COMP_WORDS[i]} in\n"
     "        -*) _softeuicc_value \"${COMP_WORDS[i]}\" && i=$((i + 1)) ;;\n"
     "        *) _softeuicc_step \"${COMP_WORDS[i]}\" ;;\n"
     "        esac\n"
     "    done\n"
     "    _softeuicc_words\n"
     "    if [ $i -le \"$COMP_CWORD\" ]; then\n"
     "        values=$offers\n"
     "        case $word in -*) values=$options ;; esac\n"
     "    fi\n"
     "    COMPREPLY=()\n"
     "    if [ \"$values\" = files ]; then\n"
     "        compopt -o filenames 2>/dev/null\n"
     "        while read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -f -- \"$word\")\n"
     "    else\n"
     "        while read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -W \"$values\" -- \"$word\")\n"
     "    fi\n"
     "}\n"
     "complete -F _softeuicc softeuicc\n"},
    {"zsh", "#compdef softeuicc\n# Completes softeuicc's command lines in zsh.\n",
     "_softeuicc() {\n"
     "    local -a line=(\"${words[@]}\")\n"
     "    local place= values= options= offers= i\n"
     "    for ((i = 2; i < CURRENT; i++)); do\n"
     "        case ${line[i]} in\n"
     "        -*) _softeuicc_value \"${line[i]}\" && i=$((i + 1)) ;;\n"
     "        *) _softeuicc_step \"${line[i]}\" ;;\n"
     "        esac\n"
     "    done\n"
     "    _softeuicc_words\n"
     "    if [ $i -le $CURRENT ]; then\n"
     "        values=$offers\n"
     "        case ${line[CURRENT]} in -*) values=$options ;; esac\n"
     "    fi\n"
     "    if [ \"$values\" = files ]; then _files; else compadd -- ${=values}; fi\n"
     "}\n"
     "if [ \"$funcstack[1]\" = _softeuicc ]; then _softeuicc \"$@\"; else compdef _softeuicc softeuicc; "
     "fi\n"},
};

bool command_completion(const char *name, const struct command *const *commands)
{
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i].name, name) != 0)
            continue;
        fputs(shells[i].head, stdout);
        print_shared(commands);
        fputs(shells[i].body, stdout);
        return true;
    }
    return false;
}
