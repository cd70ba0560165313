/*
 * ES9+ calls, JSON binding (SGP.22 6.5), many at once and to several SM-DP+ without waiting for any. For one
 * call after another, see es9p.h.
 */
#ifndef SOFTEUICC_DEVICE_ES9P_CLIENT_H
#define SOFTEUICC_DEVICE_ES9P_CLIENT_H

#include "common/loop.h"
#include "protocol/es9p_json.h"

struct es9p_client;

/* Called once for each call, from the event loop or from es9p_client_post itself. `reply` is
 * gone afterwards. */
typedef void es9p_client_done(void *context, const struct es9p_reply *reply);

/* A call; the caller keeps it until it is reported or the client closed. */
struct es9p_call {
    const struct es9p_function *function;
    es9p_client_done *done;
    void *context;
};

/* `cacert`: PEM file of trusted roots, NULL for the system's; `ca_option`: what names it, static text.
 * Seconds for a call and its answer, and of them for the connection (0: all). On failure prints the line and
 * returns NULL. */
struct es9p_client *es9p_client_open(struct loop *loop, const char *cacert, const char *ca_option,
                                     long timeout, long connect_timeout);
/* Calls under way end without being reported. NULL is nothing to close. */
void es9p_client_close(struct es9p_client *client);

/* Makes a call to the server with this address. `values`: function->in. */
void es9p_client_post(struct es9p_client *client, const char *address, const struct span *values,
                      struct es9p_call *call);

#endif
