/* Lists of our servers, page after page. See list_pages.h. */
#include "common/print/list_pages.h"

#include "common/print/print_json.h"
#include "common/tool.h"

#include <stdio.h>
#include <string.h>

/* What may stand in a query as it is (RFC 3986 2.3); the rest is encoded. */
static void encode_key(const char *text, char *out, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t n = 0;

    for (; *text != '\0' && n + 4 < size; text++)
        n += (size_t)snprintf(out + n, size - n, strchr(plain, *text) != NULL ? "%c" : "%%%02X",
                              (unsigned char)*text);
    out[n] = '\0';
}

/* Notes where the page after this one begins: it is full, and says so. */
static void note_next(struct list_pages *pages, const json_t *rows, size_t asked)
{
    const json_t *key = json_object_get(json_array_get(rows, json_array_size(rows) - 1), pages->key);
    char text[32], before[sizeof(pages->after)];

    memcpy(before, pages->after, sizeof(before));
    snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(key));
    if (pages->left > 0)
        pages->left -= (int64_t)json_array_size(rows);
    pages->ended =
        json_array_size(rows) != asked || pages->left == 0 || (!json_is_string(key) && !json_is_integer(key));
    if (!pages->ended)
        encode_key(json_is_string(key) ? json_string_value(key) : text, pages->after, sizeof(pages->after));
    pages->ended = pages->ended || strcmp(before, pages->after) == 0;
}

static void tell_refusal(const struct list_pages *pages, const json_t *answer)
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const char *message =
        json_string_value(json_object_get(json_object_get(status, "statusCodeData"), "message"));

    if (message != NULL)
        tool_error("%s/%s: %s", pages->server, pages->name, message);
    else
        tool_error("%s/%s: the answer is not a list: not a %s?", pages->server, pages->name, pages->kind);
}

json_t *list_pages_next(struct list_pages *pages)
{
    size_t asked =
        pages->left >= 0 && (uint64_t)pages->left < pages->rows_max ? (size_t)pages->left : pages->rows_max;
    char path[sizeof(pages->after) + 320];
    json_t *rows;

    snprintf(path, sizeof(path), "/%s?%slimit=%zu%s%s", pages->name, pages->query != NULL ? pages->query : "",
             asked, pages->after[0] != '\0' ? "&after=" : "", pages->after);
    rows = pages->get(pages->context, path);
    if (rows != NULL && !json_is_array(rows)) {
        tell_refusal(pages, rows);
        json_decref(rows);
        return NULL;
    }
    if (rows != NULL)
        note_next(pages, rows, asked);
    return rows;
}

static int print_table(const json_t *rows, const struct table_column *columns)
{
    size_t count = 0, index;
    const json_t *row;
    struct table *table;

    while (columns[count].title != NULL)
        count++;
    table = table_new(columns, count);
    table_without_titles(table);
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < count; i++) {
            const json_t *value = json_object_get(row, columns[i].title);

            if (json_is_integer(value))
                table_add(table, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
            else
                table_add(table, "%s", json_is_string(value) ? json_string_value(value) : "-");
        }
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

int list_pages_print(struct list_pages *pages, const struct table_column *columns, bool json)
{
    json_t *all = json ? json_array() : NULL;
    int status = EXIT_OK;

    while (status == EXIT_OK && !pages->ended) {
        json_t *rows = list_pages_next(pages);

        if (rows == NULL)
            status = EXIT_FAILED;
        else if (json)
            json_array_extend(all, rows);
        else
            status = print_table(rows, columns);
        json_decref(rows);
    }
    if (json && status == EXIT_OK)
        return print_json(all);
    json_decref(all);
    return status;
}
