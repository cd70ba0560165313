/* What outlives a power cut of the IPAe: its row of table `ipae`. See ipae_internal.h. */
#include "euicc/ipae/ipae_internal.h"

#include "crypto/ec.h"

#include <stdio.h>
#include <string.h>

bool ipae_insert(struct softeuicc *card, bool strict)
{
    return nvm_change(card->nvm, "INSERT INTO ipae (one, strict) VALUES (1, ?1)",
                      NVM_VALUES(NVM_INT(strict)));
}

bool ipae_read_settings(struct ipae *ipae)
{
    struct ipae_settings *settings = &ipae->settings;
    bool whole = ipae_settings_read(ipae->card, settings);

    ipae_network_set_dns_server(ipae->network, settings->has_dns_server ? &settings->dns_server : NULL);
    return whole;
}

bool ipae_read(struct ipae *ipae)
{
    ipae->give_up = nvm_figure(ipae->card->nvm, "SELECT give_up FROM ipae", NVM_NONE);
    return ipae_read_settings(ipae) && ipae_read_watch(ipae) && ipae_schedule_read(ipae);
}

bool ipae_read_watch(struct ipae *ipae)
{
    struct nvm *nvm = ipae->card->nvm;
    struct ipae_watch *watch = &ipae->watch;
    sqlite3_stmt *stmt =
        nvm_select(nvm, "SELECT lost_since, on_trial, return_at, imei, plmn, in_vain FROM ipae", NVM_NONE);

    *watch = (struct ipae_watch){.lost_since = 0};
    if (nvm_row(nvm, stmt)) {
        const char *imei = nvm_text(stmt, 3);
        struct span plmn = nvm_blob(stmt, 4);

        watch->lost_since = nvm_int(stmt, 0);
        watch->on_trial = nvm_int(stmt, 1) != 0;
        watch->return_at = nvm_int(stmt, 2);
        watch->in_vain = (unsigned)nvm_int(stmt, 5);
        if (imei != NULL)
            snprintf(watch->imei, sizeof(watch->imei), "%s", imei);
        watch->has_plmn = plmn.size == sizeof(watch->plmn);
        if (watch->has_plmn)
            memcpy(watch->plmn, plmn.data, sizeof(watch->plmn));
    }
    nvm_done(stmt);
    return !nvm_failed(nvm);
}

bool ipae_keep_watch(struct ipae *ipae)
{
    const struct ipae_watch *watch = &ipae->watch;

    return nvm_change(ipae->card->nvm,
                      "UPDATE ipae SET lost_since = nullif(?1, 0), on_trial = ?2, return_at = nullif(?3, 0),"
                      " imei = nullif(?4, ''), plmn = ?5, in_vain = ?6",
                      NVM_VALUES(NVM_INT(watch->lost_since), NVM_INT(watch->on_trial),
                                 NVM_INT(watch->return_at), NVM_STRING(watch->imei),
                                 NVM_BLOB(watch->has_plmn ? SPAN_ARRAY(watch->plmn) : SPAN_NONE),
                                 NVM_INT(watch->in_vain)));
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

bool ipae_keep_give_up(struct ipae *ipae)
{
    return nvm_change(ipae->card->nvm, "UPDATE ipae SET give_up = nullif(?1, 0)",
                      NVM_VALUES(NVM_INT(ipae->give_up)));
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
static bool profiles_digest(struct ipae *ipae, uint8_t digest[CRYPTO_SHA256_SIZE])
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

/* Sees how they are to what is kept of them, if anything has changed since that was seen last. */
static bool see_profiles(struct ipae *ipae)
{
    struct nvm *nvm = ipae->card->nvm;
    struct ipae_profiles *seen = &ipae->profiles;
    const int64_t version = nvm_version(nvm);

    if (seen->version == version)
        return true;
    seen->version = 0;
    if (!profiles_digest(ipae, seen->digest))
        return false;
    seen->are = (enum ipae_profiles_are)nvm_figure(
        nvm, "SELECT iif(profiles IS ?1, 0, iif(profiles IS NULL, 1, 2)) FROM ipae",
        NVM_VALUES(NVM_HEX(SPAN_ARRAY(seen->digest))));
    if (nvm_failed(nvm))
        return false;
    seen->version = version;
    return true;
}

bool ipae_know_profiles(struct ipae *ipae)
{
    return see_profiles(ipae) && (ipae->profiles.are == IPAE_PROFILES_KNOWN ||
                                  nvm_change(ipae->card->nvm, "UPDATE ipae SET profiles = ?1",
                                             NVM_VALUES(NVM_HEX(SPAN_ARRAY(ipae->profiles.digest)))));
}

bool ipae_profiles_differ(struct ipae *ipae, bool *differ)
{
    *differ = see_profiles(ipae) && ipae->profiles.are == IPAE_PROFILES_CHANGED;
    return !nvm_failed(ipae->card->nvm);
}
