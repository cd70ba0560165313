/*
 * Logical channels (ETSI TS 102 221 8.7, 11.1.17): which are open and what each has selected.
 */
#ifndef SOFTEUICC_APDU_CHANNEL_H
#define SOFTEUICC_APDU_CHANNEL_H

#include "apdu/apdu.h"

struct channel {
    bool open;
    const void *application; /* what is selected, owned by the floor above; NULL: nothing (the MF on channel 0) */
    uint64_t instance;       /* for applications that exist more than once: which one */
};

struct channel_table {
    struct channel channels[APDU_CHANNELS];
};

/* After reset: only channel 0 is open, nothing is selected. */
void channel_reset(struct channel_table *table);

/* MANAGE CHANNEL: opens the lowest free channel (p2 == 0) or the one named, or closes. Appends the channel number when
 * the card chose it. Returns the status word. */
uint16_t channel_manage(struct channel_table *table, const struct apdu_command *command, struct buf *response);

#endif
