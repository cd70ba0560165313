/*
 * The versions of specifications that a card can be made to. It is one fact of the card, chosen at its
 * making: what it announces and what it does that only later versions have ask here, none has a version of
 * its own.
 */
#ifndef SOFTEUICC_EUICC_OS_SPEC_VERSION_H
#define SOFTEUICC_EUICC_OS_SPEC_VERSION_H

#include "euicc/os/card.h"

#define SPEC_VERSION_TEXT 16 /* "255.255.255" and a zero, and some */

/* The published version that stands for a choice at the making, as VersionType; NULL for a number that is
 * none. */
const uint8_t *spec_version_of_sgp22(enum softeuicc_sgp22 version);
const uint8_t *spec_version_of_sgp32(enum softeuicc_sgp32 version);

/* "2.2.2", as in the table `card`; returns `out`. */
const char *spec_version_text(const uint8_t version[CARD_VERSION_SIZE], char out[SPEC_VERSION_TEXT]);

/* The other way round. False for a text that is none of the versions a card can be made to. */
bool spec_version_sgp22_from_text(const char *text, uint8_t version[CARD_VERSION_SIZE]);
bool spec_version_sgp32_from_text(const char *text, uint8_t version[CARD_VERSION_SIZE]);

/* True when the card is made to that version of the specification or to a later one. A consumer card is made
 * to no version of SGP.32. */
bool card_speaks_sgp22(const struct softeuicc *card, unsigned major, unsigned minor);
bool card_speaks_sgp32(const struct softeuicc *card, unsigned major, unsigned minor);

#endif
