/*
 * What the card remembers to find its way back: the one row of table `iot`. See recovery.h. When a profile
 * is deleted the schema's foreign keys make whatever pointed at it NULL, which reads as 0 here.
 */
#include "euicc/lifecycle/recovery.h"

#include <string.h>

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
    sqlite3_stmt *stmt =
        nvm_select(card->nvm,
                   "SELECT rollback, rollback_eim, rollback_counter, rollback_transaction, rollback_result"
                   " FROM iot WHERE rollback IS NOT NULL",
                   NVM_NONE);
    bool granted;

    *grant = (struct rollback_grant){.profile = 0};
    granted = nvm_row(card->nvm, stmt) && grant_from_row(stmt, grant);
    nvm_done(stmt);
    return granted;
}

bool recovery_grant_rollback(struct softeuicc *card, const struct rollback_grant *grant)
{
    struct span transaction = SPAN(grant->transaction, grant->transaction_size);

    return nvm_change(card->nvm,
                      "UPDATE iot SET rollback = ?1, rollback_eim = ?2, rollback_counter = ?3,"
                      " rollback_transaction = ?4, rollback_result = ?5",
                      NVM_VALUES(NVM_INT(grant->profile), NVM_STRING(grant->eim_id), NVM_INT(grant->counter),
                                 NVM_BLOB(transaction.size > 0 ? transaction : SPAN_NONE),
                                 NVM_INT(grant->result)));
}

bool recovery_withdraw_rollback(struct softeuicc *card)
{
    if (nvm_figure(card->nvm, "SELECT 1 FROM iot WHERE rollback_eim IS NOT NULL", NVM_NONE) == 0)
        return !nvm_failed(card->nvm);
    return nvm_change(card->nvm,
                      "UPDATE iot SET rollback = NULL, rollback_eim = NULL, rollback_counter = NULL,"
                      " rollback_transaction = NULL, rollback_result = NULL",
                      NVM_NONE);
}

/* --- fallback ------------------------------------------------------------------------------------ */

int64_t recovery_fallback_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT fallback FROM iot", NVM_NONE);
}

bool recovery_set_fallback_profile(struct softeuicc *card, int64_t id)
{
    return nvm_change(card->nvm, "UPDATE iot SET fallback = nullif(?1, 0)", NVM_VALUES(NVM_INT(id)));
}

int64_t recovery_before_fallback(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT before_fallback FROM iot", NVM_NONE);
}

bool recovery_set_before_fallback(struct softeuicc *card, int64_t id)
{
    return nvm_change(card->nvm, "UPDATE iot SET before_fallback = nullif(?1, 0)", NVM_VALUES(NVM_INT(id)));
}

/* --- emergency ----------------------------------------------------------------------------------- */

int64_t recovery_emergency_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT id FROM profile WHERE ecall <> 0 ORDER BY state DESC, id LIMIT 1",
                      NVM_NONE);
}

bool recovery_emergency_active(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT emergency FROM iot", NVM_NONE) != 0;
}

int64_t recovery_before_emergency(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT before_emergency FROM iot", NVM_NONE);
}

bool recovery_set_emergency(struct softeuicc *card, bool active, int64_t before)
{
    return nvm_change(card->nvm, "UPDATE iot SET emergency = ?1, before_emergency = nullif(?2, 0)",
                      NVM_VALUES(NVM_INT(active), NVM_INT(before)));
}
