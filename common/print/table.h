/*
 * A table for people, on standard output: the one printer of every tool. Columns are as wide as what stands
 * in them (common/print/columns.h); on a terminal that is too narrow, cells are cut with an ellipsis, whole
 * characters only, or a sentence in the last column goes on below. What comes from outside in a cell is made
 * harmless (crypto/printable.h).
 */
#ifndef SOFTEUICC_COMMON_PRINT_TABLE_H
#define SOFTEUICC_COMMON_PRINT_TABLE_H

#include "apdu/bytes.h"

struct table_column {
    const char *title;
    bool is_whole;    /* never cut: what people copy or tell things by (ICCID, EID, numbers) */
    bool is_right;    /* numbers that are compared */
    bool is_sentence; /* goes on in the next line instead of being cut; the last column only */
};

#define TABLE_COLUMN(name)                                                                                   \
    {                                                                                                        \
        .title = (name)                                                                                      \
    }
#define TABLE_WHOLE(name)                                                                                    \
    {                                                                                                        \
        .title = (name), .is_whole = true                                                                    \
    }
#define TABLE_SENTENCE(name)                                                                                 \
    {                                                                                                        \
        .title = (name), .is_sentence = true                                                                 \
    }
#define TABLE_RIGHT(name)                                                                                    \
    {                                                                                                        \
        .title = (name), .is_whole = true, .is_right = true                                                  \
    }

struct table;

/* `columns` must stay. NULL, without a line, for lack of memory; the other functions take that. */
struct table *table_new(const struct table_column *columns, size_t count);
/* Such a table has no line of titles. */
void table_without_titles(struct table *table);
/* The next cell, row after row. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t table_rows(const struct table *table);
/* Prints it as wide as the terminal has room, each line after `indent` blanks, and frees it; false, after an
 * error line, when memory ran out. */
bool table_print(struct table *table, size_t indent);
/* The same text, for a terminal of so many columns (0: without end), appended to `out`. Does not free. */
bool table_render(const struct table *table, size_t indent, size_t columns, struct buf *out);
void table_free(struct table *table);

#endif
