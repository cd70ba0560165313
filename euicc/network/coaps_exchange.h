/*
 * A client of CoAP over DTLS in the card: one POST at a time, over an association that is kept for the next
 * one to the same server. As https_exchange.h is for HTTPS.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_COAPS_EXCHANGE_H
#define SOFTEUICC_EUICC_NETWORK_COAPS_EXCHANGE_H

#include "euicc/network/connection.h"

#define COAPS_PORT 5684

/* Without libcoap there is none: coaps_none.c, whose functions are never called. */
extern const bool coaps_is_built;

struct coaps_request {
    const char *path;
    struct span body;
    size_t answer_max; /* octets of the longest payload that is taken */
    uint64_t random;   /* what nobody can guess: message id, token and jitter are made of it */
};

enum coaps_state { COAPS_RUNNING, COAPS_ANSWERED, COAPS_FAILED };

struct coaps_client;

/* NULL without memory. The bearer and the settings of TLS outlive it. */
struct coaps_client *coaps_client_new(const struct bearer *bearer, const struct tls_client_context *tls);
/* Ends what is under way; NULL is fine. */
void coaps_client_free(struct coaps_client *client);

/* Begins a post; another that is under way is given up. Everything is copied. `session` and `date` as in
 * connection_new, for an association that has to be made. False without memory. */
bool coaps_client_post(struct coaps_client *client, const struct connection_server *server,
                       const struct coaps_request *request, struct span session, int64_t date, int64_t now);
/* Goes on as far as it can now. */
enum coaps_state coaps_client_go(struct coaps_client *client, int64_t now);
/* With COAPS_ANSWERED: the payload of a success (2.xx), until the next post. */
struct span coaps_client_answer(const struct coaps_client *client);
/* With COAPS_FAILED: one line, harmless to print; and whether it was the server that refused. */
const char *coaps_client_why(const struct coaps_client *client, bool *was_refused);
/* When coaps_client_go has something to do although nothing comes; INT64_MAX: never; INT64_MIN: the post is
 * over. */
int64_t coaps_client_due(const struct coaps_client *client);
/* As connection_session, of the association that there is. */
bool coaps_client_session(struct coaps_client *client, struct buf *out);

#endif
