/* What the host lends to the card (struct softeuicc_hooks), or the machine's own in its place. */
#ifndef SOFTEUICC_EUICC_OS_HOST_H
#define SOFTEUICC_EUICC_OS_HOST_H

#include "euicc/os/card.h"

/* Random octets. Never fails quietly: false must end the command with an error. */
bool card_random(struct softeuicc *card, uint8_t *out, size_t size);

/* The same for key pairs; lives as long as the card. */
struct ec_random card_ec_random(struct softeuicc *card);

/* Milliseconds since 1970-01-01 UTC. */
int64_t card_now(const struct softeuicc *card);

/* The same for people: "2026-01-31T12:00:00Z"; "" for a year that no calendar has. Returns `text`. */
#define CARD_TIME_SIZE 32
char *card_time(const struct softeuicc *card, char text[CARD_TIME_SIZE]);
/* The same of any time. */
char *card_time_text(int64_t milliseconds, char text[CARD_TIME_SIZE]);

#endif
