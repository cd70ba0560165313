/* A scripted network on a virtual clock, with one modem's place in it and real servers of this machine; all
 * on one event loop. */
#ifndef SOFTEUICC_TESTS_DEVICE_AIR_AIR_BENCH_H
#define SOFTEUICC_TESTS_DEVICE_AIR_AIR_BENCH_H

#include "device/air/air.h"
#include "tests/support/test.h"

struct bench {
    struct event_base *base;
    struct device_clock *clock;
    struct air *air;
    char changes[512]; /* a line for each that was told: "TIME SERVICE AREA CAUSE" */
    char messages[512];
    unsigned changed;
};

/* The text is that of a network's file; the clock begins at 0. */
void bench_open(struct bench *bench, const char *text, bool is_virtual, uint64_t seed);
void bench_end(struct bench *bench);
/* As a subscriber of 001-01 unless another IMSI is given. */
void bench_attach(struct bench *bench, const char *imsi);
/* The loop goes round until `*flag` is not 0: ten seconds of real time at most. */
void bench_until(struct bench *bench, const unsigned *flag);
/* … until this virtual time. */
void bench_pass(struct bench *bench, int64_t until);

struct recorder {
    struct bench *bench;
    struct air_channel *channel;
    unsigned opened, closed, pieces, done; /* done: `wanted` octets are there */
    int64_t opened_at, closed_at, received_at;
    size_t wanted;
    char why[200];
    struct buf octets;
};

/* Opens a channel to a numeric address. */
void recorder_open(struct bench *bench, struct recorder *recorder, enum air_transport transport,
                   const char *address, uint16_t port);
void recorder_send(struct recorder *recorder, const char *text);
void recorder_end(struct recorder *recorder);

#endif
