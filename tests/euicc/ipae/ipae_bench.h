/*
 * A card in memory with an IPAe, and a carrier that hands its messages to the eIM that the IPA's tests have:
 * the answer comes in the next turn, or never where there is no network. Its clock stands still until a test
 * moves it. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_IPAE_IPAE_BENCH_H
#define SOFTEUICC_TESTS_EUICC_IPAE_IPAE_BENCH_H

#include "euicc/ipae/ipae.h"
#include "tests/support/ipa.h"

#define MINUTE ((int64_t)60 * 1000) /* milliseconds */
#define HOUR   (60 * MINUTE)
/* The time after a reset in which a terminal would have sent TERMINAL PROFILE. */
#define GRACE 5000

struct ipae_bench {
    struct ipa_bench ipa; /* its IPA, which is another's, is not used */
    struct ipae_carrier carrier;
    struct buf answer;
    bool is_out, is_answered;
    bool had_protocols; /* the eIM of the last message: an enum ipa_protocol to poll it by, or not */
    unsigned begun, dropped;
    int64_t silence;       /* ms for which a message is under way that nobody gets */
    int64_t begun_at;      /* the last one */
    uint32_t holds;        /* the answer to a message with this tag does not come */
    const char *unreached; /* the eIM with this eimId is down; NULL: none is */
    bool dark_a, dark_b;   /* there is no network with profile A, or B */
    int64_t now;
};

/* As it is right after a reset. */
void ipae_bench_open_cold(struct ipae_bench *bench, bool strict);
/* … and the IPAe may begin. */
void ipae_bench_open(struct ipae_bench *bench);
void ipae_bench_close(struct ipae_bench *bench);

/* The card is reset. */
void ipae_bench_cold(struct ipae_bench *bench);
uint16_t ipae_bench_command(struct ipae_bench *bench, const char *octets);
/* Turns without commands until it waits for something that is not here. */
void ipae_bench_run(struct ipae_bench *bench);
/* The same for so many milliseconds: the clock goes on to whatever it waits for. */
void ipae_bench_pass(struct ipae_bench *bench, int64_t time);
/* Fails unless the card takes it. */
void ipae_bench_set(struct ipae_bench *bench, const char *name, const char *eim, const char *value);

/* How many messages with this tag the eIM took. */
size_t ipae_bench_taken(struct ipae_bench *bench, uint32_t tag);
/* notifyStateChange and its cause in GetEimPackage number `index`; -1: none. */
int ipae_bench_cause(struct ipae_bench *bench, size_t index);

#endif
