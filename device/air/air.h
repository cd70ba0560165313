/*
 * The network as a modem meets it: cells of operators that come and go by a script, which subscribers are let
 * in, and channels to hosts through it with the latency, bandwidth and loss of a radio. Behind it are the
 * real sockets of this machine. See docs/network.md for the script.
 */
#ifndef SOFTEUICC_DEVICE_AIR_AIR_H
#define SOFTEUICC_DEVICE_AIR_AIR_H

#include "apdu/bytes.h"
#include "device/clock.h"

struct air;

#define AIR_WHY_MAX 200

/* Reads a script. `name` is a preset ("lan", "nbiot", "ltem", "satellite") or the path of a file. `seed`: of
 * what is left to chance, so that a run can be repeated. NULL with one line in `why`, which names file and
 * line number of what is wrong. */
struct air *air_new(struct event_base *base, struct device_clock *clock, const char *name, uint64_t seed,
                    char why[AIR_WHY_MAX]);
void air_free(struct air *air); /* closes every channel; NULL is fine */

/* --- who is on the network, and where ------------------------------------------------------------------ */

enum air_technology { AIR_GSM, AIR_UTRAN, AIR_LTE, AIR_LTE_M, AIR_NB_IOT, AIR_NR };
const char *air_technology_name(enum air_technology technology); /* "NB-IoT" */

enum air_service {
    AIR_SEARCHING, /* just begun */
    AIR_NORMAL,    /* attached: channels can be opened */
    AIR_LIMITED,   /* there are cells, of which none lets this subscriber in */
    AIR_NONE,      /* there is no cell, or the modem is off */
};

struct air_state {
    enum air_service service;
    /* Of the cell that the modem is on, or that it was rejected by last. */
    uint8_t plmn[3]; /* as coded in 3GPP TS 24.008; all-zero: none */
    uint16_t area;   /* LAC or TAC */
    uint32_t cell;
    enum air_technology technology;
    bool is_roaming; /* the cell is none of the subscriber's home network (by the IMSI) */
    uint8_t cause;   /* EMM cause of the last rejection (TS 24.301 9.9.3.9); 0: none */
};

struct air_subscriber {
    const char *iccid; /* digits; "" without a profile */
    const char *imsi;  /* digits; "" without one: then only limited service can be had */
};

/* What the modem is told, out of the event loop. The calls may be NULL. */
struct air_watcher {
    void *context;
    /* The state has changed: another service or cell, or a rejection. */
    void (*changed)(void *context);
    /* An SMS-DELIVER TPDU has come for the subscriber. */
    void (*message)(void *context, struct span tpdu);
};
void air_watch(struct air *air, const struct air_watcher *watcher);

/* Switches the radio on for this subscriber, whose strings are copied: it searches, and attaches or is
 * rejected. Attached already: it detaches first, and every channel ends. */
void air_attach(struct air *air, const struct air_subscriber *subscriber);
/* Switches it off. Every channel ends, untold; each is still its owner's to close. */
void air_detach(struct air *air);
const struct air_state *air_state(const struct air *air);

/* An SMS-SUBMIT TPDU. False: there is no service. */
bool air_submit(struct air *air, struct span tpdu);

/* --- channels ------------------------------------------------------------------------------------------ */

enum air_transport { AIR_TCP, AIR_UDP };

/* Out of the event loop, never inside a call. `opened` or `closed` comes first; after `closed` nothing does.
 */
struct air_channel_events {
    void *context;
    void (*opened)(void *context);
    /* A piece of a stream, or one datagram. */
    void (*received)(void *context, struct span octets);
    /* By the other end, or by the network; one line. */
    void (*closed)(void *context, const char *why);
};

struct air_target {
    enum air_transport transport;
    uint8_t address[16];
    size_t address_size; /* 4 or 16 */
    uint16_t port;
    const char *apn; /* in dots; NULL: the default one */
};

struct air_channel;

/* Begins to open one. NULL without memory or service. */
struct air_channel *air_channel_open(struct air *air, const struct air_target *target,
                                     const struct air_channel_events *events);
/* False: it is not open. A datagram that is too long for the network is lost. */
bool air_channel_send(struct air_channel *channel, struct span octets);
/* It is over: `closed` was told, or is about to be, or all channels have ended with the radio. */
bool air_channel_has_ended(const struct air_channel *channel);
/* What was sent is still to arrive. The channel is gone with the call, and only so (or with the air), also
 * after `closed`; NULL is fine. */
void air_channel_close(struct air_channel *channel);

/* Where the network says that its DNS server is: 4 or 16 octets written to `address`; 0: it does not say. */
size_t air_resolver(const struct air *air, uint8_t address[16]);

/* --- what has happened on it --------------------------------------------------------------------------- */

struct air_figures {
    uint64_t sent, received;              /* octets of channels, as the card gave and got them */
    uint64_t datagrams_lost, attachments; /* since air_new */
};
const struct air_figures *air_figures(const struct air *air);

#endif
