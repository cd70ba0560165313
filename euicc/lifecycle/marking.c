/* Marked changes: see marking.h. */
#include "euicc/lifecycle/marking.h"

#include "euicc/terminal/toolkit.h"

#include <stdio.h>
#include <string.h>

/* --- what stays of a package -------------------------------------------------------------------------- */

enum { KEPT = 10 };

/* The values of one row, with octets of their own. */
struct kept {
    struct nvm_value value[KEPT];
    struct buf octets[KEPT];
};

static struct nvm_value copy_column(sqlite3_stmt *row, int column, struct buf *octets)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        return NVM_INT(nvm_int(row, column));
    case SQLITE_TEXT:
        buf_append(octets, span_of_string(nvm_text(row, column)));
        return NVM_TEXT(buf_span(octets));
    case SQLITE_BLOB:
        buf_append(octets, nvm_blob(row, column));
        return NVM_BLOB(buf_span(octets));
    default:
        return NVM_NULL;
    }
}

static bool keep(struct softeuicc *card, struct kept *kept)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm,
                   "SELECT fallback, immediate_enable, immediate_smdp_oid, immediate_smdp_address,"
                   " rollback, rollback_eim, rollback_counter, rollback_transaction, rollback_result,"
                   " default_smdp FROM iot, card",
                   NVM_NONE);
    bool there = nvm_row(card->nvm, stmt);

    for (int i = 0; i < KEPT && there; i++) {
        kept->value[i] = copy_column(stmt, i, &kept->octets[i]);
        there = !kept->octets[i].failed;
    }
    nvm_done(stmt);
    return there;
}

static bool put_back(struct softeuicc *card, const struct kept *kept)
{
    return nvm_change(card->nvm,
                      "UPDATE iot SET fallback = ?1, immediate_enable = ?2, immediate_smdp_oid = ?3,"
                      " immediate_smdp_address = ?4, rollback = ?5, rollback_eim = ?6, rollback_counter = ?7,"
                      " rollback_transaction = ?8, rollback_result = ?9",
                      (struct nvm_values){kept->value, KEPT - 1}) &&
           nvm_change(card->nvm, "UPDATE card SET default_smdp = ?1",
                      (struct nvm_values){&kept->value[KEPT - 1], 1});
}

/* --- the table ---------------------------------------------------------------------------------------- */

static void append_step(struct buf *steps, const char *event, int64_t profile)
{
    struct marked_step step = {.profile = profile};

    snprintf(step.event, sizeof(step.event), "%s", event);
    buf_append(steps, SPAN((const uint8_t *)&step, sizeof(step)));
}

static bool store(struct softeuicc *card, struct span steps)
{
    struct marked_step step;
    bool stored = true;

    for (size_t at = 0; stored && at + sizeof(step) <= steps.size; at += sizeof(step)) {
        memcpy(&step, steps.data + at, sizeof(step));
        stored = nvm_change(card->nvm, "INSERT INTO marked (event, profile) VALUES (?1, ?2)",
                            NVM_VALUES(NVM_STRING(step.event), NVM_INT(step.profile)));
    }
    return stored;
}

bool marking_waits(struct softeuicc *card)
{
    struct marking_known *known = &card->marking_known;
    const int64_t version = nvm_version(card->nvm);

    if (known->version == version)
        return known->waits;
    *known =
        (struct marking_known){.waits = nvm_figure(card->nvm, "SELECT 1 FROM marked LIMIT 1", NVM_NONE) != 0};
    if (!nvm_failed(card->nvm))
        known->version = version;
    return known->waits;
}

bool marking_names(struct softeuicc *card, int64_t profile)
{
    return nvm_figure(card->nvm, "SELECT 1 FROM marked WHERE profile = ?1 LIMIT 1",
                      NVM_VALUES(NVM_INT(profile))) != 0;
}

bool marking_take(struct softeuicc *card, struct buf *steps)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm, "SELECT event, profile FROM marked ORDER BY position", NVM_NONE);

    while (nvm_row(card->nvm, stmt)) {
        append_step(steps, nvm_text(stmt, 0), nvm_int(stmt, 1));
    }
    nvm_done(stmt);
    return !steps->failed && nvm_change(card->nvm, "DELETE FROM marked", NVM_NONE);
}

/* --- a command ---------------------------------------------------------------------------------------- */

bool marking_begin(struct softeuicc *card, struct marking *marking, bool of_package)
{
    *marking = (struct marking){.of_package = of_package};
    /* A plain reader's card changes at once. */
    if (!toolkit_serves(card, TOOLKIT_REFRESH))
        return true;
    if (!nvm_part_begin(card->nvm))
        return false;
    card->marking = marking;
    return true;
}

void marking_note(struct softeuicc *card, const char *event, int64_t profile)
{
    if (card->marking != NULL)
        append_step(&card->marking->steps, event, profile);
}

static bool undo_and_mark(struct softeuicc *card, const struct marking *marking)
{
    struct kept kept = {.value = {NVM_NULL}};
    bool done = !marking->steps.failed && (!marking->of_package || keep(card, &kept)) &&
                nvm_part_undo(card->nvm) && (!marking->of_package || put_back(card, &kept)) &&
                store(card, buf_span(&marking->steps));

    for (size_t i = 0; i < KEPT; i++)
        buf_free(&kept.octets[i]);
    return done;
}

bool marking_end(struct softeuicc *card, struct marking *marking)
{
    bool done;

    if (card->marking == NULL)
        return true;
    card->marking = NULL;
    done = toolkit_will_refresh(card) ? undo_and_mark(card, marking) : nvm_part_keep(card->nvm);
    buf_free(&marking->steps);
    return done;
}
