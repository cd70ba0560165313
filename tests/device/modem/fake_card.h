/* A card as a link (device/link_private.h): some files, and a queue of proactive commands that a test fills.
 * For tests only. */
#ifndef SOFTEUICC_TESTS_DEVICE_MODEM_FAKE_CARD_H
#define SOFTEUICC_TESTS_DEVICE_MODEM_FAKE_CARD_H

#include "device/link_private.h"

enum { FAKE_QUEUE_MAX = 16 };

struct fake_card {
    struct link link;
    const char *iccid, *imsi; /* swapped digits as hexadecimal; NULL: there is no such file */
    struct buf queue[FAKE_QUEUE_MAX];
    size_t queued;
    struct buf log;       /* every command, as lines of hexadecimal */
    struct buf responses; /* likewise TERMINAL RESPONSEs' data, ENVELOPEs' data */
    struct buf envelopes;
    struct buf pending;                          /* for GET RESPONSE */
    unsigned selected;                           /* a file's identifier */
    unsigned commands, resets, power_offs, busy; /* so many ENVELOPEs are answered with 9300 */
    bool is_off, is_gone, was_reset, suspends, uses_get_response;
    /* Instead of all that, if it is set. */
    void (*answer)(void *context, struct span capdu, struct buf *response);
    void *context;
};

void fake_card_init(struct fake_card *card);
void fake_card_free(struct fake_card *card);

/* Queues a proactive command (hexadecimal), tag D0 and all. */
void fake_card_queue(struct fake_card *card, const char *command);
/* The same, from type, qualifier, destination and objects. */
void fake_card_command(struct fake_card *card, uint8_t type, uint8_t qualifier, uint8_t destination,
                       const char *objects);

/* What was logged since the last time, as lines; a terminating zero is behind it. */
const char *fake_log_take(struct buf *log);

#endif
