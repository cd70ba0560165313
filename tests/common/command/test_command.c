/* common/command/command.c: options of every kind, commands with and without settings of their own, and what
 * is refused, in which words. */
#include "common/command/command.h"
#include "common/tool.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS_MAX 32

/* --- A program ------------------------------------------------------------------------------------------ */

enum color { COLOR_NONE, COLOR_RED, COLOR_BLUE };

struct settings {
    bool flag;
    const char *text, *word, *lower;
    int64_t number;
    unsigned small;
    enum color color;
    struct place place;
    const char *list[2];
    size_t list_size;
    unsigned calls;
    const char *joined[4];
    size_t joined_size;
};

/* What the last command that ran got. */
static struct {
    const struct command *command;
    struct settings settings;
    char words[100];
    unsigned begun, ended, arounds;
} seen;

static const char *const colors[] = {"", "red", "blue", NULL};

static int take_even(void *settings, const struct option_row *row, const char *value)
{
    ((struct settings *)settings)->calls++;
    return strlen(value) % 2 == 0 ? EXIT_OK : tool_usage("--%s is not even: %s", row->name, value);
}

static bool is_lower(const char *value)
{
    return strspn(value, "abcdefghijklmnopqrstuvwxyz") == strlen(value);
}

static const struct option_row rows[] = {
    {"flag", NULL, "a flag", TAKES_FLAG(struct settings, flag), .letter = 'f'},
    {"text", "TEXT", "a text", TAKES_TEXT(struct settings, text), .letter = 't'},
    OPTION_HEAD("Others:"),
    {"number", "N", "a number", TAKES_NUMBER(struct settings, number, -5, 70000), .unit = "apples"},
    {"small", "N", "a small one", TAKES_NUMBER(struct settings, small, 1, 9)},
    {"color", "red|blue", "a color", TAKES_CHOICE(struct settings, color, colors)},
    {"word", "red|blue", "a color's name", TAKES_CHOICE(struct settings, word, colors)},
    {"place", "HOST:PORT", "a place", TAKES_PLACE(struct settings, place)},
    {"list", "ITEM", "twice at most", TAKES_LIST(struct settings, list, list_size)},
    {"listless", NULL, "begins like another", TAKES_FLAG(struct settings, flag)},
    {"even", "TEXT", "of an even length", TAKES_BY(take_even)},
    {"lower", "TEXT", "in small letters", TAKES_TEXT(struct settings, lower), .is_good = is_lower,
     .must_be = "in small letters"},
    {"lowers", "TEXT", "in small letters", TAKES_LIST(struct settings, list, list_size), .is_good = is_lower,
     .must_be = "in small letters"},
    {0},
};

static int run(const struct command_line *line)
{
    seen.command = line->command;
    if (line->settings != NULL)
        memcpy(&seen.settings, line->settings, sizeof(seen.settings));
    seen.words[0] = '\0';
    for (int i = 0; i < line->argc; i++) {
        strncat(seen.words, line->argv[i], 20);
        strncat(seen.words, ";", 2);
    }
    return 7;
}

static int around(const struct command_line *line)
{
    seen.arounds++;
    return line->command->run(line);
}

static void begin(void *settings)
{
    seen.begun++;
    ((struct settings *)settings)->place = (struct place){"here", 1};
}

static void end(void *settings)
{
    (void)settings;
    seen.ended++;
}

static const struct option_row own_rows[] = {
    {"own", "N", "of this one", TAKES_NUMBER(struct settings, number, 0, INT64_MAX), .required = true}, {0}};

/* Shares its settings with its commands. */
static const struct command *const shared_commands[] = {
    COMMAND("plain", "", "takes no words", .run = run),
    COMMAND("words", "A [B]", "takes one word or two", .min_words = 1, .max_words = 2, .run = run),
    COMMAND("two parts", "", "has a name of two words", .run = run),
    COMMAND("two halves", "", "is another", .run = run),
    COMMAND("own", "", "has an option of its own", .options = own_rows, .run = run),
    NULL,
};
static const struct command shared = {"shared",
                                      "",
                                      "commands that share options",
                                      .options = rows,
                                      .settings_size = sizeof(struct settings),
                                      .begin = begin,
                                      .end = end,
                                      .commands = shared_commands,
                                      .around = around};

static int join(const struct command_line *line)
{
    struct settings *settings = line->settings;

    settings->joined[settings->joined_size++] = line->command->name;
    return EXIT_OK;
}

static const struct command *const joined_commands[] = {
    COMMAND("one", "[WORD]", "the first", .options = own_rows, .max_words = 1, .run = join),
    COMMAND("two", "", "the second", .run = join),
    NULL,
};
static const struct option_row joined_rows[] = {
    {"text", "TEXT", "a text", TAKES_TEXT(struct settings, text), .required = true}, {0}};
static const struct command joined = {"joined",
                                      "--text TEXT [OPTION]... COMMAND [then COMMAND]...",
                                      "joins commands",
                                      .options = joined_rows,
                                      .settings_size = sizeof(struct settings),
                                      .commands = joined_commands,
                                      .joint = "then",
                                      .run = run};

/* Does something itself, and has commands with settings of their own. */
static const struct command *const server_commands[] = {&joined, &shared, NULL};
static const struct command server = {"server",
                                      "",
                                      "a server",
                                      .options = rows,
                                      .settings_size = sizeof(struct settings),
                                      .commands = server_commands,
                                      .implied = &joined,
                                      .run = run};

/* --- Running it ----------------------------------------------------------------------------------------- */

static char said[4096];  /* on stderr */
static char told[16384]; /* on stdout */

static void slurp(const char *name, char *out, size_t size)
{
    struct span text = test_read_file(test_path(name));

    snprintf(out, size, "%.*s", (int)text.size, (const char *)text.data);
}

/* Runs a command line, whose words stand apart by one blank. */
static int call(const struct command *command, const char *line)
{
    static char copy[400]; /* the settings point into it */
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    int argc = 0;
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    int status;

    snprintf(copy, sizeof(copy), "%s%s%s", command->name, line[0] != '\0' ? " " : "", line);
    for (char *word = copy, *rest; word != NULL && argc < ARGUMENTS_MAX; word = rest) {
        rest = strchr(word, ' ');
        if (rest != NULL)
            *rest++ = '\0';
        argv[argc++] = word;
    }
    memset(&seen, 0, sizeof(seen));
    fflush(stdout);
    fflush(stderr);
    ck_assert_ptr_nonnull(freopen(test_path("out"), "w", stdout));
    ck_assert_ptr_nonnull(freopen(test_path("err"), "w", stderr));
    status = command_run(command, argc, argv);
    fflush(stdout);
    fflush(stderr);
    ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
    ck_assert_int_ge(dup2(err, STDERR_FILENO), 0);
    close(out);
    close(err);
    slurp("out", told, sizeof(told));
    slurp("err", said, sizeof(said));
    return status;
}

/* --- Tests ---------------------------------------------------------------------------------------------- */

START_TEST(reads_options_of_every_kind)
{
    ck_assert_int_eq(call(&shared,
                          "--flag --text a --number -5 --small 9 --color blue --word red --place b:2 "
                          "--list x --list y plain --even ab"),
                     7);
    ck_assert_str_eq(said, "");
    ck_assert(seen.settings.flag);
    ck_assert_str_eq(seen.settings.text, "a");
    ck_assert_int_eq(seen.settings.number, -5);
    ck_assert_uint_eq(seen.settings.small, 9);
    ck_assert_int_eq(seen.settings.color, COLOR_BLUE);
    ck_assert_str_eq(seen.settings.word, "red");
    ck_assert_str_eq(seen.settings.place.host, "b");
    ck_assert_uint_eq(seen.settings.place.port, 2);
    ck_assert_uint_eq(seen.settings.list_size, 2);
    ck_assert_str_eq(seen.settings.list[1], "y");
    ck_assert_uint_eq(seen.settings.calls, 1);
    ck_assert_uint_eq(seen.begun, 1);
    ck_assert_uint_eq(seen.ended, 1);
    ck_assert_uint_eq(seen.arounds, 1);
    ck_assert_int_eq(call(&shared, "-ft a plain --number=70000 --fl"), 7);
    ck_assert_int_eq(seen.settings.number, 70000);
    ck_assert_str_eq(seen.settings.place.host, "here");
}
END_TEST

/* As many as a command wants; those of the one above, too. */
START_TEST(has_no_end_of_options)
{
    enum { MANY = 200 };
    static char names[MANY][8];
    static struct option_row many[MANY + 1];
    static const struct command below = {"below", "", "shares them", .options = rows, .run = run};
    static const struct command *const commands[] = {&below, NULL};
    static const struct command above = {"above",
                                         "",
                                         "many options",
                                         .options = many,
                                         .settings_size = sizeof(struct settings),
                                         .commands = commands};

    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "o%zu", i);
        many[i] =
            (struct option_row){names[i], "N", "one of them", TAKES_NUMBER(struct settings, number, 0, MANY)};
    }
    ck_assert_int_eq(call(&above, "--o0 5 below --text a"), 7);
    ck_assert_int_eq(seen.settings.number, 5);
    ck_assert_str_eq(seen.settings.text, "a");
    ck_assert_int_eq(call(&above, "below --o199 6 --even ab"), 7);
    ck_assert_int_eq(seen.settings.number, 6);
    ck_assert_int_eq(seen.settings.calls, 1);
    many[MANY - 1].required = true;
    ck_assert_int_eq(call(&above, "below"), EXIT_USAGE);
}
END_TEST

START_TEST(finds_commands_and_words)
{
    ck_assert_int_eq(call(&shared, "words a --flag b"), 7);
    ck_assert_str_eq(seen.words, "a;b;");
    ck_assert(seen.settings.flag);
    ck_assert_int_eq(call(&shared, "words -- --flag"), 7);
    ck_assert_str_eq(seen.words, "--flag;");
    ck_assert_int_eq(call(&shared, "two parts"), 7);
    ck_assert_str_eq(seen.command->name, "two parts");
    ck_assert_int_eq(call(&server, "--small 3"), 7);
    ck_assert_ptr_eq(seen.command, &server);
    ck_assert_uint_eq(seen.settings.small, 3);
    ck_assert_int_eq(call(&server, "shared plain"), 7);
    ck_assert_str_eq(seen.settings.place.host, "here");
}
END_TEST

START_TEST(joins_commands)
{
    ck_assert_int_eq(call(&joined, "--text a one --own 1 then two then one x"), 7);
    ck_assert_uint_eq(seen.settings.joined_size, 3);
    ck_assert_str_eq(seen.settings.joined[1], "two");
    ck_assert_ptr_eq(seen.command, &joined);
    /* The command's own name left out, and its option at the end. */
    ck_assert_int_eq(call(&server, "two then two --text b"), 7);
    ck_assert_uint_eq(seen.settings.joined_size, 2);
    ck_assert_str_eq(seen.settings.text, "b");
    ck_assert_int_eq(call(&joined, "--text a"), EXIT_USAGE);
    ck_assert_int_eq(call(&joined, "--text a one then"), EXIT_USAGE);
    ck_assert_int_eq(call(&joined, "--text a then one"), EXIT_USAGE);
    ck_assert_int_eq(call(&joined, "one"), EXIT_USAGE);
    ck_assert_str_eq(said, "softeuicc joined: --text is missing (see 'softeuicc joined --help')\n");
}
END_TEST

START_TEST(says_what_is_wrong)
{
    static const struct {
        const struct command *command;
        const char *line, *where, *what;
    } cases[] = {
        {&shared, "", "shared", "a command is missing"},
        {&shared, "fly", "shared", "there is no command 'fly'"},
        {&shared, "two pieces", "shared", "'two' needs its second word right behind it"},
        {&shared, "--frob", "shared", "there is no option '--frob'"},
        {&shared, "plain --frob=1", "shared plain", "there is no option '--frob=1'"},
        {&shared, "-fx plain", "shared", "there is no option '-x'"},
        {&shared, "words -60", "shared words",
         "there is no option '-6'; a number below zero stands behind '--'"},
        {&shared, "--text", "shared", "'--text' needs a value"},
        {&shared, "plain -t", "shared plain", "'-t' needs a value"},
        {&shared, "--flag=1 plain", "shared", "'--flag' takes no value"},
        {&shared, "--fl=1 plain", "shared", "'--fl' takes no value"},
        {&shared, "--help=1", "shared", "'--help' takes no value"},
        {&shared, "--lis plain", "shared", "'--lis' could be several options"},
        {&shared, "--s 1 --list plain", "shared", "a command is missing"},
        {&shared, "own --own -1", "shared own", "--own is not a number from 0 on: -1"},
        {&shared, "--n 5 --e x plain", "shared", "--even is not even: x"},
        {&shared, "plain --number 70001", "shared plain",
         "--number is not a number of apples from -5 to 70000: 70001"},
        {&shared, "--small 0 plain", "shared", "--small is not a number from 1 to 9: 0"},
        {&shared, "--small x\ny plain", "shared", "--small is not a number from 1 to 9: x?y"},
        {&shared, "--color green plain", "shared", "--color is not red or blue: green"},
        {&shared, "--color= plain", "shared", "--color is not red or blue: "},
        {&shared, "--place a:b plain", "shared", "--place is not HOST:PORT: a:b"},
        {&shared, "--list a --list b --list c plain", "shared", "--list was given more than 2 times"},
        {&shared, "--lower x --lower X plain", "shared", "--lower is not in small letters: X"},
        {&shared, "--lowers x --lowers X plain", "shared", "--lowers is not in small letters: X"},
        {&shared, "plain more", "shared plain", "'more' is one argument too many"},
        {&shared, "words a b c", "shared words", "'c' is one argument too many"},
        {&shared, "words", "shared words", "words takes A [B]"},
        {&shared, "own", "shared own", "--own is missing"},
        {&joined, "--text a two then fly", "joined", "there is no command 'fly'"},
        {&shared, "plain --own 1", "shared plain", "there is no option '--own'"},
        {&server, "--flag shared plain", "server shared",
         "--flag stands in front of the command: its options come behind its name"},
        {&server, "shared plain --w", "server shared plain", "'--w' needs a value"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[400];

        snprintf(expected, sizeof(expected), "softeuicc %s: %s (see 'softeuicc %s --help')\n", cases[i].where,
                 cases[i].what, cases[i].where);
        ck_assert_msg(call(cases[i].command, cases[i].line) == EXIT_USAGE, "'%s'", cases[i].line);
        ck_assert_msg(strcmp(said, expected) == 0, "'%s': %s", cases[i].line, said);
        ck_assert_str_eq(told, "");
        ck_assert_ptr_null(seen.command);
        ck_assert_uint_eq(seen.begun, seen.ended);
    }
}
END_TEST

START_TEST(helps_at_every_level)
{
    static const struct {
        const struct command *command;
        const char *line, *usage;
    } cases[] = {
        {&shared, "--help", "Usage: softeuicc shared [OPTION]... COMMAND [WORD]...\n"},
        {&shared, "-h", "Usage: softeuicc shared [OPTION]... COMMAND [WORD]...\n"},
        {&shared, "help", "Usage: softeuicc shared [OPTION]... COMMAND [WORD]...\n"},
        {&shared, "words -h --frob", "Usage: softeuicc shared words [OPTION]... A [B]\n"},
        {&shared, "own --help", "Usage: softeuicc shared own --own N [OPTION]...\n"},
        {&shared, "two --help",
         "Usage: softeuicc shared two parts [OPTION]...\n\nHas a name of two words.\n"},
        {&shared, "two -h", "Usage: softeuicc shared two parts [OPTION]...\n"},
        {&shared, "two parts -h", "Usage: softeuicc shared two parts [OPTION]...\n"},
        {&server, "-h", "Usage: softeuicc server [OPTION]...\n       softeuicc server COMMAND [OPTION]...\n"},
        {&server, "joined -h",
         "Usage: softeuicc server joined --text TEXT [OPTION]... COMMAND [then COMMAND]...\n"},
        {&server, "one -h", "Usage: softeuicc server joined one --own N [OPTION]... [WORD]\n"},
        {&server, "two then -h", "Usage: softeuicc server joined --text TEXT [OPTION]... COMMAND [then"},
        {&server, "two then one -h", "Usage: softeuicc server joined one --own N [OPTION]... [WORD]\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(call(cases[i].command, cases[i].line) == EXIT_OK, "'%s'", cases[i].line);
        ck_assert_msg(strncmp(told, cases[i].usage, strlen(cases[i].usage)) == 0, "'%s': %s", cases[i].line,
                      told);
        ck_assert_str_eq(said, "");
        ck_assert_ptr_null(seen.command);
    }
    call(&shared, "two --help");
    ck_assert_ptr_nonnull(
        strstr(told, "\n\nUsage: softeuicc shared two halves [OPTION]...\n\nIs another.\n"));
    ck_assert_int_eq(call(&shared, "two --frob"), EXIT_USAGE);
    call(&shared, "own --help");
    ck_assert_ptr_nonnull(strstr(told, "\nOptions:\n      --own N            of this one\n"));
    ck_assert_ptr_nonnull(strstr(told, "\n  -f, --flag             a flag\n"));
    ck_assert_ptr_nonnull(strstr(told, "\nOthers:\n"));
    call(&server, "two then -h");
    ck_assert_ptr_null(strstr(told, "Options of all commands"));
}
END_TEST

TEST_MAIN("command", reads_options_of_every_kind, has_no_end_of_options, finds_commands_and_words,
          joins_commands, says_what_is_wrong, helps_at_every_level)
