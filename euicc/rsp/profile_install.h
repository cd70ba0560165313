/* Installing a profile (SGP.22 2.5, 5.5.3), by a download or by the manufacturer. */
#ifndef SOFTEUICC_EUICC_RSP_PROFILE_INSTALL_H
#define SOFTEUICC_EUICC_RSP_PROFILE_INSTALL_H

#include "euicc/profile/profile_store.h"

/* What an installation stores. */
struct profile_installation {
    const struct profile_metadata *metadata;
    const struct saip_package *package;
    struct span isdp_configuration; /* BF24 whole or SPAN_NONE */
    struct span smdp_oid;
    struct span smdp_address; /* text */
    struct span ci_key_id;    /* of the session's credentials; SPAN_NONE: the card's first ones on P-256 */
    bool preloaded;
};

enum profile_install_status {
    PROFILE_INSTALLED = 0,
    PROFILE_ICCID_EXISTS,
    PROFILE_NO_MEMORY, /* card.nvm_size would be exceeded */
    PROFILE_STORAGE_FAILED,
};

/* Inserts the profile (disabled), its elements and notification addresses; *isdp_aid gets the AID of the new
 * ISD-P. */
enum profile_install_status profile_install(struct softeuicc *card,
                                            const struct profile_installation *installation,
                                            uint8_t isdp_aid[ISDP_AID_SIZE]);

#endif
