/*
 * ES12 calls to SM-DS (SGP.22 5.9) on the event loop, many at once without waiting for any. An Alternative
 * SM-DS calls the Root's ES15 in the same way.
 */
#ifndef SOFTEUICC_DEVICE_ES12_CLIENT_H
#define SOFTEUICC_DEVICE_ES12_CLIENT_H

#include "common/loop.h"
#include "protocol/es12.h"

struct es12_client;

/* Called once for each call, from the event loop or from es12_client_post itself. `reply` is gone
 * afterwards. */
typedef void es12_client_done(void *context, const struct es12_reply *reply);

/* A call; the caller keeps it until it is reported or the client closed. */
struct es12_call {
    const struct es12_function *function;
    es12_client_done *done;
    void *context;
};

/* What is said once; the texts are kept until the client is closed. */
struct es12_client_options {
    const char *requester;         /* functionRequesterIdentifier */
    const char *cacert;            /* PEM file of trusted roots; NULL: the system's */
    const char *ca_option;         /* what names it, static text */
    const char *cert, *key;        /* files that the client is known by; NULL: none */
    long timeout, connect_timeout; /* seconds for a call and its answer, and of them for the connection */
};

/* On failure prints the line and returns NULL. */
struct es12_client *es12_client_open(struct loop *loop, const struct es12_client_options *options);
/* Calls under way end without being reported. NULL is nothing to close. */
void es12_client_close(struct es12_client *client);

/* Makes a call to the SM-DS with this address; nothing of the event is needed afterwards. */
void es12_client_post(struct es12_client *client, const char *address, const struct es12_event *event,
                      struct es12_call *call);

#endif
