/* Tables. See table.h. */
#include "common/print/table.h"

#include "common/print/columns.h"
#include "common/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP          2  /* blanks between columns */
#define WIDTH_MIN    4  /* columns that a cell keeps when it is cut */
#define SENTENCE_MIN 12 /* columns of a sentence's lines, at least */
#define ELLIPSIS     "\xE2\x80\xA6"

struct table {
    const struct table_column *columns;
    size_t columns_count;
    char **cells;
    size_t cells_count;
    bool is_untitled;
    bool failed;
};

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table != NULL)
        *table = (struct table){.columns = columns, .columns_count = count};
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->cells_count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

void table_without_titles(struct table *table)
{
    if (table != NULL)
        table->is_untitled = true;
}

void table_add(struct table *table, const char *format, ...)
{
    char **cells;
    va_list arguments;
    char *text = NULL;
    int size;

    if (table == NULL || table->failed)
        return;
    cells = realloc(table->cells, (table->cells_count + 1) * sizeof(*cells));
    if (cells != NULL)
        table->cells = cells;
    va_start(arguments, format);
    size = cells != NULL ? vasprintf(&text, format, arguments) : -1;
    va_end(arguments);
    table->failed = size < 0;
    if (table->failed)
        return;
    tool_one_line(text);
    cells[table->cells_count++] = text;
}

size_t table_rows(const struct table *table)
{
    return table != NULL ? table->cells_count / table->columns_count : 0;
}

/* --- Widths ------------------------------------------------------------------------------------------- */

static size_t width_of(const char *text)
{
    return columns_of(text, strlen(text));
}

static size_t natural_width(const struct table *table, size_t column)
{
    size_t width = table->is_untitled ? 0 : width_of(table->columns[column].title);

    for (size_t i = column; i < table->cells_count; i += table->columns_count) {
        size_t cell = width_of(table->cells[i]);

        width = cell > width ? cell : width;
    }
    return width;
}

static size_t least_width(const struct table_column *column)
{
    return column->is_sentence ? SENTENCE_MIN : WIDTH_MIN;
}

/* The widest column that may still be cut; columns_count when there is none. */
static size_t widest(const struct table *table, const size_t *widths)
{
    size_t found = table->columns_count;

    for (size_t i = 0; i < table->columns_count; i++) {
        if (!table->columns[i].is_whole && widths[i] > least_width(&table->columns[i]) &&
            (found == table->columns_count || widths[i] > widths[found]))
            found = i;
    }
    return found;
}

static void choose_widths(const struct table *table, size_t indent, size_t columns, size_t *widths)
{
    size_t total = indent + GAP * (table->columns_count - 1);

    for (size_t i = 0; i < table->columns_count; i++) {
        widths[i] = natural_width(table, i);
        total += widths[i];
    }
    for (; columns > 0 && total > columns; total--) {
        size_t column = widest(table, widths);

        if (column == table->columns_count)
            return;
        widths[column]--;
    }
}

/* --- Text --------------------------------------------------------------------------------------------- */

static void put_blanks(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_append_octet(out, ' ');
}

static void put_cell(struct buf *out, const char *text, size_t width, bool is_right, bool is_last)
{
    size_t columns = width_of(text);
    size_t size = strlen(text);
    bool is_cut = columns > width;

    if (is_cut) {
        size = columns_fit(text, width - 1);
        columns = columns_of(text, size) + 1;
    }
    if (is_right)
        put_blanks(out, width - columns);
    buf_append(out, SPAN(text, size));
    if (is_cut)
        buf_append(out, SPAN_STRING(ELLIPSIS));
    if (!is_right && !is_last)
        put_blanks(out, width - columns);
}

/* How many octets of the text stand in a line: whole words, or as much as there is room for of one that is
 * too long. */
static size_t line_size(const char *text, size_t width)
{
    size_t room = columns_fit(text, width);
    size_t size = room;

    if (text[room] == '\0')
        return room;
    while (size > 0 && text[size] != ' ')
        size--;
    return size > 0 ? size : room;
}

/* Lines behind so many columns. */
static void put_sentence(struct buf *out, const char *text, size_t width, size_t behind)
{
    size_t size = line_size(text, width);

    while (size > 0 && text[size] != '\0') {
        buf_append(out, SPAN(text, size));
        buf_append_octet(out, '\n');
        put_blanks(out, behind);
        text += size + strspn(text + size, " ");
        size = line_size(text, width);
    }
    buf_append(out, SPAN(text, size));
}

/* A line of cells, or of titles (NULL). Empty cells at its end leave no blanks. */
static void put_row(const struct table *table, size_t indent, const size_t *widths, char *const *cells,
                    struct buf *out)
{
    size_t behind = indent;

    put_blanks(out, indent);
    for (size_t i = 0; i < table->columns_count; i++) {
        const struct table_column *column = &table->columns[i];
        const char *text = cells != NULL ? cells[i] : column->title;
        bool is_last = i + 1 == table->columns_count;

        if (is_last && column->is_sentence)
            put_sentence(out, text, widths[i], behind);
        else
            put_cell(out, text, widths[i], column->is_right, is_last);
        behind += widths[i] + GAP;
        if (!is_last)
            put_blanks(out, GAP);
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
    buf_append_octet(out, '\n');
}

bool table_render(const struct table *table, size_t indent, size_t columns, struct buf *out)
{
    size_t *widths;

    if (table == NULL || table->failed || (widths = calloc(table->columns_count, sizeof(*widths))) == NULL)
        return false;
    choose_widths(table, indent, columns, widths);
    if (!table->is_untitled)
        put_row(table, indent, widths, NULL, out);
    for (size_t i = 0; i < table_rows(table); i++)
        put_row(table, indent, widths, table->cells + i * table->columns_count, out);
    free(widths);
    return !out->failed;
}

bool table_print(struct table *table, size_t indent)
{
    struct buf text = {0};
    bool ok = table_render(table, indent, columns_of_terminal(), &text);

    if (!ok)
        tool_error("out of memory");
    else if (text.size > 0) /* there may be nothing to show, and nowhere */
        fwrite(text.data, 1, text.size, stdout);
    buf_free(&text);
    table_free(table);
    return ok;
}
