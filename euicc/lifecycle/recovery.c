/*
 * What the card remembers to find its way back: the one row of table `iot`. See recovery.h. When a profile
 * is deleted the schema's foreign keys make whatever pointed at it NULL, which reads as 0 here.
 */
#include "euicc/lifecycle/recovery.h"

#include <string.h>

/* Runs `stmt` with a profile's id as its only parameter. */
static bool recovery_store(struct softeuicc *card, sqlite3_stmt *stmt, int64_t id)
{
    nvm_bind_int(card->nvm, stmt, 1, id);
    return nvm_run(card->nvm, stmt);
}

/* --- rollback ------------------------------------------------------------------------------------ */

/* False when the row does not make sense: somebody edited the file. */
static bool grant_from_row(sqlite3_stmt *row, struct rollback_grant *grant)
{
    const char *eim_id = nvm_text(row, 1);
    struct span transaction = nvm_blob(row, 3);

    if (eim_id == NULL || strlen(eim_id) >= sizeof(grant->eim_id) ||
        transaction.size > sizeof(grant->transaction))
        return false;
    *grant = (struct rollback_grant){.profile = nvm_int(row, 0),
                                     .counter = (uint32_t)nvm_int(row, 2),
                                     .transaction_size = transaction.size,
                                     .result = (uint32_t)nvm_int(row, 4)};
    memcpy(grant->eim_id, eim_id, strlen(eim_id));
    if (transaction.size > 0)
        memcpy(grant->transaction, transaction.data, transaction.size);
    return true;
}

bool recovery_rollback(struct softeuicc *card, struct rollback_grant *grant)
{
    sqlite3_stmt *stmt = nvm_read_stmt(
        card->nvm, "SELECT rollback, rollback_eim, rollback_counter, rollback_transaction, rollback_result"
                   " FROM iot WHERE rollback IS NOT NULL");
    bool granted;

    *grant = (struct rollback_grant){.profile = 0};
    granted = nvm_row(card->nvm, stmt) && grant_from_row(stmt, grant);
    nvm_done(stmt);
    return granted;
}

bool recovery_grant_rollback(struct softeuicc *card, const struct rollback_grant *grant)
{
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, "UPDATE iot SET rollback = ?1, rollback_eim = ?2,"
                                                   " rollback_counter = ?3, rollback_transaction = ?4,"
                                                   " rollback_result = ?5");

    nvm_bind_int(card->nvm, stmt, 1, grant->profile);
    nvm_bind_text(card->nvm, stmt, 2, grant->eim_id);
    nvm_bind_int(card->nvm, stmt, 3, grant->counter);
    if (grant->transaction_size > 0)
        nvm_bind_blob(card->nvm, stmt, 4, SPAN(grant->transaction, grant->transaction_size));
    nvm_bind_int(card->nvm, stmt, 5, grant->result);
    return nvm_run(card->nvm, stmt);
}

bool recovery_withdraw_rollback(struct softeuicc *card)
{
    sqlite3_stmt *granted = nvm_read_stmt(card->nvm, "SELECT 1 FROM iot WHERE rollback_eim IS NOT NULL");

    if (nvm_figure(card->nvm, granted) == 0)
        return !nvm_failed(card->nvm);
    return nvm_run(card->nvm,
                   nvm_write_stmt(card->nvm, "UPDATE iot SET rollback = NULL, rollback_eim = NULL,"
                                             " rollback_counter = NULL, rollback_transaction = NULL,"
                                             " rollback_result = NULL"));
}

/* --- fallback ------------------------------------------------------------------------------------ */

int64_t recovery_fallback_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, nvm_read_stmt(card->nvm, "SELECT fallback FROM iot"));
}

bool recovery_set_fallback_profile(struct softeuicc *card, int64_t id)
{
    return recovery_store(card, nvm_write_stmt(card->nvm, "UPDATE iot SET fallback = nullif(?1, 0)"), id);
}

int64_t recovery_before_fallback(struct softeuicc *card)
{
    return nvm_figure(card->nvm, nvm_read_stmt(card->nvm, "SELECT before_fallback FROM iot"));
}

bool recovery_set_before_fallback(struct softeuicc *card, int64_t id)
{
    return recovery_store(card, nvm_write_stmt(card->nvm, "UPDATE iot SET before_fallback = nullif(?1, 0)"),
                          id);
}

/* --- emergency ----------------------------------------------------------------------------------- */

int64_t recovery_emergency_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, nvm_read_stmt(card->nvm, "SELECT id FROM profile WHERE ecall <> 0"
                                                          " ORDER BY state DESC, id LIMIT 1"));
}

bool recovery_emergency_active(struct softeuicc *card)
{
    return nvm_figure(card->nvm, nvm_read_stmt(card->nvm, "SELECT emergency FROM iot")) != 0;
}

int64_t recovery_before_emergency(struct softeuicc *card)
{
    return nvm_figure(card->nvm, nvm_read_stmt(card->nvm, "SELECT before_emergency FROM iot"));
}

bool recovery_set_emergency(struct softeuicc *card, bool active, int64_t before)
{
    sqlite3_stmt *stmt =
        nvm_write_stmt(card->nvm, "UPDATE iot SET emergency = ?1, before_emergency = nullif(?2, 0)");

    nvm_bind_int(card->nvm, stmt, 1, active);
    nvm_bind_int(card->nvm, stmt, 2, before);
    return nvm_run(card->nvm, stmt);
}
