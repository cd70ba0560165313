/*
 * The classic SIM view of a profile (3GPP TS 51.011): commands of class A0 on the basic channel, translated
 * to those of the UICC (uicc.h) and answered with the SIM's status words. The security conditions are the
 * UICC's.
 *
 * The toolkit's commands are the card's (euicc/card/commands.c). Not there: EF PHASE of a DF GSM that is made
 * from the USIM.
 */
#ifndef SOFTEUICC_PROFILES_UICC_GSM_H
#define SOFTEUICC_PROFILES_UICC_GSM_H

#include "profiles/uicc/uicc.h"

/*
 * Serves a command of class A0; appends response data, returns the status word of TS 51.011 9.4, 9000 where
 * the transport is to make 9FXX of it. 6E00: the profile has neither DF GSM nor USIM.
 */
uint16_t gsm_process(struct uicc *uicc, const struct apdu_command *command, struct buf *response);

#endif
