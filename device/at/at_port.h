/*
 * A serial port of a modem that is none: a pseudo terminal, behind a link of a name that stays the same. It
 * is in raw mode, and one device has it; a program that opens it later reads nothing that was meant for
 * another, and finds the terminal as the first one did.
 */
#ifndef SOFTEUICC_DEVICE_AT_AT_PORT_H
#define SOFTEUICC_DEVICE_AT_AT_PORT_H

#include "apdu/bytes.h"

#include <event2/event.h>

enum { AT_PORT_WHY_MAX = 300 };

struct at_port;

/* Out of the event loop. */
struct at_port_events {
    void *context;
    void (*received)(void *context, struct span octets);
    void (*closed)(void *context); /* by the last program that had it open */
};

/* Makes the pseudo terminal and the symbolic link to it. A link that leads to one of a process that is gone
 * is replaced; anything else of that name stays, and so does the link of a device that runs. NULL with one
 * line in `why`. */
struct at_port *at_port_open(struct event_base *base, const char *link, const struct at_port_events *events,
                             char why[AT_PORT_WHY_MAX]);
/* Removes the link, if it still is its own. NULL is fine. */
void at_port_close(struct at_port *port);

/* To who has opened it; nobody has: it is lost. Nothing more is received until it is on its way. */
void at_port_send(struct at_port *port, struct span octets);
/* Octets that nobody has read yet. */
size_t at_port_waiting(const struct at_port *port);

#endif
