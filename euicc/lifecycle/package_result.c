/* eUICC Package Results: table `package_result`. See package_result.h. */
#include "euicc/lifecycle/package_result.h"

/* The oldest results go when the store is full: those with the lowest numbers. */
static bool make_room(struct softeuicc *card)
{
    return nvm_change(card->nvm,
                      "DELETE FROM package_result WHERE sequence <= (SELECT sequence FROM package_result"
                      " ORDER BY sequence DESC LIMIT 1 OFFSET ?1)",
                      NVM_VALUES(NVM_INT(PACKAGE_RESULTS_MAX - 1)));
}

bool package_result_store(struct softeuicc *card, const char *eim_id, uint32_t counter, uint32_t sequence,
                          struct span result)
{
    return make_room(card) &&
           nvm_change(
               card->nvm,
               "INSERT INTO package_result (sequence, eim_id, counter, result) VALUES (?1, ?2, ?3, ?4)",
               NVM_VALUES(NVM_INT(sequence), NVM_STRING(eim_id), NVM_INT(counter), NVM_BLOB(result)));
}

void package_result_each(struct softeuicc *card, uint64_t sequence,
                         bool (*visit)(void *context, struct span result), void *context)
{
    sqlite3_stmt *stmt = nvm_select(
        card->nvm, "SELECT result FROM package_result WHERE ?1 = 0 OR sequence = ?1 ORDER BY sequence",
        NVM_VALUES(NVM_INT(sequence)));

    while (nvm_row(card->nvm, stmt)) {
        if (!visit(context, nvm_blob(stmt, 0))) {
            nvm_done(stmt);
            return;
        }
    }
}

bool package_result_remove(struct softeuicc *card, uint64_t sequence)
{
    const struct nvm_values which = NVM_VALUES(NVM_INT(sequence));

    return nvm_figure(card->nvm, "SELECT 1 FROM package_result WHERE sequence = ?1", which) != 0 &&
           nvm_change(card->nvm, "DELETE FROM package_result WHERE sequence = ?1", which);
}
