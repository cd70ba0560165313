/* The SM-DS of servers/smds without sockets: the eUICC of smdpp.h, which can lie, asks it over ES11; events
 * are registered over ES12. For tests only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_SMDS_H
#define SOFTEUICC_TESTS_SUPPORT_SMDS_H

#include "servers/smds/network/http_api.h"
#include "tests/support/smdpp.h"

struct smds_bench {
    struct bench bench; /* first: its requests go to the SM-DS */
    struct smds smds;
    struct smds_door door;
    struct span client_cert; /* of every request */
    unsigned errands_told;
};

/* With its state in memory, five events at most, three of one eUICC; not an Alternative SM-DS. */
void smds_bench_start(struct smds_bench *ds);
void smds_bench_stop(struct smds_bench *ds);

/* A certificate of the bench's PKI with its key, for a server to own. */
struct rsp_credentials smds_bench_credentials(const struct test_entity *entity);

/* Calls a function of ES12; without a server those members are left out. The answer is the caller's. */
json_t *smds_bench_es12(struct smds_bench *ds, const char *function, const char *owner, const char *eid,
                        const char *event_id, const char *server, bool forwarding);

#endif
