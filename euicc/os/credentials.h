/* The card's credentials, each under one CI (SGP.22 4.5.2): those it has, and at creation what it gets,
 * checked as given or issued by the EUM's key. */
#ifndef SOFTEUICC_EUICC_OS_CREDENTIALS_H
#define SOFTEUICC_EUICC_OS_CREDENTIALS_H

#include "euicc/os/card.h"

/* The credentials under the CI with this key identifier; NULL when the card has none. */
const struct card_credentials *credentials_find(const struct softeuicc *card, struct span ci_key_id);

/* The first, in the order of the list for signing, whose CI's key identifier begins so; NULL when none does.
 */
const struct card_credentials *credentials_find_beginning(const struct softeuicc *card,
                                                          struct span beginning);

/* Checks that everything fits together, makes what is missing, and writes the row. `position` is the CI's
 * place in the card's order, from 0; error lines call it CI position + 1. */
enum softeuicc_status credentials_insert(struct softeuicc *card, const char *eid, size_t position,
                                         const struct softeuicc_credentials *given,
                                         struct softeuicc_error *error);

#endif
