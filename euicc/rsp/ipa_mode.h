/*
 * Which IPA manages the card: one in the device (IPAd), or the card's own (IPAe); SGP.32 3.8.4, ipaMode in
 * EUICCInfo2. It is decided anew with every reset. Reading: a card with an IPAe runs it, unless the terminal
 * says by TERMINAL CAPABILITY that the device has an IPAd and does not send IpaeActivation. It never changes
 * inside an RSP session, in whose signed EUICCInfo2 it stands.
 */
#ifndef SOFTEUICC_EUICC_RSP_IPA_MODE_H
#define SOFTEUICC_EUICC_RSP_IPA_MODE_H

#include "euicc/os/card.h"

/* Reads from the table whether the card has an IPAe: after it was opened. False: storage failed. */
bool ipa_mode_load(struct softeuicc *card);

/* The card has an IPAe (ipaeSupported of the ISD-R's FCI). */
bool ipa_mode_has_ipae(const struct softeuicc *card);
/* ipaMode is ipae(1): it manages the card. */
bool ipa_mode_is_ipae(const struct softeuicc *card);
/* While it does, nobody else is served ES10 functions (`create --ipae=strict`). */
bool ipa_mode_is_exclusive(const struct softeuicc *card);

/* TERMINAL CAPABILITY came: whether the device has an IPAd. */
void ipa_mode_declare_ipad(struct softeuicc *card, bool has_ipad);
/* IpaeActivation: the IPAe is to manage the card, or not. False inside an RSP session of the terminal. */
bool ipa_mode_activate(struct softeuicc *card, bool ipae);
/* A reset. */
void ipa_mode_reset(struct softeuicc *card);
/* SUSPEND UICC: what was decided holds again when the card is resumed. */
void ipa_mode_suspend(struct softeuicc *card);
void ipa_mode_resume(struct softeuicc *card);

#endif
