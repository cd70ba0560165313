/* Lines and tables of facts: see facts.h. */
#include "tools/ctl/facts.h"

#include "common/print/print.h"
#include "common/tool.h"

#include <stdio.h>

#define LABEL_WIDTH 18
#define COLUMNS_MAX 8

/* --- cells --------------------------------------------------------------------------------------- */

/* A value as text on one line; "" when it is not there. */
static const char *text_of(const json_t *value, char out[CTL_TEXT_SIZE])
{
    if (json_is_string(value))
        snprintf(out, CTL_TEXT_SIZE, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, CTL_TEXT_SIZE, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, CTL_TEXT_SIZE, "%.3f", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(out, CTL_TEXT_SIZE, "%s", json_is_true(value) ? "yes" : "no");
    else
        out[0] = '\0';
    tool_one_line(out);
    return out;
}

const char *ctl_text(const json_t *object, const char *name, char out[CTL_TEXT_SIZE])
{
    return text_of(json_object_get(object, name), out);
}

/* --- lines and tables ---------------------------------------------------------------------------- */

void ctl_line(const char *label, const char *text)
{
    print_line("%-*s %s", LABEL_WIDTH, label, text);
}

static const char *cell_of(const struct ctl_column *column, const json_t *row, char out[CTL_TEXT_SIZE])
{
    return column->cell != NULL ? column->cell(row, out) : ctl_text(row, column->name, out);
}

void ctl_table(const char *label, const json_t *rows, const struct ctl_column *columns, size_t count)
{
    struct table_column shown[COLUMNS_MAX];
    char cell[CTL_TEXT_SIZE];
    struct table *table;
    size_t index;
    json_t *row;

    if (json_array_size(rows) == 0)
        return;
    if (label != NULL) {
        print_line("%s", "");
        print_line("%s", label);
    }
    for (size_t i = 0; i < count; i++)
        shown[i] = columns[i].shown;
    table = table_new(shown, count);
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < count; i++)
            table_add(table, "%s", cell_of(&columns[i], row, cell));
    }
    table_print(table, label != NULL ? 2 : 0);
}
