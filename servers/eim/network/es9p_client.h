/*
 * ES9+ calls, JSON binding (SGP.22 6.5), many at once and to several SM-DP+ without waiting for any:
 * libcurl's multi interface on the event loop. Connections are kept for the next call. For one call after
 * another, see device/es9p.h.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_ES9P_CLIENT_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_ES9P_CLIENT_H

#include "common/loop.h"

#include <jansson.h>

struct es9p_client;

enum es9p_outcome {
    ES9P_EXECUTED,
    ES9P_REFUSED,      /* with subject and reason code */
    ES9P_NO_SUCH_HOST, /* the address is none, or is not known to the DNS */
    ES9P_UNREACHABLE,  /* no connection, TLS failed, timeout, or the answer is not ES9+ */
};

struct es9p_reply {
    enum es9p_outcome outcome;
    const json_t *json; /* EXECUTED: the answer, an empty object for a 204; otherwise NULL */
    char subject[16];   /* REFUSED: "8.2.6" */
    char reason[16];    /* REFUSED: "3.8" */
    char why[256];      /* not EXECUTED: one line */
};

/* Called once per call, from the event loop or from es9p_client_post itself. `reply` is gone afterwards. */
typedef void es9p_client_done(void *context, const struct es9p_reply *reply);

/* `cacert`: PEM file of trusted roots, NULL for the system's. `timeout`: seconds per call. On failure prints
 * the line and returns NULL. */
struct es9p_client *es9p_client_open(struct loop *loop, const char *cacert, long timeout);
/* Calls under way end without being reported. NULL is nothing to close. */
void es9p_client_close(struct es9p_client *client);

/* POSTs `request` (the reference is taken over) to https://ADDRESS/gsma/rsp2/es9plus/FUNCTION. */
void es9p_client_post(struct es9p_client *client, const char *address, const char *function, json_t *request,
                      es9p_client_done *done, void *context);

#endif
