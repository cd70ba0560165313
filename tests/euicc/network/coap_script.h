/* An exchange of CoAP played from a script: what it must send, and what it is answered. For tests only. */
#ifndef SOFTEUICC_TESTS_EUICC_NETWORK_COAP_SCRIPT_H
#define SOFTEUICC_TESTS_EUICC_NETWORK_COAP_SCRIPT_H

#include "euicc/network/coap_exchange.h"
#include "tests/support/test.h"

/* A request that a test changes: POST /a, message ids from 0001, tokens from A001, blocks of 1024 octets,
 * answers up to 64 KiB, the first repetition behind two seconds. */
struct coap_request script_request(struct span payload);

/* One round: the datagrams that the exchange sends, in hexadecimal, "|" between them, NULL for none; and the
 * datagram it is given then, NULL for none. */
struct script_round {
    const char *sent, *received;
};

/* Plays rounds at time 0. */
void script_play(struct coap_exchange *exchange, const struct script_round *rounds, size_t count);
#define SCRIPT_PLAY(exchange, ...)                                                                           \
    script_play((exchange), (const struct script_round[]){__VA_ARGS__},                                      \
                sizeof((const struct script_round[]){__VA_ARGS__}) / sizeof(struct script_round))

/* Takes what the exchange sends and compares; NULL: it sends nothing. */
void script_expect(struct coap_exchange *exchange, const char *sent);

/* Fails the test unless the exchange is complete with this code and payload. Frees it. */
void script_complete(struct coap_exchange *exchange, unsigned code, struct span payload);
/* … unless it has failed with this line. Frees it. */
void script_failed(struct coap_exchange *exchange, const char *why);

/* So many octets that are all different from their neighbours, and differ with `seed`; freed when the program
 * ends. */
struct span script_octets(size_t size, unsigned seed);

#endif
