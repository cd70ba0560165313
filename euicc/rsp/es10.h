/*
 * ES10 functions of SGP.22 (5.7): what a handler is, and the handlers. Those that SGP.32 adds are in
 * euicc/iot/es10_iot.h; the table that names all of them is euicc/isdr/es10.c.
 */
#ifndef SOFTEUICC_EUICC_RSP_ES10_H
#define SOFTEUICC_EUICC_RSP_ES10_H

#include "euicc/os/card.h"

/* Status words a handler may return. Anything but ES10_OK drops the response and rolls the command's changes
 * back. */
#define ES10_OK            0x9000
#define ES10_BAD_REQUEST   0x6A80 /* does not parse */
#define ES10_NOT_SUPPORTED 0x6A88 /* no such function on this card */
#define ES10_MEMORY        0x6581 /* storage failed */
#define ES10_FAILED        0x6F00 /* no memory in this process, no randomness */

/*
 * A handler reads `request` (the content of the request's outer object, in place), changes state inside the
 * open transaction, and appends its whole response, outer tag included. A refusal that the specification
 * gives a code for is a response with 9000.
 */
typedef uint16_t es10_handler(struct softeuicc *card, struct span request, struct buf *response);

/* The handlers, by file. */
es10_handler es10a_get_configured_addresses, es10a_set_default_dp_address;
es10_handler es10b_get_euicc_info1, es10b_get_euicc_info2, es10b_get_euicc_challenge,
    es10b_authenticate_server, es10b_prepare_download, es10b_list_notification,
    es10b_retrieve_notifications_list, es10b_remove_notification, es10b_load_crl, es10b_cancel_session,
    es10b_get_rat;
es10_handler es10c_get_profiles_info, es10c_enable_profile, es10c_disable_profile, es10c_delete_profile,
    es10c_memory_reset, es10c_get_eid, es10c_set_nickname;
/* LoadBoundProfilePackage comes in segments (SGP.22 2.5.5), each its own STORE DATA command: bpp.c. */
uint16_t es10b_load_bpp_segment(struct softeuicc *card, struct span segment, struct buf *response);
/* Whether what STORE DATA collected is such a segment: it begins with BF36, or a package is on its way in and
 * it begins like a sequence (A0-A3, whose header may come alone) or a block (86-88). Asked by es10_dispatch
 * before anything else. */
bool es10b_is_bpp_segment(const struct softeuicc *card, struct span octets);

#endif
