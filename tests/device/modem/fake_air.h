/* An air (device/air/air.h) that does what a test says, at once. For tests only. */
#ifndef SOFTEUICC_TESTS_DEVICE_MODEM_FAKE_AIR_H
#define SOFTEUICC_TESTS_DEVICE_MODEM_FAKE_AIR_H

#include "device/air/air.h"

enum { FAKE_CHANNELS = 16 };

struct air_channel {
    struct air *air;
    bool is_used;
    unsigned order; /* the how manieth that was opened */
    struct air_target target;
    char apn[101];
    struct air_channel_events events;
    struct buf sent; /* every piece */
    bool is_noted;   /* by a test that has seen it */
};

struct air {
    struct air_watcher watcher;
    struct air_state state;
    char iccid[24], imsi[24]; /* of the subscriber; "" when detached */
    bool is_attached;
    unsigned attachments, opened;
    struct air_channel channels[FAKE_CHANNELS];
    uint8_t resolver[16];
    size_t resolver_size;
    struct buf submitted; /* the last SMS-SUBMIT */
};

/* Another state, which the modem is told. */
void fake_air_set(struct air *air, enum air_service service, enum air_technology technology);
void fake_air_reject(struct air *air, uint8_t cause);
void fake_air_deliver(struct air *air, struct span tpdu);

/* Of the channel opened last that is open still; NULL: there is none. */
struct air_channel *fake_air_channel(struct air *air);
void fake_air_open(struct air_channel *channel);
void fake_air_receive(struct air_channel *channel, struct span octets);
void fake_air_drop(struct air_channel *channel, const char *why);

#endif
