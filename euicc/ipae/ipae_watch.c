/*
 * Never without a network (SGP.32 3.4.6, 3.4.7): when nothing has come from the network for so long, the
 * Fallback Profile is enabled; from there the IPAe returns by a schedule, and back again when the profile
 * that it returned to has no network. And where the device is: in another one, or on another network, of
 * which the eIMs hear. See ipae_internal.h.
 *
 * Readings: connectivity is lost since the first poll to which no octet came, or since the terminal said that
 * it is on no network, and is back with the first octet, whoever sent it: an eIM that is down is no loss. A
 * Fallback Profile without a network is left as well, for the one before it.
 */
#include "euicc/ipae/ipae_internal.h"

#include "euicc/lifecycle/marking.h"
#include "euicc/os/host.h"

#include <string.h>

#define SECOND ((int64_t)1000)

enum { NETWORK_SETTLES = 60 * 1000 }; /* milliseconds from one poll to another one because of the network */

/* --- what comes from the network ------------------------------------------------------------------------ */

bool ipae_watch_heard(struct ipae *ipae)
{
    struct ipae_watch *watch = &ipae->watch;

    if (watch->lost_since == 0 && !watch->on_trial && watch->in_vain == 0)
        return true;
    watch->lost_since = 0;
    watch->on_trial = false;
    watch->in_vain = 0;
    return ipae_keep_watch(ipae);
}

bool ipae_watch_silence(struct ipae *ipae)
{
    if (ipae->watch.lost_since != 0)
        return true;
    ipae->watch.lost_since = card_now(ipae->card);
    return ipae_keep_watch(ipae);
}

/* --- where the device is -------------------------------------------------------------------------------- */

static bool is_new_device(const struct ipae *ipae)
{
    const char *imei = ipae_whereabouts(ipae)->imei;

    return imei[0] != '\0' && strcmp(imei, ipae->watch.imei) != 0;
}

static bool is_new_network(const struct ipae *ipae)
{
    const struct ipae_whereabouts *whereabouts = ipae_whereabouts(ipae);
    const struct ipae_watch *watch = &ipae->watch;

    return whereabouts->has_plmn && watch->has_plmn &&
           memcmp(whereabouts->plmn, watch->plmn, sizeof(watch->plmn)) != 0;
}

bool ipae_watch_told(struct ipae *ipae, const uint8_t plmn[3])
{
    struct ipae_watch *watch = &ipae->watch;

    if (watch->has_plmn && memcmp(watch->plmn, plmn, sizeof(watch->plmn)) == 0)
        return true;
    memcpy(watch->plmn, plmn, sizeof(watch->plmn));
    watch->has_plmn = true;
    return ipae_keep_watch(ipae);
}

/* The card was in another device before, or in none. */
static bool see_device(struct ipae *ipae)
{
    struct ipae_watch *watch = &ipae->watch;
    bool was_elsewhere = watch->imei[0] != '\0';

    if (!is_new_device(ipae))
        return true;
    memcpy(watch->imei, ipae_whereabouts(ipae)->imei, sizeof(watch->imei));
    return ipae_keep_watch(ipae) &&
           (!was_elsewhere || (ipae_note_change(ipae, IPA_CAUSE_DEVICE) && ipae_schedule_hurry(ipae, false)));
}

/* A terminal that says that it is on no network has lost it by now; when it is on one again, what was missed
 * is made up for. */
bool ipae_watch_see_service(struct ipae *ipae)
{
    bool is_without = ipae_network_lacks_service(ipae->network);

    if (is_without == ipae->was_without)
        return true;
    ipae->was_without = is_without;
    return is_without ? ipae_watch_silence(ipae) : ipae_schedule_hurry(ipae, true);
}

/* --- which profile is enabled ------------------------------------------------------------------------- */

/* The Fallback Profile is enabled, and the one before it is known. */
static bool watch_may_return(const struct ipae *ipae)
{
    return nvm_figure(ipae->card->nvm,
                      "SELECT count(*) FROM iot JOIN profile ON profile.id = iot.fallback"
                      " WHERE profile.state = 'enabled' AND iot.before_fallback IS NOT NULL",
                      NVM_NONE) != 0;
}

/* The way back is planned when there is one; a clock that was set back puts it off no further. */
static bool see_profile(struct ipae *ipae)
{
    struct ipae_watch *watch = &ipae->watch;
    int64_t after = ipae->settings.number[IPAE_RETURN_AFTER] * SECOND;
    int64_t latest = card_now(ipae->card) + after;
    int64_t return_at = watch->return_at;

    ipae->is_changed = false;
    if (after == 0 || !watch_may_return(ipae))
        return_at = 0;
    else if (return_at == 0 || return_at > latest)
        return_at = latest;
    if (return_at == watch->return_at)
        return !nvm_failed(ipae->card->nvm);
    watch->return_at = return_at;
    return ipae_keep_watch(ipae);
}

bool ipae_watch_has_news(const struct ipae *ipae)
{
    return ipae->is_changed || is_new_device(ipae) ||
           ipae->was_without != ipae_network_lacks_service(ipae->network);
}

bool ipae_watch_look(struct ipae *ipae)
{
    struct ipae_watch *watch = &ipae->watch;
    int64_t now = card_now(ipae->card);

    /* A clock that was set back. */
    if (watch->lost_since > now)
        watch->lost_since = now;
    if (ipae->refused_at > now)
        ipae->refused_at = now;
    return see_device(ipae) && ipae_watch_see_service(ipae) && (!ipae->is_changed || see_profile(ipae));
}

/* --- what is done about it ---------------------------------------------------------------------------- */

/* Changes that bring nothing cost as much as those that do: what they follow is waited for longer. */
static int64_t patience_factor(unsigned in_vain)
{
    return in_vain < 2 ? 1 : in_vain < 4 ? 2 : 4;
}

/* When the profile that is enabled has had its time without a network. */
static int64_t lost_due(const struct ipae *ipae)
{
    const struct ipae_watch *watch = &ipae->watch;
    int64_t patience = ipae->settings.number[watch->on_trial ? IPAE_REPORT_WITHIN : IPAE_FALLBACK_AFTER] *
                       SECOND * patience_factor(watch->in_vain);
    int64_t from = watch->lost_since > ipae->refused_at ? watch->lost_since : ipae->refused_at;

    return watch->lost_since == 0 || patience == 0 ? IPAE_NEVER : from + patience;
}

static int64_t return_due(const struct ipae *ipae)
{
    return ipae->watch.return_at == 0 ? IPAE_NEVER : ipae->watch.return_at;
}

/* Not where the eIM cannot be reached, of which its schedule has a say. */
static int64_t network_due(const struct ipae *ipae)
{
    if (ipae->settings.number[IPAE_POLL_ON_NETWORK] == 0 || ipae->has_failed || !is_new_network(ipae))
        return IPAE_NEVER;
    return ipae->polled + NETWORK_SETTLES;
}

/* A result of a change that waits for the network has a time of its own (SGP.32 3.3.2). */
int64_t ipae_watch_due(const struct ipae *ipae)
{
    int64_t due = network_due(ipae);

    if (ipae->give_up != 0)
        return IPAE_NEVER;
    if (lost_due(ipae) < due)
        due = lost_due(ipae);
    return return_due(ipae) < due ? return_due(ipae) : due;
}

/* The card has refused it: no Fallback Profile, or the Emergency Profile is enabled. */
static bool put_off(struct ipae *ipae)
{
    ipae->refused_at = card_now(ipae->card);
    if (ipae->watch.return_at == 0)
        return true;
    ipae->watch.return_at = 0;
    ipae->is_changed = true;
    return ipae_keep_watch(ipae);
}

/* Before a profile is left because nothing came, it is asked once more: since the last time a network may
 * have come back. A terminal that says that there is none is believed. */
static bool is_proven(const struct ipae *ipae)
{
    return ipae->polled >= lost_due(ipae) || ipae_network_lacks_service(ipae->network);
}

/* To the Fallback Profile or back; over its network the eIMs are told at once. */
static bool change_over(struct ipae *ipae, enum ipa_change change)
{
    struct ipae_watch *watch = &ipae->watch;
    struct ipa *ipa = ipae_make_ipa(ipae);
    int code = 0;
    bool ok = ipa != NULL && ipa_change(ipa, change, &code);

    ipa_free(ipa);
    if (!ok)
        return false;
    if (code != 0)
        return put_off(ipae);
    ipae_count_note(ipae, IPAE_CHANGES);
    ipae_count_note(ipae, change == IPA_CHANGE_RETURN ? IPAE_RETURNS : IPAE_FALLBACKS);
    ipae->carrier->drop(ipae->carrier->context);
    watch->lost_since = card_now(ipae->card);
    watch->on_trial = change == IPA_CHANGE_RETURN;
    watch->in_vain++;
    watch->return_at = 0;
    ipae->is_changed = true;
    return ipae_keep_watch(ipae) && ipae_schedule_hurry(ipae, false);
}

bool ipae_watch_go(struct ipae *ipae)
{
    int64_t now = card_now(ipae->card);

    if (ipae->give_up != 0)
        return true;
    if (now >= lost_due(ipae) && !is_proven(ipae))
        return ipae_schedule_hurry(ipae, false);
    if (now >= lost_due(ipae))
        return change_over(ipae, watch_may_return(ipae) ? IPA_CHANGE_RETURN : IPA_CHANGE_FALLBACK);
    if (now >= return_due(ipae))
        return change_over(ipae, IPA_CHANGE_RETURN);
    return now < network_due(ipae) || ipae_schedule_hurry(ipae, false);
}
