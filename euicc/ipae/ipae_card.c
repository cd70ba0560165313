/*
 * What the IPAe asks of the card that it is a part of: ES10 functions, as the ISD-R serves them to a
 * terminal, but inside a turn. See ipae_internal.h.
 */
#include "euicc/ipae/ipae_internal.h"

#include "euicc/isdr/es10.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/lifecycle/session.h"
#include "euicc/rsp/es10.h"

/* The RSP session of the terminal and its own change places. */
static void swap_sessions(struct ipae *ipae)
{
    struct rsp_session *other = ipae->card->rsp;

    ipae->card->rsp = ipae->session;
    ipae->session = other;
}

void ipae_end_session(struct ipae *ipae)
{
    swap_sessions(ipae);
    rsp_session_free(ipae->card);
    swap_sessions(ipae);
}

bool ipae_in_session(const struct ipae *ipae)
{
    return ipae->session != NULL && ipae->session->stage != RSP_NONE;
}

/* What a request has changed of the profiles is its own change, now or when it is settled. What somebody else
 * had changed before it (`differed`) is still to be told. */
static bool own_changes(struct ipae *ipae, bool waited, bool differed)
{
    if (!waited && marking_waits(ipae->card))
        return ipae_keep_marked(ipae, true);
    return differed || ipae_know_profiles(ipae);
}

/* A request that is refused leaves nothing of itself; the turn goes on. */
uint16_t ipae_es10(void *context, struct span request, struct buf *response)
{
    struct ipae *ipae = context;
    struct softeuicc *card = ipae->card;
    bool waited = marking_waits(card);
    int64_t changes = nvm_all_changes(card->nvm);
    uint16_t status = ES10_MEMORY;
    bool done, differed;

    if (!ipae_profiles_differ(ipae, &differed) || !nvm_part_begin(card->nvm))
        return status;
    swap_sessions(ipae);
    status = es10_dispatch(card, request, response);
    swap_sessions(ipae);
    if (status == ES10_OK && response->failed)
        status = ES10_FAILED;
    if (status == ES10_OK) {
        done = (nvm_all_changes(card->nvm) == changes || own_changes(ipae, waited, differed)) &&
               nvm_part_keep(card->nvm);
    } else {
        done = nvm_part_undo(card->nvm);
        buf_clear(response);
    }
    return done ? status : ES10_MEMORY;
}
