/*
 * ES10 requests over a link (SGP.22 5.7.1, 5.7.2): the ISD-R is selected on a channel of its own; a request
 * travels as STORE DATA blocks, its response comes back whole.
 */
#ifndef SOFTEUICC_DEVICE_ES10_H
#define SOFTEUICC_DEVICE_ES10_H

#include "apdu/tlv.h"
#include "device/link.h"

struct es10 {
    struct link *link;
    unsigned channel;
    struct buf apdu, response; /* scratch */
};

/* Opens a channel and selects the ISD-R. False with the error line printed. */
bool es10_channel_open(struct es10 *es10, struct link *link);
/* Closes the channel; the link stays. */
void es10_channel_close(struct es10 *es10);
/* Power-cycles the card and opens the ISD-R again. */
bool es10_restart(struct es10 *es10);

/* Sends one request and replaces `response` by what came back, without the status word. `function` names it
 * in error lines. False when the card answered anything but 9000; and, without a line and without the
 * request, when a signal ends the program (common/ending.h, ending_due). An empty answer is not an error here
 * (segments of a package have none). */
bool es10_request(struct es10 *es10, const char *function, struct span request, struct buf *response);

/* Whether a request is short enough for STORE DATA. */
bool es10_fits(struct span request);
/* As es10_request for one that fits, for who judges the status word: it is returned and no line printed; 0,
 * with the line printed, when the link broke. */
uint16_t es10_channel_send(struct es10 *es10, struct span request, struct buf *response);

/* As es10_request; the answer must be one object with `tag`, whose content becomes *value (inside
 * `response`). */
bool es10_call(struct es10 *es10, const char *function, struct span request, uint32_t tag,
               struct buf *response, struct span *value);

/* After the tool_error of a function that the card refused: with which result. */
void es10_say_refused(const char *function, uint64_t result);

#endif
