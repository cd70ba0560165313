/*
 * A POST to a server of CoAP (RFC 7252, in blocks RFC 7959) over a channel of datagrams, which is DTLS or
 * another's matter: datagrams in, datagrams out, time handed in. Requests are confirmable and repeated until
 * they are acknowledged or answered (4.2, 4.8); an answer comes with the acknowledgement or by itself.
 *
 * Nothing here waits: after each call the caller takes what is to be sent (coap_exchange_next), looks at the
 * state, and calls coap_exchange_tick when coap_exchange_due has come. How long it waits in all is its own
 * matter: a request that the server has acknowledged is waited for without end. Times are milliseconds of a
 * clock that does not go back.
 *
 * Readings: a token has two octets, which on a channel of two ends that nobody else writes to are enough
 * (5.3.1 recommends four where there is no security). A response that is refused for a critical option is a
 * failure of the exchange, however it came (5.4.1).
 */
#ifndef SOFTEUICC_EUICC_NETWORK_COAP_EXCHANGE_H
#define SOFTEUICC_EUICC_NETWORK_COAP_EXCHANGE_H

#include "euicc/network/coap_transfer.h"

struct coap_exchange;

enum coap_state {
    COAP_RUNNING,
    COAP_COMPLETE, /* coap_exchange_answer has it */
    COAP_FAILED,   /* coap_exchange_why says why; a refusal's code is in coap_exchange_answer */
};

#define COAP_NEVER INT64_MAX

/*
 * Begins; the first datagram is there to be taken at once. What `request` points to stays as it is until the
 * exchange is freed. A request that cannot be said in CoAP makes an exchange that has failed. NULL without
 * memory.
 */
struct coap_exchange *coap_exchange_new(const struct coap_request *request, int64_t now);
/* NULL is nothing to free. */
void coap_exchange_free(struct coap_exchange *exchange);

/* Takes a datagram of the server. One that says nothing to this exchange is ignored or reset. Good after the
 * end, too: what a server repeats because an acknowledgement was lost is acknowledged again. */
void coap_exchange_receive(struct coap_exchange *exchange, struct span datagram, int64_t now);
/* Does what is due. */
void coap_exchange_tick(struct coap_exchange *exchange, int64_t now);
/* When coap_exchange_tick has something to do; COAP_NEVER: only a datagram can go on with it. */
int64_t coap_exchange_due(const struct coap_exchange *exchange);
/* The next datagram to send, valid until the next call. False: there is none now. */
bool coap_exchange_next(struct coap_exchange *exchange, struct span *datagram);

enum coap_state coap_exchange_state(const struct coap_exchange *exchange);
/* Until the exchange is freed. The payload of one that is not complete is none. */
const struct coap_answer *coap_exchange_answer(const struct coap_exchange *exchange);
/* One line that is fit to be printed; "" when nothing failed. */
const char *coap_exchange_why(const struct coap_exchange *exchange);

#endif
