/*
 * An IPA with a card in memory, and the eIM it polls: packages in a queue, each handed out until its result
 * is there, results and notifications taken and acknowledged. The power can be cut at any request, message,
 * or keeping of state; then everything but the card's memory and the kept state is gone. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_IPA_H
#define SOFTEUICC_TESTS_SUPPORT_IPA_H

#include "ipa/ipa.h"
#include "tests/support/es10.h"
#include "tests/support/package.h"

#define IPA_QUEUE_MAX 80
#define IPA_TAKEN_MAX 1024

enum ipa_cut {
    CUT_NEVER,
    CUT_BEFORE, /* the card, the eIM or the state's file never saw it */
    CUT_AFTER   /* they did, but the answer is lost */
};

/* What came in from the IPA, with the time that it came at. */
struct ipa_taken {
    uint32_t tag; /* BF4F, BF50, BF3D … */
    struct span octets;
    char enabled[21]; /* the ICCID that was enabled then, "" for none */
};

struct ipa_bench {
    struct es10_bench es10;
    struct test_eim eim, other; /* `other` is associated when a test does it */
    struct ipa_settings settings;
    struct ipa *ipa;
    struct buf kept; /* by `save` */
    /* The eIM. */
    struct span queue[IPA_QUEUE_MAX];
    size_t queue_count, queue_head;
    bool no_acknowledgements;
    struct ipa_taken taken[IPA_TAKEN_MAX];
    size_t taken_count;
    /* Instead of the eIM, when set: false: no answer. */
    bool (*answer)(struct ipa_bench *bench, struct span message, struct buf *answer);
    /* ES9+ messages; and with `relay` the ESipa ones of a download. */
    bool (*smdp)(struct ipa_bench *bench, struct span message, struct buf *answer);
    bool relay;
    /* Instead of an answer, when it is not one: the status of a refusal, which `refuses` says of a message;
     * NULL: none is refused. */
    const char *(*refuses)(struct ipa_bench *bench, enum ipa_peer peer, struct span message);
    /* The same, when what was answered is none of the binding. */
    const char *(*garbles)(struct ipa_bench *bench, enum ipa_peer peer, struct span message);
    /* The network. */
    const char *dark; /* no network while this profile is enabled */
    unsigned retries; /* that are made before giving up */
    bool no_injector; /* who injects takes no response */
    /* The power. */
    enum ipa_cut cut;
    unsigned cut_at, moment; /* moments are counted from 1 */
    bool off;
    /* What was reported: event numbers. */
    unsigned events[32];
    struct buf last[32]; /* the octets of the last one of each */
    int codes[32];
    char texts[32][320];
    char why[512]; /* the last text */
    unsigned refreshes;
};

/* A card with profile A enabled and B disabled (both with a notification address), associated with
 * `bench->eim`; an IPA with direct and indirect downloads. */
void ipa_bench_open(struct ipa_bench *bench);
/* The same with an empty card under this CI, which outlives the bench. */
void ipa_bench_open_under(struct ipa_bench *bench, const struct test_ci *ci);
void ipa_bench_close(struct ipa_bench *bench);
#define BENCH_A "89490000000000000017"
#define BENCH_B "89490000000000000025"

/* Throws the IPA away and makes another with what was kept; the card is reset. */
void ipa_bench_power_on(struct ipa_bench *bench);

/* One poll of `eim`, to its end or the cut. True when it ended with IPA_DONE. */
bool ipa_bench_poll(struct ipa_bench *bench, const struct test_eim *eim);

/* The same of inject mode with a package of `eim`; the response is taken like a message to the eIM. */
bool ipa_bench_inject(struct ipa_bench *bench, const struct test_eim *eim, struct span request);

/* What the eIM answers to a message, which is taken; false: nothing, there is no network or no answer. */
bool ipa_bench_eim(struct ipa_bench *bench, struct span message, struct buf *answer);

/* From now on the card's configuration of its eIM has indirectProfileDownload: the eIM relays downloads and
 * passes on notifications. The package that says so has the result with this number, which is removed. */
void ipa_bench_let_eim_relay(struct ipa_bench *bench, uint8_t sequence);

/* Appends a package to the queue: an honest one with these commands in hexadecimal, or any object. */
void ipa_bench_order(struct ipa_bench *bench, struct test_eim *eim, uint32_t list_tag, const char *commands);
void ipa_bench_order_object(struct ipa_bench *bench, struct span object);

/* How many messages with this tag were taken; the number `index` of them. */
size_t ipa_bench_count(const struct ipa_bench *bench, uint32_t tag);
const struct ipa_taken *ipa_bench_taken(const struct ipa_bench *bench, uint32_t tag, size_t index);
/* The first object inside ProvideEimPackageResult number `index`, whole, after the EID. */
struct span ipa_bench_result(const struct ipa_bench *bench, size_t index);

#endif
