/*
 * STORE DATA chaining (GlobalPlatform 2.3 11.11, SGP.22 5.7.2): collects the blocks of one request.
 */
#ifndef SOFTEUICC_APDU_STORE_DATA_H
#define SOFTEUICC_APDU_STORE_DATA_H

#include "apdu/apdu.h"

/* The largest request collected: hostile input cannot make the card grow beyond it. */
#define STORE_DATA_MAX 65536

struct store_data {
    struct buf collected;
    unsigned next_block;
    unsigned channel;
    bool active;
};

void store_data_reset(struct store_data *state);
void store_data_free(struct store_data *state);

/* Takes one block. Returns 0x9000 and sets *complete (and *request, valid until the next call) after the last block; 0x9000 with
 * *complete false for an intermediate one; otherwise the error to answer, with everything collected dropped. */
uint16_t store_data_block(struct store_data *state, const struct apdu_command *command, bool *complete,
                          struct span *request);

#endif
