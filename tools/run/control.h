/*
 * The control socket of a running card: who may, asks and commands by lines of JSON (docs/ctl.md). It is
 * served when the card has nothing to do, one request at a time, and keeps no more of anybody's than a line
 * and the answers not yet read.
 */
#ifndef SOFTEUICC_TOOLS_RUN_CONTROL_H
#define SOFTEUICC_TOOLS_RUN_CONTROL_H

#include "common/net/local_socket.h"
#include "tools/run/slot.h"

/* The base's priorities: cards and signals before control sockets. */
enum { CONTROL_PRIORITY = 2, RUN_PRIORITIES = 3 };

struct control;

/* Listens at `path` for who wants to control the slot's card (see local_socket_listen); watches the slot
 * until control_free. NULL with the reason in `error`. */
struct control *control_new(struct event_base *base, struct slot *slot, const char *path,
                            struct local_socket_error *error);
/* Ends all connections and removes the socket; NULL is fine. */
void control_free(struct control *control);

#endif
