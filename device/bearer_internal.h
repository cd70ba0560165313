/* What is the same in every bearer: one message at a time, and telling what came of it. See bearer.h. */
#ifndef SOFTEUICC_DEVICE_BEARER_INTERNAL_H
#define SOFTEUICC_DEVICE_BEARER_INTERNAL_H

#include "device/bearer.h"

struct event;

struct bearer_kind {
    /* Begins; what comes is appended to bearer->answer, then one of the two below is called, here or later.
     */
    void (*post)(struct bearer *bearer, const struct ipa_message *message);
    /* Frees what is the kind's own, but not the bearer. */
    void (*close)(struct bearer *bearer);
};

/* The first member of every kind's own struct, which is allocated by calloc. */
struct bearer {
    const struct bearer_kind *kind;
    struct event *told; /* made active when something is to be told */
    bearer_done *done;
    void *context;
    enum bearer_result result;
    struct buf answer;
    char why[BEARER_WHY_SIZE];
};

/* From then on bearer_close ends and frees it. False, and nothing to close, without memory. */
bool bearer_begin(struct bearer *bearer, const struct bearer_kind *kind, struct loop *loop);
/* The message that is under way has its answer, or a refusal, or something else, or nothing. Who posted it is
 * told from the loop itself, not from here: from inside a library that carries messages nothing of it can be
 * closed. */
void bearer_answered(struct bearer *bearer);
void bearer_refused(struct bearer *bearer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bearer_malformed(struct bearer *bearer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bearer_failed(struct bearer *bearer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The kinds of way to an eIM, as bearer_open. Without libcoap in the build the second only says so. */
struct bearer *bearer_open_https(struct loop *loop, const struct bearer_target *target,
                                 char why[BEARER_WHY_SIZE]);
struct bearer *bearer_open_coap(struct loop *loop, const struct bearer_target *target,
                                char why[BEARER_WHY_SIZE]);

#endif
