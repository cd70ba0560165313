/* ES10 functions: one table, tag -> handler -> which personality has it (SGP.22 5.7, SGP.32 5.9). */
#ifndef SOFTEUICC_EUICC_ISDR_ES10_H
#define SOFTEUICC_EUICC_ISDR_ES10_H

#include "euicc/rsp/es10.h"

struct es10_function {
    uint32_t tag;
    const char *name; /* "ES10c.GetProfilesInfo", for traces */
    es10_handler *handler;
    uint8_t personalities;
};

/* Looks the outer tag of a complete request up and runs its handler.
 * `octets` is what STORE DATA collected. */
uint16_t es10_dispatch(struct softeuicc *card, struct span octets, struct buf *response);

/* The function with this tag for this card's personality, NULL if it has none. */
const struct es10_function *es10_find(const struct softeuicc *card, uint32_t tag);

#endif
