/*
 * What the cryptographic primitives of a download cost on this machine, now: OpenSSL called as cheaply as it
 * can be, with contexts made beforehand and digests given. Benchmarks measure themselves against the sum of
 * these.
 */
#ifndef SOFTEUICC_TESTS_BENCH_PRIMITIVES_H
#define SOFTEUICC_TESTS_BENCH_PRIMITIVES_H

#include "crypto/ec.h"

struct bench_bare;

/* Microseconds of CPU each. */
struct bench_primitives {
    double verify; /* ECDSA, one digest */
    double sign;   /* ECDSA, one digest */
    double keygen; /* one key pair */
    double ecdh;   /* one shared x-coordinate */
};

/* One primitive at a time, to be measured beside something else: `context` is what bench_bare_new made. */
struct bench_bare *bench_bare_new(enum ec_curve curve);
void bench_bare_free(struct bench_bare *bare);
void bench_bare_sign(void *context);
void bench_bare_verify(void *context);
void bench_bare_keygen(void *context);
void bench_bare_ecdh(void *context);

/* All four. */
void bench_primitives(enum ec_curve curve, struct bench_primitives *costs);

#endif
