/*
 * ES9+ (and ES11) as a client, JSON binding over HTTPS (SGP.22 6.5), one call after another. One object for
 * each server; its connection is kept. For many at once see es9p_client.h.
 */
#ifndef SOFTEUICC_DEVICE_ES9P_H
#define SOFTEUICC_DEVICE_ES9P_H

#include "protocol/es9p_json.h"

struct es9p;

/* `address` is an FQDN with an optional :port. `cacert`: a PEM file of trusted roots, NULL for the system's.
 * Prints its line on failure. */
struct es9p *es9p_open(const char *address, const char *cacert);
void es9p_close(struct es9p *server);

/*
 * Calls a function with its members (function->in) and waits. `answer`, which may hold an earlier one,
 * becomes the members of its answer (function->out). Unless ES9P_EXECUTED, a line is printed; none when it
 * was left because a signal ends the program (common/ending.h).
 */
enum es9p_outcome es9p_call(struct es9p *server, enum es9p_function_id function, const struct span *values,
                            struct es9p_message *answer);

#endif
