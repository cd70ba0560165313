/*
 * A round of the IPAe: a poll of each eIM, by the procedures of ipa/ (SGP.32 3.1, 3.3). What it wants of the
 * network goes to the carrier, what it wants of the terminal is settled elsewhere and seen here. See
 * ipae_internal.h.
 */
#include "euicc/ipae/ipae_internal.h"

#include "euicc/lifecycle/marking.h"
#include "euicc/os/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Milliseconds. */
enum {
    RETRY_AFTER = 30 * 1000,      /* from one try to deliver the result of a change of profiles to the next */
    SERVICE_PATIENCE = 60 * 1000, /* that a message waits for a terminal that is on no network */
};

/* --- one eIM after the other -------------------------------------------------------------------------- */

static void forget_eim(struct ipae_round *round)
{
    buf_free(&round->eim.trusted);
    round->eim = (struct ipa_eim){.id = ""};
}

static void free_round(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;

    ipae_end_session(ipae);
    if (round == NULL)
        return;
    ipa_free(round->ipa);
    forget_eim(round);
    free(round);
    ipae->round = NULL;
}

void ipae_round_free(struct ipae *ipae)
{
    if (ipae->carrier != NULL)
        ipae->carrier->drop(ipae->carrier->context);
    free_round(ipae);
}

void ipae_round_over(struct ipae *ipae)
{
    ipae->carrier->rest(ipae->carrier->context);
    free_round(ipae);
}

/* What somebody else has changed since the last round is told. */
static bool tell_changes(struct ipae *ipae)
{
    bool differ;

    /* What it had marked and another one's command has settled is not known to be its own any more. */
    if (ipae_has_marked(ipae) && !marking_waits(ipae->card) && !ipae_keep_marked(ipae, false))
        return false;
    if (!ipae_profiles_differ(ipae, &differ))
        return false;
    if (differ) /* what was kept is over another network */
        ipae->carrier->drop(ipae->carrier->context);
    if (differ && !ipa_note_change(ipae->round->ipa, IPA_CAUSE_LOCAL))
        return false;
    return ipae_know_profiles(ipae);
}

bool ipae_round_begin(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round = calloc(1, sizeof(*round));

    if (round == NULL)
        return false;
    round->begun = card_now(ipae->card);
    ipae_count_begin_round(ipae);
    round->ipa = ipae_make_ipa(ipae);
    return round->ipa != NULL && ipae_schedule_take(ipae, round->eims, &round->eim_count) &&
           tell_changes(ipae);
}

/* The eIM that is polled now, with what it is trusted by. False: without memory. */
static bool take_eim(struct ipae_round *round, const char *id)
{
    const struct ipa_eim *eims;
    size_t count;

    forget_eim(round);
    if (!ipa_read_eims(round->ipa, &eims, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(eims[i].id, id) != 0)
            continue;
        round->eim = eims[i];
        round->eim.trusted = (struct buf){0};
        buf_append(&round->eim.trusted, buf_span(&eims[i].trusted));
    }
    return !round->eim.trusted.failed;
}

/* Where the terminal is now: a network may have been found since the round began. */
static void use_place(struct ipae *ipae)
{
    const struct ipae_whereabouts *whereabouts = ipae_whereabouts(ipae);

    ipa_settings(ipae->round->ipa)->rplmn = whereabouts->has_plmn ? whereabouts->plmn : NULL;
}

static void note_place(struct ipae *ipae)
{
    const struct ipae_whereabouts *whereabouts = ipae_whereabouts(ipae);

    ipae->round->has_plmn = whereabouts->has_plmn;
    memcpy(ipae->round->plmn, whereabouts->plmn, sizeof(ipae->round->plmn));
}

/* Named leniency: the configurations that eIMs of v1.0 export name no protocol, which the card keeps as "none
 * to retrieve by". They mean HTTPS. */
static void use_v1(struct ipa_eim *eim)
{
    if ((eim->protocols & (1u << IPA_RETRIEVE_HTTPS | 1u << IPA_RETRIEVE_COAPS)) == 0)
        eim->has_protocols = false;
}

static void use_settings(struct ipae *ipae, const char *eim)
{
    struct ipa_settings *settings = ipa_settings(ipae->round->ipa);

    settings->v1 = ipae_setting_of(ipae->card, &ipae->settings, IPAE_V1, eim) != 0;
    if (settings->v1)
        use_v1(&ipae->round->eim);
    settings->compact = ipae_setting_of(ipae->card, &ipae->settings, IPAE_COMPACT, eim) != 0;
    settings->prefer_direct = ipae_setting_of(ipae->card, &ipae->settings, IPAE_PREFER_DIRECT, eim) != 0;
}

/* An eIM that another one has taken from the card meanwhile is passed over. */
static bool poll_next(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;

    while (round->eim_next < round->eim_count) {
        const char *id = round->eims[round->eim_next++];

        if (!take_eim(round, id))
            return false;
        if (round->eim.id[0] == '\0')
            continue;
        use_settings(ipae, id);
        note_place(ipae);
        ipa_start_poll(round->ipa, id);
        return true;
    }
    return true;
}

/* --- what a poll waits for --------------------------------------------------------------------------- */

/* Whoever sent it: octets are a sign that there is a network. */
static bool watch_answer(struct ipae *ipae, enum ipae_carried carried)
{
    bool is_heard = carried != IPAE_UNREACHABLE || ipae_network_heard(ipae->network) != ipae->round->heard;

    return is_heard ? ipae_watch_heard(ipae) : ipae_watch_silence(ipae);
}

/* True: there was an answer, or there will be none. */
static bool take_answer(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;
    enum ipae_carried carried = IPAE_UNREACHABLE;
    struct buf answer = {0};

    if (!round->is_lost) {
        if (!round->is_sent)
            return false;
        carried = ipae->carrier->take(ipae->carrier->context, &answer, round->why);
        if (carried == IPAE_UNDER_WAY)
            return false;
        (void)watch_answer(ipae, carried);
    }
    round->is_sent = round->is_lost = false;
    if (carried == IPAE_ANSWERED && answer.failed) {
        carried = IPAE_UNREACHABLE;
        snprintf(round->why, sizeof(round->why), "out of memory");
    }
    if (carried == IPAE_ANSWERED)
        ipa_answered(round->ipa, buf_span(&answer));
    else if (carried == IPAE_REFUSED)
        ipa_refused(round->ipa, round->why);
    else if (carried == IPAE_MALFORMED)
        ipa_malformed(round->ipa, round->why);
    else
        ipa_unreachable(round->ipa, round->why);
    buf_free(&answer);
    return true;
}

/* From the change on its result has a time in which to be delivered, which outlives a reset: that is what a
 * device does that finds no network. */
static void begin_trial(struct ipae *ipae)
{
    ipae->give_up = card_now(ipae->card) + ipae->settings.number[IPAE_REPORT_WITHIN] * 1000;
    (void)ipae_keep_give_up(ipae);
}

/* The network before the change is not the one after it. */
static bool see_refresh(struct ipae *ipae)
{
    if (marking_waits(ipae->card))
        return false;
    ipae->carrier->drop(ipae->carrier->context);
    begin_trial(ipae);
    ipa_refreshed(ipae->round->ipa);
    return true;
}

static bool retry_or_give_up(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;
    int64_t now = card_now(ipae->card);

    /* Of a poll that a reset has cut off, or by a clock that was put back. */
    if (ipae->give_up == 0 || ipae->give_up > now + ipae->settings.number[IPAE_REPORT_WITHIN] * 1000)
        begin_trial(ipae);
    if (now >= ipae->give_up) {
        ipa_give_up(round->ipa);
        return true;
    }
    if (round->retry_at == 0 || round->retry_at > now + RETRY_AFTER)
        round->retry_at = now + RETRY_AFTER;
    if (now < round->retry_at)
        return false;
    round->retry_at = 0;
    ipa_retry(round->ipa);
    return true;
}

/* A poll is over: a result that waited for it does so no more. */
static bool end_poll(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;
    bool was_answered = ipa_was_answered(round->ipa);

    if (ipae->give_up != 0) {
        ipae->give_up = 0;
        (void)ipae_keep_give_up(ipae);
    }
    if (round->eim.id[0] == '\0')
        return true;
    ipae_count_note(ipae, IPAE_POLLS);
    if (was_answered && round->has_plmn)
        (void)ipae_watch_told(ipae, round->plmn);
    else
        ipae_count_note(ipae, IPAE_POLLS_FAILED);
    (void)ipae_schedule_done(ipae, round->eim.id, round->begun, was_answered ? NULL : ipa_why(round->ipa));
    forget_eim(round);
    return poll_next(ipae);
}

/* A message that would find no network is held for a while. */
static bool is_held(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;
    int64_t now = card_now(ipae->card);

    if (!ipae_network_lacks_service(ipae->network)) {
        round->held = 0;
        return false;
    }
    if (round->held == 0 || round->held > now + SERVICE_PATIENCE)
        round->held = now + SERVICE_PATIENCE;
    return now < round->held;
}

/* The first message says which network the terminal is on: it is not made before there is one. */
static bool begin_polls(struct ipae *ipae, bool *waits)
{
    *waits = ipae->round->eim_next == 0 && is_held(ipae);
    return *waits || ipae->round->eim_next > 0 || poll_next(ipae);
}

bool ipae_round_go(struct ipae *ipae, bool *over)
{
    struct ipae_round *round = ipae->round;
    bool goes = true, waits;

    *over = false;
    use_place(ipae);
    if (!begin_polls(ipae, &waits))
        return false;
    if (waits)
        return true;
    while (goes && !nvm_failed(ipae->card->nvm)) {
        switch (ipa_want(round->ipa)) {
        case IPA_SEND:
            goes = take_answer(ipae);
            break;
        case IPA_REFRESH:
            goes = see_refresh(ipae);
            break;
        case IPA_RETRY:
            goes = retry_or_give_up(ipae);
            break;
        default:
            if (!end_poll(ipae))
                return false;
            *over = round->eim.id[0] == '\0';
            goes = !*over;
        }
    }
    return !nvm_failed(ipae->card->nvm);
}

bool ipae_round_send(struct ipae *ipae)
{
    struct ipae_round *round = ipae->round;

    if (round == NULL)
        return true;
    /* Its connection is over the network that is about to go. */
    if (ipa_want(round->ipa) == IPA_REFRESH)
        ipae->carrier->drop(ipae->carrier->context);
    if (ipa_want(round->ipa) != IPA_SEND || round->is_sent || round->is_lost || is_held(ipae))
        return true;
    snprintf(round->why, sizeof(round->why), "it cannot be sent");
    round->heard = ipae_network_heard(ipae->network);
    round->is_sent =
        ipae->carrier->begin(ipae->carrier->context, &round->eim, ipa_message(round->ipa), round->why);
    round->is_lost = !round->is_sent;
    return round->is_sent;
}

int64_t ipae_round_next(const struct ipae *ipae)
{
    const struct ipae_round *round = ipae->round;

    switch (ipa_want(round->ipa)) {
    case IPA_SEND:
        return round->is_sent ? ipae->carrier->next(ipae->carrier->context) : round->held;
    case IPA_RETRY:
        return round->retry_at < ipae->give_up ? round->retry_at : ipae->give_up;
    case IPA_REFRESH:
        return -1;
    default:
        return round->held;
    }
}
