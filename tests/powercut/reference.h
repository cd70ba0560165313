/*
 * What a card's tables hold after each command of an undisturbed run, to be compared with what another run
 * left. For tests only.
 */
#ifndef SOFTEUICC_TESTS_POWERCUT_REFERENCE_H
#define SOFTEUICC_TESTS_POWERCUT_REFERENCE_H

#include "tests/powercut/run.h"

struct reference *reference_new(void);
void reference_free(struct reference *reference);
/* The state before the first command. */
void reference_begin(struct reference *reference, struct softeuicc *card);
/* The state after the next. */
void reference_add(struct reference *reference, struct softeuicc *card);

/* The tables fit together. */
void check_integrity(struct softeuicc *card);
/* Whether the card is as after so many commands, `spent` tries of one code fewer. */
bool reference_same(struct softeuicc *card, const struct reference *reference, size_t commands,
                    unsigned spent);
/* The card as it is found again, `run` being over: as after the commands that were answered, or, if something
 * went wrong, after the next. */
void check_survivor(const struct run *run, const struct reference *reference, const char *what);

#endif
