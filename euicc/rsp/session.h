/*
 * The RSP session in RAM (SGP.22 3.1.2, 3.1.3): from GetEUICCChallenge to the last segment of the Bound Profile Package. A reset, a
 * new challenge or CancelSession ends it. At most one exists.
 */
#ifndef SOFTEUICC_EUICC_RSP_SESSION_H
#define SOFTEUICC_EUICC_RSP_SESSION_H

#include "euicc/card.h"

enum rsp_stage { RSP_NONE, RSP_CHALLENGED, RSP_AUTHENTICATED, RSP_PREPARED, RSP_LOADING };

struct rsp_session; /* the structure is in session.c's own header part below the line, filled by download.c and bpp.c */

/* Ends the session, wipes its keys. A half-loaded profile leaves nothing behind. */
void rsp_session_end(struct softeuicc *card);
void rsp_session_free(struct softeuicc *card);
/* Starts over with a fresh challenge (GetEUICCChallenge). False without randomness or memory. */
bool rsp_session_start(struct softeuicc *card, uint8_t challenge[16]);
enum rsp_stage rsp_session_stage(const struct softeuicc *card);

/* EUICCInfo2 (BF22 whole) with live figures: es10b.c; signed inside euiccSigned1: download.c. */
void es10b_put_euicc_info2(struct softeuicc *card, struct buf *out);

#endif
