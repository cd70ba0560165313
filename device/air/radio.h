/*
 * What a radio link does to what goes through it: when each piece arrives, or that it does not. All channels
 * share its bandwidth. It is the same every time for one seed.
 */
#ifndef SOFTEUICC_DEVICE_AIR_RADIO_H
#define SOFTEUICC_DEVICE_AIR_RADIO_H

#include "device/air/network_script.h"

#define RADIO_LOST (-1)

struct radio {
    const struct link_figures *figures;
    uint64_t chance;      /* state of what is left to chance */
    int64_t busy_till[2]; /* microseconds, by direction */
};

/* Another link, from this one's chance on; it is free. */
void radio_tune(struct radio *radio, const struct link_figures *figures);

/* Nothing is delayed or lost. */
bool radio_is_instant(const struct radio *radio);
/* Octets of a segment of a stream, or of a datagram, without the headers of IP and TCP or UDP. */
size_t radio_segment_max(const struct radio *radio, bool is_v6);
size_t radio_datagram_max(const struct radio *radio, bool is_v6);

/* When a piece that is sent now (ms) has arrived; RADIO_LOST: never. A segment of a stream is sent again
 * until it has arrived, RADIO_TRIES times at most. */
#define RADIO_TRIES 6
int64_t radio_datagram(struct radio *radio, enum air_direction direction, size_t size, int64_t now);
int64_t radio_segment(struct radio *radio, enum air_direction direction, size_t size, int64_t now);
/* When the answer to a connection's first segment is there; *asked: when that has come to the other end, or
 * RADIO_LOST. */
int64_t radio_handshake(struct radio *radio, int64_t now, int64_t *asked);

#endif
