/* Commands to the card on behalf of a program: 3GPP TS 27.007 8.17 and 8.43 to 8.46. */
#ifndef SOFTEUICC_DEVICE_AT_AT_APDU_H
#define SOFTEUICC_DEVICE_AT_AT_APDU_H

#include "device/at/at_internal.h"

/* One command; one with data and Le, or with the quirk AT_FOLLOWS any, as many as its answer takes. What
 * comes is in at->answer, status word included. False: there is no card, as at_no_card says. */
bool at_exchange(struct at *at, struct span capdu);
/* Why there is none. */
enum at_result at_no_card(const struct at *at);
/* Sessions are gone: the card was reset. */
void at_sessions_end(struct at *at);

#endif
