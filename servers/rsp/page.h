/* A page of a list that a server shows: `?limit=N` rows of those that come `after=KEY`, in the order of the
 * key. A page that is full may have another one after its last row. Not SGP.22. */
#ifndef SOFTEUICC_SERVERS_RSP_PAGE_H
#define SOFTEUICC_SERVERS_RSP_PAGE_H

#include "common/http/http.h"

#include <jansson.h>

#define PAGE_ROWS_DEFAULT 100
#define PAGE_ROWS_MAX     1000
#define PAGE_KEY_MAX      120 /* octets */

struct page {
    int64_t limit;
    char after[PAGE_KEY_MAX + 1]; /* "": from the first */
    int64_t after_number;         /* the same, of a list whose key is a number; 0: from the first */
};

/* Takes one field of a query into `page`, which begins as zero; without a limit it has none yet
 * (PAGE_ROWS_DEFAULT). NULL, or what is wrong (static text). */
const char *page_take_field(struct page *page, bool numbered, const char *field, size_t size);

/* A list: its rows on a page. *failed: not all of them could be read. */
struct page_list {
    const char *path; /* NULL ends an array */
    json_t *(*rows)(void *server, const struct page *page, bool *failed);
    bool numbered; /* its key is a number */
};

/* Answers with the page of the list at `path` that `query` (NULL: none) asks for: 400 with what is wrong with
 * the query, 500 with `reason` of the server when not all rows could be read. False when no list is there. */
bool page_answer(const struct page_list *lists, void *server, const char *path, const char *query,
                 const char *(*reason)(void *server), struct http_answer *answer);

#endif
