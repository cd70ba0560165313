/* eUICC Package Results: table `package_result`. See package_result.h. */
#include "euicc/lifecycle/package_result.h"

/* The oldest results go when the store is full: those with the lowest numbers. */
static bool make_room(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm, "DELETE FROM package_result WHERE sequence <= (SELECT sequence FROM package_result"
                   " ORDER BY sequence DESC LIMIT 1 OFFSET ?1)");

    nvm_bind_int(card->nvm, stmt, 1, PACKAGE_RESULTS_MAX - 1);
    return nvm_run(card->nvm, stmt);
}

bool package_result_store(struct softeuicc *card, const char *eim_id, uint32_t counter, uint32_t sequence,
                          struct span result)
{
    sqlite3_stmt *stmt;

    if (!make_room(card))
        return false;
    stmt = nvm_write_stmt(
        card->nvm, "INSERT INTO package_result (sequence, eim_id, counter, result) VALUES (?1, ?2, ?3, ?4)");
    nvm_bind_int(card->nvm, stmt, 1, sequence);
    nvm_bind_text(card->nvm, stmt, 2, eim_id);
    nvm_bind_int(card->nvm, stmt, 3, counter);
    nvm_bind_blob(card->nvm, stmt, 4, result);
    return nvm_run(card->nvm, stmt);
}

void package_result_each(struct softeuicc *card, uint64_t sequence,
                         bool (*visit)(void *context, struct span result), void *context)
{
    sqlite3_stmt *stmt = nvm_read_stmt(
        card->nvm, "SELECT result FROM package_result WHERE ?1 = 0 OR sequence = ?1 ORDER BY sequence");

    nvm_bind_int(card->nvm, stmt, 1, (int64_t)sequence);
    while (nvm_row(card->nvm, stmt)) {
        if (!visit(context, nvm_blob(stmt, 0))) {
            nvm_done(stmt);
            return;
        }
    }
}

bool package_result_remove(struct softeuicc *card, uint64_t sequence)
{
    sqlite3_stmt *stmt = nvm_read_stmt(card->nvm, "SELECT 1 FROM package_result WHERE sequence = ?1");
    bool stored;

    nvm_bind_int(card->nvm, stmt, 1, (int64_t)sequence);
    stored = nvm_row(card->nvm, stmt);
    nvm_done(stmt);
    if (!stored)
        return false;
    stmt = nvm_write_stmt(card->nvm, "DELETE FROM package_result WHERE sequence = ?1");
    nvm_bind_int(card->nvm, stmt, 1, (int64_t)sequence);
    return nvm_run(card->nvm, stmt);
}
