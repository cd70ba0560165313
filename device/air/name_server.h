/*
 * The network's own DNS server, on a socket of this machine that the air leads the card's questions to: names
 * of the script, and those that this machine can resolve. libevent reads and writes the messages.
 */
#ifndef SOFTEUICC_DEVICE_AIR_NAME_SERVER_H
#define SOFTEUICC_DEVICE_AIR_NAME_SERVER_H

#include "device/air/network_script.h"

struct name_server;

/* `start`: when the run began. Both are borrowed. NULL without memory or a socket. */
struct name_server *name_server_new(struct event_base *base, struct device_clock *clock,
                                    const struct network_script *script, int64_t start);
void name_server_free(struct name_server *server); /* NULL is fine */

/* Where it listens. */
const struct address *name_server_address(const struct name_server *server);
/* What is wrong with it now. */
enum script_fault name_server_fault(const struct name_server *server);
/* Puts that into an answer that is on its way: another id, or the mark that it was cut. */
void name_server_spoil(const struct name_server *server, uint8_t *answer, size_t size);

#endif
