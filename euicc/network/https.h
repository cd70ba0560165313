/*
 * A client of HTTPS in the card: one POST at a time, over a connection that is kept for the next one to the
 * same server. Nothing waits: whoever has begun a post lets it go on whenever something came or is due.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_HTTPS_H
#define SOFTEUICC_EUICC_NETWORK_HTTPS_H

#include "euicc/network/connection.h"
#include "euicc/network/http_post.h"

struct https_request {
    const char *path;
    const struct http_field *fields;
    size_t field_count;
    struct span body;
    size_t answer_max; /* octets of the longest body that is taken */
};

enum https_state { HTTPS_RUNNING, HTTPS_ANSWERED, HTTPS_FAILED };

/* An answer. Texts and octets live until the next post. */
struct https_answer {
    unsigned status;
    const char *reason;       /* harmless to print; perhaps empty */
    const char *content_type; /* likewise; NULL: none */
    struct span body;
};

struct https_client;

/* NULL without memory. The bearer outlives it. */
struct https_client *https_client_new(const struct bearer *bearer);
/* Ends what is under way; NULL is fine. */
void https_client_free(struct https_client *client);

/*
 * Begins a post; another that is under way is given up. The trust's values are copied, the request too.
 * `session`, `date` as in connection_new, for a connection that has to be made. False: the request cannot be
 * written, or memory failed.
 */
bool https_client_post(struct https_client *client, const struct connection_server *server,
                       const struct https_request *request, struct span session, int64_t date, int64_t now);
/* Goes on as far as it can now. */
enum https_state https_client_go(struct https_client *client, int64_t now);
/* With HTTPS_ANSWERED. */
struct https_answer https_client_answer(const struct https_client *client);
/* With HTTPS_FAILED: one line, harmless to print. */
const char *https_client_why(const struct https_client *client);
/* When https_client_go has something to do although nothing comes; INT64_MAX: never. */
int64_t https_client_due(const struct https_client *client);
/* As connection_session, of the connection that there is. */
bool https_client_session(struct https_client *client, struct buf *out);

#endif
