/* Rows as JSON. See database_json.h. */
#include "common/database/database_json.h"

#include <sqlite3.h>

#include <stdio.h>
#include <string.h>

#define FLAG "_flag"
#define JSON "_json"

static bool ends_with(const char *name, size_t size, const char *end)
{
    return size > strlen(end) && strcmp(name + size - strlen(end), end) == 0;
}

static json_t *octets_json(struct span octets)
{
    char text[2 * 64 + 1];

    return octets.size > 0 ? json_string(hex_from_span(octets, text, sizeof(text))) : NULL;
}

/* What cannot be shown as it is. */
static json_t *or_mark(json_t *json)
{
    return json != NULL ? json : json_string("?");
}

/* NULL: nothing is shown. */
static json_t *column_json(const struct db_rows *rows, int column)
{
    switch (sqlite3_column_type(rows->stmt, column)) {
    case SQLITE_NULL:
        return NULL;
    case SQLITE_BLOB:
        return octets_json(db_blob(rows, column));
    case SQLITE_TEXT:
        return or_mark(json_string(db_string(rows, column)));
    default:
        return json_integer(db_int(rows, column));
    }
}

static json_t *row_json(const struct db_rows *rows)
{
    json_t *row = json_object();

    for (int column = 0; column < sqlite3_column_count(rows->stmt); column++) {
        const char *name = sqlite3_column_name(rows->stmt, column);
        size_t size = strlen(name);
        char key[64];
        json_t *value;

        if (ends_with(name, size, FLAG)) {
            value = json_boolean(db_int(rows, column) != 0);
            size -= strlen(FLAG);
        } else if (ends_with(name, size, JSON)) {
            value = db_is_null(rows, column)
                        ? NULL
                        : or_mark(json_loads(db_string(rows, column), JSON_DECODE_ANY, NULL));
            size -= strlen(JSON);
        } else {
            value = column_json(rows, column);
        }
        snprintf(key, sizeof(key), "%.*s", (int)size, name);
        if (value != NULL)
            json_object_set_new(row, key, value);
    }
    return row;
}

json_t *db_json(struct db_rows rows, bool *failed)
{
    json_t *list = json_array();

    while (db_next(&rows))
        json_array_append_new(list, row_json(&rows));
    if (failed != NULL)
        *failed = rows.failed;
    return list;
}

json_t *db_json_only(struct db_rows rows)
{
    json_t *list = db_json(rows, NULL);
    json_t *only = json_incref(json_array_get(list, 0));

    json_decref(list);
    return only;
}
