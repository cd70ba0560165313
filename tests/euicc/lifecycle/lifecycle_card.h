/*
 * A real card in memory for the comparison with lifecycle_model.h: it has the world's profiles, is put into a
 * state as the model writes states, is sent an event as a terminal sends it, and tells what came of it. For
 * tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_LIFECYCLE_LIFECYCLE_CARD_H
#define SOFTEUICC_TESTS_EUICC_LIFECYCLE_LIFECYCLE_CARD_H

#include "tests/euicc/lifecycle/lifecycle_model.h"
#include "tests/support/es10.h"
#include "tests/support/package.h"

struct lifecycle_card {
    struct es10_bench es10;
    const struct world *world;
    struct test_eim eim;
    int64_t ids[PROFILES_MAX];
    uint8_t coded[PROFILES_MAX][ICCID_SIZE];
};

/* A card with the profiles of this world, all disabled, and one eIM. */
void lifecycle_card_open(struct lifecycle_card *bench, const struct world *world);
void lifecycle_card_close(struct lifecycle_card *bench);

/* Reads the state out of the card's tables and RAM, or writes it there. */
void lifecycle_card_read(struct lifecycle_card *bench, struct state *state);
void lifecycle_card_put(struct lifecycle_card *bench, const struct state *state);

/* The event in the state the card is in. Notifications are taken off the card with it. */
void lifecycle_card_do(struct lifecycle_card *bench, const struct event *event, struct outcome *outcome);

#endif
