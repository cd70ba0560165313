/*
 * What carries the IPAe's messages: one at a time to an eIM, SM-DP+ or SM-DS, and its answer back. It does
 * not wait: it is begun, and asked again whenever the IPAe has a turn.
 */
#ifndef SOFTEUICC_EUICC_IPAE_CARRIER_H
#define SOFTEUICC_EUICC_IPAE_CARRIER_H

#include "ipa/ipa.h"

enum ipae_carried {
    IPAE_UNDER_WAY,
    IPAE_ANSWERED,    /* `answer` is the body; empty: there is none */
    IPAE_REFUSED,     /* by a status of HTTP or CoAP; `why` is one line */
    IPAE_MALFORMED,   /* it is none of its binding; likewise */
    IPAE_UNREACHABLE, /* there was no answer; likewise */
};

#define IPAE_WHY_MAX 200

struct ipae_carrier {
    void *context;
    /* Begins. `eim` says where it is and what it is trusted by; the message may be for a server. Both live
     * for the call. False: it cannot be carried at all; then `why` is one line. */
    bool (*begin)(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                  char why[IPAE_WHY_MAX]);
    /* What has come of it. Appends to `answer`. Not asked again once it is not under way any more. */
    enum ipae_carried (*take)(void *context, struct buf *answer, char why[IPAE_WHY_MAX]);
    /* When something is to be done although nothing comes in, in milliseconds since 1970; -1: never; 0: now.
     */
    int64_t (*next)(void *context);
    /* Ends what is under way, and every connection: another network comes, or the card is reset. */
    void (*drop)(void *context);
    /* The round is over, and the answers were heard: the same, but for a connection that is to be kept until
     * the next. */
    void (*rest)(void *context);
};

#endif
