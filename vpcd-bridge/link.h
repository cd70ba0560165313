/*
 * One connection to one slot of vpcd, on libevent: keeps it, or keeps trying to get it, and turns messages
 * into calls. What a command means, and what a card is, is the business of who made the link.
 */
#ifndef SOFTEUICC_VPCD_BRIDGE_LINK_H
#define SOFTEUICC_VPCD_BRIDGE_LINK_H

#include "apdu/bytes.h"

#include <event2/event.h>
#include <netdb.h>

/* What the reader does to the card. Every call must be there, unless it says otherwise. They may not free the
 * link. */
struct vpcd_card {
    void *context; /* handed to the calls */
    /* The slot has a connection, or lost it; `why` is one clear phrase and says what happens now. */
    void (*connected)(void *context);
    void (*disconnected)(void *context, const char *why);
    /* The slot has a connection, and vpcd takes no notice of it: it has one already, with another card. This
     * one is served when that one goes. May be NULL. */
    void (*ignored)(void *context);
    /* The reader sends commands to a card that it has not powered, or does not power the first one that it
     * meets here: it takes it for one that it had before. The card leaves it, as vpcd_link_remove does, and
     * comes back. May be NULL. */
    void (*mistaken)(void *context);
    void (*power_on)(void *context);
    void (*power_off)(
        void *context);           /* also when the connection is lost: a card without a reader has no power */
    void (*reset)(void *context); /* warm */
    /* Append the ATR, and the response to a command. vpcd asks for the ATR several times a second, powered or
     * not, to see whether the card is there: it must not touch the card's state. */
    void (*atr)(void *context, struct buf *out);
    void (*transmit)(void *context, struct span command, struct buf *response);
    /* The card was taken out, and the reader knows. May be NULL. */
    void (*removed)(void *context);
};

struct vpcd_link;

/*
 * Begins to connect, to the addresses in turn (borrowed until vpcd_link_free; the port is set here), five
 * seconds at most to each, and does so for ever: at once, then after 50 ms, twice that and so on up to one
 * second. NULL without memory. `card` is copied.
 */
struct vpcd_link *vpcd_link_new(struct event_base *base, const struct addrinfo *addresses, uint16_t port,
                                const struct vpcd_card *card);

/*
 * Takes the card out of the reader: power_off is called if there is a connection, and nothing of what is
 * under way is answered. `removed` is called once the reader has noticed, or does not within two seconds;
 * maybe before this returns. May be called by what the reader does to the card. A card that is out stays out.
 */
void vpcd_link_remove(struct vpcd_link *link);
/* Puts it in again: as soon as a reader that looks a few times a second must have seen the empty slot. */
void vpcd_link_insert(struct vpcd_link *link);

/* Ends the connection (power_off is called if there is one) and the link; NULL is fine. */
void vpcd_link_free(struct vpcd_link *link);

#endif
