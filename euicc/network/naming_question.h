/*
 * A resolver with channels of a bearer under it: finds the addresses of one name by asking name servers, over
 * channels that nothing else uses (RFC 5452 9.2). One channel does: for a second server the first one's is
 * given up where the bearer has no other. A plain value but for its channels; time is told as what has gone
 * by.
 */
#ifndef SOFTEUICC_EUICC_NETWORK_NAMING_QUESTION_H
#define SOFTEUICC_EUICC_NETWORK_NAMING_QUESTION_H

#include "euicc/network/bearer.h"
#include "euicc/network/resolver.h"

#define NAMING_WHY_MAX    200
#define NAMING_OPEN_WAIT  20000 /* ms for a channel to open, where there is something else to try */
#define NAMING_PIECES_MAX 32    /* datagrams of one server that are looked at in one turn */

/* To whom a channel is opened whose only use is that the terminal tells its name servers with it. Reading: an
 * address that is nobody's (RFC 5737), and nothing is sent there. */
#define NAMING_NOBODY "192.0.2.1"

enum naming_stage { NAMING_LEARNING /* the servers */, NAMING_ASKING, NAMING_ANSWERED };

/* A channel to one server. */
struct naming_line {
    unsigned channel; /* BEARER_NO_CHANNEL: a free place */
    struct ip_address server;
    bool is_open;
    int64_t waited;     /* ms until it was */
    struct buf waiting; /* a datagram that is sent then */
};

struct naming_question {
    const struct bearer *bearer;
    char name[HOST_NAME_MAX + 2];
    struct resolver_settings settings; /* without what the bearer tells */
    uint64_t random;
    enum naming_stage stage;
    struct naming_line lines[RESOLVER_SERVERS_MAX];
    struct resolver resolver;
    int64_t clock;   /* the resolver's, which stands while a channel opens */
    bool is_refused; /* the bearer had no channel for it */
    char why[NAMING_WHY_MAX];
};

/*
 * Begins. The servers of `settings` are asked after those that the bearer tells. Reading: a server of a
 * family that is not asked for is none, as the terminal that serves one family only cannot reach it.
 */
void naming_question_begin(struct naming_question *question, const struct bearer *bearer, const char *name,
                           const struct resolver_settings *settings, uint64_t random);

/* Goes on as far as it can, `elapsed` ms after the last time. True once it is done; its channels are closed
 * then. */
bool naming_question_go(struct naming_question *question, int64_t elapsed);

/* ms until it has something to do although nothing comes; INT64_MAX once it is done. */
int64_t naming_question_wait(const struct naming_question *question);

/* What came of it; resolved->why is one line, which lives as long as the question. */
void naming_question_result(const struct naming_question *question, struct resolved *resolved);

/* Closes its channels. */
void naming_question_end(struct naming_question *question);

#endif
