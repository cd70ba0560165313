/* What a query asks for of a list, and the answer. See page.h. */
#include "servers/rsp/page.h"

#include "common/number.h"
#include "servers/rsp/answer.h"

#include <string.h>

#define PAGE_TEXT_(x) #x
#define PAGE_TEXT(x)  PAGE_TEXT_(x)

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* The value of a query's field, without its percent-encoding; false when it is none, or too long. */
static bool take_value(const char *text, size_t size, char *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '%') {
            int high = i + 2 < size ? digit_of(text[i + 1]) : -1;
            int low = i + 2 < size ? digit_of(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || n == max)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n > 0;
}

const char *page_take_field(struct page *page, bool numbered, const char *field, size_t size)
{
    char text[24] = "";

    if (strncmp(field, "limit=", 6) == 0) {
        if (page->limit != 0 || !take_value(field + 6, size - 6, text, sizeof(text) - 1) ||
            !number_read(text, 1, PAGE_ROWS_MAX, &page->limit))
            return "limit is not one number from 1 to " PAGE_TEXT(PAGE_ROWS_MAX);
    } else if (strncmp(field, "after=", 6) == 0) {
        if (page->after[0] != '\0' || !take_value(field + 6, size - 6, page->after, PAGE_KEY_MAX) ||
            (numbered && !number_read(page->after, 0, INT64_MAX, &page->after_number)))
            return "after is not the key of one row";
    } else {
        return "there is no such field in a query: limit and after are";
    }
    return NULL;
}

/* NULL, or what is wrong with the query. */
static const char *take_query(struct page *page, bool numbered, const char *query)
{
    const char *why = NULL;

    *page = (struct page){0};
    while (why == NULL && query != NULL && *query != '\0') {
        size_t size = strcspn(query, "&");

        why = page_take_field(page, numbered, query, size);
        query += size + (query[size] == '&');
    }
    if (page->limit == 0)
        page->limit = PAGE_ROWS_DEFAULT;
    return why;
}

bool page_answer(const struct page_list *lists, void *server, const char *path, const char *query,
                 const char *(*reason)(void *server), struct http_answer *answer)
{
    struct page page;
    const char *why;
    bool failed;
    json_t *rows;

    while (lists->path != NULL && strcmp(lists->path, path) != 0)
        lists++;
    if (lists->path == NULL)
        return false;
    why = take_query(&page, lists->numbered, query);
    if (why != NULL) {
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, why);
        return true;
    }
    rows = lists->rows(server, &page, &failed);
    if (!failed) {
        answer_json(answer, 200, rows);
        return true;
    }
    json_decref(rows);
    answer_refusal(answer, 500, REFUSAL_INTERNAL, reason(server));
    return true;
}
