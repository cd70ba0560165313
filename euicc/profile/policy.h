/* Profile Policy Rules and the Rules Authorisation Table (SGP.22 2.9, 5.7.22). */
#ifndef SOFTEUICC_EUICC_PROFILE_POLICY_H
#define SOFTEUICC_EUICC_PROFILE_POLICY_H

#include "euicc/profile/profile_store.h"

/* True when the RAT authorises every rule of the metadata for its profile owner (SGP.22 2.9.2.4), and no
 * operational profile is on the card already when PPR1 is among them (SGP.22 2.9.3.1). */
bool policy_allows(struct softeuicc *card, const struct profile_metadata *metadata);

/* Appends the RulesAuthorisationTable's content (ProfilePolicyAuthorisationRule SEQUENCEs). */
void policy_put_rat(struct softeuicc *card, struct buf *out);

/* Appends a BIT STRING PprIds with the rules that the RAT allows to nobody, for EUICCInfo2. */
void policy_put_forbidden(struct softeuicc *card, struct buf *out, uint32_t tag);

#endif
