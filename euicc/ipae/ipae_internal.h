/* What the files of euicc/ipae/ share. See ipae.h. */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_INTERNAL_H
#define SOFTEUICC_EUICC_IPAE_IPAE_INTERNAL_H

#include "euicc/ipae/ipae.h"
#include "euicc/ipae/network.h"

/* A round of polls, of one eIM after the other. */
struct ipae_round {
    struct ipa *ipa;
    char eims[IPA_EIMS_MAX][IPA_ID_MAX + 1];
    size_t eim_count, eim_next;
    struct ipa_eim eim; /* that is polled, with a copy of what it is trusted by */
    bool is_sent;       /* the message that is wanted has been given to the carrier */
    bool is_lost;       /* … which could not begin, for the reason: */
    char why[IPAE_WHY_MAX];
    int64_t retry_at; /* with IPA_RETRY; 0: not set yet */
    int64_t held;     /* until when the message is held for a network to be found; 0: it is not */
};

struct ipae {
    struct softeuicc *card;
    struct ipae_terminal *terminal; /* NULL: the host lends a network, and the terminal is asked nothing */
    struct ipae_network *network;
    const struct ipae_carrier *carrier; /* NULL: none */
    struct rsp_session *session;        /* its own, while it has no turn */
    struct ipae_round *round;           /* NULL: none is under way */
    bool has_eims;                      /* as far as was known in its last turn */
    unsigned interval;                  /* seconds */
    bool was_missed;                    /* the last poll: the terminal was on no network */
    int64_t next_poll;                  /* milliseconds since 1970, like the following */
    int64_t give_up;                    /* 0: no result of a change is tried */
    int64_t others_at;                  /* when somebody else last used an RSP session; 0: nobody does */
    int64_t not_before; /* it rests until then: storage failed, or the terminal is about to reset the card */
};

/* --- What it asks of the card (ipae_card.c) ------------------------------------------------------------ */

/* struct ipa_host.es10: one request, in a part of the turn of its own and in its own RSP session. */
uint16_t ipae_es10(void *context, struct span request, struct buf *response);
/* Its RSP session, if there is one, is over. */
void ipae_end_session(struct ipae *ipae);
bool ipae_in_session(const struct ipae *ipae);

/* --- What it keeps (ipae_store.c) ----------------------------------------------------------------------- */

/* False when storage failed; so of the others. */
bool ipae_read(struct ipae *ipae);
bool ipae_keep_state(struct ipae *ipae, struct span state);
bool ipae_get_state(struct ipae *ipae, struct buf *state);
bool ipae_keep_times(struct ipae *ipae);
/* What is marked is, or is not, a change of its own. */
bool ipae_keep_marked(struct ipae *ipae, bool marked);
bool ipae_has_marked(struct ipae *ipae);
/* The profiles are as it knows them. */
bool ipae_know_profiles(struct ipae *ipae);
/* Whether somebody else has changed them since; not before it knew them once. */
bool ipae_profiles_differ(struct ipae *ipae, bool *differ);

/* --- A round (ipae_round.c) -------------------------------------------------------------------------- */

/* Begins one. False: storage or memory failed. No round when the card has no eIM. */
bool ipae_round_begin(struct ipae *ipae);
/* Goes on as far as it can without the network or the terminal. False: storage failed. */
bool ipae_round_go(struct ipae *ipae, bool *over);
/* What is to be sent goes to the carrier: after the turn is stored. False: it cannot be sent, and the round
 * goes on at once. */
bool ipae_round_send(struct ipae *ipae);
/* Throws it away: the next one begins from what is stored. */
void ipae_round_free(struct ipae *ipae);
/* As ipae_next_wakeup, of a round. */
int64_t ipae_round_next(const struct ipae *ipae);

/* An IPA that speaks for this card. NULL without memory. */
struct ipa *ipae_make_ipa(struct ipae *ipae);

#endif
