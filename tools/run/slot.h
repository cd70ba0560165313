/*
 * A card in a reader's slot: what vpcd does to the slot is done to the card, and shown in the trace.
 */
#ifndef SOFTEUICC_TOOLS_RUN_SLOT_H
#define SOFTEUICC_TOOLS_RUN_SLOT_H

#include "euicc/softeuicc.h"
#include "vpcd-bridge/link.h"

struct slot {
    unsigned number;
    uint16_t port;
    bool trace;
    const char *host; /* of vpcd, for messages; borrowed */
    struct softeuicc *card;
    struct vpcd_link *link;
    bool powered;
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t atr_size;
    uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
};

/* Opens the card in `path` and puts it into the slot, without a reader yet. False after printing the line
 * that says why. */
bool slot_open(struct slot *slot, const char *path, enum softeuicc_protocol protocol);

/* Begins to connect to vpcd, for ever. False without memory. */
bool slot_connect(struct slot *slot, struct event_base *base, const struct addrinfo *addresses);

/* Takes the card out: power off, closed. An empty slot is fine. */
void slot_close(struct slot *slot);

/* One line on stdout with the time and the slot's number in front. */
void slot_log(const struct slot *slot, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
