/*
 * The terminal's side of a card in the same process: status words, GET RESPONSE, logical channels, STORE
 * DATA. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_TERMINAL_H
#define SOFTEUICC_TESTS_SUPPORT_TERMINAL_H

#include "apdu/bytes.h"
#include "euicc/softeuicc.h"

struct terminal {
    struct softeuicc *card; /* not owned */
    unsigned channel;       /* where the ISD-R is selected */
    size_t block;           /* octets of data in one STORE DATA command, 255 at most */
    /* Instead of softeuicc_transmit, with the same meaning; NULL: that. For who measures, or has the card
     * elsewhere. */
    void (*transmit)(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size);
    void *context;
};

/* Resets the card, opens a logical channel and selects the ISD-R on it.
 * Fails the test when the card refuses. */
struct terminal terminal_start(struct softeuicc *card, enum softeuicc_reset kind);

/* The same for a terminal whose card was reset already. */
void terminal_select(struct terminal *terminal);

/* One command, with 61xx and 6Cxx served as T=0 asks;
 * appends the response data and returns the status word. */
uint16_t terminal_command(struct terminal *terminal, struct span capdu, struct buf *response);

/* One request to the ISD-R, in as many STORE DATA commands as it takes. Intermediate answers must be 9000
 * without data, or that error is the answer. */
uint16_t terminal_store_data(struct terminal *terminal, struct span request, struct buf *response);

#endif
