/*
 * The eIM of servers/eim as an IPA meets it, without the transport: ESipa messages in, answers out, its relay
 * on a real event loop and TLS, and behind it the SM-DP+ of servers/smdpp, or a stub that says what a test
 * tells it to. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_ESIPA_H
#define SOFTEUICC_TESTS_SUPPORT_ESIPA_H

#include "common/http/https.h"
#include "servers/eim/model/server.h"
#include "servers/eim/network/esipa.h"
#include "tests/support/smdpp.h"

#define ESIPA_BENCH_TRANSACTION "A0A1A2A3A4A5A6A7" /* of a session at the stub */

#define ESIPA_BENCH_FROM_SMDS 126 /* what its LPA is told of an SM-DS's answer: extras has it */

struct esipa_stub {
    int code;                          /* HTTP; 0: there is no stub, the SM-DP+ answers */
    const char *body;                  /* NULL: none */
    long delay;                        /* milliseconds */
    unsigned requests, held, held_max; /* those that wait for their answer */
};

struct esipa_bench {
    struct bench dp; /* the SM-DP+ and the eUICC; dp.asn1: its LPA is an IPA that goes through the eIM */
    struct loop *loop;
    struct https *server;
    char address[40];
    struct eim eim;
    struct relay *relay;
    struct esipa_stub stub;
    /* How the IPA speaks. */
    struct span eim_transaction; /* in InitiateAuthentication; SPAN_NONE: none, as in v1.0 */
    bool leaves_data;            /* no SM-DP+ address, no euiccInfo1 */
    /* What came last. */
    bool answered;
    enum esipa_outcome outcome;
    struct buf answer;
    struct buf extras; /* what stands after the mandatory members of an Ok answer */
    bool metadata_left_out;
};

void esipa_bench_start(struct esipa_bench *bench);
void esipa_bench_stop(struct esipa_bench *bench);
/* Another relay, which forgets its sessions as a restart does. */
void esipa_bench_restart_relay(struct esipa_bench *bench);

/* Sends a message and turns the loop until it is answered. */
enum esipa_outcome esipa_bench_send(struct esipa_bench *bench, struct span message);
/* The same in hexadecimal, and the answer must be this (hexadecimal; "" for none). */
void esipa_bench_expect(struct esipa_bench *bench, const char *message, enum esipa_outcome outcome,
                        const char *answer);
/* Turns the loop once, at most for so long. */
void esipa_bench_turn(struct esipa_bench *bench, long milliseconds);

/* First contact: the eIM asks for the eUICC's data and gets them, with these ipaFeatures (content of the BIT
 * STRING in hexadecimal). */
void esipa_bench_introduce(struct esipa_bench *bench, const char *features);
/* Orders a download (JSON of "download") and polls for its trigger; bench->eim_transaction is of it. The
 * order. */
int64_t esipa_bench_order(struct esipa_bench *bench, const char *download);
/* The order's progress as it is stored. */
const char *esipa_bench_progress(struct esipa_bench *bench, int64_t order);

/* Compact forms by protocol/compact.c, for bench->dp.fault: the IPA has given everything to the eIM. */
void esipa_bench_compact(struct bench *bench, enum bench_point point, struct buf *octets);

#endif
