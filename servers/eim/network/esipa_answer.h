/* How an ESipa message ends, for who carries it. */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_ESIPA_ANSWER_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_ESIPA_ANSWER_H

#include "apdu/bytes.h"

enum esipa_outcome {
    ESIPA_ANSWERED,    /* with an EsipaMessageFromEimToIpa */
    ESIPA_EMPTY,       /* done; the function has no answer */
    ESIPA_MALFORMED,   /* no ESipa message, or one whose function has no error to answer with */
    ESIPA_UNSUPPORTED, /* a message of inject mode */
};

/* Called exactly once per message, unless the relay is closed before. `answer` is gone afterwards; empty
 * unless ANSWERED. */
typedef void esipa_done(void *context, enum esipa_outcome outcome, struct span answer);

#endif
