/*
 * A client of HTTPS on a wire to a server in memory that is known by its certificate, and the posts of tests
 * over it. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_HTTPS_LINE_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_HTTPS_LINE_H

#include "euicc/network/https_exchange.h"
#include "tests/euicc/network/wire.h"

#define PATIENCE     60000  /* ms: for a connection, and for each octet of an answer */
#define ALL_PATIENCE 900000 /* ms: for a whole post */

struct https_line {
    struct tls_client_context *tls;
    struct wire wire;
    struct https_exchange *client;
    struct connection_server server;
    int64_t now;
};

void https_line_open(struct https_line *line);
void https_line_end(struct https_line *line);

/* Begins a post of this body. */
void https_line_post_with(struct https_line *line, const char *body, struct span session);
/* … without a session, which comes to the server. */
void https_line_post(struct https_line *line, const char *body);
enum https_state https_line_go(struct https_line *line);
/* The server answers 200 with this body. */
void https_line_serve(struct https_line *line, const char *body);
/* Holds that this is the answer, or that there is none, `why` being part of the reason. */
void https_line_answered(struct https_line *line, const char *body);
void https_line_failed(struct https_line *line, const char *why);

#endif
