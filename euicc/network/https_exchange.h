/*
 * A client of HTTPS in the card: one POST at a time, over a connection that is kept for the next one to the
 * same server. Nothing waits: whoever has begun a post lets it go on whenever something came or is due.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_HTTPS_EXCHANGE_H
#define SOFTEUICC_EUICC_NETWORK_HTTPS_EXCHANGE_H

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

struct https_exchange;

/* NULL without memory. The bearer and the TLS settings outlive it. */
struct https_exchange *https_exchange_new(const struct bearer *bearer, const struct tls_client_context *tls);
/* Ends what is under way; NULL is fine. */
void https_exchange_free(struct https_exchange *client);

/*
 * Begins a post; another that is under way is given up. The trust's values are copied, the request too.
 * `session`, `date` as in connection_new, for a connection that has to be made. False: the request cannot be
 * written, or memory failed.
 */
bool https_exchange_post(struct https_exchange *client, const struct connection_server *server,
                         const struct https_request *request, struct span session, int64_t date, int64_t now);
/* Goes on as far as it can now. */
enum https_state https_exchange_go(struct https_exchange *client, int64_t now);
/* With HTTPS_ANSWERED. */
struct https_answer https_exchange_answer(const struct https_exchange *client);
/* With HTTPS_FAILED: one line, harmless to print. */
const char *https_exchange_why(const struct https_exchange *client);
/* When https_exchange_go has something to do although nothing comes; INT64_MAX: never; INT64_MIN: the post is
 * over. */
int64_t https_exchange_due(const struct https_exchange *client);
/* As connection_session, of the connection that there is. */
bool https_exchange_session(struct https_exchange *client, struct buf *out);

#endif
