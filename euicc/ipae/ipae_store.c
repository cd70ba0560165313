/* What outlives a power cut of the IPAe: its row of table `ipae`. See ipae_internal.h. */
#include "euicc/ipae/ipae_internal.h"

#include "crypto/ec.h"

#include <string.h>

#define DIGEST_SIZE 32

enum { DEFAULT_INTERVAL = 15 * 60 };

bool ipae_insert(struct softeuicc *card, bool strict)
{
    return nvm_change(card->nvm, "INSERT INTO ipae (one, strict, poll_interval) VALUES (1, ?1, ?2)",
                      NVM_VALUES(NVM_INT(strict), NVM_INT(DEFAULT_INTERVAL)));
}

bool ipae_read(struct ipae *ipae)
{
    struct nvm *nvm = ipae->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm, "SELECT poll_interval, next_poll, give_up FROM ipae", NVM_NONE);

    if (nvm_row(nvm, stmt)) {
        ipae->interval = (unsigned)nvm_int(stmt, 0);
        ipae->next_poll = nvm_int(stmt, 1);
        ipae->give_up = nvm_int(stmt, 2);
    }
    nvm_done(stmt);
    return !nvm_failed(nvm);
}

bool ipae_keep_state(struct ipae *ipae, struct span state)
{
    return nvm_change(ipae->card->nvm, "UPDATE ipae SET state = ?1", NVM_VALUES(NVM_BLOB(state)));
}

bool ipae_get_state(struct ipae *ipae, struct buf *state)
{
    sqlite3_stmt *stmt = nvm_select(ipae->card->nvm, "SELECT state FROM ipae", NVM_NONE);

    if (nvm_row(ipae->card->nvm, stmt))
        buf_append(state, nvm_blob(stmt, 0));
    nvm_done(stmt);
    return !state->failed && !nvm_failed(ipae->card->nvm);
}

bool ipae_keep_times(struct ipae *ipae)
{
    return nvm_change(ipae->card->nvm, "UPDATE ipae SET next_poll = ?1, give_up = nullif(?2, 0)",
                      NVM_VALUES(NVM_INT(ipae->next_poll), NVM_INT(ipae->give_up)));
}

bool ipae_keep_marked(struct ipae *ipae, bool marked)
{
    return nvm_change(ipae->card->nvm, "UPDATE ipae SET marked = ?1", NVM_VALUES(NVM_INT(marked)));
}

bool ipae_has_marked(struct ipae *ipae)
{
    return nvm_figure(ipae->card->nvm, "SELECT marked FROM ipae", NVM_NONE) != 0;
}

/* Over which profiles there are, which is enabled, and which has the Fallback Attribute. */
static bool profiles_digest(struct ipae *ipae, uint8_t digest[DIGEST_SIZE])
{
    struct nvm *nvm = ipae->card->nvm;
    sqlite3_stmt *stmt =
        nvm_select(nvm,
                   "SELECT iccid || ' ' || state || iif(profile.id = iot.fallback, ' fallback', '')"
                   " FROM profile, iot ORDER BY iccid",
                   NVM_NONE);
    struct buf lines = {0};
    struct span octets;
    bool done;

    while (nvm_row(nvm, stmt)) {
        buf_append(&lines, span_of_string(nvm_text(stmt, 0)));
        buf_append(&lines, SPAN_STRING("\n"));
    }
    nvm_done(stmt);
    octets = buf_span(&lines);
    done = !lines.failed && !nvm_failed(nvm) && crypto_sha256(&octets, 1, digest);
    buf_free(&lines);
    return done;
}

bool ipae_know_profiles(struct ipae *ipae)
{
    uint8_t digest[DIGEST_SIZE];

    return profiles_digest(ipae, digest) &&
           nvm_change(ipae->card->nvm, "UPDATE ipae SET profiles = ?1 WHERE profiles IS NOT ?1",
                      NVM_VALUES(NVM_HEX(SPAN_ARRAY(digest))));
}

bool ipae_profiles_differ(struct ipae *ipae, bool *differ)
{
    uint8_t digest[DIGEST_SIZE];

    *differ = profiles_digest(ipae, digest) &&
              nvm_figure(ipae->card->nvm, "SELECT 1 FROM ipae WHERE profiles IS NOT NULL AND profiles <> ?1",
                         NVM_VALUES(NVM_HEX(SPAN_ARRAY(digest)))) != 0;
    return !nvm_failed(ipae->card->nvm);
}
