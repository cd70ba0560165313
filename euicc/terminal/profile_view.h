/*
 * The UICC that a terminal sees (SGP.22 2.4): that of the profile enabled at the last reset, or without one a
 * UICC with hardly anything on it. A change of the enabled profile is seen after the next reset: then
 * everything of the profile before is gone (channels, selected files, verified PINs).
 *
 * The file system is in RAM; every change is written through to the profile's rows in the command's
 * transaction.
 */
#ifndef SOFTEUICC_EUICC_TERMINAL_PROFILE_VIEW_H
#define SOFTEUICC_EUICC_TERMINAL_PROFILE_VIEW_H

#include "euicc/os/card.h"
#include "profiles/uicc/uicc.h"

/* After a reset: shows the profile that is enabled now, with nothing selected but MF and nothing verified. */
void profile_view_reset(struct softeuicc *card);

/* The command at hand is not stored: what it changed in RAM is read again. */
void profile_view_rolled_back(struct softeuicc *card);
/* It is stored. */
void profile_view_committed(struct softeuicc *card);

void profile_view_free(struct softeuicc *card);

/* The UICC; NULL when memory ran out. Owned by the card, valid until the next reset. */
struct uicc *profile_view_uicc(const struct softeuicc *card);
/* The profile that is shown; 0: none. */
int64_t profile_view_profile(const struct softeuicc *card);

/*
 * What a terminal that has answered REFRESH (eUICC profile state change) sees from then on, without a reset:
 * the profile that is enabled now, on every channel that shows the UICC; nothing of the one before stays
 * selected or verified.
 */
void profile_view_switch(struct softeuicc *card);

#endif
