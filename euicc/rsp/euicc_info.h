/*
 * EUICCInfo1 and EUICCInfo2 (SGP.22 5.7.8): what the card says of itself. Capabilities stand in euicc_info.c
 * and nowhere else; the versions of SGP.22 and SGP.32 are the card's own; resource figures are live.
 */
#ifndef SOFTEUICC_EUICC_RSP_EUICC_INFO_H
#define SOFTEUICC_EUICC_RSP_EUICC_INFO_H

#include "euicc/os/card.h"

/* Appends EUICCInfo2 (BF22 whole) with live figures, as it stands inside euiccSigned1. */
void es10b_put_signed_euicc_info2(struct softeuicc *card, struct buf *out);

#endif
