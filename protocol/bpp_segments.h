/*
 * A Bound Profile Package in the segments that LoadBoundProfilePackage takes (SGP.22 2.5.5, 5.7.6): its
 * header with InitialiseSecureChannel; A0; the header of A1, then each 88; A2; the header of A3, then
 * each 86. For the LPA and the IPA alike.
 */
#ifndef SOFTEUICC_PROTOCOL_BPP_SEGMENTS_H
#define SOFTEUICC_PROTOCOL_BPP_SEGMENTS_H

#include "apdu/tlv.h"

struct bpp_segments {
    struct tlv_reader parts;
    struct tlv_reader blocks; /* of the sequence that is open */
    struct span first;
};

/* `package` is BF36 whole, and outlives this. False when it does not begin as one. */
bool bpp_segments_begin(struct bpp_segments *segments, struct span package);
/* The next segment, in place. TLV_END after the last; anything else says what is wrong with the package. */
enum tlv_status bpp_segments_next(struct bpp_segments *segments, struct span *segment);

#endif
