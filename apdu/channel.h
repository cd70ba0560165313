/*
 * Logical channels (ETSI TS 102 221 8.7, 11.1.17): which are open and what each has selected.
 */
#ifndef SOFTEUICC_APDU_CHANNEL_H
#define SOFTEUICC_APDU_CHANNEL_H

#include "apdu/apdu.h"

struct channel {
    bool open;
    /* What is selected, owned by the floor above; NULL: nothing (the MF on channel 0). */
    const void *application;
    uint64_t instance; /* for applications that exist more than once: which one */
};

struct channel_table {
    struct channel channels[APDU_CHANNELS];
};

/* After reset: only channel 0 is open, nothing is selected. */
void channel_reset(struct channel_table *table);

/* The channel with this number; NULL when it is not open (the command answers 6881). */
struct channel *channel_find(struct channel_table *table, unsigned number);

/*
 * MANAGE CHANNEL: opens the lowest free channel (p2 == 0) or the one named, or closes one. The command's own
 * channel must be open (the caller checks with channel_find). Appends the channel number when the card chose
 * it. Returns the status word: 6700  a data field, or no Le where the card is to answer a number 6A81  no
 * channel is free; the channel number does not exist; channel 0 cannot be closed; P1 asks for something else
 *   6A86  the channel named is open already
 *   6200  the channel to close is not open
 *   6E00  not the inter-industry class
 * A channel opened from the basic channel has nothing selected; from another one it inherits what is selected
 * there (8.7). A closed channel forgets its application: whoever keeps something per channel compares before
 * and after.
 */
uint16_t channel_manage(struct channel_table *table, const struct apdu_command *command,
                        struct buf *response);

#endif
