/* JSON read by SQLite: see json_reader.h. */
#include "euicc/ipae/json_reader.h"

#include "euicc/os/text.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct json_reader {
    sqlite3 *database;
    sqlite3_stmt *kind;    /* of a whole text: its type, nothing when it is no JSON */
    sqlite3_stmt *members; /* of an object that have a name: type, value */
};

static bool json_prepare(struct json_reader *reader, const char *text, sqlite3_stmt **stmt)
{
    return sqlite3_prepare_v2(reader->database, text, -1, stmt, NULL) == SQLITE_OK;
}

struct json_reader *json_reader_new(void)
{
    struct json_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return NULL;
    if (sqlite3_open(":memory:", &reader->database) == SQLITE_OK &&
        json_prepare(reader, "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) END", &reader->kind) &&
        json_prepare(reader, "SELECT type, value FROM json_each(?1) WHERE key = ?2", &reader->members))
        return reader;
    json_reader_free(reader);
    return NULL;
}

void json_reader_free(struct json_reader *reader)
{
    if (reader == NULL)
        return;
    sqlite3_finalize(reader->kind);
    sqlite3_finalize(reader->members);
    sqlite3_close(reader->database);
    free(reader);
}

/* The text is the caller's until json_release. */
static bool json_bind(sqlite3_stmt *stmt, struct span json)
{
    return sqlite3_bind_text64(stmt, 1, (const char *)json.data, json.size, SQLITE_STATIC, SQLITE_UTF8) ==
           SQLITE_OK;
}

static void json_release(sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
}

/* SQLite ends a text where U+0000 is: what stands behind it would not be seen. */
static bool has_escaped_zero(struct span json)
{
    static const char zero[] = "\\u0000";

    for (size_t at = 0; at + sizeof(zero) - 1 <= json.size; at++) {
        const uint8_t *next = memchr(json.data + at, '\\', json.size - at);

        if (next == NULL)
            return false;
        at = (size_t)(next - json.data);
        if (span_begins_with(SPAN(next, json.size - at), SPAN_STRING(zero)))
            return true;
    }
    return false;
}

bool json_reader_takes(struct json_reader *reader, struct span json)
{
    bool takes = false;

    if (json.size == 0 || !text_is_utf8(json, NULL) || has_escaped_zero(json))
        return false;
    if (json_bind(reader->kind, json) && sqlite3_step(reader->kind) == SQLITE_ROW) {
        const char *kind = (const char *)sqlite3_column_text(reader->kind, 0);

        takes = kind != NULL && strcmp(kind, "object") == 0;
    }
    json_release(reader->kind);
    return takes;
}

/* By the name that SQLite has for a type. A number that does not fit comes as another one. */
static enum json_found json_kind(sqlite3_stmt *stmt)
{
    static const struct {
        const char *type;
        enum json_found found;
    } kinds[] = {{"null", JSON_FOUND_NONE},
                 {"text", JSON_FOUND_TEXT},
                 {"integer", JSON_FOUND_INTEGER},
                 {"true", JSON_FOUND_TRUE},
                 {"object", JSON_FOUND_OBJECT}};
    const char *type = (const char *)sqlite3_column_text(stmt, 0);

    for (size_t i = 0; type != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].found == JSON_FOUND_INTEGER && sqlite3_column_type(stmt, 1) != SQLITE_INTEGER
                       ? JSON_FOUND_OTHER
                       : kinds[i].found;
    return JSON_FOUND_OTHER;
}

static bool json_take(sqlite3_stmt *stmt, struct json_member *member)
{
    const void *text;

    member->found = json_kind(stmt);
    if (member->found == JSON_FOUND_INTEGER)
        member->number = sqlite3_column_int64(stmt, 1);
    if (member->found != JSON_FOUND_TEXT && member->found != JSON_FOUND_OBJECT)
        return true;
    text = sqlite3_column_text(stmt, 1);
    buf_append(&member->text, SPAN(text, (size_t)sqlite3_column_bytes(stmt, 1)));
    return text != NULL && !member->text.failed;
}

bool json_reader_find(struct json_reader *reader, struct span object, const char *name,
                      struct json_member *member)
{
    sqlite3_stmt *stmt = reader->members;
    int step = SQLITE_NOMEM;
    bool whole = true;

    buf_clear(&member->text);
    member->found = JSON_FOUND_NONE;
    member->number = 0;
    if (json_bind(stmt, object) && sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC) == SQLITE_OK)
        step = sqlite3_step(stmt);
    if (step == SQLITE_ROW) {
        whole = json_take(stmt, member);
        step = sqlite3_step(stmt);
        if (step == SQLITE_ROW)
            member->found = JSON_FOUND_TWICE;
    }
    json_release(stmt);
    return whole && (step == SQLITE_ROW || step == SQLITE_DONE);
}
