/*
 * EUICCInfo1 and EUICCInfo2 (SGP.22 5.7.8): what the card says of itself. Capabilities stand in euicc_info.c
 * and nowhere else; the versions of SGP.22 and SGP.32 are the card's own; resource figures are live.
 */
#ifndef SOFTEUICC_EUICC_RSP_EUICC_INFO_H
#define SOFTEUICC_EUICC_RSP_EUICC_INFO_H

#include "euicc/os/card.h"

/* Whether the card has an IPA of its own: in the FCI of the ISD-R, IpaeActivation and ipaMode. */
extern const bool euicc_has_ipae;

/* Appends EUICCInfo2 (BF22 whole) with live figures, as it stands inside euiccSigned1. */
void es10b_put_signed_euicc_info2(struct softeuicc *card, struct buf *out);

#endif
