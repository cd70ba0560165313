/* A list that one of our servers shows in pages (`?limit=N&after=KEY`, servers/rsp/page.h), for who reads all
 * of it. */
#ifndef SOFTEUICC_COMMON_PRINT_LIST_PAGES_H
#define SOFTEUICC_COMMON_PRINT_LIST_PAGES_H

#include "common/print/table.h"

#include <jansson.h>
#include <stdint.h>

struct list_pages {
    /* GETs `path` from the server; NULL after an error line. */
    json_t *(*get)(const void *context, const char *path);
    const void *context;
    const char *server; /* for error lines: its URL */
    const char *kind;   /* "softeuicc smdpp" */
    const char *name;   /* "orders" */
    const char *query;  /* what else is asked for, "eid=…&"; NULL: nothing */
    const char *key;    /* the member that the next page begins after */
    size_t rows_max;    /* of a page */
    int64_t left;       /* rows that are still wanted; -1: all */
    /* Begins as zero: */
    char after[3 * 256]; /* percent-encoded; "": the first page */
    bool ended;
};

/* The next page, unless it has ended; NULL after an error line. */
json_t *list_pages_next(struct list_pages *pages);

/* Prints all rows: as JSON, or in a table of these columns, whose titles (NULL ends them) are the members'
 * names and are not shown. Returns the exit status. */
int list_pages_print(struct list_pages *pages, const struct table_column *columns, bool json);

#endif
