/* The commands of the UICC platform that the card serves itself, whatever is selected. */
#ifndef SOFTEUICC_EUICC_CARD_COMMANDS_H
#define SOFTEUICC_EUICC_CARD_COMMANDS_H

#include "euicc/os/card.h"

/* Serves the command: true, with its response and *status. False: it is none of them. */
bool card_platform_command(struct softeuicc *card, const struct apdu_command *command, struct buf *response,
                           uint16_t *status);

#endif
