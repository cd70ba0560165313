/*
 * What the RSP session holds of a Bound Profile Package on its way in (SGP.22 2.5.4, 2.5.5). The session owns
 * it; how it fills is euicc/rsp/bpp.c's.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_BPP_LOAD_H
#define SOFTEUICC_EUICC_LIFECYCLE_BPP_LOAD_H

#include "crypto/scp03t.h"
#include "euicc/profile/profile_store.h"

struct bpp_load {
    size_t remaining;  /* octets of BF36 that have not come yet */
    unsigned sequence; /* which of the sequences A0 to A3 is open or next: index in bpp.c's table */
    bool sequence_open;
    size_t sequence_remaining; /* octets of the open sequence that have not come yet */
    struct scp03t *channel;
    struct buf plain; /* what the blocks of the open sequence opened to, joined */
    size_t plain_max; /* and how much of it is taken at most */

    struct buf isdp_configuration; /* BF24 whole */
    struct buf metadata_octets;    /* BF25 whole; `metadata` points into it */
    struct profile_metadata metadata;
    bool has_metadata;

    struct buf sima_response;        /* EUICCResponse, once profile elements were looked at */
    uint8_t isdp_aid[ISDP_AID_SIZE]; /* of the installed profile */
};

/* Wipes and frees; NULL is fine. */
void bpp_load_free(struct bpp_load *load);

#endif
