/* What memory the card has left, as it tells it in more than one place: extCardResource of EUICCInfo2
 * (SGP.22 5.7.8) and a security domain's GET DATA FF21. */
#ifndef SOFTEUICC_PROFILES_RESOURCES_H
#define SOFTEUICC_PROFILES_RESOURCES_H

#include "apdu/tlv.h"

struct card_resources {
    uint64_t free_nvm, free_ram; /* octets */
};

/* Appends Extended Card Resources Information (ETSI TS 102 226 8.2.1.7.2) with `tag`. Reading: installed
 * applications are those below whom the question goes to: the profiles for the ISD-R, a profile's own for its
 * domain. */
void card_resources_put(struct buf *out, uint32_t tag, uint64_t applications,
                        struct card_resources resources);

#endif
