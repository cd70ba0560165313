/*
 * An Alternative SM-DS' way to the Root (ES15, SGP.22 3.6.1.2, 3.6.3.2): the errands of the store, one after
 * another, tried again when the Root is away.
 */
#ifndef SOFTEUICC_SERVERS_SMDS_NETWORK_FORWARD_H
#define SOFTEUICC_SERVERS_SMDS_NETWORK_FORWARD_H

#include "common/loop.h"
#include "servers/smds/model/server.h"

#define FORWARD_FIRST_PAUSE 1    /* seconds before the second try; each pause is twice the one before */
#define FORWARD_PAUSE_MAX   3600 /* seconds, at most */
#define FORWARD_TRIES_MAX   40   /* more than a day */

struct forward_options {
    const char *root;       /* FQDN[:port] */
    const char *cacert;     /* PEM file of roots that it is trusted by */
    const char *cert, *key; /* PEM files that this server is known by */
};

struct forward;

/* Runs what is in the store already, and whatever comes. The texts must outlive it. On failure prints the
 * line and returns NULL. */
struct forward *forward_open(struct loop *loop, struct smds *smds, const struct forward_options *options);
/* NULL is nothing to close. */
void forward_close(struct forward *forward);

#endif
