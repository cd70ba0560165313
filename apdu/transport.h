/*
 * How responses travel: T=0 (ISO/IEC 7816-3 12, TS 102 221 7.3.1.1: 61xx, GET RESPONSE, 6Cxx) and T=1 (at once).
 * The card computes a whole response; this hands it out in the pieces the protocol asks for.
 */
#ifndef SOFTEUICC_APDU_TRANSPORT_H
#define SOFTEUICC_APDU_TRANSPORT_H

#include "apdu/apdu.h"

struct transport {
    bool t1;
    struct buf pending; /* a response, or what is left of it */
    size_t offset;      /* handed out so far */
    unsigned channel;   /* whose response it is */
    uint16_t status;    /* its status word */
    /* … whatever else 6Cxx needs to keep */
};

void transport_reset(struct transport *transport, bool t1);
void transport_free(struct transport *transport);

/* Takes the response to `command` (data and status word) and appends to `out` what leaves the card now, status word included. */
void transport_answer(struct transport *transport, const struct apdu_command *command, struct span data, uint16_t status,
                      struct buf *out);

/* Serves GET RESPONSE (INS C0); any other command on the channel drops what is pending (the caller calls transport_drop). */
void transport_get_response(struct transport *transport, const struct apdu_command *command, struct buf *out);
void transport_drop(struct transport *transport);

#endif
