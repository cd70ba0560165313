/*
 * ESipa (SGP.32 5.14, 6.3): one message of an IPA in, its answer out, perhaps later. Knows no transport.
 * Polls, results and notifications go to the store (eim.h), the steps of an indirect download to the SM-DP+
 * (relay.h). The eIM's side of TransferEimPackage (inject mode) is not there: an eIM of this kind waits for
 * polls.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_ESIPA_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_ESIPA_H

#include "servers/eim/network/relay.h"

#define ESIPA_MESSAGE_MAX ((size_t)256 * 1024) /* octets; a result with notifications is far below */

/* Takes one EsipaMessageFromIpaToEim that fills `message`. `done` may be called before this returns. */
void esipa_message(struct eim *eim, struct relay *relay, struct span message, esipa_done *done,
                   void *context);

/* The eidValue of a GetEimPackage or a ProvideEimPackageResult, also of one in a HandleNotification.
 * SPAN_NONE: the message is none of these, or has none. */
struct span esipa_eid(struct span message);

#endif
