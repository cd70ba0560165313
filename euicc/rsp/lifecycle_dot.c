/* The lifecycle table as a drawing: Graphviz text, made from the rows that the card executes. */
#include "euicc/rsp/lifecycle.h"

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

static void put_row(struct buf *out, const struct lifecycle_row *row)
{
    put_text(out, "  ");
    put_text(out, lifecycle_state_name(row->from));
    put_text(out, " -> ");
    put_text(out, lifecycle_state_name(row->to));
    put_text(out, " [label=\"");
    put_text(out, lifecycle_event_name(row->event));
    for (size_t i = 0; row->guards[i] != NULL; i++) {
        put_text(out, i == 0 ? "\\n[" : "; ");
        put_text(out, row->guards[i]->name);
    }
    if (row->guards[0] != NULL)
        put_text(out, "]");
    for (size_t i = 0; row->actions[i] != NULL; i++) {
        put_text(out, "\\n/ ");
        put_text(out, row->actions[i]->name);
    }
    put_text(out, "\"];\n");
}

void lifecycle_dot(struct buf *out)
{
    size_t rows;
    const struct lifecycle_row *table = lifecycle_table(&rows);

    put_text(out, "digraph lifecycle {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (size_t i = 0; i < rows; i++)
        put_row(out, &table[i]);
    put_text(out, "}\n");
}
