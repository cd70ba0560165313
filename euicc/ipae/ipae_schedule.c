/*
 * When the IPAe polls which eIM: each has a time of its own, in table `ipae_eim`, so that one that cannot be
 * reached keeps nobody waiting. See ipae_internal.h.
 */
#include "euicc/ipae/ipae_internal.h"

#include "euicc/os/host.h"

#include <string.h>

#define SECOND  ((int64_t)1000)
#define MINUTE  (60 * SECOND)
#define DAY     (24 * 60 * MINUTE)
#define MINUTES (24 * 60) /* of a day */

bool ipae_schedule_read(struct ipae *ipae)
{
    struct nvm *nvm = ipae->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm,
                                    "SELECT count(*), min(coalesce(ipae_eim.next_poll, 0)),"
                                    " coalesce(max(ipae_eim.polled), 0), coalesce(max(failures), 0)"
                                    " FROM eim LEFT JOIN ipae_eim USING (eim_id)",
                                    NVM_NONE);

    if (nvm_row(nvm, stmt)) {
        ipae->has_eims = nvm_int(stmt, 0) > 0;
        ipae->next_poll = ipae->has_eims ? nvm_int(stmt, 1) : IPAE_NEVER;
        ipae->polled = nvm_int(stmt, 2);
        ipae->has_failed = nvm_int(stmt, 3) > 0;
    }
    nvm_done(stmt);
    return !nvm_failed(nvm);
}

bool ipae_schedule_mind_clock(struct ipae *ipae, bool starts)
{
    int64_t now = card_now(ipae->card);

    if (ipae->polled <= now)
        return true;
    return nvm_change(ipae->card->nvm,
                      "UPDATE ipae_eim SET polled = ?1,"
                      " next_poll = iif(next_poll = ?3, next_poll, iif(?2, ?1, next_poll - polled + ?1))"
                      " WHERE polled > ?1",
                      NVM_VALUES(NVM_INT(now), NVM_INT(starts), NVM_INT(IPAE_NEVER))) &&
           ipae_schedule_read(ipae);
}

bool ipae_schedule_by(struct ipae *ipae, int64_t due)
{
    return nvm_change(ipae->card->nvm, "UPDATE ipae_eim SET next_poll = ?1 WHERE next_poll > ?1",
                      NVM_VALUES(NVM_INT(due))) &&
           ipae_schedule_read(ipae);
}

bool ipae_schedule_hurry(struct ipae *ipae, bool only_failed)
{
    return nvm_change(ipae->card->nvm,
                      "UPDATE ipae_eim SET next_poll = min(next_poll, ?1) WHERE failures > 0 OR NOT ?2",
                      NVM_VALUES(NVM_INT(card_now(ipae->card)), NVM_INT(only_failed))) &&
           ipae_schedule_read(ipae);
}

bool ipae_schedule_take(struct ipae *ipae, char eims[IPA_EIMS_MAX][IPA_ID_MAX + 1], size_t *count)
{
    struct nvm *nvm = ipae->card->nvm;
    sqlite3_stmt *stmt = nvm_select(nvm,
                                    "SELECT eim_id FROM eim LEFT JOIN ipae_eim USING (eim_id)"
                                    " WHERE coalesce(next_poll, 0) <= ?1 ORDER BY position",
                                    NVM_VALUES(NVM_INT(card_now(ipae->card))));

    *count = 0;
    while (nvm_row(nvm, stmt)) {
        const char *id = nvm_text(stmt, 0);

        if (*count < IPA_EIMS_MAX && strlen(id) <= IPA_ID_MAX)
            memcpy(eims[(*count)++], id, strlen(id) + 1);
    }
    nvm_done(stmt);
    return !nvm_failed(nvm);
}

/* --- what comes next ----------------------------------------------------------------------------------- */

static int64_t eim_setting(const struct ipae *ipae, enum ipae_setting which, const char *eim)
{
    return ipae_setting_of(ipae->card, &ipae->settings, which, eim);
}

/* Milliseconds from one poll to the next. */
static int64_t interval_of(const struct ipae *ipae, const char *eim)
{
    int64_t interval = eim_setting(ipae, IPAE_POLL_INTERVAL, eim) * SECOND;

    return interval == 0 ? IPAE_NEVER : interval;
}

/* Milliseconds, after so many polls that reached nobody. */
static int64_t retry_of(const struct ipae *ipae, const char *eim, int64_t failures)
{
    int64_t wait = eim_setting(ipae, IPAE_RETRY_AFTER, eim) * SECOND;
    int64_t limit = eim_setting(ipae, IPAE_RETRY_LIMIT, eim) * SECOND;

    while (failures-- > 1 && wait < limit)
        wait *= 2;
    return wait < limit ? wait : limit;
}

/* So that a fleet does not come back to its eIM all at once, least of all after that was down. Without
 * randomness there is none. */
static int64_t jitter_of(const struct ipae *ipae, const char *eim, int64_t wait)
{
    int64_t most = wait / 100 * eim_setting(ipae, IPAE_POLL_JITTER, eim);
    uint64_t random = 0;

    if (most == 0 || !card_random(ipae->card, (uint8_t *)&random, sizeof(random)))
        return 0;
    return (int64_t)(random % (uint64_t)(most + 1));
}

/* Of the hours in which no poll is due, the end. */
static int64_t after_quiet_hours(const struct ipae *ipae, int64_t time)
{
    const struct ipae_settings *settings = &ipae->settings;
    int64_t ahead = ipae_network_clock_ahead(ipae->network);
    unsigned minute, length, passed;

    if (!settings->has_quiet_hours || time == IPAE_NEVER || time + ahead < 0)
        return time;
    minute = (unsigned)((time + ahead) % DAY / MINUTE);
    length = (settings->quiet_to + MINUTES - settings->quiet_from) % MINUTES;
    passed = (minute + MINUTES - settings->quiet_from) % MINUTES;
    if (passed >= length)
        return time;
    return time - (time + ahead) % MINUTE + (length - passed) * MINUTE;
}

/* By its beginnings, so that polls are as far from each other as is set however long one takes. */
static int64_t plan(const struct ipae *ipae, const char *eim, int64_t begun, int64_t failures)
{
    int64_t now = card_now(ipae->card);
    int64_t wait = failures > 0 ? retry_of(ipae, eim, failures) : interval_of(ipae, eim);
    int64_t from = failures > 0 || begun > now ? now : begun;

    if (wait == IPAE_NEVER)
        return IPAE_NEVER;
    wait += jitter_of(ipae, eim, wait);
    return after_quiet_hours(ipae, from + wait > now ? from + wait : now);
}

bool ipae_schedule_done(struct ipae *ipae, const char *eim, int64_t begun, const char *why)
{
    struct nvm *nvm = ipae->card->nvm;
    int64_t failures = why == NULL ? 0
                                   : nvm_figure(nvm, "SELECT failures FROM ipae_eim WHERE eim_id = ?1",
                                                NVM_VALUES(NVM_STRING(eim))) +
                                         1;

    return nvm_change(nvm,
                      "INSERT OR REPLACE INTO ipae_eim (eim_id, polled, next_poll, failures, why)"
                      " SELECT eim_id, ?2, ?3, ?4, ?5 FROM eim WHERE eim_id = ?1",
                      NVM_VALUES(NVM_STRING(eim), NVM_INT(card_now(ipae->card)),
                                 NVM_INT(plan(ipae, eim, begun, failures)), NVM_INT(failures),
                                 NVM_STRING(why))) &&
           ipae_schedule_read(ipae);
}

/* As if the last poll were over only now; one that is late stays so. */
bool ipae_schedule_again(struct ipae *ipae)
{
    struct nvm *nvm = ipae->card->nvm;
    sqlite3_stmt *stmt =
        nvm_select(nvm, "SELECT eim_id, polled, failures, next_poll FROM ipae_eim", NVM_NONE);
    int64_t now = card_now(ipae->card);

    while (nvm_row(nvm, stmt))
        if (nvm_int(stmt, 3) > now)
            (void)nvm_change(
                nvm, "UPDATE ipae_eim SET next_poll = ?2 WHERE eim_id = ?1",
                NVM_VALUES(NVM_STRING(nvm_text(stmt, 0)),
                           NVM_INT(plan(ipae, nvm_text(stmt, 0), nvm_int(stmt, 1), nvm_int(stmt, 2)))));
    nvm_done(stmt);
    return !nvm_failed(nvm) && ipae_schedule_read(ipae);
}
