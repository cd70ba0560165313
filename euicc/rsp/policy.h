/* Profile Policy Rules and the Rules Authorisation Table (SGP.22 2.9, 5.7.22). */
#ifndef SOFTEUICC_EUICC_RSP_POLICY_H
#define SOFTEUICC_EUICC_RSP_POLICY_H

#include "euicc/rsp/profile_store.h"

/* True when the RAT authorises every rule of the metadata for its profile owner (SGP.22 2.9.2.4). */
bool policy_allows(struct softeuicc *card, const struct profile_metadata *metadata);

/* Appends the RulesAuthorisationTable's content (ProfilePolicyAuthorisationRule SEQUENCEs). */
void policy_put_rat(struct softeuicc *card, struct buf *out);

#endif
