/* A CoAP server for tests, with DTLS, on their own event loop. Without libcoap in the build there is none. */
#ifndef SOFTEUICC_TESTS_DEVICE_COAP_BENCH_H
#define SOFTEUICC_TESTS_DEVICE_COAP_BENCH_H

#include "apdu/bytes.h"
#include "common/loop.h"
#include "tests/support/tls.h"

struct coap_bench;

/* Besides a certificate it has this key, as psk_read takes it. */
#define COAP_BENCH_PSK "bench:0102030405060708"

/* Takes a request: 200: it is answered with what the server was given, 500: it is refused, 0: it is left. */
typedef unsigned coap_bench_answer(struct span path, struct span body);

/* NULL without libcoap. `octets` is what answers hold. It takes /answer, /refuse and /silent. */
struct coap_bench *coap_bench_start(struct loop *loop, const struct test_tls *tls, struct span octets,
                                    coap_bench_answer *answer);
unsigned coap_bench_port(const struct coap_bench *bench);
void coap_bench_stop(struct coap_bench *bench);

#endif
