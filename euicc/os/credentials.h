/* The card's credentials under one CI, at creation: checked as given, or issued by the EUM's key
 * (SGP.22 4.5.2). */
#ifndef SOFTEUICC_EUICC_OS_CREDENTIALS_H
#define SOFTEUICC_EUICC_OS_CREDENTIALS_H

#include "euicc/os/card.h"

/* Checks that everything fits together, makes what is missing, and writes the row. `position` is the CI's
 * place in the card's order, from 0; error lines call it CI position + 1. */
enum softeuicc_status credentials_insert(struct softeuicc *card, const char *eid, size_t position,
                                         const struct softeuicc_credentials *given,
                                         struct softeuicc_error *error);

#endif
