/* common/print/columns.c and common/print/table.c: columns of text, and tables that fit a terminal. */
#include "common/print/columns.h"
#include "common/print/table.h"
#include "tests/support/capture.h"
#include "tests/support/hostile.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define JAPANESE "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E" /* three characters, six columns */
#define GRINNING "\xF0\x9F\x98\x80"
#define ACUTE    "\xCC\x81" /* combines */
#define ELLIPSIS "\xE2\x80\xA6"

static size_t width(const char *text)
{
    return columns_of(text, strlen(text));
}

START_TEST(columns_of_characters)
{
    static const char *const locales[] = {"C", "POSIX", "C.UTF-8", ""};

    for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
        setlocale(LC_ALL, locales[i]);
        ck_assert_uint_eq(width(""), 0);
        ck_assert_uint_eq(width("abc"), 3);
        ck_assert_uint_eq(width("Z\xC3\xBCrich"), 6);
        ck_assert_uint_eq(width(JAPANESE), 6);
        ck_assert_uint_eq(width("\xED\x95\x9C"), 2); /* Hangul */
        ck_assert_uint_eq(width("\xEF\xBC\xA1"), 2); /* full width A */
        ck_assert_uint_eq(width(GRINNING), 2);
        ck_assert_uint_eq(width("e" ACUTE ACUTE), 1);
        ck_assert_uint_eq(width("\xCE\xB1\xC2\xA7"), 2); /* of ambiguous width */
        ck_assert_uint_eq(width("\xFF\xC3"), 2);         /* no UTF-8 */
        ck_assert_uint_eq(columns_of("ab\xC3\xBC", 3), 3);
    }
    setlocale(LC_ALL, "C");
}
END_TEST

/* No prefix ends inside a character, or before what combines with its last one. */
START_TEST(whole_characters_fit)
{
    static const char text[] = "a" JAPANESE "e" ACUTE GRINNING "z";
    static const size_t sizes[] = {0, 1, 1, 4, 4, 7, 7, 10, 13, 13, 17, 18, 18};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        ck_assert_uint_eq(columns_fit(text, i), sizes[i]);
}
END_TEST

/* The text of a table with these two rows for so many columns. */
static const char *rendered(const struct table_column *columns, size_t count, const char *const *cells,
                            size_t cells_count, size_t terminal)
{
    struct table *table = table_new(columns, count);
    struct buf *out = test_buf();

    for (size_t i = 0; i < cells_count; i++)
        table_add(table, "%s", cells[i]);
    ck_assert(table_render(table, 1, terminal, out));
    table_free(table);
    buf_append_octet(out, 0);
    return (const char *)out->data;
}

START_TEST(columns_align)
{
    static const struct table_column columns[] = {TABLE_COLUMN("NAME"), TABLE_RIGHT("N"), TABLE_COLUMN("X")};
    static const char *const cells[] = {JAPANESE, "1", "", "e" ACUTE, "100", "y"};

    ck_assert_str_eq(rendered(columns, 3, cells, 6, 0), " NAME      N  X\n"
                                                        " " JAPANESE "    1\n"
                                                        " e" ACUTE "       100  y\n");
}
END_TEST

/* At every width, no line is wider than the terminal as long as something can be cut, and what must not be
 * cut is whole. */
START_TEST(tables_fit)
{
    static const struct table_column columns[] = {TABLE_WHOLE("ICCID"), TABLE_COLUMN("PROVIDER"),
                                                  TABLE_COLUMN("NAME")};
    static const char *const cells[] = {"8949000000000000017",
                                        JAPANESE JAPANESE JAPANESE,
                                        "e" ACUTE "e" ACUTE "e" ACUTE "e" ACUTE "e" ACUTE "e" ACUTE GRINNING,
                                        "89",
                                        "a provider with a long name",
                                        JAPANESE "x" JAPANESE};
    const size_t least = 1 + 19 + 2 + 4 + 2 + 4;
    bool was_cut = false;

    for (size_t terminal = 1; terminal < 90; terminal++) {
        const char *text = rendered(columns, 3, cells, 6, terminal);

        ck_assert_harmless(text, 3); /* UTF-8, for one */
        ck_assert_ptr_nonnull(strstr(text, cells[0]));
        was_cut = was_cut || strstr(text, ELLIPSIS) != NULL;
        for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
            size_t columns_used = columns_of(line, strcspn(line, "\n"));

            ck_assert_msg(columns_used <= (terminal > least ? terminal : least), "%zu of %zu: %s",
                          columns_used, terminal, line);
            ck_assert_ptr_null(strstr(line, ELLIPSIS ACUTE));
        }
    }
    ck_assert(was_cut);
    ck_assert_str_eq(rendered(columns, 3, cells, 6, 0), rendered(columns, 3, cells, 6, 1000));
}
END_TEST

/* Nothing of it is lost, and lines have whole words. */
START_TEST(sentences_go_on_below)
{
    static const struct table_column columns[] = {TABLE_WHOLE("NAME"), TABLE_SENTENCE("MEANING")};
    static const char *const cells[] = {"one",   "a sentence of several words", "two", "",
                                        "three", "e" ACUTE "xceptionally-long"};

    ck_assert_str_eq(rendered(columns, 2, cells, 6, 0), " NAME   MEANING\n"
                                                        " one    a sentence of several words\n"
                                                        " two\n"
                                                        " three  e" ACUTE "xceptionally-long\n");
    ck_assert_str_eq(rendered(columns, 2, cells, 6, 22), " NAME   MEANING\n"
                                                         " one    a sentence of\n"
                                                         "        several words\n"
                                                         " two\n"
                                                         " three  e" ACUTE "xceptionally-\n"
                                                         "        long\n");
    /* What is left is too little for a sentence. */
    ck_assert_str_eq(rendered(columns, 2, cells, 6, 1), rendered(columns, 2, cells, 6, 20));
}
END_TEST

static int print_wide(void *context)
{
    static const struct table_column columns[] = {TABLE_COLUMN("NAME")};
    struct table *table = table_new(columns, 1);

    (void)context;
    table_add(table, "a name of more than twenty columns");
    return table_print(table, 0) ? 0 : 1;
}

static int width_of_terminal(void *context)
{
    *(size_t *)context = columns_of_terminal();
    return 0;
}

/* What is no terminal has no width, whatever $COLUMNS says; a terminal has its own. */
START_TEST(terminals)
{
    struct winsize window = {.ws_row = 24, .ws_col = 20};
    int kept = dup(STDOUT_FILENO);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    size_t columns = 1, unknown;
    int side;

    setenv("COLUMNS", "10", 1);
    capture(width_of_terminal, &columns);
    ck_assert_uint_eq(columns, 0);
    ck_assert_str_eq(capture(print_wide, NULL).out, "NAME\na name of more than twenty columns\n");
    if (terminal < 0) { /* a chroot without /dev/pts */
        close(kept);
        return;
    }
    ck_assert(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    side = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(side, 0);
    fflush(stdout);
    ck_assert_int_ge(dup2(side, STDOUT_FILENO), 0);
    unknown = columns_of_terminal();
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &window), 0);
    columns = columns_of_terminal();
    dup2(kept, STDOUT_FILENO);
    ck_assert_uint_eq(unknown, 10);
    ck_assert_uint_eq(columns, 20);
    close(side);
    close(terminal);
    close(kept);
    unsetenv("COLUMNS");
}
END_TEST

TEST_MAIN("table", columns_of_characters, whole_characters_fit, columns_align, tables_fit,
          sentences_go_on_below, terminals)
