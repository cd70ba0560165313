/* What a card's memory holds: see snapshot.h. */
#include "tests/support/snapshot.h"

#include "euicc/os/card.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 64

/* Statements are kept by the address of their text: one text per table, as long as the program runs. */
static const char *select_all(const char *table)
{
    static char *texts[TABLES_MAX];
    char text[256];
    size_t i;

    snprintf(text, sizeof(text), "SELECT * FROM \"%s\"", table);
    for (i = 0; texts[i] != NULL; i++) {
        if (strcmp(texts[i], text) == 0)
            return texts[i];
    }
    ck_assert_uint_lt(i, TABLES_MAX - 1);
    texts[i] = strdup(text);
    return texts[i];
}

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

static void put_column(struct buf *out, sqlite3_stmt *stmt, int column)
{
    struct span blob;
    char *digits;

    if (sqlite3_column_type(stmt, column) != SQLITE_BLOB) {
        const char *text = (const char *)sqlite3_column_text(stmt, column);

        put_text(out, text != NULL ? text : "NULL");
        return;
    }
    blob = nvm_blob(stmt, column);
    digits = malloc(2 * blob.size + 1);
    ck_assert_ptr_nonnull(digits);
    put_text(out, hex_from_span(blob, digits, 2 * blob.size + 1));
    free(digits);
}

static int64_t put_table(struct softeuicc *card, const char *table, struct buf *out)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, select_all(table), NVM_NONE);
    int64_t rows = 0;

    while (nvm_row(card->nvm, stmt)) {
        put_text(out, table);
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            put_text(out, "|");
            if (strcmp(sqlite3_column_name(stmt, i), "last_notification") != 0)
                put_column(out, stmt, i);
        }
        put_text(out, "\n");
        rows++;
    }
    return rows;
}

void snapshot_take(struct snapshot *snapshot, struct softeuicc *card)
{
    sqlite3_stmt *tables =
        nvm_select(card->nvm, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", NVM_NONE);
    sqlite3_stmt *last;
    struct buf ignored = {0};

    *snapshot = (struct snapshot){0};
    while (nvm_row(card->nvm, tables)) {
        const char *name = nvm_text(tables, 0);

        if (strcmp(name, "notification") == 0)
            snapshot->notifications = put_table(card, name, &ignored);
        else if (strcmp(name, "one_time_key") == 0)
            snapshot->one_time_keys = put_table(card, name, &ignored);
        else if (strcmp(name, "profile") == 0)
            snapshot->profiles = put_table(card, name, &snapshot->rows);
        else
            put_table(card, name, &snapshot->rows);
    }
    buf_free(&ignored);
    last = nvm_select(card->nvm, "SELECT last_notification FROM card", NVM_NONE);
    ck_assert(nvm_row(card->nvm, last));
    snapshot->last_notification = nvm_int(last, 0);
    nvm_done(last);
    ck_assert(!nvm_failed(card->nvm));
}

void snapshot_free(struct snapshot *snapshot)
{
    buf_free(&snapshot->rows);
}

void snapshot_assert_same(const struct snapshot *before, const struct snapshot *after, const char *what)
{
    size_t line = 0;

    if (span_equal(buf_span(&before->rows), buf_span(&after->rows)))
        return;
    for (size_t i = 0; i < before->rows.size && i < after->rows.size; i++) {
        if (before->rows.data[i] != after->rows.data[i])
            break;
        if (before->rows.data[i] == '\n')
            line = i + 1;
    }
    ck_abort_msg("%s: the card's memory differs\n  before %.200s\n  after  %.200s", what,
                 before->rows.size > line ? (const char *)before->rows.data + line : "(end)",
                 after->rows.size > line ? (const char *)after->rows.data + line : "(end)");
}
