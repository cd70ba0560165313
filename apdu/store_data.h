/*
 * STORE DATA chaining (GlobalPlatform 2.3 11.11, SGP.22 5.7.2): collects the blocks of one request.
 */
#ifndef SOFTEUICC_APDU_STORE_DATA_H
#define SOFTEUICC_APDU_STORE_DATA_H

#include "apdu/apdu.h"

/* The largest request collected, octets: hostile input cannot make a chain grow beyond it. Each channel has
 * its own room: with one for all, what is begun on one channel would cut short the request of another. A card
 * holds so much for each of its channels at most, and nothing for one that has no request under way. */
#define STORE_DATA_MAX 65536

/* The blocks of one channel. All-zero is an empty one. */
struct store_data {
    struct buf collected;
    unsigned next_block; /* the block number expected, counted on beyond 255 */
    bool active;         /* a request is under way */
};

/* Drops what was collected, and its memory: after a reset, a SELECT, any command of the channel that is not
 * STORE DATA, the end of the channel, and once the request has been served. */
void store_data_reset(struct store_data *state);

/* Octets that so many channels have collected. */
size_t store_data_held(const struct store_data *chains, size_t count);

/*
 * Takes one block. SW_OK with *complete true and *request after the last block: the octets are valid until
 * the next call, and for a request of one block they are those of `command`. SW_OK with *complete false for a
 * block with more to come. Otherwise the error to answer, with everything collected dropped: 6A86  P1 is
 * neither 11 (more blocks) nor 91 (last block), or the block number is not the one due 6A84  the request
 * passes STORE_DATA_MAX, or this process has no memory 6E00  not the proprietary class (8x, Cx). The
 * command's channel is the caller's, who has one of these for each.
 */
uint16_t store_data_block(struct store_data *state, const struct apdu_command *command, bool *complete,
                          struct span *request);

#endif
