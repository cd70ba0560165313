/*
 * A server of HTTPS in memory, one connection of it: octets of the client in, octets for the client out, and
 * between them whatever a test has it do. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_HTTPS_PEER_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_HTTPS_PEER_H

#include "tests/euicc/network/tls_bench.h"

struct https_peer {
    SSL *ssl;         /* NULL: there is none */
    struct buf plain; /* of the client, that was not taken yet */
};

void https_peer_begin(struct https_peer *peer, SSL_CTX *server);
void https_peer_end(struct https_peer *peer); /* without a word to the client */

/* What the client sent. What is no TLS, or comes behind its end, is passed over. */
void https_peer_feed(struct https_peer *peer, struct span octets);
/* A whole request, head and body, that has come and is taken; false: none. They live as long as the program.
 */
bool https_peer_request(struct https_peer *peer, struct span *head, struct span *body);
/* Octets for the client's application, and the end of them. */
void https_peer_write(struct https_peer *peer, struct span octets);
void https_peer_close(struct https_peer *peer);
/* Appends what is for the network. False: nothing. */
bool https_peer_take(struct https_peer *peer, struct buf *out);

/* A whole answer with this status line's rest ("200 OK"), further lines of its header ("" or each with CR
 * LF), and a body with its length. */
struct span https_peer_answer(const char *status, const char *lines, struct span body);

#endif
