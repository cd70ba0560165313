/*
 * otPK.EUICC.ECKA: the card's half of the key agreement for one download (SGP.22 3.1.3, 5.7.5). A pair is
 * kept in table one_time_key, so that an SM-DP+ that bound a package to it can have that same package loaded
 * after an interruption.
 */
#ifndef SOFTEUICC_EUICC_RSP_ONE_TIME_KEY_H
#define SOFTEUICC_EUICC_RSP_ONE_TIME_KEY_H

#include "euicc/os/card.h"

/* The pair with this public key, if it is on `curve` and was made for the SM-DP+ with this OID (content
 * octets); else NULL. */
struct ec_key *one_time_key_find(struct softeuicc *card, struct span public_key, enum ec_curve curve,
                                 struct span smdp_oid);

/* Makes a pair on the curve of `server_key` and keeps it for that SM-DP+. NULL without randomness, memory or
 * storage. */
struct ec_key *one_time_key_make(struct softeuicc *card, const struct ec_key *server_key,
                                 struct span smdp_oid);

/* The package bound to it is installed: it must not serve again. */
bool one_time_key_forget(struct softeuicc *card, struct span public_key);

#endif
