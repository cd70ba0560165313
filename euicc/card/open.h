/* What opening and creating a card share. */
#ifndef SOFTEUICC_EUICC_CARD_OPEN_H
#define SOFTEUICC_EUICC_CARD_OPEN_H

#include "euicc/os/card.h"

/* An unpowered card without memory (nvm == NULL), to be freed by softeuicc_close. NULL and *error without
 * memory. */
struct softeuicc *card_allocate(const struct softeuicc_hooks *hooks, struct softeuicc_error *error);

/* Opens (or makes) the file as the card's hooks want it: see nvm_open. */
struct nvm *card_open_nvm(const struct softeuicc *card, const char *path, bool create,
                          struct softeuicc_error *error);

/* Reads into RAM what the card keeps there. False when a row is missing or cannot be understood. */
bool card_load(struct softeuicc *card);

/* As it stands in the table `card`: "hybrid"; NULL for a number that is no personality. */
const char *card_personality_name(enum softeuicc_personality personality);

#endif
