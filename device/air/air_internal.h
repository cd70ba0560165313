/* A network's insides: what its channels know of it. */
#ifndef SOFTEUICC_DEVICE_AIR_AIR_INTERNAL_H
#define SOFTEUICC_DEVICE_AIR_AIR_INTERNAL_H

#include "device/air/name_server.h"
#include "device/air/radio.h"
#include "device/air/sockets.h"

struct air {
    struct event_base *base;
    struct device_clock *clock;
    struct network_script *script;
    int64_t start; /* of the run, by the clock */
    struct name_server *names;
    struct radio radio;
    struct air_sockets sockets;
    struct air_channel *channels;
    struct air_figures figures;
    struct air_watcher watcher;

    char iccid[21], imsi[16];
    struct air_state state;
    size_t cell;            /* that it is on; CELLS_NONE */
    uint64_t tried;         /* cells, a bit each, in the present search */
    struct event *soon;     /* a step of a search that takes no time */
    struct alarm *step;     /* … or the end of one that does, or of a pause */
    struct alarm *change;   /* other cells, or others who are let in */
    struct alarm *post;     /* a message comes */
    int64_t *message_times; /* of each message of the script: when it comes next, or has been waiting since */
};

/* Every channel has ended. Without `why` nobody is told. */
void channels_end(struct air *air, const char *why);
/* Frees all of them. */
void channels_free(struct air *air);

#endif
