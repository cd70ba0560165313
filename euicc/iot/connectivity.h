/*
 * How the enabled profile wants its operator's network to be reached: the connectivityParameters of its
 * package's header (TCA Interoperable Profile Package 8.2), which ES10b.GetConnectivityParameters gives out
 * (SGP.32 5.9.24).
 */
#ifndef SOFTEUICC_EUICC_IOT_CONNECTIVITY_H
#define SOFTEUICC_EUICC_IOT_CONNECTIVITY_H

#include "euicc/os/card.h"

/*
 * Appends the HTTPS parameters (httpParams): bearer description 35, network access name 47, user name and
 * password 0D, each if there is one. False: no profile is enabled, it has none, or storage failed.
 */
bool connectivity_https(struct softeuicc *card, struct buf *out);

#endif
