/* The profiles a card is born with. */
#ifndef SOFTEUICC_EUICC_CARD_PRELOAD_H
#define SOFTEUICC_EUICC_CARD_PRELOAD_H

#include "euicc/os/card.h"

/* Decodes and installs one (disabled), inside the transaction that is open. `position` counts from 0; error
 * lines call it profile position + 1. */
enum softeuicc_status preload_profile(struct softeuicc *card, size_t position,
                                      const struct softeuicc_preloaded_profile *given,
                                      struct softeuicc_error *error);

#endif
