/* The IPA that speaks for the card: what it is told of the device, and what is told of it. See
 * ipae_internal.h. */
#include "euicc/ipae/ipae_internal.h"
#include "euicc/network/coaps_exchange.h"

const struct ipae_whereabouts *ipae_whereabouts(const struct ipae *ipae)
{
    return ipae_terminal_whereabouts(ipae->terminal);
}

static bool save(void *context, struct span state)
{
    return ipae_keep_state(context, state);
}

static void count_event(void *context, const struct ipa_report *report)
{
    struct ipae *ipae = context;

    if (report->event == IPA_EVENT_PACKAGE)
        ipae_count_note(ipae, IPAE_PACKAGES);
    else if (report->event == IPA_EVENT_DOWNLOAD && report->code == 0 && report->number == 0)
        ipae_count_note(ipae, IPAE_DOWNLOADS);
    else if (report->event == IPA_EVENT_REFRESH)
        ipae_count_note(ipae, IPAE_CHANGES);
    else if (report->event == IPA_EVENT_ROLLBACK && report->code == 0)
        ipae_count_note(ipae, IPAE_ROLLBACKS);
}

struct ipa *ipae_make_ipa(struct ipae *ipae)
{
    const struct ipa_host host = {.context = ipae, .es10 = ipae_es10, .save = save, .report = count_event};
    const struct ipae_whereabouts *whereabouts = ipae_whereabouts(ipae);
    const struct ipa_settings settings = {.direct = true,
                                          .indirect = true,
                                          .coaps = coaps_is_built,
                                          .imei = whereabouts->imei[0] != '\0' ? whereabouts->imei : NULL};
    struct buf state = {0};
    struct ipa *ipa = NULL;

    if (ipae_get_state(ipae, &state))
        ipa = ipa_new(&host, &settings, buf_span(&state));
    buf_free(&state);
    return ipa;
}

bool ipae_note_change(struct ipae *ipae, enum ipa_cause cause)
{
    struct ipa *ipa = ipae_make_ipa(ipae);
    bool told = ipa != NULL && ipa_note_change(ipa, cause);

    ipa_free(ipa);
    return told;
}
