/* The IPAe's turns: when it has one, and what of it is stored. See ipae.h. */
#include "euicc/ipae/ipae_internal.h"

#include "euicc/lifecycle/marking.h"
#include "euicc/lifecycle/session.h"
#include "euicc/os/error.h"
#include "euicc/os/host.h"
#include "euicc/rsp/ipa_mode.h"
#include "euicc/terminal/toolkit.h"

#include <stdlib.h>

const bool ipae_is_built = true;

/* Milliseconds. */
enum {
    START_PATIENCE = 5 * 1000, /* a terminal that has not sent TERMINAL PROFILE by then will not */
    OTHERS_PATIENCE =
        120 * 1000, /* an RSP session of somebody else without a command for so long is forgotten */
    RESET_PATIENCE = 60 * 1000,   /* for a terminal that said that it resets the card */
    STORAGE_PATIENCE = 60 * 1000, /* after storage failed */
    LONGEST_PATIENCE = 60 * 1000, /* of these but the second */
};

/* Without a network that the host lends there is the terminal's. */
static bool ipae_find_network(struct ipae *ipae)
{
    const struct softeuicc_bearer *host = &ipae->card->hooks.bearer;

    if (host->open == NULL)
        host = NULL;
    ipae->terminal = ipae_terminal_new(ipae->card, host == NULL);
    if (ipae->terminal == NULL)
        return false;
    ipae->network = ipae_network_new(ipae->card, host, ipae->terminal);
    if (ipae->network != NULL)
        ipae->carrier = ipae_network_carrier(ipae->network);
    return ipae->network != NULL;
}

static struct host_bearer *ipae_host_bearer(const struct softeuicc *card)
{
    return card->ipae != NULL ? ipae_network_host(card->ipae->network) : NULL;
}

bool ipae_load(struct softeuicc *card)
{
    if (!ipa_mode_load(card))
        return false;
    if (!ipa_mode_has_ipae(card))
        return true;
    card->ipae = calloc(1, sizeof(*card->ipae));
    if (card->ipae == NULL)
        return false;
    card->ipae->card = card;
    return ipae_find_network(card->ipae) && ipae_read(card->ipae) && ipae_count_read(card->ipae);
}

void ipae_set_carrier(struct softeuicc *card, const struct ipae_carrier *carrier)
{
    if (card->ipae != NULL)
        card->ipae->carrier = carrier;
}

void ipae_free(struct softeuicc *card)
{
    if (card->ipae == NULL)
        return;
    ipae_round_free(card->ipae);
    if (card->ipae->network != NULL)
        ipae_count_flush(card->ipae);
    ipae_network_free(card->ipae->network);
    ipae_terminal_free(card->ipae->terminal);
    free(card->ipae);
    card->ipae = NULL;
}

void ipae_reset(struct softeuicc *card)
{
    struct ipae *ipae = card->ipae;

    ipa_mode_reset(card);
    if (ipae == NULL)
        return;
    ipae_count_see(ipae);
    ipae_round_free(ipae);
    ipae_terminal_reset(ipae->terminal);
    ipae_count_flush(ipae);
    ipae->others_at = 0;
    ipae->not_before = card_now(card) + START_PATIENCE;
    ipae->refused_at = 0;
    ipae->is_changed = ipae->has_started = true;
    (void)ipae_read(ipae);
    /* A device that starts may be where there is a network. */
    ipae->was_without = ipae->watch.lost_since != 0;
}

void ipae_terminal_is_ready(struct softeuicc *card)
{
    if (card->ipae != NULL)
        card->ipae->not_before = 0;
}

/* --- its settings -------------------------------------------------------------------------------------- */

const struct softeuicc_setting *ipae_setting_at(size_t index)
{
    return ipae_settings_at(index);
}

/* A card that is being made has none yet. */
enum softeuicc_status ipae_set(struct softeuicc *card, const struct softeuicc_set_value *values, size_t count,
                               struct softeuicc_error *error)
{
    enum softeuicc_status status = ipae_settings_set(card, values, count, error);
    struct ipae *ipae = card->ipae;

    if (status != SOFTEUICC_OK || ipae == NULL)
        return status;
    ipae->is_changed = true;
    if (!ipae_read_settings(ipae) || !ipae_schedule_again(ipae))
        return error_set(error, SOFTEUICC_STORAGE, "it cannot be stored: %s", nvm_message(card->nvm));
    return SOFTEUICC_OK;
}

void ipae_unset(struct softeuicc *card)
{
    if (card->ipae != NULL)
        (void)ipae_read(card->ipae);
    nvm_rollback(card->nvm); /* what failed here is no business of the next command's */
}

void ipae_each_setting(struct softeuicc *card,
                       void (*each)(void *context, const struct softeuicc_set_value *value), void *context)
{
    ipae_settings_each(card, each, context);
}

/* --- who else uses the card --------------------------------------------------------------------------- */

/*
 * Reading: an LPA or IPA that declares nothing is served, and the IPAe yields to it. While it has an RSP
 * session, or the terminal is at work for the card, the IPAe does nothing; a session of its own is over then,
 * and what that was for begins anew later.
 */
static bool yields(struct ipae *ipae, bool of_es10)
{
    struct softeuicc *card = ipae->card;
    int64_t now = card_now(card);

    if (rsp_session_stage(card) == RSP_NONE)
        ipae->others_at = 0;
    else if (of_es10 || ipae->others_at == 0 || ipae->others_at > now)
        ipae->others_at = now;
    if (ipae->others_at != 0 && now - ipae->others_at < OTHERS_PATIENCE) {
        if (ipae_in_session(ipae))
            ipae_round_free(ipae);
        return true;
    }
    return toolkit_session_active(card);
}

/* --- a turn ------------------------------------------------------------------------------------------- */

/* Whether the network is what carries its messages. */
static bool uses_network(const struct ipae *ipae)
{
    return ipae->carrier == ipae_network_carrier(ipae->network);
}

/* … over the terminal's channels. */
static bool uses_terminal(const struct ipae *ipae)
{
    return uses_network(ipae) && ipae_network_host(ipae->network) == NULL;
}

/* Without anything that could carry a message it stays quiet. */
static bool is_at_work(const struct ipae *ipae)
{
    return ipae->carrier != NULL && ipa_mode_is_ipae(ipae->card) &&
           (!uses_terminal(ipae) || ipae_terminal_has_channels(ipae->terminal));
}

/* When it has something to do between rounds; 0: at once. While a change waits for the terminal, nothing. */
static int64_t idle_due(const struct ipae *ipae)
{
    int64_t watch = ipae_watch_due(ipae);

    if (!ipae->has_eims || marking_waits(ipae->card))
        return IPAE_NEVER;
    if (ipae->is_called || ipae->has_started || ipae_watch_has_news(ipae) ||
        card_now(ipae->card) < ipae->polled)
        return 0;
    return watch < ipae->next_poll ? watch : ipae->next_poll;
}

/* A clock that was set back does not make it rest for longer. */
static bool rests(const struct ipae *ipae)
{
    int64_t left = ipae->not_before - card_now(ipae->card);

    return left > 0 && left <= LONGEST_PATIENCE;
}

static bool is_due(const struct ipae *ipae, int64_t now)
{
    if (rests(ipae) || (uses_network(ipae) && ipae_terminal_is_awaited(ipae->terminal)))
        return false;
    return ipae->round != NULL || now >= idle_due(ipae);
}

/* What is to be seen and done before a round begins. */
static bool idle_work(struct ipae *ipae)
{
    bool starts = ipae->has_started;

    ipae->has_started = false;
    return ipae_schedule_mind_clock(ipae, starts) && ipae_message_plan(ipae) && ipae_watch_look(ipae) &&
           ipae_watch_go(ipae);
}

static bool work(struct ipae *ipae)
{
    bool over;

    if (ipae->round == NULL) {
        if (!idle_work(ipae))
            return false;
        if (card_now(ipae->card) < ipae->next_poll || marking_waits(ipae->card))
            return true;
        if (!ipae_round_begin(ipae))
            return false;
    }
    /* A network that comes back now is none that the polls of this round have missed. */
    if (!ipae_watch_see_service(ipae) || !ipae_round_go(ipae, &over))
        return false;
    if (!over)
        return true;
    ipae_round_over(ipae);
    ipae->is_changed = true;
    return ipae_watch_look(ipae) && ipae_count_keep(ipae);
}

/* RAM must never know more than the file. What was sent was sent, and is seen again. */
static void give_back(struct ipae *ipae, const struct ipae_counts *counts)
{
    ipae->counts = *counts;
    nvm_rollback(ipae->card->nvm);
    ipae_round_free(ipae);
    (void)ipae_read(ipae);
    nvm_rollback(ipae->card->nvm);
    ipae->not_before = card_now(ipae->card) + STORAGE_PATIENCE;
}

/* The terminal is asked for one thing at a time, so that there is nothing to ask while it works on one. */
static void ask_terminal(struct ipae *ipae)
{
    ipae_terminal_rest(ipae->terminal, ipae->round == NULL);
    if (uses_network(ipae) && !toolkit_session_active(ipae->card))
        ipae_terminal_ask(ipae->terminal, ipae_next_wakeup(ipae->card));
}

/* A message that cannot be sent at all is waited for by nobody. */
static void take_turn(struct ipae *ipae)
{
    struct softeuicc *card = ipae->card;
    struct card_description description = card->description;
    bool goes_on = true;

    while (goes_on) {
        const struct ipae_counts counts = ipae->counts;

        goes_on = work(ipae) && nvm_commit(card->nvm);
        if (!goes_on)
            give_back(ipae, &counts);
        else
            goes_on = !ipae_round_send(ipae);
    }
    card->description = description;
}

/* Whoever used the card may have given it an eIM, or have enabled another profile. */
static void see_others(struct ipae *ipae)
{
    ipae->is_changed = true;
    (void)ipae_schedule_read(ipae);
}

void ipae_turn(struct softeuicc *card, bool of_es10)
{
    struct ipae *ipae = card->ipae;

    if (ipae == NULL)
        return;
    ipae_count_see(ipae);
    if (!is_at_work(ipae)) {
        ipae_round_free(ipae);
        return;
    }
    if (of_es10)
        see_others(ipae);
    ipae_terminal_mind_patience(ipae->terminal);
    if (!yields(ipae, of_es10) && is_due(ipae, card_now(card)))
        take_turn(ipae);
    if (ipae->has_eims)
        ask_terminal(ipae);
    ipae_count_see(ipae);
}

int64_t ipae_next_wakeup(const struct softeuicc *card)
{
    const struct ipae *ipae = card->ipae;
    int64_t next;

    if (ipae == NULL || !is_at_work(ipae))
        return -1;
    /* Whatever else there is waits for the terminal until then. */
    if (ipae_terminal_patience_ends(ipae->terminal) >= 0)
        return ipae_terminal_patience_ends(ipae->terminal);
    /* It yields until the terminal has done what it was asked for, which ends with a command. */
    if (toolkit_session_active(card))
        return -1;
    next = ipae->round != NULL ? ipae_round_next(ipae) : idle_due(ipae);
    if (next < 0 || next == IPAE_NEVER)
        return -1;
    if (ipae->others_at != 0 && next < ipae->others_at + OTHERS_PATIENCE)
        next = ipae->others_at + OTHERS_PATIENCE;
    return rests(ipae) && next < ipae->not_before ? ipae->not_before : next;
}

/* --- what became of a change -------------------------------------------------------------------------- */

/* The signed result says ok already; the eIM hears that it is not so (SGP.32 6.3.2.6). */
static bool tell_refusal(struct ipae *ipae)
{
    return ipae_note_change(ipae, IPA_CAUSE_UNDEFINED) && ipae_schedule_hurry(ipae, false);
}

bool ipae_settled(struct softeuicc *card, bool refreshed, bool resets)
{
    struct ipae *ipae = card->ipae;
    bool own;

    if (ipae == NULL)
        return true;
    own = ipae_has_marked(ipae);
    ipae->is_changed = true;
    if (resets)
        ipae->not_before = card_now(card) + RESET_PATIENCE;
    if (!own)
        return !nvm_failed(card->nvm);
    if (!refreshed)
        ipae_round_free(ipae);
    return ipae_keep_marked(ipae, false) && (refreshed ? ipae_know_profiles(ipae) : tell_refusal(ipae));
}

bool ipae_look(const struct softeuicc *card, struct ipae_facts *facts)
{
    const struct ipae *ipae = card->ipae;

    if (ipae == NULL)
        return false;
    *facts = (struct ipae_facts){.strict = card->ipa.exclusive,
                                 .is_polling = ipae->round != NULL,
                                 .next_poll = ipae->next_poll == IPAE_NEVER ? 0 : ipae->next_poll,
                                 .interval = (unsigned)ipae->settings.number[IPAE_POLL_INTERVAL],
                                 .lost_since = ipae->watch.lost_since,
                                 .return_at = ipae->watch.return_at,
                                 .on_trial = ipae->watch.on_trial,
                                 .imei = ipae->watch.imei,
                                 .plmn = ipae->watch.has_plmn ? ipae->watch.plmn : NULL};
    if (!uses_terminal(ipae))
        facts->network = "host";
    else if (ipae_terminal_has_channels(ipae->terminal))
        facts->network = "terminal";
    return true;
}

bool ipae_look_count(const struct softeuicc *card, size_t index, struct ipae_tally *tally)
{
    struct ipae *ipae = card->ipae;

    if (ipae == NULL || index >= IPAE_COUNTS)
        return false;
    ipae_count_see(ipae);
    *tally = (struct ipae_tally){ipae_count_name((enum ipae_count)index), ipae->counts.now.ever[index],
                                 ipae->counts.now.ever[index] - ipae->counts.now.before_round[index]};
    return true;
}

/* --- what the host tells of its network --------------------------------------------------------------- */

void ipae_bearer_opened(struct softeuicc *card, unsigned channel)
{
    struct host_bearer *bearer = ipae_host_bearer(card);

    if (bearer != NULL)
        host_bearer_opened(bearer, channel);
}

void ipae_bearer_received(struct softeuicc *card, unsigned channel, struct span octets)
{
    struct host_bearer *bearer = ipae_host_bearer(card);

    if (bearer != NULL)
        host_bearer_received(bearer, channel, octets);
}

void ipae_bearer_closed(struct softeuicc *card, unsigned channel, const char *why)
{
    struct host_bearer *bearer = ipae_host_bearer(card);

    if (bearer != NULL)
        host_bearer_closed(bearer, channel, why);
}
